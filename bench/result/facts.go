package result

import (
	"fmt"
	"strings"

	"meterbench/bench/stats"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
)

// LimitKind says what kind of thing kept throughput from being higher.
type LimitKind string

// The kinds. Some name a process: LimitCap the one at its cap, LimitDisk the one that waits for its disk, LimitCommit
// the peer that commits, LimitCore the one with a thread that fills a core. LimitHost names the one that uses most of
// the host, which is what limits: that process would get no further alone, see By.
const (
	LimitGateway    LimitKind = "gateway limit"  // of a peer
	LimitEndorser   LimitKind = "endorser limit" // of a peer
	LimitBatchTimer LimitKind = "batch timer"
	LimitCap        LimitKind = "CPU cap"
	LimitHost       LimitKind = "host CPU"
	LimitDisk       LimitKind = "disk"
	LimitCommit     LimitKind = "commit"
	LimitCore       LimitKind = "one core"            // of a process that works one thing after the other
	LimitFailures   LimitKind = "failed transactions" // the network kept up with them, and its answer was no
	LimitClient     LimitKind = "client"              // the load did not come as planned
	LimitSlots      LimitKind = "slots of the load"
	LimitNone       LimitKind = "not limited"
	LimitUnknown    LimitKind = "unknown"
	LimitUnseen     LimitKind = "not seen from outside" // of a network that others run
)

// Limit says what kept throughput from being higher. It is zero where it was not judged, as in runs of older versions.
type Limit struct {
	Kind LimitKind `json:"kind"`
	Node string    `json:"node,omitempty"` // the process that the kind names
	Role Role      `json:"role,omitempty"` // of Node
	// Part is that part of the latency, of Part or BlockPart, which grew most where the latency has grown and why is
	// unknown, or not seen.
	Part string `json:"part,omitempty"`
}

// Open reports whether nothing is known to have limited throughput.
func (l Limit) Open() bool {
	return l.Kind == "" || l.Kind == LimitNone || l.Kind == LimitUnknown || l.Kind == LimitUnseen
}

// Foreign reports whether neither the network nor its settings limited: the machine was busy with something else. A host
// that the network itself fills is not that; neither is it a limit of the network, see By.
func (l Limit) Foreign() bool {
	return l.Kind == LimitClient || l.Role == RoleClient || l.Role == RoleOther || l.Role == RoleSteal
}

// By reports whether a process of the role is itself what limited. The largest of the processes that fill a host is
// not: the host is too small for all of them together.
func (l Limit) By(role Role) bool { return l.Kind != LimitHost && l.Role == role }

// String returns the limit as limited_by has it, empty for the zero Limit.
func (l Limit) String() string {
	if l.Part != "" {
		return string(l.Kind) + grown + l.Part
	}
	return l.Kind.before() + Process{l.Role, l.Node}.String()
}

// grown stands between LimitUnknown, or LimitUnseen, and the part of the latency.
const grown = ": latency has grown, most in "

// before returns what stands before the name of the process, or all of it where the kind names none.
func (k LimitKind) before() string {
	switch k {
	case LimitCap:
		return "CPU cap of "
	case LimitHost:
		return "host CPU, largest: "
	case LimitDisk:
		return "disk of "
	case LimitCommit:
		return "commit at "
	case LimitCore:
		return "one core of "
	}
	return string(k)
}

// Role says what a process does.
type Role string

// The roles. RoleDevice is the process that plays sensors and gateways, RoleClient the load generator, RoleCA and RoleResponder
// the certification authority and its OCSP responder, RoleEmulation the process that delays packets between sites, RoleCoordinator the
// process that runs the study where workers are the load generator.
// RoleOther stands for all processes that are not the run's, RoleSteal for what the hypervisor took.
const (
	RolePeer        Role = "peer"
	RoleOrderer     Role = "orderer"
	RoleChaincode   Role = "chaincode"
	RoleDevice      Role = "device"
	RoleCA          Role = "ca"
	RoleResponder   Role = "responder"
	RoleEmulation   Role = "emulation"
	RoleCoordinator Role = "coordinator"
	RoleClient      Role = proc.Client
	RoleOther       Role = proc.Other
	RoleSteal       Role = proc.Steal
)

// Process is a process of a run, or what stands for others among its figures.
type Process struct {
	Role Role   `json:"role"`
	Name string `json:"name"`
}

// String returns the name of the process in a sentence.
func (p Process) String() string {
	switch p.Name {
	case proc.Other:
		return "other processes"
	case proc.Steal:
		return "other virtual machines"
	}
	return p.Name
}

// Processes returns the processes that are part of every run: the client, and what stands for the processes
// and the machines of others.
func Processes() []Process {
	return []Process{{RoleClient, proc.Client}, {RoleOther, proc.Other}, {RoleSteal, proc.Steal}}
}

// Cap returns the cap of a process by its name in CPU, none where it has none.
func (p *Point) Cap(process string) topology.Cap {
	for role, limit := range p.Conditions.Caps.Each {
		if Role(role) == p.Roles[process] {
			return limit
		}
	}
	return topology.Cap{}
}

// Warning qualifies a run, a series or a point.
type Warning struct {
	Code stats.Code `json:"code"`
	// Where lists the points or series that it concerns; empty for what it is stored with.
	Where []string `json:"where,omitempty"`
	Text  string   `json:"text"` // a finished sentence
}

// The kinds of warnings that a study adds to those of package stats.
const (
	HostFull           stats.Code = "host-full"
	Crowded            stats.Code = "crowded" // clients waited behind transactions that were acknowledged
	Shortened          stats.Code = "interrupted"
	Exhausted          stats.Code = "exhausted" // the workload had no further transaction
	FewBlocks          stats.Code = "few-blocks"
	SomeDropped        stats.Code = "dropped"
	NotSteady          stats.Code = "not-steady"
	ClockMoved         stats.Code = "clock-moved"
	NotSplit           stats.Code = "not-split" // into the parts inside the network
	TransactionsFailed stats.Code = "transaction-failed"
	NothingDue         stats.Code = "nothing-due"
	NodesSilent        stats.Code = "nodes-silent"
	AlsoUsed           stats.Code = "also-used"
	AuditFailed        stats.Code = "audit"
	EndedEarly         stats.Code = "ended-early"
	TargetNote         stats.Code = "target"
	LeftOnLedger       stats.Code = "left-on-ledger"  // by the set-up of all networks until then, where it stays
	UnknownRelease     stats.Code = "unknown-release" // of Fabric
	FewerWorkers       stats.Code = "fewer-workers"   // than were asked for
	NotStored          stats.Code = "not-stored"
	NotRestored        stats.Code = "not-restored" // what events harmed, after the level
	NoSaturation       stats.Code = "no-saturation"
	DistanceOff        stats.Code = "distance-off"    // round trips between sites differ from those asked for, or packets are lost
	DistanceUnseen     stats.Code = "distance-unseen" // round trips between sites were not measured
	TrafficUnseen      stats.Code = "traffic-unseen"  // bytes on the wire
	Untyped            stats.Code = "untyped"         // of a run of an older version
)

// placesShown is the number of places that a warning names in words.
const placesShown = 6

// String returns the places and the sentence.
func (w Warning) String() string {
	if len(w.Where) == 0 {
		return w.Text
	}
	places, rest := strings.Join(w.Where, ", "), len(w.Where)-placesShown
	if rest > 1 {
		places = fmt.Sprintf("%s and %d more", strings.Join(w.Where[:placesShown], ", "), rest)
	}
	return places + ": " + w.Text
}
