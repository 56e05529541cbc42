package ledger

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"meterbench/bench"
	"meterbench/bench/result"
)

// An arrival is one transaction that a test sends.
type arrival struct {
	gap  time.Duration // since the one before
	size uint64
	wait bench.Wait
}

func stages() *rapid.Generator[*Stage] {
	return rapid.Custom(func(t *rapid.T) *Stage {
		if rapid.Bool().Draw(t, "none") {
			return nil
		}
		d := Distribution{Kind: rapid.SampledFrom([]Kind{Constant, Exponential, Lognormal}).Draw(t, "kind")}
		d.Mean = time.Duration(rapid.IntRange(0, 1000).Draw(t, "mean"))
		if d.Kind == Lognormal {
			d.CV = rapid.Float64Range(0.01, maxCV).Draw(t, "cv")
		}
		return &Stage{Servers: rapid.IntRange(1, 5).Draw(t, "servers"), Service: d}
	})
}

func configs() *rapid.Generator[Config] {
	return rapid.Custom(func(t *rapid.T) Config {
		c := Config{
			Endorse: stages().Draw(t, "endorse"), Order: stages().Draw(t, "order"), Commit: stages().Draw(t, "commit"),
			PerBlock: rapid.Bool().Draw(t, "per block"), Seed: rapid.Uint64().Draw(t, "seed"), GiveUp: time.Second,
		}
		if rapid.Bool().Draw(t, "batches") {
			c.Batch = &Batch{
				Timeout:  time.Duration(rapid.IntRange(1, 5000).Draw(t, "timeout")),
				Messages: rapid.IntRange(1, 20).Draw(t, "messages"), Bytes: rapid.Uint64Range(0, 500).Draw(t, "bytes"),
			}
		}
		for _, o := range []result.Outcome{result.Limited, result.EndorseRefused, result.SubmitRefused, result.Unknown, result.MVCCConflict} {
			c.Failures = append(c.Failures, Failure{o, rapid.Float64Range(0, 0.2).Draw(t, o.String())})
		}
		return c
	})
}

func loads() *rapid.Generator[[]arrival] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) arrival {
		return arrival{
			gap:  time.Duration(rapid.IntRange(0, 1000).Draw(t, "gap")),
			size: rapid.Uint64Range(0, 600).Draw(t, "size"),
			wait: bench.Wait(rapid.IntRange(0, 2).Draw(t, "wait")),
		}
	}), 1, 200)
}

// play sends a load through a model and returns the transactions as they came.
func play(c Config, load []arrival) (sent, ended []*transaction) {
	m := newModel(c, func(t *transaction) { ended = append(ended, t) })
	at := time.Duration(0)
	for _, a := range load {
		at += a.gap
		t := &transaction{size: a.size}
		sent = append(sent, t)
		m.arrive(t, at, a.wait)
	}
	m.advance(math.MaxInt64)
	return sent, ended
}

