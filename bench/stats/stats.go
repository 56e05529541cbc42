// Package stats turns measured values into figures with their uncertainty.
//
// Data flow: plain numbers go in, in whatever unit; quantiles, intervals and warnings come out in
// the same unit, as values. A figure that the data does not support is absent; a Warning qualifies
// one that is there. A Series of latencies and a Backlog are filled as transactions stream by, in
// bounded memory, and Judge decides whether the window that they cover was steady. Nothing is
// printed here.
package stats

import "fmt"

// Warning qualifies a figure. It travels with the figure into every result and report.
type Warning struct {
	Code Code
	Text string // one sentence for people, without the code
}

// Code names a kind of Warning for programs.
type Code string

// The kinds of warnings of this package.
const (
	FewRepetitions Code = "few-repetitions" // too few values for an interval
	Correlated     Code = "correlated"      // batch means depend on each other: the interval is too narrow
)

// String returns the warning for people, its code in brackets.
func (w Warning) String() string { return fmt.Sprintf("%s [%s]", w.Text, w.Code) }

// Warn returns a Warning whose text is formatted as by fmt.Sprintf.
func Warn(code Code, format string, args ...any) Warning {
	return Warning{code, fmt.Sprintf(format, args...)}
}
