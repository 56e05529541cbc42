package stats_test

import (
	"math"
	"math/rand/v2"
	"sort"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/stats"
)

// A queue is what the windows of these tests are measured on.
type queue struct {
	rate     float64                                  // arrivals per second
	regular  bool                                     // arrivals at equal distances; Poisson otherwise
	servers  int                                      // 0: unlimited
	service  func(rng *rand.Rand, at float64) float64 // seconds
	messages int                                      // of a block; 0: no blocks
	timeout  float64                                  // of a block, in seconds
}

func exponential(mean float64) func(*rand.Rand, float64) float64 {
	return func(rng *rand.Rand, _ float64) float64 { return mean * rng.ExpFloat64() }
}

func constant(mean float64) func(*rand.Rand, float64) float64 {
	return func(*rand.Rand, float64) float64 { return mean }
}

// run returns when each transaction was intended and when it ended, the queue
// being empty at 0.
func (q queue) run(rng *rand.Rand, until float64) (intended, ended []float64) {
	free := make([]float64, q.servers)
	for i, at := 0, 0.0; ; i++ {
		if q.regular {
			at = float64(i) / q.rate
		} else {
			at += rng.ExpFloat64() / q.rate
		}
		if at >= until {
			break
		}
		if q.servers == 0 {
			intended, ended = append(intended, at), append(ended, at+q.service(rng, at))
			continue
		}
		next := 0
		for s := range free {
			if free[s] < free[next] {
				next = s
			}
		}
		free[next] = max(free[next], at) + q.service(rng, at)
		intended, ended = append(intended, at), append(ended, free[next])
	}
	if q.messages > 0 {
		q.cut(ended)
	}
	return intended, ended
}

// cut moves the ends to those of the blocks, which are filled in the order in which transactions end.
func (q queue) cut(ended []float64) {
	order := make([]int, len(ended))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return ended[order[i]] < ended[order[j]] })
	for from := 0; from < len(order); {
		to, at := from, ended[order[from]]+q.timeout
		for to < len(order) && to-from < q.messages && ended[order[to]] <= at {
			to++
		}
		if to-from == q.messages {
			at = ended[order[to-1]]
		}
		for ; from < to; from++ {
			ended[order[from]] = at
		}
	}
}

const warmup = 2.0

// judge measures a window of the given length after the warm-up.
func (q queue) judge(rng *rand.Rand, length float64) stats.Verdict {
	var latency stats.Series
	backlog := stats.NewBacklog(warmup, warmup+length)
	intended, ended := q.run(rng, warmup+length)
	for i := range intended {
		backlog.Add(intended[i], ended[i])
		if intended[i] >= warmup {
			latency.Add(uint64(i), ended[i]-intended[i])
		}
	}
	return stats.Judge(&latency, backlog)
}

// grows is a service time that grows evenly from mean by share over the window.
func grows(mean, share, length float64) func(*rand.Rand, float64) float64 {
	return func(rng *rand.Rand, at float64) float64 {
		return mean * (1 + share*(at-warmup)/length) * rng.ExpFloat64()
	}
}

// steps is a mean service time that changes after a share of the window.
func steps(before, after, share, length float64) func(*rand.Rand, float64) float64 {
	return func(rng *rand.Rand, at float64) float64 {
		if at < warmup+share*length {
			return before * rng.ExpFloat64()
		}
		return after * rng.ExpFloat64()
	}
}

