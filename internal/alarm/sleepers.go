package alarm

import "time"

// A sleeper is a goroutine that an alarm is to wake.
type sleeper struct {
	due   time.Time
	awake chan struct{}
}

// sleepers is a container/heap, who is due first on top.
type sleepers []*sleeper

func (s sleepers) Len() int           { return len(s) }
func (s sleepers) Less(i, j int) bool { return s[i].due.Before(s[j].due) }
func (s sleepers) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *sleepers) Push(item any)     { *s = append(*s, item.(*sleeper)) }
func (s *sleepers) Pop() any {
	last := len(*s) - 1
	item := (*s)[last]
	(*s)[last] = nil // not kept from the garbage collector
	*s = (*s)[:last]
	return item
}
