package scenario_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench/scenario"
	"meterbench/bench/stats"
	"meterbench/internal/random"
)

// sending is a scenario with an open load and some of the top level.
func sending(load, more string) string {
	return strings.Replace(single, "kind: closed, clients: [1, 2], hold: 3s", load, 1) + more + "\n"
}

func TestQuantiles(t *testing.T) {
	tests := []struct {
		text string
		want []float64
	}{
		{single, []float64{50, 95, 99, 99.9}}, // whatever the load gives
		{single + "quantiles: [99.999]\n", []float64{99.999}},
		{single + "quantiles: 90\n", []float64{90}},
		{sending("kind: open, rate: 100/s, hold: 12s", "warmup: 2s\nquantiles: [1, 50, 99]"), []float64{1, 50, 99}},
		{sending("kind: open, search: {from: 1/s, to: 9/s}, hold: 3s", "quantiles: [99.9]"), []float64{99.9}},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			s, err := parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "quantiles", s.Quantiles, tt.want)
		})
	}
}

func TestQuantileErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{single + "quantiles: []", "a.yaml:5:12: quantiles: must be 1 to 20 percentages, got 0; for example quantiles: [50, 95, 99, 99.9]"},
		{single + "quantiles: [50, 0]", "a.yaml:5:17: quantiles[1]: must be a percentage above 0 and below 100, got 0; the median is 50"},
		{single + "quantiles: [100]", "a.yaml:5:13: quantiles[0]: must be a percentage above 0 and below 100, got 100; the median is 50"},
		{single + "quantiles: [50, 99, 95]", "a.yaml:5:21: quantiles[2]: must be in ascending order, got 95 after 99"},
		{single + "quantiles: [50, 50]", "a.yaml:5:17: quantiles[1]: 50 is given twice"},
		{single + "quantiles: [half]", `a.yaml:5:13: quantiles[0]: want a number, got "half"`},
		{sending("kind: open, rate: [200/s, 100/s], hold: 12s", "warmup: 3s\nquantiles: [50, 99]"),
			"a.yaml:6:17: quantiles[1]: p99 needs 1000 transactions in a window, and series encrypted at 100/s has about 900; hold: 13s would do"},
		{sending("kind: open, rate: 100/s, arrivals: poisson, hold: 10s", "warmup: 0s\nquantiles: [99]"),
			"a.yaml:6:13: quantiles[0]: p99 needs 1000 transactions in a window, on average 1100 to be sure of them, and series encrypted at 100/s has about 1000; hold: 10.995s would do"},
		{sending("kind: open, arrivals: {ramp: {from: 0/s, to: 100/s, over: 10s}}, hold: 10s", "warmup: 0s\nquantiles: [99]"),
			"a.yaml:6:13: quantiles[0]: p99 needs 1000 transactions in a window, and series encrypted has about 500; hold: 15s would do"},
		{sending("kind: open, arrivals: {steps: [{rate: 10/s, hold: 10s}, {rate: 0/s, hold: 1s}]}", "warmup: 0s\nquantiles: [99]"),
			"a.yaml:6:13: quantiles[0]: p99 needs 1000 transactions in a window, and series encrypted has about 100; leave it out: no hold would do"},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			if _, err := parse(tt.text); err == nil || err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// The hold that an error names gives the quantile, and a shorter one does not.
