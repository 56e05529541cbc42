package meterdata

import (
	"fmt"
	"time"

	"meterbench/internal/printable"
	"meterbench/internal/strictyaml"
)

// Gaps says what is done where intervals are missing between the first and the last value of a meter.
type Gaps string

// The values of Gaps.
const (
	Skip        Gaps = "skip"        // leave them out, and of registers the difference across them
	Refuse      Gaps = "refuse"      // end with the place of the first
	Whole       Gaps = "whole"       // leave meters with gaps out
	Interpolate Gaps = "interpolate" // put values on the line between those around them; of registers energy is spread evenly
)

// GapWays returns all values of Gaps.
func GapWays() []Gaps { return []Gaps{Skip, Refuse, Whole, Interpolate} }

// MaxFilled is the longest gap that is filled; a longer one is left out.
const MaxFilled = 24 * time.Hour

// A series makes the rows of a trace from the values of each meter, in order of time.
type series struct {
	im      *importer
	started bool
	first   int64 // time of the meter's first value
	last    row   // the meter's last value that is taken
	seen    int64 // time of the last value that is
	carry   int64 // what was rounded off, in 1e-12 Wh: from -0.5e12 to below 0.5e12
	spacing
}

// spacing is what all meters say of the time from value to value.
type spacing struct {
	steps int64 // from a value to the next one of the meter
	odd   int64 // those that are no interval
	least int64 // in seconds
}

// fewest is the number of steps from which on they are judged.
const fewest = 10

func (s *spacing) add(between, interval int64) {
	if s.steps++; s.steps == 1 || between < s.least {
		s.least = between
	}
	if between != interval {
		s.odd++
	}
}

// checkSpacing returns an error where most values are not an interval apart: then the interval is wrong, and energy of
// power with it.
func (s *series) checkSpacing() error {
	interval := time.Duration(s.im.interval) * time.Second
	if s.im.interval == 0 || s.steps < fewest || 2*s.odd <= s.steps {
		return nil
	}
	least := time.Duration(s.least) * time.Second
	return &strictyaml.Error{
		File: s.im.summary.Files[0], Hint: fmt.Sprintf("give --set interval=%v if that is right", least),
		Msg: fmt.Sprintf("of %d values %d do not come %v after the one before, as the format says; the least time between two is %v",
			s.steps, s.odd, interval, least),
	}
}

func (s *series) add(r row) error {
	im := s.im
	register := im.layout.register()
	if !s.started || r.meter != s.last.meter {
		*s = series{im: im, started: true, first: r.at, last: r, seen: r.at, spacing: s.spacing}
		if register {
			im.dropped(FirstReading, r)
			return nil
		}
		return s.emit(r)
	}
	if between := r.at - s.seen; between > 0 {
		s.seen = r.at
		s.spacing.add(between, im.interval)
	}
	switch between := r.at - s.last.at; {
	case between == 0 && r.value == s.last.value:
		im.dropped(Repeated, r)
		return nil
	case between == 0:
		im.dropped(Conflicting, r)
		return nil
	case im.interval > 0 && (r.at-s.first)%im.interval != 0:
		im.dropped(OffGrid, r)
		return nil
	}
	before := s.last
	s.last = r
	value := r.value
	if register {
		var ok bool
		if value, ok = s.difference(before, r); !ok {
			im.dropped(Reset, r)
			return nil
		}
	}
	missing := int64(0)
	if im.interval > 0 {
		missing = (r.at-before.at)/im.interval - 1
	}
	if missing == 0 {
		r.value = value
		return s.emit(r)
	}
	return s.gap(before, r, value, missing)
}

// difference returns the energy between two readings of a register, false where it was reset.
func (s *series) difference(before, r row) (energy, bool) {
	if !r.value.less(before.value) {
		return r.value.minus(before.value), true
	}
	l := s.im.layout
	if l.Rollover == "" {
		return energy{}, false
	}
	end, _ := l.parse([]byte(l.Rollover), l.Unit) // checked
	if end.less(before.value) {
		return energy{}, false
	}
	d := end.minus(before.value).plus(r.value)
	// A register that counts on is soon past 0; one that was reset may be anywhere.
	if !d.less(end.part(1, 2)) {
		return energy{}, false
	}
	s.im.summary.Rolled++
	return d, true
}

// gap takes the value after some missing intervals: of a register the energy of all of them.
func (s *series) gap(before, r row, value energy, missing int64) error {
	im := s.im
	sum := &im.summary.Gaps
	sum.Gaps++
	if sum.Gaps == 1 || r.file < s.im.firstGap.file || r.file == s.im.firstGap.file && r.line < s.im.firstGap.line {
		s.im.firstGap, sum.First = r, im.place(r)
	}
	sum.Intervals += missing
	sum.Longest = max(sum.Longest, missing)
	im.incomplete[r.meter] = true
	fill := im.options.Gaps == Interpolate && missing <= int64(MaxFilled/time.Second)/im.interval
	if im.options.Gaps == Refuse {
		place := im.place(r)
		return &strictyaml.Error{
			File: place.File, Line: place.Line, Column: place.Column, Hint: "leave it out with --gaps skip",
			Msg: fmt.Sprintf("before this value %s of meter %.80q %s missing, from %s on", printable.Count(missing, "interval"), im.names[r.meter],
				map[bool]string{true: "is", false: "are"}[missing == 1], time.Unix(before.at, 0).UTC().Format(time.RFC3339)),
		}
	}
	if im.layout.register() && !fill {
		im.dropped(AcrossGap, r)
		return nil
	}
	if fill {
		spread := energy{}
		for k := int64(1); k <= missing; k++ {
			between := r
			between.at = before.at + k*im.interval
			if im.layout.register() {
				upTo := value.part(k, missing+1)
				between.value, spread = upTo.minus(spread), upTo
			} else {
				between.value = line(before.value, r.value, k, missing+1)
			}
			im.summary.Filled++
			if err := s.emit(between); err != nil {
				return err
			}
		}
		value = value.minus(spread)
	}
	r.value = value
	return s.emit(r)
}

// line returns the value at k of n steps from a to b.
func line(a, b energy, k, n int64) energy {
	if b.less(a) {
		return b.plus(a.minus(b).part(n-k, n))
	}
	return a.plus(b.minus(a).part(k, n))
}

// emit rounds a value to whole Wh. What is rounded off is added to the next value of the meter, so that sums of a meter
// are exact to half a Wh over any time.
func (s *series) emit(r row) error {
	exact := r.value.pico == 0
	rest := r.value.pico + s.carry // from -0.5e12 to below 1.5e12
	wh := r.value.wh
	if rest >= pico/2 {
		wh, rest = wh+1, rest-pico
	}
	s.carry = rest
	r.value = energy{wh: wh}
	if !exact {
		r.value.pico = 1 // counted as rounded
	}
	return s.im.ordered.add(r)
}
