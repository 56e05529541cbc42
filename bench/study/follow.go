package study

import (
	"slices"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
)

// Follower is an Observer that wants to know more than a status line shows. Only where there is one is it gathered: who
// spends what on which blocks, and when.
type Follower interface {
	Observer
	// Network says what the levels to come are measured on. It is called when a network is up, and again when its series are
	// prepared.
	Network(Facts)
	// Level announces a load level that begins. Live.Now and what follows from it are empty.
	Level(Live)
	// Event reports what is done on purpose to the network: when it has begun, and again when it is over. Both come with the
	// next Live, or after the level.
	Event(e result.Event, over bool)
	// Warnings has all warnings until now, whenever there is a new one.
	Warnings([]result.Warning)
	// Results has the points and saturations that are known so far: after every level, and at the end. It belongs to the study.
	Results(result.Summary)
}

// Observers returns an Observer that is all of some, in their order. It is a Follower if one of them is.
func Observers(all ...Observer) Observer {
	var following []Follower
	for _, o := range all {
		if f, ok := o.(Follower); ok {
			following = append(following, f)
		}
	}
	if following == nil {
		return observers(all)
	}
	return followers{observers(all), following}
}

type observers []Observer

func (all observers) Step(text string) {
	for _, o := range all {
		o.Step(text)
	}
}

func (all observers) Working(text string) {
	for _, o := range all {
		o.Working(text)
	}
}

func (all observers) Live(l Live) {
	for _, o := range all {
		o.Live(l)
	}
}

func (all observers) Point(p result.Point) {
	for _, o := range all {
		o.Point(p)
	}
}

type followers struct {
	observers
	all []Follower
}

func (f followers) Network(facts Facts) {
	for _, one := range f.all {
		one.Network(facts)
	}
}

func (f followers) Level(l Live) {
	for _, one := range f.all {
		one.Level(l)
	}
}

func (f followers) Event(e result.Event, over bool) {
	for _, one := range f.all {
		one.Event(e, over)
	}
}

func (f followers) Warnings(all []result.Warning) {
	for _, one := range f.all {
		one.Warnings(all)
	}
}

func (f followers) Results(s result.Summary) {
	for _, one := range f.all {
		one.Results(s)
	}
}

// A Teller is a Site that tells of blocks while a level is under way.
type Teller interface {
	// NewBlocks returns the blocks that have become known since it was last called, those of a channel in order; at the first
	// call none. It does not wait, and Tracer.Blocks returns all the same afterwards.
	NewBlocks() []Block
}

// Block is a block of which a peer has said that it is committed.
type Block struct {
	Channel      string // empty: the target has no names for them
	Number       uint64
	Transactions int
	At           time.Time        // when it was cut, or, where that is not known, when the peer had committed it
	Reason       result.CutReason // as far as it is known by now
}

// tell tells the follower of all warnings.
func (s *study) tell() {
	if s.follower != nil {
		s.follower.Warnings(slices.Concat(s.summary.Notices, s.notes))
	}
}

// watchTurn returns what is to be known of the turn under way: with a follower also how late transactions start. rest tells the
// follower, once the load is over, of the blocks that have become known since.
func (s *session) watchTurn(t turn, m *meter, epoch *time.Time, sinks []*result.Level) (watch bench.Watch, rest func()) {
	var last Live
	watch = bench.Watch{Lag: s.follower != nil, Live: func(now bench.Live) {
		last = s.live(t, now, m)
		if s.follower != nil {
			last.Begun, last.CPU, last.Usage, last.Blocks = *epoch, m.cores(), m.newest(), s.newBlocks()
			s.tellEvents()
		}
		s.Observer.Live(last)
		if s.Records != nil {
			for _, sink := range sinks {
				sink.Flush()
			}
		}
	}}
	return watch, func() {
		if s.follower == nil {
			return
		}
		if last.Blocks = s.newBlocks(); last.Blocks != nil {
			s.Observer.Live(last)
		}
	}
}

// newBlocks returns the blocks since it was last called, as far as the site tells.
func (s *session) newBlocks() []Block {
	if teller, ok := as[Teller](s.site); ok {
		return teller.NewBlocks()
	}
	return nil
}

// tellEvents tells the follower what has been done, and is being done, since it was last called.
func (s *session) tellEvents() {
	if s.follower == nil {
		return
	}
	for _, e := range s.events.news() {
		s.follower.Event(e.Event, e.over)
	}
}

// network tells the follower of a network.
func (s *study) network(facts Facts) {
	if s.follower != nil {
		s.follower.Network(facts)
	}
}

// results tells the follower what is known so far.
func (s *study) results(known result.Summary) {
	if s.follower != nil {
		s.follower.Results(known)
	}
}
