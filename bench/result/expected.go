package result

import "meterbench/bench/stats"

// Expected is the commit latency of a level as it was computed from the distances, beside what was measured. All in seconds.
type Expected struct {
	// Parts are the means of what distance adds, by the names of package bench/expect; Distance is their sum, and Low and
	// High are the least and the largest sum of what is left to chance: endorsers, orderers, block sources.
	Parts    map[string]float64 `json:"parts_s"`
	Distance float64            `json:"distance_s"`
	Low      float64            `json:"distance_low_s"`
	High     float64            `json:"distance_high_s"`
	// Unknown are the peers of which no log said from which orderer they pull blocks, or that changed it during the level; for
	// them each is as likely.
	Unknown []string `json:"unknown_sources,omitempty"`
	// Baseline is the same load at distance zero; nil where that was not measured, or where it cannot be added: the load is
	// closed, does not arrive at random, or was too high. Total is Distance and the baseline's mean.
	Baseline *Baseline `json:"baseline,omitempty"`
	Total    float64   `json:"total_s,omitempty"`
	// Measured is the mean commit latency of the level, and Ratio what it is to Total; nil without a baseline.
	Measured         float64         `json:"measured_s"`
	MeasuredInterval *stats.Interval `json:"measured_interval,omitempty"`
	Ratio            *float64        `json:"ratio,omitempty"`
	RatioInterval    *stats.Interval `json:"ratio_interval,omitempty"`
	// Seen is the same from the round trips that were seen rather than those asked for; nil where they were not measured.
	Seen *ExpectedSeen `json:"seen,omitempty"`
}

// ExpectedSeen is what is expected from the round trips that were seen before the load. In seconds.
type ExpectedSeen struct {
	Distance float64  `json:"distance_s"`
	Total    float64  `json:"total_s,omitempty"`
	Ratio    *float64 `json:"ratio,omitempty"`
}

// Baseline is the mean commit latency at distance zero, in seconds.
type Baseline struct {
	Series   string          `json:"series"`
	Mean     float64         `json:"mean_s"`
	Interval *stats.Interval `json:"interval,omitempty"`
	Points   int             `json:"points"` // whose mean it is, one per repetition
}

// BlockSource says from which orderer a peer pulls the blocks of a channel.
type BlockSource struct {
	Channel string `json:"channel"`
	Peer    string `json:"peer"`
	Orderer string `json:"orderer"`
	Changed bool   `json:"changed,omitempty"` // during the level: then it pulled from others too
}
