// Package dsi writes the headline figures of a run with their uncertainty as XML of the Digital System of Units (D-SI) of
// the Physikalisch-Technische Bundesanstalt, which digital calibration certificates are made of.
//
// Data flow: the budgets of a stored summary come in, each becomes a list of one real quantity with its unit and its
// expanded uncertainty. A list of one, because the schema has room for several quantities in one document only in lists,
// and misspells the element that states uncertainty within one; a list's own is spelt as that of a quantity on its own.
package dsi

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/printable"
)

// Version is that of the schema.
const Version = "2.2.1"

const namespace = "https://ptb.de/si"

// ErrNone says that a run states no uncertainty.
var ErrNone = errors.New("the run states no uncertainty of a figure, as runs without load levels and of older versions do; name one that measured load levels")

// A Unit is one in the notation of D-SI, which is that of the LaTeX package siunitx.
type Unit string

// The units.
const (
	One       Unit = `\one`
	Second    Unit = `\second`
	PerSecond Unit = `\second\tothe{-1}`
)

// A figure is one that budgets are of, by its key in a point.
type figure struct {
	key, name string
	unit      Unit
}

var figures = []figure{
	{result.ThroughputKey, "throughput", PerSecond},
	{result.CompletedKey, "rate of commits and answers", PerSecond},
	{result.AnsweredKey, "rate of answers", PerSecond},
	{"commit_p50_s", "commit latency, median", Second},
	{"commit_p99_s", "commit latency, p99", Second},
	{"answer_p50_s", "latency of answers, median", Second},
	{"answer_p99_s", "latency of answers, p99", Second},
	{"client_cpu_per_commit_signatures", "client's CPU time per commit over that of a P-256 signature", One},
}

type (
	list struct {
		XMLName  xml.Name   `xml:"si:list"`
		SI       string     `xml:"xmlns:si,attr"`
		XSI      string     `xml:"xmlns:xsi,attr"`
		Location string     `xml:"xsi:schemaLocation,attr"`
		Label    string     `xml:"si:label"`
		Started  string     `xml:"si:dateTime,omitempty"`
		Lists    []realList `xml:"si:realList"`
	}
	realList struct {
		Comment     string       `xml:",comment"`
		Unit        Unit         `xml:"si:listUnit"`
		Uncertainty *uncertainty `xml:"si:listMeasurementUncertaintyUnivariate"`
		Label       string       `xml:"si:real>si:label"`
		Value       string       `xml:"si:real>si:value"`
	}
	uncertainty struct {
		Expanded     string `xml:"si:expandedMU>si:valueExpandedMU"`
		Factor       int    `xml:"si:expandedMU>si:coverageFactor"`
		Probability  string `xml:"si:expandedMU>si:coverageProbability"`
		Distribution string `xml:"si:expandedMU>si:distribution"`
	}
)

// Write writes the figures of a run, ErrNone where it states the uncertainty of none. A figure of which a source of
// uncertainty is not known has none, as the schema cannot say "at least"; a comment has what is known.
func Write(w io.Writer, run *result.Run, summary *result.Summary) error {
	doc := list{
		SI: namespace, XSI: "http://www.w3.org/2001/XMLSchema-instance", Location: namespace + " https://ptb.de/si/v" + Version + "/SI_Format.xsd",
		Label: printable.Line("meterbench " + summary.Scenario + ", run " + summary.Run),
	}
	if !run.Started.IsZero() {
		doc.Started = run.Started.UTC().Format(time.RFC3339)
	}
	for _, b := range summary.Uncertainty {
		if l, ok := quantity(b); ok {
			doc.Lists = append(doc.Lists, l)
		}
	}
	if doc.Lists == nil {
		return ErrNone
	}
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err == nil {
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	}
	if err != nil {
		return fmt.Errorf("writing D-SI XML: %w", err)
	}
	return nil
}

// quantity is a budget's figure, false for one that this version does not know.
func quantity(b result.Budget) (realList, bool) {
	i := slices.IndexFunc(figures, func(f figure) bool { return f.key == b.Figure })
	if i < 0 {
		return realList{}, false
	}
	l := realList{
		Comment: comment(b), Unit: figures[i].unit,
		Label: printable.Line(fmt.Sprintf("%s, series %s, %s", figures[i].name, b.Series, b.Load)), Value: decimal(b.Value),
	}
	if known(b) {
		l.Uncertainty = &uncertainty{Expanded: decimal(b.Expanded), Factor: result.Coverage, Probability: "0.95", Distribution: "normal"}
	}
	return l, true
}

// known reports whether a budget is whole.
func known(b result.Budget) bool {
	return len(b.Missing) == 0 && len(b.Components) > 0 && b.Expanded >= 0
}

// comment says what a budget rests on, in words of a comment: without a double hyphen.
func comment(b result.Budget) string {
	var parts []string
	for _, c := range b.Components {
		parts = append(parts, fmt.Sprintf("%s %s (type %s)", c.Source, rounded(c.Standard), c.Type))
	}
	text := "standard uncertainties: " + strings.Join(parts, ", ")
	if len(parts) == 0 {
		text = "no source of uncertainty is known"
	}
	var missing []string
	for _, s := range b.Missing {
		missing = append(missing, string(s))
	}
	if missing != nil {
		text += fmt.Sprintf("; nothing is known of %s, so that no uncertainty is stated: it is at least %s (k = %d)",
			strings.Join(missing, ", "), rounded(b.Expanded), result.Coverage)
	}
	text = printable.Line(text)
	for strings.Contains(text, "--") {
		text = strings.ReplaceAll(text, "--", "- -")
	}
	return " " + text + " "
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// rounded is for people.
func rounded(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }
