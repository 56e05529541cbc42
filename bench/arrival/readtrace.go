package arrival

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// header is the first line of every trace.
var header = [3]string{"time", "meter", "value"}

// The limits of a trace. A row takes 24 bytes of memory, a meter 48 and its id.
const (
	MaxTraceBytes  = 128 << 20 // of the file
	MaxTraceRows   = 4_000_000
	MaxTraceMeters = 250_000
	MaxTraceLine   = 4 << 10 // bytes of a line
	MaxMeterID     = 64      // bytes of a meter's id
)

// TraceError says what is wrong with a trace, and where.
type TraceError struct {
	File   string
	Line   int // from 1
	Column int // from 1, in bytes
	Msg    string
	Hint   string // what to do, may be empty
}

// Error returns file:line:column: message; hint.
func (e *TraceError) Error() string {
	text := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// ReadTrace reads a trace in CSV (RFC 4180) with the header time,meter,value. file is its name in errors: of
// type *TraceError where the text is wrong, or that of the reader or the context.
//
//   - time is either in seconds, from whatever instant on, or in RFC 3339, with
//     its offset from UTC, the same in all rows; no row is earlier than the one
//     before it. Digits beyond the nanosecond are ignored. In RFC 3339, and of
//     registers, a meter has one row at a time; in seconds, as the instants of
//     a load, it may have several.
//   - meter is the meter's id, any text without control characters.
//   - value is a decimal number in the form's unit, a whole number of Wh.
//
// Of registers the first value of each meter is where it begins, and every other row becomes the energy since the row
// before. A form that does not say what values are is refused where they look like registers.
func ReadTrace(ctx context.Context, file string, from io.Reader, form Form) (*Trace, error) {
	r := traceReader{ctx: ctx, file: file, form: form, text: bufio.NewReaderSize(from, MaxTraceLine), meters: map[string]uint32{}}
	begin, err := r.text.Peek(LongestMagic)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("read trace %s: %w", file, err)
	}
	if wrong := sniff(begin); wrong != nil {
		return nil, r.wrong(field{}, wrong)
	}
	if mark := "\ufeff"; bytes.HasPrefix(begin, []byte(mark)) { // as spreadsheets write it
		r.text.Discard(len(mark))
	}
	for {
		err := r.next()
		if err == io.EOF {
			return r.finish()
		}
		if err != nil {
			return nil, err
		}
	}
}

// traceReader collects the rows of a trace. It is no encoding/csv: that would hold a line, or a quoted field, however
// long, and make garbage of every row.
type traceReader struct {
	ctx      context.Context
	file     string
	form     Form
	text     *bufio.Reader
	line     int // read last
	headed   bool
	trace    Trace
	meters   map[string]uint32
	columns  []column // by meter
	calendar bool     // times are in RFC 3339
	started  bool     // there was a row
	first    int64    // time of the first row, in ns
	last     int64    // time of the row read last, in ns
	base     int64    // time of the first row of the trace, in ns
	spacing  spacing
}

// wrong returns the error about a field of the line read last.
func (r *traceReader) wrong(at field, err error) error {
	e := &TraceError{File: r.file, Line: max(1, r.line), Column: at.column + 1, Msg: err.Error()}
	if wrong, ok := err.(*refusal); ok {
		e.Hint = wrong.hint
	}
	return e
}

// next reads a line.
func (r *traceReader) next() error {
	line, err := r.text.ReadSlice('\n')
	if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
		return fmt.Errorf("read trace %s: %w", r.file, err)
	}
	if len(line) == 0 {
		return io.EOF
	}
	if r.line++; r.line%1024 == 0 {
		if err := r.ctx.Err(); err != nil {
			return fmt.Errorf("read trace %s: %w", r.file, err)
		}
	}
	if err == bufio.ErrBufferFull {
		return r.wrong(field{}, fmt.Errorf("the line is longer than %d bytes", MaxTraceLine))
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if len(line) == 0 {
		return nil
	}
	fields, n, at, err := split(line)
	if !r.headed {
		if separated := checkSeparator(line); separated != nil {
			return r.wrong(field{}, separated)
		}
	}
	switch {
	case err != nil:
		return r.wrong(at, err)
	case n != len(fields):
		return r.wrong(field{}, fmt.Errorf("the line has %d field(s); want time,meter,value", n))
	case !r.headed:
		return r.head(fields)
	}
	return r.row(fields)
}

