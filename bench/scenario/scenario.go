// Package scenario reads what to measure from strict YAML. It looks the words for workloads, schemes and
// targets up in a Catalog of tables, which the packages above own.
//
// Data flow: Read finds the text, parse decodes it (text.go) and expands its series, phases and factors
// (expand.go, vary.go) into Series, which are checked one by one; then Read loads every topology and trace
// once, so that no mistake of the user shows only later.
package scenario

import (
	"cmp"
	"context"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/threshold"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
)

// A Scenario is one run: series of load levels on one or several networks, and optionally a table of encryption costs.
type Scenario struct {
	Name        string
	Description string
	Topology    string               // of the scenario as a whole: a shipped one's name, or a file relative to the scenario's
	Chaincodes  []topology.Chaincode // of every channel, in place of the topology's; nil: the topology's
	Target      *Target              // in place of a topology
	Series      []Series             // as measured: what is varied and the phases of the file are expanded
	FE          *FE                  // nil: not measured
	Warmup      time.Duration        // as written; see WarmupOf
	Repeat      int                  // how often the levels are repeated, at least 1
	Fresh       bool                 // every repetition gets a network of its own
	Seed        uint64
	Quantiles   []float64 // of latencies, in percent, ascending
	Record      bool      // leave the run's readings as a trace that a load can follow
	Require     Require
	Expect      []threshold.Threshold // each checked against the series
	OnNodeExit  NodeExit
	Lifecycle   *result.Lifecycle // nil where none is given
	LeftOut     []result.LeftOut  // of a shipped scenario, as its target cannot have it; Series and Source are without

	Source string        // the YAML in full, overrides applied
	unsaid bool          // Warmup is not written
	cut    time.Duration // time in which blocks are cut, where only the network tells; 0: it has not told
	Path   string        // the file it was read from; empty if it is a shipped one

	files     *sources             // that it names
	releases  []topology.Release   // that a network may be of
	doc       *strictyaml.Document // what Refuse finds places in
	demanding bool                 // the text gives Quantiles: every open load has to have transactions enough for them
}

// A Series is one workload, or a mix, under one kind of load at several levels. Series of one Group have one
// level each and run together, each from its Start.
type Series struct {
	Name     string          // with the phase and the levels of factors: plain/batch=2s,10
	Factors  []result.Factor // in the order of Name
	Workload Workload
	// Mix, where not nil, replaces Workload: of every so many transactions as the weights sum to,
	// each part has its weight.
	Mix  []Workload
	Load Load
	// Objective is the commit latency up to which a transaction is fast enough, 0 where none is given.
	Objective time.Duration
	Network   Network
	Events    Schedule      // of each of its levels
	Group     string        // the series whose phases these are, equal for those that run together; empty: it runs alone
	Start     time.Duration // of a phase, since the start of the level; the warm-up counts from here
	Prefix    string        // of its meters' ids: short, and no other series has it

	from    origin
	written time.Duration // the hold, whatever a search makes of it
	timeout time.Duration // in which a block is cut, 0 where that is not known
}

// An origin holds the places in the text that a series comes from.
type origin struct {
	at       string // the series: series[0]. or series[0].phases[1]. or nothing
	workload *strictyaml.Node
	mix      []*strictyaml.Node // in place of workload
	topology string             // its network's topology
	release  string             // its network's release of Fabric
	policy   string             // its network's policy
	site     string             // where its clients stand, if that is varied
	leader   string             // likewise the first leader, where that is a level of a factor
	varied   bool               // several series have this place
}

//go:embed library/*.yaml
var files embed.FS

// library returns the shipped scenarios.
func library() strictyaml.Library {
	return strictyaml.Library{Kind: "scenario", Files: files, Dir: "library"}
}

// Names returns the names of the shipped scenarios, sorted.
func Names() []string { return library().Names() }

