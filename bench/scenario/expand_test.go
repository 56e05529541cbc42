package scenario_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/scenario"

	"pgregory.net/rapid"
)

// Whatever is varied where, a series comes once for every combination of the
// levels of its factors, under a name of its own; phases stay together and on
// one network.
func TestExpansion(t *testing.T) {
	levels := map[string][]string{
		"batch": {"{}", "{messages: 1}", "{timeout: 3s}"}, "caps": {"{}", "{peer: {cpus: 1}}"}, "channels": {"1", "2", "3"},
		"length": {"1", "2", "24"}, "wait": {"commit", "endorse"}, "limits": {"{gateway: 9}", "{}"},
	}
	rapid.Check(t, func(t *rapid.T) {
		product := map[string]int{"": 1, "series[0].": 1, "series[1].": 1}
		var sets []string
		for _, key := range []string{"batch", "caps", "channels", "length", "wait", "limits"} {
			owners := rapid.SampledFrom([][]string{nil, {""}, {"series[0]."}, {"series[1]."}, {"series[0].", "series[1]."}}).Draw(t, key)
			for _, at := range owners {
				n := rapid.IntRange(1, len(levels[key])).Draw(t, at+key)
				product[at] *= n
				sets = append(sets, fmt.Sprintf("%svary.%s=[%s]", at, key, strings.Join(levels[key][:n], ", ")))
			}
		}
		s, err := parse(phased, sets...)
		if err != nil {
			t.Fatalf("%v: %v", sets, err)
		}
		day, alone := product[""]*product["series[0]."], product[""]*product["series[1]."]
		if len(s.Series) != 2*day+alone {
			t.Fatalf("%v: %d series, want 2 phases %d times and %d more", sets, len(s.Series), day, alone)
		}
		for i, one := range s.Series {
			if slices.ContainsFunc(s.Series[:i], func(o scenario.Series) bool { return o.Name == one.Name || o.Prefix == one.Prefix }) {
				t.Fatalf("%v: %s comes twice", sets, one.Name)
			}
			phase := i < 2*day
			if phase != (one.Group != "") {
				t.Fatalf("%v: %s is of group %q", sets, one.Name, one.Group)
			}
			if !phase {
				continue
			}
			if other := s.Series[i^1]; other.Group != one.Group || other.Network != one.Network || other.Name == one.Name {
				t.Fatalf("%v: %s and %s are no phases of one level", sets, one.Name, other.Name)
			}
		}
	})
}
