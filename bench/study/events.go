package study

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/alarm"
	"meterbench/internal/printable"
)

// restoring bounds the time in which the network is made whole after a level.
const restoring = time.Minute

// signOfLife is how long before an event that makes a process hang the process, or a channel, may last have shown that it
// worked.
const signOfLife = 5 * time.Second

// errNotDisturbable is why events cannot be done to a site that is no Disturber.
var errNotDisturbable = errors.New("nothing can be done on purpose to this target")

// A disturbance does the events of a level, and knows what they have caused. The nil one does nothing.
type disturbance struct {
	site    Disturber
	clock   alarm.Clock
	planned []scenario.Event
	judge   func(result.Incident) // of incidents that came while an event was being done

	epoch time.Time
	stop  chan struct{}
	over  chan struct{} // closed when no event is being done any more

	mu      sync.Mutex
	done    []result.Event
	harmed  []harm // in the order of their events
	joins   []period
	acting  bool
	waiting []result.Incident // that came meanwhile
	fresh   []toldEvent       // that nobody was told of yet
}

// A toldEvent is an event that has begun, or is over.
type toldEvent struct {
	result.Event
	over bool
}

// A harm is what one event did, until another one takes it back.
type harm struct {
	scenario.Event
	nodes    []string  // that it was done to
	at       time.Time // when it began
	restored time.Time // zero: not yet
	ended    []string  // of the nodes, those that ended as there was no room
}

// A period is when an organisation joined, in which the others may be late: they make a snapshot and hand out blocks.
type period struct{ from, to time.Time }

// newDisturbance returns the disturbance of a session, nil where it has no events.
func newDisturbance(site Site, clock alarm.Clock, planned []scenario.Event, judge func(result.Incident)) (*disturbance, error) {
	if len(planned) == 0 {
		return nil, nil
	}
	d, ok := as[Disturber](site)
	if !ok {
		return nil, errNotDisturbable
	}
	return &disturbance{site: d, clock: clock, planned: planned, judge: judge, stop: make(chan struct{}), over: make(chan struct{})}, nil
}

// begin does the events, each at its time since the epoch, or as soon as the one before is done.
func (d *disturbance) begin(ctx context.Context, epoch time.Time) {
	if d == nil {
		return
	}
	d.epoch = epoch
	go func() {
		defer close(d.over)
		for _, e := range d.planned {
			if !d.clock.Sleep(d.stop, time.Until(epoch.Add(e.At))) || ctx.Err() != nil {
				return
			}
			d.act(ctx, e)
		}
	}()
}

// end keeps further events from being done and returns those that were.
func (d *disturbance) end() []result.Event {
	if d == nil || d.epoch.IsZero() { // the level did not start
		return nil
	}
	close(d.stop)
	<-d.over
	return d.done
}

// act does an event and notes it.
func (d *disturbance) act(ctx context.Context, e scenario.Event) {
	for i, one := range d.resolved(e) {
		planned := e.At
		if i > 0 { // of several leaders, one after the other
			planned = time.Since(d.epoch)
		}
		began := time.Now()
		h := d.expect(one, began)
		about := result.Event{Kind: e.Kind, Asked: e.Asked(), Details: e.Details(), Random: e.Random}
		about.Planned, about.At = planned.Seconds(), began.Sub(d.epoch).Seconds()
		d.tell(about, false)
		did, err := d.site.Disturb(ctx, one)
		about.Nodes, about.Sites, about.Steps = did.Nodes, did.Sites, did.Steps
		did = about
		did.Took = time.Since(began).Seconds()
		if err != nil {
			did.Failed, _, _ = strings.Cut(printable.Plain(err.Error()), "\n")
		}
		d.done = append(d.done, did)
		d.tell(did, true)
		d.note(one, h, did)
	}
}

// tell keeps what is to be told of an event.
func (d *disturbance) tell(e result.Event, over bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fresh = append(d.fresh, toldEvent{e, over})
}

// news returns what has begun, and what is over, since it was last called.
func (d *disturbance) news() (all []toldEvent) {
	if d == nil {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	all, d.fresh = d.fresh, nil
	return all
}

// resolved returns the events by which an event is done: those that take back what was done to leaders name them, each by
// itself, because they may have been harmed in different ways.
func (d *disturbance) resolved(e scenario.Event) []scenario.Event {
	if !e.Leader || e.Kind.Harms() {
		return []scenario.Event{e}
	}
	var all []scenario.Event
	for _, h := range d.harmed {
		if h.Leader && h.restored.IsZero() && slices.Contains(scenario.UndoneBy(h.Kind), e.Kind) {
			one := e
			one.Leader, one.Nodes = false, h.nodes
			if !slices.ContainsFunc(all, func(o scenario.Event) bool { return slices.Equal(o.Nodes, one.Nodes) }) {
				all = append(all, one)
			}
		}
	}
	if all == nil { // which the Disturber refuses, as it does not know whom
		return []scenario.Event{e}
	}
	return all
}

// expect notes, before an event is done, what it may cause. It returns its place among what was harmed, -1 if it harms nothing.
func (d *disturbance) expect(e scenario.Event, began time.Time) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.acting = true
	if !e.Kind.Harms() {
		return -1
	}
	d.harmed = append(d.harmed, harm{Event: e, nodes: e.Nodes, at: began})
	return len(d.harmed) - 1
}

