package lab

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/live"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/race"
	"meterbench/network/fabric/daemons"
)

const watched = `name: watched
target:
  kind: reference
  endorse: {servers: 8, service: {kind: constant, mean: 2ms}}
  batch: {timeout: 50ms, messages: 10}
  failures: [{outcome: mvcc_conflict, share: 0.1}]
warmup: 500ms
workload: {kind: plain}
load: {kind: open, rate: [50/s, 150/s], hold: 2500ms}
`

// What the feed of a whole run tells is what the run stores: points, saturation, warnings, and second by second the
// transactions, each in its block.
func TestFeedAgreesWithWhatIsStored(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	file := filepath.Join(t.TempDir(), "watched.yaml")
	if err := os.WriteFile(file, []byte(watched), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Read(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	site, err := New(p, dir, Programs{})
	if err != nil {
		t.Fatal(err)
	}
	feed := live.New(p.Scenario, "1")
	messages, cancel := feed.Subscribe()
	defer cancel()
	err = study.Run(t.Context(), study.Config{Scenario: p.Scenario, Lab: site, Dir: dir, ID: "1", Observer: study.Observers(silent{}, feed)})
	if err != nil {
		t.Fatal(err)
	}
	feed.End(nil, "")
	stored, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	s := feed.State()
	type figures struct {
		Load                 result.Load
		Rate                 float64
		Scheduled, Succeeded uint64
		P99                  float64
		Valid                bool
	}
	var want, got []figures
	for _, p := range stored.Summary.Points {
		want = append(want, figures{p.Load, p.Throughput, p.Scheduled, p.Succeeded(), orNone(p.Latency["commit"].P99), p.Valid})
	}
	for _, p := range s.Points {
		got = append(got, figures{p.Load, p.Rate, p.Scheduled, p.Succeeded, orNone(p.P99), p.Valid})
	}
	if d := cmp.Diff(want, got); d != "" || len(want) != 2 {
		t.Errorf("points (-stored +told):\n%s", d)
	}
	if d := cmp.Diff(stored.Summary.Notices, s.Warnings); d != "" {
		t.Errorf("warnings (-stored +told):\n%s", d)
	}
	if len(s.Saturations) != len(stored.Summary.Saturation) || len(s.Saturations) != 1 || s.Saturations[0].Rate != stored.Summary.Saturation[0].Throughput {
		t.Errorf("saturations: told %+v, stored %+v", s.Saturations, stored.Summary.Saturation)
	}
	if !s.Run.Simulated || s.Run.Target != result.TargetReference || s.Run.Topology == "" || s.End == nil {
		t.Errorf("%+v", s.Run)
	}
	rows := map[float64]map[string]uint64{}
	for row, err := range stored.Transactions() {
		if err != nil {
			t.Fatal(err)
		}
		if row.Repetition == 0 {
			continue // it only probed
		}
		if rows[row.Load.Offered] == nil {
			rows[row.Load.Offered] = map[string]uint64{}
		}
		rows[row.Load.Offered][row.Outcome.String()]++
	}
	ended, packed := map[float64]map[string]uint64{}, map[float64]int{}
	var level live.Level
	var seconds, idle int
	for m := range messages {
		switch m.Kind {
		case live.KindLevel:
			level = live.Level{}
			if err := json.Unmarshal(m.Data, &level); err != nil {
				t.Fatal(err)
			}
		case live.KindSecond:
			var second live.Passed
			if err := json.Unmarshal(m.Data, &second); err != nil {
				t.Fatal(err)
			}
			ended[level.Load.Offered] = second.Totals.Ended
			if second.Replaces {
				packed[level.Load.Offered] -= level.Seconds[len(level.Seconds)-1].Packed
			}
			packed[level.Load.Offered] += second.Packed
			level.Seconds = append(level.Seconds, second.Second)
			if seconds++; second.CPU["client"] <= 0 {
				idle++ // on a busy machine two may be told shortly after each other
			}
		}
	}
	if d := cmp.Diff(rows, ended); d != "" || len(rows) != 2 {
		t.Errorf("transactions by load and outcome (-stored +told):\n%s", d)
	}
	if 2*idle > seconds {
		t.Errorf("no CPU in %d of %d seconds", idle, seconds)
	}
	for load, n := range packed {
		// Whoever gave up waiting is in a block all the same; none did.
		if want := int(rows[load]["valid"] + rows[load]["mvcc_conflict"]); n != want {
			t.Errorf("at %v/s %d transactions are in the blocks, %d were committed", load, n, want)
		}
	}
}

// orNone returns a figure, -1 where there is none.
func orNone(figure *float64) float64 {
	if figure == nil {
		return -1
	}
	return *figure
}

// On a real network the feed has every block of a level, with why it was cut, before the next level begins.
func TestFeedHasTheBlocksOfARealNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network")
	}
	file := filepath.Join(t.TempDir(), "w.yaml")
	text := "name: w\ntopology: minimal\nwarmup: 1s\nworkload: {kind: plain}\nload: {kind: closed, clients: [8], hold: 4s}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Read(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	binaries, err := daemons.Ensure(t.Context(), daemons.Config{})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	site, err := New(p, dir, Programs{Daemons: func(string) (daemons.Binaries, error) { return binaries, nil }})
	if err != nil {
		t.Fatal(err)
	}
	feed := live.New(p.Scenario, "1")
	if err := study.Run(t.Context(), study.Config{Scenario: p.Scenario, Lab: site, Dir: dir, ID: "1", Observer: feed}); err != nil {
		t.Fatal(err)
	}
	level := feed.State().Level
	packed, idle, cuts := 0, 0, map[string]int{}
	for _, s := range level.Seconds {
		packed += s.Packed
		for reason, n := range s.Cuts {
			cuts[reason] += n
		}
		if s.CPU["peer0.ptb"] <= 0 || s.CPU["orderer0"] <= 0 {
			idle++ // as above
		}
	}
	if n := len(level.Seconds); 2*idle > n {
		t.Errorf("no CPU in %d of %d seconds", idle, n)
	}
	// A block that the last transactions saw may be logged a moment after they did.
	if valid := int(level.Ended["valid"]); packed > valid || packed < valid-8 || valid < 8 || cuts["unknown"] > 0 || len(cuts) == 0 {
		t.Errorf("%d transactions in blocks cut as %v, %d valid", packed, cuts, valid)
	}
}
