package workloads

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"golang.org/x/perf/benchmath"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/random"
	"meterbench/simulators/fe"
	"meterbench/simulators/reading"
)

// An FESpec lists the combinations that MeasureFE measures.
type FESpec struct {
	scenario.FE
	Tables *fe.Tables // of discrete logarithms
	Seed   uint64     // of the encrypted values; keys and ciphertexts do not repeat
	// Progress, if not nil, is called before each sample with the number of those done, the number of all,
	// and the name of the next combination.
	Progress func(done, total int, cell string)
}

// CountCells returns the number of combinations. It fails on an unknown scheme, a size that no scheme has, or
// a bound with results beyond the tables.
func (s FESpec) CountCells() (int, error) {
	cells, err := s.cells()
	return len(cells), err
}

// MeasureFE times the four steps of every combination in the spec, one after the other on one goroutine, on vectors of
// values uniform in 0 … bound. The function is the sum of the vector's values, as of a day. Every result is compared
// with the plaintext. The steps, for schemes with an authority and for groups of meters without one:
//
//	           authority                            group of as many meters as the length
//	keygen     master keys, without the search      one meter's keys and its agreement
//	           for a modulus if there is one        with the others
//	derive     the function's key                   one meter's share of it
//	encrypt    the vector                           one meter's value
//	decrypt    the function of the vector           the function of all meters' values
//
// The samples are interleaved: one of each combination, then the next of each, so that drift of the machine affects all
// of them alike. Garbage is collected before each. Decryption includes all checks of the ciphertexts, but not the setup
// of a key and a group, as the table of discrete logarithms, which has a time of its own and makes decryption faster.
//
// When the context is done it returns its error along with the combinations that have a sample, in the spec's order.
// With any other error it returns none.
func MeasureFE(ctx context.Context, spec FESpec) ([]result.FECost, error) {
	cells, err := spec.cells()
	if err != nil {
		return nil, err
	}
	total := spec.Samples * len(cells)
	shared := feShared{tables: spec.Tables, setups: map[fe.Params]feSetup{}}
	for done := range total {
		c := cells[done%len(cells)]
		if spec.Progress != nil {
			spec.Progress(done, total, c.String())
		}
		runtime.GC()
		err := ctx.Err()
		if err == nil {
			err = c.sample(ctx, &shared, random.Stream{Seed: spec.Seed, Purpose: random.Plaintexts, Level: c.String(), Index: uint64(done)}.Rand())
		}
		switch {
		case err != nil && ctx.Err() != nil:
			return costs(cells), fmt.Errorf("measure encryption: stopped after %d of %d samples: %w", done, total, err)
		case err != nil:
			return nil, fmt.Errorf("measure encryption: %v: %w", c, err)
		}
	}
	return costs(cells), nil
}

func (s FESpec) cells() (all []*feCell, err error) {
	if p := s.Check(Schemes(), ""); p != nil {
		return nil, fmt.Errorf("measure encryption: %w", p)
	}
	for _, c := range s.Cells(Schemes()) {
		p := fe.Params{Scheme: fe.Name(c.Scheme), Bits: c.Bits, Length: c.Length, Bound: c.Bound}
		scheme, err := fe.SchemeOf(p.Scheme)
		if err == nil {
			err = s.Tables.Check(p, ones(c.Length))
		}
		if err != nil {
			return nil, fmt.Errorf("measure encryption: %w", err)
		}
		all = append(all, &feCell{scheme: scheme, params: p})
	}
	return all, nil
}

// An feCell is one combination and its samples so far, in seconds.
type feCell struct {
	scheme                           fe.Scheme
	params                           fe.Params
	trial                            feTrial
	keygen, derive, encrypt, decrypt []float64
	public                           int // bytes
	tableBytes                       int64
	table                            fe.TableOrigin
	modulus                          float64 // seconds
}

func (c *feCell) String() string { return fmt.Sprintf("%v bound %d", c.params, c.params.Bound) }

