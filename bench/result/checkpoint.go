package result

import (
	"errors"
	"fmt"
)

// Checkpoint stores what is known of a run that goes on, each file in one step. A process that is killed leaves it: the
// folder opens as that of an incomplete run, without its transactions. Close replaces it.
func (w *Writer) Checkpoint(run Run, sum Summary) error {
	if w.transactions.closed() {
		return fmt.Errorf("%s: the run has ended already", w.dir)
	}
	run.Transactions, sum.Complete = File{}, false
	run.WorkerTransactions = nil
	if err := complete(&run, &sum); err != nil {
		return fmt.Errorf("%s: %w", w.path(summaryFile), err)
	}
	if err := WriteJSON(w.path(runFile), &run); err != nil {
		return err
	}
	return WriteJSON(w.path(summaryFile), &sum)
}

// complete fills in what manifest and summary say twice. The error is a contradiction in the summary.
func complete(run *Run, sum *Summary) error {
	run.Schema, sum.Schema = Schema, Schema
	sum.Run, sum.Scenario, sum.Target = run.ID, run.Scenario, run.Target
	return sum.fill()
}

// errKilled is why a folder has no transactions: their files have no end, without which they cannot be read.
var errKilled = errors.New("the run was killed before the files of its transactions were complete")

// checkpointed reports whether the folder is as Checkpoint left it.
func (s *Folder) checkpointed() bool { return !s.Summary.Complete && !s.Run.Recorded() }

// rowsMissing is the error of reading the transactions of a folder that Checkpoint left, nil of others.
func (s *Folder) rowsMissing() error {
	if !s.checkpointed() {
		return nil
	}
	return fmt.Errorf("%s: %w", s.Dir, errKilled)
}
