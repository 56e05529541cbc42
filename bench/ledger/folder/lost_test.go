package folder

import (
	"path/filepath"
	"strings"
	"testing"

	"meterbench/bench/result"
)

// A run that lost a worker may have no record of what it sent: nobody is told that this was none of the load.
func TestOfLostWorker(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "r1")
	store(t, dir, shape{{{1, 2, 3}}})
	r := open(t, dir)
	defer r.Close()
	for _, lost := range []bool{false, true} {
		if lost {
			r.Folder.Summary.Audit = &result.Audit{Untold: result.WorkerCounts{{Worker: 1, Transactions: 2}}}
		}
		_, err := r.Transaction(t.Context(), r.channels[0].name, strings.Repeat("0", 64))
		if err == nil || strings.HasSuffix(err.Error(), "or of a worker that was lost before it told of it") != lost {
			t.Errorf("a worker was lost: %v; %v", lost, err)
		}
	}
}
