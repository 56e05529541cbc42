package meterdata

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxPreamble is how many lines may stand above the line that names the columns.
const maxPreamble = 100

// A table reads lines whose columns a header names, or that have none.
type table struct {
	im      *importer
	in      *lines
	header  []byte // the line that names the columns; nil: not found yet
	least   int    // fields that a line needs
	width   int    // fields of the header, or of the first line
	nearest error  // what is missing in the line that came nearest to a header
	found   int    // columns in that line

	meter, time       []int
	value, unit, obis int // -1: none
	season, quality   int
	where             []int
	values            []valueColumn
	scratch           []byte
	meterName         []byte
	onlyMeter         uint32
	onlyKnown, onlyOK bool
}

// A valueColumn is one of several columns of values.
type valueColumn struct {
	index     int
	name      []byte
	meter     uint32 // where the columns are meters
	known, ok bool
}

func newTable(im *importer, in *lines) *table { return &table{im: im, in: in} }

// reader returns what takes the lines: those after the header go to do.
func (t *table) reader(do func(fields []field) error) func([]byte, []field) error {
	return func(line []byte, fields []field) error {
		if t.header == nil {
			if t.im.layout.Header {
				return t.findHeader(line, fields)
			}
			if err := t.columns(fields); err != nil {
				return err
			}
			t.header = []byte{}
		}
		if len(t.header) > 0 && bytes.Equal(line, t.header) { // of a file put together from several
			return nil
		}
		if len(fields) < t.least {
			return t.in.wrong(field{column: len(line) + 1}, "", "the line has %d columns; want %d or more", len(fields), t.least)
		}
		if len(fields) > t.width && slices.ContainsFunc(fields[t.width:], func(f field) bool { return len(f.text) > 0 }) {
			return t.in.wrong(fields[t.width], "write a number with a decimal comma in quotes", "the line has %d columns, and the first one %d", len(fields), t.width)
		}
		t.im.summary.Rows++
		return do(fields)
	}
}

// findHeader takes the line for the header where it has all columns; others above it are left out.
func (t *table) findHeader(line []byte, fields []field) error {
	err := t.columns(fields)
	if err == nil {
		t.header = bytes.Clone(line)
		return nil
	}
	if t.in.line >= maxPreamble {
		return err
	}
	return nil
}

// end returns an error where no line was a header.
func (t *table) end() error {
	switch {
	case t.header != nil:
		return nil
	case t.nearest != nil:
		return t.nearest
	}
	return t.in.wrong(field{}, "", "there are no lines")
}

