package result

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What was recorded at a level comes back from latency.hlog, of that level and part alone.
func TestLatencies(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	w, err := Create(dir, Run{ID: "r"})
	if err != nil {
		t.Fatal(err)
	}
	key := func(series string) LevelKey {
		return LevelKey{Series: series, Repetition: 1, Load: Load{Kind: LoadClosed, Clients: 2}}
	}
	for i, series := range []string{"a, b", "c"} {
		l, err := w.Level(key(series), 0, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		for seq := range 100 {
			at := time.Duration(seq) * time.Millisecond
			l.Record(Record{Seq: uint64(seq), Intended: at, Started: at, Prepared: at, Endorsed: at, Submitted: at,
				Committed: at + time.Duration(10*(i+1))*time.Millisecond, Outcome: Valid})
		}
		if _, err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(Run{ID: "r"}, Summary{}); err != nil {
		t.Fatal(err)
	}
	folder, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	found, err := folder.Latencies(PartCommit, []LevelKey{key("a, b"), key("unknown")})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != 1 || found[key("a, b")] == nil {
		t.Fatalf("levels %v, want the first alone", found)
	}
	h := found[key("a, b")]
	if diff := cmp.Diff([]int64{100, 10}, []int64{h.TotalCount(), h.ValueAtQuantile(50) / 1e6}); diff != "" {
		t.Errorf("number and median in ms (-want +got):\n%s", diff)
	}

	path := filepath.Join(dir, latencyFile)
	log, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"cut short": log[:len(log)-20], "no histogram": append(log, "Tag=c/clients=2/r1/commit,1,1,1,x\n"...)} {
		if err := os.WriteFile(path, content, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := folder.Latencies(PartAcknowledge, []LevelKey{key("c")}); name == "cut short" && err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := folder.Latencies(PartCommit, []LevelKey{key("c")}); name == "no histogram" && err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if found, err := folder.Latencies(PartCommit, []LevelKey{key("c")}); err != nil || len(found) > 0 {
		t.Errorf("without the file: %v, %v", found, err)
	}
}
