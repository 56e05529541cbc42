package study

import (
	"time"

	"meterbench/bench/result"
)

// A blockBook keeps what the nodes of a session reported about blocks until its ledger is read, a hundred bytes of each, and when
// its levels ran.
type blockBook struct {
	until  time.Time // blocks committed before have been asked for
	blocks map[blockID]blockTimes
	turns  []bookedTurn
}

// blockTimes are instants in nanoseconds since 1970, of the observing peer all but the first; 0: not known.
type blockTimes struct {
	cut, received, validated, committed int64
	reason                              result.CutReason
}

// A bookedTurn is what ran from one instant to another: a level, or phases together.
type bookedTurn struct {
	from, to time.Time
	levels   []bookedLevel
}

type bookedLevel struct {
	key        result.LevelKey
	start, end time.Duration // of its hold, from the turn's begin
}

// bookSlack is by how much blocks may be logged later than they are committed.
const bookSlack = time.Second

// book asks for the blocks committed since it was last asked. It is for when no load runs.
func (s *session) book() error {
	asked := time.Now()
	blocks, err := s.tracer.Blocks(s.blocks.until)
	s.bookBlocks(blocks, false)
	s.blocks.until = asked.Add(-bookSlack)
	return err
}

// bookBlocks notes blocks, or only those of which less is known.
func (s *session) bookBlocks(blocks []result.Block, all bool) {
	if s.blocks.blocks == nil {
		s.blocks.blocks = map[blockID]blockTimes{}
	}
	for i := range blocks {
		b := &blocks[i]
		t := blockTimes{cut: nanoseconds(b.Cut), reason: b.Reason}
		if p, ok := b.At(s.observer(b.Channel)); ok {
			t.received, t.validated, t.committed = nanoseconds(p.Received), nanoseconds(p.Validated), nanoseconds(p.Committed)
		}
		id := blockID{b.Channel, b.Number}
		if all || s.blocks.blocks[id].committed == 0 {
			s.blocks.blocks[id] = t
		}
	}
}

// observer returns the peer at which the blocks of a channel are observed, the first where there are several.
func (s *session) observer(channel uint16) string {
	for _, o := range s.facts.Observers {
		if o.Channel == channel {
			return o.Peer
		}
	}
	return ""
}

func nanoseconds(at time.Time) int64 {
	if at.IsZero() {
		return 0
	}
	return at.UnixNano()
}

func instantOf(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns)
}

// bookTurn notes a turn that is over.
func (s *session) bookTurn(t turn, epoch time.Time) {
	booked := bookedTurn{from: epoch.Round(0), to: time.Now().Round(0)}
	for _, l := range t.levels {
		key := result.LevelKey{Series: l.series.Name, Repetition: l.repetition, Load: l.load}
		booked.levels = append(booked.levels, bookedLevel{key, l.series.Start, l.end()})
	}
	s.blocks.turns = append(s.blocks.turns, booked)
}

// levelAt returns the level that ran at an instant: none between turns, nor where several ran together.
func (b *blockBook) levelAt(at time.Time) (key result.LevelKey) {
	for _, t := range b.turns {
		if at.Before(t.from) || at.After(t.to) {
			continue
		}
		if len(t.levels) == 1 {
			return t.levels[0].key
		}
		for _, l := range t.levels {
			if since := at.Sub(t.from); since < l.start || since >= l.end {
				continue
			}
			if key != (result.LevelKey{}) {
				return result.LevelKey{}
			}
			key = l.key
		}
		return key
	}
	return key
}

// keepBlocks returns what stores the blocks of the session's ledger as they are read.
func (s *session) keepBlocks() func(*result.BlockRow) {
	if s.tracer != nil {
		// What was cut since the last level. What cannot be read was said at a level.
		_ = s.book()
	}
	witness, _ := as[Witness](s.site)
	failed := false
	return func(b *result.BlockRow) {
		if failed {
			return
		}
		if t, ok := s.blocks.blocks[blockID{b.Channel, b.Number}]; ok {
			b.Cut, b.Reason = instantOf(t.cut), t.reason
			if t.committed != 0 {
				b.Observer = s.observer(b.Channel)
				b.Received, b.Validated, b.Committed = instantOf(t.received), instantOf(t.validated), instantOf(t.committed)
			}
		}
		at := b.Committed
		if at.IsZero() && witness != nil {
			if seen, ok := witness.Seen(b.Channel, b.Number); ok {
				at = seen
			}
		}
		b.Session, b.LevelKey = s.Number, s.blocks.levelAt(at)
		if err := s.writer.Block(b); err != nil {
			failed = true
			s.warn(result.NotStored, "%v", err)
		}
	}
}
