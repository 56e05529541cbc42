package adversary

import (
	"meterbench/bench/result"
	"meterbench/internal/refusal"
	"meterbench/simulators/pki"
)

// keysDesign says what becomes of attempts on keys on a ledger with the contract "pki", whose creation both organisations
// endorse.
func keysDesign() Design {
	policy := []string{result.EndorsementPolicy.String()}
	exists, owner, signature, foreign := codes(pki.CodeExists), codes(pki.CodeOwner), codes(pki.CodeSignature), codes(pki.CodeKeyForeign)
	revoked := codes(pki.CodeKeyRevoked)
	return Design{
		LetThrough: map[string]result.Trust{
			result.ProbeSecondIdentity: result.TrustMSP,
			result.ProbeStolenInvent:   result.TrustRegistrar,
			result.ProbeStolenRevoke:   result.TrustRegistrar,
			result.ProbeStolenRekey:    result.TrustRegistrar,
			result.ProbeBackdated:      result.TrustTime,
			result.ProbeStaleView:      result.TrustFresh,
		},
		Refused: map[string][]string{
			result.ProbeNoRight: codes(pki.CodeRegistrar), result.ProbeSelfGrant: codes(pki.CodeOperator), result.ProbeLoneRegister: policy,
			result.ProbeForgedProof: foreign, result.ProbeForeignKeyEntry: foreign, result.ProbeReplayRegister: exists,
			result.ProbeWrongDigest: signature, result.ProbeOtherSigner: signature, result.ProbeFormerKey: signature,
			result.ProbeFormerRotate: codes(pki.CodeSignature, pki.CodeVersion), result.ProbeReplayRotate: codes(pki.CodeVersion),
			result.ProbeReplayRotated: exists, result.ProbeForeignEndorser: policy, result.ProbeRevokedKey: revoked, result.ProbeReplayRevoked: revoked,
			result.ProbeStolenReplace: codes(pki.CodeExists, pki.CodeSignature), result.ProbeReplayElsewhere: owner, result.ProbeTakeRegister: owner,
			result.ProbeTakeRevoked: owner, result.ProbeTakeRotate: owner, result.ProbeTakeRevoke: owner,
		},
	}
}

// codes returns the names of codes.
func codes(all ...refusal.Code) (names []string) {
	for _, c := range all {
		names = append(names, c.Name)
	}
	return names
}