// TestVerdictRates shows how often each kind of window gets which verdict.
func TestVerdictRates(t *testing.T) {
	const windows = 200
	type share struct{ least, most float64 }
	never, always := share{0, 0}, share{1, 1}
	for _, c := range []struct {
		name                 string
		queue                queue
		length               float64
		drifting, overloaded share
	}{
		// False alarms.
		{"M/M/1 at 0.5", queue{rate: 200, servers: 1, service: exponential(1. / 400)}, 20, never, never},
		{"M/M/1 at 0.8", queue{rate: 320, servers: 1, service: exponential(1. / 400)}, 20, share{0, 0.02}, never},
		{"M/M/1 at 0.9", queue{rate: 360, servers: 1, service: exponential(1. / 400)}, 20, share{0, 0.02}, never},
		{"M/M/1 at 0.95", queue{rate: 380, servers: 1, service: exponential(1. / 400)}, 20, share{0, 0.05}, share{0, 0.03}},
		{"M/D/4 at 0.95", queue{rate: 380, servers: 4, service: constant(4. / 400)}, 20, share{0, 0.03}, share{0, 0.02}},
		{"D/D/4 at 0.95", queue{rate: 380, regular: true, servers: 4, service: constant(4. / 400)}, 20, never, never},
		{"M/M/1 at 0.8, short", queue{rate: 320, servers: 1, service: exponential(1. / 400)}, 5, share{0, 0.04}, share{0, 0.03}},
		{"blocks by timer", queue{rate: 100, servers: 1, service: exponential(0.005), messages: 500, timeout: 2}, 40, never, never},
		{"few blocks by timer", queue{rate: 200, servers: 1, service: exponential(0.0025), messages: 500, timeout: 2}, 10, never, never},
		{"blocks by count", queue{rate: 300, servers: 1, service: exponential(0.0015), messages: 100, timeout: 1}, 20, never, never},
		{"blocks, regular arrivals", queue{rate: 80, regular: true, servers: 1, service: constant(0.005), messages: 100, timeout: 2}, 20, never, never},
		// Detection.
		{"M/M/1 at 1.03", queue{rate: 412, servers: 1, service: exponential(1. / 400)}, 60, share{0, 0.05}, share{0.9, 1}},
		{"M/M/1 at 1.05", queue{rate: 420, servers: 1, service: exponential(1. / 400)}, 20, share{0, 0.02}, share{0.95, 1}},
		{"M/D/4 at 1.03", queue{rate: 412, servers: 4, service: constant(4. / 400)}, 20, share{0, 0.02}, share{0.88, 1}},
		{"M/D/4 at 1.1", queue{rate: 440, servers: 4, service: constant(4. / 400)}, 20, never, always},
		{"D/D/4 at 1.01", queue{rate: 404, regular: true, servers: 4, service: constant(4. / 400)}, 20, never, always},
		{"blocks at 1.1", queue{rate: 440, servers: 1, service: exponential(1. / 400), messages: 100, timeout: 1}, 20, never, share{0.98, 1}},
		{"service grows by half", queue{rate: 100, servers: 8, service: grows(0.02, 0.5, 60)}, 60, share{0.95, 1}, never},
		{"service doubles", queue{rate: 100, servers: 8, service: grows(0.02, 1, 60)}, 60, share{0.99, 1}, never},
		{"tripled in the first 30 %", queue{rate: 100, servers: 8, service: steps(0.06, 0.02, 0.3, 20)}, 20, share{0.93, 1}, never},
		{"tripled in the last 30 %", queue{rate: 100, servers: 8, service: steps(0.02, 0.06, 0.7, 20)}, 20, share{0.95, 1}, share{0, 0.02}},
		{"doubled in the first 15 %", queue{rate: 100, servers: 8, service: steps(0.04, 0.02, 0.15, 20)}, 20, share{0.9, 1}, never},
		{"a step of 30 % in the middle", queue{rate: 100, servers: 8, service: steps(0.02, 0.026, 0.5, 60)}, 60, share{0.9, 1}, never},
		{"M/D/4 at 1.03, 5.5 s", queue{rate: 412, servers: 4, service: constant(4. / 400)}, 5.5, share{0, 0.05}, share{0.3, 1}},
		{"D/D/4 at 1.03, 5.5 s", queue{rate: 412, regular: true, servers: 4, service: constant(4. / 400)}, 5.5, never, always},
		{"M/D/4 at 1.2, short", queue{rate: 120, servers: 4, service: constant(4. / 100)}, 7, never, share{0.5, 1}},
		{"M/M/1 at 0.9, short", queue{rate: 90, servers: 1, service: exponential(1. / 100)}, 10, never, share{0, 0.03}},
		{"service halves", queue{rate: 100, servers: 8, service: grows(0.04, -0.5, 60)}, 60, share{0.99, 1}, never},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(3, 5))
			n := map[stats.State]float64{}
			for range windows {
				n[c.queue.judge(rng, c.length).State] += 1. / windows
			}
			t.Logf("of %d windows of %g s, drifting %.3f, overloaded %.3f", windows, c.length, n[stats.Drifting], n[stats.Overloaded])
			within := func(s stats.State, want share) {
				if n[s] < want.least-1e-9 || n[s] > want.most+1e-9 {
					t.Errorf("%.3f are %s, want %g to %g", n[s], s, want.least, want.most)
				}
			}
			within(stats.Drifting, c.drifting)
			within(stats.Overloaded, c.overloaded)
			if c.queue.rate*c.length > 1100 {
				within(stats.TooShort, never)
			}
		})
	}
}

