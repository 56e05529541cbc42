// Package rank says what each level of a factor reaches, for a planner who chooses between them.
//
// Data flow: the series of stored runs are grouped by all but the factor; what a series reaches follows from its saturation
// and from its load levels, by the table of metrics; several runs of one level give an interval over runs; a setting that
// another one beats is dominated. Nothing is printed here.
package rank

import (
	"cmp"
	"slices"

	"meterbench/bench/metric"
	"meterbench/bench/result"
)

// Share is the part of its capacity at which a setting is compared: a planner leaves room for peaks, since latency grows
// without bound near the capacity.
const Share = 0.6

// Options say how to rank.
type Options struct {
	Factor string  // BySeries, or the key of a factor
	Prices *Prices // nil: costs are not priced
}

// A Ranking is what Rank found.
type Ranking struct {
	Factor  string
	Prices  *Prices
	Groups  []Group  // settings that differ in the factor alone, as far as their scenarios say
	Without []string // series left out, which have no level of the factor
	// Simulated says that a target was the reference ledger, no blockchain.
	Simulated bool
}

// A Group holds the settings that are compared with each other.
type Group struct {
	Name        string      // the series, and its levels of other factors; empty: all there is
	Whole       result.Part // the latency that its clients wait for
	Metrics     []metric.Metric
	Settings    []Setting // those to choose from first, then dominated ones, each by capacity
	Differences []Difference
	Readings    bool // a transaction of each setting is a reading
}

// A Setting is a level of the factor.
type Setting struct {
	Level    string
	Runs     int         // that it was measured in
	Capacity Figure      // transactions per second at saturation
	At       result.Load // of the saturation in the first run
	// Around are the neighbouring loads of the first run that lie around Share of the capacity; zero where none do.
	Around [2]result.Load
	// Figures are at Share of the capacity, by the group's Metrics.
	Figures     []Figure
	Cost        Figure   // of a million transactions, in the currency of the prices
	DominatedBy []string // levels that are no worse in anything and better in something
	samples     []sample
}

// A Figure is a value with its interval, or why there is none.
type Figure struct {
	metric.Value
	AtLeast bool   // the value is a lower bound
	Missing Reason // empty where there is a value
}

// Reason says why a figure cannot be told.
type Reason string

// The reasons.
const (
	NoSaturation Reason = "no saturation"   // of the series: too few levels, or none was looked for
	NothingKept  Reason = "nothing kept up" // even the lowest load failed
	AllAbove     Reason = "all above"       // the lowest load measured is beyond Share of the capacity
	TooCoarse    Reason = "too coarse"      // the levels around Share of the capacity are too far apart
	NotMeasured  Reason = "not measured"    // the levels there do not have the figure
)

// missing returns a Figure without a value.
func missing(why Reason) Figure { return Figure{Missing: why} }

// Known reports whether the figure has a value.
func (f Figure) Known() bool { return f.Missing == "" }

// Rank ranks the levels of a factor in the runs. The error, about what the user asked, names the factors that there are.
func Rank(runs []*result.Folder, o Options) (*Ranking, error) {
	r := &Ranking{Factor: o.Factor, Prices: o.Prices}
	samples := samplesOf(runs)
	leveled := slices.DeleteFunc(slices.Clone(samples), func(s sample) bool { _, ok := s.level(o.Factor); return !ok })
	if err := check(o.Factor, samples, leveled); err != nil {
		return nil, err
	}
	for _, s := range samples {
		if _, ok := s.level(o.Factor); !ok && !slices.Contains(r.Without, s.name) {
			r.Without = append(r.Without, s.name)
		}
	}
	for _, f := range runs {
		r.Simulated = r.Simulated || f.Summary.Target == result.TargetReference
	}
	for _, members := range grouped(paired(leveled, o.Factor), o.Factor) {
		r.Groups = append(r.Groups, newGroup(members, o))
	}
	return r, nil
}

// newGroup makes a group of the samples that are compared with each other.
func newGroup(members []sample, o Options) Group {
	g := Group{Name: members[0].group, Whole: members[0].whole(), Readings: true}
	g.Metrics = metrics(g.Whole)
	for _, s := range members {
		g.Readings = g.Readings && s.readings()
		level, _ := s.level(o.Factor)
		at := slices.IndexFunc(g.Settings, func(one Setting) bool { return one.Level == level })
		if at < 0 {
			at, g.Settings = len(g.Settings), append(g.Settings, Setting{Level: level})
		}
		g.Settings[at].samples = append(g.Settings[at].samples, s)
	}
	for i := range g.Settings {
		g.Settings[i].measure(g.Metrics)
		g.Settings[i].price(g.Metrics, o.Prices)
	}
	g.dominate()
	slices.SortStableFunc(g.Settings, func(a, b Setting) int {
		return cmp.Or(cmp.Compare(a.place(), b.place()), cmp.Compare(b.Capacity.Value.Value, a.Capacity.Value.Value))
	})
	g.Differences = differences(g.Settings, o.Factor)
	return g
}

// place says where a setting stands: first those to choose from, then the dominated ones, then those of which nothing is known.
func (s *Setting) place() int {
	switch {
	case !s.Capacity.Known():
		return 2
	case len(s.DominatedBy) > 0:
		return 1
	}
	return 0
}

// metrics are those that a setting is judged by at Share of its capacity, beside the capacity itself.
func metrics(whole result.Part) (all []metric.Metric) {
	for _, name := range []string{
		whole.String() + ".p50", whole.String() + ".p99", metric.NodesCPU, metric.CPU(result.RolePeer), metric.CPU(result.RoleChaincode),
		metric.CPU(result.RoleOrderer), metric.CPU(result.RoleClient), metric.Wire, metric.NodesWire, metric.Stored,
	} {
		if m, ok := metric.Named(name); ok {
			all = append(all, m)
		}
	}
	return all
}

// Figure returns the setting's figure of a metric of the group by its name.
func (g *Group) Figure(s *Setting, name string) Figure {
	at := slices.IndexFunc(g.Metrics, func(m metric.Metric) bool { return m.Name == name })
	if at < 0 {
		return missing(NotMeasured)
	}
	return s.Figures[at]
}

// Varied returns the only factor that a run varies, false where it varies none or several.
func Varied(sum *result.Summary) (factor string, ok bool) {
	labels := map[string]map[string]bool{}
	for i := range sum.Points {
		for _, f := range sum.Points[i].Factors {
			if labels[f.Key] == nil {
				labels[f.Key] = map[string]bool{}
			}
			labels[f.Key][f.Label] = true
		}
	}
	for key, of := range labels {
		if len(of) > 1 {
			if ok {
				return "", false
			}
			factor, ok = key, true
		}
	}
	return factor, ok
}
