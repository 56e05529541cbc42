package adversary

import (
	"context"
	"errors"
	"slices"

	"meterbench/bench/result"
	"meterbench/simulators/authority"
	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/reading"
	"meterbench/simulators/verifier"
)

const (
	// unused is the first number of the readings in forgeries: none of them is on the ledger, so that
	// none is refused for being there already.
	unused = 1000
	// perAttempt is the number of readings that the bills of one attempt of each kind take.
	perAttempt = 2 + 3 + 4 + 5
)

// kinds returns all, in the order in which they are tried: bills need readings. Each bill takes the next readings, so
// that none is refused for covering what another does, unless that is what is tried.
func (s *stage) kinds() []Kind {
	sameReading, sameBill := func(*reading.Reading) error { return nil }, func(*reading.Bill) error { return nil }
	passed, relabelled := s.peak, s.day // the key of another function under the name of the approved one, and with it
	passed.Hash, relabelled.Key.Secrets = s.day.Hash, s.peak.Key.Secrets
	return []Kind{
		{result.ProbeHonestReading, true, s.honestReading},
		{result.ProbeForgedSignature, false, s.reading(own, func(r *reading.Reading) error { return r.Sign(s.stranger) })},
		{result.ProbeReplay, false, s.replay},
		{result.ProbeReordered, false, s.reading(own, func(r *reading.Reading) error {
			r.Number++ // the meter itself signs the next number over the time of this one
			return s.fleet.Sign(own, r)
		})},
		{result.ProbeForeignMeter, false, alternate( // an unregistered one, or a registered one under another's name
			s.reading(unknown, sameReading),
			s.reading(own, func(r *reading.Reading) error { return s.fleet.Sign(neighbour, r) }),
		)},
		{result.ProbeOtherChannel, false, alternate( // as its meter signed it for another channel, or passed off as for this one
			s.reading(own, func(r *reading.Reading) error {
				r.Channel += "other"
				return s.fleet.Sign(own, r)
			}),
			s.reading(own, func(r *reading.Reading) error {
				ours := r.Channel
				r.Channel += "other"
				err := s.fleet.Sign(own, r)
				r.Channel = ours
				return err
			}),
		)},
		{result.ProbeTamperedCiphertext, false, s.reading(own, func(r *reading.Reading) error {
			r.Payload[len(r.Payload)-1] ^= 1
			return nil
		})},
		{result.ProbeHonestBill, true, func(ctx context.Context, i uint64) error {
			s.billed = append(s.billed, s.next)
			return s.bill(s.day, 2, sameBill)(ctx, i)
		}},
		{result.ProbeForeignKey, false, alternate(s.bill(passed, 3, sameBill), s.bill(relabelled, 3, sameBill))},
		{result.ProbeUnapprovedFunction, false, s.bill(s.day, 4, func(b *reading.Bill) error {
			b.Function[0] ^= 1
			return s.gateway.Sign(b)
		})},
		{result.ProbeTamperedBill, false, alternate( // by someone on the way, or by the gateway itself
			s.bill(s.day, 5, func(b *reading.Bill) error {
				b.Result++
				return nil
			}),
			s.bill(s.day, 5, func(b *reading.Bill) error {
				b.Result++
				return s.gateway.Sign(b)
			}),
		)},
		{result.ProbeDoubleBill, false, alternate( // the same again, or a part of it
			func(ctx context.Context, i uint64) error {
				return s.billOver(ctx, s.day, s.billed[i], s.billed[i]+2, sameBill)
			},
			func(ctx context.Context, i uint64) error {
				return s.billOver(ctx, s.day, s.billed[i]+1, s.billed[i]+2, sameBill)
			},
		)},
		{result.ProbeEarlyFunction, false, func(ctx context.Context, _ uint64) error { return s.billOver(ctx, s.later, 0, 2, sameBill) }},
		{result.ProbeRevealingKey, false, s.revealingKey},
	}
}

