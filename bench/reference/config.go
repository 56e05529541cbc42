// Package reference simulates a ledger as queues whose service times are known: the standard against which the harness
// is calibrated. Its figures are never a measurement of Fabric.
//
// Data flow: a transaction arrives, is endorsed, taken by the orderer (acknowledged), put into a block that is cut by
// count, bytes or timer, and committed. Every instant is computed from the arrivals and random service times alone,
// never by sleeping one service after another; Submit only waits until an instant has come. So a late wake-up delays
// only what the client sees and stamps. The true instants go to a log of their own.
package reference

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

// Config describes a simulated ledger, as the target of a scenario gives it.
type Config struct {
	// Endorse, Order and Commit serve transactions first come, first served. A nil stage takes no time. An
	// orderer acknowledges a transaction at the end of its Order stage.
	Endorse *Stage  `yaml:"endorse"` // in parallel servers; left out: takes no time
	Order   *Stage  `yaml:"order"`   // in parallel servers; left out: takes no time
	Batch   *Batch  `yaml:"batch"`   // left out: every transaction is a block
	Commit  *Commit `yaml:"commit"`  // of blocks; left out: takes no time
	// Failures are the shares of transactions that do not end as valid.
	Failures []Failure     `yaml:"failures"` // shares of transactions that do not end as valid
	GiveUp   time.Duration `yaml:"give_up"`  // how long clients wait for a lost answer: unknown, after the acknowledgement; endorse_timeout, after the endorsement
	Stalls   []Stall       `yaml:"stalls"`   // in order
	Seed     uint64        // of service times, failures and transaction ids
}

// Stage is a queue with a number of equal servers.
type Stage struct {
	Servers int          `yaml:"servers"` // how many work side by side
	Service Distribution `yaml:"service"` // time that one takes for a transaction, or a block
}

// Distribution says how long services take.
type Distribution struct {
	Kind Kind          `yaml:"kind"` // of the times
	Mean time.Duration `yaml:"mean"` // of the times
	CV   float64       `yaml:"cv"`   // standard deviation over mean, lognormal only
}

// Kind is a family of distributions.
type Kind string

// The kinds, named as in scenarios.
const (
	Constant    Kind = "constant"
	Exponential Kind = "exponential"
	Lognormal   Kind = "lognormal"
)

// Kinds returns all kinds of distributions.
func Kinds() []Kind { return []Kind{Constant, Exponential, Lognormal} }

// Batch cuts a block once it holds Messages transactions, before one that would take it over Bytes, or
// Timeout after its first transaction. A transaction larger than Bytes has a block of its own.
type Batch struct {
	Timeout  time.Duration `yaml:"timeout"`    // from the first transaction of a block to its cut
	Messages int           `yaml:"messages"`   // transactions that fill a block
	Bytes    uint64        `yaml:"bytes,size"` // a block is cut before it is larger; left out: no limit
}

// Commit is the stage at which whole blocks are committed: one server commits a block, and all its
// transactions at once. With more than one server a block may overtake the one before.
type Commit struct {
	Stage
	Per Per `yaml:"per" json:"-"` // what one service time is for
}

// Per is the unit that one service time of a commit covers.
type Per string

// The zero value means PerTransaction: a block then takes the sum of its transactions' service times.
const (
	PerTransaction Per = "transaction"
	PerBlock       Per = "block"
)

// Failure makes a share of the transactions end in an outcome. Limited takes no service; EndorseRefused, EndorseMismatch and
// EndorseUnreachable end with endorsement, EndorseTimeout as well but without an answer; SubmitRefused with ordering; Unknown
// is acknowledged and then lost; those that are committed as invalid pass through all stages.
type Failure struct {
	Outcome result.Outcome `yaml:"outcome"` // in which they end
	Share   float64        `yaml:"share"`   // of the transactions, 0 to 1
}

// Failures returns the outcomes other than valid and answered that a simulated ledger can cause.
func Failures() []result.Outcome {
	return []result.Outcome{
		result.MVCCConflict, result.PhantomRead, result.EndorsementPolicy, result.InvalidOther, result.EndorseRefused,
		result.EndorseMismatch, result.EndorseTimeout, result.EndorseUnreachable, result.Limited, result.SubmitRefused, result.Unknown,
	}
}

// Stall stops everything in the ledger for some time, also timers and services, which go on where they were.
type Stall struct {
	At  time.Duration `yaml:"at"`  // since the ledger's start, before its series are prepared
	For time.Duration `yaml:"for"` // how long
}

// UnmarshalNode reads a commit stage, whose service is for a transaction unless it says otherwise.
func (c *Commit) UnmarshalNode(n *strictyaml.Node) error {
	type plain Commit
	*c = Commit{Per: PerTransaction}
	return n.Decode((*plain)(c))
}

// UnmarshalNode reads a failure, whose outcome is given by its name.
func (f *Failure) UnmarshalNode(n *strictyaml.Node) error {
	text := struct {
		Outcome string  `yaml:"outcome"`
		Share   float64 `yaml:"share"`
	}{}
	if err := n.Decode(&text); err != nil {
		return err
	}
	names := make([]string, 0, len(Failures()))
	for _, o := range Failures() {
		if o.String() == text.Outcome {
			*f = Failure{o, text.Share}
			return nil
		}
		names = append(names, o.String())
	}
	return n.Locate(strictyaml.OneOf("outcome", text.Outcome, names...))
}

// MarshalJSON adds PerBlock, under which results have always stored what a commit's service is for.
func (c Config) MarshalJSON() ([]byte, error) {
	type plain Config
	return json.Marshal(struct {
		plain
		PerBlock bool
	}{plain(c), c.Commit.perBlock()})
}

func (c *Commit) perBlock() bool { return c != nil && c.Per == PerBlock }

func (c *Commit) stage() *Stage {
	if c == nil {
		return nil
	}
	return &c.Stage
}

// Capacity returns the transactions per second that the slowest stage serves when never idle, without Stalls and
// Failures: Servers / Mean, with PerBlock times the most transactions of a block; +Inf where no stage takes time.
func (c Config) Capacity() float64 {
	capacity := math.Inf(1)
	for _, s := range []*Stage{c.Endorse, c.Order, c.Commit.stage()} {
		if s == nil {
			continue
		}
		rate := float64(s.Servers) / s.Service.Mean.Seconds()
		if c.Commit != nil && s == &c.Commit.Stage && c.Commit.Per == PerBlock && c.Batch != nil {
			rate *= float64(c.Batch.Messages)
		}
		capacity = min(capacity, rate)
	}
	return capacity
}

// BatchTimeout returns the longest time from a block's first transaction to its cut, 0 where every one is a block.
func (c Config) BatchTimeout() time.Duration {
	if c.Batch == nil {
		return 0
	}
	return c.Batch.Timeout
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
	commit := "commit " + c.Commit.stage().describe()
	if c.Commit.perBlock() {
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
