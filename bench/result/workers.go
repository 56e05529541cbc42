package result

import (
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"slices"
)

// WorkerFile is the fingerprint of transactions-<rank>.parquet: the transactions that a worker sent.
type WorkerFile struct {
	Rank int `json:"rank"`
	File
}

// workerFile returns the name of the file of a worker's transactions.
func workerFile(rank int) string { return fmt.Sprintf("transactions-%d.parquet", rank) }

// mostWorkers bounds the workers of a run: each takes a file, and a buffer of every open level.
const mostWorkers = 1024

// checkRanks returns an error where ranks are none of workers, or in no ascending order.
func checkRanks(ranks []int) error {
	if len(ranks) > mostWorkers {
		return fmt.Errorf("%d workers are more than %d", len(ranks), mostWorkers)
	}
	for i, rank := range ranks {
		if rank < 0 || rank > math.MaxUint16 || i > 0 && rank <= ranks[i-1] {
			return fmt.Errorf("%v are no ranks of workers, from 0 to %d and each once", ranks, math.MaxUint16)
		}
	}
	return nil
}

// Workers says that workers of these ranks, in ascending order, make the load from here on: their records, which Record.Worker tells
// apart, go to a file of each worker, in place of transactions.parquet. It is called before the first level.
func (w *Writer) Workers(ranks []int) (err error) {
	switch {
	case w.transactions.closed():
		return fmt.Errorf("%s: workers after the run's end", w.dir)
	case w.levels > 0 || w.ranks != nil || len(ranks) == 0:
		return fmt.Errorf("%s: %d workers; a run gets its workers once, before its first level", w.dir, len(ranks))
	}
	if err := checkRanks(ranks); err != nil {
		return fmt.Errorf("%s: %w", w.dir, err)
	}
	var files transactionFiles
	for _, rank := range ranks {
		t, err := createTransactions(w.path(workerFile(rank)), rank, len(ranks))
		if err != nil {
			return errors.Join(err, files.remove())
		}
		files = append(files, t)
		w.ranks = append(w.ranks, uint16(rank))
	}
	err = w.transactions.remove()
	w.transactions = files
	return err
}

// transactionFiles are the files of a run's transactions: one, or one of each worker by ascending rank. There are none once the run has
// ended.
type transactionFiles []*transactionWriter

// closed reports whether nothing can be written any more.
func (f transactionFiles) closed() bool { return len(f) == 0 || f[0].tableWriter.closed }

// close completes the files. It may be called again.
func (f transactionFiles) close() (err error) {
	for _, t := range f {
		err = errors.Join(err, t.close())
	}
	return err
}

// remove takes the files away.
func (f transactionFiles) remove() (err error) {
	for _, t := range f {
		err = errors.Join(err, t.close(), os.Remove(t.path))
	}
	return err
}

// describe puts the fingerprints of the files, which are complete, into the manifest.
func (f transactionFiles) describe(run *Run) {
	run.Transactions, run.WorkerTransactions = File{}, nil
	for _, t := range f {
		if t.worker == noWorker {
			run.Transactions = File(t.print)
		} else {
			run.WorkerTransactions = append(run.WorkerTransactions, WorkerFile{t.worker, File(t.print)})
		}
	}
}

// A namedFile is a file of the run's folder that must be as its fingerprint says.
type namedFile struct {
	name string
	File
}

// transactionTables returns the files of the run's transactions.
func (r *Run) transactionTables() []namedFile {
	if len(r.WorkerTransactions) == 0 {
		return []namedFile{{transactionsFile, r.Transactions}}
	}
	all := make([]namedFile, len(r.WorkerTransactions))
	for i, of := range r.WorkerTransactions {
		all[i] = namedFile{workerFile(of.Rank), of.File}
	}
	return all
}

// Recorded reports whether the run's transactions are stored: those of a run that was killed are not.
func (r *Run) Recorded() bool { return r.Transactions != File{} || len(r.WorkerTransactions) > 0 }

// checkWorkers returns an error where the manifest names files of workers that cannot be.
func (r *Run) checkWorkers() error {
	if len(r.WorkerTransactions) > 0 && r.Transactions != (File{}) {
		return errors.New("its transactions are those of workers, and of none")
	}
	ranks := make([]int, len(r.WorkerTransactions))
	for i, of := range r.WorkerTransactions {
		ranks[i] = of.Rank
	}
	return checkRanks(ranks)
}

// together yields the rows of several files, in each of which the levels have the same order: those that started at one time, as the
// phases of a level, lie together, file by file. It ends after an error.
func together(files []iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	if len(files) == 1 {
		return files[0]
	}
	return func(yield func(Row, error) bool) {
		var heads []*head
		for _, rows := range files {
			next, stop := iter.Pull2(rows)
			defer stop()
			h := &head{next: next}
			h.advance()
			heads = append(heads, h)
		}
		for {
			heads = slices.DeleteFunc(heads, func(h *head) bool { return !h.more })
			if len(heads) == 0 {
				return
			}
			start := slices.MinFunc(heads, func(a, b *head) int { return a.row.LevelStart.Compare(b.row.LevelStart) }).row.LevelStart
			for _, h := range heads {
				for h.more && h.row.LevelStart.Equal(start) {
					if !yield(h.row, h.err) || h.err != nil {
						return
					}
					h.advance()
				}
			}
		}
	}
}

// A head is the next row of a file, or what is wrong with it.
type head struct {
	next func() (Row, error, bool)
	row  Row
	err  error
	more bool
}

func (h *head) advance() { h.row, h.err, h.more = h.next() }
