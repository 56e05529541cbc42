package study

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// Settler is a Site whose ledgers have several copies, and may still grow when a load is over.
type Settler interface {
	// Settle waits until no ledger has grown for a time, within limits, and chooses the copies that Ledger and Stored read from
	// then on: of each channel the one with most blocks among the peers that answer. It changes nothing on the network.
	Settle(ctx context.Context, quiet time.Duration) ([]result.LedgerRead, error)
}

// Witness is a Site whose client has seen blocks come.
type Witness interface {
	// Seen returns when the client's own stream showed a block of a channel, false where that is not known.
	Seen(channel uint16, block uint64) (time.Time, bool)
}

// quietMore is for how much longer than a batch timeout ledgers must not have grown before they decide what is in doubt, or what
// lost workers have sent: a transaction may still be on its way from an orderer to a block, and from there to the peers.
const quietMore = 2 * time.Second

// A doubt is an attempt whose end the client did not see, or another attempt of the same transaction.
type doubt struct {
	id      shortID
	of      transactionID
	open    bool          // the client did not see its end
	lost    time.Duration // when it lost sight, from the start of the level
	since   time.Time     // the same, once the level is over
	window  bool          // it was intended in the window
	point   int           // of the level, -1: none
	fate    result.Fate
	channel uint16
	block   uint64
}

// A transactionID says which transaction of a session it is.
type transactionID struct {
	level int // of the session
	seq   uint64
}

// A doubtLog collects what the client lost sight of during a level.
type doubtLog struct {
	from, to time.Duration // window
	mu       sync.Mutex
	all      []doubt
}

// add adds a transaction.
func (d *doubtLog) add(r *result.Record) {
	if r.InDoubt() {
		d.note(doubt{id: shorten(r.TxID), of: transactionID{seq: r.Seq}, open: true, lost: r.Ended, window: d.within(r.Intended)})
	}
}

// attempts adds all attempts of a transaction.
func (d *doubtLog) attempts(all []result.Attempt) {
	for _, a := range all {
		d.note(doubt{id: shorten(a.TxID), of: transactionID{seq: a.Seq}, open: a.InDoubt(), lost: a.Ended, window: d.within(a.Intended)})
	}
}

func (d *doubtLog) within(intended time.Duration) bool { return intended >= d.from && intended < d.to }

func (d *doubtLog) note(one doubt) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all = append(d.all, one)
}

// doubts are those of a session.
type doubts struct {
	levels int
	all    []doubt
	begun  time.Time // start of the first level with any
}

// keep takes what a level that began at epoch has left in doubt. Its point is given, -1 where it has none.
func (d *doubts) keep(log *doubtLog, epoch time.Time, point int) {
	if len(log.all) > 0 && len(d.all) == 0 {
		d.begun = epoch
	}
	d.levels++
	for _, one := range log.all {
		one.of.level, one.point, one.since = d.levels, point, epoch.Add(one.lost)
		d.all = append(d.all, one)
	}
}

// seen returns what takes the entries of the ledger, in any order.
func (d *doubts) seen() func(bench.Entry) {
	if len(d.all) == 0 {
		return func(bench.Entry) {}
	}
	at := make(map[shortID]*doubt, len(d.all))
	for i := range d.all {
		d.all[i].fate = result.FateNotCommitted
		at[d.all[i].id] = &d.all[i]
	}
	return func(entry bench.Entry) {
		one := at[shorten(entry.TxID)]
		if one == nil || one.fate == result.FateCommitted {
			return
		}
		one.fate, one.channel, one.block = result.FateInvalid, uint16(entry.Channel), entry.Block
		if entry.Outcome == result.Valid {
			one.fate = result.FateCommitted
		}
	}
}

// A doubtTally counts transactions in doubt that are decided.
type doubtTally struct {
	result.InDoubt
	spans map[result.Fate]*hdrhistogram.Histogram // microseconds
}

// doubtMost is the longest time in doubt that is told apart from longer ones.
const doubtMost = 31 * 24 * time.Hour

