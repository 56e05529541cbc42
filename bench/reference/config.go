// Package reference simulates a ledger as queues whose service times are known:
// the standard against which the harness is calibrated. What comes out of it
// is never a measurement of Fabric.
//
// Data flow: a transaction arrives, is endorsed, taken by the orderer
// (acknowledged), put into a block that is cut by count, bytes or timer, and
// committed. Every instant is computed from the arrivals and the drawn service
// times alone, never by sleeping one service after another; Submit only waits
// until an instant is there. So a late wake-up delays what the client sees and
// stamps, and nothing else. The true instants go to a log of their own.
package reference

import (
	"cmp"
	"fmt"
	"math"
	"strings"
	"time"

	"meterbench/bench/result"
)

// A Config is what a simulated ledger is told to be.
type Config struct {
	// Endorse, Order and Commit serve transactions first come, first served.
	// A nil Stage takes no time. An orderer acknowledges a transaction at the
	// end of its Order stage.
	Endorse, Order, Commit *Stage
	// Batch says when a block is cut. Where nil, every transaction is a block.
	Batch *Batch
	// PerBlock makes Commit draw one service time for a whole block; otherwise
	// a block takes the sum of its transactions' service times. Either way one
	// server commits it, and all its transactions at once. With more than one
	// server a block may overtake the one before.
	PerBlock bool

	// Failures are the shares of transactions that do not end as valid.
	Failures []Failure
	// GiveUp is how long after the acknowledgement a client gives up on a
	// transaction that Failures lose (result.Unknown).
	GiveUp time.Duration
	// Stalls, in order, are the times at which everything in the ledger stops,
	// timers and services under way included. They go on where they were.
	Stalls []Stall
	Seed   uint64 // of service times, failures and transaction ids
}

// A Stage is a queue with a number of equal servers.
type Stage struct {
	Servers int // 1 to 1,000,000
	Service Distribution
}

// A Distribution says how long services take.
type Distribution struct {
	Kind Kind
	Mean time.Duration // 0 to an hour
	CV   float64       // of Lognormal only: standard deviation / mean, above 0, up to 10
}

// A Kind is a family of distributions.
type Kind string

// The kinds, named as in scenarios.
const (
	Constant    Kind = "constant"
	Exponential Kind = "exponential"
	Lognormal   Kind = "lognormal"
)

// A Batch cuts a block once it holds Messages transactions, before one that
// would take it over Bytes, or Timeout after its first transaction. A
// transaction larger than Bytes has a block of its own.
type Batch struct {
	Timeout  time.Duration // above 0
	Messages int           // at least 1
	Bytes    uint64        // of function names and arguments; 0 for no limit
}

// A Failure makes a share of the transactions end in an outcome. Limited takes
// no service; EndorseRefused and EndorseMismatch end with endorsement,
// SubmitRefused with ordering; Unknown is acknowledged and then lost; those
// that are committed as invalid pass through all stages.
type Failure struct {
	Outcome result.Outcome
	Share   float64 // 0 to 1; all shares sum to 1 at most
}

// A Stall stops the ledger for some time.
type Stall struct {
	At  time.Duration // since New
	For time.Duration // above 0
}

const (
	maxServers = 1_000_000
	maxMean    = time.Hour
	maxCV      = 10
)

// Validate returns an error that names the first field that makes no sense.
func (c Config) Validate() error {
	err := cmp.Or(c.Endorse.validate("endorse"), c.Order.validate("order"), c.Commit.validate("commit"),
		c.Batch.validate(), c.validateFailures(), c.validateStalls())
	if err != nil {
		return fmt.Errorf("reference ledger: %w", err)
	}
	return nil
}

func (s *Stage) validate(name string) error {
	if s == nil {
		return nil
	}
	d := s.Service
	switch {
	case s.Servers < 1 || s.Servers > maxServers:
		return fmt.Errorf("%s: %d servers; give 1 to %d, or leave the stage out if it takes no time", name, s.Servers, maxServers)
	case d.Kind != Constant && d.Kind != Exponential && d.Kind != Lognormal:
		return fmt.Errorf("%s: there is no distribution %q; take %s, %s or %s", name, d.Kind, Constant, Exponential, Lognormal)
	case d.Mean < 0 || d.Mean > maxMean:
		return fmt.Errorf("%s: mean service time %v; give 0 to %v", name, d.Mean, maxMean)
	case d.Kind == Lognormal && !(d.CV > 0 && d.CV <= maxCV):
		return fmt.Errorf("%s: coefficient of variation %v; give a number above 0, up to %d", name, d.CV, maxCV)
	case d.Kind != Lognormal && d.CV != 0:
		return fmt.Errorf("%s: the coefficient of variation of %s service times is given already; only %s takes one", name, d.Kind, Lognormal)
	}
	return nil
}

