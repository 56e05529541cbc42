package study

import (
	"math"
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// The spans by which the aftermath of events is counted.
const (
	finestSpan = 10 * time.Millisecond
	mostSpans  = 1 << 16
)

// leastSpan and spanTimers are the shortest span over which a throughput is compared: leastSpan, and as many batch timers.
const (
	leastSpan  = time.Second
	spanTimers = 2
)

// An aftermath sees every transaction of a level with events, and says how the level came back from them. The nil one sees
// nothing. One goroutine at a time may use it.
type aftermath struct {
	*disturbance
	hold    time.Duration
	span    time.Duration // of counts
	commits []float64     // valid commits, or answers, of the whole load by span
	ends    map[outcomeAt][]uint32
	waits   waits
	warm    time.Duration // when the warm-up ends
	before  *blockLog     // until the first event that harms
	largest float64       // most commits of a block in it

	next  []nextCommit           // by harm
	edges []map[outcomeAt]uint64 // by harm: ends of what was intended after it in the span that it divides
}

// outcomeAt is an outcome at a site, 0 for none.
type outcomeAt struct {
	site    uint16
	outcome result.Outcome
}

// nextCommit are the first commits of transactions that were intended after an event, by site.
type nextCommit map[uint16]time.Duration

// newAftermath returns the aftermath of a level whose warm-up ends at from.
func (d *disturbance) newAftermath(l level, from time.Duration) *aftermath {
	if d == nil {
		return nil
	}
	a := &aftermath{disturbance: d, hold: l.end(), span: max(finestSpan, l.end()/mostSpans), ends: map[outcomeAt][]uint32{}}
	a.commits, a.warm = make([]float64, a.spans()), from
	a.waits = waits{make([]time.Duration, a.spans()), make([]uint64, a.spans())}
	to := l.end()
	for _, e := range slices.Backward(d.planned) {
		if e.Kind.Harms() {
			to = e.At
		}
	}
	a.before = newBlockLog(min(from, to), to)
	return a
}

func (a *aftermath) spans() int { return int((a.hold + a.span - 1) / a.span) }

// index returns the span of an instant; ok is false after the load.
func (a *aftermath) index(at time.Duration) (i int, ok bool) {
	return int(at / a.span), at >= 0 && at < a.hold
}

// add adds a transaction, the n-th of its level.
func (a *aftermath) add(r *result.Record, n uint64) {
	if a == nil {
		return
	}
	if i, ok := a.index(r.Intended); ok {
		key := outcomeAt{r.Site, r.Outcome}
		if a.ends[key] == nil {
			a.ends[key] = make([]uint32, a.spans())
		}
		a.ends[key][i]++
		a.edge(r.Intended, key)
	}
	done := result.NotReached
	switch r.Outcome {
	case result.Valid:
		done = r.Committed
	case result.Answered:
		done = r.Endorsed
	}
	if done == result.NotReached {
		return
	}
	a.before.add(r, n)
	if i, ok := a.index(done); ok {
		a.commits[i]++
	}
	if i, ok := a.index(r.Intended); ok {
		a.waits.sum[i] += done - r.Intended
		a.waits.count[i]++
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, h := range a.harmed {
		if i == len(a.next) {
			a.next = append(a.next, nextCommit{})
		}
		if at := h.at.Sub(a.epoch); r.Intended >= at {
			if first, ok := a.next[i][r.Site]; !ok || done < first {
				a.next[i][r.Site] = done
			}
		}
	}
}

// edge counts an end of what was intended at an instant within the load where it shares a span with the begin of an event that
// harms, and is not before it.
func (a *aftermath) edge(intended time.Duration, key outcomeAt) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, h := range a.harmed {
		if i == len(a.edges) {
			a.edges = append(a.edges, map[outcomeAt]uint64{})
		}
		if at := h.at.Sub(a.epoch); intended >= at && intended/a.span == at/a.span {
			a.edges[i][key]++
		}
	}
}

// recoveries returns how the level came back from every event that harmed. timeout is the batch timer; changing says that
// the load changes by itself.
func (a *aftermath) recoveries(events []result.Event, held, timeout time.Duration, changing bool, sites []string) (all []result.Recovery) {
	if a == nil {
		return nil
	}
	var harmful []int // indexes of events
	for i, e := range events {
		if e.Kind.Harms() {
			harmful = append(harmful, i)
		}
	}
	end := min(a.hold, held)
	for n, i := range harmful {
		at := seconds(events[i].At)
		r := result.Recovery{Event: i, Observed: max(0, (end - at).Seconds()), Outcomes: map[string]uint64{}}
		if events[i].Failed == "" && at < end {
			if !changing {
				a.fullRate(&r, at, harmless(events, harmful[n+1:], end), timeout)
			}
			a.complete(&r, n, at, end, sites)
			all = append(all, r)
		}
	}
	return all
}

// harmless returns where the stretches end in which a level may recover: at each later event that harms, and at the end.
func harmless(events []result.Event, later []int, end time.Duration) (all []time.Duration) {
	for _, i := range later {
		if at := seconds(events[i].At); at < end && events[i].Failed == "" {
			all = append(all, at)
		}
	}
	return append(all, end)
}

// fullRate says from when on throughput is at that before the first event that harms: in the time until the next such event,
// or else, as that of both, until the one after it.
func (a *aftermath) fullRate(r *result.Recovery, at time.Duration, ends []time.Duration, timeout time.Duration) {
	rate, interval := a.rateBefore()
	if interval == nil {
		return
	}
	r.Before, r.BeforeInterval = rate, interval
	before := stats.Before{Rate: rate, Interval: *interval, Length: (a.before.to - a.before.from).Seconds(), Block: a.largest}
	shortest := max(leastSpan, spanTimers*timeout).Seconds()
	for _, end := range ends {
		y, ok := before.Yardstick(shortest, (end - at).Seconds())
		if !ok {
			continue
		}
		r.Span, r.Least = y.Longest().Span, y.Longest().Least
		first, last := int(at/a.span), min(int(end/a.span), len(a.commits))
		if after, ok := y.Recovered(a.commits[first:last], a.span.Seconds()); ok {
			after = max(0, (time.Duration(first)*a.span - at + seconds(after)).Seconds()) // of the event, which divides a span
			r.FullRate = &after
			return
		}
	}
}

// rateBefore returns the throughput until the first event that harms, with its interval; nil where too little was seen.
func (a *aftermath) rateBefore() (rate float64, interval *stats.Interval) {
	sorted := a.before.sorted()
	commits := 0.0
	for _, c := range sorted {
		if c.first >= a.before.from && c.last < a.before.to {
			commits += c.commits
			a.largest = max(a.largest, c.commits)
		}
	}
	if commits == 0 {
		return 0, nil
	}
	interval, _ = a.before.rates(sorted).Ratio(math.MaxInt)
	return commits / (a.before.to - a.before.from).Seconds(), interval
}

// complete adds what became of the transactions until the full rate, or until the end, and the first commits.
func (a *aftermath) complete(r *result.Recovery, harm int, at, end time.Duration, sites []string) {
	first, last := int(at/a.span)+1, int((end+a.span-1)/a.span)
	if r.FullRate != nil {
		last = int((at + seconds(*r.FullRate)) / a.span)
	}
	by := make([]result.SiteRecovery, len(sites)+1) // 0: no site
	for i := range by {
		by[i].Outcomes = map[string]uint64{}
	}
	for key, counts := range a.ends {
		n := uint64(0)
		if first <= last {
			if harm < len(a.edges) {
				n = a.edges[harm][key]
			}
			for _, c := range counts[first:last] {
				n += uint64(c)
			}
		}
		if n > 0 {
			r.Outcomes[key.outcome.String()] += n
			by[key.site].Outcomes[key.outcome.String()] += n
		}
	}
	if harm < len(a.next) {
		for site, commit := range a.next[harm] {
			after := (commit - at).Seconds()
			by[site].NextCommit = &after
			if r.NextCommit == nil || after < *r.NextCommit {
				r.NextCommit = &after
			}
		}
	}
	for i, name := range sites {
		by[i+1].Site = name
		if one := by[i+1]; one.NextCommit != nil || len(one.Outcomes) > 0 {
			r.Sites = append(r.Sites, one)
		}
	}
}

func seconds(s float64) time.Duration { return time.Duration(math.Round(s * float64(time.Second))) }
