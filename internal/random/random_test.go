package random

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Streams that differ in one field, or lend each other parts of a name, share no number.
func TestStreamsShareNothing(t *testing.T) {
	base := Stream{Seed: 1, Purpose: Arrivals, Series: "plain", Level: "8", Repetition: 2, Index: 3}
	all := []Stream{base, {}}
	for _, change := range []func(*Stream){
		func(s *Stream) { s.Seed = 2 },
		func(s *Stream) { s.Purpose = Commit },
		func(s *Stream) { s.Series = "plai" },
		func(s *Stream) { s.Series, s.Level = "plain8", "" },
		func(s *Stream) { s.Level = "16" },
		func(s *Stream) { s.Repetition = 1 },
		func(s *Stream) { s.Seed, s.Repetition = 2, 1 }, // the next seed's repetition before
		func(s *Stream) { s.Repetition, s.Index = 3, 2 },
		func(s *Stream) { s.Index = 4 },
	} {
		s := base
		change(&s)
		all = append(all, s)
	}
	from := map[uint64]Stream{}
	for _, s := range all {
		r := s.Rand()
		for range 1000 {
			n := r.Uint64()
			if other, taken := from[n]; taken {
				t.Fatalf("%v and %v share a number", s, other)
			}
			from[n] = s
		}
	}
}

// What is derived from a seed must not change with a version of the program: results would not repeat.
func TestStreamRepeats(t *testing.T) {
	s := Stream{Seed: 7, Purpose: Arrivals, Series: "plain", Level: "100/s", Repetition: 1}
	got := []uint64{s.Seed64(), s.Rand().Uint64(), s.Rand().Uint64()}
	want := []uint64{3379366327240062575, 15021037873877848307, 15021037873877848307}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("numbers (-want +got):\n%s", diff)
	}
}
