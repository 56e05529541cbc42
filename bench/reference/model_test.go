package reference

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/internal/random"
)

// An arrival is one transaction that a test sends.
type arrival struct {
	gap  time.Duration // since the one before
	size uint64
	wait result.Wait
}

func stages() *rapid.Generator[*Stage] {
	return rapid.Custom(func(t *rapid.T) *Stage {
		if rapid.Bool().Draw(t, "none") {
			return nil
		}
		d := Distribution{Kind: rapid.SampledFrom([]Kind{Constant, Exponential, Lognormal}).Draw(t, "kind")}
		d.Mean = time.Duration(rapid.IntRange(1, 1000).Draw(t, "mean"))
		if d.Kind == Lognormal {
			d.CV = rapid.Float64Range(0.01, maxCV).Draw(t, "cv")
		}
		return &Stage{Servers: rapid.IntRange(1, 5).Draw(t, "servers"), Service: d}
	})
}

func commits() *rapid.Generator[*Commit] {
	return rapid.Custom(func(t *rapid.T) *Commit {
		s := stages().Draw(t, "stage")
		if s == nil {
			return nil
		}
		return &Commit{*s, rapid.SampledFrom([]Per{PerTransaction, PerBlock}).Draw(t, "per")}
	})
}

func configs() *rapid.Generator[Config] {
	return rapid.Custom(func(t *rapid.T) Config {
		c := Config{
			Endorse: stages().Draw(t, "endorse"), Order: stages().Draw(t, "order"), Commit: commits().Draw(t, "commit"),
			Seed: rapid.Uint64().Draw(t, "seed"), GiveUp: time.Second,
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
			wait: rapid.SampledFrom(result.Waits()).Draw(t, "wait"),
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
		if load[x.number-1].wait == result.WaitEndorse && x.last > endorsed {
			t.Fatalf("transaction %d was to be endorsed alone: %v", x.number, x.outcome)
		}
	}
	if err := checkBlocks(c.Batch, sent); err != nil {
		t.Fatal(err)
	}
}

// checkBlocks returns an error where transactions are not in blocks as they
// were acknowledged, or a block was not cut when its limits say.
func checkBlocks(limits *Batch, sent []*transaction) error {
	if limits == nil {
		limits = &Batch{Messages: 1}
	}
	var way []*transaction
	for _, x := range sent {
		if x.block != nil {
			way = append(way, x)
		}
	}
	slices.SortFunc(way, func(a, b *transaction) int {
		return cmp.Or(cmp.Compare(a.at[acknowledged], b.at[acknowledged]), cmp.Compare(a.number, b.number))
	})
	for number := uint64(1); len(way) > 0; number++ {
		b := way[0].block
		n := len(b.transactions)
		if b.number != number {
			return fmt.Errorf("block %d follows block %d", b.number, number-1)
		}
		if n < 1 || n > len(way) || !slices.Equal(b.transactions, way[:n]) {
			return fmt.Errorf("block %d has %d transactions, not those that are next", number, n)
		}
		var bytes uint64
		cut, done := way[0].at[ordered], way[0].at[committed]
		for _, x := range b.transactions {
			if bytes += x.size; x.at[ordered] != cut || x.at[committed] != done {
				return fmt.Errorf("block %d has transactions of different times", number)
			}
		}
		first, last := way[0].at[acknowledged], way[n-1].at[acknowledged]
		way = way[n:]
		full := n == limits.Messages || limits.Bytes > 0 && n == 1 && bytes > limits.Bytes
		timed := cut == first+limits.Timeout && (len(way) == 0 || way[0].at[acknowledged] >= cut)
		over := len(way) > 0 && cut == way[0].at[acknowledged] && cut <= first+limits.Timeout && limits.Bytes > 0 && bytes+way[0].size > limits.Bytes
		if n > limits.Messages {
			return fmt.Errorf("block %d: %d transactions are too many", number, n)
		}
		if limits.Bytes > 0 && n > 1 && bytes > limits.Bytes {
			return fmt.Errorf("block %d: %d transactions of %d bytes are too large", number, n, bytes)
		}
		if full && cut != last {
			return fmt.Errorf("block %d: full with %d transactions at %v, cut at %v", number, n, last, cut)
		}
		if !full && !timed && !over {
			return fmt.Errorf("block %d: %d transactions of %d bytes, acknowledged from %v to %v, cut at %v", number, n, bytes, first, last, cut)
		}
		select {
		case <-b.cut:
		default:
			return fmt.Errorf("the channel of block %d is open after the cut", number)
		}
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
			load[i].wait = result.WaitCommit
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
		purposes := []random.Purpose{random.Endorsement, random.Ordering, random.Commit}
		for i, s := range []*Stage{c.Endorse, c.Order, c.Commit.stage()} {
			if s == nil {
				continue
			}
			free := make([]time.Duration, s.Servers)
			rng := random.Stream{Seed: c.Seed, Purpose: purposes[i]}.Rand()
			for k := range way {
				first := slices.Index(free, slices.Min(free))
				free[first] = max(way[k].at, free[first]) + s.Service.Draw(rng)
				way[k].at = free[first]
			}
			slices.SortFunc(way, func(a, b passage) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.number, b.number)) })
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
	const n = 20_000
	stage := func(servers int, kind Kind, mean time.Duration, cv float64) *Stage {
		return &Stage{servers, Distribution{kind, mean, cv}}
	}
	commit := func(servers int, kind Kind, mean time.Duration, cv float64) *Commit {
		return &Commit{*stage(servers, kind, mean, cv), PerTransaction}
	}
	perBlock := func(servers int, kind Kind, mean time.Duration, cv float64) *Commit {
		return &Commit{*stage(servers, kind, mean, cv), PerBlock}
	}
	tests := []struct {
		name   string
		config Config
		want   float64
	}{
		{"one server", Config{Commit: commit(1, Constant, 2*time.Millisecond, 0)}, 500},
		{"four servers", Config{Commit: commit(4, Exponential, 8*time.Millisecond, 0)}, 500},
		{"lognormal", Config{Commit: commit(2, Lognormal, 4*time.Millisecond, 0.5)}, 500},
		{"slow endorsement", Config{Endorse: stage(3, Exponential, 10*time.Millisecond, 0), Commit: commit(1, Constant, time.Millisecond, 0)}, 300},
		{"slow orderer", Config{Order: stage(2, Constant, 10*time.Millisecond, 0), Commit: commit(1, Constant, time.Millisecond, 0)}, 200},
		{"per transaction of a block", Config{Batch: &Batch{Timeout: time.Second, Messages: 50}, Commit: commit(1, Exponential, 2*time.Millisecond, 0)}, 500},
		{"per block", Config{Batch: &Batch{Timeout: time.Second, Messages: 50}, Commit: perBlock(1, Exponential, 100*time.Millisecond, 0)}, 500},
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
