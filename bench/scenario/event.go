package scenario

import (
	"slices"
	"strings"
	"time"

	"meterbench/bench/result"
)

// A Schedule is what is done to the network on purpose during each level of a series. The zero value is nothing.
type Schedule struct {
	Events []Event // at set times, ascending
	Random []Random
}

// Empty reports whether nothing is done.
func (s Schedule) Empty() bool { return s.Events == nil && s.Random == nil }

// An Event is something done to the network on purpose. It is done to nodes, to sites, or to an organisation, as its kind
// has it.
type Event struct {
	At   time.Duration // since the start of the level's load
	Kind result.EventKind
	// Nodes are the names of nodes, several where the scenario names a role of an organisation.
	Nodes []string
	// Leader is in place of Nodes: the orderer that leads the first channel at the time of the event. restart and heal do not
	// have it when they are done, but the nodes that it was before.
	Leader bool
	// Sites are one, between which and all others it happens, or two, between which.
	Sites        []string
	Organisation string // that joins
	From         result.JoinFrom

	Delay     time.Duration // slow, sites: added to the round trip
	Jitter    time.Duration // likewise: standard deviation of what is added
	Loss      float64       // likewise: share of packets, 0 to 1
	Bandwidth float64       // likewise: at most, in bit/s; 0: as before
	CPUs      float64       // slow, nodes: at most, in cores

	Random bool // drawn from the seed

	asked string // the role that Nodes or Leader stand for: peer ptb, orderer leader
}

// Random are events that are drawn from the scenario's seed for each level and repetition.
type Random struct {
	Count       int
	From, Until time.Duration
	Kinds       []result.EventKind
}

// Right is what a program has to be allowed, or a machine to have, for an event.
type Right string

// The rights.
const (
	RightEmulation Right = "emulation" // of what lies between sites
	RightCaps      Right = "caps"      // control groups
	RightMount     Right = "mount"     // a file system of a node's own
)

// subjectKind says to what an event is done.
type subjectKind string

// The kinds of subjects.
const (
	subjectNodes        subjectKind = "nodes" // by name, or by role
	subjectSites        subjectKind = "sites" // one or a pair
	subjectOrganisation subjectKind = "organisation"
)

// eventKind is a row of the table of events.
type eventKind struct {
	kind     result.EventKind
	subjects []subjectKind            // to what it is done
	keys     map[subjectKind][]string // that it takes beside, of which it needs one
	undoneBy []result.EventKind       // what takes it back
	rights   map[subjectKind]Right    // that it takes
}

// eventKinds returns the table of events.
func eventKinds() []eventKind {
	nodes, sites := []subjectKind{subjectNodes}, []subjectKind{subjectSites}
	restart, heal := []result.EventKind{result.EventRestart}, []result.EventKind{result.EventHeal}
	return []eventKind{
		{kind: result.EventKill, subjects: nodes, undoneBy: restart},
		{kind: result.EventStop, subjects: nodes, undoneBy: slices.Concat(restart, heal)},
		{kind: result.EventRestart, subjects: nodes},
		{kind: result.EventCut, subjects: sites, undoneBy: heal, rights: map[subjectKind]Right{subjectSites: RightEmulation}},
		{kind: result.EventHeal, subjects: slices.Concat(nodes, sites)},
		{
			kind: result.EventSlow, subjects: slices.Concat(nodes, sites), undoneBy: heal,
			keys:   map[subjectKind][]string{subjectNodes: {"cpus"}, subjectSites: {"delay", "jitter", "loss", "bandwidth"}},
			rights: map[subjectKind]Right{subjectNodes: RightCaps, subjectSites: RightEmulation},
		},
		{kind: result.EventFill, subjects: nodes, undoneBy: heal, rights: map[subjectKind]Right{subjectNodes: RightMount}},
		{kind: result.EventJoin, subjects: []subjectKind{subjectOrganisation}, keys: map[subjectKind][]string{subjectOrganisation: {"from"}}},
	}
}

// kindOfEvent returns the row of a kind.
func kindOfEvent(kind result.EventKind) eventKind {
	all := eventKinds()
	return all[slices.IndexFunc(all, func(k eventKind) bool { return k.kind == kind })]
}

// subject returns to what the event is done.
func (e Event) subject() subjectKind {
	switch {
	case e.Organisation != "":
		return subjectOrganisation
	case e.Sites != nil:
		return subjectSites
	}
	return subjectNodes
}

// Right returns what it takes to do the event, empty if that is nothing special.
func (e Event) Right() Right { return kindOfEvent(e.Kind).rights[e.subject()] }

// Asked returns on whom the event is done, in words of the scenario.
func (e Event) Asked() string {
	switch {
	case e.asked != "":
		return e.asked
	case e.Organisation != "":
		return e.Organisation
	case e.Sites != nil:
		return strings.Join(e.Sites, "-")
	}
	return strings.Join(e.Nodes, ", ")
}