// columns finds the columns of the layout in a line. Its error is about the line with most of them so far.
func (t *table) columns(fields []field) error {
	l := t.im.layout
	found := 0
	var missing []string
	t.least, t.width = 0, len(fields)
	use := func(i int) int {
		t.least = max(t.least, i+1)
		return i
	}
	index := func(name string) int {
		if name == "" {
			return -1
		}
		if place, ok := strings.CutPrefix(name, "#"); ok {
			if n, err := strconv.Atoi(place); err == nil && n >= 1 && n <= len(fields) {
				return use(n - 1)
			}
		} else if i := slices.IndexFunc(fields, func(f field) bool { return string(f.text) == name }); i >= 0 && l.Header {
			found++
			return use(i)
		}
		missing = append(missing, name)
		return -1
	}
	all := func(names []string) (at []int) {
		for _, name := range names {
			at = append(at, index(name))
		}
		return at
	}
	t.meter, t.time, t.value = all(l.Columns.Meter), all(l.Columns.Time), index(l.Columns.Value)
	t.unit, t.obis, t.season, t.quality = index(l.Columns.Unit), index(l.Columns.OBIS), index(l.Season.Column), index(l.Quality.Column)
	t.where = nil
	for _, f := range l.Where {
		t.where = append(t.where, index(f.Column))
	}
	t.values = nil
	taken := make([]bool, len(fields))
	for _, i := range slices.Concat(t.meter, t.time, t.where, []int{t.unit, t.obis, t.season, t.quality}) {
		if i >= 0 {
			taken[i] = true
		}
	}
	for _, pattern := range l.Columns.Values {
		before := len(t.values)
		for i, f := range fields {
			name, pattern := string(f.text), pattern
			if strings.HasPrefix(pattern, "#") {
				name = "#" + strconv.Itoa(i+1)
			}
			if taken[i] || !glob(pattern, name) {
				continue
			}
			if len(l.OBIS) > 0 && l.Columns.OBIS == "" && !takesOBIS(t.im.codes, name) {
				continue
			}
			taken[i] = true
			t.values = append(t.values, valueColumn{index: use(i), name: bytes.Clone([]byte(name))})
			found++
		}
		if len(t.values) == before {
			missing = append(missing, pattern)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if t.nearest == nil || found > t.found {
		var names []string
		for _, f := range fields[:min(8, len(fields))] {
			names = append(names, fmt.Sprintf("%.40q", f.text))
		}
		if len(fields) > 8 {
			names = append(names, "…")
		}
		hint := "give columns in --set, as columns.value=NAME, or another separator"
		t.nearest = t.in.wrong(field{}, hint, "there is no column %q in this line, which has %s", missing[0], strings.Join(names, ", "))
		t.found = found
	}
	return t.nearest
}

func (t *table) place(f field) Place { return Place{t.in.file, t.in.line, f.column} }

// takes reports whether the layout's filters take a row.
func (t *table) takes(fields []field) bool {
	for i, f := range t.im.layout.Where {
		if !isOne(f.Is, fields[t.where[i]].text) {
			return false
		}
	}
	return t.obis < 0 || takesOBIS(t.im.codes, string(fields[t.obis].text))
}

func isOne(words []string, text []byte) bool {
	for _, w := range words {
		if w == string(text) {
			return true
		}
	}
	return false
}

// flagged reports whether the row's flag makes its values missing.
func (t *table) flagged(fields []field) bool {
	if t.quality < 0 {
		return false
	}
	q := t.im.layout.Quality
	if len(q.Keep) > 0 {
		return !isOne(q.Keep, fields[t.quality].text)
	}
	return isOne(q.Drop, fields[t.quality].text)
}

func (t *table) seasonOf(fields []field) int8 {
	if t.season < 0 {
		return 0
	}
	switch text := fields[t.season].text; {
	case isOne(t.im.layout.Season.Summer, text):
		return 1
	case isOne(t.im.layout.Season.Winter, text):
		return -1
	}
	return 0
}

func (t *table) unitOf(fields []field) (Unit, error) {
	if t.unit < 0 {
		return t.im.layout.Unit, nil
	}
	f := fields[t.unit]
	u, ok := unitOf(f.text)
	switch {
	case !ok:
		return "", t.in.wrong(f, "leave such rows out with where", "the unit %.40q is none of Wh, kWh, MWh, W, kW, MW", f.text)
	case t.im.layout.Unit != "" && t.im.layout.Unit != u:
		return "", t.in.wrong(f, "", "the unit is %s, and the format's is %s", u, t.im.layout.Unit)
	case u.power() && (t.im.layout.register() || t.im.layout.Interval == 0):
		return "", t.in.wrong(f, "give kind: interval and an interval", "the unit %s is of power, which is no energy", u)
	}
	return u, nil
}

// moment returns when the values of a row ended; period is the number of the interval in a day, 0 where the time says it.
func (t *table) moment(fields []field, period int) (moment, error) {
	text := fields[t.time[0]].text
	if len(t.time) > 1 {
		t.scratch = t.scratch[:0]
		for i, at := range t.time {
			if i > 0 {
				t.scratch = append(t.scratch, ' ')
			}
			t.scratch = append(t.scratch, fields[at].text...)
		}
		text = t.scratch
	}
	w, err := t.im.clock.pattern.parse(text, t.im.clock.epoch)
	if err != nil {
		return moment{}, t.in.wrong(fields[t.time[0]], fmt.Sprintf("it says time: %s; give another one with --set time=", t.im.layout.Time), "%v", err)
	}
	if period > 0 {
		w.period = period
	}
	m, err := t.im.clock.moment(w)
	if errors.Is(err, errPeriod) {
		return moment{}, nil
	}
	return m, err
}

// cell takes a value.
func (t *table) cell(meter uint32, m moment, f field, unit Unit, flagged bool) error {
	return t.im.cell(meter, m, t.in, f, unit, flagged)
}
