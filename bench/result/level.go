package result

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// A level's records pass through buffers of this many records. A run has at most so many on their way to the disk, made
// when they are needed, and every open level one for each of its shards, or for each worker, so that recording keeps to 10 MB whatever the rate.
const (
	bufferRecords = 512
	bufferCount   = 128
	mostShards    = 32
)

func newBuffer() []Record { return make([]Record, 0, bufferRecords) }

// Level records one load level, or one phase of it. It is the engine's sink.
//
// Record appends to one of a few buffers; one goroutine takes the full ones, counts them into the Window and
// appends them to transactions.parquet. So the timed path costs an append, and histograms need no lock. Where workers make the
// load each has a buffer of its own, for its own file.
type Level struct {
	key    LevelKey
	opened time.Time
	writer *Writer
	shards []shard
	full   chan batch
	done   chan struct{} // closed when the recorder has ended
	stalls atomic.Uint64
	cut    time.Duration
	watch  func(*Record)

	attempting    sync.Mutex
	watchAttempts func([]Attempt)
	attemptErr    error
	sites         []string // see Writer.Begin
	session       int

	// The recorder's own until done is closed.
	window    *Window
	intervals intervals
	err       error
}

// A shard is one buffer under its own lock, padded to cache lines of its own.
type shard struct {
	mu     sync.Mutex
	buffer []Record
	to     *transactionWriter
	_      [88]byte
}

// A batch is a full buffer.
type batch struct {
	records []Record
	to      *transactionWriter
}

func openLevel(w *Writer, key LevelKey, from, to time.Duration) *Level {
	l := &Level{
		key:    key,
		opened: time.Now(),
		writer: w,
		sites:  w.sites, session: w.session,
		shards: make([]shard, cmp.Or(len(w.ranks), min(runtime.GOMAXPROCS(0), mostShards))),
		done:   make(chan struct{}),
		cut:    to,
		window: newWindow(from, to),
	}
	l.full = make(chan batch, bufferCount+len(l.shards)) // room for all buffers that there are
	for i := range l.shards {
		l.shards[i].buffer, l.shards[i].to = newBuffer(), w.transactions[i%len(w.transactions)]
	}
	go l.record()
	return l
}

// Record takes one record. It may be called by many goroutines at once, but not after Close. It blocks while
// all buffers wait for the disk; the Window counts how often that happened.
func (l *Level) Record(r Record) {
	s := l.shard(&r)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buffer == nil {
		panic(fmt.Sprintf("result: transaction %d recorded after level %s was closed", r.Seq, l.key))
	}
	s.buffer = append(s.buffer, r)
	if len(s.buffer) == cap(s.buffer) {
		l.full <- batch{s.buffer, s.to}
		var waited bool
		if s.buffer, waited = l.writer.buffer(); waited {
			l.stalls.Add(1)
		}
	}
}

// shard returns the one that takes a record.
func (l *Level) shard(r *Record) *shard {
	if l.writer.ranks == nil {
		return &l.shards[r.Seq%uint64(len(l.shards))]
	}
	at, ok := slices.BinarySearch(l.writer.ranks, r.Worker)
	if !ok {
		panic(fmt.Sprintf("result: transaction %d recorded of worker %d, which the run does not have", r.Seq, r.Worker))
	}
	return &l.shards[at]
}

// record is the recorder: it ends when full is closed.
func (l *Level) record() {
	defer close(l.done)
	for full := range l.full {
		batch := full.records
		for i := range batch {
			l.window.add(&batch[i])
			if l.intervals.add(&batch[i], l.window) {
				l.err = cmp.Or(l.err, l.writer.latency.writeIntervals(l, l.intervals.take(spareSamples)))
			}
			if l.watch != nil {
				l.watch(&batch[i])
			}
		}
		// After a failed write the rest is still taken and counted, so that no client waits for a buffer.
		if l.err == nil {
			l.err = full.to.write(l.key, l.opened, l.sites, l.session, batch)
		}
		select {
		case l.writer.buffers <- batch[:0]:
		default: // as many as the shards had are left over at the end
		}
	}
}

// Begin says when the level started, as that is measured: from there its instants count. Until then it is when the level
// was opened. It is called before the first Record.
func (l *Level) Begin(epoch time.Time) { l.opened = epoch }

// Watch has see called with every record too, warm-up included, by one goroutine and in about the order in
// which they came. It is called before the first Record. All calls are over when Close returns.
func (l *Level) Watch(see func(*Record)) { l.watch = see }

// Flush hands what was recorded to Watch, which else comes once a buffer is full, at few transactions per second after a
// minute. It waits for nobody: where all buffers are on their way to the disk, so are the records. It is not called after Close.
func (l *Level) Flush() {
	for i := range l.shards {
		l.flush(&l.shards[i])
	}
}

func (l *Level) flush(s *shard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.buffer) == 0 {
		return
	}
	if empty, ok := l.writer.spareBuffer(); ok {
		l.full <- batch{s.buffer, s.to}
		s.buffer = empty
	}
}

// Cut shortens the measured window to end at the offset to, for a level that was stopped early. It is called
// before Close.
func (l *Level) Cut(to time.Duration) { l.cut = min(l.cut, to) }

// Close ends the level and returns what its window holds. All of it is valid where the error is nil; the
// error tells what could not be written.
func (l *Level) Close() (Window, error) {
	at := slices.Index(l.writer.open, l)
	if at < 0 {
		return Window{}, fmt.Errorf("level %s is closed already", l.key)
	}
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		l.full <- batch{s.buffer, s.to}
		s.buffer = nil
		s.mu.Unlock()
	}
	close(l.full)
	<-l.done
	l.writer.open = slices.Delete(l.writer.open, at, at+1)
	l.window.finish(l.cut, l.stalls.Load())
	if l.err == nil {
		l.err = l.writer.latency.writeIntervals(l, l.intervals.take(mostSamples))
	}
	return *l.window, errors.Join(l.err, l.attemptErr, l.writer.latency.writeWindow(l))
}
