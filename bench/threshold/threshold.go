// Package threshold reads what a scenario expects of its figures, such as commit.p99 < 2s at offered=100/s, and decides
// after the run whether it was met.
//
// Data flow: Parse turns the text of an expectation into a Threshold and checks its units; Check holds that against the
// series that will be measured, before any load; Judge decides it by the figures of a result.Summary, level by level.
// The metrics are those of package metric.
package threshold

import (
	"meterbench/bench/metric"
	"meterbench/bench/result"
)

// A Threshold is an expectation of a scenario.
type Threshold struct {
	Text string // as written
	// Strict says that it is only met where its interval, which it then needs, leaves no doubt. Else, as by the word
	// likely, the value decides where the interval does not.
	Strict bool
	// Within is the series that it is about where it names none, empty for all.
	Within string

	left, right side // the left one has a metric
	op          operator
	load        *result.Load // nil: every level
	loadAt      int
}

// String returns the threshold as written, with the series that it is written in.
func (t Threshold) String() string {
	if t.Within == "" {
		return t.Text
	}
	return t.Text + " (in series " + t.Within + ")"
}

// Repeats reports whether the threshold says of some series what another one says.
func (t Threshold) Repeats(other Threshold) bool {
	return t.Text == other.Text && (t.Within == other.Within || t.Within == "" || other.Within == "")
}

// operator is a comparison.
type operator string

// The operators.
const (
	less         operator = "<"
	lessEqual    operator = "<="
	greater      operator = ">"
	greaterEqual operator = ">="
)

// turned returns the operator with which the sides change places.
func (o operator) turned() operator {
	return map[operator]operator{less: greater, lessEqual: greaterEqual, greater: less, greaterEqual: lessEqual}[o]
}

// An operand is a metric, of one series or of each, or a number.
type operand struct {
	text   string
	at     int            // its place in the text, in characters
	metric *metric.Metric // nil: a number
	series string         // empty: every one
	nameAt int            // the place of series
	number float64        // in base units
	unit   metric.Unit
}

// A side is an operand, or the ratio of two.
type side struct {
	over  operand
	under *operand // nil: no ratio
}

// operands returns those of the side.
func (s side) operands() []operand {
	if s.under == nil {
		return []operand{s.over}
	}
	return []operand{s.over, *s.under}
}

// measured reports whether the side has a metric.
func (s side) measured() bool {
	return s.over.metric != nil || s.under != nil && s.under.metric != nil
}

// unit returns the unit of the side's value; that of a ratio is empty.
func (s side) unit() metric.Unit {
	if s.under != nil {
		return ratio
	}
	return s.over.unit
}

// text returns the side as written, spaces apart.
func (s side) text() string {
	if s.under == nil {
		return s.over.text
	}
	return s.over.text + " / " + s.under.text
}

// operands returns all of the threshold.
func (t Threshold) operands() []operand { return append(t.left.operands(), t.right.operands()...) }

// An Error says what is wrong with the text of an expectation.
type Error struct {
	At   int // characters before what is wrong
	Msg  string
	Hint string // what to do, may be empty
}

// Error returns the message and the hint.
func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Msg
	}
	return e.Msg + "; " + e.Hint
}
