package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"meterbench/bench/result"
)

// A Schedule is what is done to the network on purpose during each level of a series. The zero value is nothing.
type Schedule struct {
	Events []Event // at set times, ascending
	Random []Random

	from  string // its place in the text
	stage stage  // what events can be drawn for
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

	role result.Role // that Nodes or Leader stand for, with of
	of   string      // whose nodes of the role: an organisation, or leaderWord
	from string      // its place in the text; empty: drawn
}

// Random are events that are drawn from the scenario's seed for each level and repetition.
type Random struct {
	Count int                `yaml:"count"` // how many, fewer where nothing is left to do
	From  time.Duration      `yaml:"from"`  // earliest, since the start of the level's load
	Until time.Duration      `yaml:"until"` // before which all are
	Kinds []result.EventKind `yaml:"kinds"` // that are drawn, all but join: what is killed or cut comes back only where that is drawn

	from string // its place in the text
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
	keys     map[subjectKind][]string // that it takes beside; it needs one of them
	rights   map[subjectKind]Right    // that it takes
	undoneBy []result.EventKind       // what takes it back
	example  string                   // of what the kind takes
}

// eventKinds returns the table of events.
func eventKinds() []eventKind {
	nodes, sites, both := []subjectKind{subjectNodes}, []subjectKind{subjectSites}, []subjectKind{subjectNodes, subjectSites}
	restart, heal := []result.EventKind{result.EventRestart}, []result.EventKind{result.EventHeal}
	return []eventKind{
		{kind: result.EventKill, subjects: nodes, undoneBy: restart, example: "kill: peer0.ptb"},
		{kind: result.EventStop, subjects: nodes, undoneBy: slices.Concat(restart, heal), example: "stop: {orderer: leader}"},
		{kind: result.EventRestart, subjects: nodes, example: "restart: peer0.ptb"},
		{
			kind: result.EventCut, subjects: sites, undoneBy: heal, rights: map[subjectKind]Right{subjectSites: RightEmulation},
			example: "cut: [ptb, inmetro]",
		},
		{kind: result.EventHeal, subjects: both, example: "heal: inmetro"},
		{
			kind: result.EventSlow, subjects: both, undoneBy: heal,
			keys:    map[subjectKind][]string{subjectNodes: {"cpus"}, subjectSites: {"delay", "jitter", "loss", "bandwidth"}},
			rights:  map[subjectKind]Right{subjectNodes: RightCaps, subjectSites: RightEmulation},
			example: "slow: [ptb, cmi], delay: 100ms",
		},
		{kind: result.EventFill, subjects: nodes, undoneBy: heal, rights: map[subjectKind]Right{subjectNodes: RightMount}, example: "fill: peer0.ptb"},
		{kind: result.EventJoin, subjects: []subjectKind{subjectOrganisation}, example: "join: {organisation: nim, from: blocks}"},
	}
}

// kindOfEvent returns the row of a kind.
func kindOfEvent(kind result.EventKind) eventKind {
	all := eventKinds()
	return all[slices.IndexFunc(all, func(k eventKind) bool { return k.kind == kind })]
}

// UndoneBy returns the kinds of events that take back one of the kind, nil where none does.
func UndoneBy(kind result.EventKind) []result.EventKind { return kindOfEvent(kind).undoneBy }

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
	case e.of != "":
		return fmt.Sprintf("%s %s", e.role, e.of)
	case e.Organisation != "":
		return e.Organisation
	case e.Sites != nil:
		return strings.Join(e.Sites, "-")
	}
	return strings.Join(e.Nodes, ", ")
}

// Details returns what else the scenario says of the event, empty where that is nothing.
func (e Event) Details() string {
	var all []string
	if e.Delay > 0 {
		all = append(all, fmt.Sprintf("delay %v", e.Delay))
	}
	if e.Jitter > 0 {
		all = append(all, fmt.Sprintf("jitter %v", e.Jitter))
	}
	if e.Loss > 0 {
		all = append(all, fmt.Sprintf("loss %g", e.Loss))
	}
	if e.Bandwidth > 0 {
		all = append(all, fmt.Sprintf("bandwidth %g bit/s", e.Bandwidth))
	}
	if e.CPUs > 0 {
		all = append(all, fmt.Sprintf("cpus %g", e.CPUs))
	}
	if e.From != "" {
		all = append(all, fmt.Sprintf("from %s", e.From))
	}
	return strings.Join(all, ", ")
}

// String returns the event without its time, as in slow ptb-cmi, delay 100ms.
func (e Event) String() string {
	text := fmt.Sprintf("%s %s", e.Kind, e.Asked())
	if details := e.Details(); details != "" {
		text += ", " + details
	}
	return text
}

// byTime compares events by the times at which they are due.
func byTime(a, b Event) int { return cmp.Compare(a.At, b.At) }
