package bench

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// Errors of which only a transaction or a meter is another are one kind, told by the first; other numbers make a difference.
func TestFailuresOfOneKind(t *testing.T) {
	var f failures
	for i := range 1000 {
		f.add(result.EndorseRefused, fmt.Errorf("peer%d.ptb: transaction %064x of meter-%06d: refused", i%2, 1<<40+i, i))
		f.add(result.Unknown, fmt.Errorf("block %d", i%7))
	}
	f.add(result.EndorseRefused, errors.New("facade: added"))
	want := []Failure{
		{result.Unknown, "block 0", 143}, {result.Unknown, "block 1", 143}, {result.Unknown, "block 2", 143}, {result.Unknown, "block 3", 143},
		{result.Unknown, "block 4", 143}, {result.Unknown, otherFailures, 285},
		{result.EndorseRefused, fmt.Sprintf("peer0.ptb: transaction %064x of meter-000000: refused", 1<<40), 500},
		{result.EndorseRefused, fmt.Sprintf("peer1.ptb: transaction %064x of meter-000001: refused", 1<<40+1), 500},
		{result.EndorseRefused, "facade: added", 1},
	}
	if d := cmp.Diff(want, f.list()); d != "" {
		t.Error(d)
	}
}
