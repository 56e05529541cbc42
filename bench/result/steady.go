package result

// SteadyDetail is what the verdict on a window rests on, and what it could not have seen.
type SteadyDetail struct {
	// Truncate and Tail are the shares of the latencies that MSER would cut off at the window's start and end.
	Truncate float64 `json:"truncate_share"`
	Tail     float64 `json:"tail_share"`
	Change   float64 `json:"change"` // linear, of the backlog of an open load or else the latency, as a share of its mean
	// SmallestChange is the least such change that the window would have shown in about 9 of 10 cases, and SmallestOverload
	// the least share of an open load beyond the capacity; 0 for a closed load.
	SmallestChange   float64 `json:"smallest_change"`
	SmallestOverload float64 `json:"smallest_overload,omitempty"`
}
