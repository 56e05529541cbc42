package claims

import (
	"math"
	"math/rand/v2"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// latencyLevel returns a level of so many repetitions whose commits take the mean on average: pace is what a whole window
// may be off by, and within the sampling error of its mean, both as shares.
func latencyLevel(random *rand.Rand, repeat int, mean, pace, within float64) Level {
	l := Level{Load: result.Load{Kind: result.LoadClosed, Clients: 1}}
	for i := range repeat {
		actual := mean * math.Exp(pace*random.NormFloat64())
		got := actual * (1 + within*random.NormFloat64())
		half := 1.96 * within * actual
		l.Points = append(l.Points, result.Point{
			Repetition: i + 1, Valid: true, Load: l.Load,
			Latency: map[string]stats.Quantiles{"commit": {Mean: got, N: 100}},
			Intervals: map[string]stats.Interval{
				"commit_s": {Low: got - half, High: got + half, N: 20},
			},
		})
	}
	return l
}

// The ratio of two means covers the true one although every window is off by itself, and their difference covers that of
// the windows, or over repetitions the true one.
func TestPairsCover(t *testing.T) {
	trials := 2000
	if testing.Short() {
		trials = 1000
	}
	const a, b = 0.3, 0.2
	for _, c := range []struct {
		name       string
		repeat     int
		pace       float64
		ratio      bool
		difference bool
	}{
		{"one window each, the machine quiet", 1, 0, true, true},
		{"one window each, off by 3 %", 1, 0.03, true, false}, // the difference is that within the windows
		{"one window each, off by 15 %", 1, 0.15, true, false},
		{"three repetitions, off by 10 %", 3, 0.1, true, false},
		{"six repetitions, off by 15 %", 6, 0.15, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ratio, difference := 0, 0
			for trial := range trials {
				random := rand.New(rand.NewPCG(11, uint64(trial)))
				e := Evidence{}
				for i := range 4 { // windows that were measured again
					rate := func() float64 { return 100 * math.Exp(c.pace*random.NormFloat64()) }
					e.Summary.Points = append(e.Summary.Points, windows(1<<i, rate(), rate())...)
				}
				long, short := latencyLevel(random, c.repeat, a, c.pace, 0.01), latencyLevel(random, c.repeat, b, c.pace, 0.01)
				long.noise = e.Noise()
				if r := long.Over(result.PartCommit, short, result.PartCommit); r.Low <= a/b && a/b <= r.High {
					ratio++
				}
				if d := long.Beyond(result.PartCommit, short); d.Low <= a-b && a-b <= d.High {
					difference++
				}
			}
			share := func(n int) float64 { return float64(n) / float64(trials) }
			t.Logf("ratio %.3f, difference %.3f", share(ratio), share(difference))
			if c.ratio && share(ratio) < 0.94 {
				t.Errorf("%.3f of the intervals hold the ratio", share(ratio))
			}
			if c.difference && share(difference) < 0.94 {
				t.Errorf("%.3f of the intervals hold the difference", share(difference))
			}
		})
	}
}
