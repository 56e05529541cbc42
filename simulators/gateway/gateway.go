// Package gateway simulates a smart-meter gateway: it computes bills from its meters' readings on the ledger
// and signs them. It holds no secret key of encryption; of ciphertexts it can compute what the market
// surveillance has approved and issued a key for, and nothing else.
//
// Data flow: Bill takes readings as they stand on the ledger, computes the approved function of each, adds
// the results up, signs the bill and returns it in wire form.
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

// A Biller makes the bills of a gateway. Many goroutines may use it at once.
type Biller interface {
	// Bill returns the signed bill by that tariff, an index of Config.Tariffs, over a meter's readings, in
	// wire form, and the time that evaluating ciphertexts took, 0 for plaintext.
	Bill(ctx context.Context, tariff int, readings []reading.Reading) (wire []byte, evaluate time.Duration, err error)
}

// Config describes a gateway. It contains no secret of encryption.
type Config struct {
	ID   string // as in reading.Gateway
	Seed uint64 // its signing key follows from seed and id
	// Public is the public key of its meters' readings, as fe.Encryptor.Public returns it; nil if they send plaintext.
	Public  []byte
	Tariffs []Tariff // that it may bill by
}

// A Tariff is an approved function as a gateway has it.
type Tariff struct {
	Function reading.Function
	Hash     reading.Hash // of the function
	Key      fe.Key       // to evaluate ciphertexts; zero if meters send plaintext
}

// A Gateway serves some meters. The load generator and the device make bills with the same Gateway.
type Gateway struct {
	config    Config
	key       *ecdsa.PrivateKey
	evaluator fe.Evaluator // nil: plaintext
}

// New returns a gateway. If readings are encrypted it first loads the table of discrete logarithms, or
// computes it if none is kept.
func New(ctx context.Context, config Config, tables *fe.Tables) (*Gateway, error) {
	g := &Gateway{config: config}
	var err error
	if config.Public != nil {
		if g.evaluator, err = fe.NewEvaluator(ctx, config.Public, tables); err != nil {
			return nil, err
		}
	}
	if g.key, err = meter.DeriveKey(config.Seed, "meterbench gateway key "+config.ID); err != nil {
		return nil, fmt.Errorf("gateway %s: key: %w", config.ID, err)
	}
	return g, nil
}

// Registration returns the gateway's registration for the contract.
func (g *Gateway) Registration() (reading.Gateway, error) {
	key, err := reading.Compress(&g.key.PublicKey)
	return reading.Gateway{ID: g.config.ID, Key: key}, err
}

// Sign signs a bill with the gateway's key.
func (g *Gateway) Sign(b *reading.Bill) error { return b.Sign(g.key) }

// Bill implements Biller.
func (g *Gateway) Bill(ctx context.Context, tariff int, readings []reading.Reading) (wire []byte, evaluate time.Duration, err error) {
	if tariff < 0 || tariff >= len(g.config.Tariffs) {
		return nil, 0, fmt.Errorf("tariff %d of %d", tariff, len(g.config.Tariffs))
	}
	bill, took, err := g.Compute(ctx, g.config.Tariffs[tariff], readings)
	if err != nil {
		return nil, 0, err
	}
	if g.evaluator == nil {
		took = 0
	}
	wire, err = bill.Marshal()
	return wire, took, err
}

// Compute returns the signed bill by a tariff over a meter's readings, which must be consecutive, and the
// time that computing the function of them took. It fails with the context's error as soon as that is done.
func (g *Gateway) Compute(ctx context.Context, t Tariff, readings []reading.Reading) (reading.Bill, time.Duration, error) {
	if len(readings) == 0 {
		return reading.Bill{}, 0, fmt.Errorf("gateway %s: a bill over no readings", g.config.ID)
	}
	first := readings[0]
	b := reading.Bill{
		Gateway: g.config.ID, Meter: first.Meter, From: first.Number, To: first.Number + uint64(len(readings)),
		Function: t.Hash, Readings: reading.HashReadings(readings),
	}
	for i := range readings {
		if r := &readings[i]; r.Meter != b.Meter || r.Number != b.From+uint64(i) {
			return reading.Bill{}, 0, fmt.Errorf("gateway %s: reading %d of meter %s where %d of meter %s is due",
				g.config.ID, r.Number, r.Meter, b.From+uint64(i), b.Meter)
		}
	}
	start := time.Now()
	sum, at, err := t.Function.Sum(readings, func(ciphertext []byte) (int64, error) {
		if g.evaluator == nil {
			return 0, errors.New("it is encrypted, and the gateway has no evaluator")
		}
		return g.evaluator.Evaluate(ctx, ciphertext, t.Key)
	})
	if err != nil {
		return reading.Bill{}, 0, fmt.Errorf("gateway %s: reading %d of meter %s: %w", g.config.ID, b.From+uint64(at), b.Meter, err)
	}
	b.Result = sum
	took := time.Since(start)
	if err := g.Sign(&b); err != nil {
		return reading.Bill{}, 0, fmt.Errorf("gateway %s: %w", g.config.ID, err)
	}
	return b, took, nil
}
