package meterdata

import (
	"fmt"

	"meterbench/internal/strictyaml"
)

// checkNEM12 checks a layout of files in the form NEM12 of the Australian market operator: lines begin with the number of
// their kind, 100 header, 200 a meter's channel with unit and interval, 300 a day of it, 400 flags of intervals of that
// day, 500 a business event, 900 the end.
func checkNEM12(l Layout) *strictyaml.Problem {
	c := l.Columns
	switch {
	case len(c.Meter)+len(c.Time)+len(c.Values) > 0 || c.Value != "" || c.Unit != "" || c.OBIS != "":
		return strictyaml.Problemf("leave them out", "columns", "NEM12 says what its columns are")
	case l.Interval != 0:
		return strictyaml.Problemf("leave it out", "interval", "NEM12 says which time a value covers")
	case l.Season.Column != "":
		return strictyaml.Problemf("leave it out", "season", "NEM12 is in standard time")
	case l.Quality.Column != "" && l.Quality.Column != "QualityMethod":
		return strictyaml.Problemf("as quality: {column: QualityMethod, drop: [V]}", "quality.column", "NEM12 has the flag QualityMethod")
	}
	for i, f := range l.Where {
		if f.Column != "NMISuffix" {
			return strictyaml.Problemf("as where: [{column: NMISuffix, is: [E1]}]", fmt.Sprintf("where[%d].column", i), "NEM12 is filtered by NMISuffix")
		}
	}
	return nil
}

// nem12 reads a file of that form.
type nem12 struct {
	table
	begun, ended bool
	unit         Unit
	meter        uint32
	taken, known bool // the channel's values
	why          Reason
	intervals    int
	day          []dayValue
	dayText      []byte // of the values
	dayLine      int
}

// A dayValue is a value of a line 300.
type dayValue struct {
	m                  moment
	begin, end, column int
	flagged            bool
}

func newNEM12(im *importer, in *lines) (func([]byte, []field) error, func() error) {
	n := &nem12{table: table{im: im, in: in}}
	return n.line, n.end
}

func (n *nem12) end() error {
	if err := n.flush(); err != nil {
		return err
	}
	if !n.begun {
		return n.in.wrong(field{}, "", "the file does not begin with a line 100,NEM12")
	}
	if !n.ended {
		return n.in.wrong(field{}, "fetch it again", "the file ends without a line 900: the rest is missing")
	}
	return nil
}

func (n *nem12) line(_ []byte, fields []field) error {
	kind := string(fields[0].text)
	if kind != "400" {
		if err := n.flush(); err != nil {
			return err
		}
	}
	switch {
	case !n.begun && (kind != "100" || len(fields) < 2 || string(fields[1].text) != "NEM12"):
		return n.in.wrong(fields[0], "", "the file does not begin with a line 100,NEM12")
	case n.ended && kind != "100":
		return n.in.wrong(fields[0], "", "there is a line %.10q behind the end, 900", kind)
	}
	switch kind {
	case "100":
		n.begun, n.ended, n.known = true, false, false
	case "200":
		return n.line200(fields)
	case "300":
		return n.line300(fields)
	case "400":
		return n.line400(fields)
	case "500":
	case "900":
		n.ended = true
	default:
		return n.in.wrong(fields[0], "", "a line begins with %.40q; want 100, 200, 300, 400, 500 or 900", kind)
	}
	return nil
}

