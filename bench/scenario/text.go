package scenario

import (
	"cmp"
	"fmt"
	"time"

	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// A text is a scenario as written in a file. One with a single series may give what that has at the top level.
type text struct {
	seriesText
	Description string         `yaml:"description"` // for readers
	Topology    string         `yaml:"topology"`    // a shipped topology, or a file relative to the scenario's
	Target      strictyaml.Raw `yaml:"target"`      // a network that others run, or a simulated ledger, in place of a topology
	Series      []seriesText   `yaml:"series"`      // in place of one workload and one load
	FE          strictyaml.Raw `yaml:"fe"`          // a table of encryption costs
	Lifecycle   Lifecycle      `yaml:"lifecycle"`   // a fleet of meters with keys, for which reports compute what a year costs
	Warmup      time.Duration  `yaml:"warmup"`      // cut off the start of every level and phase, default a tenth of the hold, at least the batch timeout
	Repeat      int            `yaml:"repeat"`      // how often every level is measured, default 1: medians, with 95 % intervals from six on
	Fresh       bool           `yaml:"fresh"`       // every repetition gets a network of its own
	Seed        uint64         `yaml:"seed"`        // arrivals, readings, keys and the order of a mix follow from it, default 1
	Quantiles   []float64      `yaml:"quantiles"`   // percentages of latencies, ascending, default [50, 95, 99, 99.9]; stated from 10 samples beyond on
	Record      bool           `yaml:"record"`      // leave the run's readings as trace.csv, which a load can follow, in its folder
	Require     Require        `yaml:"require"`     // exit code 4 if a level below saturation is not like this; valid stands for {valid: true}

	Chaincodes []topology.Chaincode `yaml:"chaincodes"` // contracts of every channel, in place of the topology's

	OnNodeExit NodeExit `yaml:"on_node_exit"` // when a peer, orderer, chaincode or the device ends unasked: stop (default), or continue without it
}

// A seriesText is a series as written in a file.
type seriesText struct {
	partText
	Phases   []phaseText               `yaml:"phases"`   // in place of workload and load: several that run together
	Fabric   string                    `yaml:"fabric"`   // release of Fabric, in place of the topology's, for example 2.5.9
	Policy   string                    `yaml:"policy"`   // who endorses, in place of the topology's: any, majority, all or N of [organisation, ...]
	Batch    override[topology.Batch]  `yaml:"batch"`    // when blocks are cut; the rest stays the topology's
	Limits   override[topology.Limits] `yaml:"limits"`   // Fabric's concurrency limits per peer; the rest stays the topology's
	Caps     topology.Caps             `yaml:"caps"`     // what every process of a role may use at most; the rest stays the topology's
	Distance *float64                  `yaml:"distance"` // factor on all round trips between the topology's sites, 0 to 10; 0: nothing lies between them
	Leader   string                    `yaml:"leader"`   // owner of an orderer that leads first, in place of the topology's
	Channels int                       `yaml:"channels"` // copies of the topology's first channel, 1 to 64, over which the meters are spread
	Events   []eventText               `yaml:"events"`   // done to the network during every level, which has a network of its own
	Expect   []string                  `yaml:"expect"`   // thresholds of its figures, for example commit.p99 < 2s at clients=8; exit code 3 if one is missed
	Vary     vary                      `yaml:"vary"`     // factors of all series; in a series, of this one beside those of all
}

// A phaseText is a phase of a series as written in a file.
type phaseText struct {
	partText
	Start time.Duration `yaml:"start"` // since the start of the level, default 0s
}

// A partText holds the keys that a series without phases shares with a phase.
type partText struct {
	Name      string           `yaml:"name"`      // lower-case letters, digits, -, _ and ., at most 64; the results of a scenario go to out/NAME/
	Workload  strictyaml.Raw   `yaml:"workload"`  // what a transaction is
	Workloads []strictyaml.Raw `yaml:"workloads"` // in place of workload: a mix of 2 to 256, in exact shares
	Load      *Load            `yaml:"load"`      // how transactions come; of a phase, it has one level
	Objective time.Duration    `yaml:"objective"` // of the commit latency: the share of all transactions that keep it is measured; default the p99 of a search
}

// one returns the only series of a text that gives it at the top level.
func (t text) one() seriesText {
	s := seriesText{partText: t.partText, Phases: t.Phases}
	if t.Workload.Node != nil && !t.Vary.has(kindFactor) {
		if kind := t.Workload.Get("kind"); kind != nil { // there is just one
			s.Name, _ = kind.Scalar()
		}
	}
	return s
}

// network returns what the text of a series, or of all, changes in a network.
func (s seriesText) network() Network {
	n := Network{
		Fabric: s.Fabric, Policy: s.Policy, Batch: s.Batch.value, Limits: s.Limits.value, Caps: s.Caps, Leader: s.Leader, Channels: s.Channels,
	}
	if s.Distance != nil {
		n.Distance = number(*s.Distance)
	}
	return n
}

// phases returns the series at its place in the text, or its phases.
func (s seriesText) phases(at string) []Series {
	if s.Phases == nil {
		return []Series{s.series(s.Name, at)}
	}
	all := make([]Series, len(s.Phases))
	for i, p := range s.Phases {
		p.Objective = cmp.Or(p.Objective, s.Objective)
		all[i] = p.series(s.Name+"/"+p.Name, fmt.Sprintf("%sphases[%d].", at, i))
		all[i].Group, all[i].Start = s.Name, p.Start
	}
	return all
}

// series returns a series of the text at a place, its workloads not yet read.
func (p partText) series(name, at string) Series {
	s := Series{Name: name, Objective: p.Objective, from: origin{at: at, workload: p.Workload.Node, topology: "topology", release: "fabric", policy: "policy"}}
	if p.Load != nil {
		s.Load = *p.Load
	}
	if p.Workloads != nil {
		s.from.mix = make([]*strictyaml.Node, len(p.Workloads))
		for i, w := range p.Workloads {
			s.from.mix[i] = w.Node
		}
	}
	return s
}

// places returns the places in the text where the keys of a series may be: at the top level, and in each series.
func (t text) places() []string {
	all := []string{""}
	for i := range t.Series {
		all = append(all, fmt.Sprintf("series[%d].", i))
	}
	return all
}

// checkForm holds the text to its forms: series, or at the top level what one has; of a series phases, or a
// workload and a load.
func (t text) checkForm(doc *strictyaml.Document) *strictyaml.Problem {
	const either = "a scenario has either series, or one workload and load"
	// without refuses keys beside another that replaces them.
	without := func(other, at, what string, keys ...string) *strictyaml.Problem {
		for _, key := range keys {
			if doc.Has(at+other) && doc.Has(at+key) {
				return strictyaml.Problemf(fmt.Sprintf("move it into %s, or leave %s out", other, other), at+key, "%s", what)
			}
		}
		return nil
	}
	p := without("series", "", either, "workload", "workloads", "load", "phases")
	if !doc.Has("series") && !doc.Has("phases") {
		switch {
		case !doc.Has("workload") && !doc.Has("workloads"):
			p = strictyaml.Problemf("", "workload", "is missing; %s", either)
		case !doc.Has("load"):
			p = strictyaml.Problemf("", "load", "is missing; %s", either)
		}
	}
	parts := t.places()
	for i, one := range append([]seriesText{t.seriesText}, t.Series...) {
		at := parts[i]
		p = cmp.Or(p, without("phases", at, "a series has either phases, or one workload and load", "workload", "workloads", "load"))
		for j := range one.Phases {
			parts = append(parts, fmt.Sprintf("%sphases[%d].", at, j))
		}
	}
	for _, at := range parts {
		if p == nil && doc.Has(at+"workload") && doc.Has(at+"workloads") {
			p = strictyaml.Problemf("", at+"workloads", "give either workload or workloads")
		}
	}
	return p
}

// scenario checks the text and expands its series.
func (t text) scenario(doc *strictyaml.Document, c Catalog) (s Scenario, err error) {
	if p := t.checkForm(doc); p != nil {
		return s, p
	}
	factors, err := t.Vary.factors("", c.factorKinds())
	if err != nil {
		return s, err
	}
	if first := factors[0]; t.Topology == "" && len(first.settings) > 0 {
		var one Series
		if err := first.settings[0].set(&one); err != nil {
			return s, err
		}
		t.Topology = one.Network.Topology
	}
	if t.Topology == "" && t.Target.Node == nil {
		t.Topology = c.Topology
	}
	s = Scenario{
		Name: t.Name, Description: t.Description, Topology: t.Topology, Chaincodes: t.Chaincodes,
		Warmup: t.Warmup, unsaid: !doc.Has("warmup"), Repeat: t.Repeat, Fresh: t.Fresh, Seed: t.Seed, Record: t.Record, Require: t.Require,
		Lifecycle: t.Lifecycle.stored(), OnNodeExit: t.OnNodeExit,
		Quantiles: t.Quantiles, demanding: t.Quantiles != nil,
	}
	if t.Target.Node != nil {
		if s.Target, err = c.target(t.Target.Node); err != nil {
			return s, err
		}
	}
	if p := cmp.Or(checkName("name", t.Name), t.checkTarget(doc, s.Target), t.check(doc, c)); p != nil {
		return s, p
	}
	if t.FE.Node != nil {
		if s.FE, err = c.Schemes.fe(t.FE.Node); err != nil {
			return s, err
		}
		if p := s.FE.Check(c.Schemes, "fe."); p != nil {
			return s, p
		}
	}
	if s.Series, err = t.expand(c, s.Target, factors, s.WarmupOf); err != nil {
		return s, err
	}
	if p := cmp.Or(s.checkRecord(), s.checkQuantiles()); p != nil {
		return s, p
	}
	if !s.demanding {
		s.Quantiles = defaultQuantiles()
	}
	if p := t.expectations(&s); p != nil {
		return s, p
	}
	return s, nil
}

// check returns the first thing in the text that cannot be measured, but for what expand checks.
func (t text) check(doc *strictyaml.Document, c Catalog) *strictyaml.Problem {
	if t.Series != nil && len(t.Series) == 0 {
		return strictyaml.Problemf("", "series", "at least one series is needed")
	}
	if t.Warmup < 0 {
		return strictyaml.Problemf("", "warmup", "must not be negative, got %s", t.Warmup)
	}
	if p := strictyaml.Between("repeat", t.Repeat, 1, maxRepeat); p != nil {
		return p
	}
	if p := cmp.Or(checkPercents("quantiles", t.Quantiles), t.checkObjectives(doc)); p != nil {
		return p
	}
	all := append([]seriesText{t.seriesText}, t.Series...)
	for i, at := range t.places() {
		for _, p := range []*strictyaml.Problem{
			checkChannels(at+"channels", all[i].Channels), c.checkRelease(at+"fabric", all[i].Fabric),
		} {
			if p != nil && doc.Has(p.Path) { // else zero means the topology's
				return p
			}
		}
	}
	if t.Chaincodes != nil {
		if p := topology.CheckChaincodes("chaincodes", t.Chaincodes); p != nil {
			return p
		}
	}
	return t.OnNodeExit.check()
}
