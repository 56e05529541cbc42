// Package scenario reads what to measure from strict YAML. Workload, target
// and fleet stay plain data; cmd turns them into values, and where these cannot
// be made it refuses the scenario at the place that says so.
//
// Data flow: Read finds the text, parse decodes it (text.go) and expands its
// series, phases and factors (expand.go, vary.go) into Series, which are
// checked one by one; then the networks are made once and traces are read, so
// that nothing that the user wrote fails later.
package scenario

import (
	"time"

	"meterbench/internal/strictyaml"
)

// A Scenario is one run: series of load levels on one or several networks, and
// optionally a table of encryption costs.
type Scenario struct {
	Name        string
	Description string
	Topology    string        // of the scenario as a whole: a shipped one's name, or a file relative to the scenario's
	Target      *Target       // in place of a topology
	Series      []Series      // as measured: what is varied and the phases of the file are expanded
	FE          *FE           // nil: none is asked for
	Warmup      time.Duration // cut off the start of every load level, and of every phase
	Repeat      int           // how often the levels are repeated, at least 1
	Fresh       bool          // every repetition gets a network of its own
	Seed        uint64
	Record      bool   // leave the run's readings as a trace that a load can follow
	Require     string // valid: every point below saturation must be; empty: nothing

	Source string // the YAML in full, overrides applied
	Path   string // the file it was read from; empty if it is a shipped one

	doc *strictyaml.Document // what Refuse finds places in
}

// Batch overrides the orderer's batch settings; zero fields keep the topology's.
type Batch struct {
	Timeout  time.Duration `yaml:"timeout"`
	Messages uint32        `yaml:"messages"`
}

// A Series is one workload, or a mix, under one kind of load at several levels.
// Series of one Group have one level each and run together, each from its
// Start.
type Series struct {
	Name     string // with the phase and the levels of factors: plain/batch=2s,10
	Workload Workload
	// Mix, where not nil, stands in place of Workload: of every so many
	// transactions as the weights sum to, each part has its weight.
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
	topology string // its network's topology
	policy   string // its network's policy
	varied   bool   // several series have this place
}

// A Workload says what a transaction is.
type Workload struct {
	Kind       string        `yaml:"kind"`     // plain | padded | encrypted: a reading; billing: a bill over readings on the ledger
	Form       string        `yaml:"form"`     // billing: plain | padded | encrypted, of the readings that are billed; default encrypted
	Readings   int           `yaml:"readings"` // billing: readings per bill, 1 to 1000, default 30
	Scheme     string        `yaml:"scheme"`   // ddh | damgard | paillier | dmcfe | ecddh; unless plain, default ddh
	Bits       int           `yaml:"bits"`     // size of the scheme's key; unless plain, default 2048, or the one that the scheme has
	Length     int           `yaml:"length"`   // values per reading, at least 1; dmcfe: meters whose values of one interval are added up
	Bound      int64         `yaml:"bound"`    // every value is below it
	Meters     int           `yaml:"meters"`
	Interval   time.Duration `yaml:"interval"`   // a meter's metering interval: the time that one value covers
	Encryption Encryption    `yaml:"encryption"` // encrypted only
	Reveal     bool          `yaml:"reveal"`     // the key authority also issues keys that reveal single readings; default false
	Verify     bool          `yaml:"verify"`     // the chaincode verifies the meters' signatures; default true
	Weight     int           `yaml:"weight"`     // in a mix, at least 1; else 0
}

// Encryption says when ciphertexts are made. In YAML: inline, ahead, or {bank: K}.
type Encryption struct {
	Mode string // inline | ahead | bank
	Bank int    // number of ciphertexts, bank only
}

// A Load is closed (Clients, each with one transaction outstanding) or open
// (arriving whatever the network does). Rate has its levels, unless Arrivals have
// a rate of their own: then there is one level. With a Search neither is given.
type Load struct {
	Kind     string        `yaml:"kind"`      // closed | open
	Clients  []int         `yaml:"clients"`   // closed: the levels
	Think    time.Duration `yaml:"think"`     // closed: pause between a client's transactions
	Rate     []float64     `yaml:"rate,rate"` // open: the levels, transactions per second
	Slots    int           `yaml:"slots"`     // open: most transactions in flight; one due without a slot is dropped
	Search   *Search       `yaml:"search"`    // in place of the levels
	Arrivals Arrivals      `yaml:"arrivals"`  // open: when they are due
	Hold     time.Duration `yaml:"hold"`      // length of a level, warm-up included
	Wait     string        `yaml:"wait"`      // endorse | acknowledge | commit
}

// FE asks for a table of encryption costs, measured with no other load. It has
// a cell for every scheme with every size of Bits that the scheme has, length
// and bound; a scheme of one size has it whatever Bits says.
type FE struct {
	Schemes []string
	Bits    []int
	Lengths []int
	Bounds  []int64 // every value is below it
	Samples int     // timed repetitions of each cell, at least 6
}
