package result

import "meterbench/bench/stats"

// SitePoint is what the clients of one site saw within the window of a Point. Scheduled and Outcomes of all sites of a point
// add up to those of the point.
type SitePoint struct {
	Site      string            `json:"site"`      // empty: transactions that no gateway took, of clients that stand at no site in particular
	Scheduled uint64            `json:"scheduled"` // intended within the window
	Outcomes  map[string]uint64 `json:"outcomes"`  // sums to Scheduled
	// Latency is the time from intended to committed of the valid ones, or where the point has none to answered of the answered ones.
	Latency stats.Quantiles `json:"latency_s"`
	// Intervals are those of Latency, by mean, p50, p95 and p99, where the window has enough for them.
	Intervals map[string]stats.Interval `json:"intervals"`
}

// siteName returns the name of a site by its number, from 1; it is empty for 0 and for a number that there is not.
func siteName(names []string, number uint16) string {
	if number == 0 || int(number) > len(names) {
		return ""
	}
	return names[number-1]
}
