package compare

import (
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"meterbench/bench/metric"
	"meterbench/bench/result"
)

// deaths says how often runs of both sides have nothing but failures, and how that depends on their neighbours.
type deaths struct {
	rate   float64 // of both sides
	phi    float64 // correlation of neighbours in time of what decides about it, normal and AR(1)
	shared float64 // correlation of that with how slow a run is
}

// alarms returns the share of comparisons of n runs in which a gated figure is worse: the throughput, 0 in a run that died, or
// one of the others, which it then does not have. headRate is the rate at which those of head die.
func (w world) alarms(seed uint64, times, n int, d design, of deaths, headRate float64) (alarm float64) {
	r := rand.New(rand.NewPCG(seed, 19))
	for range times {
		values, _ := w.runs(r, 2*n)
		cells := [2][][]*cell{make([][]*cell, w.metrics), make([][]*cell, w.metrics)}
		var state float64
		for i := range 2 * n {
			side := i % 2
			if d == sequential {
				side = i / n
			}
			if state = of.phi*state + math.Sqrt(1-of.phi*of.phi)*r.NormFloat64(); i == 0 {
				state = r.NormFloat64()
			}
			rate := []float64{of.rate, headRate}[side]
			luck := math.Sqrt(1-of.shared)*state - math.Sqrt(of.shared)*values[0][i]/w.cv
			dead := luck < distuv.UnitNormal.Quantile(rate)
			for m := range w.metrics {
				c := &cell{}
				switch {
				case m == 0 && dead:
					c.values = []float64{0}
				case m == 0:
					c.values = []float64{500 * math.Exp(-values[m][i])}
				case dead:
					c.missing = 1
				default:
					c.values = []float64{math.Exp(values[m][i])}
				}
				cells[side][m] = append(cells[side][m], c)
			}
		}
		rows := make([]Row, w.metrics)
		for m := range rows {
			rows[m] = Row{Gated: true, Paired: d == interleaved, Metric: metric.Metric{Better: metric.Lower}}
			if m == 0 {
				rows[m].Metric.Better = metric.Higher
			}
			rows[m].fill(cells[0][m], cells[1][m], true)
		}
		decide(rows, DefaultAlpha, DefaultMinimum)
		if slices.ContainsFunc(rows, func(r Row) bool { return r.Verdict == Worse }) {
			alarm++
		}
	}
	return alarm / float64(times)
}

// Sides of which runs die at the same rate alarm as seldom as docs/statistics.md says, and a head that is always dead is found.
func TestErrorRatesOfZeros(t *testing.T) {
	times := 4_000
	if testing.Short() {
		times = 200
	}
	for _, c := range []struct {
		name  string
		world world
		design
		n      int
		deaths deaths
		alarm  float64 // most, of equal sides, in which head dies as often as base
		found  float64 // least, where runs of head always die
	}{
		{"one in ten", world{cv: .03, metrics: 4}, interleaved, 8, deaths{rate: .1}, .02, .9},
		{"one in three", world{cv: .03, metrics: 4}, interleaved, 8, deaths{rate: 1. / 3}, .02, .4},
		{"every other", world{cv: .03, metrics: 4}, interleaved, 8, deaths{rate: .5}, .02, 0},
		{"nine in ten", world{cv: .03, metrics: 4}, interleaved, 8, deaths{rate: .9}, .02, 0},
		{"one metric, every other", world{cv: .03, metrics: 1}, interleaved, 8, deaths{rate: .5}, .03, 0},
		{"one metric, one in ten", world{cv: .03, metrics: 1}, interleaved, 8, deaths{rate: .1}, .03, .98},
		{"one metric, CV of 10 %, one in ten", world{cv: .10, metrics: 1}, interleaved, 8, deaths{rate: .1}, .03, .98},
		{"six pairs, never", world{cv: .03, metrics: 4}, interleaved, 6, deaths{}, .02, 1},
		{"neighbours correlated", world{cv: .03, metrics: 4, phi: .5}, interleaved, 8, deaths{rate: 1. / 3, phi: .5}, .02, .3},
		{"the slow ones die", world{cv: .10, metrics: 4, shared: .5}, interleaved, 8, deaths{rate: 1. / 3, shared: .5}, .05, .4},
		{"one after the other", world{cv: .03, metrics: 4}, sequential, 8, deaths{rate: 1. / 3}, .02, .4},
		{"one after the other, one metric", world{cv: .03, metrics: 1}, sequential, 8, deaths{rate: .5}, .03, 0},
		{"one after the other, neighbours correlated", world{cv: .03, metrics: 4, phi: .5}, sequential, 8, deaths{rate: .5, phi: .5}, .05, 0},
		{"one after the other, one metric, neighbours correlated", world{cv: .03, metrics: 1, phi: .5}, sequential, 8, deaths{rate: .5, phi: .5}, .05, 0},
		{"one after the other, one metric, CV of 10 %, one in ten, neighbours correlated", world{cv: .10, metrics: 1, phi: .5}, sequential, 8,
			deaths{rate: .1, phi: .5}, .05, .8},
		{"one after the other, one metric, CV of 10 %, slow ones die, neighbours correlated", world{cv: .10, metrics: 1, phi: .5}, sequential, 8,
			deaths{rate: .2, shared: .99}, .05, .6},
		{"one after the other, six, never", world{cv: .03, metrics: 4}, sequential, 6, deaths{}, .02, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			slack := 3 * math.Sqrt(.05*.95/float64(times))
			equal := c.world.alarms(1, times, c.n, c.design, c.deaths, c.deaths.rate)
			dead := c.world.alarms(2, times/4, c.n, c.design, c.deaths, 1)
			t.Logf("equal: alarm %.2f %%; head always dead: flagged %.1f %%", 100*equal, 100*dead)
			if equal > c.alarm+slack {
				t.Errorf("equal sides alarm in %.2f %%", 100*equal)
			}
			if dead < c.found-2*slack {
				t.Errorf("flagged in %.1f %%", 100*dead)
			}
		})
	}
}

