package workloads

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/simulators/meter"
	"meterbench/workloads/fe"
	"meterbench/workloads/reading"
)

// A Registry is a Ledger on which functions and parameters are looked up too.
// Both are nil where they are not on the ledger of the channel.
type Registry interface {
	Ledger
	Function(ctx context.Context, channel int, hash reading.Hash) ([]byte, error)
	Parameters(ctx context.Context, channel int, id reading.Hash) ([]byte, error)
}

// Probe tries to have the ledger, or who verifies a bill, take what is false:
// so many attempts of each kind that result.Integrity knows, honest ones among
// them. An attempt is accepted if the ledger has stored it and, for a bill, if
// it also holds for the verifier; it is refused with the contract's code or the
// verifier's reason. What ended otherwise, for example because nobody answered,
// is no attempt, unless ctx has ended: then Probe fails with its error.
//
// It is for a Billing of its own, of encrypted readings and at least two meters
// on the first channel, whose set-up and stock are on the ledger and of which no
// transaction was asked for.
func (b *Billing) Probe(ctx context.Context, target bench.Target, ledger Registry, attempts int) (result.Integrity, error) {
	if b.stock.kind != reading.Encrypted {
		return result.Integrity{}, errors.New("probe the integrity of readings: they are not encrypted")
	}
	if meters := b.config.Fleet.Config().Meters; meters <= b.stock.config.Channels {
		return result.Integrity{}, fmt.Errorf("probe the integrity of readings: %d meters; want two on the first channel", meters)
	}
	p := &prober{billing: b, target: target, ledger: ledger}
	if err := p.prepare(ctx); err != nil {
		return result.Integrity{}, fmt.Errorf("probe the integrity of readings: %w", err)
	}
	var all result.Integrity
	for _, kind := range []struct {
		name   string
		honest bool
		try    func(ctx context.Context, i int) (refused string, err error)
	}{
		{result.ProbeHonestReading, true, p.honestReading},
		{result.ProbeHonestBill, true, p.honestBill},
		{result.ProbeForgedSignature, false, p.forgedSignature},
		{result.ProbeReplay, false, p.replay},
		{result.ProbeReordered, false, p.reordered},
		{result.ProbeForeignMeter, false, p.foreignMeter},
		{result.ProbeTamperedCiphertext, false, p.tamperedCiphertext},
		{result.ProbeForeignKey, false, p.foreignKey},
		{result.ProbeUnapprovedFunction, false, p.unapprovedFunction},
		{result.ProbeTamperedBill, false, p.tamperedBill},
	} {
		probe := result.Probe{Kind: kind.name, Honest: kind.honest, Refused: map[string]uint64{}}
		for i := range attempts {
			refused, err := kind.try(ctx, i)
			switch {
			case ctx.Err() != nil:
				return all, fmt.Errorf("probe the integrity of readings: %s: %w", kind.name, context.Cause(ctx))
			case errors.Is(err, errNoAnswer):
				continue
			case err != nil:
				return all, fmt.Errorf("probe the integrity of readings: %s: %w", kind.name, err)
			case refused == "":
				probe.Accepted++
			default:
				probe.Refused[refused]++
			}
			probe.Attempts++
		}
		all.Probes = append(all.Probes, probe)
	}
	return all, nil
}

// errNoAnswer is the error of an attempt about which nobody said yes or no.
var errNoAnswer = errors.New("no answer")

// A prober makes attempts on the first two meters of the first channel. Each
// attempt takes reading numbers and bills that no other takes.
type prober struct {
	billing   *Billing
	target    bench.Target
	ledger    Registry
	evaluator fe.Evaluator
	gateway   *ecdsa.PublicKey
	number    uint64 // next of a reading of the victim
	bill      uint64 // next of a bill
}

// The meters of the attempts: the second may be taken for the first.
func (p *prober) victim() int { return 0 }
func (p *prober) other() int  { return p.billing.stock.config.Channels }

