//go:build unix

package fe

import (
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"meterbench/simulators/fe/codec"
)

// The vectors of the comparisons: a result of exactly 10^8 under the bound 10^4.
func headRoomVectors() (x, y []int64) {
	for i := range 24 {
		x = append(x, 10_000)
		y = append(y, 416)
		if i < 16 {
			y[i]++
		}
	}
	return x, y
}

// BenchmarkHeadRoom compares with gofe, calls alternating in one run:
//
//	encrypt/ecddh    our scheme of 128 bits with gofe's DDH of 3072, l = 24
//	decrypt/ecddh    the same, with a result of 10^8
//	decrypt/ddh      our decryption with gofe's of the same ciphertext, 2048 bits
//	decrypt/damgard  the same
//
// It reports the medians of seven rounds and their ratio. Ours is the median of
// several calls in each round. Tables are made before. gofe searches positive
// and negative results on two cores at once; ours computes the powers of heads at
// once, of which damgard has two.
func BenchmarkHeadRoom(b *testing.B) {
	tables, err := NewTables(DefaultTableConfig())
	if err != nil {
		b.Fatal(err)
	}
	x, y := headRoomVectors()
	ours := newHeadRoom(b, Params{"ecddh", 256, 24, 10_000}, tables, x, y)
	theirs := newHeadRoom(b, Params{"ddh", 3072, 24, 10_000}, nil, x, y)
	b.Run("encrypt/ecddh", func(b *testing.B) {
		compare(b, 101, func() { theirs.encrypt(b, x) }, func() { ours.encrypt(b, x) })
		b.ReportMetric(float64(len(ours.ciphertext)-codec.HeaderSize)/25, "B/element")
	})
	b.Run("decrypt/ecddh", func(b *testing.B) { compare(b, 101, func() { theirs.gofe(b) }, func() { ours.evaluate(b) }) })
	for _, scheme := range []Name{DDH, Damgard} {
		h := newHeadRoom(b, Params{scheme, 2048, 24, 10_000}, tables, x, y)
		b.Run("decrypt/"+string(scheme), func(b *testing.B) { compare(b, 11, func() { h.gofe(b) }, func() { h.evaluate(b) }) })
	}
}

// A headRoom holds a ciphertext and what it takes to make and evaluate it.
type headRoom struct {
	params     Params
	encryptor  Encryptor
	ciphertext []byte
	key        Key
	evaluator  Evaluator // nil without tables
}

func newHeadRoom(b *testing.B, p Params, tables *Tables, x, y []int64) *headRoom {
	authority := mustSetup(b, p)
	h := &headRoom{params: p, encryptor: authority.Encryptor()}
	var err error
	if h.ciphertext, err = h.encryptor.Encrypt(x); err != nil {
		b.Fatal(err)
	}
	if h.key, err = authority.Derive(y); err != nil {
		b.Fatal(err)
	}
	if tables != nil {
		if h.evaluator, err = NewEvaluator(b.Context(), h.encryptor.Public(), tables); err != nil {
			b.Fatal(err)
		}
	}
	return h
}

func (h *headRoom) encrypt(b *testing.B, x []int64) {
	if _, err := h.encryptor.Encrypt(x); err != nil {
		b.Fatal(err)
	}
}

func (h *headRoom) evaluate(b *testing.B) {
	if z, err := h.evaluator.Evaluate(b.Context(), h.ciphertext, h.key); err != nil || z != 100_000_000 {
		b.Fatalf("Evaluate = %d, %v", z, err)
	}
}

func (h *headRoom) gofe(b *testing.B) {
	if z := gofeDecrypt(b, h.params, h.ciphertext, h.key); z != 100_000_000 {
		b.Fatalf("gofe says %d", z)
	}
}

// compare times one call of theirs and some of ours in turns. Besides the times
// it reports the ratio of the CPU time that both spend until they return, which
// says more on a machine with other work to do.
func compare(b *testing.B, calls int, theirs, ours func()) {
	var slow, fast, slowCPU, fastCPU []float64
	for b.Loop() {
		slow, fast, slowCPU, fastCPU = nil, nil, nil, nil
		for range 7 {
			settle()
			begin, start := processorTime(), time.Now()
			theirs()
			slow = append(slow, time.Since(start).Seconds())
			slowCPU = append(slowCPU, (processorTime() - begin).Seconds())
			settle()
			var all []float64
			begin = processorTime()
			for range calls {
				start := time.Now()
				ours()
				all = append(all, time.Since(start).Seconds())
			}
			fastCPU = append(fastCPU, (processorTime()-begin).Seconds()/float64(calls))
			fast = append(fast, median(all))
		}
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(1e3*median(slow), "gofe-ms")
	b.ReportMetric(1e3*median(fast), "ours-ms")
	b.ReportMetric(median(slow)/median(fast), "ratio")
	b.ReportMetric(median(slowCPU)/median(fastCPU), "cpu-ratio")
}

func median(of []float64) float64 {
	slices.Sort(of)
	return of[len(of)/2]
}

// settle collects garbage and waits until this process is idle: gofe's
// decryption leaves goroutines behind that go on searching.
func settle() {
	runtime.GC()
	for range 500 {
		before := processorTime()
		time.Sleep(20 * time.Millisecond)
		if processorTime()-before < 2*time.Millisecond {
			return
		}
	}
}

func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// BenchmarkLeftBehind reports by how much goroutines and heap grew over b.N
// decryptions at 2048 bits; -benchtime 10000x asks for ten thousand.
func BenchmarkLeftBehind(b *testing.B) {
	tables, err := NewTables(DefaultTableConfig())
	if err != nil {
		b.Fatal(err)
	}
	x, y := headRoomVectors()
	for _, p := range []Params{{"ddh", 2048, 24, 10_000}, {"damgard", 2048, 24, 10_000}, {"ecddh", 256, 24, 10_000}} {
		h := newHeadRoom(b, p, tables, x, y)
		b.Run(string(p.Scheme), func(b *testing.B) {
			h.evaluate(b)
			goroutines, heap := leftBehind()
			for b.Loop() {
				h.evaluate(b)
			}
			goroutinesAfter, heapAfter := leftBehind()
			b.ReportMetric(float64(goroutinesAfter-goroutines), "goroutines")
			b.ReportMetric(float64(heapAfter)-float64(heap), "heap-B")
		})
	}
}
