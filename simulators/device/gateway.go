package device

import (
	"context"
	"errors"
	"fmt"
	"time"

	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/reading"
)

// A GatewayConfig says what gateway a device plays.
type GatewayConfig struct {
	ID   string // as in gateway.Config
	Seed uint64 // likewise
	// Public is the public key that its meters' readings are encrypted under, as
	// fe.Encryptor.Public returns it; nil where they send plaintext.
	Public  []byte
	Tariffs []gateway.Tariff // that it may bill by
}

// billsAtOnce is how many bills of a gateway a device is asked for at once.
// Readings of a bill take up to megabytes: those that are to be billed later
// wait outside of the device's memory.
const billsAtOnce = 16

// A Gateway is one that a device plays. Many goroutines may use it at once.
type Gateway struct {
	device *Device
	id     uint64
	turns  chan struct{}
}

// OpenGateway makes the device play a gateway. Where readings are encrypted it
// takes the device as long as it takes it to load the table of discrete
// logarithms, or to compute it where it is not kept.
func (d *Device) OpenGateway(ctx context.Context, config GatewayConfig) (*Gateway, error) {
	a, err := d.ask(ctx, message{gateway: &config})
	if err != nil {
		return nil, fmt.Errorf("open gateway: %w", err)
	}
	return &Gateway{d, a.id, make(chan struct{}, billsAtOnce)}, nil
}

// Bill returns the signed bill by that tariff, an index of those that the
// gateway was opened with, over a meter's readings, in wire form, and how long
// the device took to evaluate ciphertexts, which is 0 for plaintext.
func (g *Gateway) Bill(ctx context.Context, tariff int, readings []reading.Reading) (wire []byte, evaluate time.Duration, err error) {
	wires := make([][]byte, len(readings))
	for i := range readings {
		if wires[i], err = readings[i].Marshal(); err != nil {
			return nil, 0, fmt.Errorf("readings to bill: %w", err)
		}
	}
	select {
	case g.turns <- struct{}{}:
		defer func() { <-g.turns }()
	case <-ctx.Done():
		return nil, 0, ctx.Err()
	}
	a, err := g.device.ask(ctx, message{request: request{kind: kindBill, part: g.id, which: uint32(tariff), data: reading.MarshalList(wires)}})
	return a.wire, a.spent, err
}

// A biller makes the bills of a gateway.
type biller struct {
	config  GatewayConfig
	gateway *gateway.Gateway
}

func newBiller(ctx context.Context, c GatewayConfig, tables *fe.Tables) (*biller, error) {
	serves := gateway.Config{ID: c.ID, Seed: c.Seed}
	var err error
	if c.Public != nil {
		if serves.Evaluator, err = fe.NewEvaluator(ctx, c.Public, tables); err != nil {
			return nil, err
		}
	}
	b := &biller{config: c}
	if b.gateway, err = gateway.New(serves); err != nil {
		return nil, err
	}
	return b, nil
}

// answer makes one bill, as workloads.Billing does.
func (b *biller) answer(ctx context.Context, q request) answer {
	switch {
	case q.kind != kindBill:
		return answer{failed: errors.New("a gateway was asked for something else than a bill")}
	case int(q.which) >= len(b.config.Tariffs):
		return answer{failed: fmt.Errorf("tariff %d of %d", q.which, len(b.config.Tariffs))}
	}
	readings, err := reading.UnmarshalList(q.data)
	if err != nil {
		return answer{failed: fmt.Errorf("readings to bill: %w", err)}
	}
	bill, spent, err := b.gateway.Bill(ctx, b.config.Tariffs[q.which], readings)
	if err != nil {
		return answer{failed: err}
	}
	if b.config.Public == nil {
		spent = 0
	}
	wire, err := bill.Marshal()
	if err != nil {
		return answer{failed: err}
	}
	return answer{spent: spent, wire: wire}
}
