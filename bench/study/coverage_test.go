package study

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
	"meterbench/internal/race"
)

// A world is a target of known figures under a load.
type world struct {
	name    string
	rate    float64 // of Poisson arrivals; of a closed load 0
	clients int
	think   float64 // mean of the exponential think time, in seconds
	servers int
	service func(*rand.Rand) float64
	// Blocks are cut after so many transactions, or seconds after their first; without messages each is a block.
	messages int
	timeout  float64
	answers  bool    // transactions are only answered, one by one
	wander   float64 // correlation time of the servers' pace, whose coefficient of variation is 10 %
	window   float64
	// The truth, of throughput_per_s, commit_s, commit_p50_s, commit_p95_s and commit_p99_s; 0 where it is not asked for.
	truth [5]float64
	least [5]float64 // share of windows in which each of them has an interval
	wrong float64    // share of windows in which the interval may miss the truth; 0 stands for 0.1
}

func exponential(mean float64) func(*rand.Rand) float64 {
	return func(rng *rand.Rand) float64 { return mean * rng.ExpFloat64() }
}

func constant(mean float64) func(*rand.Rand) float64 {
	return func(*rand.Rand) float64 { return mean }
}

// lognormal has twice the mean as its standard deviation.
func lognormal(mean float64) func(*rand.Rand) float64 {
	sigma := math.Sqrt(math.Log(5))
	return func(rng *rand.Rand) float64 { return mean * math.Exp(sigma*rng.NormFloat64()-sigma*sigma/2) }
}

// A course is that of a transaction, in seconds.
type course struct {
	in, out float64
	client  int
}

// run calls yield with every transaction until then, in the order of their commits, with the number of its block.
func (w *world) run(rng *rand.Rand, until float64, yield func(course, uint64)) (pace float64) {
	free, area, factor, step := make([]float64, w.servers), 0.0, 1.0, rng.NormFloat64()
	serve := func(at float64) float64 {
		first := 0
		for i := range free {
			if free[i] < free[first] {
				first = i
			}
		}
		start := max(free[first], at)
		if w.wander > 0 { // one step of the autoregression for each service, over the time since the last
			keep := math.Exp(-max(0, start-area) / w.wander)
			step = keep*step + math.Sqrt(1-keep*keep)*rng.NormFloat64()
			if start > coverageWarmup && start < coverageWarmup+w.window {
				pace += factor * (start - max(area, coverageWarmup)) / w.window
			}
			area, factor = max(area, start), max(0.3, 1+0.1*step)
		}
		free[first] = start + w.service(rng)/factor
		return free[first]
	}
	due := make([]float64, max(1, w.clients)) // by client; of an open load the next arrival
	for i := range due {
		due[i] = rng.Float64() * (w.think + w.timeout)
	}
	var block uint64
	var waiting []course // in the order of their service's end
	for {
		client := 0
		for i := range due {
			if due[i] < due[client] {
				client = i
			}
		}
		// Cut the blocks that end before the next arrival.
		for len(waiting) > 0 {
			n, cut := 0, waiting[0].out+w.timeout
			for n < len(waiting) && n < max(1, w.messages) && waiting[n].out <= cut {
				n++
			}
			if n == max(1, w.messages) {
				cut = waiting[n-1].out
			}
			if cut > due[client] {
				break
			}
			block++
			for _, c := range waiting[:n] {
				c.out = cut
				yield(c, block)
				if w.rate == 0 {
					due[c.client] = cut
					if w.think > 0 {
						due[c.client] += w.think * rng.ExpFloat64()
					}
				}
			}
			waiting = slices.Delete(waiting, 0, n)
			for i := range due {
				if due[i] < due[client] {
					client = i
				}
			}
		}
		at := due[client]
		if at >= until {
			return pace
		}
		c := course{at, serve(at), client}
		i := len(waiting)
		for i > 0 && waiting[i-1].out > c.out {
			i--
		}
		waiting = slices.Insert(waiting, i, c)
		if w.rate > 0 {
			due[0] = at + rng.ExpFloat64()/w.rate
		} else {
			due[client] = math.Inf(1)
		}
	}
}

