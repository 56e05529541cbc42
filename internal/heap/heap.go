// Package heap is a priority queue by time, without the allocations and indirect calls of container/heap:
// arrivals come at the rate of a whole fleet.
package heap

import "time"

// Item is a value that is due at a time; of items due at once, the one of the lower order is first.
type Item[T any] struct {
	At    time.Duration
	Order uint64
	Value T
}

// Heap is a binary heap of items, the first one at index 0. The zero value is empty.
type Heap[T any] []Item[T]

// Init makes a heap of items in any order.
func (h Heap[T]) Init() {
	for i := len(h)/2 - 1; i >= 0; i-- {
		h.sink(i)
	}
}

// Fix restores the order after the first item was replaced.
func (h Heap[T]) Fix() { h.sink(0) }

// Push adds an item.
func (h *Heap[T]) Push(item Item[T]) {
	*h = append(*h, item)
	for i := len(*h) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h.before(i, parent) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

// Pop removes the first item, which must exist, and returns it.
func (h *Heap[T]) Pop() Item[T] {
	first, last := (*h)[0], len(*h)-1
	(*h)[0] = (*h)[last]
	(*h)[last] = Item[T]{} // not kept from the garbage collector
	*h = (*h)[:last]
	h.sink(0)
	return first
}

// sink moves item i below those that come before it.
func (h Heap[T]) sink(i int) {
	for {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if right := child + 1; right < len(h) && h.before(right, child) {
			child = right
		}
		if !h.before(child, i) {
			return
		}
		h.swap(i, child)
		i = child
	}
}

func (h Heap[T]) before(i, j int) bool {
	return h[i].At < h[j].At || h[i].At == h[j].At && h[i].Order < h[j].Order
}

func (h Heap[T]) swap(i, j int) { h[i], h[j] = h[j], h[i] }
