// Package verifier checks bills against the ledger: that a bill belongs to the readings of its meter and to a function
// that the market surveillance approved, and that its result is that of this function of these readings. Any holder of
// the function's evaluation key can do so, without trust in the gateway that computed the bill.
//
// Data flow: Verify reads the function and its parameters from the ledger by their hashes, then the readings, checks
// every signature and the bill's own hash of the readings, and computes the result again.
package verifier

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"slices"
	"time"

	"meterbench/simulators/fe"
	"meterbench/simulators/reading"
)

// A Ledger answers a verifier's queries. An error means that it cannot answer, never that a bill does not hold.
type Ledger interface {
	// Readings returns a meter's readings with numbers in [from, to), the lowest numbers first.
	Readings(ctx context.Context, meter string, from, to uint64) ([]reading.Reading, error)
	// Function returns an approved function in its encoding, or nil.
	Function(ctx context.Context, hash reading.Hash) ([]byte, error)
	// Parameters returns a public key in its wire form, or nil.
	Parameters(ctx context.Context, id reading.Hash) ([]byte, error)
}

// A Reason is the kind of error in a bill.
type Reason string

// The reasons.
const (
	Malformed        Reason = "malformed"         // the bill is not of the wire form
	GatewaySignature Reason = "gateway signature" // not that of the gateway
	NotApproved      Reason = "function"          // the function is not approved, or it is for other readings than the meter's
	OtherKey         Reason = "evaluation key"    // the key is for another function or for other parameters
	Missing          Reason = "missing reading"   // a reading that it covers is not on the ledger
	Foreign          Reason = "foreign reading"   // the ledger shows another meter's reading, another number's or another channel's
	Signature        Reason = "reading signature" // a reading is not as its meter signed it
	Readings         Reason = "readings"          // the bill was computed from other readings, or in another order
	Early            Reason = "early"             // the first reading began before the function was valid
	Undecipherable   Reason = "undecipherable"    // a reading has no result under the key: it was encrypted under other parameters, or the key is false
	Result           Reason = "result"            // the function of the readings has another result
)

// A Fault is the error of a bill that does not hold.
type Fault struct {
	Reason Reason
	Cause  error // never nil
}

func (f *Fault) Error() string { return fmt.Sprintf("bill does not hold: %s: %v", f.Reason, f.Cause) }

func (f *Fault) Unwrap() error { return f.Cause }

func fault(reason Reason, format string, args ...any) error {
	return &Fault{reason, fmt.Errorf(format, args...)}
}

// A Verifier checks the bills of a meter.
type Verifier struct {
	Ledger    Ledger
	Channel   string           // of the ledger
	Meter     *ecdsa.PublicKey // of the meter
	Span      time.Duration    // that each of its readings covers, as registered; 0: unknown, as Function.Covers has it
	Gateway   *ecdsa.PublicKey // of the meter's gateway
	Key       fe.Key           // of the function; zero for plaintext
	Evaluator fe.Evaluator     // nil for plaintext
}

// Verify checks a bill. It returns a *Fault if the bill does not hold, and another error if it cannot decide.
func (v *Verifier) Verify(ctx context.Context, b reading.Bill) error {
	if _, err := b.Marshal(); err != nil {
		return &Fault{Malformed, err}
	}
	if err := b.Verify(v.Gateway); err != nil {
		return &Fault{GatewaySignature, err}
	}
	f, err := v.function(ctx, b.Function)
	if err != nil {
		return err
	}
	readings, err := v.readings(ctx, b)
	if err != nil {
		return err
	}
	for _, r := range readings { // in any order of time, if the meter has no schedule
		if !f.Covers(r.Time, v.Span) {
			return fault(Early, "reading %d covers %v and ended at %v, the function is valid from %v", r.Number, v.Span, r.Time, f.From)
		}
	}
	sum, err := v.sum(ctx, f, readings)
	if err != nil {
		return err
	}
	if sum != b.Result {
		return fault(Result, "the readings give %d, the bill says %d", sum, b.Result)
	}
	return nil
}

