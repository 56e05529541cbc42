// Package history keeps the figures of many runs in one file, a line per run, and finds the runs at which they step.
//
// Data flow: Of makes a Record of a stored run; Append adds it to a CSV file, which gets further columns where the run has
// some that no run before had; Read checks such a file, ours or one that others wrote into, and makes a History of it;
// Analyse takes the values of every figure in the order of time and finds their change points. Nothing is printed here.
//
// The file is what the CSV importer of Apache Otava reads: a header, commas, double quotes, the columns time, run and
// scenario, conditions as text, and figures in base units. A run without a figure leaves an empty cell.
package history

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"meterbench/bench/metric"
	"meterbench/bench/result"
)

// The columns that every history has.
const (
	timeColumn     = "time" // at which the run started, RFC 3339 with its fraction of a second, which tells runs apart
	runColumn      = "run"
	scenarioColumn = "scenario"
)

// A Record is what a history keeps of a run.
type Record struct {
	Started    time.Time
	Run        string
	Scenario   string
	Conditions []Condition // each key once
	Figures    []Figure    // each column once
}

// A Condition is one of a run as a whole.
type Condition struct{ Key, Value string }

// A Figure is one of a run.
type Figure struct {
	Column Column
	Value  float64
}

// Of returns the record of a run. Levels of a series that a search found differ from run to run: such a series has
// its throughput at saturation instead. Levels with events have no figures, as in a comparison.
func Of(run result.Run, sum result.Summary, searched func(series string) bool) Record {
	r := Record{Started: run.Started.UTC(), Run: run.ID, Scenario: run.Scenario}
	for _, c := range conditions {
		r.Conditions = append(r.Conditions, Condition{c.key, c.of(run, sum)})
	}
	add := func(c Column, v float64) {
		if math.Abs(v) <= largest {
			r.Figures = append(r.Figures, Figure{c, v})
		}
	}
	if run.Host.Sign > 0 {
		add(machine(), run.Host.Sign)
	}
	for _, l := range levels(sum) {
		if searched(l.Series) {
			continue
		}
		for _, m := range metric.All() {
			if v, ok := m.At(l); ok && m.Gated {
				add(Column{m, l.Series, l.Load}, v.Value)
			}
		}
	}
	for _, s := range sum.Saturation {
		if searched(s.Series) && s.Reached {
			add(saturation(s.Series), s.Throughput)
		}
	}
	return r
}

// levels returns those of a summary that are undisturbed, by the series and amount of load that name them.
func levels(sum result.Summary) (all []metric.Level) {
	for i := range sum.Points {
		p := &sum.Points[i]
		if p.Disturbed() {
			continue
		}
		load := result.Load{Kind: p.Load.Kind, Clients: p.Load.Clients, Offered: p.Load.Offered}
		at := slices.IndexFunc(all, func(l metric.Level) bool { return l.Series == p.Series && l.Load == load })
		if at < 0 {
			at, all = len(all), append(all, metric.Level{Series: p.Series, Load: load})
		}
		all[at].Points = append(all[at].Points, p)
	}
	return all
}

// conditions are those that a line states: what may explain a step.
var conditions = []struct {
	key string
	of  func(result.Run, result.Summary) string
}{
	{"target", func(_ result.Run, s result.Summary) string { return s.Target }},
	{"topology", each(func(c result.Conditions) string { return c.Topology })},
	{"fabric", each(func(c result.Conditions) string { return c.Fabric })},
	{"batch", each(func(c result.Conditions) string {
		if c.BatchMessages == 0 {
			return ""
		}
		return fmt.Sprintf("%d in %v", c.BatchMessages, time.Duration(c.BatchTimeout*float64(time.Second)))
	})},
	{"driver", each(func(c result.Conditions) string { return string(c.Driver) })},
	{"seed", func(r result.Run, _ result.Summary) string { return strconv.FormatUint(r.Seed, 10) }},
	{"cpu", func(r result.Run, _ result.Summary) string { return r.Host.CPU }},
	{"cores", func(r result.Run, _ result.Summary) string {
		return strconv.FormatFloat(r.Host.Offered(), 'g', 4, 64)
	}},
	{"kernel", func(r result.Run, _ result.Summary) string { return r.Host.Kernel }},
	{"go", func(r result.Run, _ result.Summary) string { return r.Versions["go"] }},
	{"version", func(r result.Run, _ result.Summary) string { return r.Versions["meterbench"] }},
	{"revision", func(r result.Run, _ result.Summary) string { return r.Versions["revision"] }},
}

// each returns a condition of points: its values in their order, each once.
func each(of func(result.Conditions) string) func(result.Run, result.Summary) string {
	return func(_ result.Run, s result.Summary) string {
		var all []string
		for i := range s.Points {
			if v := of(s.Points[i].Conditions); v != "" && !slices.Contains(all, v) {
				all = append(all, v)
			}
		}
		return strings.Join(all, " | ")
	}
}

// A Column is a figure of runs: a metric of a level, of a series where it has no load, or of the machine where it has no
// series either.
type Column struct {
	Metric metric.Metric
	Series string
	Load   result.Load // its kind and amount
}

// machine is the column for the pace of the machine.
func machine() Column {
	return Column{Metric: metric.Metric{Name: "p256_sign_s", Title: "time of one P-256 signature", Unit: metric.Seconds, Better: metric.Lower}}
}

// saturation is the column for the throughput at the saturation point that a search found.
func saturation(series string) Column {
	return Column{Metric: metric.Metric{Name: "saturation", Title: "throughput at saturation", Unit: metric.PerSecond, Better: metric.Higher}, Series: series}
}

// String returns the name of the column, as thresholds write a figure: throughput of plain at clients=8.
func (c Column) String() string {
	switch {
	case c.Series == "":
		return c.Metric.Name
	case c.Load == (result.Load{}):
		return c.Metric.Name + " of " + c.Series
	}
	return fmt.Sprintf("%s of %s at %s", c.Metric.Name, c.Series, c.Load.Expression())
}

// ParseColumn returns the column of a name, false where it is none of figures.
func ParseColumn(name string) (Column, bool) {
	if c := machine(); name == c.String() {
		return c, true
	}
	what, rest, ok := strings.Cut(name, " of ")
	if c := saturation(rest); ok && what == c.Metric.Name && rest != "" {
		return c, true
	}
	m, known := metric.Named(what)
	at := strings.LastIndex(rest, " at ")
	if !known || at < 1 {
		return Column{}, false
	}
	load, ok := result.ParseLoad(rest[at+len(" at "):])
	c := Column{m, rest[:at], load}
	return c, ok && c.String() == name
}
