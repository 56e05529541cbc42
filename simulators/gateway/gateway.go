// Package gateway simulates a smart-meter gateway: it collects the readings of
// its sensors, computes bills from readings on the ledger, and signs them. It
// holds no secret key of encryption; of ciphertexts it can compute what the
// market surveillance has approved and issued a key for, and nothing else.
//
// Data flow: Collect asks sensors for their readings, in the form in which they
// go to the ledger; Bill takes readings as they stand on the ledger, computes
// the approved function of each, adds the results up and signs the bill.
package gateway

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"time"

	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// A Sensor makes signed readings.
type Sensor interface {
	Reading(number uint64) (reading.Reading, error)
}

// A Config says which gateway to simulate.
type Config struct {
	ID   string // as in reading.Gateway
	Seed uint64 // its signing key follows from seed and id
	// Evaluator computes functions of its meters' ciphertexts; nil where they
	// send plaintext.
	Evaluator fe.Evaluator
}

// A Gateway serves some meters. Many goroutines may use it at once.
type Gateway struct {
	config Config
	key    *ecdsa.PrivateKey
}

// New returns a gateway.
func New(config Config) (*Gateway, error) {
	key, err := meter.DeriveKey(config.Seed, "meterbench gateway key "+config.ID)
	if err != nil {
		return nil, fmt.Errorf("gateway %s: key: %w", config.ID, err)
	}
	return &Gateway{config, key}, nil
}

// Registration returns what makes the gateway known to the contract.
func (g *Gateway) Registration() (reading.Gateway, error) {
	key, err := reading.Compress(&g.key.PublicKey)
	return reading.Gateway{ID: g.config.ID, Key: key}, err
}

// Collect returns the sensors' readings of a number in wire form.
func (g *Gateway) Collect(sensors []Sensor, number uint64) ([][]byte, error) {
	wires := make([][]byte, len(sensors))
	for i, s := range sensors {
		r, err := s.Reading(number)
		if err == nil {
			wires[i], err = r.Marshal()
		}
		if err != nil {
			return nil, fmt.Errorf("gateway %s: collect: %w", g.config.ID, err)
		}
	}
	return wires, nil
}

// A Tariff is an approved function as a gateway has it.
type Tariff struct {
	Function reading.Function
	Hash     reading.Hash // of the function
	Key      fe.Key       // to evaluate ciphertexts; zero where meters send plaintext
}

// Bill returns the signed bill over a meter's readings, which must be
// consecutive, and how long computing the function of them took. It fails with
// the context's error as soon as that is done.
func (g *Gateway) Bill(ctx context.Context, t Tariff, readings []reading.Reading) (reading.Bill, time.Duration, error) {
	if len(readings) == 0 {
		return reading.Bill{}, 0, fmt.Errorf("gateway %s: a bill over no readings", g.config.ID)
	}
	first := readings[0]
	b := reading.Bill{
		Gateway: g.config.ID, Meter: first.Meter, From: first.Number, To: first.Number + uint64(len(readings)),
		Function: t.Hash, Readings: reading.HashReadings(readings),
	}
	start := time.Now()
	for i := range readings {
		r := &readings[i]
		if r.Meter != b.Meter || r.Number != b.From+uint64(i) {
			return reading.Bill{}, 0, fmt.Errorf("gateway %s: reading %d of meter %s where %d of meter %s is due", g.config.ID, r.Number, r.Meter, b.From+uint64(i), b.Meter)
		}
		result, err := g.compute(ctx, t, r)
		if err == nil && (b.Result+result > b.Result) != (result > 0) {
			err = errors.New("the bill does not fit into 64 bits")
		}
		if err != nil {
			return reading.Bill{}, 0, fmt.Errorf("gateway %s: reading %d of meter %s: %w", g.config.ID, r.Number, r.Meter, err)
		}
		b.Result += result
	}
	took := time.Since(start)
	err := g.Sign(&b)
	return b, took, err
}

// Sign signs a bill as it stands, whatever it says.
func (g *Gateway) Sign(b *reading.Bill) error {
	if err := b.Sign(g.key); err != nil {
		return fmt.Errorf("gateway %s: %w", g.config.ID, err)
	}
	return nil
}

// compute returns the tariff's function of one reading.
func (g *Gateway) compute(ctx context.Context, t Tariff, r *reading.Reading) (int64, error) {
	if r.Kind != reading.Encrypted {
		return t.Function.Apply(r)
	}
	if g.config.Evaluator == nil {
		return 0, errors.New("it is encrypted, and the gateway has no evaluator")
	}
	return g.config.Evaluator.Evaluate(ctx, r.Payload, t.Key)
}
