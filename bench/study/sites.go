package study

import (
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
)

// siteNumber returns the number of the site where the clients of a series stand, from 1, and 0 where they stand at none in
// particular.
func (s *session) siteNumber(series scenario.Series) uint16 { return s.numberOf(series.Load.Site) }

// numberOf returns the number of a site by its name, from 1, and 0 where there is none of that name.
func (s *session) numberOf(site string) uint16 { return uint16(slices.Index(s.facts.Sites, site) + 1) }

// siteLogs add up a level's transactions by site, for the intervals of its latencies.
type siteLogs map[uint16]*siteLog

type siteLog struct {
	*blockLog
	n uint64 // transactions; the sequence numbers of a site's may all be odd
}

// add adds a transaction that ended well, of a level with a window from one instant to another.
func (s *siteLogs) add(r *result.Record, from, to time.Duration) {
	if r.Site == 0 {
		return
	}
	of := (*s)[r.Site]
	if of == nil {
		if *s == nil {
			*s = siteLogs{}
		}
		of = &siteLog{blockLog: newBlockLog(from, to)}
		of.share = siteShare
		(*s)[r.Site] = of
	}
	of.blockLog.add(r, of.n)
	of.n++
}

// siteIntervals gives the latencies of a point's sites their intervals, as those of the point have theirs.
func (s *session) siteIntervals(p *result.Point, l level, logs siteLogs) {
	if l.changing() {
		return
	}
	part := result.PartCommit
	if p.Outcomes[result.Valid.String()] == 0 {
		part = result.PartAnswer
	}
	at := slices.Index(timedParts[:], part)
	for i := range p.Sites {
		site := &p.Sites[i]
		log := logs[s.numberOf(site.Site)]
		if log == nil || site.Latency.N == 0 {
			continue
		}
		give := func(key string, figure float64) func(*stats.Interval, *stats.Warning) {
			return func(interval *stats.Interval, _ *stats.Warning) {
				if interval != nil {
					interval.Low, interval.High = max(0, min(interval.Low, figure)), max(interval.High, figure)
					site.Intervals[key] = *interval
				}
			}
		}
		units := int(site.Latency.N)
		if p.Load.Clients > 0 { // rounds, of one transaction of each client
			units = int(p.Latency[part.String()].N) / p.Load.Clients
		}
		sorted := log.sorted()
		of, values := log.latencies(sorted, at), log.wholes(sorted, at)
		give(result.SiteMean, site.Latency.Mean)(of.Mean(units))
		for _, t := range timedQuantiles {
			if value := t.of(site.Latency); value != nil {
				give(t.name, *value)(of.Quantile(values, t.share, units))
			}
		}
	}
}
