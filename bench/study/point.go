package study

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"meterbench/bench"
	"meterbench/bench/bottleneck"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/printable"
	"meterbench/internal/proc"
)

// The limits beyond which the client, and not the target, shaped a point.
const (
	delayFloor  = 5 * time.Millisecond // schedule lag p99, or a pause, that is always tolerated
	delayShare  = 0.05                 // of the whole latency's median, tolerated where that is more
	blocksLimit = 20                   // fewest blocks for a steady throughput
)

// The use of a processor beyond which a process is no longer held to its cap, as when it was moved it out of its
// control group: this many times the cap, and cores more for what a period and a sample at the window's ends may add.
const (
	capFactor = 1.2
	capSlack  = 0.05
)

// phaseSpans is into about how many spans a phase is divided where it is long.
const phaseSpans = 200

// point turns what was measured at a level into its Point. workers are those that made its load, if it was not this process.
func (s *session) point(l level, m bench.Result, workers []WorkerLevel, w *result.Window, usage proc.Series) result.Point {
	p := result.Point{
		Series: l.series.Name, Repetition: l.repetition, Valid: true, Reasons: []string{}, Factors: l.series.Factors,
		Conditions: s.conditions(l), Load: l.load,
		Window: w.Length().Seconds(), Throughput: w.Throughput(),
		Scheduled: w.Scheduled(), Outcomes: w.Counts.Map(),
		Latency: map[string]stats.Quantiles{}, Intervals: map[string]stats.Interval{},
		CPU: map[string]float64{}, Roles: map[string]result.Role{}, RSS: map[string]float64{},
		BytesMean: w.BytesMean, Blocks: w.Blocks,
		Sign: stats.Median(s.pace), // until the session is over
		GC:   &result.GC{Cycles: m.GC.Cycles, PauseTotal: m.GC.PauseTotal.Seconds(), PauseMax: m.GC.PauseMax.Seconds()},
	}
	if group := l.series.Group; group != "" {
		p.Phase = &result.LoadPhase{Group: group, Start: l.series.Start.Seconds(), From: w.From.Seconds(), Hold: l.series.Load.Hold.Seconds()}
		// Commits come block by block: no finer than a block's time, and no more than a figure can show.
		timeout := time.Duration(math.Round(s.facts.Conditions.BatchTimeout * float64(time.Second)))
		bins := max(int(max(time.Second, timeout)/w.Bin), len(w.Commits)/phaseSpans, 1)
		p.Phase.Bin, p.Phase.Rates = (w.Bin * time.Duration(bins)).Seconds(), w.Rates(bins)
	}
	p.Answered = w.Answered()
	s.distribute(&p, w)
	from, to := usage.Nearest(m.Epoch.Add(w.From)), usage.Nearest(m.Epoch.Add(w.To))
	p.Throttled, p.Elsewhere = usage.Throttled(from, to), usage.Elsewhere(from, to)
	if cores, rss, ok := usage.Between(from, to); ok {
		p.CPU = cores
		used := cores[proc.Client]
		if here, elsewhere, ok := clientCores(workers, w.From, w.To); ok {
			used = here + elsewhere
			setClient(&p, here, elsewhere)
		}
		for _, one := range append(result.Processes(), s.facts.Processes...) {
			if _, ok := cores[one.Name]; ok {
				p.Roles[one.Name] = one.Role
			}
		}
		for name, bytes := range rss {
			p.RSS[name] = float64(bytes)
		}
		if p.Throughput > 0 && p.Phase == nil && !p.Mixed() {
			p.ClientCPU = used / p.Throughput
			p.ClientCPUInSignatures = p.ClientCPU / p.Sign
		}
	}
	p.Threads, p.DiskWait, p.DiskPressure = usage.BusiestThread(from, to), usage.DiskWait(from, to), usage.DiskPressure(from, to)
	p.Strangers = s.strangers
	s.judge(&p, l, m, w)
	return p
}

