// Package junit writes verdicts as JUnit XML, which CI services show case by case.
//
// Data flow: suites of decided cases come in, each with its evidence as text; counts and the order of elements are made
// here. What is written is valid for the forms of the two readers that published one, Ant and Jenkins, and takes what both
// have: a case that passed has no room for its evidence, so that the evidence of all cases is in the output of their suite. A suite
// of which nobody knows when it was measured has no timestamp, which Ant's form wants: a made-up one would be believed.
package junit

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"meterbench/internal/printable"
)

// Outcome says how a case ended.
type Outcome uint8

// The outcomes.
const (
	Passed  Outcome = iota
	Failed          // what was expected is not so
	Errored         // it cannot be told, and that counts as a failure
	Skipped         // it cannot be told, or was not asked, and that counts for nothing
)

// String returns the outcome's name.
func (o Outcome) String() string { return [...]string{"passed", "failed", "error", "skipped"}[o] }

// A Case is a decision about one thing.
type Case struct {
	Class   string // what cases are grouped by: a series
	Name    string // unique within its class
	Outcome Outcome
	// Message is the verdict in one line, Evidence what it rests on, in lines.
	Message, Evidence string
}

// A Property is a fact about a whole suite, as the conditions of its runs.
type Property struct{ Name, Value string }

// A Suite is a number of cases that belong together.
type Suite struct {
	Name       string
	Host       string    // where it was measured; empty: unknown
	Started    time.Time // of the first measurement; zero: unknown
	Took       time.Duration
	Properties []Property
	Cases      []Case
}

// Count returns the number of cases with an outcome.
func (s Suite) Count(of Outcome) (n int) {
	for _, c := range s.Cases {
		if c.Outcome == of {
			n++
		}
	}
	return n
}

// Write writes the suites as one document. Control characters and what is no text are escaped as Go does.
func Write(w io.Writer, suites ...Suite) error {
	var doc document
	for i, s := range suites {
		doc.Suites = append(doc.Suites, s.element(i))
	}
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err == nil {
		text = bytes.ReplaceAll(text, []byte(lineFeed), []byte("\n"))
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	}
	if err != nil {
		return fmt.Errorf("writing JUnit XML: %w", err)
	}
	return nil
}

// lineFeed is how package xml writes those of evidence, which people read, too. Attributes have none.
const lineFeed = "&#xA;"

type (
	document struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []suite
	}
	suite struct {
		XMLName    xml.Name   `xml:"testsuite"`
		ID         int        `xml:"id,attr"`
		Package    string     `xml:"package,attr"`
		Name       string     `xml:"name,attr"`
		Host       string     `xml:"hostname,attr"`
		Started    string     `xml:"timestamp,attr,omitempty"`
		Tests      int        `xml:"tests,attr"`
		Failures   int        `xml:"failures,attr"`
		Errors     int        `xml:"errors,attr"`
		Skipped    int        `xml:"skipped,attr"`
		Time       string     `xml:"time,attr"`
		Properties []property `xml:"properties>property"`
		Cases      []testcase
		Out        string `xml:"system-out"`
		Err        string `xml:"system-err"`
	}
	property struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	testcase struct {
		XMLName xml.Name `xml:"testcase"`
		Class   string   `xml:"classname,attr"`
		Name    string   `xml:"name,attr"`
		Time    string   `xml:"time,attr"`
		Failure *detail  `xml:"failure"`
		Error   *detail  `xml:"error"`
		Skipped *detail  `xml:"skipped"`
	}
	detail struct {
		Type    string `xml:"type,attr,omitempty"`
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// element is the suite as it is written. Readers want a time of day without a zone, which is UTC here, and a host.
func (s Suite) element(id int) suite {
	e := suite{
		ID: id, Package: "meterbench", Name: line(s.Name), Host: cmp.Or(printable.Line(s.Host), "localhost"),
		Time:  seconds(s.Took),
		Tests: len(s.Cases), Failures: s.Count(Failed), Errors: s.Count(Errored), Skipped: s.Count(Skipped),
	}
	if !s.Started.IsZero() {
		e.Started = s.Started.UTC().Format("2006-01-02T15:04:05")
	}
	for _, p := range s.Properties {
		e.Properties = append(e.Properties, property{line(p.Name), printable.Line(p.Value)})
	}
	var out strings.Builder
	for _, c := range s.Cases {
		t := testcase{Class: line(c.Class), Name: line(c.Name), Time: seconds(0)}
		d := &detail{Type: c.Outcome.String(), Message: printable.Line(c.Message), Text: printable.Lines(c.Evidence)}
		switch c.Outcome {
		case Failed:
			t.Failure = d
		case Errored:
			t.Error = d
		case Skipped:
			d.Type = "" // Ant's form has none there
			t.Skipped = d
		}
		e.Cases = append(e.Cases, t)
		fmt.Fprintf(&out, "%s: %s, %s: %s\n", c.Outcome, t.Class, t.Name, d.Message)
		for evidence := range strings.Lines(d.Text) {
			fmt.Fprintf(&out, "    %s\n", strings.TrimSuffix(evidence, "\n"))
		}
	}
	e.Out = out.String()
	return e
}

// line is a name, which no reader takes empty.
func line(s string) string { return cmp.Or(strings.TrimSpace(printable.Line(s)), "-") }

// seconds are a duration as a decimal number.
func seconds(d time.Duration) string { return strconv.FormatFloat(max(0, d.Seconds()), 'f', 3, 64) }
