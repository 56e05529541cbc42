package worker

import (
	"runtime"
	"sync"
	"sync/atomic"

	"meterbench/bench/result"
)

// Records of a worker pass through buffers of this many records, of which there are so many at most, as in result.Level: 11 MB.
const (
	bufferRecords = 512
	bufferCount   = 128
	mostShards    = 32
)

// A spool takes the records of a level's loads while they run, and has a goroutine of its own send them. The timed path costs an append.
type spool struct {
	loads []*spoolLoad
	full  chan buffer
	spare chan []result.Record
	lives chan live     // each is sent after the records of what had ended by then
	quit  chan struct{} // closed to end it
	done  chan struct{} // closed once all is sent
	gone  <-chan struct{}
	send  func(*report) bool

	encoder recordEncoder
}

// A buffer holds records of a load.
type buffer struct {
	load    *spoolLoad
	records []result.Record
}

// A spoolLoad is the bench.Sink of one load.
type spoolLoad struct {
	spool  *spool
	number int
	shards []spoolShard
	stalls atomic.Uint64

	mu       sync.Mutex
	attempts []result.Attempt // of records that have not been sent

	pending []result.Record // the sender's
}

// A spoolShard is one buffer under its own lock, padded to cache lines of its own.
type spoolShard struct {
	mu     sync.Mutex
	buffer []result.Record
	_      [96]byte
}

// spread is odd and large: sequence numbers of a worker have the same remainder by some number.
const spread = 0x9E3779B97F4A7C15

// newSpool returns a spool for some loads. What it sends is dropped once gone is closed.
func newSpool(loads int, send func(*report) bool, gone <-chan struct{}) *spool {
	s := &spool{
		full: make(chan buffer, bufferCount), spare: make(chan []result.Record, bufferCount), lives: make(chan live, 1),
		quit: make(chan struct{}), done: make(chan struct{}), gone: gone, send: send,
	}
	for i := range loads {
		l := &spoolLoad{spool: s, number: i, shards: make([]spoolShard, min(runtime.GOMAXPROCS(0), mostShards))}
		for j := range l.shards {
			l.shards[j].buffer = make([]result.Record, 0, bufferRecords)
		}
		s.loads = append(s.loads, l)
	}
	for range bufferCount {
		s.spare <- nil // made when it is needed
	}
	go s.run()
	return s
}

// Record implements bench.Sink.
func (l *spoolLoad) Record(r result.Record) {
	shard := &l.shards[r.Seq*spread>>32%uint64(len(l.shards))]
	shard.mu.Lock()
	defer shard.mu.Unlock()
	shard.buffer = append(shard.buffer, r)
	if len(shard.buffer) < bufferRecords {
		return
	}
	var empty []result.Record
	select {
	case empty = <-l.spool.spare:
	default:
		l.stalls.Add(1)
		select {
		case empty = <-l.spool.spare:
		case <-l.spool.gone: // nobody takes them any more
			shard.buffer = shard.buffer[:0]
			return
		}
	}
	l.spool.full <- buffer{l, shard.buffer} // there is room for as many as there are
	if empty == nil {
		empty = make([]result.Record, 0, bufferRecords)
	}
	shard.buffer = empty[:0]
}

// Attempts implements bench.AttemptSink.
func (l *spoolLoad) Attempts(all []result.Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.attempts = append(l.attempts, all...)
}

// tell has the state of the level sent, unless the one before waits still.
func (s *spool) tell(now live) {
	select {
	case s.lives <- now:
	default:
	}
}

// close sends what is left and returns how often each load had to wait. No load may record any more.
func (s *spool) close() (stalls []uint64) {
	close(s.quit)
	<-s.done
	for _, l := range s.loads {
		stalls = append(stalls, l.stalls.Load())
	}
	return stalls
}

func (s *spool) run() {
	defer close(s.done)
	for {
		select {
		case b := <-s.full:
			s.take(b)
		case now := <-s.lives:
			s.flush()
			s.send(&report{Live: &now})
		case <-s.quit:
			s.flush()
			return
		}
	}
}

// take takes a full buffer.
func (s *spool) take(b buffer) {
	b.load.pending = append(b.load.pending, b.records...)
	s.spare <- b.records[:0]
	if len(b.load.pending) > mostRecords-bufferRecords {
		s.post(b.load)
	}
}

// flush sends all records that there are.
func (s *spool) flush() {
	for waiting := true; waiting; {
		select {
		case b := <-s.full:
			s.take(b)
		default:
			waiting = false
		}
	}
	for _, l := range s.loads {
		for i := range l.shards {
			shard := &l.shards[i]
			shard.mu.Lock()
			l.pending = append(l.pending, shard.buffer...)
			shard.buffer = shard.buffer[:0]
			shard.mu.Unlock()
			if len(l.pending) > mostRecords-bufferRecords {
				s.post(l)
			}
		}
		s.post(l)
	}
}

// mostAttempts is the most in one batch.
const mostAttempts = 4096

// post sends the pending records of a load. Their attempts, which were there before them, go with them.
func (s *spool) post(l *spoolLoad) {
	l.mu.Lock()
	attempts := l.attempts
	l.attempts = nil
	l.mu.Unlock()
	for len(attempts) > mostAttempts {
		s.send(&report{Batch: &batch{Load: l.number, Records: s.encoder.encode(nil, nil), Attempts: attempts[:mostAttempts]}})
		attempts = attempts[mostAttempts:]
	}
	if len(l.pending)+len(attempts) > 0 {
		s.send(&report{Batch: &batch{Load: l.number, Records: s.encoder.encode(nil, l.pending), Attempts: attempts}})
	}
	l.pending = l.pending[:0]
}