// conditions are those under which a level is measured.
func (s *session) conditions(l level) result.Conditions {
	c := s.facts.Conditions
	if d, ok := as[Describer](s.site); ok {
		d.Describe(l.series, &c)
	}
	if c.Channels == 1 {
		c.Channels = 0
	}
	c.Wait, c.Arrivals, c.Site = cmp.Or(l.series.Load.Wait, result.WaitCommit), l.series.Load.Arrivals.String(), l.series.Load.Site
	if s.facts.Target != result.TargetReference && s.facts.Target != result.TargetAlone {
		c.Driver = cmp.Or(l.series.Load.Driver, result.DriverWire)
	}
	c.Failover = l.series.Load.Failover
	if l.series.Mix == nil {
		c.Meters = l.series.Workload.Meters
		l.series.Workload.Options.Describe(&c)
		return c
	}
	c.Workload, c.Verify, c.Query = result.Mix, true, true
	writes := 0                         // parts that are to be committed
	for i, part := range l.series.Mix { // what they have in common, and all of it in words
		var own result.Conditions
		part.Options.Describe(&own)
		if i == 0 {
			c.Length, c.Interval = own.Length, own.Interval
		} else {
			c.Mix += ", "
		}
		c.Mix += part.String()
		c.Meters += part.Meters + own.Meters
		c.Query = c.Query && own.Query
		if !own.Query {
			if writes++; writes == 1 {
				c.Keys, c.Size = own.Keys, own.Size
			} else {
				c.Keys, c.Size = 0, 0 // which transactions then share keys is not known
			}
		}
		c.Verify = c.Verify && own.Verify
		if own.Length != c.Length {
			c.Length = 0
		}
		if own.Interval != c.Interval {
			c.Interval = 0
		}
	}
	return c
}

// judge says whether the instrument did its part, and what to know before quoting the point.
func (s *session) judge(p *result.Point, l level, m bench.Result, w *result.Window) {
	invalid := func(format string, args ...any) {
		p.Valid = false
		p.Reasons = append(p.Reasons, fmt.Sprintf(format, args...))
	}
	limit := tolerated(p)
	if name, lag := highest(p.ScheduleLag); m.Crowded {
		s.flag(p, result.Crowded, "", "clients waited for some of their %d outstanding transactions to end: more was acknowledged than committed",
			bench.DefaultOutstanding)
	} else if lag > limit {
		invalid("the client was late: schedule lag %s %.1f ms, more than %.1f ms", name, lag*1e3, limit*1e3)
	}
	if pause := m.GC.PauseMax.Seconds(); pause > limit {
		invalid("garbage collection stopped the client for %.1f ms, more than %.1f ms", pause*1e3, limit*1e3)
	}
	if w.Stalls > 0 {
		invalid("recording waited for the disk %d times", w.Stalls)
	}
	if w.Refused != nil {
		invalid("latencies are missing: %v", w.Refused)
	}
	for _, node := range slices.Sorted(maps.Keys(p.CPU)) {
		if most := p.Cap(node).CPUs; most > 0 && p.CPU[node] > capFactor*most+capSlack {
			invalid("%s used %.2f cores, more than its cap of %g: it is not held to it any more", node, p.CPU[node], most)
		}
	}
	switch hold := l.series.Load.Hold; {
	case m.Exhausted != nil:
		s.flag(p, result.Exhausted, fmt.Sprintf("after %.3g s of %.3g s", m.Held.Seconds(), hold.Seconds()), "the level is shorter than planned: %v", m.Exhausted)
	case m.Held < hold:
		s.flag(p, result.Shortened, "", "the level was interrupted and is shorter than planned")
	case m.Partial:
		s.flag(p, result.Shortened, "", "the level was interrupted after its hold, when its last transactions were under way")
	}
	if cores := s.manifest.Host.Offered(); bottleneck.Full(p.CPU, cores) { // stolen time included, which no process here could have
		evidence := bottleneck.Evidence{Point: *p, Cores: cores}
		with := ""
		if len(p.Strangers) > 0 { // by name, so that one that comes again and again is one warning
			with = ", outside of the run most with " + printable.Line(p.Strangers[0].Name)
		}
		s.flag(p, result.HostFull, evidence.Crowd(),
			"the host was full%s: latencies include waiting for a processor, and are those of this machine", with)
	}
	if p.Throughput > 0 && w.Blocks < blocksLimit {
		s.flag(p, result.FewBlocks, "", "the window holds fewer than %d blocks: hold longer for a steady throughput", blocksLimit)
	}
	// Not a fault of the client: the target did not give the slots back in time.
	if n := w.Counts[result.Dropped]; n > 0 {
		s.flag(p, result.SomeDropped, fmt.Sprintf("%d of %d, %d slots", n, p.Scheduled, l.load.Slots),
			"transactions were dropped: they were due when all slots were taken")
	}
	for _, f := range m.Failures {
		if f.Outcome != result.Interrupted {
			failed := result.Warning{Code: result.TransactionsFailed, Text: fmt.Sprintf("%d x %s: %s", f.Count, f.Outcome, f.Text)}
			p.Notices = append(p.Notices, failed)
			failed.Where = []string{l.String()}
			s.add(failed)
		}
	}
}