func (r *traceReader) head(fields [3]field) error {
	for i, name := range header {
		if string(fields[i].text) != name {
			return r.wrong(fields[i], fmt.Errorf("column %d is named %.40q; the first line must be time,meter,value", i+1, fields[i].text))
		}
	}
	r.headed = true
	return nil
}

func (r *traceReader) row(fields [3]field) error {
	instant, err := r.time(fields[0].text)
	if err != nil {
		return r.wrong(fields[0], err)
	}
	meter, err := r.meter(fields[1].text)
	if err != nil {
		return r.wrong(fields[1], err)
	}
	wh, err := r.form.wattHours(fields[2].text)
	if err != nil {
		return r.wrong(fields[2], err)
	}
	c := &r.columns[meter]
	at := time.Duration(instant - r.first)
	switch {
	case c.rows == 0:
		c.line, c.place = uint32(r.line), uint32(fields[2].column)
	case at == c.at && (r.calendar || r.form.Values == Register):
		return r.wrong(fields[0], refuse("keep one of them", "meter %.80q has two rows at this time", r.trace.meters[meter]))
	default:
		r.spacing.add(int64(at - c.at))
	}
	c.at = at
	energy, emit, err := c.add(r.form.Values, wh)
	switch {
	case err != nil:
		return r.wrong(fields[2], err)
	case !emit:
		return nil
	case r.trace.Len() == MaxTraceRows:
		return r.wrong(fields[0], refuse("split the trace", "the trace has more than %d rows", MaxTraceRows))
	case r.trace.Len() == 0:
		r.base = instant
	}
	r.trace.add(row{at: time.Duration(instant - r.base), wh: energy, meter: meter})
	if energy > r.trace.largest.Wh || r.trace.Len() == 1 {
		r.trace.largest = Place{Wh: energy, Line: r.line, Column: fields[2].column + 1}
	}
	return nil
}

// time returns the instant of a row, in ns.
func (r *traceReader) time(text []byte) (int64, error) {
	instant, calendar, err := parseInstant(text)
	if err != nil {
		return 0, err
	}
	if !r.started {
		r.started, r.calendar, r.first, r.last = true, calendar, instant, instant
	}
	switch {
	case calendar && !r.calendar:
		return 0, errors.New("the time is in RFC 3339, that of the first row is in seconds")
	case !calendar && r.calendar:
		return 0, errors.New("the time is in seconds, that of the first row is in RFC 3339")
	case instant < r.last:
		return 0, errors.New("the time is before that of the row above; sort the rows by time")
	case instant-r.first < 0: // overflow
		return 0, errors.New("the time is more than 292 years after that of the first row")
	}
	r.last = instant
	return instant, nil
}

// meter returns the index of a meter.
func (r *traceReader) meter(id []byte) (uint32, error) {
	if index, ok := r.meters[string(id)]; ok {
		return index, nil
	}
	if err := CheckMeter(string(id)); err != nil {
		return 0, err
	}
	if len(r.columns) == MaxTraceMeters {
		return 0, fmt.Errorf("the trace has more than %d meters", MaxTraceMeters)
	}
	index := uint32(len(r.columns))
	name := string(id)
	r.meters[name] = index
	r.trace.meters = append(r.trace.meters, name)
	r.columns = append(r.columns, column{})
	return index, nil
}