// add counts a transaction that was in doubt until an instant.
func (t *doubtTally) add(one *doubt, until time.Time, sight result.Sight) {
	t.Total++
	switch one.fate {
	case result.FateCommitted:
		t.Committed++
	case result.FateInvalid:
		t.Invalid++
	default:
		t.NotCommitted++
	}
	if t.spans == nil {
		t.spans, t.Sights = map[result.Fate]*hdrhistogram.Histogram{}, map[result.Sight]uint64{}
	}
	t.Sights[sight]++
	if t.spans[one.fate] == nil {
		t.spans[one.fate] = hdrhistogram.New(1, doubtMost.Microseconds(), 3)
	}
	// Within range, so that there is no error.
	t.spans[one.fate].RecordValue(min(max(0, until.Sub(one.since)), doubtMost).Microseconds())
}

// sum returns the counts with their quantiles, nil where there are none.
func (t *doubtTally) sum(percents ...float64) *result.InDoubt {
	if t.Total == 0 && t.Twice == 0 {
		return nil
	}
	sum := t.InDoubt
	for fate, spans := range t.spans {
		if sum.For == nil {
			sum.For = map[result.Fate]stats.Quantiles{}
		}
		sum.For[fate] = stats.Summarize(spans, time.Microsecond.Seconds(), percents...)
	}
	return &sum
}

// settleLedgers makes the ledgers ready to be read.
func (s *session) settleLedgers(ctx context.Context) error {
	settler, ok := as[Settler](s.site)
	if !ok {
		return nil
	}
	var quiet time.Duration
	if len(s.doubts.all) > 0 || s.lostWorkers {
		quiet = time.Duration(s.facts.Conditions.BatchTimeout*float64(time.Second)) + quietMore
	}
	read, err := settler.Settle(ctx, quiet)
	for i := range read {
		read[i].Session = s.Number
	}
	s.ledgers.copies = append(s.ledgers.copies, read...)
	if err != nil {
		return fmt.Errorf("find the longest ledger: %w", err)
	}
	return nil
}

// decide says of each transaction in doubt what became of it, by the ledgers, which were read at an instant.
func (s *session) decide(ctx context.Context, read time.Time) {
	if len(s.doubts.all) == 0 {
		return
	}
	until := s.commits(ctx)
	points := map[int]*doubtTally{}
	valid := map[transactionID]int{}
	for i := range s.doubts.all {
		one := &s.doubts.all[i]
		tallies := []*doubtTally{&s.ledgers.doubts}
		if one.window && one.point >= 0 {
			if points[one.point] == nil {
				points[one.point] = &doubtTally{}
			}
			tallies = append(tallies, points[one.point])
		}
		end, sight := read, result.SightAudit
		if one.fate != result.FateNotCommitted {
			if at, by, ok := until(one); ok {
				end, sight = at, by
			}
		}
		if one.fate == result.FateCommitted {
			valid[one.of]++
		}
		for _, t := range tallies {
			if one.open {
				t.add(one, end, sight)
			}
			if one.fate == result.FateCommitted && valid[one.of] == 2 {
				t.Twice++
			}
		}
	}
	for _, point := range slices.Sorted(maps.Keys(points)) {
		s.summary.Points[point].InDoubt = points[point].sum(s.Scenario.Quantiles...)
	}
}

// commits returns what says when the block of a transaction was committed, and who tells: the first peer that logged that, else
// the client's own stream.
func (s *session) commits(ctx context.Context) func(*doubt) (time.Time, result.Sight, bool) {
	first := map[blockID]time.Time{}
	if s.tracer != nil && !slices.Contains(s.facts.NotSeen, result.AspectBlocks) {
		blocks, err := s.tracer.Blocks(s.doubts.begun)
		if err != nil && ctx.Err() == nil {
			s.warn(result.NodesSilent, "the nodes' logs of blocks are incomplete: %v", err)
		}
		for i := range blocks {
			for _, p := range blocks[i].Peers {
				id := blockID{blocks[i].Channel, blocks[i].Number}
				if at, known := first[id]; !known || p.Committed.Before(at) {
					first[id] = p.Committed
				}
			}
		}
	}
	witness, _ := as[Witness](s.site)
	return func(one *doubt) (time.Time, result.Sight, bool) {
		if at, ok := first[blockID{one.channel, one.block}]; ok {
			return at, result.SightPeerLog, true
		}
		if witness == nil {
			return time.Time{}, "", false
		}
		at, ok := witness.Seen(one.channel, one.block)
		return at, result.SightStream, ok
	}
}