// A level at which nothing succeeded in any run of head, and something in each of base, is worse; one that the instrument spoilt
// cannot be told, nor one that is dead on both sides, if another is alive.
func TestDeadLevel(t *testing.T) {
	for _, c := range []struct {
		name       string
		base, head func(*result.Point)
		alone      bool // there is no other level
		want       Verdict
		values     int
	}{
		{"dead", nil, kill, false, Worse, 6},
		{"dead, no other level", nil, kill, true, Worse, 6},
		{"alive again", kill, nil, false, Better, 6},
		{"dead on both sides", kill, kill, false, NoDifference, 6},
		{"spoilt", nil, func(p *result.Point) { kill(p); p.Reasons = append(p.Reasons, "the client was late") }, false, CannotTell, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			base, head := filepath.Join(dir, "base"), filepath.Join(dir, "head")
			for i := range 6 {
				for side, change := range []func(*result.Point){c.base, c.head} {
					full := point(200 + float64(i))
					if full.Load.Clients = 16; change != nil {
						change(&full)
					}
					points := []result.Point{point(100), full}
					if c.alone {
						points = points[1:]
					}
					save(t, filepath.Join([]string{base, head}[side], fmt.Sprint(i)), 2*i+side, nil, points...)
				}
			}
			got, err := compared(t, base, head, Options{})
			if err != nil {
				t.Fatal(err)
			}
			at := slices.IndexFunc(got.Rows, func(r Row) bool { return r.Load.Clients == 16 && r.Metric.Name == metric.Throughput })
			if r := got.Rows[at]; r.Verdict != c.want || len(r.Head.Values) != c.values {
				t.Errorf("%+v", r)
			}
			if c.values > 0 && !slices.Contains(codes(got.Warnings), Dead) {
				t.Errorf("no warning: %v", got.Warnings)
			}
		})
	}
}

// kill makes a point one at which nothing succeeded.
func kill(p *result.Point) {
	p.Throughput, p.ClientCPUInSignatures, p.Scheduled = 0, 0, 100
	p.Outcomes = map[string]uint64{result.SubmitRefused.String(): 100}
	p.MarkFailed()
}

// A figure that no pair has on both sides is compared without pairs.
func TestNoCompletePair(t *testing.T) {
	has := func(runs ...int) []*cell {
		cells := make([]*cell, 8)
		for i := range cells {
			if cells[i] = (&cell{missing: 1}); slices.Contains(runs, i) {
				cells[i] = &cell{values: []float64{float64(100 + i)}}
			}
		}
		return cells
	}
	r := Row{Paired: true, Gated: true, Metric: metric.Metric{Better: metric.Lower}}
	r.fill(has(0), has(1, 2, 3), true)
	rows := []Row{r}
	decide(rows, DefaultAlpha, DefaultMinimum)
	if got := rows[0]; got.Paired || got.Verdict != CannotTell || len(got.Base.Values) != 1 || len(got.Head.Values) != 3 {
		t.Errorf("%+v", got)
	}
}

