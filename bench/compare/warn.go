package compare

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"meterbench/bench/metric"
	"meterbench/bench/stats"
	"meterbench/internal/printable"

	"golang.org/x/perf/benchunit"
)

// gate marks the rows that decide: those of the table of metrics, or of the names given, which are of metrics or of units of
// benchmark files. A name that no row has is an error. Rows of what one side lacks stay only if they are gated.
func (c *Comparison) gate(names []string) error {
	if names != nil {
		found := map[string]bool{}
		for i := range c.Rows {
			m := &c.Rows[i].Metric
			c.Rows[i].Gated = false
			for _, name := range names {
				_, unit := benchunit.Tidy(1, name) // ns/op is sec/op, as in the file
				if known, ok := metric.Named(name); name == m.Name || unit == m.Bench || name == m.Bench || ok && known.Bench == m.Bench {
					found[name], c.Rows[i].Gated = true, true
				}
			}
		}
		for _, name := range names {
			switch {
			case name == "":
				return fmt.Errorf("the gate has a metric without a name; metrics are %s", c.names())
			case !found[name]:
				return fmt.Errorf("%s is measured on neither side; metrics are %s", printable.Line(name), c.names())
			}
		}
	}
	c.Rows = slices.DeleteFunc(c.Rows, func(r Row) bool { return !r.Gated && r.oneSided() })
	if !slices.ContainsFunc(c.Rows, func(r Row) bool { return !r.oneSided() }) {
		return fmt.Errorf("%s and %s have no series and load in common, or no benchmark; compare runs of the same scenario",
			printable.Line(c.Base[0].Path), printable.Line(c.Head[0].Path))
	}
	if !slices.ContainsFunc(c.Rows, func(r Row) bool { return r.Gated }) {
		return fmt.Errorf("no figure decides: name metrics that do; there are %s", c.names())
	}
	return nil
}

// oneSided reports whether one side has no values.
func (r *Row) oneSided() bool { return len(r.Base.Values) == 0 || len(r.Head.Values) == 0 }

// names lists the metrics of the rows.
func (c *Comparison) names() string {
	var names []string
	for i := range c.Rows {
		if name := printable.Line(c.Rows[i].Metric.Name); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// warn adds the warnings of the rows and of the whole.
func (c *Comparison) warn() {
	for i := range c.Rows {
		c.Rows[i].warn()
	}
	add := func(code stats.Code, format string, args ...any) {
		c.Warnings = append(c.Warnings, stats.Warn(code, format, args...))
	}
	if !c.Paired {
		add(NotInterleaved, "the runs of both sides did not take turns, so that what changed with time is part of the difference; "+
			"neighbours are taken to be correlated by %v; measure in interleaved pairs", Correlated)
	}
	for _, u := range c.Unlike {
		if !u.Told {
			add(UnlikeAllowed, "the sides differ on purpose: %v", u)
		}
	}
	for _, s := range slices.Concat(c.Base, c.Head) {
		if !s.Complete {
			add(Interrupted, "%s did not finish: what it measured until then takes part", printable.Line(s.Path))
		}
		if s.Failed > 0 {
			add(Dead, "%s: nothing succeeded at %d points, which count with a rate of 0", printable.Line(s.Path), s.Failed)
		}
		if s.Invalid+s.Disturbed > 0 {
			add(LeftOut, "%s: %d invalid points and %d with events do not take part", printable.Line(s.Path), s.Invalid, s.Disturbed)
		}
	}
	c.warnOfPace()
	unequal := func(r Row) bool { return r.Gated && !r.EqualPace }
	if base, head := pace(c.Base), pace(c.Head); slices.ContainsFunc(c.Rows, unequal) && base > 0 && head > 0 && math.Abs(head/base-1) >= c.Minimum {
		add(OtherPace, "one P-256 signature took %+.1f %% of time on the side of the head: the machine itself had another pace", 100*(head/base-1))
	}
}

// widely is from how much wider an interval on is called wide for the pace of the head.
const widely = 2

// warnOfPace warns at each level of which the head has another pace than the base in so many pairs that little can be told of
// equal ones.
func (c *Comparison) warnOfPace() {
	seen := map[place]bool{}
	for i := range c.Rows {
		r := &c.Rows[i]
		at := place{r.Series, r.Load}
		if !r.Gated || !r.EqualPace || seen[at] {
			continue
		}
		seen[at] = true
		if change, wider := r.widened(); wider >= widely {
			c.Warnings = append(c.Warnings, stats.Warn(OtherPace, "%s at %v: one P-256 signature took %+.1f %% of time beside the head. What follows from that is "+
				"taken out, be it the head's doing or not, which makes intervals %.1f times as wide", printable.Line(r.Series), r.Load, 100*change, wider))
		}
	}
}

// widened returns the relative difference of the pace beside the head, and how many times as wide the interval at an equal
// pace is for it: see stats.PairedDifferenceAt.
func (r *Row) widened() (change, wider float64) {
	d, ok := stats.PairedDifference(logarithms(r.Base.Paces), logarithms(r.Head.Paces))
	if !ok || d.Error == 0 {
		return 0, 1
	}
	return math.Expm1(d.Mean), math.Sqrt(1 + d.Mean*d.Mean/(d.Error*d.Error*d.Freedom))
}

// pace returns the median time of one P-256 signature over sources that know it, 0 without any.
func pace(sources []Source) float64 {
	var signs []float64
	for _, s := range sources {
		if s.Sign > 0 {
			signs = append(signs, s.Sign)
		}
	}
	return stats.Median(signs)
}

// warn adds why a row cannot be told, and what it lacks.
func (r *Row) warn() {
	add := func(code stats.Code, format string, args ...any) {
		r.Warnings = append(r.Warnings, stats.Warn(code, format, args...))
	}
	base, head := len(r.Base.Values), len(r.Head.Values)
	switch {
	case r.oneSided():
		add(OneSided, "only one side has it (%d and %d values)", base, head)
	case min(base, head) < MinValues:
		add(FewRuns, "%d and %d values are too few to tell; measure %d runs or repetitions of each side at least", base, head, MinValues)
	}
	if r.Metric.Better == "" {
		add(NoDirection, "it is not known which way is better; state it with a line: Unit %s better=lower", printable.Line(r.Metric.Bench))
	}
	if r.Base.Missing+r.Head.Missing > 0 {
		add(Incomplete, "%d points of the base and %d of the head do not have it", r.Base.Missing, r.Head.Missing)
	}
}
