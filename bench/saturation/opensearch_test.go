package saturation_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench/saturation"
	"meterbench/bench/stats"
)

// exact is a target without noise that takes up to capacity.
func exact(capacity float64) func(float64) saturation.Step {
	return func(load float64) saturation.Step {
		received := min(load, capacity)
		return saturation.Step{Load: load, Sent: load, Due: 10_000, Received: received, Success: 1, Backlog: stats.Slope{PerSecond: load - received}}
	}
}

func TestOpenSearchEnds(t *testing.T) {
	broken := func(change func(*saturation.Step)) func(float64) saturation.Step {
		return func(load float64) saturation.Step {
			s := exact(1e9)(load)
			if load > 300 {
				change(&s)
			}
			return s
		}
	}
	for _, c := range []struct {
		name      string
		config    saturation.OpenConfig
		measure   func(float64) saturation.Step
		reached   bool
		low, high float64 // bounds of the load found
		reason    string  // that it contains
		steps     int     // at most
	}{
		{"capacity", saturation.OpenConfig{From: 10, To: 1000}, exact(300), true, 299, 301, "throughput was 93.9 %", 25},
		{"below the lowest load", saturation.OpenConfig{From: 100, To: 1000}, exact(50), false, 0, 0, "even the lowest load failed: throughput was 50.0 %", 2},
		{"above the highest load", saturation.OpenConfig{From: 10, To: 1000}, exact(3000), false, 1000, 1000, "the highest load passed", 8},
		{"a single load that passes", saturation.OpenConfig{From: 10, To: 10}, exact(3000), false, 10, 10, "the highest load passed", 1},
		{"just above the lowest", saturation.OpenConfig{From: 100, To: 1000}, exact(103), true, 102, 104, "throughput was 93.6 %", 20},
		{"just below the highest", saturation.OpenConfig{From: 100, To: 1000}, exact(990), true, 980, 998, "a load of 1000/s failed", 20},
		{"out of steps", saturation.OpenConfig{From: 1e-21, To: 1e9}, exact(300), false, 18.86, 18.86, "limited to 75 steps", 75},
		{"dropped", saturation.OpenConfig{From: 10, To: 1000}, broken(func(s *saturation.Step) { s.Dropped = 3 }), true, 297, 300, "6 transactions were dropped", 25},
		{"failures", saturation.OpenConfig{From: 10, To: 1000}, broken(func(s *saturation.Step) { s.Success = 0.98 }), true, 297, 300, "98.0 % of the transactions were valid", 25},
		{"more comes back than was sent", saturation.OpenConfig{From: 10, To: 1000}, broken(func(s *saturation.Step) { s.Received *= 1.1 }), true, 297, 300, "throughput was 110.0 %", 25},
		{"client too slow", saturation.OpenConfig{From: 10, To: 1000}, broken(func(s *saturation.Step) { s.Sent *= 0.9 }), false, 297, 300, "were sent instead of", 25},
		{"client late", saturation.OpenConfig{From: 10, To: 1000}, broken(func(s *saturation.Step) { s.Invalid = "the client was late" }), false, 297, 300, "failed: the client was late", 35},
		{"too few for a p99", saturation.OpenConfig{From: 10, To: 1000, MaxP99: 1}, func(load float64) saturation.Step {
			s := exact(300)(load)
			s.Due, s.Late = 300, 2
			return s
		}, false, 0, 0, "300 transactions are too few for a p99, 2 of them late", 4},
		{"an insignificant slope", saturation.OpenConfig{From: 10, To: 1000}, broken(func(s *saturation.Step) { s.Backlog = stats.Slope{PerSecond: 50, Error: 40} }), false, 1000, 1000, "the highest load passed", 8},
		{"not a number", saturation.OpenConfig{From: 10, To: 1000}, broken(func(s *saturation.Step) { s.Received = math.NaN() }), true, 297, 300, "throughput was NaN", 25},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := open(t, c.config, c.measure)
			if f.Reached != c.reached {
				t.Errorf("reached: %v, want %v", f.Reached, c.reached)
			}
			if f.Load < c.low || f.Load > c.high {
				t.Errorf("found %g/s, want %g to %g/s", f.Load, c.low, c.high)
			}
			if !strings.Contains(f.Reason, c.reason) {
				t.Errorf("reason %q, want %q in it", f.Reason, c.reason)
			}
			if len(f.Trials) > c.steps {
				t.Errorf("%d steps, want at most %d", len(f.Trials), c.steps)
			}
			for _, w := range f.Warnings {
				if f.Load == 0 && strings.Contains(w.Text, "at least") {
					t.Errorf("no load was found, and yet: %s", w.Text)
				}
			}
			if warned := slices.Contains(codes(f.Warnings), saturation.NotConfirmed); warned == f.Reached {
				t.Errorf("warnings %v", f.Warnings)
			}
		})
	}
}

// Steps that fail for no reason are tried again; where both tries fail, the
// search finds its way back up.
func TestSurvivesFlakySteps(t *testing.T) {
	const searches = 100
	near, most := 0, 0
	for i := range uint64(searches) {
		rng := rand.New(rand.NewPCG(41, i))
		found := open(t, saturation.OpenConfig{From: 10, To: 5000}, func(load float64) saturation.Step {
			s := exact(700)(load)
			if rng.Float64() < 0.1 {
				s.Success = 0.5
			}
			return s
		})
		if math.Abs(found.Load/700-1) <= 0.03 {
			near++
		}
		most = max(most, len(found.Trials))
	}
	t.Logf("%d of %d within 3 %%, at most %d steps", near, searches, most)
	if near < 85 || most > 60 {
		t.Errorf("%d of %d within 3 %%, at most %d steps", near, searches, most)
	}
	failed := false
	found := open(t, saturation.OpenConfig{From: 10, To: 5000}, func(load float64) saturation.Step {
		s := exact(700)(load)
		if load == 40 && !failed {
			s.Success, failed = 0, true
		}
		return s
	})
	if !found.Reached || math.Abs(found.Load/700-1) > 0.03 || !slices.Contains(codes(found.Warnings), saturation.NotMonotonic) {
		t.Errorf("got %g/s, %v", found.Load, found.Warnings)
	}
}