const coverageWarmup = 3.0

var coverageKeys = [...]string{"throughput_per_s", "commit_s", "commit_p50_s", "commit_p95_s", "commit_p99_s"}

// keys are the coverageKeys, or those of answers in their place.
func (w *world) keys() [len(coverageKeys)]string {
	if w.answers {
		return [...]string{"answered_per_s", "answer_s", "answer_p50_s", "answer_p95_s", "answer_p99_s"}
	}
	return coverageKeys
}

// measure returns a window's point with its intervals, and by which factor the pace was faster than its mean.
func (w *world) measure(rng *rand.Rand) (p result.Point, pace float64) {
	from := time.Duration(coverageWarmup * float64(time.Second))
	to := from + time.Duration(w.window*float64(time.Second))
	steady, h, n, valid := newSteadiness(0, from, to), hdrhistogram.New(1, int64(time.Hour), 3), uint64(0), 0
	pace = w.run(rng, coverageWarmup+w.window+4*w.timeout, func(c course, block uint64) {
		nanos := func(s float64) time.Duration { return time.Duration(s * 1e9) }
		r := result.Record{Seq: n, Outcome: result.Valid, Block: block, Intended: nanos(c.in), Started: nanos(c.in), Prepared: nanos(c.in), Committed: nanos(c.out)}
		r.Endorsed, r.Submitted = r.Prepared, r.Prepared
		if w.answers {
			r.Outcome, r.Block, r.Endorsed, r.Submitted, r.Committed = result.Answered, 0, nanos(c.out), result.NotReached, result.NotReached
		}
		n++
		steady.add(&r)
		if done := nanos(c.out); done >= from && done < to {
			valid++
		}
		if r.Intended >= from && r.Intended < to {
			if err := h.RecordValue(int64(nanos(c.out) - r.Intended)); err != nil {
				panic(err)
			}
		}
	})
	p = result.Point{Load: result.Load{Kind: result.LoadClosed, Clients: w.clients}, Window: w.window, Intervals: map[string]stats.Interval{}}
	if p.Throughput = float64(valid) / w.window; w.answers {
		p.Conditions.Wait, p.Answered, p.Throughput = result.WaitEndorse, p.Throughput, 0
	}
	p.Latency = map[string]stats.Quantiles{p.Conditions.Whole().String(): stats.Summarize(h, time.Nanosecond.Seconds())}
	if w.rate > 0 {
		p.Load.Kind = result.LoadOpen
	}
	s := &session{study: &study{}}
	s.intervals(&p, level{series: scenario.Series{}, load: p.Load}, steady.blocks)
	return p, pace
}

