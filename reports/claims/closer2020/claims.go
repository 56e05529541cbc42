// Package closer2020 holds what was published against what a run measured.
//
// Data flow: Judge takes a stored run and a device; each claim of the
// publication reads its points, its table of encryption costs or its probes
// from it and comes to a verdict by thresholds that stand in the claim, so
// before the run. The verdicts are stored with the run. Section draws what the
// verdicts rest on from the stored run alone.
//
// A study names its series by the question that they answer, before the first
// hyphen or slash of the name: limit, overhead, device, quota, channels, peers.
// Series of one question under the same conditions are taken for one.
package closer2020

import (
	"errors"
	"fmt"

	"meterbench/bench/result"
)

// notAvailable is the published figure of a claim whose publication states it
// in words only, or in a text that we could not read.
const notAvailable = "not available"

// ErrUnknown is the error of a publication that there are no claims of.
var ErrUnknown = errors.New("no claims of this publication are held")

// A claim is one statement of a publication and how it is tested.
type claim struct {
	id        string
	words     string // what was published, in our words
	published string // the published figure
	threshold string // what has to be seen
	figure    string // id of the figure that shows it
	test      func(*evidence) finding
}

// A finding is what a test came to.
type finding struct {
	verdict    result.Verdict
	evidence   string
	conditions string
}

// Publications returns the names of the publications whose claims are held.
func Publications() []string { return []string{"closer2020"} }

func of(publication string) []claim {
	switch publication {
	case "closer2020":
		return closer2020()
	}
	return nil
}

// A Judgement is what a run says about a publication.
type Judgement struct {
	Claims      []result.Claim
	Feasibility *result.Feasibility // nil where the run measured no costs
}

// Judge holds every claim of the publication against the run. The device is the
// one that has to encrypt. The error is ErrUnknown.
func Judge(publication string, run result.Run, sum result.Summary, device Device) (Judgement, error) {
	all := of(publication)
	if all == nil {
		return Judgement{}, fmt.Errorf("%s: %w", publication, ErrUnknown)
	}
	e := &evidence{run: run, sum: sum, device: device}
	j := Judgement{Feasibility: e.feasibility()}
	for _, c := range all {
		f := c.test(e)
		j.Claims = append(j.Claims, result.Claim{
			ID: publication + "/" + c.id, Claim: c.words, Published: c.published, Threshold: c.threshold,
			Verdict: f.verdict, Evidence: f.evidence, Conditions: f.conditions, Figure: c.figure,
		})
	}
	return j, nil
}

// missing is the finding where what a test takes was not measured.
func missing(format string, args ...any) finding {
	return finding{verdict: result.Inconclusive, evidence: "Not measured: " + fmt.Sprintf(format, args...) + "."}
}

// overall is the verdict where a claim held under some of the conditions.
func overall(held, failed int) result.Verdict {
	switch {
	case held+failed == 0:
		return result.Inconclusive
	case failed == 0:
		return result.Reproduced
	case held == 0:
		return result.NotReproduced
	}
	return result.Depends
}
