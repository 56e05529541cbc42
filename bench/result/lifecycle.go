package result

// Lifecycle describes a fleet of meters with keys. What a year costs is computed from it and from what the run measured:
// nothing of it is measured itself.
type Lifecycle struct {
	Meters   int     `json:"meters"`
	Readings float64 `json:"readings_per_day"` // of one meter, each verified once by every verifier
	// KeyLifetime is the time in years until a key is replaced, MeterLifetime that until a meter is, with its key.
	KeyLifetime   float64 `json:"key_lifetime_years"`
	MeterLifetime float64 `json:"meter_lifetime_years"`
	Revoked       float64 `json:"revoked_share_per_year"` // of all keys; each is followed by a new one
	Verifiers     int     `json:"verifiers"`              // parties that verify every reading for themselves
	StatusAge     float64 `json:"status_age_s"`           // for which a verifier relies on a revocation list or an answer about a certificate
}

// DefaultLifecycle returns the fleet that is assumed where a scenario describes none. Reports name the sources.
func DefaultLifecycle() Lifecycle {
	return Lifecycle{
		Meters: 1_000_000, Readings: 96, KeyLifetime: 2, MeterLifetime: 8, Revoked: 0.04, Verifiers: 3, StatusAge: 24 * 3600,
	}
}
