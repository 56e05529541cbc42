package calibration

import (
	"context"
	"fmt"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/reference"
	"meterbench/bench/result"
)

// busyFloor is the error of a quantile that is tolerated while other processes keep every core busy: the scheduler lets
// whoever wakes wait for a few of its time slices.
const busyFloor = 25 * time.Millisecond

// closed compares latencies of clients that wait for blocks: 16 never fill one, 128 always do.
func (c *calibrator) closed(ctx context.Context) error {
	for _, clients := range []int{16, 128} {
		config := reference.Config{
			Endorse: stage(1000, reference.Exponential, 5*time.Millisecond),
			Batch:   &reference.Batch{Messages: 100, Timeout: 50 * time.Millisecond},
			Commit:  commit(1, reference.Constant, 20*time.Microsecond),
		}
		t, err := c.try(ctx, config, bench.Plan{Clients: clients, Hold: closedHold})
		if err != nil {
			return err
		}
		truth, measured := t.latencies()
		c.latency(result.ClosedIdle, fmt.Sprintf("of %d clients", clients), truth, measured, latencyFloor)
	}
	return nil
}

// endorsement compares quantiles of the endorsement alone.
func (c *calibrator) endorsement(ctx context.Context) error {
	config := reference.Config{Endorse: stage(16, reference.Exponential, 20*time.Millisecond)}
	rate := 0.7 * config.Capacity()
	t, err := c.try(ctx, config, bench.Plan{Arrivals: arrival.Poisson{PerSecond: rate}, Slots: slots, Hold: partHold})
	if err != nil {
		return err
	}
	truth, measured := t.spans(result.PartEndorse, func(x reference.True) time.Duration { return x.Endorsed.Sub(x.Arrived) })
	c.latency(result.Endorsed, fmt.Sprintf("of endorsements at %.0f/s", rate), truth, measured, latencyFloor)
	return nil
}

// overload compares latencies through twice the load that a ledger takes, and through the time in which it comes to rest.
func (c *calibrator) overload(ctx context.Context) error {
	config := reference.Config{Commit: commit(1, reference.Constant, 2*time.Millisecond)}
	steps := arrival.Steps{{PerSecond: 2 * config.Capacity(), For: overloadTime}, {PerSecond: config.Capacity() / 4, For: overloadHold - overloadTime}}
	t, err := c.try(ctx, config, bench.Plan{Arrivals: steps, Slots: slots, Hold: overloadHold})
	if err != nil {
		return err
	}
	truth, measured := t.latencies()
	c.latency(result.Overload, "through an overload of 2 s", truth, measured, latencyFloor)
	return nil
}

// busy compares quantiles while other processes keep every core busy.
func (c *calibrator) busy(ctx context.Context) error {
	stop, err := c.Burn()
	if err != nil {
		return err
	}
	defer stop()
	config := reference.Config{Commit: commit(16, reference.Exponential, 20*time.Millisecond)}
	rate := 0.6 * config.Capacity()
	t, err := c.try(ctx, config, bench.Plan{Arrivals: arrival.Poisson{PerSecond: rate}, Slots: slots, Hold: partHold})
	if err != nil {
		return err
	}
	truth, measured := t.latencies()
	c.latency(result.BusyHost, fmt.Sprintf("at %.0f/s", rate), truth, measured, busyFloor)
	return nil
}
