package reference

import "time"

// A schedule is a container/heap, the item that comes first on top.
type schedule[T interface{ Before(T) bool }] []T

func (s schedule[T]) Len() int           { return len(s) }
func (s schedule[T]) Less(i, j int) bool { return s[i].Before(s[j]) }
func (s schedule[T]) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *schedule[T]) Push(item any)     { *s = append(*s, item.(T)) }
func (s *schedule[T]) Pop() any {
	var none T
	last := len(*s) - 1
	item := (*s)[last]
	(*s)[last] = none // not kept from the garbage collector
	*s = (*s)[:last]
	return item
}

// An instant is a time on the model's clock, as an item of a schedule.
type instant time.Duration

func (i instant) Before(j instant) bool { return i < j }
