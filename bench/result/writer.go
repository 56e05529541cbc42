package result

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"meterbench/internal/printable"
)

// The files of a run's folder that this package writes.
const (
	runFile          = "run.json"
	summaryFile      = "summary.json"
	transactionsFile = "transactions.parquet"
	attemptsFile     = "attempts.parquet" // only where a transaction had several
	blocksFile       = "blocks.parquet"   // only where the ledger has blocks
	latencyFile      = "latency.hlog"
)

// LevelKey says which load level of a run a transaction belongs to.
type LevelKey struct {
	Series     string
	Repetition int // from 1
	Load       Load
}

// String returns the level's name in messages and in the tags of latency.hlog, for example plain/clients=8/r1
// or bills/rate=12.5/r2.
func (k LevelKey) String() string {
	return fmt.Sprintf("%s/%s/r%d", k.Series, k.Load.Key(), k.Repetition)
}

// Writer writes the folder of one run. Its methods are called by one goroutine; only the Record method of its
// open Levels takes many.
//
// A folder is a finished run once it holds a summary.json that says so, which Close writes last and in one step. Until then
// it holds that of the last Checkpoint.
type Writer struct {
	dir          string
	dirs         []string // folders that Create made, innermost first
	run          Run
	transactions transactionFiles
	ranks        []uint16 // of the workers, see Workers
	attempting   sync.Mutex
	attempted    *attemptWriter // nil until a transaction has several attempts
	blocks       *blockWriter   // nil until there is one
	latency      *latencyLog
	buffers      chan []Record // empty ones for the levels, of bufferCount at most
	made         atomic.Int64  // buffers, as many as were asked for
	open         []*Level      // those that run together, in the order in which they were opened
	levels       int           // opened so far
	sites        []string      // see Begin
	session      int           // likewise
	timelines    []LevelTimeline
}

// Create makes the folder dir for a run, with run.json in it. The folder must not exist or be empty. Where
// Create fails it leaves nothing behind.
func Create(dir string, run Run) (w *Writer, err error) {
	entries, err := os.ReadDir(dir)
	switch {
	case err == nil && len(entries) > 0:
		return nil, fmt.Errorf("%s: is not empty; every run needs a folder of its own", dir)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, unwritable(dir, err)
	}
	w = &Writer{dir: dir, run: run, buffers: make(chan []Record, bufferCount)}
	w.run.Schema = Schema
	defer func() {
		if err != nil {
			w.closeFiles()
			w.remove()
			w = nil
		}
	}()
	if w.dirs, err = makeDir(dir); err != nil {
		return w, unwritable(dir, err)
	}
	if err = WriteJSON(w.path(runFile), &w.run); err != nil {
		return w, err
	}
	transactions, err := createTransactions(w.path(transactionsFile), noWorker, 1)
	if err != nil {
		return w, err
	}
	w.transactions = transactionFiles{transactions}
	if w.latency, err = createLatencyLog(w.path(latencyFile), run); err != nil {
		return w, err
	}
	return w, nil
}

// buffer returns an empty buffer, and whether it had to wait for one.
func (w *Writer) buffer() (b []Record, waited bool) {
	if b, ok := w.spareBuffer(); ok {
		return b, false
	}
	return <-w.buffers, true
}

// spareBuffer returns an empty buffer, false where all are in use.
func (w *Writer) spareBuffer() ([]Record, bool) {
	select {
	case b := <-w.buffers:
		return b, true
	default:
	}
	if w.made.Add(1) <= bufferCount {
		return newBuffer(), true
	}
	return nil, false
}

// Begin says of the levels that are opened from then on on which network of the run they are, by its number from 1, and the names
// of its sites: Record.Site numbers them from 1.
func (w *Writer) Begin(session int, sites []string) { w.session, w.sites = session, sites }

// Level opens the next load level, right before it starts: see Begin. Its measured window is [from, to), as offsets from
// the level's start: from is the end of the warm-up, to that of the hold. Levels that run together are open at the same time.
func (w *Writer) Level(key LevelKey, from, to time.Duration) (*Level, error) {
	switch {
	case w.transactions.closed():
		return nil, fmt.Errorf("%s: level %s opened after the run's end", w.dir, key)
	case slices.ContainsFunc(w.open, func(l *Level) bool { return l.key == key }):
		return nil, fmt.Errorf("%s: level %s opened while it is", w.dir, key)
	case from < 0 || to <= from:
		return nil, fmt.Errorf("level %s: the warm-up until %v leaves nothing of the hold until %v; hold longer", key, from, to)
	}
	w.levels++
	l := openLevel(w, key, from, to)
	w.open = append(w.open, l)
	return l, nil
}

