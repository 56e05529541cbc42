// Package sensors2021 tests the claim of Moni, Melo, Peters and Machado that a permanent network of five metrology institutes
// on four continents is workable, Sensors 2021, 21(5), 1564. The text of the publication was not available to us: the
// institutes are known, no figures are. The claim is split into parts that a run can decide, with the distances between the
// institutes emulated and institutes cut off and added on purpose.
//
// Its study names its series after the questions that they answer; where clients stand, which site leads and what consensus
// orders stands in the conditions.
package sensors2021

import (
	"fmt"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// The thresholds. They stand before any run.
const (
	// interval is that of the meters, in seconds, and inTime the share of it within which every reading is to be committed: by
	// two orders of magnitude.
	interval = 900.0
	inTime   = 0.01
	// works is the least share of an institute's transactions that have to succeed.
	works = 0.99
	// resume is the most that a network may take, in seconds, to commit again after what was cut off is back.
	resume = 60.0
	// joined is the most that an institute may take to join, in seconds.
	joined = 60.0
)

// The questions that series answer.
const (
	siteQuestion      = "site"
	leaderQuestion    = "leader"
	policyQuestion    = "policy"
	consensusQuestion = "consensus"
	batchQuestion     = "batch"
	keysQuestion      = "keys"
	joinQuestion      = "join"
	lossQuestion      = "loss"
)

// The topologies on which the claim is tested: five institutes, with raft orderers at three, at all, and BFT orderers at all.
func networks() []string { return []string{"inter-nmi", "inter-nmi-5", "inter-nmi-bft"} }

// institutes are those of the claim, in the order of the topologies.
func institutes() []string { return []string{"ptb", "cmi", "inmetro", "nmij", "nmim"} }

// notAvailable is the published figure of a claim: the publication states it in words only, or in a text that we could not
// read.
const notAvailable = "not available"

// Publication returns the publication's row in the table of publications.
func Publication() claims.Publication {
	return claims.Publication{
		ID:     "sensors2021",
		Source: "Moni, Melo, Peters and Machado, Sensors 2021, 21(5), 1564, https://doi.org/10.3390/s21051564",
		Study:  "sensors2021", Section: section,
		Claims: []claims.Claim{
			{
				ID:        "inter-nmi/in-time",
				Words:     "A permanent network of PTB, CMI, INMETRO, NMIJ and NMIM is workable: every institute's readings are committed in time.",
				Published: notAvailable,
				Threshold: fmt.Sprintf("At the institutes' distances, with raft orderers at three or all of them and with BFT, the slowest reading of each "+
					"institute is committed within %g s: %s of a metering interval of %g minutes.", interval*inTime, claims.Percent(inTime), interval/60),
				Figure: sitesFigureID, Test: inTimeAtAll,
			},
			{
				ID:        "inter-nmi/succeeds",
				Words:     "The network is workable: what the institutes send is committed.",
				Published: notAvailable,
				Threshold: fmt.Sprintf("At the institutes' distances at least %s of the transactions of each institute, and on each network, succeed, by the 95 "+
					"%% interval.", claims.Percent(works)),
				Test: succeeds,
			},
			{
				ID:        "inter-nmi/one-lost",
				Words:     "The network is permanent: it goes on when one institute falls silent, the leader's among them.",
				Published: notAvailable,
				Threshold: "While one institute is cut off from all others, the next commit of every other institute comes before it is back.",
				Figure:    lossFigureID, Test: oneLost,
			},
			{
				ID: "inter-nmi/two-lost",
				Words: "The network is permanent: when two institutes fall silent it goes on as far as a quorum of orderers remains, and else goes on after they " +
					"are back.",
				Published: notAvailable,
				Threshold: fmt.Sprintf("While two institutes are cut off, the next commit of every other one comes before they are back where a quorum of the "+
					"orderers is left; where none is, it comes at most %g s after they are back, and not before.", resume),
				Figure: lossFigureID, Test: twoLost,
			},
			{
				ID:        "inter-nmi/nothing-lost",
				Words:     "The network is trustworthy: whatever falls silent, no committed reading is lost or there twice.",
				Published: notAvailable,
				Threshold: "Of all readings that clients saw committed none is missing on the ledger and none is there twice, and the ledger decides each that " +
					"was in doubt.",
				Test: nothingLost,
			},
			{
				ID:        "inter-nmi/join",
				Words:     "The network is open: a further institute can join while it runs.",
				Published: notAvailable,
				Threshold: fmt.Sprintf("From blocks and from a snapshot, a sixth institute's peer endorses and answers at most %g s after it began to join, and "+
					"at least %s of what the others send in that level succeeds, by the 95 %% interval.", joined, claims.Percent(works)),
				Figure: joinFigureID, Test: join,
			},
		},
	}
}

// section shows what the verdicts rest on.
func section(e *claims.Evidence) reports.Section {
	return reports.Section{
		ID: "claims-evidence", Title: "What the claims rest on",
		Intro: "Beside the rows of the claims: the latency of each institute by where clients stand, which site leads, who endorses and what orders, and " +
			"the losses and joins one by one.",
		Figures: []reports.Figure{sitesFigure(e), leaderFigure(e), policyFigure(e), consensusFigure(e), lossFigure(e), joinFigure(e)},
		Tables:  []reports.Table{latencyTable(e), capacityTable(e), lossTable(e), joinTable(e), aroundTable(e), doubtTable(e)},
	}
}

// undisturbed returns the valid points of the questions at the institutes' distances to whose network nothing was done.
func undisturbed(e *claims.Evidence, questions ...string) (all []result.Point) {
	for _, question := range questions {
		for _, s := range e.Question(question) {
			for _, l := range s.Levels {
				for _, p := range l.Points {
					if !p.Disturbed() && p.Conditions.Distance >= 1 {
						all = append(all, p)
					}
				}
			}
		}
	}
	return all
}
