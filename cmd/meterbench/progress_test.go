package main

import (
	"testing"
	"time"

	"meterbench/bench/scenario"
	"meterbench/bench/study"
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
	s, err := scenario.Read("smoke", []string{"fe=null", "series[1].workload={kind: plain}"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := expected(s), "about 0:12 (0:08 of load in 4 levels, set-up 0:04)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
