package result

import (
	"slices"

	"meterbench/bench/stats"
)

// EventKind says what is done to the network on purpose.
type EventKind string

// The kinds of events.
const (
	EventKill    EventKind = "kill"    // end a node at once
	EventStop    EventKind = "stop"    // halt a node: it runs no more, and keeps what it has
	EventRestart EventKind = "restart" // start a node that was killed, or let one that was stopped go on
	EventCut     EventKind = "cut"     // let nothing through between sites
	EventHeal    EventKind = "heal"    // take back cut, slow, stop and fill
	EventSlow    EventKind = "slow"    // more delay or less bandwidth between sites, or less CPU for a node
	EventFill    EventKind = "fill"    // leave a node's folder no room
	EventJoin    EventKind = "join"    // let an organisation join
)

// EventKinds returns all of them.
func EventKinds() []EventKind {
	return []EventKind{EventKill, EventStop, EventRestart, EventCut, EventHeal, EventSlow, EventFill, EventJoin}
}

// harmful are the kinds that take something from the network.
var harmful = []EventKind{EventKill, EventStop, EventCut, EventSlow, EventFill}

// Harms reports whether an event of the kind takes something from the network, from which it may recover.
func (k EventKind) Harms() bool { return slices.Contains(harmful, k) }

// Event is what was done to the network on purpose during a level. Times are in seconds since the start of the level's load.
type Event struct {
	Kind    EventKind `json:"kind"`
	Asked   string    `json:"asked"`             // on whom, in words of the scenario: peer0.ptb, orderer leader, ptb-cmi
	Nodes   []Process `json:"nodes,omitempty"`   // that it was done to, roles resolved; nil where it was done to none
	Sites   []string  `json:"sites,omitempty"`   // one: between it and all others; two: between them
	Random  bool      `json:"random,omitempty"`  // drawn from the seed
	Planned float64   `json:"planned_s"`         // when it was due
	At      float64   `json:"at_s"`              // when it began to be done
	Took    float64   `json:"took_s"`            // until it was done, or had failed
	Failed  string    `json:"failed,omitempty"`  // why it could not be done; empty where it was
	Details string    `json:"details,omitempty"` // what else the scenario says of it, as in delay 100ms
	Steps   []Step    `json:"steps,omitempty"`   // of one that takes several
	Around  *Around   `json:"around,omitempty"`  // of one that takes several, if it was done within the load
	// Ended are processes that it made end by themselves, as one whose disk is full does.
	Ended []Incident `json:"ended,omitempty"`
}

// Recovery is how a level came back from an event that harms. Times are in seconds since that event began.
type Recovery struct {
	Event int `json:"event"` // its index among the events of the point
	// NextCommit is when the first transaction that was intended after the event was committed; nil: none. It is beyond Observed
	// where that was while the load ran out.
	NextCommit *float64 `json:"next_commit_s,omitempty"`
	// FullRate is from when on throughput was at that before; nil: not within Observed.
	FullRate *float64 `json:"full_rate_s,omitempty"`
	Observed float64  `json:"observed_s"` // until the end of the level
	// Before is the throughput before the first event that harms, with its interval; 0 where too little was seen to tell.
	Before         float64         `json:"before_per_s"`
	BeforeInterval *stats.Interval `json:"before_interval,omitempty"`
	// Span and Least say what counts as the full rate: no span of so many seconds with a lower throughput. 0 where FullRate was
	// not looked for, since the load changes by itself, or too little was seen before or after the event.
	Span  float64 `json:"span_s,omitempty"`
	Least float64 `json:"least_per_s,omitempty"`
	// Outcomes are those of the transactions that were intended after the event and before FullRate, or else the end.
	Outcomes map[string]uint64 `json:"outcomes"`
	Sites    []SiteRecovery    `json:"sites,omitempty"` // the same by site of the clients; nil where they have none
}

// SiteRecovery is a Recovery as the clients of one site saw it.
type SiteRecovery struct {
	Site       string            `json:"site"`
	NextCommit *float64          `json:"next_commit_s,omitempty"`
	Outcomes   map[string]uint64 `json:"outcomes"`
}
