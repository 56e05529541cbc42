package explorer

import (
	"testing"

	"pgregory.net/rapid"
)

// A cache never holds more than it may, and what was used last is in it.
func TestLRU(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = 20
		l := newLRU[int](most, func(size int) int { return size })
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			key, size := rapid.IntRange(0, 8).Draw(t, "key"), rapid.IntRange(0, 25).Draw(t, "size")
			l.put(key, size)
			if got, ok := l.get(key); ok != (size <= most) || ok && got != size {
				t.Fatalf("key %d of size %d: %d, %t", key, size, got, ok)
			}
			total, n := 0, 0
			for _, at := range l.by {
				total += at.Value.(entry[int, int]).value
				n++
			}
			if total != l.size || total > most || n != l.order.Len() {
				t.Fatalf("%d entries of size %d; it counts %d of %d", n, total, l.order.Len(), l.size)
			}
		}
	})
}

// The one that was not used for longest goes first.
func TestLRUOrder(t *testing.T) {
	l := newLRU[string](2, func(int) int { return 1 })
	l.put("a", 1)
	l.put("b", 2)
	l.get("a")
	l.put("c", 3)
	if _, ok := l.get("b"); ok {
		t.Error("b is kept")
	}
	if _, ok := l.get("a"); !ok {
		t.Error("a is not kept")
	}
}