func TestShortestHoldForQuantile(t *testing.T) {
	hint := regexp.MustCompile(`hold: (\S+) would do`)
	for _, arrivals := range []string{"constant", "poisson", "{periodic: {interval: 20s, jitter: 1}}", "{ramp: {from: 9/s, to: 90/s, over: 30s}}",
		"{steps: [{rate: 9/s, hold: 1500ms}, {rate: 90/s, hold: 1h}]}"} {
		for _, percent := range []float64{5, 50, 90, 99, 99.5} {
			t.Run(fmt.Sprintf("%s p%g", arrivals, percent), func(t *testing.T) {
				load := "kind: open, arrivals: " + arrivals + ", hold: %v"
				if !strings.HasPrefix(arrivals, "{") {
					load += ", rate: 37/s"
				}
				text := func(hold time.Duration) string {
					return sending(fmt.Sprintf(load, hold), fmt.Sprintf("warmup: 900ms\nquantiles: [%g]", percent))
				}
				_, err := parse(text(1300 * time.Millisecond))
				found := hint.FindStringSubmatch(fmt.Sprint(err))
				if found == nil {
					t.Fatalf("no hold in: %v", err)
				}
				hold, err := time.ParseDuration(found[1])
				if err != nil {
					t.Fatal(err)
				}
				s, err := parse(text(hold))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := parse(text(hold - time.Millisecond)); err == nil {
					t.Errorf("a hold of 1 ms less would do, too")
				}
				short := 0
				const seeds = 400
				for seed := range uint64(seeds) {
					if due(s, 37, seed) < stats.SamplesFor(percent) {
						short++
					}
				}
				if short > seeds/100 {
					t.Errorf("with a hold of %v %d of %d windows have too few transactions", hold, short, seeds)
				}
			})
		}
	}
}

// due returns how many transactions a level has in its window.
func due(s scenario.Scenario, rate float64, seed uint64) (n uint64) {
	for at := range s.Series[0].Process(rate).Offsets(random.Stream{Seed: seed, Purpose: random.Arrivals}.Rand()) {
		if at >= s.Series[0].Load.Hold {
			break
		}
		if at >= s.Warmup {
			n++
		}
	}
	return n
}

func TestObjective(t *testing.T) {
	const two = `name: a
topology: minimal
objective: 2s
series:
  - name: own
    objective: 500ms
    workload: {kind: plain}
    load: {kind: open, rate: 5/s, hold: 3s}
  - name: all
    workload: {kind: plain}
    load: {kind: closed, clients: 4, hold: 3s}
  - name: searched
    workload: {kind: plain}
    load: {kind: open, search: {from: 40/s, to: 90/s, p99: 3s}, hold: 3s}
  - name: day
    objective: 4s
    phases:
      - {name: quick, objective: 1s, workload: {kind: plain}, load: {kind: open, rate: 5/s, hold: 3s}}
      - {name: slow, workload: {kind: plain}, load: {kind: open, rate: 5/s, hold: 3s}}
`
	s, err := parse(two)
	if err != nil {
		t.Fatal(err)
	}
	var got []time.Duration
	for _, one := range s.Series {
		got = append(got, one.Objective)
	}
	equal(t, "objectives", got, []time.Duration{500 * time.Millisecond, 2 * time.Second, 3 * time.Second, time.Second, 4 * time.Second})
	if s, err := parse(single); err != nil || slices.ContainsFunc(s.Series, func(s scenario.Series) bool { return s.Objective != 0 }) {
		t.Errorf("an objective where none is given, %v", err)
	}
	if _, err := parse(two, "series[0].load.wait=endorse"); err != nil {
		t.Errorf("an objective of answers: %v", err)
	}
	for _, tt := range []struct{ set, want string }{
		{"objective=0s", "--set objective: objective: must be above 0 and at most 744h0m0s, got 0s; leave it out if there is none"},
		{"series[0].objective=-1s", "--set series[0].objective: series[0].objective: must be above 0 and at most 744h0m0s, got -1s; leave it out if there is none"},
		{"series[3].phases[1].objective=745h", "--set series[3].phases[1].objective: series[3].phases[1].objective: must be above 0 and at most 744h0m0s, got 745h0m0s; leave it out if there is none"},
	} {
		if _, err := parse(two, tt.set); err == nil || err.Error() != tt.want {
			t.Errorf("%s:\n got %v\nwant %s", tt.set, err, tt.want)
		}
	}
}
