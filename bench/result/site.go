package result

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/stats"
)

// SitePoint is what the clients of one site saw within the window of a Point. Scheduled and Outcomes of all sites of a point
// add up to those of the point.
type SitePoint struct {
	Site      string            `json:"site"`      // empty: transactions that no gateway took, of clients that stand at no site in particular
	Scheduled uint64            `json:"scheduled"` // intended within the window
	Outcomes  map[string]uint64 `json:"outcomes"`  // sums to Scheduled
	// Latency is the time from intended to committed of the valid ones, or where the point has none to answered of the answered ones.
	Latency stats.Quantiles `json:"latency_s"`
	// Intervals are those of Latency, by SiteMean, SiteP50, SiteP95 and SiteP99, where the window has enough for them.
	Intervals map[string]stats.Interval `json:"intervals"`
}

// The keys of SitePoint.Intervals.
const (
	SiteMean = "mean"
	SiteP50  = "p50"
	SiteP95  = "p95"
	SiteP99  = "p99"
)

// siteName returns the name of a site by its number, from 1; it is empty for 0 and for a number that there is not.
func siteName(names []string, number uint16) string {
	if number == 0 || int(number) > len(names) {
		return ""
	}
	return names[number-1]
}

// A siteWindow is the part of a Window that is one site's. Its histograms are nil where nothing was measured.
type siteWindow struct {
	counts   Counts
	commits  *hdrhistogram.Histogram // PartCommit of the valid ones
	answered *hdrhistogram.Histogram // PartAnswer of the answered ones
}

// site returns the part of a site by its number.
func (w *Window) site(number uint16) *siteWindow {
	if missing := int(number) + 1 - len(w.sites); missing > 0 {
		w.sites = append(w.sites, make([]siteWindow, missing)...)
	}
	return &w.sites[number]
}

// add counts a transaction of the window.
func (s *siteWindow) add(w *Window, r *Record) {
	s.counts[r.Outcome]++
	if r.Site == 0 {
		return // no gateway took it, or the target has no sites
	}
	to, part := &s.commits, PartCommit
	switch r.Outcome {
	case Answered:
		to, part = &s.answered, PartAnswer
	case Valid:
	default:
		return
	}
	if d, ok := r.Span(part); ok && int64(d) <= histogramHighest {
		if *to == nil {
			*to = newHistogram()
		}
		_ = (*to).RecordValue(int64(d)) // what it cannot hold is reported for the whole window
	}
}

// Sites returns what the clients of each site saw, with the quantiles of percents, in the order of the sites' names. Those of
// which nothing was scheduled are left out. It is nil where the target has no sites.
func (w *Window) Sites(names []string, percents []float64) (all []SitePoint) {
	if len(names) == 0 {
		return nil
	}
	for i := range w.sites {
		number := (i + 1) % len(w.sites) // 0 comes last
		s := w.sites[number]
		if s.counts.Total() == 0 {
			continue
		}
		p := SitePoint{Site: siteName(names, uint16(number)), Scheduled: s.counts.Total(), Outcomes: s.counts.Map(), Intervals: map[string]stats.Interval{}}
		h := s.commits
		if w.Counts[Valid] == 0 {
			h = s.answered
		}
		if h != nil {
			p.Latency = stats.Summarize(h, time.Nanosecond.Seconds(), percents...)
		}
		all = append(all, p)
	}
	return all
}

// checkSites reports where a point's sites do not add up to it.
func (p *Point) checkSites() error {
	if len(p.Sites) == 0 {
		return nil
	}
	var scheduled uint64
	outcomes := map[string]uint64{}
	for _, s := range p.Sites {
		var sum uint64
		for name, n := range s.Outcomes {
			if outcomes[name] += n; n > p.Outcomes[name] {
				return fmt.Errorf("site %q has %d of outcome %q, and all together have %d", s.Site, n, name, p.Outcomes[name])
			}
			sum += n
		}
		if sum != s.Scheduled {
			return fmt.Errorf("site %q: the outcome classes sum to %d, but %d transactions were scheduled", s.Site, sum, s.Scheduled)
		}
		scheduled += sum
	}
	if scheduled != p.Scheduled {
		return fmt.Errorf("its sites have %d transactions, but %d were scheduled", scheduled, p.Scheduled)
	}
	for name, n := range p.Outcomes {
		if outcomes[name] != n {
			return fmt.Errorf("its sites have %d of outcome %q, but it has %d", outcomes[name], name, n)
		}
	}
	return nil
}