func (b *Batch) validate() error {
	switch {
	case b == nil:
	case b.Timeout <= 0:
		return fmt.Errorf("batch: timeout %v; give a time above 0, or the last block is never cut", b.Timeout)
	case b.Messages < 1:
		return fmt.Errorf("batch: %d messages; a block holds at least 1", b.Messages)
	}
	return nil
}

func (c Config) validateFailures() error {
	sum := 0.0
	for _, f := range c.Failures {
		_, possible := lastMark(f.Outcome)
		switch {
		case !possible || f.Outcome == result.Valid || f.Outcome == result.Answered:
			return fmt.Errorf("failures: %v is not a failure that a ledger can cause", f.Outcome)
		case !(f.Share >= 0 && f.Share <= 1):
			return fmt.Errorf("failures: share %v of %v; give 0 to 1", f.Share, f.Outcome)
		case f.Outcome == result.Unknown && c.GiveUp <= 0:
			return fmt.Errorf("failures: %v needs a time above 0 after which clients give up, not %v", f.Outcome, c.GiveUp)
		}
		sum += f.Share
	}
	if sum > 1+1e-9 { // shares as 0.7, 0.2 and 0.1 add up to a little more than 1
		return fmt.Errorf("failures: the shares sum to %v; there is only 1 to share", sum)
	}
	return nil
}

func (c Config) validateStalls() error {
	end := time.Duration(0)
	for i, s := range c.Stalls {
		switch {
		case s.For <= 0:
			return fmt.Errorf("stalls: stall %d lasts %v; give a time above 0", i+1, s.For)
		case s.At < end:
			return fmt.Errorf("stalls: stall %d begins at %v, before %v; give them in order and apart", i+1, s.At, end)
		case s.At > math.MaxInt64-s.For:
			return fmt.Errorf("stalls: stall %d never ends", i+1)
		}
		end = s.At + s.For
	}
	return nil
}

// Capacity returns the transactions per second that the slowest stage serves
// when it is never idle, Stalls and Failures left out: Servers / Mean, with
// PerBlock times the most transactions of a block. It is +Inf where no stage
// takes time.
func (c Config) Capacity() float64 {
	capacity := math.Inf(1)
	for _, s := range []*Stage{c.Endorse, c.Order, c.Commit} {
		if s == nil {
			continue
		}
		rate := float64(s.Servers) / s.Service.Mean.Seconds()
		if s == c.Commit && c.PerBlock && c.Batch != nil {
			rate *= float64(c.Batch.Messages)
		}
		capacity = min(capacity, rate)
	}
	return capacity
}

// Describe returns the configuration in one line, for people.
func (c Config) Describe() string {
	parts := []string{"endorse " + c.Endorse.describe(), "order " + c.Order.describe()}
	if b := c.Batch; b != nil {
		cut := fmt.Sprintf("cut at %d messages or %v", b.Messages, b.Timeout)
		if b.Bytes > 0 {
			cut = fmt.Sprintf("cut at %d messages, %d bytes or %v", b.Messages, b.Bytes, b.Timeout)
		}
		parts = append(parts, cut)
	}
	commit := "commit " + c.Commit.describe()
	if c.PerBlock {
		commit += " per block"
	}
	parts = append(parts, commit)
	for _, f := range c.Failures {
		parts = append(parts, fmt.Sprintf("%g %% %v", 100*f.Share, f.Outcome))
	}
	for _, s := range c.Stalls {
		parts = append(parts, fmt.Sprintf("stall of %v at %v", s.For, s.At))
	}
	return "simulated ledger: " + strings.Join(parts, ", ")
}

func (s *Stage) describe() string {
	if s == nil {
		return "at once"
	}
	text := fmt.Sprintf("%d x %s %v", s.Servers, s.Service.Kind, s.Service.Mean)
	if s.Service.Kind == Lognormal {
		text += fmt.Sprintf(" (cv %g)", s.Service.CV)
	}
	return text
}
