package rank

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/group"
	"meterbench/internal/strictyaml"
)

// BySeries is the factor whose levels are the names of series.
const BySeries = "series"

// byTopology is the factor that runs of networks differ in most often.
const byTopology = "topology"

// A condition is a factor that every point has a level of, whether its scenario varied it or not, under the key by which a
// scenario varies it.
type condition struct {
	key    string
	label  func(result.Conditions) string
	stored []string // its keys in the conditions of summary.json
}

// conditions is the table of them.
func conditions() []condition {
	return []condition{
		{byTopology, func(c result.Conditions) string { return c.Topology }, []string{"topology"}},
		{"fabric", func(c result.Conditions) string { return c.Fabric }, []string{"fabric"}},
		{"policy", func(c result.Conditions) string { return c.Policy }, []string{"policy"}},
		{"batch", func(c result.Conditions) string {
			return fmt.Sprintf("%s,%d", time.Duration(c.BatchTimeout*float64(time.Second)).Round(time.Microsecond), c.BatchMessages)
		}, []string{"batch_timeout_s", "batch_messages"}},
		{"limits", func(c result.Conditions) string { return marshalled(c.Limits, topology.Limits{}) }, []string{"limits"}},
		{"caps", func(c result.Conditions) string { return marshalled(c.Caps, topology.Caps{}) }, []string{"caps"}},
		{"distance", func(c result.Conditions) string { return strconv.FormatFloat(c.Distance, 'g', -1, 64) }, []string{"distance"}},
		{"leader", func(c result.Conditions) string { return c.Leader }, []string{"leader"}},
		{"channels", func(c result.Conditions) string { return strconv.Itoa(max(1, c.Channels)) }, []string{"channels"}},
		{"workload", func(c result.Conditions) string { return string(c.Workload) }, []string{"workload"}},
		{"scheme", func(c result.Conditions) string { return c.Scheme }, []string{"scheme"}},
		{"bits", func(c result.Conditions) string { return number(c.Bits) }, []string{"bits"}},
		{"length", func(c result.Conditions) string { return number(c.Length) }, []string{"length"}},
		{"encryption", func(c result.Conditions) string { return string(c.Encryption) }, []string{"encryption", "bank"}},
		{"site", func(c result.Conditions) string { return c.Site }, []string{"site"}},
		{"client", func(c result.Conditions) string { return string(c.Driver) }, []string{"driver"}},
		{"failover", func(c result.Conditions) string { return strconv.FormatBool(c.Failover) }, []string{"failover"}},
		{"wait", func(c result.Conditions) string { return string(c.Wait) }, []string{"wait"}},
	}
}

// number is the label of a whole number, empty where there is none.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// marshalled is the label of a struct: its JSON, empty where it is zero.
func marshalled[T comparable](v, zero T) string {
	if v == zero {
		return "none"
	}
	data, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(data)
}

// A sample is a series of a run.
type sample struct {
	folder     *result.Folder
	name       string
	group      string // it is compared with samples of the same one
	first      *result.Point
	levels     []metric.Level // by load
	saturation *result.Saturation
	open       []metric.Level // by load, of open loads under the same conditions; nil: none but levels
}

// samplesOf returns the series of the runs. Points with events, and those of phases, which have no costs of their own, do not
// count.
func samplesOf(runs []*result.Folder) (all []sample) {
	for _, folder := range runs {
		for _, l := range metric.Levels(&folder.Summary) {
			if l.Points = slices.DeleteFunc(slices.Clone(l.Points), func(p *result.Point) bool { return p.Disturbed() || p.Phase != nil }); len(l.Points) == 0 {
				continue
			}
			at := slices.IndexFunc(all, func(s sample) bool {
				return s.folder == folder && s.name == l.Series && s.first.Load.Kind == l.Load.Kind
			})
			if at < 0 {
				at, all = len(all), append(all, sample{folder: folder, name: l.Series, first: l.Points[0]})
			}
			all[at].levels = append(all[at].levels, l)
		}
	}
	for i := range all {
		s := &all[i]
		slices.SortStableFunc(s.levels, func(a, b metric.Level) int { return cmp.Compare(a.Load.Amount(), b.Load.Amount()) })
		for j := range s.folder.Summary.Saturation {
			sat := &s.folder.Summary.Saturation[j]
			if sat.Series == s.name && (sat.Load().Amount() == 0 || sat.Load().Kind == s.first.Load.Kind) {
				s.saturation = sat
			}
		}
	}
	return all
}

