// Package closer2020 tests the claims of Yurchenko, Moni, Peters, Nordholz and Thiel on smart metering with
// functional encryption and Hyperledger Fabric, CLOSER 2020, pp. 292-301. The text of the publication was not
// available to us: the claims are known, the figures behind them are not.
//
// Its studies name their series after the questions that they answer.
package closer2020

import (
	"fmt"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// The thresholds. They leave room for what two runs on a shared machine differ by.
const (
	// limitClients is the published number of clients at which the peer reaches its limit. A study that doubles the clients finds
	// it within a factor of two: after limitFrom and by limitTo.
	limitClients, limitFrom, limitTo = 8, 4, 16
	// plateauShare is the share of the plateau at which clients are said to have reached it, as in package saturation.
	plateauShare = 0.95

	// growth is the least ratio of the cost of the largest key to that of the smallest: schoolbook arithmetic
	// alone makes it four times for a key of twice the size.
	growth = 2.0

	// significantly is the ratio of encryption to transaction up to which it is significantly shorter: an
	// order of magnitude.
	significantly = 0.1

	// headRoom stays free for whatever else a device has to do.
	headRoom = 0.5
	// enoughMeters is the least number of meters for which one channel with a capped peer is of use: those of a few
	// streets.
	enoughMeters = 1000
	// secure is the security in bits that NIST SP 800-57 part 1 asks for today.
	secure = 112

	// proportional is the least exponent of the throughput over the quota that passes for scaling (1 is
	// proportional to it), and flat the largest that passes for none.
	proportional, flat = 0.7, 0.3
	// span is the least ratio of the largest quota to the smallest: over less, what two windows differ by
	// is worth too much of the exponent.
	span = 4
	// capsShare is the share of the host's cores that the caps may sum to, so that a cap, and not the host,
	// is what holds a process back.
	capsShare = 0.8
)

// The questions that series answer.
const (
	limitQuestion    = "limit"    // where is the peer's limit?
	overheadQuestion = "overhead" // what share of a transaction is encryption? beside controls that are the same but for it
	deviceQuestion   = "device"   // what does a device held to a fraction of a core do?
	quotaQuestion    = "quota"    // how does throughput grow with the peer's quota?
	channelsQuestion = "channels" // with channels at the same quota?
	peersQuestion    = "peers"    // with peers at the same quota of each?
)

// notAvailable is the published figure of a claim: the publication states it in words only, or in a text that
// we could not read.
const notAvailable = "not available"

// Publication returns the publication's row in the table of publications.
func Publication() claims.Publication {
	return claims.Publication{
		ID:     "closer2020",
		Source: "Yurchenko, Moni, Peters, Nordholz and Thiel, CLOSER 2020, pp. 292-301, https://doi.org/10.5220/0009377702920301",
		Study:  "closer2020", FullStudy: "closer2020-full",
		Devices: devices(), Attack: result.AttackReadings,
		Feasibility: feasibility, Section: section,
		Claims: []claims.Claim{
			{
				ID:        "peer-limit",
				Words:     fmt.Sprintf("On a minimal Fabric network the peer seems to reach its limit at %d clients.", limitClients),
				Published: fmt.Sprintf("%d clients; throughput, batch settings and machine %s", limitClients, notAvailable),
				Threshold: fmt.Sprintf("The fewest clients at %s of the plateau are, by their 95 %% interval, %d to %d (a factor of two about %d), and the peer "+
					"is the limit.", claims.Percent(plateauShare), limitFrom+1, limitTo, limitClients),
				Figure: limitFigureID, Test: peerLimit,
			},
			{
				ID:        "overhead-key-size",
				Words:     "The overhead of encryption depends on the size of the key.",
				Published: notAvailable,
				Threshold: fmt.Sprintf("By scheme and length: the largest key takes at least %g times as long as the smallest, by the 95 %% interval of the "+
					"ratio, and no larger key is clearly faster.", growth),
				Figure: keyFigureID, Test: keySize,
			},
			{
				ID:        "overhead-vs-transaction",
				Words:     "Encryption is significantly shorter than the transaction.",
				Published: notAvailable,
				Threshold: fmt.Sprintf("Encryption takes at most %s of the commit, and of the acknowledgement, of an equally long transaction without it, by "+
					"the 95 %% intervals of measured pairs.", claims.Percent(significantly)),
				Figure: shareFigureID, Test: againstTransaction,
			},
			{
				ID:        "practicable-minimal",
				Words:     "The solution is practicable even under minimal conditions: little computing capacity in the device, timing constraints.",
				Published: notAvailable,
				Threshold: fmt.Sprintf("With %s of the time to spare and at least %d bits, the device encrypts in time and does all work of one meter, and the "+
					"capped peer bears %d; by 95 %% intervals.", claims.Percent(headRoom), secure, enoughMeters),
				Figure: feasibleFigureID, Test: practicable,
			},
			{
				ID:        "scales-with-capacity",
				Words:     "With more computing capacity the solution scales.",
				Published: notAvailable,
				Threshold: fmt.Sprintf("Throughput grows as the peer's CPU quota, over a factor of %d, to the power of at least %g, by the 95 %% interval; under "+
					"%g it does not scale, in between it depends.", span, proportional, flat),
				Figure: quotaFigureID, Test: scales,
			},
			{
				ID: "algorithm-integrity",
				Words: "The evaluation key is tied to the function: a result in plaintext proves which function was computed, and nobody can slip in " +
					"other data.",
				Published: notAvailable,
				Threshold: "On the live network no forgery is accepted and nothing honest refused; a forgery refused for another reason than its falsehood " +
					"proves nothing.",
				Test: integrity,
			},
		},
	}
}

func seconds(v float64) string   { return reports.Seconds.Format(v) }
func perSecond(v float64) string { return reports.PerSecond.Format(v) }
func times(v float64) string     { return reports.Times.Format(v) }
