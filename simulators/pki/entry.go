package pki

import (
	"fmt"
	"slices"
	"time"
)

// A Reason says why a key was revoked, by the numbers of RFC 5280, section 5.3.1. Those that concern authorities, or that are taken
// back, are no reasons here.
type Reason uint8

// The reasons.
const (
	Unspecified          Reason = 0
	KeyCompromise        Reason = 1
	AffiliationChanged   Reason = 3
	Superseded           Reason = 4 // also of keys that were rotated
	CessationOfOperation Reason = 5
	PrivilegeWithdrawn   Reason = 9
)

// reasons has the names of the reasons as RFC 5280 has them.
var reasons = map[Reason]string{
	Unspecified: "unspecified", KeyCompromise: "keyCompromise", AffiliationChanged: "affiliationChanged",
	Superseded: "superseded", CessationOfOperation: "cessationOfOperation", PrivilegeWithdrawn: "privilegeWithdrawn",
}

// Reasons returns all reasons, in the order of their numbers.
func Reasons() []Reason {
	return []Reason{Unspecified, KeyCompromise, AffiliationChanged, Superseded, CessationOfOperation, PrivilegeWithdrawn}
}

// String returns the name in RFC 5280.
func (r Reason) String() string {
	if name, ok := reasons[r]; ok {
		return name
	}
	return fmt.Sprintf("reason(%d)", uint8(r))
}

// MarshalText returns the name.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the name.
func (r *Reason) UnmarshalText(text []byte) error {
	i := slices.IndexFunc(Reasons(), func(r Reason) bool { return r.String() == string(text) })
	if i < 0 {
		return fmt.Errorf("unknown reason %.40q", text)
	}
	*r = Reasons()[i]
	return nil
}

func (r Reason) check() error {
	if _, ok := reasons[r]; !ok {
		return fmt.Errorf("no reason to revoke a key has the number %d", uint8(r))
	}
	return nil
}

// A Status says what became of a version of a key.
type Status string

// The statuses.
const (
	Current Status = "current"
	Rotated Status = "rotated"
	Revoked Status = "revoked"
)

// An Entry is one version of a meter's key as Lookup and History answer.
type Entry struct {
	Meter     string    `json:"meter"`
	Owner     string    `json:"owner"` // MSP id
	Version   uint32    `json:"version"`
	Status    Status    `json:"status"`
	Algorithm Algorithm `json:"algorithm"`
	Key       string    `json:"key"`              // SPKI PEM
	From      time.Time `json:"from,omitzero"`    // from when it counts; absent: from the start
	Until     time.Time `json:"until,omitzero"`   // when it counts no more; absent of a current key
	Reason    *Reason   `json:"reason,omitempty"` // of a revoked key
}

// A Page is a part of a meter's history, the lowest versions first.
type Page struct {
	Entries []Entry `json:"entries"`
	Next    uint32  `json:"next,omitempty"` // first version of the next page; absent: there is none
}
