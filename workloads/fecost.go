package workloads

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"golang.org/x/perf/benchmath"

	"meterbench/bench/result"
	"meterbench/workloads/fe"
)

// MinFESamples is the fewest samples for which the 95 % interval of a median
// exists: with n samples, their smallest and largest enclose the median with
// probability 1-2^(1-n).
const MinFESamples = 6

// An FESpec says what MeasureFE measures: every combination of a scheme, a
// size and a length.
type FESpec struct {
	Schemes []string // of fe.Schemes
	Bits    []int    // of the modulus
	Lengths []int    // of the vectors
	Bound   int64    // largest value in the vectors
	Samples int      // of each combination, at least MinFESamples
	Seed    uint64   // of the values that are encrypted; keys and ciphertexts do not repeat
	// Progress, if not nil, is called before each sample with the number of
	// those done, the number of all, and what comes next.
	Progress func(done, total int, cell string)
}

// MeasureFE times key generation, key derivation, encryption and decryption
// of every combination in the spec, one after the other on one goroutine, on
// vectors of values uniform in 0 … Bound. The function is the sum of the
// vector's values, as of a day. Every result is held against the plaintext.
//
// The samples are interleaved: one of each combination, then the next of each,
// so that a machine that grows faster or slower does so for all. Garbage is
// collected before each. Decryption includes all checks of the ciphertext but
// not the evaluator's table of discrete logarithms, which is made once, before
// the first sample, and which makes decryption faster than without.
//
// When the context is done it returns its error along with the combinations
// that have a sample, in the spec's order. The others are nil with an error.
func MeasureFE(ctx context.Context, spec FESpec) ([]result.FECost, error) {
	cells, err := spec.cells()
	if err != nil {
		return nil, err
	}
	tables, err := fe.NewTables(fe.DefaultTableConfig())
	if err != nil {
		return nil, fmt.Errorf("measure encryption: %w", err)
	}
	for done := range spec.Samples * len(cells) {
		c := &cells[done%len(cells)]
		if spec.Progress != nil {
			spec.Progress(done, spec.Samples*len(cells), c.params.String())
		}
		runtime.GC()
		err := ctx.Err()
		if err == nil {
			err = c.sample(ctx, tables, rand.New(rand.NewPCG(spec.Seed, uint64(done))))
		}
		switch {
		case err != nil && ctx.Err() != nil:
			return costs(cells), fmt.Errorf("measure encryption: stopped after %d of %d samples: %w", done, spec.Samples*len(cells), err)
		case err != nil:
			return nil, fmt.Errorf("measure encryption: %v: %w", c.params, err)
		}
	}
	return costs(cells), nil
}

// An feCell is one combination and its samples so far, in seconds.
type feCell struct {
	params                           fe.Params
	keygen, derive, encrypt, decrypt []float64
}

func (s FESpec) cells() ([]feCell, error) {
	if s.Samples < MinFESamples {
		return nil, fmt.Errorf("measure encryption: %d samples; at least %d make an interval", s.Samples, MinFESamples)
	}
	var cells []feCell
	for _, scheme := range s.Schemes {
		for _, bits := range s.Bits {
			for _, length := range s.Lengths {
				p := fe.Params{Scheme: scheme, Bits: bits, Length: length, Bound: s.Bound}
				if err := p.Validate(); err != nil {
					return nil, fmt.Errorf("measure encryption: %w", err)
				}
				cells = append(cells, feCell{params: p})
			}
		}
	}
	if len(cells) == 0 {
		return nil, fmt.Errorf("measure encryption: nothing to measure; name at least one scheme, size and length")
	}
	return cells, nil
}

// sample adds one sample of each step, or none on error.
func (c *feCell) sample(ctx context.Context, tables *fe.Tables, random *rand.Rand) error {
	values, ones := make([]int64, c.params.Length), make([]int64, c.params.Length)
	var sum int64
	for i := range values {
		values[i], ones[i] = random.Int64N(c.params.Bound+1), 1
		sum += values[i]
	}

	var authority fe.Authority
	keygen, err := secondsPerCall(func() (err error) {
		authority, err = fe.Setup(ctx, c.params)
		return err
	})
	if err != nil {
		return err
	}
	var key fe.Key
	derive, err := secondsPerCall(func() (err error) {
		key, err = authority.Derive(ones)
		return err
	})
	if err != nil {
		return err
	}
	encryptor := authority.Encryptor()
	var ciphertext []byte
	encrypt, err := secondsPerCall(func() (err error) {
		ciphertext, err = encryptor.Encrypt(values)
		return err
	})
	if err != nil {
		return err
	}
	evaluator, err := fe.NewEvaluator(ctx, encryptor.Public(), tables)
	if err != nil {
		return err
	}
	var decrypted int64
	decrypt, err := secondsPerCall(func() (err error) {
		decrypted, err = evaluator.Evaluate(ctx, ciphertext, key)
		return err
	})
	if err != nil {
		return err
	}
	if decrypted != sum {
		return fmt.Errorf("decrypted %d, the values sum to %d", decrypted, sum)
	}
	c.keygen = append(c.keygen, keygen)
	c.derive = append(c.derive, derive)
	c.encrypt = append(c.encrypt, encrypt)
	c.decrypt = append(c.decrypt, decrypt)
	return nil
}

// secondsPerCall times as many calls as it takes to fill a millisecond, so
// that the clock's own cost does not show in calls of a few microseconds.
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

func costs(cells []feCell) []result.FECost {
	var out []result.FECost
	for _, c := range cells {
		if len(c.keygen) == 0 {
			continue
		}
		strength, _ := fe.SecurityBits(c.params.Scheme, c.params.Bits)
		out = append(out, result.FECost{
			Scheme: c.params.Scheme, Bits: c.params.Bits, SecurityBits: strength,
			Length: c.params.Length, Bound: c.params.Bound,
			Keygen: medianCost(c.keygen), Derive: medianCost(c.derive),
			Encrypt: medianCost(c.encrypt), Decrypt: medianCost(c.decrypt),
			Bytes: c.params.CiphertextSize(),
		})
	}
	return out
}

// medianCost returns the median of at least one sample, and its 95 % interval
// by order statistics where there are enough.
func medianCost(seconds []float64) result.Cost {
	const confidence = 0.95
	sample := benchmath.NewSample(seconds, &benchmath.DefaultThresholds)
	summary := benchmath.AssumeNothing.Summary(sample, confidence)
	cost := result.Cost{P50: summary.Center, N: len(seconds)}
	if len(seconds) >= MinFESamples {
		cost.Low, cost.High = &summary.Lo, &summary.Hi
	}
	return cost
}
