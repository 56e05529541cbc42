// Package claims is the framework in which published claims are tested on a stored run.
//
// Data flow: a package below this one tells the claims of a Publication, with thresholds that are fixed
// before any run. Judge reads a stored run; the test of each claim takes points, encryption costs or attempts
// at forging from the Evidence and returns a Finding. The verdicts are stored with the run, and Section shows
// what they rest on from the stored run alone. Package publications is the table of all publications.
//
// A study names its series by the question that they answer, before the first hyphen or slash of the name.
// Series of one question under the same conditions are taken for one.
package claims

import (
	"fmt"
	"strconv"
	"strings"

	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
	"meterbench/reports"
)

// A Publication is a text whose claims can be tested, and what their tests need.
type Publication struct {
	ID        string        // the argument of meterbench reproduce
	Source    string        // authors and place
	Study     string        // the shipped scenario that measures what the claims need
	FullStudy string        // the same with more loads, settings and repetitions; "" where there is none
	Devices   []Device      // that could play sensor and gateway, the default first
	Attack    result.Attack // which the claims also need on live systems; "" for none
	Claims    []Claim

	// Feasibility returns for how many meters devices and peers are enough, nil where the run lacks the costs.
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
	Tally      Tally             // of what was judged
	Rows       []result.ClaimRow // the figures behind it
}

// Missing returns the finding where what a test needs was not measured.
func Missing(format string, args ...any) Finding {
	return Finding{Verdict: result.Inconclusive, Evidence: "Not measured: " + fmt.Sprintf(format, args...) + "."}
}

// Missing is like the function, for what the series of a question measure. Where some were left out there is no verdict.
func (e *Evidence) Missing(question, format string, args ...any) Finding {
	f := Missing(format, args...)
	for _, left := range e.Summary.LeftOut {
		if answers(left.Series, question) {
			return NotMeasured("%s: series %s takes a network of our own (%s)", fmt.Sprintf(format, args...), left.Series, strings.Join(left.Needs, ", "))
		}
	}
	return f
}

// NotMeasured returns the finding where what a test needs cannot be measured on the network.
func NotMeasured(format string, args ...any) Finding {
	f := Missing(format, args...)
	f.Verdict = result.NotMeasured
	return f
}

// Judge tests every claim on the run. The device is the one that has to encrypt.
func (p Publication) Judge(run result.Run, sum result.Summary, device Device) ([]result.Claim, *result.Feasibility) {
	e := &Evidence{Run: run, Summary: sum, Device: device}
	var judged []result.Claim
	for _, c := range p.Claims {
		f := c.Test(e)
		judged = append(judged, result.Claim{
			ID: p.ID + "/" + c.ID, Claim: c.Words, Published: c.Published, Threshold: c.Threshold,
			Verdict: f.Verdict, Evidence: f.Evidence, Conditions: strings.TrimSpace(f.Conditions), Figure: c.Figure, Rows: f.Rows,
			Holds: len(f.Tally.Holds), Breaks: len(f.Tally.Breaks), Undecided: len(f.Tally.Open),
		})
	}
	if p.Feasibility == nil {
		return judged, nil
	}
	return judged, p.Feasibility(e)
}

// JudgeStored tests every claim on the run stored in dir, with the attempts at forging made for it, and
// stores the verdicts and the attempts in its summary.
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

// A Device is a processor that could play sensor and gateway. How much slower it is than the machine that measured is
// taken from one primitive, the P-256 signature: an approximation, since a processor may be better or worse at the
// arithmetic of a scheme than at that of the curve, and a library may be written for either.
type Device struct {
	Name   string  // for example cortex-m4
	Title  string  // what it stands for
	Sign   float64 // time of one P-256 signature, in seconds; 0 where Factor is set
	Factor float64 // times as slow as the machine that measured; 0 where Sign is set
	Source string  // who published Sign
}

// Slowdown returns how many times as slow as the host the device is; false where the host's own signature was
// not timed.
func (d Device) Slowdown(host result.Host) (float64, bool) {
	if d.Factor > 0 {
		return d.Factor, true
	}
	if host.Sign <= 0 {
		return 0, false
	}
	return d.Sign / host.Sign, true
}

// Device returns the publication's device of the name, the default for "", or one that is slower than the machine that
// measured by the factor in the text. The default of a publication whose claims need no device is the zero Device.
func (p Publication) Device(text string) (Device, error) {
	var names []string
	for _, d := range p.Devices {
		if d.Name == text || text == "" {
			return d, nil
		}
		names = append(names, d.Name)
	}
	factor, err := strconv.ParseFloat(text, 64)
	switch {
	case text == "":
		return Device{}, nil
	case err != nil:
		return Device{}, fmt.Errorf("%q is neither a device nor a factor such as 250; %s", text, strictyaml.Hint(text, names))
	case !(factor > 0 && factor <= 1e6):
		return Device{}, fmt.Errorf("a factor must be over 0 and at most 1000000, got %s", text)
	}
	return Device{Name: fmt.Sprintf("%g times slower", factor), Title: "a device described by a factor", Factor: factor}, nil
}
