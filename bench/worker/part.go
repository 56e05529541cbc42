package worker

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/heartbeat"
	"meterbench/internal/printable"
	"meterbench/internal/proc"
)

// A part is what one worker makes of a level.
type part struct {
	run    *run
	member *member
	share  bench.Share

	// Of the run's goroutine, by events.
	ready, held bool
	results     *results
	lost        bool
	failed      string // why the worker could not make it, in its own words

	// Of the member's receiver, and once the run is detached of the run's goroutine.
	said     struct{ ready, held, results bool }
	received []received // by load

	mu    sync.Mutex // short: of what is shown of the level under way
	live  live       // the newest
	fresh bool       // it came since the state of all was observed
	gauge *gauge     // nil: nobody watches
}

// A received counts the records of a load that came from one worker.
type received struct {
	counts, runOut result.Counts
	next           [2]uint64 // the sequence numbers after the highest of the hold, and of the run-out
}

// total returns how many came.
func (r *received) total() uint64 { return r.counts.Total() + r.runOut.Total() }

func newPart(r *run, m *member, share bench.Share, watch bench.Watch) *part {
	p := &part{run: r, member: m, share: share, received: make([]received, len(r.level.Loads))}
	if watch.Live != nil {
		p.gauge = newGauge(watch.Lag)
	}
	return p
}

// pending reports whether the worker has not ended the level.
func (p *part) pending() bool { return p.results == nil && !p.lost }

func (p *part) isFresh() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fresh
}

// order returns the level as the worker gets it.
func (p *part) order() *shift {
	s := &shift{Ahead: p.run.level.Ahead, Confined: p.run.level.Confined}
	for i, l := range p.run.level.Loads {
		l.Plan.Share = p.share
		s.Loads = append(s.Loads, load{p.run.level.Keys[i], planOf(l.Plan)})
	}
	return s
}

// take takes an event.
func (p *part) take(e event) {
	switch {
	case e.report == nil:
		p.lost = true
	case e.report.Ready != nil:
		p.ready = true
	case e.report.Held:
		p.held = true
	case e.report.Results != nil:
		if p.results = e.report.Results; len(p.results.Results) == 0 && p.results.Failed == "" {
			p.results.Failed = "it has no results"
		}
		p.failed = printable.Cut(p.results.Failed, mostText)
	}
}

// errTwice is about a worker that does not keep to the protocol.
var errTwice = errors.New("it said twice what can be said once")

// receive takes what the worker says of the level. It causes one event of each kind at most, and one that is fresh at a time, so that
// there is room for all.
func (p *part) receive(r *report, decoder *recordDecoder) error {
	once := func(said *bool) error {
		if *said {
			return errTwice
		}
		*said = true
		p.run.events <- event{p, r}
		return nil
	}
	switch {
	case r.Batch != nil:
		return p.record(r.Batch, decoder)
	case r.Live != nil:
		p.member.usage.Store(&r.Live.Usage)
		p.member.calls.Store(&r.Live.Calls)
		p.mu.Lock()
		before := p.fresh
		p.live, p.fresh = *r.Live, true
		p.mu.Unlock()
		if !before {
			p.run.events <- event{p, r}
		}
	case r.Ready != nil:
		return once(&p.said.ready)
	case r.Held:
		return once(&p.said.held)
	case r.Results != nil:
		if n := len(r.Results.Results); n != 0 && (n != len(p.received) || len(r.Results.Stalls) != n) {
			return fmt.Errorf("it has results of %d loads, of %d", n, len(p.received))
		}
		return once(&p.said.results)
	}
	return nil
}

// record hands records to the sink of their load.
func (p *part) record(b *batch, decoder *recordDecoder) error {
	if b.Load < 0 || b.Load >= len(p.received) {
		return fmt.Errorf("it sent records of load %d, of %d", b.Load, len(p.received))
	}
	records, err := decoder.decode(b.Records, uint16(p.member.Rank.Number))
	if err != nil {
		return err
	}
	load, to := p.run.level.Loads[b.Load], &p.received[b.Load]
	if sink, ok := load.Sink.(bench.AttemptSink); ok {
		for from := 0; from < len(b.Attempts); {
			n := 1
			for from+n < len(b.Attempts) && b.Attempts[from+n].Seq == b.Attempts[from].Seq && b.Attempts[from+n].Number > 1 {
				n++
			}
			sink.Attempts(b.Attempts[from : from+n])
			from += n
		}
	}
	for i := range records {
		r := &records[i]
		load.Sink.Record(*r)
		if r.Intended < load.Plan.Start+load.Plan.Hold {
			to.counts[r.Outcome]++
			to.next[0] = max(to.next[0], r.Seq+1)
		} else {
			to.runOut[r.Outcome]++
			to.next[1] = max(to.next[1], r.Seq+1)
		}
	}
	if p.gauge != nil {
		p.mu.Lock()
		p.gauge.add(records)
		p.mu.Unlock()
	}
	return nil
}

