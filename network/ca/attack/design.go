package attack

import (
	"fmt"

	"meterbench/bench/result"
	"meterbench/network/ca"
	"meterbench/workloads/adversary"
)

// design says what becomes of attempts at a certification authority and its verifiers. Where the authority refuses, either
// issuer does so with a code of its own.
func design() adversary.Design {
	return adversary.Design{
		LetThrough: map[string]result.Trust{
			result.ProbeStolenInvent:      result.TrustRegistrar,
			result.ProbeStolenReplace:     result.TrustRegistrar,
			result.ProbeStolenRevoke:      result.TrustRegistrar,
			result.ProbeSecondCertificate: result.TrustCA,
			result.ProbeFormerRenew:       result.TrustMeter,
			result.ProbeFormerKey:         result.TrustMeter,
			result.ProbeStaleView:         result.TrustFresh,
		},
		Refused: map[string][]string{
			result.ProbeNoRight: refusedWith(71, 403), result.ProbeNoRightRevoke: refusedWith(71, 403),
			result.ProbeForgedProof: {string(ca.Refused), string(ca.Malformed)},
			result.ProbeReplayEnrol: refusedWith(20, 401), result.ProbeRevokedRenew: refusedWith(20, 401),
			result.ProbeWrongDigest: {string(ca.Signature)}, result.ProbeOtherSigner: {string(ca.Signature)}, result.ProbeForeignCA: {string(ca.Foreign)},
			result.ProbeExpired: {string(ca.Expired)}, result.ProbeRevokedKey: {string(ca.Revoked)}, result.ProbeBackdated: {string(ca.Revoked)},
			result.ProbeStaleBeyond: {string(ca.Stale)}, result.ProbeSuppressed: {string(ca.Missing)}, result.ProbeOldCRL: {string(ca.RolledBack)},
			result.ProbeForgedCRL: {string(ca.Forged)}, result.ProbeForgedStatus: {string(ca.Forged), string(ca.Usage)},
		},
	}
}

// refusedWith returns the reasons of refusals by fabric-ca and by the in-process issuer, by their codes.
func refusedWith(fabric, inProcess int) []string {
	return []string{fmt.Sprintf("%s %d", ca.Refused, fabric), fmt.Sprintf("%s %d", ca.Refused, inProcess)}
}