// worlds are those whose intervals are tested. What has no closed form was simulated over two million transactions.
func worlds() (all []*world) {
	always := [...]float64{0.95, 0.95, 0.95, 0.95, 0.95}
	mm1 := func(utilisation, window float64, least [5]float64) *world {
		const mu = 500.0
		lambda := utilisation * mu
		sojourn := 1 / (mu - lambda) // exponential
		return &world{
			name: fmt.Sprintf("MM1 at %g, %g s", utilisation, window), rate: lambda, servers: 1, service: exponential(1 / mu), window: window,
			truth: [...]float64{lambda, sojourn, sojourn * math.Ln2, sojourn * math.Log(20), sojourn * math.Log(100)}, least: least,
		}
	}
	// A window of 26 correlation times hardly shows how long its queue can get.
	short := mm1(0.9, 20, [...]float64{0.95, 0.8, 0.9, 0, 0})
	short.wrong = 0.16
	md4 := &world{name: "MD4 at 0.6", rate: 300, servers: 4, service: constant(0.008), window: 20, truth: [...]float64{300, 0.0087819, 0.008, 0.01269, 0.015926}, least: always}
	repairman := &world{name: "repairman", clients: 20, think: 0.05, servers: 1, service: exponential(0.005), window: 20, truth: [...]float64{199.37, 0.050255, 0.048501, 0.089569, 0.10947}, least: always}
	for _, one := range []*world{short, mm1(0.6, 20, always), mm1(0.8, 60, [...]float64{0.95, 0.95, 0.95, 0.95, 0.9}), md4, repairman} {
		answered := *one
		answered.name, answered.answers = "answers: "+one.name, true
		all = append(all, &answered)
	}
	return append(all, short,
		mm1(0.3, 20, always), mm1(0.6, 20, always), mm1(0.8, 20, [...]float64{0.95, 0.95, 0.95, 0.9, 0.5}),
		mm1(0.8, 60, [...]float64{0.95, 0.95, 0.95, 0.95, 0.9}), mm1(0.9, 60, [...]float64{0.95, 0.95, 0.95, 0.9, 0.4}),
		&world{name: "MD4 at 0.3", rate: 150, servers: 4, service: constant(0.008), window: 20, truth: [...]float64{150, 0.008067, 0.008, 0.008, 0.010609}, least: always},
		md4,
		&world{name: "MD4 at 0.8", rate: 400, servers: 4, service: constant(0.008), window: 20, truth: [...]float64{400, 0.011056, 0.0090767, 0.020036, 0.027265}, least: [...]float64{0.95, 0.95, 0.95, 0.9, 0.7}},
		&world{name: "MD4 at 0.9", rate: 450, servers: 4, service: constant(0.008), window: 60, truth: [...]float64{450, 0.01582, 0.012893, 0.034506, 0.049095}, least: [...]float64{0.95, 0.95, 0.95, 0.9, 0.7}},
		&world{name: "lognormal at 0.7", rate: 350, servers: 1, service: lognormal(0.002), window: 60, truth: [...]float64{350, 0.013746, 0.0055431, 0.053359, 0.10904}, least: [...]float64{0.95, 0.95, 0.95, 0.9, 0.5}, wrong: 0.15},
		&world{name: "timer of 2 s", rate: 200, servers: 1, service: exponential(0.002), messages: 5000, timeout: 2, window: 20, truth: [...]float64{200, 1.0058, 1.0061, 1.9078, 1.9882}, least: [...]float64{0.7, 0.7, 0.7, 0.4, 0.4}},
		&world{name: "timer of 1 s", rate: 200, servers: 1, service: exponential(0.002), messages: 5000, timeout: 1, window: 20, truth: [...]float64{200, 0.50575, 0.50572, 0.95798, 0.99827}, least: [...]float64{0.9, 0.9, 0.9, 0.6, 0.5}},
		&world{name: "timer of 0.5 s", rate: 200, servers: 1, service: exponential(0.002), messages: 5000, timeout: 0.5, window: 20, truth: [...]float64{200, 0.2558, 0.25574, 0.48309, 0.50168}, least: [...]float64{0.95, 0.95, 0.95, 0.9, 0.6}},
		&world{name: "timer of 0.1 s", rate: 200, servers: 1, service: exponential(0.002), messages: 5000, timeout: 0.1, window: 20, truth: [...]float64{200, 0.055732, 0.055868, 0.10156, 0.10691}, least: always},
		&world{name: "count of 100", rate: 200, servers: 1, service: exponential(0.002), messages: 100, timeout: 5, window: 20, truth: [...]float64{200, 0.25096, 0.24834, 0.48879, 0.54515}, least: [...]float64{0.95, 0.95, 0.95, 0.9, 0.6}},
		&world{name: "count of 200", rate: 200, servers: 1, service: exponential(0.002), messages: 200, timeout: 5, window: 10, truth: [...]float64{200, 0.50137, 0.49913, 0.96179, 1.0493}, least: [...]float64{0.7, 0.7, 0.7, 0.5, 0}},
		&world{name: "count of 10", rate: 200, servers: 1, service: exponential(0.002), messages: 10, timeout: 2, window: 20, truth: [...]float64{200, 0.025872, 0.023572, 0.058315, 0.074384}, least: always},
		repairman,
		&world{name: "closed, light", clients: 10, think: 0.2, servers: 1, service: exponential(0.005), window: 60, truth: [...]float64{48.383, 0.0063511, 0.0044195, 0.018952, 0.029075}, least: always},
		&world{name: "closed, count", clients: 64, think: 0.1, servers: 1, service: exponential(0.002), messages: 10, timeout: 0.5, window: 20, truth: [...]float64{487.89, 0.031165, 0.029657, 0.058226, 0.071541}, least: [...]float64{0.95, 0.95, 0.95, 0.95, 0.9}},
		&world{name: "closed, timer", clients: 32, servers: 1, service: exponential(0.002), messages: 500, timeout: 0.5, window: 20, truth: [...]float64{63.747, 0.50199, 0.50137, 0.50606, 0.50901}, least: [...]float64{0.95, 0.95, 0.95, 0, 0}},
		&world{name: "closed, timer of 2 s", clients: 4, servers: 1, service: exponential(0.002), messages: 500, timeout: 2, window: 18.5, truth: [...]float64{1.998, 2.002, 2.0014, 2.0061, 2.0097}, least: [...]float64{0.7, 0.7, 0.4, 0, 0}},
		&world{name: "closed, think and timer", clients: 32, think: 0.3, servers: 1, service: exponential(0.002), messages: 500, timeout: 1, window: 30, truth: [...]float64{30.544, 0.74801, 0.81379, 0.99656, 1.0027}, least: [...]float64{0.95, 0.95, 0.95, 0.8, 0}},
		wandering(0.3, 20, 0.97), wandering(3, 20, 0.4), wandering(3, 60, 0.3), wandering(10, 20, 0.5), wandering(60, 10, 0.8),
	)
}

