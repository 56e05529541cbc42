package stats

import (
	"context"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"
)

var changing = flag.Int("changing", 100, "number of series of each kind that TestDivisive looks at")

// A simulated series of 60 runs with a coefficient of variation of 4 %.
const (
	runs    = 60
	scatter = 0.04
	drop    = 0.08
)

// noisy returns 60 runs about a mean that may change, with deviations of the generator.
func noisy(deviation func() float64, mean func(run int) float64) []float64 {
	values := make([]float64, runs)
	for i := range values {
		values[i] = mean(i) * (1 + scatter*deviation())
	}
	return values
}

func flat(int) float64 { return 100 }

func stepped(at ...int) func(int) float64 {
	return func(run int) float64 {
		level := 100.0
		for i, a := range at {
			if run >= a {
				level = []float64{100 * (1 - drop), 100}[i%2]
			}
		}
		return level
	}
}

// autoregressive returns standard normal deviations with a correlation phi of neighbours.
func autoregressive(r *rand.Rand, phi float64) func() float64 {
	last := r.NormFloat64()
	return func() float64 {
		last = phi*last + math.Sqrt(1-phi*phi)*r.NormFloat64()
		return last
	}
}

// student3 returns deviations of Student's t with 3 degrees of freedom, whose variance is 1.
func student3(r *rand.Rand) float64 {
	squares := 0.0
	for range 3 {
		x := r.NormFloat64()
		squares += x * x
	}
	return r.NormFloat64() / math.Sqrt(squares)
}

// What E-divisive at a level of 0.01 with 999 random orders finds, and finds falsely, in 60 runs. With -changing 1000 these
// are the rates that docs/statistics.md states.
func TestDivisive(t *testing.T) {
	d := Divisive{Level: 0.01, Permutations: 999, Segment: 5}
	place := func(r *rand.Rand) int { return 10 + r.IntN(runs-20+1) }
	for _, c := range []struct {
		name   string
		series func(r *rand.Rand) (values []float64, steps []int)
		// least of the series have every step within two runs and nothing else; most have any change point. 0: not checked.
		least, most float64
	}{
		{"flat", func(r *rand.Rand) ([]float64, []int) { return noisy(r.NormFloat64, flat), nil }, 0, 0.05},
		{"flat, t(3)", func(r *rand.Rand) ([]float64, []int) { return noisy(func() float64 { return student3(r) }, flat), nil }, 0, 0.05},
		{"flat, exponential", func(r *rand.Rand) ([]float64, []int) { return noisy(r.ExpFloat64, flat), nil }, 0, 0.05},
		{"flat, AR(1) 0.3", func(r *rand.Rand) ([]float64, []int) { return noisy(autoregressive(r, 0.3), flat), nil }, 0, 0.25},
		{"flat, AR(1) 0.5", func(r *rand.Rand) ([]float64, []int) { return noisy(autoregressive(r, 0.5), flat), nil }, 0, 0.6},
		{"step of 8 %", func(r *rand.Rand) ([]float64, []int) {
			at := place(r)
			return noisy(r.NormFloat64, stepped(at)), []int{at}
		}, 0.9, 0},
		{"step of 8 %, t(3)", func(r *rand.Rand) ([]float64, []int) {
			at := place(r)
			return noisy(func() float64 { return student3(r) }, stepped(at)), []int{at}
		}, 0.8, 0},
		{"step 5 runs before the end", func(r *rand.Rand) ([]float64, []int) { return noisy(r.NormFloat64, stepped(runs-5)), []int{runs - 5} }, 0.3, 0},
		{"step 8 runs before the end", func(r *rand.Rand) ([]float64, []int) { return noisy(r.NormFloat64, stepped(runs-8)), []int{runs - 8} }, 0.7, 0},
		{"there and back", func(r *rand.Rand) ([]float64, []int) { return noisy(r.NormFloat64, stepped(20, 40)), []int{20, 40} }, 0.7, 0},
		{"step of 8 % beside one of 50 %", func(r *rand.Rand) ([]float64, []int) {
			return noisy(r.NormFloat64, func(run int) float64 {
				if run < 20 {
					return 200
				}
				return stepped(40)(run)
			}), []int{20, 40}
		}, 0.8, 0},
		{"drift of 8 %", func(r *rand.Rand) ([]float64, []int) {
			return noisy(r.NormFloat64, func(run int) float64 { return 100 * (1 - drop*float64(run)/(runs-1)) }), nil
		}, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := *changing
			if testing.Short() {
				n = min(n, 10)
			}
			found := make([][]ChangePoint, n)
			hit := make([]bool, n)
			var group errgroup.Group
			group.SetLimit(runtime.GOMAXPROCS(0))
			for i := range n {
				group.Go(func() error {
					r := rand.New(rand.NewPCG(15, uint64(i)))
					values, steps := c.series(r)
					found[i] = d.ChangePoints(t.Context(), values, r)
					hit[i] = slices.EqualFunc(found[i], steps, func(f ChangePoint, at int) bool { return f.Index >= at-2 && f.Index <= at+2 })
					return nil
				})
			}
			if err := group.Wait(); err != nil {
				t.Fatal(err)
			}
			share := func(is func(i int) bool) float64 {
				count := 0.0
				for i := range n {
					if is(i) {
						count++
					}
				}
				return count / float64(n)
			}
			right := share(func(i int) bool { return hit[i] })
			some := share(func(i int) bool { return len(found[i]) > 0 })
			t.Logf("every step within two runs and no other: %.1f %%; any change point: %.1f %%; more than one: %.1f %%", 100*right, 100*some,
				100*share(func(i int) bool { return len(found[i]) > 1 }))
			slack := func(p float64) float64 { // of a share of fewer series than 1,000
				if n >= 1000 {
					return 0
				}
				return 2.5 * math.Sqrt(p*(1-p)/float64(n))
			}
			if right < c.least-slack(c.least) {
				t.Errorf("%.3f found right, want at least %v", right, c.least)
			}
			if c.most > 0 && some > c.most+slack(c.most) {
				t.Errorf("%.3f have a change point, want at most %v", some, c.most)
			}
		})
	}
}

