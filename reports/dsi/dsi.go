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

	"meterbench/bench/metric"
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

// units are those of metrics, and what a value without a unit is counted in.
var units = map[metric.Unit]struct {
	unit Unit
	in   string
}{
	metric.PerSecond: {PerSecond, ""}, metric.Answers: {PerSecond, ""}, metric.Completed: {PerSecond, ""}, metric.Seconds: {Second, ""},
	metric.Signatures: {One, " in P-256 signatures"},
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
		Factor       string `xml:"si:expandedMU>si:coverageFactor"`
		Probability  string `xml:"si:expandedMU>si:coverageProbability"`
		Distribution string `xml:"si:expandedMU>si:distribution,omitempty"`
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
	headlines := metric.Headlines()
	i := slices.IndexFunc(headlines, func(h metric.Headline) bool { return h.Key == b.Figure })
	if i < 0 {
		return realList{}, false
	}
	h := headlines[i]
	label := fmt.Sprintf("%s%s, series %s, %s", h.Title, units[h.Unit].in, b.Series, b.Load)
	if b.Repetitions > 1 {
		label += fmt.Sprintf(", mean of %d repetitions", b.Repetitions)
	}
	l := realList{Comment: comment(b), Unit: units[h.Unit].unit, Label: printable.Line(label), Value: decimal(b.Value)}
	if known(b) {
		l.Uncertainty = &uncertainty{Expanded: decimal(b.Expanded), Factor: decimal(b.Factor), Probability: "0.95", Distribution: distribution(b)}
	}
	return l, true
}

// distribution is the one that the coverage factor is of, empty where few values say how they scatter and it is of none alone.
func distribution(b result.Budget) string {
	if b.Factor > result.Coverage {
		return ""
	}
	return "normal"
}

// known reports whether a budget is whole.
func known(b result.Budget) bool {
	return len(b.Missing) == 0 && len(b.Components) > 0 && b.Expanded >= 0 && b.Factor >= 1
}

// comment says what a budget rests on, in words of a comment: without a double hyphen.
func comment(b result.Budget) string {
	var parts []string
	for _, c := range b.Components {
		kind := "type " + c.Type
		if c.Freedom > 0 {
			kind += fmt.Sprintf(", %s degrees of freedom", rounded(c.Freedom))
		}
		parts = append(parts, fmt.Sprintf("%s %s (%s)", c.Source, rounded(c.Standard), kind))
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
		text += fmt.Sprintf("; nothing is known of %s, so that no uncertainty is stated: it is at least %s (k = %s)",
			strings.Join(missing, ", "), rounded(b.Expanded), rounded(b.Factor))
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