// wandering is a saturated server whose pace wanders with a correlation time in seconds.
func wandering(time, window, least float64) *world {
	return &world{
		name: fmt.Sprintf("pace wanders over %g s, %g s", time, window), clients: 8, servers: 1, service: exponential(1. / 300), wander: time, window: window,
		truth: [5]float64{300, 8. / 300}, least: [5]float64{least, least},
	}
}

// The intervals of a window hold the truth in 90 % or more of the windows that get one, and no figure gets a wrong one
// in more than 10 %. What a window has too little of gets none. Where the pace wanders slowly, the truth is that of
// the window's own pace.
func TestIntervalsCover(t *testing.T) {
	if race.Enabled {
		t.Skip("it only calculates")
	}
	windows, chance := 100.0, 0.0
	if testing.Short() {
		windows = 25
		chance = 3 * math.Sqrt(0.1*0.9/windows) // which so few leave to it
	}
	for _, w := range worlds() {
		if testing.Short() && (w.window > 20 || w.truth[0] > 220) { // what takes long
			continue
		}
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			var given, held [len(coverageKeys)]float64
			for i := range int(windows) {
				p, pace := w.measure(rand.New(rand.NewPCG(uint64(i), 17)))
				truth := w.truth
				if w.wander > 1 {
					truth[0] *= pace
					truth[1] /= pace
				}
				for k, key := range w.keys() {
					if in, there := p.Intervals[key]; there && truth[k] > 0 {
						given[k] += 1 / windows
						if in.Low <= truth[k]*(1+1e-5) && truth[k]*(1-1e-5) <= in.High {
							held[k] += 1 / windows
						}
					}
				}
			}
			for k, key := range w.keys() {
				t.Logf("%-16s %5.1f %% of %3.0f %% hold %.5g", key, 100*held[k]/given[k], 100*given[k], w.truth[k])
				if wrong := given[k] - held[k]; wrong > max(0.1, w.wrong)+chance+1e-9 {
					t.Errorf("%s: %.3f of the windows have a wrong interval", key, wrong)
				}
				if given[k] < w.least[k]-chance-1e-9 {
					t.Errorf("%s: %.3f of the windows have an interval, want %g", key, given[k], w.least[k])
				}
			}
		})
	}
}
