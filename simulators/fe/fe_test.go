package fe

import (
	"context"
	"errors"
	"math"
	"math/big"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func mustSetup(t testing.TB, p Params) Authority {
	t.Helper()
	a, err := Setup(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func mustTables(t testing.TB, entries int) *Tables {
	t.Helper()
	tables, err := NewTables(TableConfig{Entries: entries})
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

func mustEvaluator(t testing.TB, public []byte) Evaluator {
	t.Helper()
	e, err := NewEvaluator(t.Context(), public, mustTables(t, 1<<12))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func dot(x, y []int64) (z int64) {
	for i := range x {
		z += x[i] * y[i]
	}
	return z
}

func TestEncryptAtOnce(t *testing.T) {
	for _, p := range []Params{{"ddh", 1024, 2, 100}, {"ecddh", 256, 2, 100}} {
		authority := mustSetup(t, p)
		evaluator := mustEvaluator(t, authority.Encryptor().Public())
		key, err := authority.Derive([]int64{1, 1})
		if err != nil {
			t.Fatal(err)
		}
		encryptor := authority.Encryptor()
		var all sync.WaitGroup
		for i := range int64(8) {
			all.Go(func() {
				ciphertext, err := encryptor.Encrypt([]int64{i, 10 * i})
				if err != nil {
					t.Error(err)
					return
				}
				if z, err := evaluator.Evaluate(t.Context(), ciphertext, key); err != nil || z != 11*i {
					t.Errorf("Evaluate = %d, %v, want %d", z, err, 11*i)
				}
			})
		}
		all.Wait()
	}
}

func TestParamsRefused(t *testing.T) {
	good := Params{"ddh", 2048, 24, 10_000}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		p          Params
	}{
		{"no scheme", `scheme "" is unknown; choose one of [ddh damgard`, Params{"", 2048, 24, 10}},
		{"unknown scheme", `scheme "rsa" is unknown`, Params{"rsa", 2048, 24, 10}},
		{"unknown size", "ddh of 2560 bits is not available", Params{"ddh", 2560, 24, 10}},
		{"length 0", "vector length 0 is out of range", Params{"ddh", 2048, 0, 10}},
		{"length 1025", "vector length 1025 is out of range", Params{"ddh", 2048, 1025, 10}},
		{"bound 0", "bound 0 is too small", Params{"ddh", 2048, 1, 0}},
		{"product 2^48", "must stay below 2^48", Params{"ddh", 2048, 1, 1 << 24}},
		{"product over 2^48", "must stay below 2^48", Params{"ddh", 2048, 24, 1 << 22}},
		{"product beyond int64", "must stay below 2^48", Params{"ddh", 2048, 1024, 1 << 62}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for from, err := range map[string]error{
				"Validate": c.p.Validate(),
				"Setup":    func() error { _, err := Setup(t.Context(), c.p); return err }(),
			} {
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%s = %v, want %q", from, err, c.want)
				}
			}
		})
	}
	if err := (Params{"ddh", 1024, 1, 1<<24 - 1}).Validate(); err != nil {
		t.Errorf("just below 2^48: %v", err)
	}
}

func TestVectorsRefused(t *testing.T) {
	for _, p := range []Params{{"ddh", 1024, 2, 100}, {"damgard", 1024, 2, 100}, {"ecddh", 256, 2, 100}} {
		name, authority := p.Scheme, mustSetup(t, p)
		for _, c := range []struct {
			want string
			v    []int64
		}{
			{"vector of length 0; the parameters say 2", nil},
			{"vector of length 1", []int64{1}},
			{"vector of length 3", []int64{1, 2, 3}},
			{"value 1 of the vector is over the bound 100", []int64{100, 101}},
			{"value 0 of the vector is over the bound 100", []int64{-101, 0}},
			{"value 0 of the vector is over the bound 100", []int64{-1 << 63, 0}},
		} {
			if _, err := authority.Encryptor().Encrypt(c.v); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: Encrypt(%v) = %v, want %q", name, c.v, err, c.want)
			}
			if _, err := authority.Derive(c.v); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: Derive(%v) = %v, want %q", name, c.v, err, c.want)
			}
		}
	}
}

func TestLibraryPanicBecomesError(t *testing.T) {
	p := Params{"ddh", 1024, 1, 100}
	broken := keyedAuthority{
		p,
		keyedEncryptor{params: p, encrypt: func([]int64) ([][]byte, error) { panic("out of range") }},
		func([]int64) ([]*big.Int, error) { panic(errors.New("nil")) },
	}
	if _, err := broken.Encryptor().Encrypt([]int64{1}); err == nil || !strings.Contains(err.Error(), "encrypt: the encryption library panicked: out of range") {
		t.Errorf("Encrypt = %v", err)
	}
	if _, err := broken.Derive([]int64{1}); err == nil || !strings.Contains(err.Error(), "derive: the encryption library panicked: nil") {
		t.Errorf("Derive = %v", err)
	}
}

