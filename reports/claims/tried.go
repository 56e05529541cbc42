package claims

import "meterbench/bench/result"

// tried says in words what the attempts of each kind are.
var tried = map[string]string{
	result.ProbeHonestRegister:    "registers a meter with its own key",
	result.ProbeHonestEnrol:       "enrols a meter with its own key",
	result.ProbeHonestVerify:      "verifies a signature by the key in force",
	result.ProbeHonestRotate:      "replaces a key, signed by the former one",
	result.ProbeHonestRenew:       "renews a certificate by the one in force",
	result.ProbeHonestRevoke:      "revokes a key of its own organisation",
	result.ProbeOldReading:        "verifies an old reading by the key of its time",
	result.ProbeHonestGrant:       "the operator lets another organisation register",
	result.ProbeNoRight:           "a member without the right registers a meter",
	result.ProbeNoRightRevoke:     "a member without the right revokes a key",
	result.ProbeSelfGrant:         "a member gives itself the right to register",
	result.ProbeLoneRegister:      "a registrar registers without the other organisation's peers",
	result.ProbeSecondIdentity:    "an organisation's CA issues an identity to an attacker, who registers a meter",
	result.ProbeStolenInvent:      "a stolen registrar's key registers a meter that does not exist",
	result.ProbeStolenReplace:     "a stolen registrar's key gives a meter another key",
	result.ProbeStolenRevoke:      "a stolen registrar's key revokes an honest meter's key",
	result.ProbeStolenRekey:       "a stolen registrar's key revokes a key, then registers the meter with another",
	result.ProbeTakeRegister:      "another organisation's registrar registers the meter again",
	result.ProbeTakeRevoked:       "another organisation's registrar registers a revoked meter again",
	result.ProbeTakeRotate:        "another organisation's registrar replaces the key",
	result.ProbeTakeRevoke:        "another organisation's registrar revokes the key",
	result.ProbeReplayRegister:    "a registration is sent again",
	result.ProbeReplayRotated:     "a registration is sent again after a rotation",
	result.ProbeReplayRevoked:     "a registration is sent again after a revocation",
	result.ProbeReplayElsewhere:   "a registration is sent again by another organisation",
	result.ProbeReplayRotate:      "a rotation is sent again",
	result.ProbeReplayEnrol:       "an enrolment's secret is used again, for another key",
	result.ProbeFormerRotate:      "a former key signs a rotation",
	result.ProbeFormerRenew:       "a superseded certificate asks for a renewal",
	result.ProbeRevokedRenew:      "a revoked certificate asks for a renewal",
	result.ProbeForeignKeyEntry:   "a meter is registered with another meter's key",
	result.ProbeForgedProof:       "a registration whose proof is not by the key",
	result.ProbeForeignEndorser:   "a change of a key endorsed only by another organisation",
	result.ProbeWrongDigest:       "an honest signature over another digest",
	result.ProbeOtherSigner:       "a signature by another meter's key",
	result.ProbeFormerKey:         "a signature of now by a former key",
	result.ProbeRevokedKey:        "a signature by a revoked key; the verifier asks",
	result.ProbeBackdated:         "a signature by a revoked key, dated back",
	result.ProbeStaleView:         "a signature by a revoked key; the verifier has not asked since",
	result.ProbeSecondCertificate: "the CA certifies an attacker's key for a meter",
	result.ProbeStaleBeyond:       "a revoked key, to a verifier whose status is too old",
	result.ProbeForgedCRL:         "a CRL that the CA did not sign",
	result.ProbeForgedStatus:      "an OCSP answer that nobody entitled signed",
	result.ProbeOldCRL:            "a CRL older than the one that the verifier has",
	result.ProbeSuppressed:        "CRL and OCSP answers are kept from the verifier",
	result.ProbeForeignCA:         "a certificate of another CA",
	result.ProbeExpired:           "a certificate that has expired",
}

// Tried says what an attempt on meters' keys is, in words; of other kinds it returns the kind, which says it itself.
func Tried(kind string) string {
	if words, ok := tried[kind]; ok {
		return words
	}
	return kind
}