// finish returns the trace, unless it has no rows or they are not known to be what they are taken for.
func (r *traceReader) finish() (*Trace, error) {
	if !r.started {
		r.line = 1
		return nil, r.wrong(field{}, errors.New("there are no rows; want the line time,meter,value and one line per reading"))
	}
	ask, all := -1, false
	switch r.form.Values {
	case "":
		ask, all = asks(r.columns)
	case Register:
		for i, c := range r.columns {
			if c.rows == 1 {
				return nil, r.about(i, refuse("leave it out", "meter %.80q has one row, and a register tells energy from two on", r.trace.meters[i]))
			}
		}
	}
	if ask >= 0 {
		return nil, r.about(ask, r.form.question(&r.columns[ask], r.trace.meters[ask], len(r.columns), all))
	}
	if r.calendar || r.first >= since2001*int64(time.Second) {
		r.trace.interval = r.spacing.interval(r.form.Values)
	}
	return &r.trace, nil
}

// about returns the error about the values of a meter, at the first of them.
func (r *traceReader) about(meter int, err error) error {
	c := r.columns[meter]
	r.line = int(c.line)
	return r.wrong(field{column: int(c.place)}, err)
}

// CheckMeter returns an error where an id is not distinct from others, or would not survive in CSV.
func CheckMeter(id string) error {
	switch {
	case id == "":
		return errors.New("the meter has no id")
	case len(id) > MaxMeterID:
		return fmt.Errorf("the meter's id %.40q is longer than %d bytes", id, MaxMeterID)
	case !utf8.ValidString(id):
		return fmt.Errorf("the meter's id %.40q is not valid UTF-8", id)
	case strings.ContainsFunc(id, unicode.IsControl):
		return fmt.Errorf("the meter's id %.40q has control characters", id)
	case strings.ContainsRune("=+-@", rune(id[0])):
		return fmt.Errorf("the meter's id %.40q begins as a formula does, and spreadsheets would compute it", id)
	}
	return nil
}

// parseInstant reads a time in seconds or, with calendar true, in RFC 3339. It returns nanoseconds, in RFC
// 3339 since 1970.
func parseInstant(text []byte) (ns int64, calendar bool, err error) {
	if bytes.IndexByte(text, ':') < 0 {
		ns, err := parseSeconds(text)
		return ns, false, err
	}
	var t time.Time
	if err := t.UnmarshalText(text); err != nil { // strict, as time.Parse is not
		wrong := refuse("", "the time %.40q is not in RFC 3339, such as 2026-01-31T06:15:00Z", text)
		if local(text) {
			wrong.hint = "add the offset from UTC, as in +01:00: without it an hour of autumn comes twice"
		}
		return 0, true, wrong
	}
	ns, err = nanoseconds(t.Unix(), int64(t.Nanosecond()))
	return ns, true, err
}

// local reports whether a text would be a time in RFC 3339 with Z behind it.
func local(text []byte) bool {
	var t time.Time
	utc := bytes.Replace(append(bytes.Clone(text), 'Z'), []byte(" "), []byte("T"), 1)
	return t.UnmarshalText(utc) == nil
}

// parseSeconds reads a decimal number of seconds exactly, as a floating-point number would not: of the
// seconds since 1970 it has 7 decimals at most.
func parseSeconds(text []byte) (int64, error) {
	number, negative := bytes.CutPrefix(text, []byte("-"))
	whole, decimals, point := bytes.Cut(number, []byte("."))
	if !allDigits(whole) || !allDigits(decimals) || len(whole) == 0 || point && len(decimals) == 0 {
		return 0, fmt.Errorf("the time %.40q is neither in seconds, such as 12.5, nor in RFC 3339", text)
	}
	seconds, ok := digits(whole)
	if !ok {
		seconds = math.MaxInt64
	}
	rest := int64(0)
	for i := range 9 {
		rest *= 10
		if i < len(decimals) {
			rest += int64(decimals[i] - '0')
		}
	}
	ns, err := nanoseconds(seconds, rest)
	if negative {
		ns = -ns
	}
	return ns, err
}

// nanoseconds returns an instant in ns; rest is from 0 to below 1e9.
func nanoseconds(seconds, rest int64) (int64, error) {
	const most = math.MaxInt64 / 1_000_000_000
	if seconds >= most || seconds < -most {
		return 0, errors.New("the time is out of range: more than 9.2e9 seconds, or before 1678 or after 2261; times are in seconds, not smaller units")
	}
	return seconds*1_000_000_000 + rest, nil
}