// A history is looked at again after every run: of flat ones more have had a false change point at some time than have at one.
func TestDivisiveAfterEveryRun(t *testing.T) {
	d := Divisive{Level: 0.01, Permutations: 999, Segment: 5}
	n := *changing
	if testing.Short() {
		n = min(n, 10)
	}
	ever := 0
	for i := range n {
		r := rand.New(rand.NewPCG(16, uint64(i)))
		values := noisy(r.NormFloat64, flat)
		for length := 2 * d.Segment; length <= runs; length++ {
			if len(d.ChangePoints(t.Context(), values[:length], r)) > 0 {
				ever++
				break
			}
		}
	}
	share := float64(ever) / float64(n)
	t.Logf("looked at after each of 51 runs, a false change point at any time: %.1f %%", 100*share)
	if share > 0.25 {
		t.Errorf("%v have one at some time", share)
	}
}

// The scan returns what the definition of the energy distance gives, for all splits and ends.
func TestDivisiveDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-100, 100), 4, 24).Draw(t, "values")
		least := rapid.IntRange(2, 5).Draw(t, "least")
		bounds := []int{0, len(values)}
		if cut := rapid.IntRange(0, len(values)).Draw(t, "cut"); cut > 0 && cut < len(values) {
			bounds = []int{0, cut, len(values)}
		}
		want := 0.0
		for i, from := range bounds[:len(bounds)-1] {
			for end := from; end <= bounds[i+1]; end++ {
				for at := from + least; at <= end-least; at++ {
					want = max(want, energy(values[from:at], values[at:end]))
				}
			}
		}
		at, got := newScan(len(values), least).best(values, bounds)
		if math.Abs(got-want) > 1e-9*(1+want) {
			t.Fatalf("best is %v at %d, want %v", got, at, want)
		}
	})
}

// Whether an order reaches a quality is said as the scan over all splits and ends says it, whatever the quality.
func TestDivisiveReach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.Float64Range(-100, 100)
		if rapid.Bool().Draw(t, "ties") {
			value = rapid.Map(rapid.IntRange(0, 3), func(i int) float64 { return 1e6 + float64(i) })
		}
		values := rapid.SliceOfN(value, 1, 60).Draw(t, "values")
		for i := range values[rapid.IntRange(0, len(values)).Draw(t, "step"):] {
			values[i] += 50
		}
		bounds := []int{0, len(values)}
		if cut := rapid.IntRange(0, len(values)).Draw(t, "cut"); cut > 0 && cut < len(values) {
			bounds = []int{0, cut, len(values)}
			if rapid.Bool().Draw(t, "far") {
				for i := range values[cut:] {
					values[cut+i] += 1e10
				}
			}
		}
		scan := newScan(len(values), rapid.IntRange(2, 5).Draw(t, "least"))
		o := newOrders(values, scan)
		o.reset()
		o.shuffle(bounds, rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)))
		order := make([]float64, len(values))
		for i, rank := range o.ranks {
			order[i] = o.sorted[rank]
		}
		_, best := scan.best(order, bounds)
		if best < 1e-6 { // nothing but rounding
			return
		}
		for _, share := range []float64{0.1, 0.9, 1 - 1e-8, 1 + 1e-8, 1.1, 2, 10} {
			if got, want := o.reach(bounds, share*best), share <= 1; got != want {
				t.Errorf("the best split is %v good, and %v is reached: %v", best, share*best, got)
			}
		}
	})
}

