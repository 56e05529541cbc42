package calibration

import (
	"context"
	"fmt"
	"slices"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/alarm"
	"meterbench/internal/random"
)

// How long the exercises take.
const (
	timerTime     = 500 * time.Millisecond
	lagHold       = 4 * time.Second
	quantilesHold = 7 * time.Second
	capacityHold  = 8 * time.Second
	capacityStart = time.Second // before it the ledger fills
	stallHold     = 3 * time.Second
	outcomesHold  = 4 * time.Second
	closedHold    = 3 * time.Second
	overloadHold  = 5 * time.Second
	partHold      = 4 * time.Second
	overloadTime  = 2 * time.Second
)

const (
	tellingRate = 1000   // per second: the load whose lag is quoted
	coresLimit  = 1.2    // of this process, at every rate of the lag: load and reference
	slots       = 10_000 // room for all that arrives
)

// timers wakes a goroutine at random times, by the kernel's timer and by Go's.
func (c *calibrator) timers(ctx context.Context) error {
	for _, clock := range []struct {
		name string
		alarm.Clock
	}{{"kernel timer", c.Load}, {"Go's timers", alarm.Timers{}}} {
		rng := random.Stream{Purpose: random.Wakeups, Level: clock.name}.Rand()
		var late []float64
		for begin := time.Now(); time.Since(begin) < timerTime; {
			wait := time.Duration(1 + rng.Int64N(int64(5*time.Millisecond)))
			start := time.Now()
			if !clock.Sleep(ctx.Done(), wait) {
				return context.Cause(ctx)
			}
			late = append(late, (time.Since(start) - wait).Seconds())
		}
		slices.Sort(late)
		c.results.Timers = append(c.results.Timers, result.Lateness{
			Clock: clock.name, P50: quantile(late, 50), P99: quantile(late, 99), Max: late[len(late)-1], N: len(late),
		})
	}
	return nil
}

// lag measures how late a constant load starts on a ledger that takes no time.
func (c *calibrator) lag(ctx context.Context, rate, limit float64) error {
	t, err := c.try(ctx, reference.Config{}, bench.Plan{Arrivals: arrival.Constant{PerSecond: rate}, Slots: slots, Hold: lagHold})
	if err != nil {
		return err
	}
	lags := t.lags()
	c.results.Lag = append(c.results.Lag, result.Punctuality{
		Rate: rate, P50: quantile(lags, 50), P99: quantile(lags, 99), Max: lags[len(lags)-1], Limit: limit,
		Dropped: t.Counts[result.Dropped], Cores: t.cores, CoresLimit: coresLimit,
	})
	return nil
}

// quantiles compares quantiles of the commit latency of 16 servers of 20 ms, which take 800/s.
func (c *calibrator) quantiles(ctx context.Context, utilisation float64) error {
	config := reference.Config{Commit: commit(16, reference.Exponential, 20*time.Millisecond)}
	rate := utilisation * config.Capacity()
	t, err := c.try(ctx, config, bench.Plan{Arrivals: arrival.Poisson{PerSecond: rate}, Slots: slots, Hold: quantilesHold})
	if err != nil {
		return err
	}
	truth, measured := t.latencies()
	c.latency(result.OpenIdle, fmt.Sprintf("at %.0f/s", rate), truth, measured, latencyFloor)
	return nil
}

// latency compares quantiles. The tolerance is a share of the true one, or a time where that is more.
func (c *calibrator) latency(condition result.Condition, what string, truth, measured []float64, floor time.Duration) {
	for _, percent := range []int{50, 95, 99} {
		d := Compare(truth, measured, percent)
		d.Condition, d.What = condition, fmt.Sprintf("p%d %s", percent, what)
		d.Limit = max(floor.Seconds(), latencyShare*d.True)
		c.results.Latency = append(c.results.Latency, d)
	}
}

// closedCapacity compares the throughput of an overloaded ledger of constant service times with its capacity,
// and openCapacity that of one with exponential service times with its own log.
func (c *calibrator) closedCapacity(ctx context.Context) error {
	config := reference.Config{Order: stage(1, reference.Constant, 2*time.Millisecond)}
	return c.capacity(ctx, "64 clients, constant service", config, bench.Plan{Clients: 64}, func(*trial) []float64 {
		return []float64{config.Capacity()}
	})
}

