package workloads

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"meterbench/bench/result"
	"meterbench/simulators/authority"
	"meterbench/simulators/fe"
	"meterbench/simulators/reading"
)

// checkedNumbers is up to which number the readings of a meter are checked.
const checkedNumbers = 100

// Check takes readings from the ledger after a run, evaluates them with a key for the sum of their
// values, and compares with what the meters measured. It tries k readings, chosen by the fleet's seed
// among the first of each meter, and returns how many it compared: fewer where they are not on the
// ledger, and none where there is nothing to evaluate or no key for it: for plaintext, for the values of
// a trace, and for single values, unless they may be revealed. Under a scheme of groups it adds up the
// values of a group's meters for one interval. It fails on the first sum that is another.
func (r *Readings) Check(ctx context.Context, k int) (compared int, err error) {
	if r.kind != reading.Encrypted || r.config.Source != nil {
		return 0, nil
	}
	if r.config.Tables == nil {
		return 0, errors.New("check readings: they are encrypted and need tables of discrete logarithms")
	}
	check, err := r.cipher.checker(ctx, r)
	if errors.Is(err, authority.ErrReveals) || errors.Is(err, fe.ErrReveals) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("check readings: %w", err)
	}
	fleet := r.config.Fleet
	random := rand.New(rand.NewPCG(fleet.Config().Seed, 0))
	for range k {
		meter := random.IntN(fleet.Config().Meters)
		list, err := r.config.Ledger.Readings(ctx, meter%r.config.Channels, fleet.ID(meter), 0, checkedNumbers)
		if err != nil {
			return compared, fmt.Errorf("check readings: %w", err)
		}
		if len(list) == 0 {
			continue
		}
		stored := &list[random.IntN(len(list))]
		got, want, err := check(ctx, meter, stored)
		switch {
		case errors.Is(err, errIncomplete):
			continue
		case err != nil:
			return compared, fmt.Errorf("check reading %d of meter %s: %w", stored.Number, stored.Meter, err)
		case got != want:
			return compared, fmt.Errorf("check reading %d of meter %s: it evaluates to %d Wh, %d were measured", stored.Number, stored.Meter, got, want)
		}
		compared++
	}
	return compared, nil
}

// A checker evaluates the sum that a stored reading of a meter is part of, and says what it should be.
type checker func(ctx context.Context, meter int, stored *reading.Reading) (got, want int64, err error)

// errIncomplete is the error of a checker where other readings that the sum is of are not on the ledger.
var errIncomplete = errors.New("not all values of the interval are on the ledger")

// total returns the sum of what a meter measured for a reading.
func (r *Readings) total(meter int, number uint64) (sum int64) {
	for _, wh := range r.config.Fleet.Values(meter, number).Wh {
		sum += wh
	}
	return sum
}

// checker has the sum of all values of a reading approved.
func (v vectors) checker(ctx context.Context, r *Readings) (checker, error) {
	weights := ones(r.params.Length)
	if err := r.config.Tables.Check(r.params, weights); err != nil {
		return nil, err
	}
	approval, err := v.authority.Approve(authority.Tariff{Name: "sum", From: r.config.Fleet.Config().Start.Truncate(time.Second), Weights: weights})
	if err != nil {
		return nil, err
	}
	evaluator, err := fe.NewEvaluator(ctx, v.authority.Public(), r.config.Tables)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, meter int, stored *reading.Reading) (got, want int64, err error) {
		got, err = evaluator.Evaluate(ctx, stored.Payload, approval.Key)
		number := stored.Number
		if r.config.Encryption.Mode == result.EncryptBank { // the ciphertext is that of another reading
			at := number*uint64(r.config.Fleet.Config().Meters) + uint64(meter)
			meter, number, _ = r.reading(at % uint64(len(r.ready)))
		}
		return got, r.total(meter, number), err
	}, nil
}

// checker adds up the values of all members of a group.
func (g *groups) checker(_ context.Context, r *Readings) (checker, error) {
	weights := ones(g.size)
	if err := r.config.Tables.Check(r.params, weights); err != nil {
		return nil, err
	}
	if _, err := g.members[0][0].DeriveShare(weights); err != nil { // as all members would
		return nil, err
	}
	return func(ctx context.Context, meter int, stored *reading.Reading) (got, want int64, err error) {
		group, member := g.place(meter)
		ciphertexts, shares := make([][]byte, g.size), make([][]byte, g.size)
		for i, m := range g.members[group] {
			other := meter + (i-member)*g.channels
			list, err := r.config.Ledger.Readings(ctx, meter%g.channels, r.config.Fleet.ID(other), stored.Number, stored.Number+1)
			if err != nil {
				return 0, 0, err
			}
			if len(list) == 0 {
				return 0, 0, errIncomplete
			}
			ciphertexts[i] = list[0].Payload
			if shares[i], err = m.DeriveShare(weights); err != nil {
				return 0, 0, err
			}
			want += r.total(other, stored.Number)
		}
		key, err := fe.CombineShares(r.params, weights, shares)
		if err != nil {
			return 0, 0, err
		}
		evaluator, err := fe.NewGroupEvaluator(ctx, key, r.config.Tables)
		if err != nil {
			return 0, 0, err
		}
		got, err = evaluator.Evaluate(ctx, stored.Number, ciphertexts)
		return got, want, err
	}, nil
}

// A Ledger is where readings are read from.
type Ledger interface {
	// Readings returns all of a meter's readings with numbers in [from, to) that are on the ledger of a
	// channel, the lowest numbers first.
	Readings(ctx context.Context, channel int, meter string, from, to uint64) ([]reading.Reading, error)
}

// contractLedger reads readings from their contract, of which one answer holds only so many.
type contractLedger struct{ Spec }

// Readings implements Ledger.
func (l contractLedger) Readings(ctx context.Context, channel int, meter string, from, to uint64) (all []reading.Reading, err error) {
	for from < to {
		answer, err := l.Query(ctx, channel, reading.FnRange, []byte(meter), strconv.AppendUint(nil, from, 10), strconv.AppendUint(nil, to, 10))
		if err != nil {
			return nil, err
		}
		some, err := reading.UnmarshalList(answer)
		if err != nil {
			return nil, fmt.Errorf("readings of meter %s: %w", meter, err)
		}
		if len(some) == 0 {
			break
		}
		all, from = append(all, some...), some[len(some)-1].Number+1
	}
	return all, nil
}
