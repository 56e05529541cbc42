// Package metroind2020 tests the claims of Melo, Machado, Peters and Moni on a public-key infrastructure for smart meters
// on blockchains, MetroInd4.0&IoT 2020. The text of the publication was not available to us: the claims are known, the
// figures behind them are not. Its ledger is set beside a certification authority for the same meters, measured in the
// same run in turn.
//
// Its studies name their series after the questions that they answer; what an operation is stands in the conditions.
package metroind2020

import (
	"fmt"

	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// The thresholds. They stand before any run.
const (
	// works is the least share of an operation's transactions that have to succeed for the ledger to offer it.
	works = 0.99
	// peersOfTheClaim is the number of peers of the published network.
	peersOfTheClaim = 4
	// noExtra is the most that an operation on the ledger may cost, as a multiple of what it costs with certificates.
	noExtra = 1.0
	// floorShare is the least share of the rate that a verification and one evaluate call allow.
	floorShare = 0.9
)

// The questions that series answer.
const (
	registerQuestion  = "register"
	verifyQuestion    = "verify"
	rotateQuestion    = "rotate"
	revokeQuestion    = "revoke"
	lookupQuestion    = "lookup"
	batchQuestion     = "batch"
	publishedQuestion = "published"
	caQuestion        = "ca"
)

// notAvailable is the published figure of a claim: the publication states it in words only, or in a text that
// we could not read.
const notAvailable = "not available"

// Publication returns the publication's row in the table of publications.
func Publication() claims.Publication {
	return claims.Publication{
		ID: "metroind2020",
		Source: "Melo, Machado, Peters and Moni, 2020 IEEE International Workshop on Metrology for Industry 4.0 & IoT, " +
			"https://doi.org/10.1109/MetroInd4.0IoT48571.2020.9138246",
		Study: "metroind2020", Attack: result.AttackKeys, Section: section,
		Claims: []claims.Claim{
			{
				ID: "pki-on-chain",
				Words: fmt.Sprintf("On a network with %d peers the ledger stores and attests meters' public keys, permissioned endorsers insert them, and "+
					"the contract verifies signatures, given the meter's id and the digest.", peersOfTheClaim),
				Published: notAvailable,
				Threshold: fmt.Sprintf("With %d peers at least %s of each operation succeed, by the 95 %% interval; of what the contract has to refuse nothing is "+
					"accepted on the live ledger, and nothing honest refused.", peersOfTheClaim, claims.Percent(works)),
				Figure: latencyFigureID, Test: onChain,
			},
			{
				ID:        "no-certificate-cost-per-meter",
				Words:     "There is no extra cost with digital certificates: what a meter's key costs from its registration to its revocation.",
				Published: notAvailable,
				Threshold: fmt.Sprintf("To register, rotate and revoke a key takes at most %g times the time, the CPU time, the bytes and the calls of a "+
					"certificate's enrolment, renewal and revocation, by the 95 %% interval of each ratio.", noExtra),
				Figure: perMeterFigureID, Test: perMeter,
			},
			{
				ID:        "no-certificate-cost-per-reading",
				Words:     "There is no extra cost with digital certificates: what it costs to verify a signed reading.",
				Published: notAvailable,
				Threshold: fmt.Sprintf("A verification on the ledger takes at most %g times the time, the CPU time, the bytes and the calls of one by the "+
					"certificate and its revocation status, by the 95 %% interval of each ratio.", noExtra),
				Figure: perReadingFigureID, Test: perReading,
			},
			{
				ID:        "no-trusted-third-party",
				Words:     "No trusted third party is needed.",
				Published: notAvailable,
				Threshold: "On the live ledger nothing false is accepted of whoever holds a registrar's key, another organisation's role or an organisation's CA; " +
					"one attempt that is accepted shows whom the ledger has to trust.",
				Test: thirdParty,
			},
		},
	}
}