// Shipped returns the shipped scenarios, sorted by name.
func Shipped(c Catalog) ([]Scenario, error) {
	var all []Scenario
	for _, name := range Names() {
		s, err := Read(context.Background(), name, nil, c) // there are no traces to wait for
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Read reads a shipped scenario by name, or a file, with overrides as strictyaml.Document.Set takes them,
// reads its traces and makes sure that its networks can be made. The error is a *strictyaml.Error, or that of the context.
func Read(ctx context.Context, nameOrPath string, overrides []string, c Catalog) (s Scenario, err error) {
	src, file, shipped, err := library().Read(nameOrPath)
	if err == nil {
		s, err = parse(file, src, overrides, c, shipped)
	}
	if err != nil {
		return Scenario{}, err
	}
	if !shipped {
		s.Path = nameOrPath
	}
	s.files = &sources{read: map[string][sha256.Size]byte{}}
	if p := topology.Locate("chaincodes", s.Chaincodes, s.Path); p != nil {
		return Scenario{}, s.doc.Locate(p)
	}
	networks, err := s.checkNetworks()
	if err == nil {
		for i := range s.Series {
			for _, channel := range networks[s.Series[i].Network].With(c.contracts(s.Series[i])...) {
				s.Series[i].timed(channel.Batch.Timeout)
			}
		}
		err = s.readTraces(ctx)
	}
	if err == nil {
		err = s.readFiles()
	}
	if err != nil {
		return Scenario{}, err
	}
	var p *strictyaml.Problem
	for i := range s.Series {
		one := &s.Series[i]
		on := stageOf(networks[one.Network])
		if s.Target != nil {
			on = s.Target.stage()
		}
		p = cmp.Or(p, one.naming(one.checkEvents()), one.naming(one.Events.setStage(on)))
	}
	for _, one := range s.Series {
		p = cmp.Or(p, one.naming(one.checkSite(networks[one.Network], c)), one.naming(one.checkWait(one.timeout)))
		p = cmp.Or(p, one.naming(one.checkMeters(networks[one.Network], c)), one.naming(one.checkWarmup(one.from.at, s.WarmupOf)))
	}
	if p = cmp.Or(p, checkLength(s.Series, s.Repeat, s.WarmupOf), s.checkQuantiles()); p != nil { // once more, with the length of traces
		return Scenario{}, s.doc.Locate(p)
	}
	return s, nil
}

// Parse reads a scenario from the text of a file, whose name is for errors only, with overrides; a target among them
// replaces the topology of the file. It reads no other files. What the text leaves out gets these defaults: warmup a tenth
// of the hold and at least the batch timeout, repeat 1, seed 1, quantiles 50, 95, 99 and 99.9; for a workload meters 100,
// and what its kind says; for a phase start 0; for a load wait commit, think 0, and if it is open, slots 2000 and arrivals
// constant, and steps as the hold; for the table of costs the first of the schemes, bits all that the schemes have,
// lengths 1 and 24, bound 10000, samples 6. The error is a *strictyaml.Error.
func Parse(file string, src []byte, overrides []string, c Catalog) (Scenario, error) {
	return parse(file, src, overrides, c, false)
}

func parse(file string, src []byte, overrides []string, c Catalog, shipped bool) (Scenario, error) {
	doc, err := strictyaml.Parse(file, src)
	if err != nil {
		return Scenario{}, err
	}
	for _, o := range overrides {
		if err := doc.Set(o); err != nil {
			return Scenario{}, err
		}
	}
	if doc.Overridden("target") && doc.Has("topology") && !doc.Overridden("topology") {
		if err := doc.Set("topology=null"); err != nil { // which the target replaces
			return Scenario{}, err
		}
	}
	var left []result.LeftOut
	if shipped && c.others(doc) {
		var p *strictyaml.Problem
		if left, p = leaveOut(doc); p != nil {
			return Scenario{}, doc.Locate(p)
		}
	}
	t := text{Repeat: 1, Seed: 1}
	if err := doc.Decode(&t); err != nil {
		return Scenario{}, err
	}
	s, err := t.scenario(doc, c)
	if p, ok := errors.AsType[*strictyaml.Problem](err); ok {
		return Scenario{}, doc.Locate(p)
	}
	if err != nil {
		return Scenario{}, err
	}
	s.Source, s.doc, s.releases, s.LeftOut = doc.String(), doc, c.Releases, left
	return s, nil
}

// Refuse returns an error about a scenario that was read, a *strictyaml.Error: about one of its series, where path
// begins, as in load.rate, or with a zero Series about the scenario. What the file does not give is placed around it.
func (s Scenario) Refuse(one Series, path, hint, format string, args ...any) error {
	return s.doc.Locate(one.naming(strictyaml.Problemf(hint, one.from.at+path, format, args...)))
}

// naming returns the problem with the name of the series, where others have the same place in the file.
func (s Series) naming(p *strictyaml.Problem) *strictyaml.Problem {
	if p != nil && s.from.varied {
		p.Msg += fmt.Sprintf(" (in series %s)", s.Name)
	}
	return p
}
