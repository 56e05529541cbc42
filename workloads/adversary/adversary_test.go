package adversary

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/refusal"
	"meterbench/simulators/fe"
	"meterbench/simulators/reading"
)

// A gullible ledger takes whatever it is given. What refuse names it refuses
// with a code, and with err it does not answer.
type gullible struct {
	readings   map[uint64][]byte // of the only meter
	functions  map[string][]byte
	parameters map[string][]byte
	refuse     map[string]refusal.Code // by function
	err        error
}

func (g *gullible) Invoke(_ context.Context, function string, args ...[]byte) error {
	if g.err != nil {
		return g.err
	}
	if code, ok := g.refuse[function]; ok {
		return fmt.Errorf("invoke: %w", code.Errorf("so it is"))
	}
	list, _ := reading.SplitList(args[0])
	switch function {
	case reading.FnPut:
		r, err := reading.Unmarshal(args[0])
		if err != nil {
			return err
		}
		g.readings[r.Number] = args[0]
	case reading.FnPutList:
		for _, wire := range list {
			r, err := reading.Unmarshal(wire)
			if err != nil {
				return err
			}
			g.readings[r.Number] = wire
		}
	case reading.FnApprove:
		for _, f := range list {
			g.functions[reading.HashFunction(f).String()] = f
		}
	case reading.FnSetParameters:
		g.parameters[reading.ParametersID(list[0]).String()] = list[0]
	}
	return nil
}

func (g *gullible) Evaluate(_ context.Context, function string, args ...[]byte) ([]byte, error) {
	switch function {
	case reading.FnRange:
		from, _ := strconv.ParseUint(string(args[1]), 10, 64)
		to, _ := strconv.ParseUint(string(args[2]), 10, 64)
		var found [][]byte
		for _, n := range slices.Sorted(maps.Keys(g.readings)) {
			if n >= from && n < to {
				found = append(found, g.readings[n])
			}
		}
		return reading.MarshalList(found), nil
	case reading.FnGetFunction:
		if f := g.functions[string(args[0])]; f != nil {
			return f, nil
		}
		return nil, fmt.Errorf("evaluate: %w", reading.CodeNotApproved.Errorf("no such function"))
	}
	return g.parameters[string(args[0])], nil
}

func ledger() *gullible {
	return &gullible{map[uint64][]byte{}, map[string][]byte{}, map[string][]byte{}, map[string]refusal.Code{}, nil}
}

func config(t *testing.T, l Ledger) Config {
	t.Helper()
	tables, err := fe.NewTables(fe.TableConfig{Entries: 1 << 12})
	if err != nil {
		t.Fatal(err)
	}
	return Config{
		Ledger: l, Seed: 1, Params: fe.Params{Scheme: "ecddh", Bits: 256, Length: 8, Bound: 500}, Tables: tables,
		Attempts: 3, Prefix: "probe", Start: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC),
	}
}

// A ledger that checks nothing takes every false reading, and still no verifier
// takes a false bill.
func TestGullibleLedger(t *testing.T) {
	report, err := Probe(t.Context(), config(t, ledger()))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]map[string]uint64{
		result.ProbeHonestReading: {}, result.ProbeForgedSignature: {}, result.ProbeReplay: {}, result.ProbeReordered: {},
		result.ProbeForeignMeter: {}, result.ProbeOtherChannel: {}, result.ProbeTamperedCiphertext: {}, result.ProbeHonestBill: {},
		result.ProbeForeignKey:         {"verifier: result": 2, "no result": 1},
		result.ProbeUnapprovedFunction: {"verifier: function": 3},
		result.ProbeTamperedBill:       {"verifier: gateway signature": 2, "verifier: result": 1},
		result.ProbeDoubleBill:         {}, // for the ledger alone to refuse
		result.ProbeEarlyFunction:      {"verifier: early": 3},
		result.ProbeRevealingKey:       {result.KeyRefused: 3},
	}
	for _, p := range report.Probes {
		refused, known := want[p.Kind]
		if !known {
			t.Errorf("%s: not expected, or tried twice", p.Kind)
		}
		delete(want, p.Kind)
		if p.Attempts != 3 || !maps.Equal(p.Refused, refused) {
			t.Errorf("%s: %d attempts, %d accepted, refused %v, want %v", p.Kind, p.Attempts, p.Accepted, p.Refused, refused)
		}
		sum := p.Accepted
		for _, n := range p.Refused {
			sum += n
		}
		if sum != p.Attempts {
			t.Errorf("%s: %d of %d attempts are accounted for", p.Kind, sum, p.Attempts)
		}
	}
	if len(want) > 0 {
		t.Errorf("not tried: %v", slices.Sorted(maps.Keys(want)))
	}
}

// A refusal counts by its code; without honest readings there is nothing to
// go on with.
func TestRefusals(t *testing.T) {
	l := ledger()
	l.refuse[reading.FnPut] = reading.CodeSignature
	report, err := Probe(t.Context(), config(t, l))
	if err == nil {
		t.Error("replayed what was never taken")
	}
	for _, p := range report.Probes {
		if p.Accepted > 0 || p.Refused[reading.CodeSignature.Name] != p.Attempts {
			t.Errorf("%s: %d of %d accepted, refused %v", p.Kind, p.Accepted, p.Attempts, p.Refused)
		}
	}
	l = ledger()
	l.refuse[reading.FnPutBill] = reading.CodeBillDigest
	if report, err = Probe(t.Context(), config(t, l)); err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Probes {
		if p.Kind == result.ProbeHonestBill && p.Refused[reading.CodeBillDigest.Name] != p.Attempts {
			t.Errorf("%s: %d of %d accepted, refused %v", p.Kind, p.Accepted, p.Attempts, p.Refused)
		}
	}
}

// Silence is no refusal.
func TestNoAnswer(t *testing.T) {
	l := ledger()
	l.err = errors.New("connection lost")
	if _, err := Probe(t.Context(), config(t, l)); !errors.Is(err, l.err) {
		t.Errorf("got %v, want %v", err, l.err)
	}
}