// note notes what was done, and has the incidents judged that came meanwhile.
func (d *disturbance) note(e scenario.Event, at int, did result.Event) {
	d.mu.Lock()
	switch {
	case e.Organisation != "":
		d.joins = append(d.joins, period{d.epoch.Add(time.Duration(did.At * float64(time.Second))), time.Now()})
	case at >= 0 && did.Failed != "":
		d.harmed[at].restored = d.harmed[at].at // nothing to take back
	case at >= 0:
		if d.harmed[at].nodes == nil {
			for _, n := range did.Nodes {
				d.harmed[at].nodes = append(d.harmed[at].nodes, n.Name)
			}
		}
	case did.Failed == "":
		for i := range d.harmed {
			h := &d.harmed[i]
			if h.restored.IsZero() && h.undoneBy(e) {
				h.restored = time.Now()
			}
			if e.Kind == result.EventRestart {
				h.ended = slices.DeleteFunc(h.ended, func(n string) bool { return slices.Contains(e.Nodes, n) })
			}
		}
	}
	d.acting = false
	waiting := d.waiting
	d.waiting = nil
	d.mu.Unlock()
	for _, in := range waiting {
		d.judge(in)
	}
}

// undoneBy reports whether an event takes back the whole of a harm.
func (h *harm) undoneBy(e scenario.Event) bool {
	if !slices.Contains(scenario.UndoneBy(h.Kind), e.Kind) {
		return false
	}
	if h.Sites == nil {
		return len(e.Nodes) > 0 && !slices.ContainsFunc(h.nodes, func(n string) bool { return !slices.Contains(e.Nodes, n) })
	}
	// Of a site and all others, only that as a whole.
	return len(e.Sites) == 1 && slices.Contains(h.Sites, e.Sites[0]) || len(h.Sites) == 2 && len(e.Sites) == 2 &&
		slices.Contains(h.Sites, e.Sites[0]) && slices.Contains(h.Sites, e.Sites[1])
}

// restore takes back what is still harmed after the level, so that the ledger can be read.
func (d *disturbance) restore(ctx context.Context) error {
	if d == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), restoring)
	defer cancel()
	var failed error
	for _, e := range d.remedies() {
		i := d.expect(e, time.Now())
		did, err := d.site.Disturb(ctx, e)
		if err != nil {
			did.Failed = sentence(err.Error())
			failed = errors.Join(failed, err)
		}
		d.note(e, i, did)
	}
	return failed
}

// remedies returns the events that take back what is still harmed: first they restart what was killed or stopped, which the
// others may need, and in the end what stopped by itself for want of room.
func (d *disturbance) remedies() (all []scenario.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	add := func(e scenario.Event) {
		same := func(o scenario.Event) bool {
			return o.Kind == e.Kind && slices.Equal(o.Nodes, e.Nodes) && slices.Equal(o.Sites, e.Sites)
		}
		if (e.Nodes != nil || e.Sites != nil) && !slices.ContainsFunc(all, same) {
			all = append(all, e)
		}
	}
	for _, kind := range []result.EventKind{result.EventRestart, result.EventHeal} {
		for _, h := range d.harmed {
			if h.restored.IsZero() && scenario.UndoneBy(h.Kind)[0] == kind {
				add(scenario.Event{Kind: kind, Nodes: h.nodes, Sites: h.Sites})
			}
		}
	}
	for _, h := range d.harmed {
		add(scenario.Event{Kind: result.EventRestart, Nodes: h.ended})
	}
	return all
}

// postpone keeps an incident until the event that is being done is over, since it may name whom it befell only then.
func (d *disturbance) postpone(in result.Incident) bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.acting {
		d.waiting = append(d.waiting, in)
	}
	return d.acting
}

// caused reports whether an event is the reason for an incident: of the end of a process that was killed, until it was
// restarted, or whose folder was full; of a hang, every event that harms before it, since what waits for another process may
// be elsewhere, and an organisation that was joining when it began, unless it outlasts that.
func (d *disturbance) caused(in result.Incident) bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	joining := func(p period) bool {
		return !in.Since.Before(p.from.Add(-signOfLife)) && !in.Since.After(p.to) && !in.Until.After(p.to.Add(signOfLife))
	}
	if in.Kind == result.Hung && in.Noticed != result.NoticeState && slices.ContainsFunc(d.joins, joining) {
		return true
	}
	for i := range d.harmed {
		h := &d.harmed[i]
		switch here := slices.Contains(h.nodes, in.Name) && !in.Since.Before(h.at); {
		case in.Kind != result.Ended:
			if !in.Since.Before(h.at.Add(-signOfLife)) {
				return true
			}
		case here && h.Kind == result.EventFill:
			h.ended = append(h.ended, in.Name)
			return true
		case here && h.Kind == result.EventKill && (h.restored.IsZero() || !in.Since.After(h.restored)):
			return true
		}
	}
	return false
}
