package workloads

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"meterbench/bench"
	"meterbench/internal/random"
)

// A named workload says its name and the number that it was asked for.
type named string

func (n named) Transaction(_ context.Context, seq uint64) (bench.Transaction, error) {
	return bench.Transaction{Function: fmt.Sprint(n, seq)}, nil
}

func (n named) Reading(seq uint64) (string, uint64) { return string(n), seq }

func (n named) Recorded(uint64) string { return "" }

func TestMix(t *testing.T) {
	parts := []Part{{3, named("a")}, {1, named("b")}, {4, named("c")}}
	mix := NewMix(random.Stream{Seed: 5}, 100, parts)
	var all []string
	orders := map[string]bool{}
	for run := range 50 {
		var order string
		counts := map[byte]int{}
		for place := range 8 {
			tx, err := mix.Transaction(t.Context(), uint64(100+8*run+place))
			if err != nil {
				t.Fatal(err)
			}
			if name, own := mix.Reading(uint64(100 + 8*run + place)); fmt.Sprint(name, own) != tx.Function {
				t.Fatalf("reports %s %d, sends %s", name, own, tx.Function)
			}
			all = append(all, tx.Function)
			order += tx.Function[:1]
			counts[tx.Function[0]]++
		}
		if counts['a'] != 3 || counts['b'] != 1 || counts['c'] != 4 {
			t.Fatalf("run %d: %v", run, counts)
		}
		orders[order] = true
	}
	if len(orders) < 40 {
		t.Errorf("50 runs in only %d orders", len(orders))
	}
	slices.Sort(all)
	if n := len(slices.Compact(slices.Clone(all))); n != 400 {
		t.Errorf("%d different transactions of 400, from %s to %s", n, all[0], all[399])
	}
	for _, want := range []string{"a149", "b0", "c199"} {
		if !slices.Contains(all, want) {
			t.Errorf("transaction %s is missing", want)
		}
	}
	again := NewMix(random.Stream{Seed: 5}, 100, parts)
	others := map[string]*Mix{"another seed": NewMix(random.Stream{Seed: 6}, 100, parts), "a later session": NewMix(random.Stream{Seed: 5}, 500, parts)}
	differ := map[string]int{}
	for at := range uint64(100) {
		a, x := mix.choose(at)
		if b, y := again.choose(at); a != b || x != y {
			t.Fatal("the same seed gives another order")
		}
		for name, other := range others {
			if c, _ := other.choose(at); c != a {
				differ[name]++
			}
		}
	}
	for name := range others {
		if differ[name] < 30 {
			t.Errorf("%s differs in %d of 100", name, differ[name])
		}
	}
}

func TestMixErrors(t *testing.T) {
	mix := NewMix(random.Stream{Seed: 1}, 7, []Part{{1, named("a")}})
	if _, err := mix.Transaction(t.Context(), 6); err == nil {
		t.Error("a transaction before the first")
	}
}

func BenchmarkMix(b *testing.B) {
	mix := NewMix(random.Stream{Seed: 1}, 0, []Part{{30, named("a")}, {10, named("b")}})
	for i := range b.N {
		mix.choose(uint64(i))
	}
}