// line200 reads a channel of a meter.
func (n *nem12) line200(fields []field) error {
	if len(fields) < 9 {
		return n.in.wrong(fields[0], "", "a line 200 has %d columns; want 9 or more", len(fields))
	}
	nmi, suffix, unit, length := fields[1], fields[4], fields[7], fields[8]
	n.known, n.taken, n.why = true, false, Filtered
	minutes := 0
	switch string(length.text) {
	case "5":
		minutes = 5
	case "15":
		minutes = 15
	case "30":
		minutes = 30
	default:
		return n.in.wrong(length, "", "the interval is %.40q minutes; want 5, 15 or 30", length.text)
	}
	n.intervals = 24 * 60 / minutes
	for _, f := range n.im.layout.Where {
		if !isOne(f.Is, suffix.text) {
			return nil
		}
	}
	u, ok := unitOf(unit.text)
	if !ok || u.power() {
		return n.in.wrong(unit, "leave the channel out with where, by its NMISuffix", "the unit %.40q is none of energy", unit.text)
	}
	seconds := int64(minutes) * 60
	if n.im.interval != 0 && n.im.interval != seconds {
		return n.in.wrong(length, "import such channels apart", "the interval is %d minutes, and that of channels before is %d", minutes, n.im.interval/60)
	}
	n.im.interval, n.im.clock.interval, n.unit = seconds, seconds, u
	n.meterName = append(append(append(n.meterName[:0], nmi.text...), '-'), suffix.text...)
	var err error
	if n.meter, n.taken, err = n.im.meter(n.meterName); err != nil {
		return n.in.wrong(nmi, "", "%v", err)
	}
	n.why = MoreMeters
	return nil
}

// line300 reads a day. Its values wait for lines 400.
func (n *nem12) line300(fields []field) error {
	switch {
	case !n.known:
		return n.in.wrong(fields[0], "", "a line 300 comes before a line 200")
	case len(fields) < 2+n.intervals+1:
		return n.in.wrong(fields[0], "", "a line 300 has %d columns; want a date, %d values and a flag", len(fields), n.intervals)
	}
	n.im.summary.Rows++
	if !n.taken {
		n.im.drop(n.why, int64(n.intervals), n.place(fields[2]))
		return nil
	}
	w, err := n.im.clock.pattern.parse(fields[1].text, 0)
	if err != nil {
		return n.in.wrong(fields[1], "", "%v", err)
	}
	flagged := n.flagged(fields[2+n.intervals].text)
	n.dayText, n.dayLine = n.dayText[:0], n.in.line
	for i := range n.intervals {
		w.period = i + 1
		m, err := n.im.clock.moment(w)
		if err != nil {
			return n.in.wrong(fields[1], "", "%v", err)
		}
		f := fields[2+i]
		begin := len(n.dayText)
		n.dayText = append(n.dayText, f.text...)
		n.day = append(n.day, dayValue{m, begin, len(n.dayText), f.column, flagged})
	}
	return nil
}

// flush takes the values of the line 300 read last.
func (n *nem12) flush() error {
	if len(n.day) == 0 {
		return nil
	}
	line := n.in.line
	n.in.line = n.dayLine
	for _, v := range n.day {
		if err := n.cell(n.meter, v.m, field{n.dayText[v.begin:v.end], v.column}, n.unit, v.flagged); err != nil {
			return err
		}
	}
	n.in.line, n.day = line, n.day[:0]
	return nil
}

// flagged reports whether a flag, as A or S14, makes values missing: its first character counts.
func (n *nem12) flagged(text []byte) bool {
	q := n.im.layout.Quality
	if q.Column == "" || len(text) == 0 {
		return false
	}
	if len(q.Keep) > 0 {
		return !isOne(q.Keep, text[:1])
	}
	return isOne(q.Drop, text[:1])
}

// line400 reads the flag of some intervals of the day, from 1.
func (n *nem12) line400(fields []field) error {
	if !n.taken {
		return nil
	}
	if len(fields) < 4 || len(n.day) == 0 {
		return n.in.wrong(fields[0], "", "a line 400 needs a line 300 above it, and first, last and flag")
	}
	from, ok1 := smallNumber(fields[1].text)
	to, ok2 := smallNumber(fields[2].text)
	if !ok1 || !ok2 || from < 1 || to < from || to > len(n.day) {
		return n.in.wrong(fields[1], "", "the intervals %.10q to %.10q are not within 1 and %d", fields[1].text, fields[2].text, len(n.day))
	}
	for i := from - 1; i < to; i++ {
		n.day[i].flagged = n.flagged(fields[3].text)
	}
	return nil
}

func smallNumber(text []byte) (n int, ok bool) {
	for _, c := range text {
		if c < '0' || c > '9' || n > 1000 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	return n, len(text) > 0
}
