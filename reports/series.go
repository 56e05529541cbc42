package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// A series is one series of a run: its load levels in ascending order.
type series struct {
	name       string
	slug       string // the name as part of a file name, unique in the run
	hue        int    // its place in the run: the same colour everywhere
	kind       string
	conditions result.Conditions
	levels     []level
	saturation *result.Saturation
}

// undetermined says that the series has levels enough for a saturation point,
// three, and yet none was determined.
func (s series) undetermined() bool { return s.saturation == nil && len(s.levels) > 2 }

// A level is one load level of a series with all its repetitions.
type level struct {
	load   result.Load
	points []result.Point // by repetition
}

// seriesOf groups the points by series, in order of first appearance, and
// their load levels. A series that mixes closed and open load becomes two.
func seriesOf(sum result.Summary) []series {
	type key struct{ name, kind string }
	var order []key
	points := map[key][]result.Point{}
	for _, p := range sum.Points {
		k := key{p.Series, p.Load.Kind}
		if _, known := points[k]; !known {
			order = append(order, k)
		}
		points[k] = append(points[k], p)
	}
	all := make([]series, 0, len(order))
	slugs := map[string]bool{}
	for hue, k := range order {
		s := series{name: k.name, slug: slug(k.name), hue: hue, kind: k.kind, conditions: points[k][0].Conditions, levels: levelsOf(points[k])}
		for slugs[s.slug] {
			s.slug += fmt.Sprintf("-%d", hue+1)
		}
		slugs[s.slug] = true
		for i := range sum.Saturation {
			if sum.Saturation[i].Series == k.name {
				s.saturation = &sum.Saturation[i]
			}
		}
		all = append(all, s)
	}
	return all
}

// slug returns the name with only what every file system takes.
func slug(name string) string {
	kept := []byte(strings.ToLower(name))
	for i, b := range kept {
		if (b < 'a' || b > 'z') && (b < '0' || b > '9') && b != '_' {
			kept[i] = '-'
		}
	}
	return string(kept[:min(len(kept), 60)])
}

func levelsOf(points []result.Point) []level {
	sorted := slices.Clone(points)
	slices.SortStableFunc(sorted, func(a, b result.Point) int {
		return cmp.Or(cmp.Compare(amount(a.Load), amount(b.Load)), cmp.Compare(a.Repetition, b.Repetition))
	})
	var levels []level
	for _, p := range sorted {
		if n := len(levels); n > 0 && amount(levels[n-1].load) == amount(p.Load) {
			levels[n-1].points = append(levels[n-1].points, p)
			continue
		}
		levels = append(levels, level{load: p.Load, points: []result.Point{p}})
	}
	return levels
}

// amount is the size of a load: clients of a closed one, transactions per
// second of an open one.
func amount(l result.Load) float64 {
	if l.Kind == "open" {
		return l.Offered
	}
	return float64(l.Clients)
}

// at names a load level in words.
func at(l result.Load) string {
	if l.Kind == "open" {
		return PerSecond.Format(l.Offered) + " offered"
	}
	return Clients(l.Clients)
}

// Clients writes a number of clients.
func Clients(n int) string {
	if n == 1 {
		return "1 client"
	}
	return fmt.Sprintf("%d clients", n)
}

// values returns what value gives over the repetitions that count: the valid
// ones, or all of them with false where none is valid.
func (l level) values(value func(result.Point) (float64, bool)) (values []float64, valid bool) {
	for _, p := range l.points {
		valid = valid || p.Valid
	}
	for _, p := range l.points {
		if v, ok := value(p); ok && finite(v) && p.Valid == valid {
			values = append(values, v)
		}
	}
	return values, valid
}

// median returns the median over the repetitions that count; false where
// there is none.
func (l level) median(value func(result.Point) (float64, bool)) (float64, bool) {
	values, _ := l.values(value)
	return stats.Median(values), len(values) > 0
}

// repeated tells whether any level was measured more than once.
func repeated(all []series) bool {
	for _, s := range all {
		for _, l := range s.levels {
			if len(l.points) > 1 {
				return true
			}
		}
	}
	return false
}

// workload says in words what the transactions of the series are.
func (s series) workload() string {
	c := s.conditions
	w := c.Workload
	if c.Readings > 0 {
		w += fmt.Sprintf(" of %d %s readings", c.Readings, c.Form)
	}
	if c.Scheme != "" {
		w += fmt.Sprintf(", %s %d bits", c.Scheme, c.Bits)
	}
	w += fmt.Sprintf(", %d values", c.Length)
	switch c.Encryption {
	case "":
	case "bank":
		w += fmt.Sprintf(", encrypted before the load (bank of %d)", c.Bank)
	case "ahead":
		w += ", encrypted before the load"
	default:
		w += ", encrypted " + c.Encryption
	}
	return w
}

// processes returns the names of all processes that the points hold a value
// for, in order of presentation: peers, chaincodes, orderers, device, client,
// then what is not the benchmark's.
func processes(levels []level, values func(result.Point) map[string]float64) []string {
	names := map[string]bool{}
	for _, l := range levels {
		for _, p := range l.points {
			for name := range values(p) {
				names[name] = true
			}
		}
	}
	return slices.SortedFunc(maps.Keys(names), func(a, b string) int {
		return cmp.Or(cmp.Compare(role(a), role(b)), strings.Compare(a, b))
	})
}

// A processRole is what a process does.
type processRole int

const (
	rolePeer processRole = iota
	roleChaincode
	roleOrderer
	roleDevice
	roleClient
	roleOther
	roleSteal
)

func role(process string) processRole {
	switch {
	case strings.HasPrefix(process, "chaincode"):
		return roleChaincode
	case strings.HasPrefix(process, "orderer"):
		return roleOrderer
	case process == "device":
		return roleDevice
	case process == "client":
		return roleClient
	case process == "other":
		return roleOther
	case process == "steal":
		return roleSteal
	}
	return rolePeer
}

func (r processRole) String() string {
	return [...]string{"peers", "chaincodes", "orderers", "device", "client", "other processes", "stolen by the hypervisor"}[r]
}

// hue is the colour of the role's processes.
func (r processRole) hue() int {
	return [...]int{huePeer, hueChaincode, hueOrderer, hueEncrypt, hueClient, hueIdle, hueStolen}[r]
}
