package result

// ClientGap is the longest time in which the load generator did not run though it was to, in seconds, by a timer of
// 20 ms; of all that can have changed what was measured.
type ClientGap struct {
	Longest float64 `json:"longest"` // for whatever reason, waiting for a processor included
	// Halted is the longest in which it neither ran nor waited for a processor: it was stopped, frozen or suspended.
	Halted    float64 `json:"halted"`
	Suspended float64 `json:"suspended"` // with the machine
	Tolerated float64 `json:"tolerated"` // the longest halt with which a point is valid
}

// TooLong reports whether a halt spoilt a point. It may be nil.
func (g *ClientGap) TooLong() bool { return g != nil && g.Halted > g.Tolerated }