// Close ends the run's folder: the files of the transactions and latency.hlog are completed, timeline.json is written, run.json
// rewritten from run, and at the very end summary.json appears. A summary that contradicts itself is refused, with all
// files still open.
func (w *Writer) Close(run Run, sum Summary) error {
	if len(w.open) > 0 {
		return fmt.Errorf("%s: the run ends while level %s is open", w.dir, w.open[0].key)
	}
	if err := complete(&run, &sum); err != nil {
		return fmt.Errorf("%s: %w", w.path(summaryFile), err)
	}
	transactions, attempted, blocks := w.transactions, w.attempted, w.blocks
	if len(transactions) == 0 {
		return fmt.Errorf("%s: the run has ended already", w.dir)
	}
	if err := w.closeFiles(); err != nil {
		return err
	}
	transactions.describe(&run)
	if attempted != nil {
		run.Attempts = File(attempted.print)
	}
	if blocks != nil {
		run.Blocks = File(blocks.print)
	}
	if err := w.writeTimelines(); err != nil {
		return err
	}
	if err := WriteJSON(w.path(runFile), &run); err != nil {
		return err
	}
	return WriteJSON(w.path(summaryFile), &sum)
}

// Transactions completes the files of the transactions and yields their rows, as those of a Folder: no level can be opened after that.
// It ends after an error.
func (w *Writer) Transactions() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if len(w.transactions) == 0 {
			yield(Row{}, fmt.Errorf("%s: the run has ended already", w.dir))
			return
		}
		if err := w.transactions.close(); err != nil {
			yield(Row{}, err)
			return
		}
		stored := &Folder{Dir: w.dir}
		w.transactions.describe(&stored.Run)
		stored.Transactions()(yield)
	}
}

// Abort ends a run that failed of cause. Where no level was opened and nobody else wrote into the folder it
// removes the folder; else it keeps what there is, without a summary and with the cause in run.json. Abort
// after Close does nothing to a finished folder.
func (w *Writer) Abort(cause error) error {
	if _, err := os.Stat(w.path(summaryFile)); err == nil {
		return nil
	}
	var closing error
	for _, l := range slices.Clone(w.open) {
		_, err := l.Close()
		closing = errors.Join(closing, err)
	}
	closing = errors.Join(closing, w.closeFiles())
	if w.levels == 0 && w.remove() {
		return nil
	}
	w.run.Failure = "unknown cause"
	if cause != nil {
		w.run.Failure = printable.Plain(cause.Error())
	}
	return errors.Join(closing, WriteJSON(w.path(runFile), &w.run))
}

func (w *Writer) path(file string) string { return filepath.Join(w.dir, file) }

// closeFiles completes the streamed files. It may be called twice.
func (w *Writer) closeFiles() (err error) {
	err = w.transactions.close()
	if w.latency != nil {
		err = errors.Join(err, w.latency.close())
	}
	if w.attempted != nil {
		err = errors.Join(err, w.attempted.close())
	}
	if w.blocks != nil {
		err = errors.Join(err, w.blocks.close())
	}
	w.transactions, w.latency, w.attempted, w.blocks = nil, nil, nil, nil
	return err
}

// remove takes away the files of a run that recorded nothing and the folders that Create made, and reports
// whether nothing is left of the run. Folders that hold anything else stay.
func (w *Writer) remove() bool {
	entries, _ := os.ReadDir(w.dir) // none where it could not be made
	ours := []string{runFile, transactionsFile, attemptsFile, blocksFile, latencyFile}
	for _, rank := range w.ranks {
		ours = append(ours, workerFile(int(rank)))
	}
	if slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return !slices.Contains(ours, e.Name()) }) {
		return false
	}
	for _, e := range entries {
		if err := os.Remove(w.path(e.Name())); err != nil {
			return false
		}
	}
	removeDirs(w.dirs...) // one may hold other runs
	return true
}
