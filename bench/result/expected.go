package result

import (
	"slices"

	"meterbench/bench/stats"
)

// Expected is the commit latency of a level as it was computed from the distances, beside what was measured. All in seconds.
type Expected struct {
	// Parts are the means of what distance adds, by the names of package bench/expect; Distance is their sum, and Low and
	// High are the least and the largest sum of what is left to chance: gateways, endorsers, orderers.
	Parts    map[string]float64 `json:"parts_s"`
	Distance float64            `json:"distance_s"`
	Low      float64            `json:"distance_low_s"`
	High     float64            `json:"distance_high_s"`
	// Sites are the means of the sites with gateways; the clients take all gateways in turn.
	Sites []ExpectedSite `json:"sites,omitempty"`
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

// ExpectedSite is what distance adds for the clients at one site, in seconds.
type ExpectedSite struct {
	Site     string  `json:"site"`
	Gateways int     `json:"gateways"`
	Distance float64 `json:"distance_s"`
	Total    float64 `json:"total_s,omitempty"` // with the baseline's mean
}

// ExpectedSeen is what is expected from the round trips that were seen before the load. In seconds.
type ExpectedSeen struct {
	Distance float64  `json:"distance_s"`
	Total    float64  `json:"total_s,omitempty"`
	Ratio    *float64 `json:"ratio,omitempty"`
}

// Baseline is the mean commit latency of a point at distance zero, in seconds.
type Baseline struct {
	Series     string          `json:"series"`
	Repetition int             `json:"repetition"`
	Mean       float64         `json:"mean_s"`
	Interval   *stats.Interval `json:"interval,omitempty"`
}

// AddSite counts one more gateway, at a site, for whose clients distance adds so much.
func (e *Expected) AddSite(site string, distance float64) {
	i := slices.IndexFunc(e.Sites, func(s ExpectedSite) bool { return s.Site == site })
	if i < 0 {
		e.Sites = append(e.Sites, ExpectedSite{Site: site, Gateways: 1, Distance: distance})
		return
	}
	s := &e.Sites[i]
	s.Distance = (float64(s.Gateways)*s.Distance + distance) / float64(s.Gateways+1)
	s.Gateways++
}

// Compare sets what is measured beside what is expected over a baseline.
func (e *Expected) Compare(b *Baseline) {
	e.Baseline, e.Total = b, b.Mean+e.Distance
	for i := range e.Sites {
		e.Sites[i].Total = b.Mean + e.Sites[i].Distance
	}
	if e.Total > 0 && e.Measured > 0 {
		ratio := e.Measured / e.Total
		e.Ratio = &ratio
		if i := b.Interval; i != nil {
			e.RatioInterval = stats.RatioInterval(e.MeasuredInterval, &stats.Interval{Low: i.Low + e.Distance, High: i.High + e.Distance, N: i.N})
		}
	}
	if s := e.Seen; s != nil {
		if s.Total = b.Mean + s.Distance; s.Total > 0 && e.Measured > 0 {
			ratio := e.Measured / s.Total
			s.Ratio = &ratio
		}
	}
}

// BlockSource says from which orderer a peer pulls the blocks of a channel.
type BlockSource struct {
	Channel string `json:"channel"`
	Peer    string `json:"peer"`
	Orderer string `json:"orderer"`
	Changed bool   `json:"changed,omitempty"` // during the level: then it pulled from others too
}