// Ten thousand decryptions leave goroutines and heap as they were.
// BenchmarkLeftBehind does the same at 2048 bits.
func TestNothingLeftBehind(t *testing.T) {
	times := 10_000
	if testing.Short() {
		times = 300
	}
	for _, p := range []Params{{"ddh", 1024, 1, 100}, {"ecddh", 256, 1, 100}} {
		authority := mustSetup(t, p)
		evaluator := mustEvaluator(t, authority.Encryptor().Public())
		key, err := authority.Derive([]int64{1})
		if err != nil {
			t.Fatal(err)
		}
		ciphertext, err := authority.Encryptor().Encrypt([]int64{42})
		if err != nil {
			t.Fatal(err)
		}
		evaluate := func(times int) (goroutines int, heap uint64) {
			for range times {
				if z, err := evaluator.Evaluate(t.Context(), ciphertext, key); err != nil || z != 42 {
					t.Fatalf("Evaluate = %d, %v", z, err)
				}
			}
			return leftBehind()
		}
		goroutinesBefore, heapBefore := evaluate(10)
		goroutines, heap := evaluate(times)
		if goroutines > goroutinesBefore {
			t.Errorf("%s: %d goroutines after %d evaluations, %d before", p.Scheme, goroutines, times, goroutinesBefore)
		}
		if heap > heapBefore+256<<10 {
			t.Errorf("%s: heap of %d bytes after %d evaluations, %d before", p.Scheme, heap, times, heapBefore)
		}
	}
}

// leftBehind returns the number of goroutines and the bytes of the heap in use.
func leftBehind() (goroutines int, heap uint64) {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return runtime.NumGoroutine(), m.HeapAlloc
}

func TestSecurityBits(t *testing.T) {
	for _, c := range []struct {
		scheme     Name
		bits, want int // 0: not assessed
	}{
		{"ddh", 1024, 80}, {"ddh", 1536, 96}, {"ddh", 2048, 112}, {"ddh", 3072, 128}, {"ddh", 4096, 152},
		{"damgard", 2048, 112}, {"ddh", 2560, 0}, {"rsa", 2048, 0},
		{"paillier", 3072, 128}, {"paillier", 1536, 0}, {"ecddh", 256, 128}, {"ecddh", 255, 0}, {"dmcfe", 256, 100}, {"dmcfe", 512, 0},
	} {
		scheme, _ := SchemeOf(c.scheme)
		got, source := scheme.Security(c.bits)
		strength := 0
		if got != nil {
			strength = *got
		}
		if strength != c.want || source == "" {
			t.Errorf("the security of %s at %d bits is %d, %q, want %d", c.scheme, c.bits, strength, source, c.want)
		}
	}
}

// The interpolated strengths are those of SP 800-56B Rev. 2, Appendix D, for
// n bits: (1.923 * cbrt(n ln 2) * cbrt(ln(n ln 2)^2) - 4.69) / ln 2, to the
// nearest multiple of eight. It also gives the strengths in SP 800-57's table.
func TestSecurityBitsFollowEstimate(t *testing.T) {
	ddh, err := SchemeOf(DDH)
	if err != nil {
		t.Fatal(err)
	}
	for _, bits := range DDH.Sizes() {
		x := float64(bits) * math.Ln2
		estimate := (1.923*math.Cbrt(x)*math.Cbrt(math.Pow(math.Log(x), 2)) - 4.69) / math.Ln2
		got, _ := ddh.Security(bits)
		if want := 8 * int(math.Round(estimate/8)); *got != want {
			t.Errorf("%d bits: strength %d, the estimate gives %d (%.1f)", bits, *got, want, estimate)
		}
	}
}

// Making the master keys of many values ends with the context.
func TestSetupIsCancelled(t *testing.T) {
	for _, p := range []Params{{"ddh", 4096, 1024, 100}, {"damgard", 4096, 1024, 100}} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancel)
		if _, err := Setup(ctx, p); !errors.Is(err, context.Canceled) {
			t.Errorf("%v: %v", p, err)
		}
	}
	authority, _ := testPaillier(t, Params{"paillier", 1024, 1, 100})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := authority.(Renewer).Renew(ctx, Params{"paillier", 1024, 1024, 100}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Every scheme has a wire form, a strength for each of its sizes, and costs that grow with size and
// length.
func TestTableOfSchemes(t *testing.T) {
	for _, s := range Schemes() {
		t.Run(string(s.Name), func(t *testing.T) {
			sizes := s.Name.Sizes()
			if s.Name.Number() == 0 || len(sizes) == 0 {
				t.Fatalf("number %d on the wire, sizes %v", s.Name.Number(), sizes)
			}
			if s.Name.Single() == s.HasAuthority() {
				t.Error("single values are those of a group without an authority")
			}
			for _, bits := range sizes {
				if strength, source := s.Security(bits); strength == nil {
					t.Errorf("%d bits: strength %s", bits, source)
				}
			}
			if len(s.strength) != len(sizes) {
				t.Errorf("strengths of %d sizes, of which there are %d", len(s.strength), len(sizes))
			}
			if text := s.Elements(sizes[0]); text == "" || strings.Contains(text, "%") {
				t.Errorf("elements are %q", text)
			}
			least, longest := s.Cost(sizes[0], 1), s.Cost(sizes[0], 24)
			if least.Encrypt <= 0 || longest.Encrypt < least.Encrypt || longest.Sample <= least.Sample {
				t.Errorf("costs %v, and of 24 values %v", least, longest)
			}
			largest := s.Cost(sizes[len(sizes)-1], 1)
			if len(sizes) > 1 && (largest.Encrypt <= least.Encrypt || largest.Setup < least.Setup) {
				t.Errorf("costs %v, and of the largest size %v", least, largest)
			}
		})
	}
}
