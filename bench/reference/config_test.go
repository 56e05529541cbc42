package reference

import (
	"errors"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/internal/alarm"
)

func TestDistributions(t *testing.T) {
	const n, mean = 1_000_000, 20 * time.Millisecond
	for _, tt := range []struct {
		d  Distribution
		cv float64
	}{
		{Distribution{Constant, mean, 0}, 0}, {Distribution{Exponential, mean, 0}, 1},
		{Distribution{Lognormal, mean, 0.25}, 0.25}, {Distribution{Lognormal, mean, 1.5}, 1.5},
	} {
		rng := commitStream.source(1)
		sum, squares := 0.0, 0.0
		for range n {
			x := float64(tt.d.draw(rng)) / float64(mean)
			sum, squares = sum+x, squares+x*x
		}
		m := sum / n
		cv := math.Sqrt(max(0, squares/n-m*m)) / m
		if math.Abs(m-1) > 0.01 || math.Abs(cv-tt.cv) > 0.02*(1+tt.cv) {
			t.Errorf("%v: mean %g of what was asked for, cv %g", tt.d, m, cv)
		}
	}
}

// Stalls take their time out of the ledger's, and nothing happens in them.
func TestClock(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var c clock
		end := time.Duration(0)
		for range rapid.IntRange(0, 5).Draw(t, "stalls") {
			s := Stall{end + time.Duration(rapid.IntRange(0, 100).Draw(t, "apart")), time.Duration(rapid.IntRange(1, 100).Draw(t, "for"))}
			c, end = append(c, s), s.At+s.For
		}
		if err := (Config{Stalls: c}).Validate(); err != nil {
			t.Fatal(err)
		}
		at := time.Duration(rapid.IntRange(0, 1200).Draw(t, "at"))
		if back := c.ledger(c.since(at)); back != at {
			t.Fatalf("%v of the ledger is %v after the start and back is %v", at, c.since(at), back)
		}
		due := c.since(at)
		for _, s := range c {
			if due >= s.At && due < s.At+s.For {
				t.Fatalf("%v of the ledger is at %v, in the stall %v", at, due, s)
			}
		}
		stood := time.Duration(0)
		for _, s := range c {
			stood += min(max(0, at-s.At), s.For)
		}
		if c.ledger(at) != at-stood {
			t.Fatalf("%v after the start is %v of the ledger, and %v were stalls", at, c.ledger(at), stood)
		}
	})
}

func TestValidate(t *testing.T) {
	ok := func() Config {
		return Config{
			Endorse:  &Stage{8, Distribution{Exponential, 20 * time.Millisecond, 0}},
			Batch:    &Batch{Timeout: 2 * time.Second, Messages: 10, Bytes: 1 << 19},
			Commit:   &Stage{1, Distribution{Lognormal, 2 * time.Millisecond, 0.5}},
			PerBlock: true,
			Failures: []Failure{{result.MVCCConflict, 0.01}, {result.Unknown, 0.005}},
			GiveUp:   30 * time.Second,
			Stalls:   []Stall{{20 * time.Second, time.Second}},
		}
	}
	if err := ok().Validate(); err != nil {
		t.Error(err)
	}
	const described = "simulated ledger: endorse 8 x exponential 20ms, order at once, cut at 10 messages, 524288 bytes or 2s, " +
		"commit 1 x lognormal 2ms (cv 0.5) per block, 1 % mvcc_conflict, 0.5 % unknown, stall of 1s at 20s"
	if got := ok().Describe(); got != described {
		t.Errorf("got  %s\nwant %s", got, described)
	}
	for _, tt := range []struct {
		want  string
		spoil func(*Config)
	}{
		{"endorse: 0 servers; give 1 to 1000000, or leave the stage out if it takes no time", func(c *Config) { c.Endorse.Servers = 0 }},
		{"commit: 2000000 servers; give 1 to 1000000, or leave the stage out if it takes no time", func(c *Config) { c.Commit.Servers = 2_000_000 }},
		{"endorse: mean service time -1ns; give 0 to 1h0m0s", func(c *Config) { c.Endorse.Service.Mean = -1 }},
		{`endorse: there is no distribution "normal"; take constant, exponential or lognormal`, func(c *Config) { c.Endorse.Service.Kind = "normal" }},
		{"commit: coefficient of variation NaN; give a number above 0, up to 10", func(c *Config) { c.Commit.Service.CV = math.NaN() }},
		{"endorse: the coefficient of variation of exponential service times is given already; only lognormal takes one", func(c *Config) { c.Endorse.Service.CV = 1 }},
		{"batch: timeout 0s; give a time above 0, or the last block is never cut", func(c *Config) { c.Batch.Timeout = 0 }},
		{"batch: 0 messages; a block holds at least 1", func(c *Config) { c.Batch.Messages = 0 }},
		{"failures: dropped is not a failure that a ledger can cause", func(c *Config) { c.Failures[0].Outcome = result.Dropped }},
		{"failures: valid is not a failure that a ledger can cause", func(c *Config) { c.Failures[0].Outcome = result.Valid }},
		{"failures: share 1.5 of mvcc_conflict; give 0 to 1", func(c *Config) { c.Failures[0].Share = 1.5 }},
		{"failures: share NaN of mvcc_conflict; give 0 to 1", func(c *Config) { c.Failures[0].Share = math.NaN() }},
		{"failures: the shares sum to 1.25; there is only 1 to share", func(c *Config) { c.Failures[0].Share, c.Failures[1].Share = 0.5, 0.75 }},
		{"failures: unknown needs a time above 0 after which clients give up, not 0s", func(c *Config) { c.GiveUp = 0 }},
		{"stalls: stall 1 lasts 0s; give a time above 0", func(c *Config) { c.Stalls[0].For = 0 }},
		{"stalls: stall 1 begins at -1s, before 0s; give them in order and apart", func(c *Config) { c.Stalls[0].At = -time.Second }},
		{"stalls: stall 2 begins at 20.5s, before 21s; give them in order and apart", func(c *Config) { c.Stalls = append(c.Stalls, Stall{20500 * time.Millisecond, 1}) }},
		{"stalls: stall 1 never ends", func(c *Config) { c.Stalls[0].For = math.MaxInt64 }},
	} {
		c := ok()
		tt.spoil(&c)
		_, err := New(c, alarm.Timers{}, nil)
		if err == nil || errors.Unwrap(err).Error() != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}