// highest returns the highest quantile up to p99 that there are enough samples for, 0 where there are too few
// for any. Where that is too late, so is the p99.
func highest(q stats.Quantiles) (name string, value float64) {
	switch {
	case q.P99 != nil:
		return "p99", *q.P99
	case q.P95 != nil:
		return "p95", *q.P95
	case q.P50 != nil:
		return "p50", *q.P50
	}
	return "", 0
}

// flag adds a warning to a point, with its figures in brackets where there are any, and to the run's own list
// without them.
func (s *study) flag(p *result.Point, code stats.Code, figures, format string, args ...any) {
	text := sentence(fmt.Sprintf(format, args...))
	s.note(place(p.Series, p.Load), code, text)
	if figures != "" {
		text = fmt.Sprintf("%s (%s)", text, figures)
	}
	p.Notices = append(p.Notices, result.Warning{Code: code, Text: text})
}

// note keeps a warning for the end of the run's own list, where those of one text become one with all the
// points, or series, that they concern.
func (s *study) note(where string, code stats.Code, text string) {
	text = sentence(text)
	at := slices.IndexFunc(s.notes, func(w result.Warning) bool { return w.Text == text })
	if at < 0 {
		at = len(s.notes)
		s.notes = append(s.notes, result.Warning{Code: code, Text: text})
	}
	if note := &s.notes[at]; !slices.Contains(note.Where, where) { // of another repetition
		note.Where = append(note.Where, where)
		s.tell()
	}
}

// warn adds a warning about the run to its list.
func (s *study) warn(code stats.Code, format string, args ...any) {
	s.add(result.Warning{Code: code, Text: fmt.Sprintf(format, args...)})
}

// add adds a warning to the run's list, once. What is left on a ledger is told anew with each network, for all until then.
func (s *study) add(w result.Warning) {
	w.Text = sentence(w.Text)
	if w.Code == result.LeftOnLedger {
		s.summary.Notices = slices.DeleteFunc(s.summary.Notices, func(o result.Warning) bool { return o.Code == w.Code })
	}
	if !slices.ContainsFunc(s.summary.Notices, func(o result.Warning) bool { return o.String() == w.String() }) {
		s.summary.Notices = append(s.summary.Notices, w)
		s.tell()
	}
}

// sentence returns a text that may quote errors as a line in plain English.
func sentence(text string) string { return printable.Plain(strings.ReplaceAll(text, "\n", "; ")) }

// place names a load level of a series.
func place(series string, load result.Load) string { return fmt.Sprintf("%s at %s", series, load) }
