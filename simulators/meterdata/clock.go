package meterdata

import (
	"errors"
	"time"
	_ "time/tzdata" // a bare machine has no time zones

	"meterbench/bench/arrival"
)

// location returns the time zone of a layout, UTC where times have an offset.
func (l Layout) location() (*time.Location, error) {
	if l.Zone == "Local" {
		return nil, errors.New("the zone of this machine says nothing of the file")
	}
	return time.LoadLocation(l.Zone)
}

// A clock turns local times into instants, in seconds since 1970.
type clock struct {
	zone       *time.Location
	from, to   int64 // of the offset found last
	offset     int64
	pattern    pattern
	epoch      int64 // the day before day 1
	start      bool  // times are those of the begin of an interval
	sum        bool  // the doubled hour comes once
	skips      bool  // intervals are numbered without those of the missing hour
	register   bool
	interval   int64 // seconds, 0 unknown
	isAbsolute bool
}

func newClock(l Layout) (*clock, error) {
	zone, err := l.location()
	if err != nil {
		return nil, err
	}
	p, err := compilePattern(l.Time)
	if err != nil {
		return nil, err
	}
	c := &clock{
		zone: zone, pattern: p, start: l.Stamp == Start, sum: l.Autumn == Sum, skips: l.Spring == Skipped, register: l.Kind == arrival.Register,
		interval: int64(l.Interval / time.Second), isAbsolute: p.absolute(), to: -1,
	}
	if epoch, err := time.Parse(time.DateOnly, l.Epoch); err == nil {
		c.epoch = epoch.Unix()/86400 - 1
	}
	return c, nil
}

// offsetAt returns the zone's offset from UTC at an instant.
func (c *clock) offsetAt(at int64) int64 {
	if at >= c.from && at < c.to {
		return c.offset
	}
	t := time.Unix(at, 0).In(c.zone)
	_, seconds := t.Zone()
	begin, end := t.ZoneBounds()
	c.from, c.to, c.offset = -1<<62, 1<<62, int64(seconds)
	if !begin.IsZero() {
		c.from = begin.Unix()
	}
	if !end.IsZero() {
		c.to = end.Unix()
	}
	return c.offset
}

// instants returns the instants at which the local clock shows a time, in seconds since 1970 as if it were UTC: one, two
// where it is set back, the earlier first, none where it is set forward.
func (c *clock) instants(local int64) (at [2]int64, n int) {
	before, after := c.offsetAt(local-86400), c.offsetAt(local+86400)
	if before == after {
		return [2]int64{local - before}, 1
	}
	for _, offset := range [2]int64{max(before, after), min(before, after)} {
		if c.offsetAt(local-offset) == offset {
			at[n] = local - offset
			n++
		}
	}
	return at, n
}

// shown is instants, but where the clock is set forward at that time, it is the instant at which that happens.
func (c *clock) shown(local int64) (at [2]int64, n int) {
	if at, n = c.instants(local); n > 0 {
		return at, n
	}
	at, n = c.instants(local - 1)
	at[0]++
	return at, min(n, 1)
}

// ending returns the moment of the end of an interval. Where the clock is set back an hour before that time, it may be
// the end of the hour before that as well, written as the clock would have shown it.
func (c *clock) ending(local int64) (m moment) {
	m.at, m.n = c.shown(local)
	if before, n := c.instants(local - 1); n == 2 && m.n == 1 {
		m.at, m.n, m.limit = [2]int64{before[0] + 1, m.at[0]}, 2, true
		if !c.register {
			m.step = c.interval
		}
	}
	return m
}

// midnight returns the first instant of a local day.
func (c *clock) midnight(day int64) int64 {
	at, _ := c.shown(day * 86400)
	return at[0]
}

// A moment is when a cell's interval ended: at one of n instants. Both are meant where both is set.
type moment struct {
	at    [2]int64
	n     int
	both  bool
	limit bool  // the first of two instants is that of the clock before it was set back
	step  int64 // which then is as long after the value before, in seconds; 0: not known
}

var errPeriod = errors.New("the day has fewer intervals")

// moment returns when the value of a time ended.
func (c *clock) moment(w wall) (m moment, err error) {
	local := w.day*86400 + w.secs
	switch {
	case c.isAbsolute:
		m.at[0], m.n = local-w.offset, 1
		if c.start {
			m.at[0] += c.interval
		}
		return m, nil
	case c.sum:
		if w.period > 0 {
			local = w.day*86400 + int64(w.period)*c.interval
		}
		if !c.start || w.period > 0 {
			local -= c.interval
		}
		m.at, m.n = c.instants(local)
		m.both = m.n == 2
		m.at[0] += c.interval
		m.at[1] += c.interval
		return m, nil
	case w.period > 0:
		begin, end := c.midnight(w.day), c.midnight(w.day+1)
		if c.skips && end-begin < 86400 {
			if local += int64(w.period) * c.interval; local > (w.day+1)*86400 {
				return m, errPeriod
			}
			m.at, m.n = c.shown(local)
			return m, nil
		}
		m.at[0] = begin + int64(w.period)*c.interval
		if m.at[0] > end {
			return m, errPeriod
		}
		m.n = 1
		return m, nil
	case c.start:
		m.at, m.n = c.instants(local)
		m.at[0] += c.interval
		m.at[1] += c.interval
		return m, nil
	}
	return c.ending(local), nil
}

// A direction is the order of times in a file so far, of one meter or of all: it tells the two hours of autumn apart.
type direction struct {
	last   int64
	known  bool
	falls  bool
	season int8 // of the row: 1 summer, -1 winter, 0 not said
}

// resolve leaves the one instant that is meant, unless both are.
func (m moment) resolve(d *direction) moment {
	if m.n > 0 && !m.both {
		m.at[0], m.n = d.pick(m), 1
	}
	return m
}

// continues reports whether an instant is one step on in the order of the file.
func (d *direction) continues(at, step int64) bool {
	if d.falls {
		step = -step
	}
	return d.known && step != 0 && at-d.last == step
}

// pick returns the one of two instants that continues the order of the file.
func (d *direction) pick(m moment) int64 {
	at := m.at[0]
	if m.n == 2 {
		switch {
		case d.season > 0:
		case d.season < 0:
			at = m.at[1]
		case m.limit:
			if !d.continues(m.at[0], m.step) {
				at = m.at[1]
			}
		case d.known && d.falls && m.at[1] < d.last:
			at = m.at[1]
		case d.known && !d.falls && m.at[0] <= d.last:
			at = m.at[1]
		}
	}
	if d.known && at != d.last {
		d.falls = at < d.last
	}
	d.last, d.known = at, true
	return at
}
