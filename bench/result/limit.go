package result

// LimitKind says what kind of thing kept throughput from being higher.
type LimitKind string

// The kinds. LimitCap, LimitHost and LimitCommit name a process: the one at its cap, the one that
// uses most of the host, the peer that commits.
const (
	LimitGateway    LimitKind = "gateway limit"  // of a peer
	LimitEndorser   LimitKind = "endorser limit" // of a peer
	LimitBatchTimer LimitKind = "batch timer"
	LimitCap        LimitKind = "CPU cap"
	LimitHost       LimitKind = "host CPU"
	LimitCommit     LimitKind = "commit"
	LimitClient     LimitKind = "client" // the load did not come as planned
	LimitSlots      LimitKind = "slots of the load"
	LimitNone       LimitKind = "not limited"
	LimitUnknown    LimitKind = "unknown"
)

// Limit is what kept throughput from being higher. It is zero where it was not judged, as in runs of
// older versions.
type Limit struct {
	Kind LimitKind `json:"kind"`
	Node string    `json:"node,omitempty"` // the process that the kind names
	Role Role      `json:"role,omitempty"` // of Node
}

// Open reports whether nothing is known to have limited throughput.
func (l Limit) Open() bool { return l.Kind == "" || l.Kind == LimitNone || l.Kind == LimitUnknown }

// Foreign reports whether neither the network nor its settings limited: the machine was busy with
// something else.
func (l Limit) Foreign() bool {
	return l.Kind == LimitClient || l.Role == RoleClient || l.Role == RoleOther || l.Role == RoleSteal
}

// String returns the limit as limited_by has it, empty for the zero Limit.
func (l Limit) String() string { return l.Kind.before() + Process{l.Role, l.Node}.String() }

// before returns what stands before the name of the process, or all of it where the kind names
// none.
func (k LimitKind) before() string {
	switch k {
	case LimitCap:
		return "CPU cap of "
	case LimitHost:
		return "host CPU, largest: "
	case LimitCommit:
		return "commit at "
	}
	return string(k)
}
