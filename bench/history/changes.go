package history

import (
	"cmp"
	"context"
	"math"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"meterbench/bench/metric"
	"meterbench/bench/stats"
	"meterbench/internal/random"
)

// Defaults of Options, and what the analysis rests on.
const (
	DefaultAlpha = 0.01
	DefaultLast  = 200
	MaxLast      = 1000 // above it many series take minutes
	Segment      = 5    // fewest runs between two change points, and before the first and after the last
	MinRuns      = 2 * Segment

	near        = 2      // runs by which nine in ten change points are off at most
	leastOrders = 999    // random orders that a test tries
	mostOrders  = 19_999 // likewise, with many series
)

// Options say how to look for change points.
type Options struct {
	Alpha float64 // probability of a false change point in all of a file of flat series
	Last  int     // runs of each series that are looked at
	Seed  uint64  // of the random orders
	// Progress is called at the begin and after each series with how many of those that are tested are done, one call at a time;
	// nil: it is not.
	Progress func(done, tested int)
}

// An Analysis is what Analyse found.
type Analysis struct {
	Alpha   float64
	Level   float64 // of each test: Alpha over the number of tested series, but at least 1/(Orders+1)
	Orders  int     // random orders that each test tries
	Segment int
	Last    int
	Seed    uint64
	Tested  int // series with enough runs
	Series  []Series
}

// A Series is a figure of a scenario, run after run.
type Series struct {
	Scenario string
	Column   Column
	Runs     []*Line // that have it, at most the last ones that were asked for, in the order of time
	Values   []float64
	Left     int  // runs before those
	Tested   bool // there are enough of them
	Changes  []Change
	Segments []Stretch // between change points; one where there are none
	// Correlation is that of the deviations from the means of the segments between neighbouring runs. Where it is above what
	// independent runs show, p-values are too small and change points may be false: then Warnings has stats.Correlated.
	Correlation float64
	Warnings    []stats.Warning
}

// A Stretch is consecutive runs of a series.
type Stretch struct {
	From, To int // index of the first run, and of the one behind the last
	Mean     float64
}

// A Change is a change point.
type Change struct {
	Index         int     // of the first run after it
	Before, After float64 // means of the segments on both sides
	P             float64 // of its test
	Adjusted      float64 // P times the number of tested series, at most 1: to be compared with Alpha
	Verdict       Verdict
	Unlike        []Unlike // conditions that differ between the runs around it: it may be two runs off
}

// Share returns the change as a share of the figure before, false where that is 0.
func (c Change) Share() (float64, bool) { return c.After/c.Before - 1, c.Before != 0 }

// Unlike is a condition that changed.
type Unlike struct{ Key, Before, After string }

// Verdict says what a change point means.
type Verdict string

// The verdicts.
const (
	Better Verdict = "better"
	Worse  Verdict = "worse"
	Spread Verdict = "spread" // the means agree: the figure scatters more, or less, or otherwise
)

// Analyse looks for the change points of every figure of every scenario. It takes a time in the square of Options.Last for
// each of them, and ends with the context.
//
// Each series is tested at the same level, Alpha divided by their number as Bonferroni does, so that a file of flat series
// has a false change point with a probability of at most Alpha, however many series there are and whatever they have to do
// with each other.
func Analyse(ctx context.Context, h *History, o Options) (*Analysis, error) {
	a := &Analysis{Alpha: cmp.Or(o.Alpha, DefaultAlpha), Last: cmp.Or(o.Last, DefaultLast), Seed: o.Seed, Segment: Segment}
	a.Series = h.series(a.Last)
	for i := range a.Series {
		if a.Series[i].Tested {
			a.Tested++
		}
	}
	tests := float64(max(1, a.Tested))
	a.Orders = int(max(leastOrders, min(math.Ceil(2*tests/a.Alpha)-1, mostOrders)))
	a.Level = max(a.Alpha/tests, 1/float64(a.Orders+1))
	var mu sync.Mutex
	done := 0
	tell := func(more int) {
		mu.Lock()
		defer mu.Unlock()
		if done += more; o.Progress != nil {
			o.Progress(done, a.Tested)
		}
	}
	tell(0)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range a.Series {
		group.Go(func() error {
			if ctx.Err() == nil {
				if a.Series[i].analyse(ctx, a, h.Keys); a.Series[i].Tested {
					tell(1)
				}
			}
			return context.Cause(ctx)
		})
	}
	return a, group.Wait()
}

