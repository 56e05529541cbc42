package explorer

import (
	"container/list"
	"sync"
)

// An lru keeps values up to some size altogether, those that were used last. It may be used by several goroutines at once.
type lru[K comparable, V any] struct {
	most int
	of   func(V) int // size

	mu    sync.Mutex
	size  int
	order list.List // of entries, the last used in front
	by    map[K]*list.Element
}

type entry[K comparable, V any] struct {
	key   K
	value V
}

func newLRU[K comparable, V any](most int, of func(V) int) *lru[K, V] {
	return &lru[K, V]{most: most, of: of, by: map[K]*list.Element{}}
}

func (l *lru[K, V]) get(key K) (value V, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	at, ok := l.by[key]
	if !ok {
		return value, false
	}
	l.order.MoveToFront(at)
	return at.Value.(entry[K, V]).value, true
}

// put keeps a value, unless it is larger than all may be.
func (l *lru[K, V]) put(key K, value V) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, ok := l.by[key]; ok {
		l.drop(at)
	}
	if l.of(value) > l.most {
		return
	}
	l.by[key] = l.order.PushFront(entry[K, V]{key, value})
	for l.size += l.of(value); l.size > l.most; {
		l.drop(l.order.Back())
	}
}

func (l *lru[K, V]) drop(at *list.Element) {
	of := l.order.Remove(at).(entry[K, V])
	delete(l.by, of.key)
	l.size -= l.of(of.value)
}
