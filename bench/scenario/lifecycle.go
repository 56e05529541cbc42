package scenario

import (
	"cmp"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

// Lifecycle describes a fleet of meters with keys, for which reports compute what a year costs. It changes nothing of what
// is measured. The zero Lifecycle is none.
type Lifecycle struct {
	Meters    int           `yaml:"meters"`           // that have keys, 1 to 1,000,000,000, default 1,000,000
	Readings  float64       `yaml:"readings_per_day"` // of one meter, each verified by every verifier, default 96
	Key       float64       `yaml:"key_years"`        // until a key is replaced, default 2
	Meter     float64       `yaml:"meter_years"`      // until a meter is replaced, with its key, default 8
	Revoked   float64       `yaml:"revoked_per_year"` // share of all keys, 0 to 1, each followed by a new one, default 0.04
	Verifiers int           `yaml:"verifiers"`        // parties that verify every reading for themselves, 1 to 1,000,000, default 3
	StatusAge time.Duration `yaml:"status_age"`       // for which a verifier relies on a revocation list, default 24h
}

// UnmarshalNode reads what differs from the defaults.
func (l *Lifecycle) UnmarshalNode(n *strictyaml.Node) error {
	d := result.DefaultLifecycle()
	*l = Lifecycle{
		Meters: d.Meters, Readings: d.Readings, Key: d.KeyLifetime, Meter: d.MeterLifetime, Revoked: d.Revoked, Verifiers: d.Verifiers,
		StatusAge: time.Duration(d.StatusAge * float64(time.Second)),
	}
	type plain Lifecycle
	if err := n.Decode((*plain)(l)); err != nil {
		return err
	}
	within := func(key string, v, most float64) *strictyaml.Problem {
		if v > 0 && v <= most {
			return nil
		}
		return strictyaml.Problemf("", key, "must be above 0 and at most %v, got %v", most, v)
	}
	p := cmp.Or(
		strictyaml.Between("meters", l.Meters, 1, maxKeys),
		within("readings_per_day", l.Readings, maxReadings),
		within("key_years", l.Key, maxYears),
		within("meter_years", l.Meter, maxYears),
		strictyaml.Between("verifiers", l.Verifiers, 1, maxVerifiers),
		strictyaml.Between("status_age", l.StatusAge, time.Second, maxStatusAge),
	)
	if p == nil && !(l.Revoked >= 0 && l.Revoked <= 1) {
		p = strictyaml.Problemf("", "revoked_per_year", "must be 0 to 1, got %v", l.Revoked)
	}
	if p != nil {
		return n.Locate(p)
	}
	return nil
}

// stored returns it as a run has it, nil where there is none.
func (l Lifecycle) stored() *result.Lifecycle {
	if l == (Lifecycle{}) {
		return nil
	}
	return &result.Lifecycle{
		Meters: l.Meters, Readings: l.Readings, KeyLifetime: l.Key, MeterLifetime: l.Meter, Revoked: l.Revoked, Verifiers: l.Verifiers,
		StatusAge: l.StatusAge.Seconds(),
	}
}
