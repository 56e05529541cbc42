package result

import (
	"fmt"
	"strconv"
	"strings"

	"meterbench/bench/topology"
)

// Conditions are the factors under which a Point was measured.
type Conditions struct {
	Topology      string  `json:"topology"`
	Fabric        string  `json:"fabric"` // version, without the leading v
	BatchTimeout  float64 `json:"batch_timeout_s"`
	BatchMessages uint32  `json:"batch_messages"`
	Policy        string  `json:"policy,omitempty"`   // endorsement policy, as the topology writes it
	Distance      float64 `json:"distance,omitempty"` // factor on all round trips between sites; 0: nothing lies between them
	Leader        string  `json:"leader,omitempty"`   // owner whose orderer was to lead first; empty: whichever
	// Channels is the number of channels over which the meters are spread, 0 for one.
	Channels   int             `json:"channels,omitempty"`
	Caps       topology.Caps   `json:"caps,omitzero"`
	Limits     topology.Limits `json:"limits"`
	Wait       Wait            `json:"wait"`
	Driver     Driver          `json:"driver,omitempty"`   // of the client on a network
	Failover   bool            `json:"failover,omitempty"` // transactions without a definite answer are sent again through another gateway
	Workload   Workload        `json:"workload"`           // one of those below, mix, or another of a table of workload kinds
	Form       Workload        `json:"form,omitempty"`     // billing: plain | padded | encrypted, of the readings that are billed
	Readings   int             `json:"readings,omitempty"` // billing: how many readings a bill covers
	Mix        string          `json:"mix,omitempty"`      // the parts of a mix, in words
	Scheme     string          `json:"scheme,omitempty"`
	Bits       int             `json:"bits,omitempty"`
	Length     int             `json:"length"` // values per reading, 0 if the parts of a mix differ
	Encryption Encryption      `json:"encryption,omitempty"`
	Bank       int             `json:"bank,omitempty"` // ciphertexts in the bank
	Meters     int             `json:"meters"`
	// Interval is the time in seconds that one value of a reading covers, 0 where the parts of a mix differ
	// and in runs of older versions.
	Interval float64 `json:"metering_interval_s,omitempty"`
	Verify   bool    `json:"verify"` // the chaincode checks the meters' signatures
	// Query says that nothing is ordered: peers answer. Keys is the number of keys, each as often, that the transactions of
	// an invoke workload choose theirs from; 0 where there is no such number.
	Query bool `json:"query,omitempty"`
	Keys  int  `json:"keys,omitempty"`
	// Size is the size in bytes that the workload says for its texts and bytes, 0 where that varies or nothing is said.
	// Empty says that it is 0 bytes.
	Size  int  `json:"size_bytes,omitempty"`
	Empty bool `json:"empty,omitempty"`
	// Operation, on keys or certificates of meters, and what it is about: Batch is the number of keys that one transaction
	// registers.
	Operation Operation `json:"operation,omitempty"`
	Contract  string    `json:"contract,omitempty"`
	Algorithm string    `json:"algorithm,omitempty"` // of the meters' signatures
	Issuer    Issuer    `json:"issuer,omitempty"`
	Batch     int       `json:"keys_per_transaction,omitempty"`

	Details  string `json:"details,omitempty"`  // of a workload that is not of readings: its options in words
	Site     string `json:"site,omitempty"`     // at which the clients stand; empty: wherever their gateways are
	Arrivals string `json:"arrivals,omitempty"` // of an open load: constant | poisson | a description
}

// Sized reports whether the workload says one size for its texts and bytes.
func (c Conditions) Sized() bool { return c.Size > 0 || c.Empty }

// The targets that a summary and a manifest name.
const (
	TargetFabric    = "fabric"    // a network of our own, started for the run
	TargetHeld      = "held"      // a network of our own that was up before, and stays
	TargetAttached  = "attached"  // a network that others run
	TargetReference = "reference" // the reference ledger
	TargetAlone     = "ca"        // certification authorities, without a ledger
)

// Factor is a level of a factor that a scenario varies.
type Factor struct {
	Key   string `json:"key"`
	Label string `json:"label"`
}

