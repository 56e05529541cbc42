package scenario_test

import (
	"strings"
	"testing"
	"time"

	"meterbench/bench/scenario"
)

func searching(load string) string {
	return strings.Replace(single, "{kind: closed, clients: [1, 2], hold: 3s}", load, 1)
}

func TestSearch(t *testing.T) {
	tests := []struct {
		load string
		want scenario.Search
	}{
		{"{kind: closed, search: {from: 1, to: 512}, hold: 3s}", scenario.Search{From: 1, To: 512}},
		{"{kind: open, search: {from: 100/s, to: 5000/s, p99: 500ms, repetitions: 6}, hold: 3s}",
			scenario.Search{From: 100, To: 5000, P99: 500 * time.Millisecond, Repetitions: 6}},
		{"{kind: open, search: {from: 30/min, to: 5/s}, arrivals: poisson, hold: 3s}", scenario.Search{From: 0.5, To: 5}},
	}
	for _, tt := range tests {
		t.Run(tt.load, func(t *testing.T) {
			s, err := parse(searching(tt.load))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "search", s.Series[0].Load.Search, &tt.want)
		})
	}
}

func TestSearchErrors(t *testing.T) {
	tests := []struct{ load, want string }{
		{"{kind: closed, search: {from: 0, to: 5}, hold: 3s}", "a.yaml:4:37: load.search.from: must be 1 to 65536, got 0"},
		{"{kind: closed, search: {from: 1}, hold: 3s}", "a.yaml:4:30: load.search.to: must be 1 to 65536, got 0"},
		{"{kind: closed, search: {from: 8, to: 5}, hold: 3s}", "a.yaml:4:44: load.search.to: must be 8 to 65536, got 5"},
		{"{kind: closed, search: {from: 1/s, to: 5/s}, hold: 3s}", "a.yaml:4:37: load.search.from: the search of a closed load goes from clients to clients; for example {from: 1, to: 512}, or use kind: open"},
		{"{kind: closed, search: {from: 1, to: 5/s}, hold: 3s}", `a.yaml:4:37: load.search.from: want a rate such as 100/s or 30/min, got "1"`},
		{"{kind: closed, search: {from: 1, to: 5, p99: 1s}, hold: 3s}", "a.yaml:4:52: load.search.p99: only the search of an open load has a latency to meet; use kind: open"},
		{"{kind: closed, search: {from: 1, to: 5, step: 2}, hold: 3s}", "a.yaml:4:47: unknown key load.search.step; known are from, to, p99, repetitions"},
		{"{kind: closed, search: {from: 1, to: 5, repetitions: 0}, hold: 3s}", "a.yaml:4:60: load.search.repetitions: must be at least 1, got 0; leave it out for as many as the scenario's"},
		{"{kind: closed, search: {from: 1, to: 5, repetitions: 1001}, hold: 3s}", "a.yaml:4:60: load.search.repetitions: must be 1 to 1000, got 1001"},
		{"{kind: closed, search: fast, hold: 3s}", "a.yaml:4:30: load.search: want a mapping with keys such as from, to, p99, repetitions, got a value"},
		{"{kind: closed, search: {from: 1, to: 5}}", "a.yaml:4:7: load.hold: how long each level lasts must be above 0; for example hold: 20s"},
		{"{kind: closed, search: {from: 1, to: 5}, clients: 4, hold: 3s}", "a.yaml:4:57: load.clients: a search finds the clients; leave it out"},
		{"{kind: open, search: {from: 1/s, to: 5/s}, rate: 4/s, hold: 3s}", "a.yaml:4:56: load.rate: a search finds the rate; leave it out"},
		{"{kind: open, search: {from: 1, to: 5}, hold: 3s}", "a.yaml:4:35: load.search.from: the search of an open load goes from rate to rate; for example {from: 100/s, to: 5000/s}, or use kind: closed"},
		{"{kind: open, search: {from: 0/s, to: 5/s}, hold: 3s}", "a.yaml:4:35: load.search.from: must be above 0 and at most 1000000/s, got 0/s"},
		{"{kind: open, search: {from: 9/s, to: 5/s}, hold: 3s}", "a.yaml:4:44: load.search.to: must be 9/s to 1000000/s, got 5/s"},
		{"{kind: open, search: {from: 1/s, to: 5/s, p99: 0s}, hold: 3s}", "a.yaml:4:54: load.search.p99: must be above 0, got 0s; leave it out if any latency will do"},
		{"{kind: open, search: {from: 1/s, to: 5/s}, arrivals: {ramp: {from: 1/s, to: 2/s, over: 1s}}, hold: 3s}", "a.yaml:4:60: load.arrivals: the rate of ramp arrivals follows from themselves, so that it cannot be searched for; use constant or poisson"},
		{"{kind: open, search: {from: 5/s, to: 100/s, p99: 1s}, hold: 15s}\nwarmup: 0s", "a.yaml:4:67: load.hold: is too short for search.p99: from 5/s a step takes 3m20s to have its transactions, more than 10 times the hold of 15s; hold: 20s would do, or a higher search.from"},
		{"{kind: open, search: {from: 5/s, to: 100/s, p99: 1s}, arrivals: poisson, hold: 20s}\nwarmup: 1s", "a.yaml:4:86: load.hold: is too short for search.p99: from 5/s a step takes 3m40.9s to have its transactions, more than 10 times the hold of 20s; hold: 22.1s would do, or a higher search.from"},
		{"{kind: closed, search: {from: 1, to: 5}, hold: 3s}\nfresh: true", "a.yaml:5:8: fresh: a search repeats itself on one network; leave it out"},
	}
	for _, tt := range tests {
		t.Run(tt.load, func(t *testing.T) {
			if _, err := parse(searching(tt.load)); err == nil || err.Error() != tt.want {
				t.Errorf("%s:\n got %v\nwant %s", tt.load, err, tt.want)
			}
		})
	}
	if _, err := parse(searching("{kind: closed, search: {from: 1, to: 5}, wait: endorse, hold: 3s}")); err != nil {
		t.Errorf("a search for the rate of answers: %v", err)
	}
	ahead := strings.Replace(searching("{kind: open, search: {from: 1/s, to: 5/s}, hold: 3s}"), "encrypted}", "encrypted, encryption: ahead}", 1)
	if _, err := parse(ahead); err == nil || err.Error() != "a.yaml:3:41: workload.encryption: how many ciphertexts a search takes is not known beforehand; use {bank: K}" {
		t.Error(err)
	}
}