// sample adds one sample of each step, or none on error.
func (c *feCell) sample(ctx context.Context, shared *feShared, random *rand.Rand) error {
	if c.trial == nil {
		var err error
		if c.trial, err = shared.trial(ctx, c); err != nil {
			return err
		}
	}
	values := make([]int64, c.params.Length)
	var sum int64
	for i := range values {
		values[i] = random.Int64N(c.params.Bound + 1)
		sum += values[i]
	}
	steps, got := c.trial(ctx, values)
	seconds := make([]float64, len(steps))
	for i, step := range steps {
		var err error
		if step.samples == nil {
			err = step.call()
		} else {
			seconds[i], err = secondsPerCall(step.call)
		}
		if err != nil {
			return err
		}
	}
	if *got != sum {
		return fmt.Errorf("decrypted %d, the values sum to %d", *got, sum)
	}
	for i, step := range steps {
		if step.samples != nil {
			*step.samples = append(*step.samples, seconds[i])
		}
	}
	return nil
}

// secondsPerCall times as many calls as fill a millisecond, so that the clock's own cost does not show in
// calls of a few microseconds.
func secondsPerCall(call func() error) (float64, error) {
	for calls := 1; ; calls *= 2 {
		start := time.Now()
		for range calls {
			if err := call(); err != nil {
				return 0, err
			}
		}
		if elapsed := time.Since(start); elapsed >= time.Millisecond {
			return elapsed.Seconds() / float64(calls), nil
		}
	}
}

func costs(cells []*feCell) []result.FECost {
	var out []result.FECost
	for _, c := range cells {
		if len(c.keygen) == 0 {
			continue
		}
		p, values := c.params, c.params.Length
		if p.Scheme.Single() {
			values = 1
		}
		strength, source := c.scheme.Security(p.Bits)
		out = append(out, result.FECost{
			Scheme: string(p.Scheme), Bits: p.Bits, Length: p.Length, Values: values, Bound: p.Bound,
			SecurityBits: strength, SecuritySource: source, Group: c.scheme.Elements(p.Bits),
			Keygen: sampledCost(c.keygen), Derive: sampledCost(c.derive), Encrypt: sampledCost(c.encrypt), Decrypt: sampledCost(c.decrypt),
			Bytes: p.CiphertextSize(), OnLedger: onLedger(p.CiphertextSize()), PublicKey: c.public,
			TableBytes: c.tableBytes, Table: c.table.Took.Seconds(), TableFrom: c.tableFrom(), Modulus: c.modulus,
		})
	}
	return out
}

// tableFrom returns the origin of the table of discrete logarithms, as results have it.
func (c *feCell) tableFrom() string {
	switch {
	case c.tableBytes == 0:
		return ""
	case c.table.Read:
		return result.TableRead
	}
	return result.TableComputed
}

// onLedger returns the size of a reading with a ciphertext of that size and the longest signature, 0 if a
// reading cannot hold it.
func onLedger(ciphertext int) int {
	r := reading.Reading{
		Kind: reading.Encrypted, Channel: "metrology", Meter: "meter-000001", Time: time.Unix(0, 0),
		Payload: make([]byte, ciphertext), Signature: make([]byte, reading.MaxSignature),
	}
	stored, err := r.Marshal()
	if err != nil {
		return 0
	}
	return len(stored)
}

// sampledCost is a medianCost that keeps its samples.
func sampledCost(seconds []float64) result.Cost {
	cost := medianCost(slices.Clone(seconds))
	cost.Samples = seconds
	return cost
}

// medianCost returns the median of at least one sample, and its 95 % interval by order statistics if there are enough.
func medianCost(seconds []float64) result.Cost {
	const confidence = 0.95
	sample := benchmath.NewSample(seconds, &benchmath.DefaultThresholds)
	summary := benchmath.AssumeNothing.Summary(sample, confidence)
	cost := result.Cost{P50: summary.Center, N: len(seconds)}
	if len(seconds) >= scenario.MinSamples {
		cost.Low, cost.High = &summary.Lo, &summary.Hi
	}
	return cost
}
