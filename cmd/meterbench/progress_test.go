package main

import (
	"strings"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
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
		if got := bar(study.Live{Whole: tt.whole, Remaining: tt.remaining}); got != tt.want {
			t.Errorf("%v of %v left: %s, want %s", tt.remaining, tt.whole, got, tt.want)
		}
	}
}

func TestExpected(t *testing.T) {
	s, err := scenario.Read("smoke", []string{"fe=null", "series[1].workload={kind: plain}"}, lab.Catalog())
	if err != nil {
		t.Fatal(err)
	}
	if got, want := expected(s), "about 0:12 (0:08 of load in 4 levels, set-up 0:04)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A search takes no longer than what is said before it.
func TestExpectedOfASearch(t *testing.T) {
	s := scenario.Scenario{Repeat: 1, Series: []scenario.Series{{Name: "a", Load: scenario.Load{
		Kind: "closed", Hold: 10 * time.Second, Search: &scenario.Search{From: 1, To: 64},
	}}}}
	if got, want := expected(s), "depending on the search, at most about "; !strings.HasPrefix(got, want) {
		t.Errorf("%s, want %s…", got, want)
	}
}

func TestStatusLine(t *testing.T) {
	for _, tt := range []struct {
		live study.Live
		want string
	}{
		{study.Live{Series: "a", Load: result.Load{Kind: "closed", Clients: 8}, Level: 2, Levels: 7, Remaining: time.Minute, AtMost: true}, "2/at most 7, at most 1:00 left, a 8 clients offered 0/s"},
		{study.Live{Series: "day", Phases: 3, Underway: 2, Level: 1, Levels: 4, Now: bench.Live{Offered: 12}}, "1/4, 0:00 left, day 2 of 3 phases offered 12/s"},
	} {
		var out strings.Builder
		(&progress{out: &out, width: 200}).Live(tt.live)
		if !strings.Contains(out.String(), tt.want) {
			t.Errorf("%s, want %s", out.String(), tt.want)
		}
	}
}