// worker returns what the worker did.
func (p *part) worker() (study.WorkerLevel, error) {
	w := study.WorkerLevel{
		Rank: p.member.Rank.Number, Host: p.member.Host, Here: p.member.here(), Share: p.share,
	}
	for _, got := range p.received {
		w.Received = append(w.Received, got.total())
	}
	switch {
	case !p.run.begun:
		w.Stalls = make([]uint64, len(p.received))
		for _, l := range p.run.level.Loads {
			w.Results = append(w.Results, bench.Result{Epoch: p.run.epoch, Partial: true, Next: l.Plan.First, Spare: l.Plan.Spare})
		}
		return w, nil
	case p.lost || p.failed != "":
		return p.missed(w), nil
	}
	r := p.results
	w.Results, w.Stalls, w.Usage, w.Clock, w.Priority = r.Results, r.Stalls, r.Usage, r.Clock, proc.Priority(printable.Cut(r.Priority, mostName))
	for i := range w.Results {
		one := &w.Results[i]
		one.Epoch = p.run.epoch
		if got := p.received[i]; one.Counts != got.counts || one.RunOut != got.runOut {
			return w, fmt.Errorf("%s says that it recorded %d transactions of %s, and %d records came: this is a fault of meterbench",
				p.member, one.Counts.Total()+one.RunOut.Total(), p.run.level.Keys[i], w.Received[i])
		}
	}
	w.Collections = r.Collections[:min(len(r.Collections), mostCollections)]
	for _, g := range r.Gaps {
		w.Gaps = append(w.Gaps, heartbeat.Gap{
			Start: p.run.epoch.Add(g.Start), End: p.run.epoch.Add(g.End), Length: g.Length, Halted: g.Halted, Suspended: g.Suspended,
		})
	}
	return w, nil
}

// missed says what is known of a worker that did not end the level: its last word, and the records that came.
func (p *part) missed(w study.WorkerLevel) study.WorkerLevel {
	why := p.failed
	if p.lost {
		why = p.member.lost().Error()
	}
	w.Lost = &study.Loss{Why: why, Until: max(0, p.live.Elapsed)}
	if p.live.Usage != (usage{}) {
		w.Usage = append(w.Usage, p.live.Usage)
	}
	w.Stalls = make([]uint64, len(p.received))
	for i, got := range p.received {
		plan := p.run.level.Loads[i].Plan
		plan.Share = p.share
		until := min(plan.Hold, max(0, w.Lost.Until-plan.Start))
		scheduled := max(got.counts.Total(), p.scheduled(plan, until, got))
		held, ranOut := p.reach(i, plan)
		w.Lost.Scheduled += scheduled
		w.Lost.Received += got.counts.Total()
		one := bench.Result{
			Epoch: p.run.epoch, Held: until, Ended: w.Lost.Until, Scheduled: got.counts.Total(), Counts: got.counts, RunOut: got.runOut, Partial: true,
			Next: max(plan.First+held, got.next[0]), Spare: plan.Spare,
		}
		if plan.Spare != 0 {
			one.Spare = max(plan.Spare+ranOut, got.next[1])
		} else {
			one.Next = max(one.Next, got.next[1])
		}
		w.Results = append(w.Results, one)
	}
	return w
}

// scheduled returns how many transactions the worker intended until an instant of a load, as far as that can be known: of an open load
// by its schedule, of a closed one by the last state, of which the clients of other loads have a part.
func (p *part) scheduled(plan bench.Plan, until time.Duration, got received) (n uint64) {
	if plan.Arrivals == nil {
		if len(p.received) > 1 {
			return got.counts.Total() + uint64(plan.Clients/max(1, p.share.Of)) // each has one at a time
		}
		return p.live.Counts.Total() + p.live.InFlight - min(got.runOut.Total(), p.live.Counts.Total())
	}
	number := 0
	for at := range plan.Arrivals.Offsets(plan.Random.Rand()) {
		if at >= until {
			break
		}
		if number%max(1, p.share.Of) == p.share.Rank {
			n++
		}
		number++
	}
	return n
}

// unheard is for how long a worker that is lost may have gone on after its last word: until its silence was noticed, and as long again as
// the last sign of life that it got lets it.
const unheard = (silent + 1 + lasting + 2) * usualBeat

// reach returns how many sequence numbers of a load, and of its run-out where that has some of its own, the worker surely has not gone
// beyond: it may have begun more than it told of. Those of arrivals are known; clients are taken to have gone on at twice the pace of the
// fastest worker.
func (p *part) reach(load int, plan bench.Plan) (held, ranOut uint64) {
	if plan.Arrivals == nil {
		told := max(p.received[load].total(), p.live.Counts.Total()+p.live.InFlight)
		most := told + uint64(2*p.run.pace()*unheard.Seconds()) + uint64(plan.Clients)
		most *= uint64(max(1, p.share.Of))
		return most, most
	}
	last := min(p.live.Elapsed, time.Since(p.run.epoch)) // whatever it told: arrivals may go on for ever
	for offset := range plan.Arrivals.Offsets(plan.Random.Rand()) {
		due := plan.Start + offset
		switch {
		case due >= last+unheard:
			return held, ranOut
		case due < plan.Start+plan.Hold || plan.Spare == 0:
			held++
		default:
			ranOut++
		}
	}
	return held, ranOut
}

// pace returns how many transactions a second the fastest worker began, as far as workers told.
func (r *run) pace() (most float64) {
	for _, p := range r.parts {
		told, took := p.live.Counts.Total()+p.live.InFlight, p.live.Elapsed
		if p.results != nil {
			told, took = 0, 0
			for _, one := range p.results.Results {
				told, took = told+one.Scheduled+one.RunOut.Total(), max(took, one.Ended)
			}
		}
		if took > 0 {
			most = max(most, float64(told)/took.Seconds())
		}
	}
	return most
}