// Whatever a target does, a search ends, stays within its loads, and what it
// calls found has passed, or lies below a load that failed.
func TestOpenSearchProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := saturation.OpenConfig{
			From: rapid.Float64Range(0.001, 1000).Draw(t, "from"), Repetitions: rapid.IntRange(0, 3).Draw(t, "repetitions"),
		}
		c.To = c.From * rapid.Float64Range(1, 1000).Draw(t, "to")
		s, err := saturation.NewOpenSearch(c)
		if err != nil {
			t.Fatal(err)
		}
		capacity := c.To * rapid.Float64Range(0, 1.2).Draw(t, "capacity")
		flaky := rapid.Float64Range(0, 1).Draw(t, "flaky")
		steps := 0
		passed, failed := map[float64]bool{}, 0.0
		for load, more := s.Next(); more; load, more = s.Next() {
			if steps++; steps > 50+25*max(1, c.Repetitions) || load < c.From || load > c.To {
				t.Fatalf("step %d at %g/s", steps, load)
			}
			step := exact(capacity)(load)
			if rapid.Float64Range(0, 1).Draw(t, "luck") < flaky*flaky {
				step.Success = 0
			}
			s.Observe(step)
			trials := s.Result().Trials
			if trials[len(trials)-1].Fault == "" {
				passed[load] = true
			} else {
				failed = max(failed, load)
			}
		}
		f := s.Result()
		if f.Load < 0 || f.Load > c.To {
			t.Fatalf("found %g/s of at most %g/s", f.Load, c.To)
		}
		if f.Reached && f.Load == 0 {
			t.Fatal("reached, though no load was found")
		}
		if c.Repetitions <= 1 && f.Load > 0 && !f.Reached && !passed[f.Load] {
			t.Fatalf("found at least %g/s, which did not pass", f.Load)
		}
		if f.Reached && f.Load > failed {
			t.Fatalf("found %g/s, and no load failed above %g/s", f.Load, failed)
		}
		close := capacity*(1-0.01-0.01) <= f.Load && f.Load <= capacity*1.01
		if flaky == 0 && f.Reached && !close {
			t.Fatalf("found %g/s instead of %g/s", f.Load, capacity)
		}
	})
}

func TestRefusesSearch(t *testing.T) {
	for _, c := range []saturation.OpenConfig{
		{}, {From: 1}, {From: 10, To: 5}, {From: -1, To: 5}, {From: 1, To: math.Inf(1)}, {From: math.NaN(), To: 5},
		{From: 1, To: 5, MaxP99: -1}, {From: 1, To: 5, Repetitions: -1},
	} {
		if _, err := saturation.NewOpenSearch(c); err == nil {
			t.Errorf("no error for a search from %g to %g, max. p99 %v, %d repetitions", c.From, c.To, c.MaxP99, c.Repetitions)
		}
	}
	for _, c := range []saturation.ClosedConfig{
		{}, {From: 1}, {From: 5, To: 4}, {From: 1, To: 5, Repetitions: -1},
	} {
		if _, err := saturation.NewClosedSearch(c); err == nil {
			t.Errorf("no error for a search from %d to %d, %d repetitions", c.From, c.To, c.Repetitions)
		}
	}
}

func TestObserveRefusesOtherLoads(t *testing.T) {
	open, err := saturation.NewOpenSearch(saturation.OpenConfig{From: 10, To: 10})
	if err != nil {
		t.Fatal(err)
	}
	panics(t, func() { open.Observe(exact(5)(11)) })
	open.Observe(exact(100)(10))
	panics(t, func() { open.Observe(exact(100)(10)) })
	closed, err := saturation.NewClosedSearch(saturation.ClosedConfig{From: 2, To: 4})
	if err != nil {
		t.Fatal(err)
	}
	panics(t, func() { closed.Observe(saturation.Step{Load: 3}) })
}

func panics(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	f()
}

// A step that the instrument spoilt has twice as many tries.
func TestInvalidStepsAreTriedAgain(t *testing.T) {
	late := func(times int) func(float64) saturation.Step {
		return func(load float64) saturation.Step {
			s := exact(300)(load)
			if load == 40 && times > 0 {
				times--
				s.Invalid = "the client was late"
			}
			return s
		}
	}
	c := saturation.OpenConfig{From: 10, To: 1000}
	loads := func(f saturation.Result) (all []float64) {
		for _, trial := range f.Trials[:7] {
			all = append(all, trial.Load)
		}
		return all
	}
	f := open(t, c, late(3))
	if diff := cmp.Diff([]float64{10, 20, 40, 40, 40, 40, 80}, loads(f)); diff != "" {
		t.Errorf("three invalid steps, loads (-want +got):\n%s", diff)
	}
	if f.Plateau == 0 || slices.Contains(codes(f.Warnings), saturation.NotMonotonic) {
		t.Errorf("plateau %g/s, warnings %v", f.Plateau, f.Warnings)
	}
	f = open(t, c, late(4))
	if f.Trials[6].Stage != saturation.Locate || math.Abs(f.Load/300-1) > 0.03 {
		t.Errorf("after four invalid steps %s, found %g/s", f.Trials[6].Stage, f.Load)
	}
}
