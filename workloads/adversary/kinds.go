package adversary

import (
	"context"
	"errors"
	"fmt"

	"meterbench/bench/result"
	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/reading"
)

// A kind is one way to act towards the ledger. try returns as what the attempt was refused, or nothing where
// it was taken.
type kind struct {
	name   string
	honest bool
	try    func(ctx context.Context, i uint64) (reason string, err error)
}

// The numbers of the readings in forgeries: none of them is on the ledger, so that none is refused for
// being there already.
const unused = 1000

// kinds returns all, in the order in which they are tried: bills need readings.
func (s *stage) kinds() []kind {
	return []kind{
		{result.ProbeHonestReading, true, s.honestReading},
		{result.ProbeForgedSignature, false, s.reading(own, func(r *reading.Reading) error { return r.Sign(s.stranger) })},
		{result.ProbeReplay, false, s.replay},
		{result.ProbeReordered, false, s.reading(own, func(r *reading.Reading) error {
			r.Number++ // the meter itself signs the next number over the time of this one
			return s.fleet.Sign(own, r)
		})},
		{result.ProbeForeignMeter, false, s.foreignMeter},
		{result.ProbeTamperedCiphertext, false, s.reading(own, func(r *reading.Reading) error {
			r.Payload[len(r.Payload)-1] ^= 1
			return nil
		})},
		{result.ProbeHonestBill, true, func(ctx context.Context, i uint64) (string, error) {
			return s.bill(ctx, s.day, i, 2, func(*reading.Bill) error { return nil })
		}},
		{result.ProbeForeignKey, false, s.foreignKey},
		{result.ProbeUnapprovedFunction, false, func(ctx context.Context, i uint64) (string, error) {
			return s.bill(ctx, s.day, i, 4, func(b *reading.Bill) error {
				b.Function[0] ^= 1
				return b.Sign(s.cheat)
			})
		}},
		{result.ProbeTamperedBill, false, func(ctx context.Context, i uint64) (string, error) {
			return s.bill(ctx, s.day, i, 5, func(b *reading.Bill) error {
				b.Result++
				if i%2 == 0 { // by someone on the way; else by the gateway itself
					return nil
				}
				return b.Sign(s.cheat)
			})
		}},
	}
}

// put submits a reading.
func (s *stage) put(ctx context.Context, wire []byte) (string, error) {
	return ledgerVerdict(s.Ledger.Invoke(ctx, reading.FnPut, wire))
}

// honestReading is a meter's next reading. The bills take some more than there are attempts; these come with
// the last one.
func (s *stage) honestReading(ctx context.Context, i uint64) (string, error) {
	to := i + 1
	if to == uint64(s.Attempts) {
		to += longest
	}
	var reason string
	for n := i; n < to; n++ {
		wire, _, err := s.sensors.Reading(ctx, own, n, nil)
		if err != nil {
			return "", err
		}
		if reason, err = s.put(ctx, wire); err != nil || reason != "" {
			return reason, err
		}
		s.accepted = append(s.accepted, wire)
	}
	return reason, nil
}

// longest is the number of readings that the longest bills cover.
const longest = 5

// reading submits a meter's reading that was changed.
func (s *stage) reading(meter int, change func(*reading.Reading) error) func(context.Context, uint64) (string, error) {
	return func(ctx context.Context, i uint64) (string, error) {
		wire, _, err := s.sensors.Reading(ctx, meter, unused+i, nil)
		if err != nil {
			return "", err
		}
		r, err := reading.Unmarshal(wire)
		if err != nil {
			return "", err
		}
		if err := change(&r); err != nil {
			return "", err
		}
		if wire, err = r.Marshal(); err != nil {
			return "", err
		}
		return s.put(ctx, wire)
	}
}

// foreignMeter submits the reading of an unregistered meter; every other time a registered one reports under
// the name of another.
func (s *stage) foreignMeter(ctx context.Context, i uint64) (string, error) {
	if i%2 == 0 {
		return s.reading(unknown, func(*reading.Reading) error { return nil })(ctx, i)
	}
	return s.reading(own, func(r *reading.Reading) error { return s.fleet.Sign(neighbour, r) })(ctx, i)
}

// replay submits a reading again that was taken before.
func (s *stage) replay(ctx context.Context, i uint64) (string, error) {
	if len(s.accepted) == 0 {
		return "", fmt.Errorf("no honest reading was taken that could be replayed")
	}
	return s.put(ctx, s.accepted[i%uint64(len(s.accepted))])
}

// bill computes a bill over so many of the meter's readings from i on, changes it, submits it, and where the
// ledger takes it asks the verifier. Bills of different kinds cover different numbers of readings, so that
// none is refused for being there already.
func (s *stage) bill(ctx context.Context, t gateway.Tariff, i, readings uint64, change func(*reading.Bill) error) (string, error) {
	list, err := s.verifier.Ledger.Readings(ctx, s.fleet.ID(own), i, i+readings)
	if err != nil {
		return "", err
	}
	b, _, err := s.gateway.Compute(ctx, t, list)
	if err != nil {
		return "", err
	}
	if err := b.Sign(s.cheat); err != nil {
		return "", err
	}
	if err := change(&b); err != nil {
		return "", err
	}
	wire, err := b.Marshal()
	if err != nil {
		return "", err
	}
	if reason, err := ledgerVerdict(s.Ledger.Invoke(ctx, reading.FnPutBill, wire)); reason != "" || err != nil {
		return reason, err
	}
	return verifierVerdict(s.verifier.Verify(ctx, b))
}

// foreignKey bills what the key of another function gives as the result of the approved one; every other time
// the gateway tries to use that key for the approved function, which gives no result.
func (s *stage) foreignKey(ctx context.Context, i uint64) (string, error) {
	if i%2 == 1 {
		relabelled := s.day
		relabelled.Key.Secrets = s.peak.Key.Secrets
		list, err := s.verifier.Ledger.Readings(ctx, s.fleet.ID(own), i, i+3)
		if err != nil {
			return "", err
		}
		if _, _, err = s.gateway.Compute(ctx, relabelled, list); errors.Is(err, fe.ErrNoResult) {
			return result.NoResult, nil
		}
		return "", err
	}
	passed := s.peak
	passed.Hash = s.day.Hash
	return s.bill(ctx, passed, i, 3, func(*reading.Bill) error { return nil })
}
