package result

// Keys of rates in a Point, and of their intervals.
const (
	ThroughputKey = "throughput_per_s"
	AnsweredKey   = "answered_per_s"
	// CompletedKey is the sum of both, of a mix of queries and of what is to be committed.
	CompletedKey = "completed_per_s"
)

// Commits reports whether the transactions that were measured under the conditions are to be committed. Those of other
// points end with an answer, and so do the queries of a mix.
func (c *Conditions) Commits() bool { return c.Wait != WaitEndorse }

// Mixed reports whether the point is of a mix of queries and of what is to be committed.
func (p *Point) Mixed() bool { return p.Conditions.Commits() && p.Answered > 0 }

// Rate returns the transactions that ended well per second of the window: valid commits, answers where nothing is to
// be committed, or both of a mix.
func (p *Point) Rate() float64 { return p.Throughput + p.Answered }

// RateKey returns the key of the interval of Rate in the point.
func (p *Point) RateKey() string {
	switch {
	case p.Mixed():
		return CompletedKey
	case p.Conditions.Commits():
		return ThroughputKey
	}
	return AnsweredKey
}

// Succeeded returns the number of transactions of the window that ended well.
func (p *Point) Succeeded() uint64 {
	return succeeded(p.Outcomes)
}

// Succeeded is that of a Point, of the site's clients.
func (s *SitePoint) Succeeded() uint64 { return succeeded(s.Outcomes) }

func succeeded(outcomes map[string]uint64) uint64 {
	return outcomes[Valid.String()] + outcomes[Confirmed.String()] + outcomes[Answered.String()]
}

// Whole returns the part that is the whole latency of a transaction that ended well, from its intended start.
func (c *Conditions) Whole() Part {
	if c.Commits() {
		return PartCommit
	}
	return PartAnswer
}

// answer fills in what runs of older versions lack of transactions that are only answered: their latency, and their
// rate, taken by when they were intended instead of by when they ended.
func (p *Point) answer() {
	answered := Answered.String()
	if p.Conditions.Commits() || p.Answered > 0 || p.Outcomes[answered] == 0 || !(p.Window > 0) {
		return
	}
	p.Answered = float64(p.Outcomes[answered]) / p.Window
	if q, stored := p.LatencyByOutcome[answered]; stored && p.Latency != nil {
		p.Latency[PartAnswer.String()] = q
	}
}
