package result

import "meterbench/internal/storage"

// Costs are what a transaction that ended well took: of processors, of the wire and of the client's calls all that was used
// within the window over the number that ended well in it; of the disks the growth over the whole level. What is not seen
// is missing. Processes that have no part in it, as a certification authority beside a ledger, are left out.
type Costs struct {
	CPU   map[Role]float64 `json:"cpu_s,omitempty"` // seconds of processors, by the role of the processes
	Calls map[Call]float64 `json:"calls,omitempty"` // requests that the client sent
	Wire  []WireCost       `json:"wire,omitempty"`
	// WirePartial says that connections may be missing in Wire that were opened and closed within the window.
	WirePartial bool         `json:"wire_partial,omitempty"`
	Stored      []StoredCost `json:"stored,omitempty"`
	// StoredOver is the number of transactions that the growth is divided by: all that the level put on the ledger, valid or
	// not, or where there are none, all that were answered.
	StoredOver uint64 `json:"stored_transactions,omitempty"`
}

// WireCost is what went one way between the processes of two roles.
type WireCost struct {
	From Role `json:"from"`
	To   Role `json:"to"`
	// Bytes are of TCP's payload, as TLS encrypted it, Segments those of TCP that carried it: on one host of up to 64 KiB.
	Bytes    float64 `json:"bytes"`
	Segments float64 `json:"segments"`
}

// StoredCost is the growth of what a process keeps, which may be negative where it merged or removed files.
type StoredCost struct {
	Process string       `json:"process"`
	Role    Role         `json:"role"`
	Part    storage.Part `json:"part"`
	Bytes   float64      `json:"bytes"`
	// Low and High bound what it comes to once all that is in a log of LevelDB is in its tables, where anything was: it then
	// takes between nothing and as much as in the log.
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Stays returns by how much the disks of all processes grew by what stays, with bounds of what that comes to once logs of
// databases are in their tables, false where no disk was read. The log of the orderers' consensus is cut off again. Where a
// log was turned into tables meanwhile, growth is that of what was in it before, too: the middle of the bounds is off by the
// least.
func (c *Costs) Stays() (bytes, low, high float64, ok bool) {
	for _, s := range c.Stored {
		if s.Part == storage.Consensus {
			continue
		}
		if s.Low < s.High { // in a log of LevelDB; what a transaction adds takes nothing at least
			s.Low = max(0, s.Low)
			if s.High = max(s.Low, s.High); s.Low != 0 || s.High != s.Bytes {
				s.Bytes = (s.Low + s.High) / 2
			}
		}
		bytes, low, high, ok = bytes+s.Bytes, low+s.Low, high+s.High, true
	}
	return bytes, low, high, ok
}

// CarriedBy reports whether processes of a role have a part in the transactions that were measured under the conditions.
func (c *Conditions) CarriedBy(role Role) bool {
	switch role {
	case RoleOther, RoleSteal, RoleEmulation: // where distances are real, nobody emulates them
		return false
	case RoleClient, RoleDevice:
		return true
	case RoleCA, RoleResponder:
		return c.Workload == CA && c.Issuer != IssuerInProcess && c.Operation.AsksCA()
	}
	return c.Workload != CA
}

// KeysEach is the number of keys that a transaction is about, 1 where it is about one thing.
func (c *Conditions) KeysEach() int { return max(1, c.Batch) }

// OnLedger returns how many transactions were ordered, whether they are valid or not.
func (c Counts) OnLedger() (n uint64) {
	for o, k := range c {
		if Outcome(o) == Valid || Outcome(o) == Confirmed || Outcome(o).Class() == Failed {
			n += k
		}
	}
	return n
}
