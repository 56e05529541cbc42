package study

import (
	"meterbench/bench/topology"
	"meterbench/internal/proc"
)

// dear is the cost of a transaction's encryption in signatures from which on the load generator is a burden to the machine
// by itself, and not only when a block wakes its clients.
const dear = 10

// prioritised runs a level with the load generator ahead of what else is on the machine, the nodes included, as far as
// that is permitted, and returns how far. It uses a small part of the machine, but all of its clients at once when a
// block comes, and what they then wait for a processor is lag. Where it encrypts, it would keep the nodes from theirs.
func (s *session) prioritised(t turn, level func()) (p proc.Priority) {
	defer s.confine(t)()
	p = proc.PriorityUsual
	if !s.burdens(t) {
		if higher, restore, err := proc.Prioritise(); err == nil {
			p = higher
			defer restore() // as permitted as before
		}
	}
	level()
	return p
}

// burdens reports whether the load generator itself encrypts for a load of the turn.
func (s *session) burdens(t turn) bool {
	for _, l := range t.levels {
		for _, w := range l.series.Workloads() {
			traits := w.Traits()
			if !traits.Ahead && traits.Bank == 0 && traits.Cost.Encrypt >= dear && s.facts.Conditions.Caps.Device == (topology.Cap{}) {
				return true
			}
		}
	}
	return false
}
