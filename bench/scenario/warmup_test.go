package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"meterbench/bench/scenario"
)

// readText reads a scenario as from a file.
func readText(t *testing.T, text string) (scenario.Scenario, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return read(path)
}

// A warm-up that is not written is a tenth of each hold, and at least the time in which the network cuts a block; one that
// is written stays, 0s too.
func TestWarmupOf(t *testing.T) {
	const two = `name: a
topology: minimal
series:
  - {name: long, workload: {kind: plain}, load: {kind: closed, clients: [1], hold: 30s}}
  - {name: short, workload: {kind: plain}, load: {kind: closed, clients: [1], hold: 1s}}
  - {name: slow, batch: {timeout: 5s}, workload: {kind: plain}, load: {kind: closed, clients: [1], hold: 30s}}
`
	for _, tt := range []struct {
		text string
		want [3]time.Duration
	}{
		{two, [3]time.Duration{3 * time.Second, 200 * time.Millisecond, 5 * time.Second}}, // minimal cuts after 200 ms
		{two + "warmup: 700ms\n", [3]time.Duration{700 * time.Millisecond, 700 * time.Millisecond, 700 * time.Millisecond}},
		{two + "warmup: 0s\n", [3]time.Duration{}},
	} {
		s, err := readText(t, tt.text)
		if err != nil {
			t.Fatal(err)
		}
		for i, one := range s.Series {
			if got := s.WarmupOf(one); got != tt.want[i] {
				t.Errorf("series %s: a warm-up of %v, want %v, of\n%s", one.Name, got, tt.want[i], tt.text)
			}
		}
	}
}

// A hold that its warm-up would use up is refused, with the shortest that would do.
func TestWarmupAsLongAsTheHold(t *testing.T) {
	text := func(hold string) string {
		return "name: a\ntopology: minimal\nworkload: {kind: plain}\nbatch: {timeout: 2s}\nload: {kind: open, rate: 4/s, hold: " + hold + "}\n"
	}
	_, err := readText(t, text("1s"))
	const want = "a.yaml:5:37: load.hold: must be longer than the warm-up of 2s, which it includes; got 1s; hold: 2.25s would do"
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := readText(t, text("2.25s")); err != nil {
		t.Errorf("the hold that the error names: %v", err)
	}
}

// A network that others run tells its batch timeout when it is attached to: the default warm-up takes it in, and a level that
// is too short for it is refused at its place.
func TestCutAfter(t *testing.T) {
	const head = "name: a\ntarget: {kind: reference}\nworkload: {kind: plain}\n"
	const load = "load: {kind: closed, clients: 1, hold: 10s}\n"
	for _, tt := range []struct {
		text    string
		timeout time.Duration
		want    time.Duration
		refused string
	}{
		{head + load, 200 * time.Millisecond, time.Second, ""},
		{head + load, 2 * time.Second, 2 * time.Second, ""},
		{head + load + "warmup: 700ms\n", 2 * time.Second, 700 * time.Millisecond, ""},
		{head + load, 10 * time.Second, 0, "a.yaml:4:40: load.hold: must be longer than the warm-up of 10s, which it includes; got 10s; hold: "},
	} {
		s, err := readText(t, tt.text)
		if err != nil {
			t.Fatal(err)
		}
		err = s.CutAfter(tt.timeout)
		if tt.refused != "" {
			if err == nil || !strings.Contains(err.Error(), tt.refused) {
				t.Errorf("%v, want %s", err, tt.refused)
			}
			continue
		}
		if got := s.WarmupOf(s.Series[0]); err != nil || got != tt.want {
			t.Errorf("%v after %v: %v, want %v", err, tt.timeout, got, tt.want)
		}
	}
}