// A closed load has no backlog to follow: its latencies stand alone.
func TestVerdictRatesClosed(t *testing.T) {
	const windows = 500
	for _, c := range []struct {
		name        string
		memory      float64 // of an autoregressive process of order 1
		ramp        float64 // growth over the window, as a share of the mean
		values      int
		least, most float64 // share of windows that drift
	}{
		{"independent", 0, 0, 1000, 0, 0},
		{"memory 0.9", 0.9, 0, 2000, 0, 0.01},
		{"memory 0.99", 0.99, 0, 10000, 0, 0.02},
		{"ramp of 20 %", 0, 0.2, 1000, 0.95, 1},
		{"ramp of 50 %, memory 0.9", 0.9, 0.5, 2000, 0.9, 1},
		{"ramp of 100 %, memory 0.99", 0.99, 1, 10000, 0.9, 1},
		{"fall by 50 %, memory 0.9", 0.9, -0.5, 2000, 0.9, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(11, 13))
			drifting := 0
			for range windows {
				var latency stats.Series
				noise := 0.2 * rng.NormFloat64() // stationary from the start, standard deviation 20 %
				for i := range c.values {
					noise = c.memory*noise + 0.2*math.Sqrt(1-c.memory*c.memory)*rng.NormFloat64()
					latency.Add(uint64(i), 0.1*(1+noise+c.ramp*float64(i)/float64(c.values)))
				}
				switch v := stats.Judge(&latency, nil); v.State {
				case stats.Drifting:
					drifting++
				case stats.Steady:
				default:
					t.Fatalf("%s: %s", v.State, v.Reason)
				}
			}
			share := float64(drifting) / windows
			t.Logf("of %d windows %.3f drift", windows, share)
			if share < c.least || share > c.most {
				t.Errorf("%.3f drift, want %g to %g", share, c.least, c.most)
			}
		})
	}
}

// A transient at either end, or a step, is found though the rest is settled.
func TestStepsClosed(t *testing.T) {
	const windows, values = 100, 2000
	for _, c := range []struct {
		name             string
		memory           float64
		from, to, factor float64 // of the latencies between two shares of the window
		least            float64
		reason           string
	}{
		{"tripled in the first 30 %", 0, 0, 0.3, 3, 0.98, "the latency of the first 30 % was 3 times that of the rest"},
		{"tripled in the first 30 %, memory 0.9", 0.9, 0, 0.3, 3, 0.98, ""},
		{"doubled in the last 15 %", 0, 0.85, 1, 2, 1, "the latency of the last 15 % was 2 times that of the rest"},
		{"a third more from the middle on", 0.9, 0.5, 1, 1.33, 0.85, ""},
		{"tripled from 35 to 65 %", 0, 0.35, 0.65, 3, 1, "the latency from 35 to 65 % of the window was 3 times that of the rest"},
		{"tripled from 35 to 65 %, memory 0.9", 0.9, 0.35, 0.65, 3, 0.98, ""},
		{"doubled from 41 to 73 %", 0, 0.41, 0.73, 2, 0.98, ""},
		{"halved from 20 to 50 %", 0, 0.2, 0.5, 0.5, 0.98, "the latency from 20 to 50 % of the window was 0.5 times that of the rest"},
		{"doubled in the first 4 %", 0, 0, 0.04, 2, 0, ""}, // too little to matter
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(12, 13))
			drifting, reasons := 0.0, 0.0
			for range windows {
				var latency stats.Series
				noise := 0.2 * rng.NormFloat64()
				for i := range values {
					noise = c.memory*noise + 0.2*math.Sqrt(1-c.memory*c.memory)*rng.NormFloat64()
					v := 0.1 * (1 + noise)
					if at := float64(i) / values; at >= c.from && at < c.to {
						v *= c.factor
					}
					latency.Add(uint64(i), v)
				}
				if v := stats.Judge(&latency, nil); v.State == stats.Drifting {
					drifting++
					if v.Reason == c.reason {
						reasons++
					}
				}
			}
			t.Logf("%.0f of %d windows drift, %.0f with the reason", drifting, windows, reasons)
			if drifting/windows < c.least || c.least == 0 && drifting > 0 {
				t.Errorf("%.2f drift, want %g or more", drifting/windows, c.least)
			}
			if c.reason != "" && reasons < 0.5*windows {
				t.Errorf("only %.0f say: %s", reasons, c.reason)
			}
		})
	}
}