// honestReading is a meter's next reading. The bills take more than there are attempts; these come with the last one, in
// a list.
func (s *stage) honestReading(ctx context.Context, i uint64) error {
	wire, _, err := s.sensors.Reading(ctx, own, i, nil)
	if err != nil {
		return err
	}
	if err := s.submit(ctx, reading.FnPut, wire); err != nil {
		return err
	}
	s.accepted = append(s.accepted, wire)
	if i+1 < uint64(s.Attempts) {
		return nil
	}
	var rest [][]byte
	for n := i + 1; n < perAttempt*uint64(s.Attempts); n++ {
		if wire, _, err = s.sensors.Reading(ctx, own, n, nil); err != nil {
			return err
		}
		rest = append(rest, wire)
	}
	return s.submit(ctx, reading.FnPutList, reading.MarshalList(rest))
}

// reading submits a meter's reading that was changed.
func (s *stage) reading(meter int, change func(*reading.Reading) error) Attempt {
	return func(ctx context.Context, i uint64) error {
		wire, _, err := s.sensors.Reading(ctx, meter, unused+i, nil)
		if err != nil {
			return err
		}
		r, err := reading.Unmarshal(wire)
		if err != nil {
			return err
		}
		if err := change(&r); err != nil {
			return err
		}
		if wire, err = r.Marshal(); err != nil {
			return err
		}
		return s.submit(ctx, reading.FnPut, wire)
	}
}

// replay submits a reading again that was taken before.
func (s *stage) replay(ctx context.Context, i uint64) error {
	if len(s.accepted) == 0 {
		return errors.New("no honest reading was taken that could be replayed")
	}
	return s.submit(ctx, reading.FnPut, s.accepted[i%uint64(len(s.accepted))])
}

// bill makes a bill, as billOver does, over so many of the meter's readings that no bill covers yet.
func (s *stage) bill(t gateway.Tariff, readings uint64, change func(*reading.Bill) error) Attempt {
	return func(ctx context.Context, _ uint64) error {
		from := s.next
		s.next += readings
		return s.billOver(ctx, t, from, s.next, change)
	}
}

// billOver computes a bill over readings of the meter, changes it, submits it, and where the ledger takes it asks the
// verifier. A key of another function may give no result.
func (s *stage) billOver(ctx context.Context, t gateway.Tariff, from, to uint64, change func(*reading.Bill) error) error {
	list, err := s.verifier.Ledger.Readings(ctx, s.fleet.ID(own), from, to)
	if err != nil {
		return err
	}
	b, _, err := s.gateway.Compute(ctx, t, list)
	if errors.Is(err, fe.ErrNoResult) {
		return Refused(result.NoResult)
	}
	if err != nil {
		return err
	}
	if err := change(&b); err != nil {
		return err
	}
	wire, err := b.Marshal()
	if err != nil {
		return err
	}
	if err := s.submit(ctx, reading.FnPutBill, wire); err != nil {
		return err
	}
	v := s.verifier
	if t.Hash == s.later.Hash {
		v.Key = s.later.Key
	}
	err = v.Verify(ctx, b)
	if fault, ok := errors.AsType[*verifier.Fault](err); ok {
		return Refused("verifier: " + string(fault.Reason))
	}
	return err
}

// revealingKey asks the authority for a key that tells values of a reading, alone or with those of the approved functions.
func (s *stage) revealingKey(_ context.Context, i uint64) error {
	weights := make([]int64, s.Params.Length)
	at := int(i) % (s.Params.Length - 1)
	switch i % 3 {
	case 0: // two digits of one number
		weights[at], weights[at+1] = 1, s.Params.Bound/10
	case 1: // a value alone
		weights[at] = 1
	default: // all but one
		weights = slices.Repeat([]int64{1}, s.Params.Length)
		weights[at] = 0
	}
	_, _, err := s.approve("revealing", s.Start, weights...)
	if errors.Is(err, authority.ErrReveals) {
		return Refused(result.KeyRefused)
	}
	return err
}
