package result

// An Attack names what is tried on live systems to test what a publication claims.
type Attack string

// The attacks. The zero Attack is none.
const (
	AttackReadings Attack = "readings" // readings, bills and evaluation keys are forged
	AttackKeys     Attack = "keys"     // meters' keys are forged, on the ledger and at a certification authority
)

// A System is what decided on an attempt, or who vouches for a meter's key.
type System string

// The systems.
const (
	SystemLedger System = "ledger"
	SystemCA     System = "ca" // a certification authority with those who verify its certificates
	// SystemPublished is a ledger with the publication's own contract.
	SystemPublished System = "blockmeter"
)

// Integrity counts the attempts to have a system, or whoever verifies what it holds, take what is false:
// readings, bills and keys that were forged on purpose, between others that are honest.
type Integrity struct {
	Probes  []Probe  `json:"probes"`
	Outages []Outage `json:"outages,omitempty"` // what worked while a process was down
	Issuer  Issuer   `json:"issuer,omitempty"`  // of the certificates of meters; empty where none was tried
}

// Probe is one kind of attempt. Accepted and the counts in Refused sum to Attempts; an attempt that ended
// otherwise, for example for want of an answer, is none.
type Probe struct {
	Kind     string            `json:"kind"`             // for example forged-signature
	System   System            `json:"system"`           // on which it was tried; runs of older versions tried all on the ledger
	Honest   bool              `json:"honest,omitempty"` // nothing is wrong with it: it must be accepted
	Attempts uint64            `json:"attempts"`
	Accepted uint64            `json:"accepted"`
	Refused  map[string]uint64 `json:"refused"` // by the code or reason given
	// Otherwise counts those in Refused that were refused for something else than what is false about them.
	Otherwise uint64 `json:"otherwise,omitempty"`
	// Trust is set where the system's design lets the attempt through: it fails only if whom it names is to be trusted.
	Trust Trust `json:"trust,omitempty"`
}

// Trust names who must be trusted for a kind of attempt to fail.
type Trust string

// Whom attempts abuse that are accepted by design.
const (
	TrustRegistrar Trust = "registrar"    // who holds a registrar's private key
	TrustMSP       Trust = "msp-ca"       // who issues the identities of an organisation of the ledger
	TrustCA        Trust = "ca"           // who signs meters' certificates
	TrustMeter     Trust = "former-key"   // who holds a meter's former private key
	TrustFresh     Trust = "freshness"    // the verifier, to ask often enough
	TrustMember    Trust = "member"       // whoever may use the ledger
	TrustTime      Trust = "signing-time" // who tells the verifier when a signature was made
)

// Ruling says what became of a kind of attempt.
type Ruling string

// The rulings. The zero Ruling is of a kind that was not tried.
const (
	RulingHeld     Ruling = "held"         // what is honest was accepted, what is false refused
	RulingThrough  Ruling = "lets-through" // what is false was accepted, as the system's design has it: it rests on Trust
	RulingUnproven Ruling = "unproven"     // what is false was refused for another reason, which proves nothing
	RulingFault    Ruling = "fault"        // something false was accepted, or something honest refused, that the design does not let
)

// Ruling returns what follows from the counts.
func (p Probe) Ruling() Ruling {
	switch {
	case p.Attempts == 0:
		return ""
	case !p.Honest && p.Accepted == 0 && p.Otherwise > 0:
		return RulingUnproven
	case p.Honest && p.Accepted == p.Attempts, !p.Honest && p.Accepted == 0:
		return RulingHeld
	case !p.Honest && p.Trust != "":
		return RulingThrough
	}
	return RulingFault
}

// Outage says how an operation on keys fared while processes were down. Worked and the counts in Failed sum to Attempts.
type Outage struct {
	System    System            `json:"system"`
	Down      Role              `json:"down,omitempty"`    // of the processes that were killed; empty: none was
	Nodes     []string          `json:"nodes,omitempty"`   // their names
	Later     float64           `json:"later_s,omitempty"` // how much later, by the verifier's clock
	Operation Operation         `json:"operation"`
	Attempts  uint64            `json:"attempts"`
	Worked    uint64            `json:"worked"`
	Failed    map[string]uint64 `json:"failed"` // by the code or outcome
}

// The kinds of attempts on the integrity of a system whose readings are functionally encrypted, signed by
// meters and billed from the ledger.
const (
	ProbeHonestReading      = "honest-reading"
	ProbeHonestBill         = "honest-bill"
	ProbeForgedSignature    = "forged-signature"    // a reading signed with another key than the meter's
	ProbeReplay             = "replay"              // a reading that is on the ledger already
	ProbeReordered          = "reordered"           // a reading whose time is not that of its number
	ProbeForeignMeter       = "foreign-meter"       // a reading of an unregistered meter, or under another's name
	ProbeOtherChannel       = "other-channel"       // a reading that its meter signed for another channel
	ProbeTamperedCiphertext = "tampered-ciphertext" // changed after it was signed
	ProbeForeignKey         = "foreign-key"         // a result computed with the key of another function
	ProbeUnapprovedFunction = "unapproved-function" // a bill that names an unapproved function
	ProbeTamperedBill       = "tampered-bill"       // a bill over another amount than the readings give
	ProbeDoubleBill         = "double-bill"         // a bill over readings that its function has billed
	ProbeEarlyFunction      = "early-function"      // a bill by a function that became valid within a reading
	ProbeRevealingKey       = "revealing-key"       // a request for a key that would tell single values
)

// Reasons beside the codes of the contract and those of a verifier.
const (
	NoResult   = "no result"     // where a key gave none
	KeyRefused = "key authority" // where it issued none
)