// Whatever the configuration, nothing is lost, instants are in order and
// blocks keep to their limits.
func checkModel(t *rapid.T) {
	c, load := configs().Draw(t, "config"), loads().Draw(t, "load")
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	sent, ended := play(c, load)
	if len(ended) != len(sent) {
		t.Fatalf("%d of %d transactions ended", len(ended), len(sent))
	}
	seen := make(map[*transaction]bool)
	for _, x := range ended {
		if seen[x] {
			t.Fatalf("transaction %d ended twice", x.number)
		}
		seen[x] = true
		if x.next != x.last || !slices.IsSorted(x.at[:x.last+1]) {
			t.Fatalf("transaction %d, %v: %v up to mark %d of %d", x.number, x.outcome, x.at, x.next, x.last)
		}
		if (x.block != nil) != (x.last == committed) {
			t.Fatalf("transaction %d, %v: block %v", x.number, x.outcome, x.block)
		}
		if load[x.number-1].wait == bench.WaitEndorse && x.last > endorsed {
			t.Fatalf("transaction %d was to be endorsed alone: %v", x.number, x.outcome)
		}
		if x.block != nil {
			if err := checkBlock(c.Batch, x.block); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func checkBlock(limits *Batch, b *block) error {
	if limits == nil {
		limits = &Batch{Messages: 1}
	}
	select {
	case <-b.cut:
	default:
		return fmt.Errorf("block %d was never cut", b.number)
	}
	var bytes uint64
	for _, x := range b.transactions {
		bytes += x.size
		if first := b.transactions[0]; x.at[ordered] != first.at[ordered] || x.at[committed] != first.at[committed] {
			return fmt.Errorf("block %d has transactions of different times", b.number)
		}
		if x.at[ordered]-x.at[acknowledged] > limits.Timeout {
			return fmt.Errorf("block %d was cut at %v with a transaction of %v", b.number, x.at[ordered], x.at[acknowledged])
		}
	}
	n := len(b.transactions)
	if n < 1 || n > limits.Messages || limits.Bytes > 0 && n > 1 && bytes > limits.Bytes {
		return fmt.Errorf("block %d: %d transactions of %d bytes", b.number, n, bytes)
	}
	return nil
}

func TestModel(t *testing.T) { rapid.Check(t, checkModel) }
func FuzzModel(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkModel)) }

// Without batches the model agrees with the plain recursion, one stage after
// the other over all transactions at once.
func TestModelAgreesWithTheRecursion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, load := configs().Draw(t, "config"), loads().Draw(t, "load")
		c.Batch, c.Failures = nil, nil
		for i := range load {
			load[i].wait = bench.WaitCommit
		}
		sent, _ := play(c, load)
		type passage struct {
			number uint64
			at     time.Duration
		}
		var way []passage
		for _, x := range sent {
			way = append(way, passage{x.number, x.at[arrived]})
		}
		for i, s := range []*Stage{c.Endorse, c.Order, c.Commit} {
			if s == nil {
				continue
			}
			free := make([]time.Duration, s.Servers)
			rng := stream(i).source(c.Seed)
			for k := range way {
				first := slices.Index(free, slices.Min(free))
				free[first] = max(way[k].at, free[first]) + s.Service.draw(rng)
				way[k].at = free[first]
			}
			slices.SortFunc(way, func(a, b passage) int {
				if a.at != b.at {
					return int(a.at - b.at)
				}
				return int(a.number) - int(b.number)
			})
		}
		for _, p := range way {
			if got := sent[p.number-1].at[committed]; got != p.at {
				t.Fatalf("transaction %d is committed at %v, the recursion has %v", p.number, got, p.at)
			}
		}
	})
}

// A ledger that is never idle serves what Capacity says, and no more.
func TestCapacity(t *testing.T) {
	const n = 100_000
	stage := func(servers int, kind Kind, mean time.Duration, cv float64) *Stage {
		return &Stage{servers, Distribution{kind, mean, cv}}
	}
	tests := []struct {
		name   string
		config Config
		want   float64
	}{
		{"one server", Config{Commit: stage(1, Constant, 2*time.Millisecond, 0)}, 500},
		{"four servers", Config{Commit: stage(4, Exponential, 8*time.Millisecond, 0)}, 500},
		{"lognormal", Config{Commit: stage(2, Lognormal, 4*time.Millisecond, 0.5)}, 500},
		{"slow endorsement", Config{Endorse: stage(3, Exponential, 10*time.Millisecond, 0), Commit: stage(1, Constant, time.Millisecond, 0)}, 300},
		{"slow orderer", Config{Order: stage(2, Constant, 10*time.Millisecond, 0), Commit: stage(1, Constant, time.Millisecond, 0)}, 200},
		{"per transaction of a block", Config{Batch: &Batch{Timeout: time.Second, Messages: 50}, Commit: stage(1, Exponential, 2*time.Millisecond, 0)}, 500},
		{"per block", Config{Batch: &Batch{Timeout: time.Second, Messages: 50}, PerBlock: true, Commit: stage(1, Exponential, 100*time.Millisecond, 0)}, 500},
		{"no stage", Config{}, math.Inf(1)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.config.Capacity(); math.Abs(got-tt.want) > 1e-9 {
				t.Fatalf("capacity %g, want %g", got, tt.want)
			}
			sent, _ := play(tt.config, make([]arrival, n)) // all at once
			last := time.Duration(0)
			for _, x := range sent {
				last = max(last, x.at[committed])
			}
			if got := n / last.Seconds(); math.IsInf(tt.want, 1) != (last == 0) || last > 0 && math.Abs(got/tt.want-1) > 0.05 {
				t.Errorf("%g per second, want %g", got, tt.want)
			}
		})
	}
}

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
		_, err := New(c, nil)
		if err == nil || errors.Unwrap(err).Error() != tt.want {
			t.Errorf("got %v, want %s", err, tt.want)
		}
	}
}
