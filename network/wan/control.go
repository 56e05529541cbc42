package wan

// The protocol between Start and the process: lines of JSON, each answered by one. The first is setup, every other a command.

// setup says what to emulate.
type setup struct {
	Links [][]Link
	Seed  uint64
}

// madeSites is the answer to setup.
type madeSites struct {
	Error      string `json:",omitempty"`
	Namespaces []int  // descriptors of the process, by site
}

// verb says what a command does.
type verb string

// The verbs.
const (
	doEnforce verb = "enforce"
	doCut     verb = "cut"
	doHeal    verb = "heal"
	doSlow    verb = "slow"
	doCount   verb = "count"
)

// command changes links, or asks for counts.
type command struct {
	Do    verb
	Pairs [][2]int `json:",omitempty"` // of sites, by index; both directions
	More  Link     // with doSlow
}

// answer is that to a command.
type answer struct {
	Error  string  `json:",omitempty"` // why nothing was done
	Counts []Count `json:",omitempty"`
}

// Count says what has become of the packets from one site to another.
type Count struct {
	From, To string `json:"-"`
	Index    [2]int // of the sites
	Packets  uint64 // that were sent
	Bytes    uint64 // of them, with IP headers
	Cut      uint64 // of the packets, dropped because the link was cut
	Lost     uint64 // likewise by the loss of the link
	Full     uint64 // likewise because too many waited for the bandwidth
	Failed   uint64 // likewise by the emulation itself, which kept too many or could not hand them on
}
