package scenario_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/metric"
	"meterbench/bench/threshold"
)

// expecting has two series that vary a factor, one of phases, one that is searched for, and a query.
const expecting = `name: a
topology: minimal
expect: [EXPECT]
series:
  - name: plain
    workload: {kind: plain}
    load: {kind: closed, clients: [1, 8], hold: 3s}
    vary: {batch: [{messages: 10}, {messages: 50}]}
  - name: encrypted
    expect: commit.p99 < 1s
    workload: {kind: encrypted}
    objective: 2s
    load: {kind: open, rate: [10/s, 30/min], hold: 40m}
  - name: day
    phases:
      - {name: base, workload: {kind: plain}, load: {kind: open, rate: 5/s, hold: 9s}}
      - {name: burst, workload: {kind: plain}, load: {kind: open, rate: 50/s, hold: 3s}, start: 4s}
  - name: most
    workload: {kind: plain}
    load: {kind: closed, search: {from: 1, to: 64}, hold: 3s}
`

func TestExpect(t *testing.T) {
	for _, text := range []string{
		"commit.p99 < 2s at offered=0.5/s", "series plain / series most > 0.5", "throughput of plain/batch=50 > 9/s at clients=8",
		"satisfied.share > 0.9", "encrypt.p50 < 1s", "commit.mean of day/burst < 1s", "commit.mean of day < 1s", "wire < 10 kB", "stored of most < 5 kB", "cpu.peer < 3 ms",
		"client.cpu_per_commit of plain < 10 sig", "dropped.share < 1 %", "commit.p99.9 of plain < 3s", "commit.p95 of encrypted < 3s",
	} {
		t.Run(text, func(t *testing.T) {
			s, err := parse(strings.Replace(expecting, "EXPECT", `"`+text+`"`, 1))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, one := range s.Expect {
				got = append(got, one.String())
			}
			if want := []string{text, "commit.p99 < 1s (in series encrypted)"}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// Every metric can be expected of some series.
func TestEveryMetric(t *testing.T) {
	const queries = `
  - name: asked
    workload: {kind: invoke, contract: basic, function: Read, query: true}
    load: {kind: closed, clients: 1, hold: 3s}
`
	s, err := parse(strings.Replace(expecting, "EXPECT", "throughput > 1/s", 1) + strings.TrimPrefix(queries, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range metric.All() {
		if !slices.ContainsFunc(s.Expected(), func(one threshold.Series) bool { _, has := m.Of(&one.Specimen); return has }) {
			t.Errorf("no series has %s", m.Name)
		}
	}
}

func TestExpectErrors(t *testing.T) {
	for _, tt := range []struct{ old, new, want string }{
		{"EXPECT", `"commit.p9 < 2s"`, "a.yaml:3:10: expect[0]: no series has commit.p9; did you mean commit.p95?"},
		{"EXPECT", `"throughput > 1/s", commit.p50 of plian < 1s`, `a.yaml:3:44: expect[1]: there is no series "plian"; did you mean plain?`},
		{"EXPECT", `"throughput of plain/batch=9 > 1/s"`, `a.yaml:3:25: expect[0]: there is no series "plain/batch=9"; did you mean plain/batch=10?`},
		{"EXPECT", `"commit.p50 < 1s at clients=9"`, "a.yaml:3:30: expect[0]: no level has the load clients=9; there are clients=1, clients=8, offered=0.5/s, offered=10/s, offered=5/s, offered=50/s"},
		{"EXPECT", `"commit.p50 < 10 sig"`, "a.yaml:3:24: expect[0]: commit.p50 (s) and 10 sig (sig) have unlike units; give the number in s, ms, us"},
		{"EXPECT", `"answer.p50 < 1s"`, "a.yaml:3:10: expect[0]: no series has answer.p50; docs/scenario.md lists them all"},
		{"EXPECT", `"client.cpu_per_commit of day < 9 sig"`, "a.yaml:3:10: expect[0]: series day has no client.cpu_per_commit; docs/scenario.md lists them all"},
		{"EXPECT", `"commit.p99.99 < 1s"`, "a.yaml:3:10: expect[0]: no series has commit.p99.99; docs/scenario.md lists them all"},
		{"EXPECT", `"commit.p95 of day/burst < 1s"`, "a.yaml:3:10: expect[0]: commit.p95 takes 200 transactions in a window, and series day/burst at offered=50/s has 136 at most; " +
			"hold the level about 1.5 times as long, expect a lower percentile, or name another load behind at"},
		{"EXPECT", `"commit.p99.9 of encrypted < 1s at offered=0.5/s"`, "a.yaml:3:10: expect[0]: commit.p99.9 takes 10000 transactions in a window, and series encrypted at " +
			"offered=0.5/s has 1081 at most; hold the level about 9.3 times as long, expect a lower percentile, or name another load behind at"},
		{"load: {kind: closed, clients: [1, 8], hold: 3s}", "load: {kind: closed, clients: [1, 8], think: 1s, hold: 11s}\n    expect: commit.p50 < 1s",
			"a.yaml:8:13: series[0].expect[0]: commit.p50 takes 20 transactions in a window, and series plain/batch=10 at clients=1 has 10 at most; " +
				"hold the level about 2 times as long, expect a lower percentile, or name another load behind at"},
		{"EXPECT", `"valid.share >= 99"`, "a.yaml:3:26: expect[0]: valid.share is a share, which is never above 1, got 99; write 99 %"},
		{"EXPECT", `""`, "a.yaml:3:10: expect[0]: want a text, got an empty one; give one, or leave the key out"},
		{"expect: commit.p99 < 1s", "expect: throughput > 1/s", "a.yaml:10:13: series[1].expect[0]: throughput > 1/s is given twice; leave one of them out"},
		{"[EXPECT]", "{a: 1}", "a.yaml:3:9: expect: want a list, got a mapping; begin each item with a dash"},
		{"expect: commit.p99 < 1s", "expect: encrypt.p50 < 1s at clients=8", "a.yaml:10:33: series[1].expect[0]: no level has the load clients=8; there are offered=0.5/s, offered=10/s"},
		{"expect: commit.p99 < 1s", "expect: [commit.p99 < 1s, throughput < 1s]", "a.yaml:10:44: series[1].expect[1]: throughput (tx/s) and 1s (s) have unlike units; give the number in /s, tx/s"},
	} {
		t.Run(tt.new, func(t *testing.T) {
			src := strings.Replace(expecting, tt.old, tt.new, 1)
			src = strings.Replace(src, "EXPECT", "throughput > 1/s", 1)
			if _, err := parse(src); fmt.Sprint(err) != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
	if _, err := parse(single, "expect=commit.p99 < 2"); fmt.Sprint(err) !=
		"--set expect: expect[0]: commit.p99 (s) and 2 (no unit) have unlike units; give the number in s, ms, us" {
		t.Error(err)
	}
	if s, err := parse(single, "expect=[commit.p99 < 2s, valid.share > 0]"); err != nil || len(s.Expect) != 2 {
		t.Error(s.Expect, err)
	}
}
