package saturation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
)

// advised returns the saturation of a closed load and what is said of why it was not reached.
func advised(t interface{ Fatal(...any) }, pairs ...float64) (s result.Saturation, advice string) {
	s, warnings, err := saturation.Closed(closed(pairs...))
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range warnings {
		if w.Code == saturation.NotConfirmed {
			advice = w.Text
		}
	}
	return s, advice
}

// What is missing for a plateau is said with its numbers.
func TestAdviceNamesWhatIsMissing(t *testing.T) {
	for _, c := range []struct {
		name  string
		pairs []float64
		want  string
	}{
		{"flat, too short", []float64{40, 100, 60, 100, 100, 100},
			"from the knee at 40 clients on 1.3 doublings of the clients were measured, and a plateau takes two; add levels with more than 100 clients, up to 400 (160 at least)"},
		{"falls from the first", []float64{400, 412, 600, 337, 1000, 275},
			"throughput falls, from 412/s at 400 clients to 275/s at 1000, so that the knee may lie below 400 clients; add levels with fewer"},
		{"peak", []float64{100, 100, 400, 412, 1000, 275},
			"throughput falls, from 412/s at 400 clients to 275/s at 1000, so that its peak may lie between levels; add some around 400 clients"},
		{"knee at the last", []float64{10, 10, 20, 20, 40, 40},
			"from the knee at 40 clients on 0 doublings of the clients were measured, and a plateau takes two; add levels with more than 40 clients, up to 160"},
		{"one level", []float64{40, 100}, "only 40 clients count; add other levels"},
		{"nothing", []float64{40, 0, 60, 0, 100, 0}, "no level has any throughput"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, advice := advised(t, c.pairs...)
			if want := "saturation was not reached: " + c.want; advice != want || s.Reached {
				t.Errorf("reached %v\n got %s\nwant %s", s.Reached, advice, want)
			}
		})
	}
}

// Whoever follows the advice on a system that is as it seems has a plateau: the number of clients that would do at least
// does, and a smaller one does not.
func TestAdviceIsTrue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		first := rapid.IntRange(1, 500).Draw(t, "first")
		last := rapid.IntRange(first+1, max(first+1, 4*first-1)).Draw(t, "last")
		if last >= 4*first {
			t.Skip("two doublings")
		}
		pairs := []float64{float64(first), 100, float64(last), 100}
		_, advice := advised(t, pairs...)
		var most, least int
		if _, err := fmt.Sscanf(advice[strings.Index(advice, "up to"):], "up to %d (%d at least)", &most, &least); err != nil {
			t.Fatalf("%s: %v", advice, err)
		}
		for _, at := range []struct {
			clients int
			reached bool
		}{{most, true}, {least, true}, {least - 1, false}} {
			if at.clients <= last {
				continue
			}
			if s, said := advised(t, append(slices.Clone(pairs), float64(at.clients), 100)...); s.Reached != at.reached {
				t.Errorf("with %d clients too: reached %v, said %q, after %q", at.clients, s.Reached, said, advice)
			}
		}
	})
}
