package workloads

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
)

func TestMeasureFE(t *testing.T) {
	var progress []string
	costs, err := MeasureFE(t.Context(), FESpec{
		Schemes: []string{"ddh", "damgard"}, Bits: []int{1024}, Lengths: []int{1, 3}, Bound: 1000, Samples: 6, Seed: 1,
		Progress: func(done, total int, cell string) {
			if done != len(progress) || total != 24 {
				t.Errorf("progress %d of %d, want %d of 24", done, total, len(progress))
			}
			progress = append(progress, cell)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	round := []string{"ddh 1024 l=1", "ddh 1024 l=3", "damgard 1024 l=1", "damgard 1024 l=3"}
	if want := slices.Repeat(round, 6); !slices.Equal(progress, want) {
		t.Errorf("measured in the order %v, want %v", progress, want)
	}
	sizes := map[string]int{"ddh 1": 6 + 2*128, "ddh 3": 6 + 4*128, "damgard 1": 6 + 3*128, "damgard 3": 6 + 5*128}
	if len(costs) != len(round) {
		t.Fatalf("%d rows, want %d", len(costs), len(round))
	}
	for i, c := range costs {
		scheme, length := []string{"ddh", "damgard"}[i/2], []int{1, 3}[i%2]
		if c.Scheme != scheme || c.Length != length || c.Bits != 1024 || c.Bound != 1000 {
			t.Errorf("row %d is %s %d l=%d bound %d", i, c.Scheme, c.Bits, c.Length, c.Bound)
		}
		if c.SecurityBits == nil || *c.SecurityBits != 80 {
			t.Errorf("row %d: security bits %v, want 80", i, c.SecurityBits)
		}
		if want := sizes[scheme+map[int]string{1: " 1", 3: " 3"}[length]]; c.Bytes != want {
			t.Errorf("row %d: %d bytes, want %d", i, c.Bytes, want)
		}
		for step, cost := range map[string]result.Cost{"keygen": c.Keygen, "derive": c.Derive, "encrypt": c.Encrypt, "decrypt": c.Decrypt} {
			if cost.N != 6 || cost.Low == nil || cost.High == nil || !(0 < *cost.Low && *cost.Low <= cost.P50 && cost.P50 <= *cost.High) {
				t.Errorf("row %d: %s = %+v", i, step, cost)
			}
		}
	}
}

func TestMeasureFEInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	costs, err := MeasureFE(ctx, FESpec{
		Schemes: []string{"ddh"}, Bits: []int{1024}, Lengths: []int{1, 2, 3}, Bound: 10, Samples: 6,
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
		if c.Length != i+1 || c.Encrypt.N != 1 || c.Encrypt.P50 <= 0 || c.Encrypt.Low != nil || c.Encrypt.High != nil {
			t.Errorf("row %d: l=%d %+v", i, c.Length, c.Encrypt)
		}
	}
}

func TestMeasureFERefuses(t *testing.T) {
	good := FESpec{Schemes: []string{"ddh"}, Bits: []int{1024}, Lengths: []int{1}, Bound: 10, Samples: 6}
	for want, edit := range map[string]func(*FESpec){
		"5 samples; at least 6":     func(s *FESpec) { s.Samples = 5 },
		`scheme "rsa" is unknown`:   func(s *FESpec) { s.Schemes = []string{"ddh", "rsa"} },
		"ddh of 512 bits":       func(s *FESpec) { s.Bits = []int{512} },
		"vector length 0":           func(s *FESpec) { s.Lengths = []int{0} },
		"bound 0 is too small":      func(s *FESpec) { s.Bound = 0 },
		"nothing to measure":        func(s *FESpec) { s.Bits = nil },
		"must stay below 2^48 for ddh; low": func(s *FESpec) { s.Bound = 1 << 30 },
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
			if got.P50 != c.p50 || got.N != len(c.samples) || (got.Low != nil) != c.interval || (got.High != nil) != c.interval {
				t.Fatalf("medianCost = %+v", got)
			}
			if c.interval && (*got.Low != c.low || *got.High != c.high) {
				t.Errorf("interval %v … %v, want %v … %v", *got.Low, *got.High, c.low, c.high)
			}
		})
	}
}