func (p *prober) prepare(ctx context.Context) error {
	b := p.billing
	p.number = b.perMeter()
	registration, err := b.gateway.Registration()
	if err != nil {
		return err
	}
	if p.gateway, err = reading.ParseKey(registration.Key); err != nil {
		return err
	}
	p.evaluator, err = fe.NewEvaluator(ctx, b.stock.cipher.publics(0)[0], b.config.Tables)
	return err
}

// submit returns the code with which the contract refuses a transaction, empty
// if it was committed.
func (p *prober) submit(ctx context.Context, function string, arg []byte) (refused string, err error) {
	receipt, err := p.target.Submit(ctx, bench.Transaction{Function: function, Args: [][]byte{arg}})
	if receipt.Outcome == result.Valid {
		return "", nil
	}
	if receipt.Outcome == result.EndorseRefused && err != nil {
		if code := reading.CodeIn(err.Error()); code != "" {
			return code, nil
		}
	}
	return "", fmt.Errorf("%w: %v: %w", errNoAnswer, receipt.Outcome, err)
}

// fresh returns the victim's next reading, signed.
func (p *prober) fresh() (reading.Reading, error) {
	sensor := p.billing.config.Fleet.Sensor(p.victim(), p.billing.stock.cipher.(vectors).encryptor)
	p.number++
	return sensor.Reading(p.number - 1)
}

// put submits a reading that was changed after it was made.
func (p *prober) put(ctx context.Context, change func(*reading.Reading) error) (string, error) {
	r, err := p.fresh()
	if err != nil {
		return "", err
	}
	if err := change(&r); err != nil {
		return "", err
	}
	wire, err := r.Marshal()
	if err != nil {
		return "", err
	}
	return p.submit(ctx, reading.FnPut, wire)
}

func (p *prober) honestReading(ctx context.Context, _ int) (string, error) {
	return p.put(ctx, func(*reading.Reading) error { return nil })
}

// forgedSignature signs with a key that is nobody's.
func (p *prober) forgedSignature(ctx context.Context, i int) (string, error) {
	key, err := meter.DeriveKey(p.billing.config.Fleet.Config().Seed, fmt.Sprintf("meterbench forger's key %d", i))
	if err != nil {
		return "", err
	}
	return p.put(ctx, func(r *reading.Reading) error { return r.Sign(key) })
}

// replay submits again what is on the ledger, as it is there.
func (p *prober) replay(ctx context.Context, i int) (string, error) {
	number := uint64(i) % p.billing.perMeter()
	stored, err := p.ledger.Readings(ctx, 0, p.billing.config.Fleet.ID(p.victim()), number, number+1)
	if err != nil || len(stored) != 1 {
		return "", fmt.Errorf("%d readings to replay: %w", len(stored), errors.Join(err, errNoAnswer))
	}
	wire, err := stored[0].Marshal()
	if err != nil {
		return "", err
	}
	return p.submit(ctx, reading.FnPut, wire)
}

// reordered has the meter itself sign a reading with the time of the one
// before or after.
func (p *prober) reordered(ctx context.Context, i int) (string, error) {
	return p.put(ctx, func(r *reading.Reading) error {
		r.Time = p.billing.config.Fleet.End(p.victim(), r.Number+1-2*uint64(i%2))
		return p.billing.config.Fleet.Sign(p.victim(), r)
	})
}

// foreignMeter takes a meter that nobody registered, and in turn another's name.
func (p *prober) foreignMeter(ctx context.Context, i int) (string, error) {
	fleet := p.billing.config.Fleet
	return p.put(ctx, func(r *reading.Reading) error {
		if i%2 == 0 {
			r.Meter = fleet.Config().Prefix + "-stranger"
			return fleet.Sign(p.victim(), r)
		}
		return fleet.Sign(p.other(), r) // in the victim's name
	})
}

// tamperedCiphertext changes one bit after signing, and in turn the mark too.
func (p *prober) tamperedCiphertext(ctx context.Context, i int) (string, error) {
	return p.put(ctx, func(r *reading.Reading) error {
		r.Payload[len(r.Payload)-1-i%16] ^= 1 << (i % 8)
		if i%2 == 1 {
			digest := r.Digest()
			copy(r.Mark[:], digest[:])
		}
		return nil
	})
}
