package study

import (
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
)

// A load generator that encrypts has no priority over the nodes, one that has others encrypt does.
func TestBurdens(t *testing.T) {
	encrypting := func(change func(*options)) turn {
		o := options{encrypt: 2000}
		change(&o)
		one := closed("a", time.Second, 1)
		one.Workload.Options = o
		return turn{levels: []level{{series: one}}}
	}
	capped := topology.Cap{CPUs: 0.5}
	for name, c := range map[string]struct {
		turn   turn
		device topology.Cap
		want   bool
	}{
		"plain":         {encrypting(func(o *options) { o.encrypt = 0 }), topology.Cap{}, false},
		"inline":        {encrypting(func(*options) {}), topology.Cap{}, true},
		"ahead":         {encrypting(func(o *options) { o.Encryption = result.EncryptAhead }), topology.Cap{}, false},
		"from a bank":   {encrypting(func(o *options) { o.Bank = 10 }), topology.Cap{}, false},
		"in the device": {encrypting(func(*options) {}), capped, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &session{}
			s.facts.Conditions.Caps.Device = c.device
			equal(t, "burdens", c.want, s.burdens(c.turn))
			ran := false
			p := s.prioritised(c.turn, func() { ran = true })
			equal(t, "ran", true, ran)
			if c.want {
				equal(t, "priority", proc.PriorityUsual, p)
			}
		})
	}
}
