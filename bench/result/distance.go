package result

// Distance is what lies between two sites, as asked for and as seen by packets of the emulation's own before the load. Times
// are in seconds.
type Distance struct {
	// Network is the network of the run that it was measured on, by the name of its session; empty where the run had one.
	Network string    `json:"network,omitempty"`
	Between [2]string `json:"between"`
	Asked   float64   `json:"asked_s"` // round trip
	P50     float64   `json:"p50_s"`   // of the packets that came back
	P99     float64   `json:"p99_s"`
	Jitter  float64   `json:"jitter_s,omitempty"` // asked: standard deviation of the round trip
	Loss    float64   `json:"loss,omitempty"`     // asked: share of the packets of either direction
	Sent    int       `json:"sent"`
	Lost    int       `json:"lost"`
}
