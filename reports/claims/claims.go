// Package claims is the framework in which published claims are tested on a stored run.
//
// Data flow: a package below this one tells the claims of a Publication, with thresholds that are
// fixed before any run. Judge reads a stored run; the test of each claim takes points, encryption
// costs or attempts at forging from the Evidence and returns a Finding. The verdicts are stored
// with the run, and Section shows what they rest on from the stored run alone. Package publications
// is the table of all publications.
//
// A study names its series by the question that they answer, before the first hyphen or slash of
// the name. Series of one question under the same conditions are taken for one.
package claims

import (
	"fmt"

	"meterbench/bench/result"
	"meterbench/reports"
)

// NotAvailable is the published figure of a claim whose publication states it in words only, or in
// a text that we could not read.
const NotAvailable = "not available"

// A Publication is a text whose claims can be tested, and what their tests need.
type Publication struct {
	ID        string   // the argument of meterbench reproduce
	Source    string   // authors and place
	Study     string   // the shipped scenario that measures what the claims need
	FullStudy string   // the same with more loads, settings and repetitions; "" where there is none
	Devices   []Device // that could play sensor and gateway, the default first
	Forgery   bool     // the claims also need attempts at forging on a live network
	Claims    []Claim

	// Feasibility returns for how many meters devices and peers are enough, nil where the run lacks
	// the costs.
	Feasibility func(*Evidence) *result.Feasibility
	// Section shows what the verdicts rest on.
	Section func(*Evidence) reports.Section
}

// A Claim is one statement of a publication and how it is tested.
type Claim struct {
	ID        string
	Words     string // what was published, in our words
	Published string // the published figure
	Threshold string // what the run has to show
	Figure    string // id of the figure that shows it
	Test      func(*Evidence) Finding
}

// A Finding is the outcome of a test.
type Finding struct {
	Verdict    result.Verdict
	Evidence   string
	Conditions string
}

// Missing returns the finding where what a test needs was not measured.
func Missing(format string, args ...any) Finding {
	return Finding{Verdict: result.Inconclusive, Evidence: "Not measured: " + fmt.Sprintf(format, args...) + "."}
}

// Overall returns the verdict on a claim that held and failed under so many conditions.
func Overall(held, failed int) result.Verdict {
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

// Judge tests every claim on the run. The device is the one that has to encrypt.
func (p Publication) Judge(run result.Run, sum result.Summary, device Device) ([]result.Claim, *result.Feasibility) {
	e := &Evidence{Run: run, Summary: sum, Device: device}
	var judged []result.Claim
	for _, c := range p.Claims {
		f := c.Test(e)
		judged = append(judged, result.Claim{
			ID: p.ID + "/" + c.ID, Claim: c.Words, Published: c.Published, Threshold: c.Threshold,
			Verdict: f.Verdict, Evidence: f.Evidence, Conditions: f.Conditions, Figure: c.Figure,
		})
	}
	if p.Feasibility == nil {
		return judged, nil
	}
	return judged, p.Feasibility(e)
}

// JudgeStored tests every claim on the run stored in dir, with the attempts at forging made for it,
// and stores the verdicts and the attempts in its summary.
func (p Publication) JudgeStored(dir string, device Device, attempts *result.Integrity) error {
	stored, err := result.Open(dir)
	if err != nil {
		return err
	}
	stored.Summary.Integrity = attempts
	judged, feasibility := p.Judge(stored.Run, stored.Summary, device)
	return result.UpdateSummary(dir, func(s *result.Summary) {
		s.Claims, s.Feasibility, s.Integrity = judged, feasibility, attempts
	})
}
