package workloads

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"meterbench/simulators/gateway"
	"meterbench/simulators/verifier"
	"meterbench/workloads/fe"
	"meterbench/workloads/reading"
)

// A claim is a bill that the gateway computed, and what from.
type claim struct {
	bill     reading.Bill
	tariff   gateway.Tariff
	readings []reading.Reading
}

// compute returns the victim's next bill.
func (p *prober) compute(ctx context.Context) (c claim, err error) {
	b := p.billing
	from, number := p.bill%periods, p.bill/periods
	if number >= uint64(len(b.tariffs)) {
		return c, errors.New("all bills of the meter are made; try less often")
	}
	p.bill++
	c.tariff = b.tariffs[number]
	c.readings, err = b.config.Ledger.Readings(ctx, 0, b.config.Fleet.ID(p.victim()), from, from+uint64(b.config.Readings))
	if err == nil {
		c.bill, _, err = b.gateway.Bill(ctx, c.tariff, c.readings)
	}
	return c, err
}

// claims submits a bill; if it is stored, the verifier has a look at it.
func (p *prober) claims(ctx context.Context, bill reading.Bill, key fe.Key) (string, error) {
	wire, err := bill.Marshal()
	if err != nil {
		return "", err
	}
	if refused, err := p.submit(ctx, reading.FnPutBill, wire); refused != "" || err != nil {
		return refused, err
	}
	public, err := p.billing.config.Fleet.PublicKey(p.victim())
	if err != nil {
		return "", err
	}
	meter, err := reading.ParseKey(public)
	if err != nil {
		return "", err
	}
	v := verifier.Verifier{Ledger: oneChannel{p.ledger, 0}, Meter: meter, Gateway: p.gateway, Key: key, Evaluator: p.evaluator}
	var fault *verifier.Fault
	switch err := v.Verify(ctx, bill); {
	case errors.As(err, &fault):
		return string(fault.Reason), nil
	case err != nil:
		return "", fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	return "", nil
}

// oneChannel is a channel of a Registry.
type oneChannel struct {
	Registry
	channel int
}

func (o oneChannel) Readings(ctx context.Context, meter string, from, to uint64) ([]reading.Reading, error) {
	return o.Registry.Readings(ctx, o.channel, meter, from, to)
}

func (o oneChannel) Function(ctx context.Context, hash reading.Hash) ([]byte, error) {
	return o.Registry.Function(ctx, o.channel, hash)
}

func (o oneChannel) Parameters(ctx context.Context, id reading.Hash) ([]byte, error) {
	return o.Registry.Parameters(ctx, o.channel, id)
}

func (p *prober) honestBill(ctx context.Context, _ int) (string, error) {
	c, err := p.compute(ctx)
	if err != nil {
		return "", err
	}
	return p.claims(ctx, c.bill, c.tariff.Key)
}

// foreignKey computes the bill with the key of another function, and in turn
// hands the verifier such a key.
func (p *prober) foreignKey(ctx context.Context, i int) (string, error) {
	c, err := p.compute(ctx)
	if err != nil {
		return "", err
	}
	differs := func(t gateway.Tariff) bool { return !slices.Equal(t.Function.Weights, c.tariff.Function.Weights) }
	at := slices.IndexFunc(p.billing.tariffs, differs)
	if at < 0 {
		return "", errors.New("all tariffs have the same weights; raise the bound")
	}
	other := p.billing.tariffs[at]
	if i%2 == 1 {
		return p.claims(ctx, c.bill, other.Key)
	}
	lie := c.tariff
	lie.Key = other.Key
	if c.bill, _, err = p.billing.gateway.Bill(ctx, lie, c.readings); err != nil {
		return "", err
	}
	return p.claims(ctx, c.bill, c.tariff.Key)
}

// unapprovedFunction names the function that reads the first value alone.
func (p *prober) unapprovedFunction(ctx context.Context, _ int) (string, error) {
	c, err := p.compute(ctx)
	if err != nil {
		return "", err
	}
	single := c.tariff.Function
	single.Weights = make([]int64, len(single.Weights))
	single.Weights[0] = 1
	if c.bill.Function, err = single.Hash(); err != nil {
		return "", err
	}
	if err := p.billing.gateway.Sign(&c.bill); err != nil {
		return "", err
	}
	return p.claims(ctx, c.bill, c.tariff.Key)
}

// tamperedBill changes the amount after the gateway has signed, and in turn
// before.
func (p *prober) tamperedBill(ctx context.Context, i int) (string, error) {
	c, err := p.compute(ctx)
	if err != nil {
		return "", err
	}
	if c.bill.Result++; i%2 == 1 {
		if err := p.billing.gateway.Sign(&c.bill); err != nil {
			return "", err
		}
	}
	return p.claims(ctx, c.bill, c.tariff.Key)
}