func (c *calibrator) openCapacity(ctx context.Context) error {
	config := reference.Config{Commit: commit(16, reference.Exponential, 20*time.Millisecond)}
	return c.capacity(ctx, "1000/s, exponential service", config, bench.Plan{Arrivals: arrival.Poisson{PerSecond: 1000}, Slots: slots}, (*trial).trueRates)
}

// capacity compares rates after the first second. truth returns the true rate of every bin, or one of all.
func (c *calibrator) capacity(ctx context.Context, load string, config reference.Config, p bench.Plan, truth func(*trial) []float64) error {
	p.Hold = capacityHold
	t, err := c.try(ctx, config, p)
	if err != nil {
		return err
	}
	rates, real := t.measuredRates(), truth(t)
	d := result.Deviation{What: load, True: stats.Mean(real), Measured: stats.Mean(rates)}
	d.Limit = capacityShare * d.True
	for i := range rates {
		rates[i] -= real[i%len(real)]
	}
	// Without batches every transaction is a block.
	if i := stats.RateInterval(rates, stats.MinBatches, 1/(capacityHold-capacityStart).Seconds()); i != nil {
		d.Low, d.High = &i.Low, &i.High
	}
	c.results.Capacity = append(c.results.Capacity, d)
	return nil
}

// stall stalls a ledger for a second, from between two arrivals to between two others, and counts the
// transactions that are late and dropped, against true counts and limits. Of the 100 that arrive then, one
// every 10 ms, the first half waits for at least half of it. With room for one, the first keeps the slot
// through the stall, so that the others find none.
func (c *calibrator) stall(ctx context.Context, slots int, room string, late, dropped [2]float64) error {
	config := reference.Config{
		Commit: commit(1000, reference.Constant, 3700*time.Microsecond),
		Stalls: []reference.Stall{{At: 1005 * time.Millisecond, For: time.Second}},
	}
	t, err := c.try(ctx, config, bench.Plan{Arrivals: arrival.Constant{PerSecond: 100}, Slots: slots, Hold: stallHold})
	if err != nil {
		return err
	}
	_, latencies := t.latencies()
	slow := slices.DeleteFunc(latencies, func(latency float64) bool { return latency < 0.5 })
	c.count("0.5 s late or more, "+room, late[0], float64(len(slow)), late[1])
	c.count("dropped, "+room, dropped[0], float64(t.Counts[result.Dropped]), dropped[1])
	return nil
}

// outcomes compares how many transactions ended in which outcome.
func (c *calibrator) outcomes(ctx context.Context) error {
	config := reference.Config{
		Endorse: stage(16, reference.Exponential, 5*time.Millisecond), Commit: commit(16, reference.Exponential, 5*time.Millisecond),
		GiveUp: time.Second,
	}
	for _, o := range reference.Failures() {
		config.Failures = append(config.Failures, reference.Failure{Outcome: o, Share: 0.03})
	}
	t, err := c.try(ctx, config, bench.Plan{Arrivals: arrival.Poisson{PerSecond: 500}, Slots: slots, Hold: outcomesHold})
	if err != nil {
		return err
	}
	var truth result.Counts
	for _, x := range t.log { // sums, in whatever order
		truth[x.Outcome]++
	}
	for _, o := range append([]result.Outcome{result.Valid}, reference.Failures()...) {
		c.count(o.String(), float64(truth[o]), float64(t.Counts[o]), 0)
	}
	return nil
}

func (c *calibrator) count(what string, truth, measured, limit float64) {
	c.results.Counts = append(c.results.Counts, result.Deviation{What: what, True: truth, Measured: measured, Limit: limit})
}

func stage(servers int, kind reference.Kind, mean time.Duration) *reference.Stage {
	return &reference.Stage{Servers: servers, Service: reference.Distribution{Kind: kind, Mean: mean}}
}

func commit(servers int, kind reference.Kind, mean time.Duration) *reference.Commit {
	return &reference.Commit{Stage: *stage(servers, kind, mean)}
}
