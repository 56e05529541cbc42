package compare

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/bench/result"
)

// A level that died in every run of head does not vanish from the gate, pairs or not.
func TestDeadLevelStays(t *testing.T) {
	dir := t.TempDir()
	base, head := filepath.Join(dir, "base"), filepath.Join(dir, "head")
	for i := range 6 {
		full := point(200)
		full.Load.Clients = 16
		save(t, filepath.Join(base, fmt.Sprint(i)), 2*i, nil, point(100), full)
		full.Valid, full.Throughput = false, 0
		save(t, filepath.Join(head, fmt.Sprint(i)), 2*i+1, nil, point(100), full)
	}
	got, err := compared(t, base, head, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range got.Rows {
		if r.Load.Clients == 16 && r.Gated && r.Verdict == CannotTell && len(r.Base.Values) == 6 && len(r.Head.Values) == 0 {
			return
		}
	}
	t.Errorf("no row tells of it: %+v", got.Rows)
}

// Runs in turn with a seed each are alike, though a simulated ledger has it in its topology.
func TestSeedsOfALedger(t *testing.T) {
	dir := t.TempDir()
	base, head := filepath.Join(dir, "base"), filepath.Join(dir, "head")
	for i := range 6 {
		seeded := func(r *result.Run) {
			r.Seed, r.Topology = uint64(i), fmt.Appendf(nil, `{"Seed":%d}`, i)
		}
		save(t, filepath.Join(base, fmt.Sprint(i)), 2*i, seeded, point(100))
		save(t, filepath.Join(head, fmt.Sprint(i)), 2*i+1, seeded, point(100))
	}
	if _, err := compared(t, base, head, Options{}); err != nil {
		t.Error(err)
	}
}

// A gate without a figure is refused.
func TestEmptyGate(t *testing.T) {
	base, head := sides(t, 6, 0.8, nil)
	if _, err := compared(t, base, head, Options{Gate: []string{}}); err == nil || !strings.HasPrefix(err.Error(), "no figure decides") {
		t.Error(err)
	}
}