// A search counts with the hold of its longest steps.
func TestSearchLength(t *testing.T) {
	load := "{kind: open, search: {from: 1/min, to: 1/s, p99: 1h, repetitions: 100}, hold: 2h}"
	want := "a.yaml:1:1: repeat: all load levels together take 166667 h, more than a year"
	if _, err := parse(searching(load) + "warmup: 0s\n"); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// A p99 takes 1,000 transactions after the warm-up, and where they come at random some more.
func TestHoldAt(t *testing.T) {
	tests := []struct {
		load string
		rate float64
		want time.Duration
	}{
		{"{kind: open, search: {from: 20/s, to: 5000/s, p99: 500ms}, hold: 20s}", 20, 52 * time.Second},
		{"{kind: open, search: {from: 20/s, to: 5000/s, p99: 500ms}, hold: 20s, arrivals: poisson}", 20, 57 * time.Second},
		{"{kind: open, search: {from: 20/s, to: 5000/s, p99: 500ms}, hold: 20s, arrivals: poisson}", 61.2, 20 * time.Second},
		{"{kind: open, search: {from: 20/s, to: 5000/s}, hold: 20s}", 20, 20 * time.Second},
		{"{kind: closed, search: {from: 1, to: 512}, hold: 20s}", 1, 20 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.load, func(t *testing.T) {
			s, err := parse(searching(tt.load))
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "hold", s.Series[0].HoldAt(tt.rate, 2*time.Second), tt.want)
		})
	}
}