// String returns key=label, as the names of series have it.
func (f Factor) String() string { return f.Key + "=" + f.Label }

// LoadKind says whether clients or a schedule decide when transactions start.
type LoadKind string

// The kinds of load.
const (
	LoadClosed LoadKind = "closed"
	LoadOpen   LoadKind = "open"
)

// LoadKinds returns them.
func LoadKinds() []LoadKind { return []LoadKind{LoadClosed, LoadOpen} }

// Wait says how far a client follows a transaction before it goes on. The zero value is WaitCommit.
type Wait string

// How far clients wait.
const (
	WaitEndorse     Wait = "endorse" // a query: it is not ordered
	WaitAcknowledge Wait = "acknowledge"
	WaitCommit      Wait = "commit"
)

// Waits returns all of them.
func Waits() []Wait { return []Wait{WaitEndorse, WaitAcknowledge, WaitCommit} }

// Workload is the kind of a workload, or the form of the readings that it sends or bills.
type Workload string

// The workloads of readings, and of bills over them.
const (
	Plain     Workload = "plain"
	Padded    Workload = "padded"    // to the size of a ciphertext
	Encrypted Workload = "encrypted" // with functional encryption
	Billing   Workload = "billing"
	Invoke    Workload = "invoke" // of any contract
	PKI       Workload = "pki"    // of meters' keys on the ledger
	CA        Workload = "ca"     // of meters' certificates, beside the ledger
	Mix       Workload = "mix"    // of several
)

// Encryption says when ciphertexts are made.
type Encryption string

// When ciphertexts are made.
const (
	EncryptInline Encryption = "inline" // in the timed path
	EncryptAhead  Encryption = "ahead"  // all of them before the load
	EncryptBank   Encryption = "bank"   // some before the load, each used several times
)

// Load is the load level of a Point. Clients is set for closed, Offered for open load.
type Load struct {
	Kind    LoadKind `json:"kind"`
	Clients int      `json:"clients,omitempty"`
	Offered float64  `json:"offered_per_s,omitempty"`
	Think   float64  `json:"think_s,omitempty"`
	Slots   int      `json:"slots,omitempty"`
}

// String returns the load in words: 8 clients, 12.5/s.
func (l Load) String() string {
	switch {
	case l.Kind == LoadOpen:
		return fmt.Sprintf("%.6g/s", l.Offered)
	case l.Clients == 1:
		return "1 client"
	}
	return fmt.Sprintf("%d clients", l.Clients)
}

// Amount returns the size of the load: clients of a closed one, transactions per second of an open one.
func (l Load) Amount() float64 {
	if l.Kind == LoadOpen {
		return l.Offered
	}
	return float64(l.Clients)
}

// Expression returns the load as expectations and histories write it: clients=8, offered=100/s, rates as closely as they are
// printed.
func (l Load) Expression() string {
	if l.Kind == LoadClosed {
		return "clients=" + strconv.Itoa(l.Clients)
	}
	return fmt.Sprintf("offered=%.6g/s", l.Offered)
}

// ParseLoad returns the load of an Expression, false where the text is none.
func ParseLoad(text string) (Load, bool) {
	if digits, ok := strings.CutPrefix(text, "clients="); ok {
		n, err := strconv.ParseUint(digits, 10, 31)
		return Load{Kind: LoadClosed, Clients: int(n)}, err == nil && n > 0
	}
	number, ok := strings.CutPrefix(text, "offered=")
	rate, unit := strings.CutSuffix(number, "/s")
	offered, err := strconv.ParseFloat(rate, 64)
	plain := strings.Trim(rate, "0123456789.eE+-") == "" // neither NaN nor hexadecimal
	return Load{Kind: LoadOpen, Offered: offered}, ok && unit && plain && err == nil && offered > 0
}

// Key returns the load as a key=value pair, by which levels are named: clients=8, rate=12.5.
func (l Load) Key() string {
	if l.Kind == LoadClosed {
		return "clients=" + strconv.Itoa(l.Clients)
	}
	return "rate=" + strconv.FormatFloat(l.Offered, 'f', -1, 64)
}
