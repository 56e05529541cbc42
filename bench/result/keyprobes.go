package result

// The kinds of attempts on meters' keys, on a ledger or at a certification authority. What is the same attempt on both
// has the same kind.
const (
	ProbeHonestRegister = "honest-register" // of a key on the ledger
	ProbeHonestEnrol    = "honest-enrol"    // at a certification authority
	ProbeHonestVerify   = "honest-verify"
	ProbeHonestRotate   = "honest-rotate"
	ProbeHonestRenew    = "honest-renew"
	ProbeHonestRevoke   = "honest-revoke"
	ProbeOldReading     = "old-reading" // signed with a former key, verified at the time at which it was in force

	ProbeHonestGrant    = "honest-grant"    // of the right to register to another organisation
	ProbeNoRight        = "no-right"        // a member without the right registers a meter
	ProbeNoRightRevoke  = "no-right-revoke" // likewise, revokes the key of a meter
	ProbeSelfGrant      = "self-grant"      // likewise, gives itself the right to register
	ProbeLoneRegister   = "lone-register"   // a registration that only the registrar's own peers have endorsed
	ProbeSecondIdentity = "second-identity" // the registrar organisation's CA has issued an identity to an attacker, who registers a meter

	ProbeStolenInvent  = "stolen-registrar-invent"  // who holds a registrar's key registers a meter that does not exist
	ProbeStolenReplace = "stolen-registrar-replace" // likewise, gives a meter that exists another key
	ProbeStolenRevoke  = "stolen-registrar-revoke"  // likewise, revokes the key of an honest meter
	ProbeStolenRekey   = "stolen-registrar-rekey"   // likewise, registers it again with a key of its own

	ProbeTakeRegister = "takeover-register" // a registrar of another organisation registers a meter again, with its own key
	ProbeTakeRevoked  = "takeover-revoked"  // likewise, a meter whose key was revoked
	ProbeTakeRotate   = "takeover-rotate"   // likewise, replaces the key of a meter
	ProbeTakeRevoke   = "takeover-revoke"   // likewise, revokes it

	ProbeReplayRegister  = "replay-register"           // a registration that was accepted, again
	ProbeReplayRotated   = "replay-register-rotated"   // likewise, after the key was rotated
	ProbeReplayRevoked   = "replay-register-revoked"   // likewise, after it was revoked
	ProbeReplayElsewhere = "replay-register-elsewhere" // likewise, by another organisation that registers
	ProbeReplayRotate    = "replay-rotate"             // a rotation that was accepted, again
	ProbeReplayEnrol     = "replay-enrol"              // the secret of an enrolment, again, for another key
	ProbeFormerRotate    = "former-key-rotate"         // signed with a key that was rotated away
	ProbeFormerRenew     = "former-certificate-renew"  // by a certificate that was superseded, not revoked
	ProbeRevokedRenew    = "revoked-certificate-renew" // by a certificate that was revoked
	ProbeForeignKeyEntry = "other-meters-key"          // a meter is registered with the key of another
	ProbeForgedProof     = "forged-proof"              // of possession: it is not by the key that is registered
	ProbeForeignEndorser = "foreign-endorsement"       // a change of a meter that only another organisation's peer has endorsed

	ProbeWrongDigest = "wrong-digest" // an honest signature, over another digest
	ProbeOtherSigner = "other-signer" // the signature of another meter's key
	ProbeFormerKey   = "former-key"   // the signature of a key that was rotated away, of now
	ProbeRevokedKey  = "revoked-key"  // the signature of a revoked key, of now; the verifier asks
	ProbeBackdated   = "backdated"    // likewise, which the attacker dates back to before the revocation
	ProbeStaleView   = "stale-view"   // likewise; the verifier has kept what it learnt before the revocation and does not ask

	ProbeSecondCertificate = "second-certificate" // the CA signs a certificate of a meter for the attacker's key
	ProbeStaleBeyond       = "stale-view-beyond"  // stale-view, beyond the age that the verifier allows
	ProbeForgedCRL         = "forged-crl"         // that the CA did not sign, given to a verifier that awaits a new one
	ProbeForgedStatus      = "forged-status"      // an OCSP answer that nobody entitled has signed
	ProbeOldCRL            = "old-crl"            // of the CA, from before the revocation, to a verifier that has a newer one
	ProbeSuppressed        = "suppressed-status"  // a verifier is kept from CRL and OCSP answers, and knows no revocations
	ProbeForeignCA         = "foreign-ca"         // the certificate is of another CA
	ProbeExpired           = "expired"            // the certificate is
)
