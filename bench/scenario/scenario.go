// Package scenario reads what to measure from strict YAML. It looks the words for workloads, schemes and
// targets up in a Catalog of tables, which the packages above own.
//
// Data flow: Read finds the text, parse decodes it (text.go) and expands its series, phases and factors
// (expand.go, vary.go) into Series, which are checked one by one; then Read loads every topology and
// trace once, so that no mistake of the user shows only later.
package scenario

import (
	"time"

	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

// A Scenario is one run: series of load levels on one or several networks, and optionally a table of
// encryption costs.
type Scenario struct {
	Name        string
	Description string
	Topology    string        // of the scenario as a whole: a shipped one's name, or a file relative to the scenario's
	Target      *Target       // in place of a topology
	Series      []Series      // as measured: what is varied and the phases of the file are expanded
	FE          *FE           // nil: not measured
	Warmup      time.Duration // cut off the start of every load level, and of every phase
	Repeat      int           // how often the levels are repeated, at least 1
	Fresh       bool          // every repetition gets a network of its own
	Seed        uint64
	Record      bool   // leave the run's readings as a trace that a load can follow
	Require     string // RequireValid or empty

	Source string // the YAML in full, overrides applied
	Path   string // the file it was read from; empty if it is a shipped one

	doc *strictyaml.Document // what Refuse finds places in
}

// RequireValid requires that every point below saturation is valid.
const RequireValid = "valid"

// A Series is one workload, or a mix, under one kind of load at several levels. Series of one Group have
// one level each and run together, each from its Start.
type Series struct {
	Name     string          // with the phase and the levels of factors: plain/batch=2s,10
	Factors  []result.Factor // in the order of Name
	Workload Workload
	// Mix, where not nil, stands in place of Workload: of every so many transactions as the weights sum
	// to, each part has its weight.
	Mix     []Workload
	Load    Load
	Network Network
	Group   string        // the series whose phases these are, equal for those that run together; empty: it runs alone
	Start   time.Duration // of a phase, since the start of the level; the warm-up counts from here
	Prefix  string        // of its meters' ids: short, and no other series has it

	from origin
}

// An origin is where in the text something of a series stands.
type origin struct {
	at       string // the series: series[0]. or series[0].phases[1]. or nothing
	workload *strictyaml.Node
	mix      []*strictyaml.Node // in place of workload
	topology string             // its network's topology
	policy   string             // its network's policy
	varied   bool               // several series have this place
}