// series returns the figures of each scenario that any run has.
func (h *History) series(last int) (all []Series) {
	var scenarios []string
	runs := map[string][]*Line{}
	for i := range h.Lines {
		l := &h.Lines[i]
		if runs[l.Scenario] == nil {
			scenarios = append(scenarios, l.Scenario)
		}
		runs[l.Scenario] = append(runs[l.Scenario], l)
	}
	for _, scenario := range scenarios {
		for i, column := range h.Columns {
			s := Series{Scenario: scenario, Column: column}
			for _, l := range runs[scenario] {
				if !math.IsNaN(l.Figures[i]) {
					s.Runs, s.Values = append(s.Runs, l), append(s.Values, l.Figures[i])
				}
			}
			if len(s.Runs) == 0 {
				continue
			}
			s.Left = max(0, len(s.Runs)-last)
			s.Runs, s.Values = s.Runs[s.Left:], s.Values[s.Left:]
			s.Tested = len(s.Runs) >= MinRuns
			all = append(all, s)
		}
	}
	return all
}

// analyse finds the change points of the series.
func (s *Series) analyse(ctx context.Context, a *Analysis, keys []string) {
	s.Segments = []Stretch{{To: len(s.Values), Mean: stats.Mean(s.Values)}}
	if !s.Tested {
		return
	}
	stream := random.Stream{Seed: a.Seed, Purpose: random.Orders, Series: s.Scenario, Level: s.Column.String()}
	d := stats.Divisive{Level: a.Level, Permutations: a.Orders, Segment: a.Segment}
	for _, c := range d.ChangePoints(ctx, s.Values, stream.Rand()) {
		s.Segments[len(s.Segments)-1].To = c.Index
		s.Segments = append(s.Segments, Stretch{From: c.Index, To: len(s.Values)})
		s.Changes = append(s.Changes, Change{
			Index: c.Index, P: c.P, Adjusted: min(1, c.P*float64(a.Tested)),
			Unlike: unlike(keys, s.Runs[max(0, c.Index-1-near)], s.Runs[min(len(s.Runs)-1, c.Index+near)]),
		})
	}
	for i := range s.Segments {
		g := &s.Segments[i]
		g.Mean = stats.Mean(s.Values[g.From:g.To])
	}
	for i := range s.Changes {
		s.Changes[i].Before, s.Changes[i].After = s.Segments[i].Mean, s.Segments[i+1].Mean
		s.Changes[i].Verdict = s.verdict(s.Segments[i], s.Segments[i+1])
	}
	s.correlate()
}

// unlike returns the conditions that differ between two runs.
func unlike(keys []string, before, after *Line) (all []Unlike) {
	for i, key := range keys {
		if b, a := before.Conditions[i], after.Conditions[i]; b != a {
			all = append(all, Unlike{key, b, a})
		}
	}
	return all
}

// agree is how many standard errors the means of two segments may be apart to be called alike.
const agree = 2

// verdict says what the step from one segment to the next means.
func (s *Series) verdict(before, after Stretch) Verdict {
	squared := func(g Stretch) (sum float64) { // standard error
		for _, v := range s.Values[g.From:g.To] {
			sum += (v - g.Mean) * (v - g.Mean)
		}
		n := float64(g.To - g.From)
		return sum / (n - 1) / n
	}
	rise := after.Mean - before.Mean
	switch {
	case math.Abs(rise) <= agree*math.Sqrt(squared(before)+squared(after)):
		return Spread
	case (rise > 0) == (s.Column.Metric.Better == metric.Higher):
		return Better
	}
	return Worse
}

// significant is how many standard errors, 1/sqrt(n), the correlation of independent runs exceeds once in 100 series.
const significant = 2.326

// correlate judges whether neighbouring runs resemble each other: then the order of runs may not be exchanged.
func (s *Series) correlate() {
	var sum, squares, last float64
	for _, g := range s.Segments {
		last = 0 // no pair across a change point
		for _, v := range s.Values[g.From:g.To] {
			sum, squares, last = sum+last*(v-g.Mean), squares+(v-g.Mean)*(v-g.Mean), v-g.Mean
		}
	}
	if squares == 0 {
		return
	}
	s.Correlation = sum / squares
	if s.Correlation > significant/math.Sqrt(float64(len(s.Values))) {
		s.Warnings = append(s.Warnings, stats.Warn(stats.Correlated,
			"neighbouring runs resemble each other (correlation %.2f): change points may be false", s.Correlation))
	}
}
