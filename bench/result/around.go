package result

// Around is what a level gave before an event that takes a while, during it and after it.
type Around struct {
	Before Stretch `json:"before"` // since the end of the warm-up
	During Stretch `json:"during"`
	After  Stretch `json:"after"` // until the end of the load
}

// Stretch is a part of a level.
type Stretch struct {
	Length     float64 `json:"length_s"`
	Throughput float64 `json:"throughput_per_s"` // valid commits, or answers, over Length
	N          uint64  `json:"n"`                // transactions intended within it that ended well
	Mean       float64 `json:"mean_latency_s"`   // of those; 0 where there are none
}
