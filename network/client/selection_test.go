package client

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Layouts take turns, and the peers of a group; a layout that lacks usable peers is passed over.
func TestLayoutsTakeTurns(t *testing.T) {
	peers := map[string]*endpoint{}
	grouped := func(names ...string) *group {
		g := &group{}
		for _, name := range names {
			peers[name] = &endpoint{name: name}
			g.peers = append(g.peers, peers[name])
		}
		return g
	}
	a, b, c := grouped("a0", "a1"), grouped("b0"), grouped("c0", "c1", "c2")
	l := &layouts{all: []layout{{{a, 1}, {b, 1}}, {{c, 2}}}}
	count := func(without string) map[string]int {
		counts := map[string]int{}
		for range 12 {
			for _, p := range l.choose(func(p *endpoint) bool { return p.name != without }) {
				counts[p.name]++
			}
		}
		return counts
	}
	for _, tt := range []struct {
		without string
		want    map[string]int
	}{
		{"", map[string]int{"a0": 3, "a1": 3, "b0": 6, "c0": 4, "c1": 4, "c2": 4}},
		{"b0", map[string]int{"c0": 8, "c1": 8, "c2": 8}},
	} {
		if diff := cmp.Diff(tt.want, count(tt.without)); diff != "" {
			t.Errorf("without %q (-want +got):\n%s", tt.without, diff)
		}
	}
	if chosen := l.choose(func(*endpoint) bool { return false }); chosen != nil {
		t.Errorf("%d chosen of none", len(chosen))
	}
}