// whole is the latency that its clients wait for.
func (s *sample) whole() result.Part { return s.first.Conditions.Whole() }

// readings reports whether its transactions are readings, one each.
func (s *sample) readings() bool {
	return slices.Contains([]result.Workload{result.Plain, result.Padded, result.Encrypted}, s.first.Conditions.Workload)
}

// level returns the sample's level of a factor, false where the factor does not apply.
func (s *sample) level(factor string) (string, bool) {
	if factor == BySeries {
		return s.name, true
	}
	for _, f := range s.first.Factors {
		if f.Key == factor {
			return f.Label, true
		}
	}
	for _, c := range conditions() {
		if c.key == factor {
			label := c.label(s.first.Conditions)
			return label, label != ""
		}
	}
	return "", false
}

// apart names the sample by all but the factor.
func (s *sample) apart(factor string) string {
	if factor == BySeries {
		return ""
	}
	names := []string{s.first.Base()}
	for _, f := range s.first.Factors {
		if f.Key != factor {
			names = append(names, f.String())
		}
	}
	return strings.Join(names, "/")
}

// grouped returns the samples in groups that differ in the factor alone. Where every run has a single series, their names do
// not matter: they may come from scenarios of different words.
func grouped(all []sample, factor string) (groups [][]sample) {
	single := map[*result.Folder]int{}
	for _, s := range all {
		single[s.folder]++
	}
	names := len(single) < len(all)
	for i := range all {
		if s := &all[i]; names {
			s.group = s.apart(factor)
		}
	}
	groups = group.By(all, func(s sample) string { return s.group + "\x00" + s.whole().String() })
	if len(groups) == 1 {
		for i := range groups[0] {
			groups[0][i].group = ""
		}
	}
	return groups
}

// levelsOf returns the levels of a factor in some samples, each once.
func levelsOf(samples []sample, factor string) (labels []string) {
	for _, s := range samples {
		if label, ok := s.level(factor); ok && !slices.Contains(labels, label) {
			labels = append(labels, label)
		}
	}
	return labels
}

// check returns what is wrong with the factor for these samples.
func check(factor string, samples, leveled []sample) error {
	if len(samples) == 0 {
		return errors.New("no load level was measured; name the folders of runs with load levels")
	}
	if factor == BySeries && len(levelsOf(samples, factor)) > 1 {
		return nil
	}
	keys := []string{BySeries}
	for _, c := range conditions() {
		keys = append(keys, c.key)
	}
	for _, s := range samples {
		for _, f := range s.first.Factors {
			keys = append(keys, f.Key)
		}
	}
	var differ []string
	known := map[string]bool{}
	for _, key := range keys {
		if n := len(levelsOf(samples, key)); n > 1 && !known[key] {
			differ = append(differ, key)
		}
		known[key] = true
	}
	remedy := "name runs of several levels of it"
	if len(differ) > 0 {
		remedy += ", or rank by " + strings.Join(differ, ", ")
	}
	switch {
	case !known[factor]:
		return fmt.Errorf("--by %q is no factor of these runs: %s", factor, strictyaml.Hint(factor, slices.Sorted(maps.Keys(known))))
	case len(leveled) == 0:
		return fmt.Errorf("no series of these runs has a level of %s; %s", factor, remedy)
	case len(levelsOf(leveled, factor)) == 1:
		return fmt.Errorf("all series have the same level of %s, %s; %s", factor, levelsOf(leveled, factor)[0], remedy)
	}
	return nil
}
