package gateway

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

func newGateway(t testing.TB, seed uint64, evaluator fe.Evaluator) *Gateway {
	t.Helper()
	g, err := New(t.Context(), Config{ID: "gw", Seed: seed}, nil)
	if err != nil {
		t.Fatal(err)
	}
	g.evaluator = evaluator
	return g
}

// collect returns n plain readings of a meter.
func collect(t testing.TB, n uint64) (list []reading.Reading) {
	t.Helper()
	fleet, err := meter.NewFleet(meter.Config{Seed: 1, Meters: 1, Prefix: "m", Interval: time.Hour, Start: time.Unix(0, 0), Length: 2, Bound: 500})
	if err != nil {
		t.Fatal(err)
	}
	sensors, err := fleet.Sensors(meter.SensorsConfig{Kind: reading.Plain})
	if err != nil {
		t.Fatal(err)
	}
	for number := range n {
		wire, _, err := sensors.Reading(t.Context(), 0, number, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := reading.Unmarshal(wire)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, r)
	}
	return list
}

func plain(weights ...int64) Tariff {
	return Tariff{Function: reading.Function{Bound: math.MaxInt64, Weights: weights}, Hash: reading.Hash{1}}
}

// A constant evaluator has one result for every ciphertext.
type constant int64

func (c constant) Evaluate(ctx context.Context, _ []byte, _ fe.Key) (int64, error) {
	return int64(c), ctx.Err()
}

func TestKeyFollowsFromSeed(t *testing.T) {
	a, err := newGateway(t, 1, nil).Registration()
	if err != nil {
		t.Fatal(err)
	}
	b, _ := newGateway(t, 1, nil).Registration()
	c, _ := newGateway(t, 2, nil).Registration()
	if diff := cmp.Diff(a, b); diff != "" || a.ID != "gw" {
		t.Errorf("gateway %s; the same seed gives another: %s", a.ID, diff)
	}
	if bytes.Equal(a.Key, c.Key) {
		t.Errorf("another seed gives the same key %x", c.Key)
	}
}

func TestBillAddsUp(t *testing.T) {
	g := newGateway(t, 1, nil)
	list := collect(t, 3)
	b, _, err := g.Compute(t.Context(), plain(2, -1), list)
	if err != nil {
		t.Fatal(err)
	}
	want := reading.Bill{
		Gateway: "gw", Meter: "m-000000", To: 3, Function: reading.Hash{1}, Readings: reading.HashReadings(list), Signature: b.Signature,
	}
	for _, r := range list {
		values, _ := reading.UnmarshalValues(r.Payload)
		want.Result += 2*values.Wh[0] - values.Wh[1]
	}
	if diff := cmp.Diff(want, b); diff != "" || want.Result == 0 {
		t.Errorf("a bill of %d: %s", want.Result, diff)
	}
	registration, _ := g.Registration()
	key, err := reading.ParseKey(registration.Key)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Verify(key); err != nil {
		t.Error(err)
	}
}

func TestGatewayRefuses(t *testing.T) {
	g := newGateway(t, 1, nil)
	list := collect(t, 3)
	encrypted := list[0]
	encrypted.Kind = reading.Encrypted
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for name, c := range map[string]struct {
		gateway  *Gateway
		ctx      context.Context
		tariff   Tariff
		readings []reading.Reading
		want     string
	}{
		"nothing":      {g, t.Context(), plain(1, 1), nil, "a bill over no readings"},
		"a gap":        {g, t.Context(), plain(1, 1), []reading.Reading{list[0], list[2]}, "reading 2 of meter m-000000 where 1 of meter m-000000 is due"},
		"no evaluator": {g, t.Context(), plain(1, 1), []reading.Reading{encrypted}, "has no evaluator"},
		"stopped":      {newGateway(t, 1, constant(1)), stopped, plain(1, 1), []reading.Reading{encrypted}, "context canceled"},
		"weights":      {g, t.Context(), plain(1), list, "reading 0 of meter m-000000: 2 values; the function has 1 weights"},
		"overflow": {newGateway(t, 1, constant(math.MaxInt64)), t.Context(), plain(1, 1), func() []reading.Reading {
			next := encrypted
			next.Number++
			return []reading.Reading{encrypted, next}
		}(), "reading 1 of meter m-000000: the sum does not fit into 64 bits"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := c.gateway.Compute(c.ctx, c.tariff, c.readings)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "gateway gw") {
				t.Errorf("error %v; want %q", err, c.want)
			}
		})
	}
}
