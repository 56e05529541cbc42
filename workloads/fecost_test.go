package workloads

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/simulators/fe"
	"meterbench/simulators/reading"
)

func tables(t *testing.T) *fe.Tables {
	t.Helper()
	small, err := fe.NewTables(fe.TableConfig{Entries: 1 << 8})
	if err != nil {
		t.Fatal(err)
	}
	return small
}

func TestMeasureFE(t *testing.T) {
	spec := FESpec{FE: scenario.FE{Schemes: []string{"ddh", "damgard", "ecddh", "dmcfe"}, Bits: []int{1024}, Lengths: []int{1, 3}, Bounds: []int64{1000}, Samples: 6}, Seed: 1,
		Tables: tables(t),
	}
	var round []string
	for _, scheme := range []string{"ddh 1024", "damgard 1024", "ecddh 256", "dmcfe 256"} {
		round = append(round, scheme+" l=1 bound 1000", scheme+" l=3 bound 1000")
	}
	var progress []string
	spec.Progress = func(done, total int, cell string) {
		if done != len(progress) || total != 6*len(round) {
			t.Errorf("progress %d of %d, want %d of %d", done, total, len(progress), 6*len(round))
		}
		progress = append(progress, cell)
	}
	costs, err := MeasureFE(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	if want := slices.Repeat(round, 6); !slices.Equal(progress, want) {
		t.Errorf("measured in the order %v, want %v", progress, want)
	}
	for i, want := range []result.FECost{
		{Scheme: "ddh", Bits: 1024, Length: 1, Values: 1, Bytes: 6 + 2*128, PublicKey: 15 + 128},
		{Scheme: "ddh", Bits: 1024, Length: 3, Values: 3, Bytes: 6 + 4*128, PublicKey: 15 + 3*128},
		{Scheme: "damgard", Bits: 1024, Length: 1, Values: 1, Bytes: 6 + 3*128, PublicKey: 15 + 128},
		{Scheme: "damgard", Bits: 1024, Length: 3, Values: 3, Bytes: 6 + 5*128, PublicKey: 15 + 3*128},
		{Scheme: "ecddh", Bits: 256, Length: 1, Values: 1, Bytes: 6 + 2*32, PublicKey: 15 + 32},
		{Scheme: "ecddh", Bits: 256, Length: 3, Values: 3, Bytes: 6 + 4*32, PublicKey: 15 + 3*32},
		{Scheme: "dmcfe", Bits: 256, Length: 1, Values: 1, Bytes: 6 + 64, PublicKey: 15 + 64},
		{Scheme: "dmcfe", Bits: 256, Length: 3, Values: 1, Bytes: 6 + 64, PublicKey: 15 + 3*64},
	} {
		if i >= len(costs) {
			t.Fatalf("%d rows", len(costs))
		}
		c := costs[i]
		t.Run(fmt.Sprint(c.Scheme, " of ", c.Length), func(t *testing.T) {
			scheme, err := fe.SchemeOf(fe.Name(want.Scheme))
			if err != nil {
				t.Fatal(err)
			}
			want.SecurityBits, want.SecuritySource = scheme.Security(want.Bits)
			want.Group, want.Bound, want.OnLedger = scheme.Elements(want.Bits), 1000, want.Bytes+onLedger(1)-1
			want.TableBytes, want.TableFrom = 8<<8, result.TableComputed
			times := cmpopts.IgnoreFields(result.FECost{}, "Keygen", "Derive", "Encrypt", "Decrypt", "Table")
			if diff := cmp.Diff(want, c, times); diff != "" {
				t.Error(diff)
			}
			for step, cost := range map[string]result.Cost{"keygen": c.Keygen, "derive": c.Derive, "encrypt": c.Encrypt, "decrypt": c.Decrypt} {
				if cost.N != 6 || len(cost.Samples) != 6 {
					t.Errorf("%s: %d samples, and %d kept", step, cost.N, len(cost.Samples))
				}
				if cost.Low == nil || cost.High == nil {
					t.Fatalf("%s: no interval", step)
				}
				if !(0 < *cost.Low && *cost.Low <= cost.P50 && cost.P50 <= *cost.High) {
					t.Errorf("%s: %v in %v … %v", step, cost.P50, *cost.Low, *cost.High)
				}
			}
			if c.Table <= 0 || i < 4 && c.Table != costs[0].Table {
				t.Errorf("a table in %g s; that of the group that ddh and damgard share took %g s", c.Table, costs[0].Table)
			}
		})
	}
	if len(costs) != len(round) {
		t.Errorf("%d rows, want %d", len(costs), len(round))
	}
}

// The modulus is searched once, in the first sample, and needs no table.
func TestMeasurePaillier(t *testing.T) {
	costs, err := MeasureFE(t.Context(), FESpec{FE: scenario.FE{Schemes: []string{"paillier"}, Bits: []int{1024}, Lengths: []int{1, 2}, Bounds: []int64{10, 1 << 20}, Samples: 6}, Tables: tables(t)})
	if err != nil || len(costs) != 4 {
		t.Fatalf("%d rows, %v", len(costs), err)
	}
	for i, c := range costs {
		if c.Modulus <= 0 || c.Modulus != costs[0].Modulus {
			t.Errorf("row %d: modulus in %g s, the first in %g s", i, c.Modulus, costs[0].Modulus)
		}
		if c.TableBytes != 0 || c.Table != 0 || c.TableFrom != "" {
			t.Errorf("row %d: table of %d bytes in %g s, %s", i, c.TableBytes, c.Table, c.TableFrom)
		}
		if c.Keygen.P50 <= 0 {
			t.Errorf("row %d: keys in %g s", i, c.Keygen.P50)
		}
		if want := []int64{10, 1 << 20}[i%2]; c.Bound != want || c.Length != i/2+1 {
			t.Errorf("row %d: length %d, bound %d", i, c.Length, c.Bound)
		}
	}
}

func TestOnLedger(t *testing.T) {
	if got := onLedger(reading.MaxPayload + 1); got != 0 {
		t.Errorf("a ciphertext that no reading can hold has %d bytes on the ledger", got)
	}
	// head, meter, length of the signature, signature
	if got, least := onLedger(70), 70+12+1+reading.MaxSignature; got < least || got > least+40 {
		t.Errorf("a ciphertext of 70 bytes has %d bytes on the ledger, want %d and a head", got, least)
	}
}

// Sizes are asked for by number; each scheme takes those that it comes in.
func TestFESpecCells(t *testing.T) {
	for _, c := range []struct {
		schemes []string
		bits    []int
		want    string
	}{
		{[]string{"ecddh", "dmcfe"}, nil, "[ecddh 256 l=1 bound 9 dmcfe 256 l=1 bound 9]"},
		{[]string{"ecddh"}, []int{256}, "[ecddh 256 l=1 bound 9]"},
		{[]string{"ddh", "ecddh"}, []int{1024, 3072}, "[ddh 1024 l=1 bound 9 ddh 3072 l=1 bound 9 ecddh 256 l=1 bound 9]"},
		{[]string{"ddh", "paillier"}, []int{1536, 2048}, "[ddh 1536 l=1 bound 9 ddh 2048 l=1 bound 9 paillier 2048 l=1 bound 9]"},
		{[]string{"ddh", "ecddh"}, []int{512, 2048}, "error: bits[0]: there is no key size of 512 bits"},
		{[]string{"ecddh"}, []int{1024}, "error: bits[0]: ecddh has no key size of 1024 bits"},
		{[]string{"paillier", "ddh"}, []int{1536}, "error: schemes[0]: paillier has none of these key sizes"},
	} {
		cells, err := FESpec{FE: scenario.FE{Schemes: c.schemes, Bits: c.bits, Lengths: []int{1}, Bounds: []int64{9}, Samples: 6}, Tables: tables(t)}.cells()
		got := fmt.Sprint(cells)
		if err != nil {
			got = strings.Replace(err.Error(), "measure encryption: ", "error: ", 1)
		}
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%v at %v: %s, want %s", c.schemes, c.bits, got, c.want)
		}
	}
}

func TestMeasureFEInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	costs, err := MeasureFE(ctx, FESpec{FE: scenario.FE{Schemes: []string{"ddh"}, Bits: []int{1024}, Lengths: []int{1, 2, 3}, Bounds: []int64{10}, Samples: 6}, Tables: tables(t),
		Progress: func(done, _ int, _ string) {
			if done == 2 {
				cancel()
			}
		},
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "of 18 samples") {
		t.Errorf("error %v, want context.Canceled and how far it came", err)
	}
	// The sample under way may end either way: it looks at the context where it searches.
	if len(costs) < 2 || len(costs) > 3 {
		t.Fatalf("%d rows, want those with a sample", len(costs))
	}
	for i, c := range costs {
		if c.Length != i+1 {
			t.Errorf("row %d: length %d", i, c.Length)
		}
		one := result.Cost{P50: c.Encrypt.P50, N: 1, Samples: []float64{c.Encrypt.P50}}
		if diff := cmp.Diff(one, c.Encrypt); diff != "" || c.Encrypt.P50 <= 0 {
			t.Errorf("row %d: encryption in %g s: %s", i, c.Encrypt.P50, diff)
		}
	}
}

func TestMeasureFERefuses(t *testing.T) {
	good := FESpec{FE: scenario.FE{Schemes: []string{"ddh"}, Bits: []int{1024}, Lengths: []int{1}, Bounds: []int64{10}, Samples: 6}, Tables: tables(t)}
	for want, edit := range map[string]func(*FESpec){
		"samples: must be 6 to 10000000, got 5":             func(s *FESpec) { s.Samples = 5 },
		`schemes[1]: there is no "rsa"`:                     func(s *FESpec) { s.Schemes = []string{"ddh", "rsa"} },
		"ddh has none of these key sizes":                   func(s *FESpec) { s.Bits = []int{512} },
		"lengths[0]: must be 1 to 1024, got 0":              func(s *FESpec) { s.Lengths = []int{0} },
		"bounds[1]: must be 2 to 2147483648, got 0":         func(s *FESpec) { s.Bounds = []int64{10, 0} },
		"bits: at least one is needed":                      func(s *FESpec) { s.Bits = nil },
		"the parameters of encryption must stay below 2^48": func(s *FESpec) { s.Bounds = []int64{1 << 30} },
		"logarithms are searched up to 268435456":           func(s *FESpec) { s.Lengths, s.Bounds = []int{300}, []int64{900_000} },
	} {
		spec := good
		edit(&spec)
		costs, err := MeasureFE(t.Context(), spec)
		if costs != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("MeasureFE = %v, %v, want %q", costs, err, want)
		}
	}
}

func TestMedianCost(t *testing.T) {
	for _, c := range []struct {
		samples     []float64
		p50         float64
		interval    bool
		low, high   float64
		description string
	}{
		{samples: []float64{3}, p50: 3, description: "one"},
		{samples: []float64{5, 1, 3, 2, 4}, p50: 3, description: "five: too few"},
		{samples: []float64{6, 5, 4, 3, 2, 1}, p50: 3.5, interval: true, low: 1, high: 6, description: "six: smallest and largest"},
		{samples: []float64{1, 2, 3, 4, 5, 6, 7, 8, 9}, p50: 5, interval: true, low: 2, high: 8, description: "nine: second and second to last, 96.1 %"},
	} {
		t.Run(c.description, func(t *testing.T) {
			got := medianCost(slices.Clone(c.samples))
			want := result.Cost{P50: c.p50, N: len(c.samples)}
			if c.interval {
				want.Low, want.High = &c.low, &c.high
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
