package arrival

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// header is the first line of every trace.
var header = [3]string{"time", "meter", "value"}

// TraceError says what is wrong with a trace, and where.
type TraceError struct {
	File   string
	Line   int // from 1
	Column int // from 1, in bytes
	Msg    string
}

// Error returns file:line:column: message.
func (e *TraceError) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
}

// ReadTrace reads a trace in CSV (RFC 4180) with the header time,meter,value. file is its name in errors: of
// type *TraceError where the text is wrong, or that of the reader.
//
//   - time is either in seconds, from whatever instant on, or in RFC 3339, the
//     same in all rows; no row is earlier than the one before it. Digits beyond
//     the nanosecond are ignored.
//   - meter is the meter's id, any text without control characters.
//   - value is a decimal number.
func ReadTrace(file string, from io.Reader) (*Trace, error) {
	text := bufio.NewReader(from)
	if mark, _ := text.Peek(3); string(mark) == "\ufeff" { // as spreadsheets write it
		text.Discard(len(mark))
	}
	r := traceReader{file: file, csv: csv.NewReader(text), meters: map[string]uint32{}}
	r.csv.FieldsPerRecord = len(header)
	r.csv.ReuseRecord = true
	for head := true; ; head = false {
		fields, err := r.csv.Read()
		switch {
		case err == io.EOF && len(r.trace.at) == 0:
			return nil, &TraceError{file, 1, 1, "there are no rows; want the line time,meter,value and one line per reading"}
		case err == io.EOF:
			return &r.trace, nil
		case err != nil:
			err = r.syntax(fields, err)
		case head:
			err = r.head(fields)
		default:
			err = r.row(fields)
		}
		if err != nil {
			return nil, err
		}
	}
}

// traceReader collects the rows of a trace.
type traceReader struct {
	file     string
	csv      *csv.Reader
	trace    Trace
	meters   map[string]uint32
	calendar bool  // times are in RFC 3339
	first    int64 // time of the first row, in ns
	last     int64 // time of the row read last, in ns
}

// syntax explains an error of the CSV reader.
func (r *traceReader) syntax(fields []string, err error) error {
	var wrong *csv.ParseError
	if !errors.As(err, &wrong) {
		return fmt.Errorf("read trace %s: %w", r.file, err)
	}
	msg := wrong.Err.Error()
	if errors.Is(err, csv.ErrFieldCount) {
		msg = fmt.Sprintf("the line has %d field(s); want time,meter,value", len(fields))
	}
	return &TraceError{r.file, wrong.Line, wrong.Column, msg}
}

// wrong returns the error about a field of the line read last.
func (r *traceReader) wrong(field int, format string, args ...any) error {
	line, column := r.csv.FieldPos(field)
	return &TraceError{r.file, line, column, fmt.Sprintf(format, args...)}
}

func (r *traceReader) head(fields []string) error {
	for i, name := range header {
		if fields[i] != name {
			return r.wrong(i, "column %d is named %.40q; the first line must be time,meter,value", i+1, fields[i])
		}
	}
	return nil
}

func (r *traceReader) row(fields []string) error {
	at, errTime := r.time(fields[0])
	meter, errMeter := r.meter(fields[1])
	value, errValue := parseValue(fields[2])
	for i, err := range []error{errTime, errMeter, errValue} {
		if err != nil {
			return r.wrong(i, "%v", err)
		}
	}
	r.trace.at = append(r.trace.at, at)
	r.trace.meter = append(r.trace.meter, meter)
	r.trace.value = append(r.trace.value, value)
	return nil
}

// time returns the time of a row since the first one.
func (r *traceReader) time(text string) (time.Duration, error) {
	instant, calendar, err := parseInstant(text)
	if err != nil {
		return 0, err
	}
	if len(r.trace.at) == 0 {
		r.calendar, r.first, r.last = calendar, instant, instant
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
	return time.Duration(instant - r.first), nil
}

// meter returns the index of a meter.
func (r *traceReader) meter(id string) (uint32, error) {
	if index, ok := r.meters[id]; ok {
		return index, nil
	}
	if err := checkMeter(id); err != nil {
		return 0, err
	}
	index := uint32(len(r.trace.meters))
	id = strings.Clone(id) // not the whole line
	r.meters[id] = index
	r.trace.meters = append(r.trace.meters, id)
	return index, nil
}

// checkMeter returns an error where an id is not distinct from others, or would not survive in CSV.
func checkMeter(id string) error {
	switch {
	case id == "":
		return errors.New("the meter has no id")
	case !utf8.ValidString(id):
		return fmt.Errorf("the meter's id %.40q is not valid UTF-8", id)
	case strings.ContainsFunc(id, unicode.IsControl):
		return fmt.Errorf("the meter's id %.40q has control characters", id)
	}
	return nil
}

func parseValue(text string) (float64, error) {
	value, err := strconv.ParseFloat(text, 64)
	// ParseFloat also knows Inf, NaN, hexadecimal numbers and digit separators.
	if err != nil || strings.Trim(text, "+-.0123456789eE") != "" {
		return 0, fmt.Errorf("the value %.40q is not a decimal number", text)
	}
	return value, nil
}

// parseInstant reads a time in seconds or, with calendar true, in RFC 3339. It returns nanoseconds, in RFC
// 3339 since 1970.
func parseInstant(text string) (ns int64, calendar bool, err error) {
	if !strings.Contains(text, ":") {
		ns, err := parseSeconds(text)
		return ns, false, err
	}
	var t time.Time
	if err := t.UnmarshalText([]byte(text)); err != nil { // strict, as time.Parse is not
		return 0, true, fmt.Errorf("the time %.40q is not in RFC 3339, such as 2026-01-31T06:15:00Z", text)
	}
	ns, err = nanoseconds(t.Unix(), int64(t.Nanosecond()))
	return ns, true, err
}

// parseSeconds reads a decimal number of seconds exactly, as a floating-point number would not: of the
// seconds since 1970 it has 7 decimals at most.
func parseSeconds(text string) (int64, error) {
	digits, negative := strings.CutPrefix(text, "-")
	whole, decimals, point := strings.Cut(digits, ".")
	if strings.Trim(whole+decimals, "0123456789") != "" || whole == "" || point && decimals == "" {
		return 0, fmt.Errorf("the time %.40q is neither in seconds, such as 12.5, nor in RFC 3339", text)
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return nanoseconds(math.MaxInt64, 0) // it has too many digits
	}
	rest, _ := strconv.ParseInt((decimals + "000000000")[:9], 10, 64) // digits only
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

// formatSeconds writes d, at least 0, in seconds with as many decimals as it takes.
func formatSeconds(d time.Duration) string {
	text := strconv.FormatInt(int64(d/time.Second), 10)
	if rest := d % time.Second; rest > 0 {
		text += strings.TrimRight(fmt.Sprintf(".%09d", int64(rest)), "0")
	}
	return text
}
