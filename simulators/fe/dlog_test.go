package fe

import (
	"context"
	"errors"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func testGroup(t testing.TB, bits int) zpGroup {
	t.Helper()
	scheme, err := newDDH(Params{"ddh", bits, 1, 1})
	if err != nil {
		t.Fatal(err)
	}
	return scheme.group
}

func mustTable(t testing.TB, group logGroup[*big.Int], steps int) *logTable[*big.Int] {
	t.Helper()
	entries, err := logEntries(t.Context(), group, steps)
	if err != nil {
		t.Fatal(err)
	}
	return newLogTable(group, entries)
}

func TestFindAtTheEdges(t *testing.T) {
	group := testGroup(t, 1024)
	const steps = 16
	logs := mustTable(t, group, steps)
	for _, bound := range []int64{0, 1, steps - 1, steps, steps + 1, 5*steps - 1, 5 * steps} {
		for z := -bound - 2*steps; z <= bound+2*steps; z++ {
			got, err := logs.find(t.Context(), group.power(z), bound)
			if z < -bound || z > bound {
				if !errors.Is(err, ErrNoResult) {
					t.Errorf("bound %d: g^%d gives %d, %v; want ErrNoResult", bound, z, got, err)
				}
			} else if err != nil || got != z {
				t.Errorf("bound %d: g^%d gives %d, %v", bound, z, got, err)
			}
		}
	}
}

func TestFindAnyResult(t *testing.T) {
	group := testGroup(t, 1024)
	const bound = 1_000_000
	logs := mustTable(t, group, 1<<11)
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.Int64Range(-bound, bound).Draw(t, "z")
		target := group.power(want)
		before := new(big.Int).Set(target)
		got, err := logs.find(context.Background(), target, bound)
		if err != nil || got != want {
			t.Fatalf("g^%d gives %d, %v", want, got, err)
		}
		if target.Cmp(before) != 0 {
			t.Fatal("the target was changed")
		}
	})
}

// A table whose entries all share their truncated bits still finds the right one.
func TestTruncatedMatchesAreVerified(t *testing.T) {
	group := testGroup(t, 1024)
	logs := mustTable(t, group, 8)
	target := group.power(5)
	key := lowBits(target) << exponentBits
	for i := range logs.entries {
		logs.entries[i] = key | uint64(i)
	}
	if got, err := logs.find(t.Context(), target, 7); err != nil || got != 5 {
		t.Errorf("find = %d, %v, want 5", got, err)
	}
	outside := new(big.Int).Sub(group.p, target)
	if got, err := logs.find(t.Context(), outside, 7); !errors.Is(err, ErrNoResult) {
		t.Errorf("-g^5 is found as g^%d", got)
	}
}

func TestSearchIsCancelled(t *testing.T) {
	group := testGroup(t, 1024)
	logs := mustTable(t, group, minEntries)
	// Outside of the group: without cancellation the search would take minutes.
	hopeless := new(big.Int).Sub(group.p, big.NewInt(1))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if z, err := logs.find(ctx, hopeless, minEntries*(1<<30)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("find = %d, %v, want the deadline", z, err)
	}
	done, cancelDone := context.WithCancel(t.Context())
	cancelDone()
	if _, err := logEntries[*big.Int](done, group, maxEntries); !errors.Is(err, context.Canceled) {
		t.Errorf("logEntries = %v, want context.Canceled", err)
	}
	public := mustSetup(t, Params{"ddh", 1024, 24, 10_000}).Encryptor().Public()
	if _, err := NewEvaluator(done, public, mustTables(t, 1<<20)); !errors.Is(err, context.Canceled) {
		t.Errorf("NewEvaluator = %v, want context.Canceled", err)
	}
}

// The precomputed groups are what the membership test takes them for.
func TestGroupsAreQuadraticResidues(t *testing.T) {
	for _, bits := range []int{1024, 1536, 2048, 3072, 4096} {
		if testing.Short() && bits > 2048 {
			continue
		}
		group := testGroup(t, bits)
		if group.p.BitLen() != bits || !group.p.ProbablyPrime(1) || !group.q.ProbablyPrime(1) {
			t.Errorf("%d bits: p is no safe prime of that size", bits)
		}
		if new(big.Int).Add(new(big.Int).Lsh(group.q, 1), big.NewInt(1)).Cmp(group.p) != 0 {
			t.Errorf("%d bits: p is not 2q+1", bits)
		}
		if !group.contains(group.g) || new(big.Int).Exp(group.g, group.q, group.p).Cmp(big.NewInt(1)) != 0 {
			t.Errorf("%d bits: g does not have order q", bits)
		}
		for name, outside := range map[string]*big.Int{
			"0": new(big.Int), "p": group.p, "-1": new(big.Int).Sub(group.p, big.NewInt(1)), "p+g": new(big.Int).Add(group.p, group.g),
		} {
			if group.contains(outside) {
				t.Errorf("%d bits: %s counts as an element", bits, name)
			}
		}
	}
}
