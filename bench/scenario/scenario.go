// Package scenario reads what to measure from strict YAML. Workload, target
// and fleet stay plain data with positions; cmd turns them into values.
package scenario

import "time"

// A Scenario is one run: a network, series of load levels on it, and
// optionally a table of encryption costs.
//
// A scenario with one series may give workload and load at the top level;
// Parse turns that into a single Series named after the workload's kind.
type Scenario struct {
	Name        string
	Description string
	Topology    string  // a shipped topology's name, or a file relative to the scenario's
	Target      *Target // in place of a topology
	Policy      string  // overrides the topology's endorsement policies
	Batch       *Batch  // overrides the topology's
	Limits      *Limits
	Vary        Vary
	Series      []Series // as measured: Vary has expanded those of the file
	FE          *FE
	Warmup      time.Duration // cut off the start of every load level
	Repeat      int           // how often the levels are repeated, at least 1
	Fresh       bool          // every repetition gets a network of its own
	Seed        uint64
	Record      bool   // leave the run's readings as a trace that a load can follow
	Require     string // valid: every point below saturation must be; empty: nothing

	Source string // the YAML in full, overrides applied
	Path   string // the file it was read from; empty if it is a shipped one
}

// Batch overrides the orderer's batch settings; zero fields keep the topology's.
type Batch struct {
	Timeout  time.Duration `yaml:"timeout"`
	Messages uint32        `yaml:"messages"`
}

// Limits overrides Fabric's concurrency limits; zero fields keep the topology's.
type Limits struct {
	Gateway  int `yaml:"gateway"`
	Endorser int `yaml:"endorser"`
	Deliver  int `yaml:"deliver"`
}

// A Network is what a series runs on: a topology and what is changed in it.
// Series with equal networks can share one.
type Network struct {
	Topology string // as Scenario.Topology
	Policy   string // endorsement policy of every contract; empty keeps the topology's
	Batch    Batch
	Limits   Limits
}

// A Series is one workload under one kind of load at several levels.
type Series struct {
	Name     string   `yaml:"name"` // with the levels of Vary: plain/batch=2s,10
	Workload Workload `yaml:"workload"`
	// Mix, where not nil, stands in place of Workload: of every so many
	// transactions as the weights sum to, each part has its weight.
	Mix     []Workload `yaml:"workloads"`
	Load    Load       `yaml:"load"`
	Network Network
	Prefix  string // of its meters' ids: short, and no other series has it
	Pos     Pos

	at string // its place in the text: series[0]. or nothing
}

// A Workload says what a transaction is.
type Workload struct {
	Kind       string        `yaml:"kind"`   // plain | padded | encrypted
	Scheme     string        `yaml:"scheme"` // ddh | damgard; padded and encrypted
	Bits       int           `yaml:"bits"`   // 1024 | 1536 | 2048 | 3072 | 4096; padded and encrypted
	Length     int           `yaml:"length"` // values per reading, at least 1
	Bound      int64         `yaml:"bound"`  // every value is below it
	Meters     int           `yaml:"meters"`
	Interval   time.Duration `yaml:"interval"`   // a meter's metering interval: the time that one value covers
	Encryption Encryption    `yaml:"encryption"` // encrypted only
	Verify     bool          `yaml:"verify"`     // the chaincode verifies the meters' signatures; default true
	Weight     int           `yaml:"weight"`     // in a mix, at least 1; else 0
	Pos        Pos
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
	Pos      Pos
}

// FE asks for a table of encryption costs, measured with no other load.
type FE struct {
	Schemes []string `yaml:"schemes"`
	Bits    []int    `yaml:"bits"`
	Lengths []int    `yaml:"lengths"`
	Bound   int64    `yaml:"bound"`
	Samples int      `yaml:"samples"` // timed repetitions of each cell, at least 6
	Pos     Pos
}

// A Pos is where something stands in the scenario's file.
type Pos struct{ Line, Column int }
