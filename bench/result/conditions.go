package result

import (
	"fmt"
	"strings"
)

// Conditions are the factors under which a Point was measured.
type Conditions struct {
	Topology      string  `json:"topology"`
	Fabric        string  `json:"fabric"` // version, without the leading v
	BatchTimeout  float64 `json:"batch_timeout_s"`
	BatchMessages uint32  `json:"batch_messages"`
	Policy        string  `json:"policy,omitempty"` // endorsement policy, as the topology writes it
	// Channels is the number of channels over which the meters are spread, 0 for
	// one.
	Channels   int    `json:"channels,omitempty"`
	Caps       Caps   `json:"caps,omitzero"`
	Limits     Limits `json:"limits"`
	Wait       string `json:"wait"`               // endorse | acknowledge | commit
	Workload   string `json:"workload"`           // plain | padded | encrypted | billing | mix
	Form       string `json:"form,omitempty"`     // billing: plain | padded | encrypted, of the readings that are billed
	Readings   int    `json:"readings,omitempty"` // billing: how many readings a bill covers
	Mix        string `json:"mix,omitempty"`      // the parts of a mix, in words
	Scheme     string `json:"scheme,omitempty"`
	Bits       int    `json:"bits,omitempty"`
	Length     int    `json:"length"`               // values per reading, 0 if the parts of a mix differ
	Encryption string `json:"encryption,omitempty"` // inline | ahead | bank
	Bank       int    `json:"bank,omitempty"`       // ciphertexts in the bank
	Meters     int    `json:"meters"`
	// Interval is the time in seconds that one value of a reading covers, 0 where the
	// parts of a mix differ and in runs of older versions.
	Interval float64 `json:"metering_interval_s,omitempty"`
	Verify   bool    `json:"verify"`             // the chaincode checks the meters' signatures
	Arrivals string  `json:"arrivals,omitempty"` // of an open load: constant | poisson | a description
}

// Caps are by role. Device is the process that plays sensors and gateways.
type Caps struct {
	Peer      Cap `json:"peer,omitzero"` // every peer
	Orderer   Cap `json:"orderer,omitzero"`
	Chaincode Cap `json:"chaincode,omitzero"`
	Device    Cap `json:"device,omitzero"`
}

// A Cap is what every process of a role may use at most; 0 is no limit.
type Cap struct {
	CPUs   float64 `json:"cpus,omitempty"`         // cores
	Memory uint64  `json:"memory_bytes,omitempty"` // bytes
}

// Of returns the cap of a process by the name that it has in Point.CPU:
// chaincode.<peer>, orderer<n>, peer<n>.<organisation>, device.
func (c Caps) Of(process string) Cap {
	for _, role := range []struct {
		prefix string
		Cap
	}{{"chaincode.", c.Chaincode}, {"orderer", c.Orderer}, {"peer", c.Peer}, {"device", c.Device}} {
		if strings.HasPrefix(process, role.prefix) {
			return role.Cap
		}
	}
	return Cap{}
}

// String names the caps as in peer 0.5 cores, orderer 268435456 bytes; it is
// empty where nothing is capped.
func (c Caps) String() string {
	var parts []string
	for _, one := range []struct {
		role string
		Cap
	}{{"peer", c.Peer}, {"orderer", c.Orderer}, {"chaincode", c.Chaincode}, {"device", c.Device}} {
		if one.CPUs > 0 {
			parts = append(parts, fmt.Sprintf("%s %g cores", one.role, one.CPUs))
		}
		if one.Memory > 0 {
			parts = append(parts, fmt.Sprintf("%s %d bytes", one.role, one.Memory))
		}
	}
	return strings.Join(parts, ", ")
}

// Limits are Fabric's concurrency limits per peer, 0 where nobody told.
type Limits struct {
	Gateway  int `json:"gateway,omitempty"`
	Endorser int `json:"endorser,omitempty"`
	Deliver  int `json:"deliver,omitempty"`
}

// Load is the load level of a Point. Clients is set for closed, Offered for open load.
type Load struct {
	Kind    string  `json:"kind"` // closed | open
	Clients int     `json:"clients,omitempty"`
	Offered float64 `json:"offered_per_s,omitempty"`
	Think   float64 `json:"think_s,omitempty"`
	Slots   int     `json:"slots,omitempty"`
}
