package result

// JoinFrom is where the peer of an organisation that joins a channel takes the ledger from.
type JoinFrom string

// The sources of a ledger.
const (
	FromBlocks   JoinFrom = "blocks"   // every block since the first, from the orderers
	FromSnapshot JoinFrom = "snapshot" // the state at a height, which a member's peer has written, and the blocks after it
)

// JoinFroms returns all sources.
func JoinFroms() []JoinFrom { return []JoinFrom{FromBlocks, FromSnapshot} }

// StepName names a step of what is done on purpose to a network.
type StepName string

// The steps by which an organisation joins a channel, in their order.
const (
	StepUpdate   StepName = "update"   // until the peers of all members have committed the configuration with the organisation
	StepStart    StepName = "start"    // until the new peer answers
	StepSnapshot StepName = "snapshot" // until a member's peer has written it and the new one has it; bytes of its files
	StepCatchUp  StepName = "catch_up" // until the new peer has as many blocks as the members' had; bytes of the blocks that it took
	StepApprove  StepName = "approve"  // until the new peer has committed its organisation's approval of every contract
	StepAnswer   StepName = "answer"   // until every contract answers there
)

// A Step is a part of what was done to a network.
type Step struct {
	Name    StepName `json:"name"`
	Seconds float64  `json:"seconds"`
	Bytes   uint64   `json:"bytes,omitempty"` // that the step moved or wrote, where it counts them
}