// Where nothing succeeded on either side there is nothing to compare.
func TestAllDead(t *testing.T) {
	dir := t.TempDir()
	dead := point(0)
	kill(&dead)
	for i, name := range []string{"base", "head"} {
		save(t, filepath.Join(dir, name), i, nil, dead)
	}
	if _, err := compared(t, filepath.Join(dir, "base"), filepath.Join(dir, "head"), Options{}); err == nil || !strings.Contains(err.Error(), "nothing succeeded") {
		t.Error(err)
	}
}

// What a figure that falls to zero comes to, and what ranks and means say together.
func TestToZero(t *testing.T) {
	alive := []float64{500, 510, 490, 505, 495, 501}
	for _, c := range []struct {
		name       string
		base, head []float64
		paired     bool
		gated      int // rows in the gate, all alike
		want       Verdict
	}{
		{"dead in head", alive, make([]float64, 6), true, 1, Worse},
		{"dead in base", make([]float64, 6), alive, true, 1, Better},
		{"23 figures", alive, make([]float64, 6), true, 23, Worse}, // 23 times 2/924
		{"24 figures", alive, make([]float64, 6), true, 24, CannotTell},
		{"two figures without turns", alive, make([]float64, 6), false, 2, Worse}, // twice 0.0205
		{"three figures without turns", alive, make([]float64, 6), false, 3, CannotTell},
		{"half of them in turn", []float64{0, 1, 0, 1, 0, 1}, []float64{1, 2, 1, 2, 1, 2}, true, 1, Better}, // p = 0.043
		{"half of them without turns", []float64{0, 1, 0, 1, 0, 1}, []float64{1, 2, 1, 2, 1, 2}, false, 1, CannotTell},
		{"one dead run", alive, []float64{0, 510, 490, 505, 495, 501}, true, 1, CannotTell},
		{"half of them", alive, []float64{0, 0, 0, 505, 495, 501}, true, 1, CannotTell},
		{"too few", alive[:5], make([]float64, 5), true, 1, CannotTell},
		{"ranks against means", []float64{0, 0, 0, 0, 0, 1e6}, []float64{1, 1, 1, 1, 1, 1}, true, 1, CannotTell},
	} {
		rows := make([]Row, c.gated)
		for i := range rows {
			rows[i] = Row{Metric: metric.Metric{Better: metric.Higher}, Gated: true, Paired: c.paired, Base: Sample{Values: c.base}, Head: Sample{Values: c.head}}
		}
		decide(rows, DefaultAlpha, DefaultMinimum)
		if rows[0].Verdict != c.want {
			t.Errorf("%s: %+v", c.name, rows[0])
		}
	}
}

// A name that is no condition is refused, with what was meant or those that there are.
func TestUnknownCondition(t *testing.T) {
	base, head := sides(t, 2, 1, nil)
	for name, want := range map[string]string{
		"nosuch": "known are algorithm, all, arrivals, ", "hots": "did you mean host?", "host.cpus": "did you mean host.cpu?", "topology.orderers.cout": "did you mean topology.orderers.count?",
		"": "known are algorithm, all", "\x1b": `"\x1b"; known are algorithm, all`,
		"host": "", "host.cpu": "", "topology": "", "topology.orderers": "", "version": "", "all": "", "caps": "", "seed": "",
	} {
		_, err := compared(t, base, head, Options{Allow: []Key{Key(name)}})
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", name, err, want)
		}
	}
	files := [2]string{file(t, "base.txt", 6, 1, 0), file(t, "head.txt", 6, 1, 0)}
	if _, err := compared(t, files[0], files[1], Options{Allow: []Key{"seed"}}); err == nil || !strings.Contains(err.Error(), "known are all, commit, goos") {
		t.Error(err)
	}
	if _, err := compared(t, files[0], files[1], Options{Allow: []Key{"goos"}}); err != nil {
		t.Error(err)
	}
}