// function returns the approved function of that hash, if the key is for it.
func (v *Verifier) function(ctx context.Context, hash reading.Hash) (reading.Function, error) {
	encoded, err := v.Ledger.Function(ctx, hash)
	if err != nil {
		return reading.Function{}, fmt.Errorf("verify bill: read the function: %w", err)
	}
	if encoded == nil {
		return reading.Function{}, fault(NotApproved, "%v is not on the ledger", hash)
	}
	f, err := reading.UnmarshalFunction(encoded)
	if err != nil {
		return reading.Function{}, &Fault{NotApproved, err}
	}
	if got := reading.HashFunction(encoded); got != hash {
		return reading.Function{}, fault(NotApproved, "the ledger shows function %v for %v", got, hash)
	}
	if f.Parameters == (reading.Hash{}) {
		return f, nil
	}
	public, err := v.Ledger.Parameters(ctx, f.Parameters)
	if err != nil {
		return reading.Function{}, fmt.Errorf("verify bill: read the parameters: %w", err)
	}
	if reading.ParametersID(public) != f.Parameters {
		return reading.Function{}, fault(NotApproved, "the ledger does not show the parameters %v", f.Parameters)
	}
	params, err := fe.ReadParams(public)
	if err != nil {
		return reading.Function{}, &Fault{NotApproved, err}
	}
	if v.Key.Params != params {
		return reading.Function{}, fault(OtherKey, "made for %v with bound %d, the parameters are %v with bound %d",
			v.Key.Params, v.Key.Params.Bound, params, params.Bound)
	}
	if !slices.Equal(v.Key.Function, f.Weights) {
		return reading.Function{}, fault(OtherKey, "it computes another function than %s", f.Tariff)
	}
	return f, nil
}

// readings returns the readings that the bill covers, each as its meter signed it.
func (v *Verifier) readings(ctx context.Context, b reading.Bill) ([]reading.Reading, error) {
	readings, err := v.Ledger.Readings(ctx, b.Meter, b.From, b.To)
	if err != nil {
		return nil, fmt.Errorf("verify bill: read readings: %w", err)
	}
	for i := range readings {
		r, want := &readings[i], b.From+uint64(i)
		switch {
		case want >= b.To:
			return nil, fault(Foreign, "the ledger shows reading %d of meter %s, which the bill does not cover", r.Number, r.Meter)
		case r.Meter == b.Meter && r.Number > want:
			return nil, fault(Missing, "reading %d of meter %s is not on the ledger", want, b.Meter)
		case r.Channel != v.Channel:
			return nil, fault(Foreign, "the ledger shows reading %d of meter %s for the channel %q, not for %q", r.Number, r.Meter, r.Channel, v.Channel)
		case r.Meter != b.Meter || r.Number != want:
			return nil, fault(Foreign, "the ledger shows reading %d of meter %s for reading %d of meter %s", r.Number, r.Meter, want, b.Meter)
		}
		if err := r.Verify(v.Meter); err != nil {
			return nil, fault(Signature, "reading %d of meter %s: %w", r.Number, r.Meter, err)
		}
	}
	if got := uint64(len(readings)); got != b.To-b.From {
		return nil, fault(Missing, "%d of %d readings of meter %s are on the ledger", got, b.To-b.From, b.Meter)
	}
	if reading.HashReadings(readings) != b.Readings {
		return nil, fault(Readings, "the bill's hash is not that of readings %d to %d", b.From, b.To)
	}
	return readings, nil
}

// sum computes the result that the bill should have.
func (v *Verifier) sum(ctx context.Context, f reading.Function, readings []reading.Reading) (int64, error) {
	plaintext := f.Parameters == (reading.Hash{})
	for _, r := range readings {
		if plaintext == (r.Kind == reading.Encrypted) {
			return 0, fault(NotApproved, "it is not for readings that are %v", r.Kind)
		}
	}
	if !plaintext && v.Evaluator == nil {
		return 0, errors.New("verify bill: the verifier has no evaluator")
	}
	sum, at, err := f.Sum(readings, func(ciphertext []byte) (int64, error) { return v.Evaluator.Evaluate(ctx, ciphertext, v.Key) })
	switch {
	case err == nil:
		return sum, nil
	case ctx.Err() != nil:
		return 0, fmt.Errorf("verify bill: %w", ctx.Err())
	case errors.Is(err, reading.ErrTooLarge):
		return 0, &Fault{Result, err}
	}
	return 0, fault(Undecipherable, "reading %d: %w", readings[at].Number, err)
}
