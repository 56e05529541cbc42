package saturation_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"meterbench/bench/saturation"
)

// A machine whose pace changes from repetition to repetition: what it takes and
// how long it signs change by the same factor.
func TestSpread(t *testing.T) {
	paces := []float64{1, 1, 1.25, 0.8}
	const sign = 25e-6
	within := func(what string, got, want, tolerance float64) {
		t.Helper()
		if !(math.Abs(got-want) <= tolerance) {
			t.Errorf("%s: %g, want %g", what, got, want)
		}
	}
	// Found: 100, 80, 125. Their mean is 101.667 and their sample standard
	// deviation 22.546, so that they vary by 0.22177.
	const golden = 0.22177
	t.Run("closed", func(t *testing.T) {
		s, err := saturation.NewClosedSearch(saturation.ClosedConfig{From: 1, To: 64, Repetitions: 3})
		if err != nil {
			t.Fatal(err)
		}
		visits := 0 // of the number found, by whose first it is found
		for clients, more := s.Next(); more; clients, more = s.Next() {
			pace := 1.
			if clients == 10 {
				pace = paces[visits]
				visits++
			}
			s.Observe(saturation.Step{Load: clients, Received: 10 * min(clients, 10) / pace, Success: 1, Pace: sign * pace})
		}
		found := s.Result()
		if !found.Reached || found.Load != 10 || len(found.Warnings) == 0 {
			t.Fatalf("reached %v at %g clients: %s %v", found.Reached, found.Load, found.Reason, found.Warnings)
		}
		stored := found.Saturation
		within("spread", stored.Spread, golden, 1e-5)
		within("normalised", stored.SpreadNormalised, 0, 1e-12)
	})
	t.Run("open", func(t *testing.T) {
		s, err := saturation.NewOpenSearch(saturation.OpenConfig{From: 10, To: 1000, Repetitions: 3})
		if err != nil {
			t.Fatal(err)
		}
		repetition, last := 0, 10.
		for load, more := s.Next(); more; load, more = s.Next() {
			if load < 0.9*last { // a repetition begins below what was found
				repetition++
			}
			last = load
			pace := paces[repetition]
			step := exact(100 / pace)(load)
			step.Pace = sign * pace
			s.Observe(step)
		}
		found := s.Result().Saturation
		if !found.Reached || repetition != 3 {
			t.Fatalf("%d repetitions, reached: %v; %s", repetition, found.Reached, found.Method)
		}
		// A rate is found to half a percent (a backlog that grows less is none).
		within("spread", found.Spread, golden, 0.01)
		within("normalised", found.SpreadNormalised, 0, 0.005)
	})
}

// One search says nothing about how much searches differ, and without a pace
// nothing is normalised.
func TestNoSpread(t *testing.T) {
	for _, repetitions := range []int{1, 3} {
		s, err := saturation.NewOpenSearch(saturation.OpenConfig{From: 10, To: 1000, Repetitions: repetitions})
		if err != nil {
			t.Fatal(err)
		}
		n := 0.
		for load, more := s.Next(); more; load, more = s.Next() {
			n++
			s.Observe(exact(300 + n)(load))
		}
		found := s.Result()
		if (found.Spread > 0) != (repetitions > 1) || found.SpreadNormalised != 0 {
			t.Errorf("%d repetitions: spread %g, normalised %g", repetitions, found.Spread, found.SpreadNormalised)
		}
	}
}

// A pace that scatters by itself, as a signature timed for 30 ms does by 29 %,
// never makes the reported spread larger; one that explains what was found makes
// it smaller.
func TestNormalisingNeverWidens(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 1))
	normalised := 0
	for trial := range 200 {
		explains := trial%2 == 0
		s, err := saturation.NewClosedSearch(saturation.ClosedConfig{From: 1, To: 64, Repetitions: 6})
		if err != nil {
			t.Fatal(err)
		}
		for clients, more := s.Next(); more; clients, more = s.Next() {
			pace, timed := 1.0, math.Exp(0.29*random.NormFloat64())
			if explains {
				pace = math.Exp(0.01 * random.NormFloat64())
				timed = pace
			}
			s.Observe(saturation.Step{Load: clients, Received: 10 * min(clients, 10) / pace * (1 + 0.002*random.NormFloat64()), Success: 1, Pace: 25e-6 * timed})
		}
		found := s.Result().Saturation
		if found.SpreadNormalised >= found.Spread {
			t.Fatalf("a spread of %g becomes %g", found.Spread, found.SpreadNormalised)
		}
		if found.SpreadNormalised > 0 {
			normalised++
			if !explains {
				t.Errorf("a spread of %g is said to be %g by a pace that has nothing to do with it", found.Spread, found.SpreadNormalised)
			}
		}
	}
	if normalised < 90 {
		t.Errorf("normalised %d of 100 spreads that the pace explains", normalised)
	}
}
