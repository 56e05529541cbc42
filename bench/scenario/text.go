package scenario

import (
	"fmt"
	"time"

	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// A text is a scenario as it stands in a file. One with a single series may
// give what that has at the top level.
type text struct {
	Name        string          `yaml:"name"`
	Description string          `yaml:"description"`
	Topology    string          `yaml:"topology"`  // a shipped topology's name, or a file relative to the scenario's
	Target      *Target         `yaml:"target"`    // in place of a topology
	Policy      string          `yaml:"policy"`    // overrides the topology's endorsement policies
	Batch       Batch           `yaml:"batch"`     // overrides the topology's
	Limits      topology.Limits `yaml:"limits"`    // overrides the topology's
	Caps        topology.Caps   `yaml:"caps"`      // overrides the topology's
	Channels    int             `yaml:"channels"`  // copies of the topology's first channel, over which the meters are spread
	Vary        Vary            `yaml:"vary"`      // factors of all series
	Workload    *Workload       `yaml:"workload"`  // of a single series
	Workloads   []Workload      `yaml:"workloads"` // of a single series: a mix
	Load        *Load           `yaml:"load"`      // of a single series
	Phases      []phaseText     `yaml:"phases"`    // of a single series, in place of workload and load
	Series      []seriesText    `yaml:"series"`
	FE          *FE             `yaml:"fe"`
	Warmup      time.Duration   `yaml:"warmup"`  // cut off the start of every load level, and of every phase
	Repeat      int             `yaml:"repeat"`  // how often the levels are repeated, at least 1
	Fresh       bool            `yaml:"fresh"`   // every repetition gets a network of its own
	Seed        uint64          `yaml:"seed"`    // of arrivals, readings and keys
	Record      bool            `yaml:"record"`  // leave the run's readings as a trace that a load can follow
	Require     string          `yaml:"require"` // valid: every point below saturation must be; empty: nothing
}

// A seriesText is a series as it stands in a file.
type seriesText struct {
	Name      string          `yaml:"name"`
	Workload  *Workload       `yaml:"workload"`
	Workloads []Workload      `yaml:"workloads"` // in place of workload: a mix
	Load      *Load           `yaml:"load"`
	Phases    []phaseText     `yaml:"phases"`   // in place of workload and load: several that run together
	Policy    string          `yaml:"policy"`   // overrides the scenario's
	Batch     Batch           `yaml:"batch"`    // overrides the scenario's
	Limits    topology.Limits `yaml:"limits"`   // overrides the scenario's
	Caps      topology.Caps   `yaml:"caps"`     // overrides the scenario's
	Channels  int             `yaml:"channels"` // overrides the scenario's
	Vary      Vary            `yaml:"vary"`     // factors of this series, beside those of all
}

// A phaseText is a phase of a series as it stands in a file.
type phaseText struct {
	Name      string        `yaml:"name"`
	Start     time.Duration `yaml:"start"` // since the start of the level
	Workload  *Workload     `yaml:"workload"`
	Workloads []Workload    `yaml:"workloads"` // in place of workload: a mix
	Load      *Load         `yaml:"load"`      // of one level
}

// one returns the only series of a text that gives it at the top level.
func (t text) one() seriesText {
	s := seriesText{Name: t.Name, Workload: t.Workload, Workloads: t.Workloads, Load: t.Load, Phases: t.Phases}
	if t.Workload != nil && t.Vary.Workload == nil {
		s.Name = t.Workload.Kind // there is just one
	}
	return s
}

// network returns what the series run on where they change nothing.
func (t text) network() Network {
	return Network{Topology: t.Topology, Policy: t.Policy, Batch: t.Batch, Limits: t.Limits, Caps: t.Caps, Channels: t.Channels}
}

// network returns what the series changes in its network.
func (s seriesText) network() Network {
	return Network{Policy: s.Policy, Batch: s.Batch, Limits: s.Limits, Caps: s.Caps, Channels: s.Channels}
}

// phases returns the series at its place in the text, or its phases.
func (s seriesText) phases(at string) []Series {
	if s.Phases == nil {
		one := made(s.Workload, s.Workloads, s.Load)
		one.Name, one.from.at = s.Name, at
		return []Series{one}
	}
	all := make([]Series, len(s.Phases))
	for i, p := range s.Phases {
		one := made(p.Workload, p.Workloads, p.Load)
		one.Name, one.from.at = s.Name+"/"+p.Name, fmt.Sprintf("%sphases[%d].", at, i)
		one.Group, one.Start = s.Name, p.Start
		all[i] = one
	}
	return all
}

// made returns a series of what is given of these.
func made(workload *Workload, mix []Workload, load *Load) (s Series) {
	if workload != nil {
		s.Workload = *workload
	}
	if load != nil {
		s.Load = *load
	}
	s.Mix = mix
	for i := range mix { // their default
		if mix[i].Weight == 0 {
			mix[i].Weight = 1
		}
	}
	return s
}

// places returns where what may be of every series stands in the text: at the
// top level, and in each series.
func (t text) places() []string {
	all := []string{""}
	for i := range t.Series {
		all = append(all, fmt.Sprintf("series[%d].", i))
	}
	return all
}

// checkForm holds the text to its forms: series, or at the top level what one
// has; of a series phases, or a workload and a load.
func (t text) checkForm(doc *strictyaml.Document) *strictyaml.Problem {
	if doc.Has("series") {
		for _, key := range []string{"workload", "workloads", "load", "phases"} {
			if doc.Has(key) {
				return problem("move it into series, or leave series out", key, "a scenario has either series, or one workload and load")
			}
		}
	} else if !doc.Has("phases") {
		for _, key := range []string{"workload", "load"} {
			if !doc.Has(key) && !(key == "workload" && doc.Has("workloads")) {
				return problem("", key, "is missing; a scenario has either series, or one workload and load")
			}
		}
	}
	parts := t.places()
	for i, at := range t.places() {
		phases := t.Phases
		if i > 0 {
			phases = t.Series[i-1].Phases
		}
		if doc.Has(at + "phases") {
			for _, key := range []string{"workload", "workloads", "load"} {
				if doc.Has(at + key) {
					return problem("move it into phases, or leave phases out", at+key, "a series has either phases, or one workload and load")
				}
			}
		}
		for j := range phases {
			parts = append(parts, fmt.Sprintf("%sphases[%d].", at, j))
		}
	}
	for _, at := range parts {
		if doc.Has(at+"workload") && doc.Has(at+"workloads") {
			return problem("", at+"workloads", "give either workload or workloads")
		}
	}
	return nil
}

// scenario checks the text and expands its series.
func (t text) scenario(doc *strictyaml.Document) (Scenario, *strictyaml.Problem) {
	if p := t.checkForm(doc); p != nil {
		return Scenario{}, p
	}
	if t.Topology == "" && len(t.Vary.Topology) > 0 {
		t.Topology = t.Vary.Topology[0]
	}
	if p := t.check(doc); p != nil {
		return Scenario{}, p
	}
	series, p := t.expand()
	return Scenario{
		Name: t.Name, Description: t.Description, Topology: t.Topology, Target: t.Target, Series: series, FE: t.FE,
		Warmup: t.Warmup, Repeat: t.Repeat, Fresh: t.Fresh, Seed: t.Seed, Record: t.Record, Require: t.Require,
	}, p
}

// check returns the first thing in the text that cannot be measured, but for
// what expand checks.
func (t text) check(doc *strictyaml.Document) *strictyaml.Problem {
	if p := checkName("name", t.Name); p != nil {
		return p
	}
	if p := t.checkTarget(doc); p != nil {
		return p
	}
	if t.Series != nil && len(t.Series) == 0 {
		return problem("", "series", "at least one series is needed")
	}
	if t.Warmup < 0 {
		return problem("", "warmup", "must not be negative, got %s", t.Warmup)
	}
	if p := between("repeat", t.Repeat, 1, maxRepeat); p != nil {
		return p
	}
	changes := []Network{t.network()}
	for _, s := range t.Series {
		changes = append(changes, s.network())
	}
	for i, at := range t.places() { // nothing means the topology's
		if p := between(at+"channels", changes[i].Channels, 1, maxChannels); p != nil && doc.Has(at+"channels") {
			return p
		}
		if p := named(at+"policy", changes[i].Policy); p != nil && doc.Has(at+"policy") {
			return p
		}
	}
	if t.Require != "" {
		if p := oneOf("require", t.Require, []string{"valid"}); p != nil {
			return p
		}
	}
	if p := t.Vary.check(""); p != nil {
		return p
	}
	if t.FE != nil {
		return t.FE.check("fe.")
	}
	return nil
}
