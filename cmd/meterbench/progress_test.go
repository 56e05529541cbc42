package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
	"meterbench/bench/study"
	"meterbench/network/lab"
)

func TestBar(t *testing.T) {
	for _, tt := range []struct {
		whole, remaining time.Duration
		want             string
	}{
		{time.Minute, time.Minute, "[..........]"}, {time.Minute, 31 * time.Second, "[####......]"},
		{time.Minute, 0, "[##########]"}, {time.Minute, 2 * time.Minute, "[..........]"}, {0, 0, "[..........]"},
	} {
		t.Run(fmt.Sprintf("%v of %v left", tt.remaining, tt.whole), func(t *testing.T) {
			equal(t, "bar", bar(study.Live{Whole: tt.whole, Remaining: tt.remaining}), tt.want)
		})
	}
}

func TestExpected(t *testing.T) {
	s, err := scenario.Read(t.Context(), "smoke", []string{"fe=null", "series[1].workload={kind: plain}"}, lab.Catalog())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := expected(s, 30*time.Microsecond), "about 0:13 (0:08 of load in 4 levels, set-up 0:05)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestExpectedOfALevel(t *testing.T) {
	s := scenario.Scenario{Repeat: 1, Series: []scenario.Series{{Name: "a", Load: scenario.Load{
		Kind: "closed", Hold: 10 * time.Second, Clients: []int{1},
	}}}}
	if got, want := expected(s, 30*time.Microsecond), "of load in 1 level,"; !strings.Contains(got, want) {
		t.Errorf("%s, want %s", got, want)
	}
}

// A search takes no longer than what is said before it.
func TestExpectedOfASearch(t *testing.T) {
	s := scenario.Scenario{Repeat: 1, Series: []scenario.Series{{Name: "a", Load: scenario.Load{
		Kind: "closed", Hold: 10 * time.Second, Search: &scenario.Search{From: 1, To: 64},
	}}}}
	if got, want := expected(s, 30*time.Microsecond), "depending on the search, at most about "; !strings.HasPrefix(got, want) {
		t.Errorf("%s, want %s…", got, want)
	}
}

// What a latency objective adds to the hold is said before the run.
func TestExpectedOfAnObjective(t *testing.T) {
	s := scenario.Scenario{Repeat: 1, Warmup: time.Second, Series: []scenario.Series{{Name: "a", Load: scenario.Load{
		Kind: "open", Hold: 6 * time.Second, Search: &scenario.Search{From: 50, To: 3200, P99: time.Second},
	}}}}
	s.Series[0].Load.Arrivals.Kind = scenario.Constant
	if got, want := expected(s, 30*time.Microsecond), "; series a holds steps below 200/s longer, at most 21s, for the 1,000 transactions that a p99 takes"; !strings.HasSuffix(got, want) {
		t.Errorf("%s, want …%s", got, want)
	}
}

func TestStatusLine(t *testing.T) {
	for _, tt := range []struct {
		live study.Live
		want string
	}{
		{study.Live{Series: "a", Load: result.Load{Kind: "closed", Clients: 8}, Level: 2, Levels: 7, Remaining: time.Minute, AtMost: true}, "2/at most 7, at most 1:00 left, a 8 clients offered 0/s"},
		{study.Live{Series: "day", Phases: 3, Underway: 2, Level: 1, Levels: 4, Now: bench.Live{Offered: 12}}, "1/4, 0:00 left, day 2 of 3 phases offered 12/s"},
		{study.Live{Series: "a", Load: result.Load{Kind: "closed", Clients: 8}, Now: bench.Live{Elapsed: 8 * time.Second, Hold: 7 * time.Second}}, "a 8 clients running out offered 0/s"},
	} {
		t.Run(tt.live.Series, func(t *testing.T) {
			var out strings.Builder
			(&progress{out: &out, width: 200}).Live(tt.live)
			if !strings.Contains(out.String(), tt.want) {
				t.Errorf("%s, want %s", out.String(), tt.want)
			}
		})
	}
}

// Transactions that end with an answer are shown with their rate and latency.
func TestProgressOfAnswers(t *testing.T) {
	var out strings.Builder
	p := &progress{out: &out, width: 200}
	now := bench.Live{Offered: 402, Answers: 400, P50: 40 * time.Millisecond}
	now.Counts[result.Answered] = 800
	p.Live(study.Live{Series: "a", Load: result.Load{Kind: result.LoadClosed, Clients: 16}, Now: now})
	p50 := 0.04
	p.Point(result.Point{
		Series: "a", Load: result.Load{Kind: result.LoadClosed, Clients: 16}, Valid: true, Conditions: result.Conditions{Wait: result.WaitEndorse}, Answered: 400,
		Scheduled: 1600, Outcomes: map[string]uint64{"answered": 1600}, Latency: map[string]stats.Quantiles{"answer": {P50: &p50, N: 1600}},
	})
	for _, want := range []string{"offered 402/s answered 400/s in flight", "400.0 answered/s   answer p50 40 ms p99 –   of 1600 scheduled 1600 answered"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "valid") {
		t.Errorf("commits where there are none:\n%s", out.String())
	}
}

// Of a mix with queries, those that were answered and those that were committed are told apart.
func TestProgressOfMix(t *testing.T) {
	var out strings.Builder
	(&progress{out: &out, width: 200}).Point(result.Point{
		Series: "a", Load: result.Load{Kind: result.LoadClosed, Clients: 16}, Valid: true, Conditions: result.Conditions{Wait: result.WaitCommit},
		Answered: 90, Throughput: 9, Scheduled: 1000, Outcomes: map[string]uint64{"answered": 900, "valid": 90, "mvcc_conflict": 10},
	})
	if want := "of 1000 scheduled 900 answered, 90 valid"; !strings.Contains(out.String(), want) {
		t.Errorf("no %q in\n%s", want, out.String())
	}
}

// Where the output is no terminal, the status comes every five seconds, as
// lines, and not right after another line.
func TestPlainProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := newProgress(&out)
		p.Step("begin")
		for range 11 {
			time.Sleep(time.Second)
			p.Working("at work")
		}
		p.Step("end")
		p.close()
		want := "[0:00] begin\n  at work\n  at work\n[0:11] end\n"
		equal(t, "output", out.String(), want)
	})
}

// On a terminal one line is rewritten, cut to the width, and gone at the end.
func TestTerminalProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		p := &progress{out: &out, terminal: true, width: 12, began: time.Now()}
		p.Working("1 of 2")
		p.Working("2 of 2 – and more than fits")
		p.Step("end")
		p.close()
		const erase = "\r\x1b[K"
		want := "  1 of 2" + erase + "  2 of 2 – " + erase + "[0:00] end\n"
		equal(t, "output", out.String(), want)
	})
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0:00", 0: "0:00", 59600 * time.Millisecond: "1:00", 61 * time.Second: "1:01", 2 * time.Hour: "2:00:00 h",
	} {
		t.Run(d.String(), func(t *testing.T) { equal(t, "clock", clock(d), want) })
	}
}