// Each test exchanges the values of the segments that were found until then: a step that is small beside another one is found.
func TestDivisiveSmallBesideLarge(t *testing.T) {
	d := Divisive{Level: 0.01, Permutations: 999, Segment: 5}
	r := rand.New(rand.NewPCG(17, 0))
	values := noisy(r.NormFloat64, func(run int) float64 {
		switch {
		case run < 20:
			return 300
		case run < 40:
			return 100
		}
		return 85
	})
	var at []int
	for _, c := range d.ChangePoints(t.Context(), values, r) {
		at = append(at, c.Index)
	}
	if want := []int{20, 40}; !slices.Equal(at, want) {
		t.Errorf("steps at %v, want %v", at, want)
	}
}

// What a test of 100 orders costs in a series of 200 values that steps by two standard deviations.
func BenchmarkDivisive(b *testing.B) {
	d := Divisive{Level: 0.01, Permutations: 100, Segment: 5}
	r := rand.New(rand.NewPCG(18, 0))
	values := make([]float64, 200)
	for i := range values {
		values[i] = float64(2*(i/100)) + r.NormFloat64()
	}
	for b.Loop() {
		d.ChangePoints(b.Context(), values, r)
	}
}

// energy is nm/(n+m) · E by its definition.
func energy(x, y []float64) float64 {
	between := 0.0
	for _, a := range x {
		for _, b := range y {
			between += math.Abs(a - b)
		}
	}
	within := func(all []float64) (sum float64) {
		for i, a := range all {
			for _, b := range all[:i] {
				sum += math.Abs(a - b)
			}
		}
		return sum / float64(len(all)*(len(all)-1)) * 2
	}
	n, m := float64(len(x)), float64(len(y))
	return n * m / (n + m) * (2*between/(n*m) - within(x) - within(y))
}

// Change points are at least a segment apart and within the series, do not depend on unit or offset, and repeat from the seed.
func TestDivisiveProperties(t *testing.T) {
	d := Divisive{Level: 0.05, Permutations: 99, Segment: 3}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(0, 100), 0, 40).Draw(t, "values")
		seed := rapid.Uint64().Draw(t, "seed")
		step := rapid.IntRange(0, len(values)).Draw(t, "step")
		for i := range values[step:] {
			values[step+i] += 200
		}
		kept := slices.Clone(values)
		got := d.ChangePoints(t.Context(), values, rand.New(rand.NewPCG(seed, 0)))
		if !slices.Equal(values, kept) {
			t.Fatal("the values were changed")
		}
		last := 0
		for _, c := range append(got, ChangePoint{len(values), 0}) {
			if c.Index-last < d.Segment && len(got) > 0 || c.P < 0 || c.P > d.Level {
				t.Fatalf("%v in %d values", got, len(values))
			}
			last = c.Index
		}
		scaled := make([]float64, len(values))
		for i, v := range values {
			scaled[i] = 1024 * v
		}
		if again := d.ChangePoints(t.Context(), scaled, rand.New(rand.NewPCG(seed, 0))); !slices.Equal(got, again) {
			t.Fatalf("%v, and in another unit %v", got, again)
		}
	})
}

func TestDivisiveEdges(t *testing.T) {
	d := Divisive{Level: 0.05, Permutations: 199, Segment: 5}
	constant := slices.Repeat([]float64{7}, 50)
	for _, c := range []struct {
		name   string
		values []float64
		want   []int
	}{
		{"none", nil, nil},
		{"one", constant[:1], nil},
		{"too few", []float64{1, 1, 1, 1, 9, 9, 9, 9, 9}, nil},
		{"constant", constant, nil},
		{"constant, then another", append(slices.Repeat([]float64{3}, 20), constant[:30]...), []int{20}},
		{"as few as can be", append(slices.Repeat([]float64{3}, 5), constant[:5]...), []int{5}},
		{"one outlier", append(append(slices.Clone(constant[:20]), 1e6), constant[:20]...), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []int
			for _, p := range d.ChangePoints(t.Context(), c.values, rand.New(rand.NewPCG(1, 1))) {
				got = append(got, p.Index)
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if got := d.ChangePoints(stopped, append(slices.Repeat([]float64{3}, 20), constant...), rand.New(rand.NewPCG(1, 1))); got != nil {
		t.Errorf("after the end of the context: %v", got)
	}
}

func ExampleDivisive() {
	values := []float64{101, 99, 100, 102, 98, 100, 101, 91, 92, 90, 93, 91, 92, 90}
	d := Divisive{Level: 0.01, Permutations: 999, Segment: 5}
	for _, c := range d.ChangePoints(context.Background(), values, rand.New(rand.NewPCG(1, 1))) {
		fmt.Printf("from value %d on, p = %.3f\n", c.Index+1, c.P)
	}
	// Output: from value 8 on, p = 0.001
}