// A drift, or an overload, of the size that a window is said to show is found in about nine of ten.
func TestSmallestIsFound(t *testing.T) {
	const windows = 200
	rng := rand.New(rand.NewPCG(7, 3))
	judge := func(ramp float64) stats.Verdict {
		var latency stats.Series
		for i := range 2000 {
			latency.Add(uint64(i), 0.1*(1+rng.NormFloat64()/2+ramp*float64(i)/2000))
		}
		return stats.Judge(&latency, nil)
	}
	found, flat := 0.0, 0.0
	for range windows {
		change := judge(0).SmallestChange
		flat += change / windows
		if judge(change/(1-change/2)).State == stats.Drifting { // of the mean, which the ramp raises
			found++
		}
	}
	t.Logf("a drift of %.3f is found in %.3f", flat, found/windows)
	if share := found / windows; share < 0.75 || share > 0.97 || flat < 0.1 || flat > 0.3 {
		t.Errorf("a drift of %.3f is found in %.3f", flat, share)
	}
	for _, length := range []float64{5.5, 20} {
		at := func(load float64) stats.Verdict {
			return queue{rate: load, servers: 4, service: constant(4. / 400)}.judge(rng, length)
		}
		found, flat := 0.0, 0.0
		for range windows {
			smallest := at(360).SmallestOverload
			flat += smallest / windows
			if at(400/(1-smallest)).State == stats.Overloaded {
				found++
			}
		}
		t.Logf("%g s: an overload of %.3f is found in %.3f", length, flat, found/windows)
		if share := found / windows; share < 0.85 || flat < 0.005 || flat > 0.1 {
			t.Errorf("%g s: an overload of %.3f is found in %.3f", length, flat, share)
		}
	}
}

func TestJudgeTooShort(t *testing.T) {
	var latency stats.Series
	for i := range uint64(999) {
		latency.Add(i, 1)
	}
	want := stats.Verdict{State: stats.TooShort, N: 999, P: 1, SmallestChange: 0.1, Reason: "999 latencies are too few to judge, 1000 are needed"}
	if diff := cmp.Diff(want, stats.Judge(&latency, nil)); diff != "" {
		t.Errorf("verdict (-want +got):\n%s", diff)
	}
	latency.Add(999, 1)
	want = stats.Verdict{State: stats.Steady, N: 1000, P: 1, SmallestChange: 0.1, Reason: "latencies settle after 0 of 1000"}
	if diff := cmp.Diff(want, stats.Judge(&latency, nil)); diff != "" {
		t.Errorf("of a constant latency (-want +got):\n%s", diff)
	}
}

// A transient at the start is found to the batch, and cut off without an alarm.
func TestTruncatesTransient(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var latency stats.Series
	for i := range uint64(10_000) {
		v := 0.1 + 0.01*rng.NormFloat64()
		if i < 500 {
			v += 0.2
		}
		latency.Add(i, v)
	}
	if v := stats.Judge(&latency, nil); v.State != stats.Steady || v.Truncate != 500 {
		t.Errorf("%s, %d cut off; want steady, 500", v.State, v.Truncate)
	}
}

func TestVerdictReasons(t *testing.T) {
	regular := func(service func(*rand.Rand, float64) float64) queue {
		return queue{rate: 100, regular: true, servers: 2, service: service}
	}
	for _, c := range []struct {
		name   string
		queue  queue
		state  stats.State
		reason string
	}{
		{"constant", regular(constant(0.0123)), stats.Steady, "latencies settle after 0 of 2000"},
		{"too much", regular(constant(0.0225)), stats.Overloaded, "the backlog grew by 11 % of the arrivals"},
		{"slower", regular(func(_ *rand.Rand, at float64) float64 { return 0.006 + 0.0006*at }), stats.Drifting,
			"the backlog changed by +91 % of its mean over the window"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := c.queue.judge(nil, 20)
			if diff := cmp.Diff([]string{string(c.state), c.reason}, []string{string(v.State), v.Reason}); diff != "" {
				t.Errorf("state and reason (-want +got):\n%s", diff)
			}
		})
	}
}

// BenchmarkStream is what following a transaction costs.
func BenchmarkStream(b *testing.B) {
	var latency stats.Series
	backlog := stats.NewBacklog(2, 20)
	for i := range uint64(b.N) {
		at := 20 * float64(i) / float64(b.N)
		latency.Add(i, 0.1)
		backlog.Add(at, at+0.1)
	}
	if b.N >= 1000 && stats.Judge(&latency, backlog).State != stats.Steady {
		b.Error("not steady")
	}
}
