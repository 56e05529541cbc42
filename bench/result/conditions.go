package result

import "meterbench/bench/topology"

// Conditions are the factors under which a Point was measured.
type Conditions struct {
	Topology      string  `json:"topology"`
	Fabric        string  `json:"fabric"` // version, without the leading v
	BatchTimeout  float64 `json:"batch_timeout_s"`
	BatchMessages uint32  `json:"batch_messages"`
	Policy        string  `json:"policy,omitempty"` // endorsement policy, as the topology writes it
	// Channels is the number of channels over which the meters are spread, 0 for
	// one.
	Channels   int             `json:"channels,omitempty"`
	Caps       topology.Caps   `json:"caps,omitzero"`
	Limits     topology.Limits `json:"limits"`
	Wait       string          `json:"wait"`               // endorse | acknowledge | commit
	Workload   string          `json:"workload"`           // plain | padded | encrypted | billing | mix
	Form       string          `json:"form,omitempty"`     // billing: plain | padded | encrypted, of the readings that are billed
	Readings   int             `json:"readings,omitempty"` // billing: how many readings a bill covers
	Mix        string          `json:"mix,omitempty"`      // the parts of a mix, in words
	Scheme     string          `json:"scheme,omitempty"`
	Bits       int             `json:"bits,omitempty"`
	Length     int             `json:"length"`               // values per reading, 0 if the parts of a mix differ
	Encryption string          `json:"encryption,omitempty"` // inline | ahead | bank
	Bank       int             `json:"bank,omitempty"`       // ciphertexts in the bank
	Meters     int             `json:"meters"`
	// Interval is the time in seconds that one value of a reading covers, 0 where the
	// parts of a mix differ and in runs of older versions.
	Interval float64 `json:"metering_interval_s,omitempty"`
	Verify   bool    `json:"verify"`             // the chaincode checks the meters' signatures
	Arrivals string  `json:"arrivals,omitempty"` // of an open load: constant | poisson | a description
}

// Load is the load level of a Point. Clients is set for closed, Offered for open load.
type Load struct {
	Kind    string  `json:"kind"` // closed | open
	Clients int     `json:"clients,omitempty"`
	Offered float64 `json:"offered_per_s,omitempty"`
	Think   float64 `json:"think_s,omitempty"`
	Slots   int     `json:"slots,omitempty"`
}
