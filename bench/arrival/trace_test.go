package arrival_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"pgregory.net/rapid"

	"meterbench/bench/arrival"
)

func read(t testing.TB, text string) *arrival.Trace {
	t.Helper()
	trace, err := arrival.ReadTrace(t.Context(), "trace.csv", strings.NewReader(text), arrival.Form{})
	if err != nil {
		t.Fatal(err)
	}
	return trace
}

// rows returns the rows of a trace.
func rows(trace *arrival.Trace) []arrival.Row {
	var rows []arrival.Row
	for i := range trace.Len() {
		rows = append(rows, trace.Row(i))
	}
	return rows
}

func TestReadTrace(t *testing.T) {
	const ms = time.Millisecond
	tests := []struct {
		name, text string
		want       []arrival.Row
		meters     []string
	}{
		{"seconds", "time,meter,value\n0,a,1\n0.5,b,2.0\n0.5,a,01000\n", []arrival.Row{{0, 0, 1}, {500 * ms, 1, 2}, {500 * ms, 0, 1000}}, []string{"a", "b"}},
		{"since 1970", "time,meter,value\n1767139200.000000001,a,1\n1767139200.9999999999,a,2\n", []arrival.Row{{0, 0, 1}, {999_999_998, 0, 2}}, []string{"a"}},
		{"below 0", "time,meter,value\n-1.5,a,1\n-0.25,a,2\n1,a,3", []arrival.Row{{0, 0, 1}, {1250 * ms, 0, 2}, {2500 * ms, 0, 3}}, []string{"a"}},
		{"RFC 3339", "time,meter,value\n2026-03-29T01:59:59.5+01:00,a,1\n2026-03-29T03:00:00+02:00,a,2\n", []arrival.Row{{0, 0, 1}, {500 * ms, 0, 2}}, []string{"a"}},
		{"quotes, CRLF, byte order mark, empty lines", "\ufefftime,meter,value\r\n\r\n1,\"a,\"\"b\"\"\",1\r\n2,ü,2\r\n", []arrival.Row{{0, 0, 1}, {second, 1, 2}}, []string{`a,"b"`, "ü"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			trace := read(t, tt.text)
			if got := rows(trace); !slices.Equal(got, tt.want) {
				t.Errorf("%v, want %v", got, tt.want)
			}
			for i, want := range tt.meters {
				if got := trace.Meter(i); got != want || trace.Meters() != len(tt.meters) {
					t.Errorf("meter %d of %d is %q, want %q of %d", i, trace.Meters(), got, want, len(tt.meters))
				}
			}
		})
	}
}

func TestReadTraceErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "t.csv:1:1: there are no rows"},
		{"time,meter,value\n", "t.csv:1:1: there are no rows"},
		{"time,id,value\n", `t.csv:1:6: column 2 is named "id"; the first line must be time,meter,value`},
		{"0,a,1\n", `t.csv:1:1: column 1 is named "0"; the first`},
		{"time,meter,value\n0,a\n", "t.csv:2:1: the line has 2 field(s)"},
		{"time,meter,value\n0,a,1,2\n", "t.csv:2:1: the line has 4 field(s)"},
		{"time,meter,value\n0,\"a,1\n", `t.csv:2:3: the field's closing " is missing in this line`},
		{"time,meter,value\n0,a\"b,1\n", `t.csv:2:4: bare " in a field without quotes around it`},
		{"time,meter,value\n0,a,1\nx,a,1\n", `t.csv:3:1: the time "x" is neither in seconds, such as 12.5, nor in RFC 3339`},
		{"time,meter,value\n,a,1\n", `t.csv:2:1: the time "" is neither`},
		{"time,meter,value\n1.,a,1\n", `t.csv:2:1: the time "1." is neither`},
		{"time,meter,value\n1e3,a,1\n", `t.csv:2:1: the time "1e3" is neither`},
		{"time,meter,value\n1767139200000,a,1\n", "t.csv:2:1: the time is out of range"},
		{"time,meter,value\n99999999999999999999,a,1\n", "t.csv:2:1: the time is out of range"},
		{"time,meter,value\n1066-10-14T09:00:00Z,a,1\n", "t.csv:2:1: the time is out of range"},
		{"time,meter,value\n2026-01-31 06:15:00,a,1\n", `t.csv:2:1: the time "2026-01-31 06:15:00" is not in RFC 3339`},
		{"time,meter,value\n2026-02-30T06:15:00Z,a,1\n", "t.csv:2:1: the time \"2026-02-30T06:15:00Z\" is not in"},
		{"time,meter,value\n0,a,1\n2026-01-31T06:15:00Z,a,1\n", "t.csv:3:1: the time is in RFC 3339, that of the first row is in seconds"},
		{"time,meter,value\n2026-01-31T06:15:00Z,a,1\n5,a,1\n", "t.csv:3:1: the time is in seconds, that of"},
		{"time,meter,value\n1,a,1\n3,a,1\n\n2,a,1\n", "t.csv:5:1: the time is before that of the row above; sort"},
		{"time,meter,value\n-9000000000,a,1\n9000000000,a,1\n", "t.csv:3:1: the time is more than 292 years after"},
		{"time,meter,value\n0,,1\n", "t.csv:2:3: the meter has no id"},
		{"time,meter,value\n0,=1+1,1\n", `t.csv:2:3: the meter's id "=1+1" begins as a formula does, and spreadsheets would compute it`},
		{"time,meter,value\n0,a\x00,1\n", `t.csv:2:3: the meter's id "a\x00" has control characters`},
		{"time,meter,value\n0,a\xff,1\n", `t.csv:2:3: the meter's id "a\xff" is not valid UTF-8`},
	}
	for _, tt := range tests {
		trace, err := arrival.ReadTrace(t.Context(), "t.csv", strings.NewReader(tt.text), arrival.Form{})
		var where *arrival.TraceError
		if trace != nil || !errors.As(err, &where) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: error %v, want one with %q", tt.text, err, tt.want)
		}
	}
	_, err := arrival.ReadTrace(t.Context(), "t.csv", io.MultiReader(strings.NewReader("time,meter,value\n0,a,1\n"), iotest.ErrReader(io.ErrClosedPipe)), arrival.Form{})
	if !errors.Is(err, io.ErrClosedPipe) || !strings.Contains(err.Error(), "read trace t.csv") {
		t.Errorf("error %v of a broken reader", err)
	}
}

func TestReplayOffsets(t *testing.T) {
	trace := read(t, "time,meter,value\n1000,a,1\n1900,b,2\n1900,a,3\n2800.000000001,b,4\n")
	tests := []struct {
		speed float64
		want  []time.Duration
	}{
		{1, []time.Duration{0, 900 * second, 900 * second, 1800*second + 1}},
		{900, []time.Duration{0, second, second, 2 * second}},
		{0.5, []time.Duration{0, 1800 * second, 1800 * second, 3600*second + 2}},
		{13, []time.Duration{0, 69_230_769_231, 69_230_769_231, 138_461_538_462}},
		{1e-9, []time.Duration{0}},
	}
	for _, tt := range tests {
		if got := slices.Collect(arrival.Replay{Trace: trace, Speed: tt.speed}.Offsets(nil)); !slices.Equal(got, tt.want) {
			t.Errorf("speed %v: %v, want %v", tt.speed, got, tt.want)
		}
	}
}

func seq(rows []arrival.Row) iter.Seq2[arrival.Row, error] {
	return func(yield func(arrival.Row, error) bool) {
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
	}
}

func TestWriteTrace(t *testing.T) {
	var text bytes.Buffer
	ids := []string{"ptb-000000", `a "b", c`}
	err := arrival.WriteTrace(&text, func(i int) string { return ids[i] }, seq([]arrival.Row{
		{0, 0, 12}, {1, 1, 1}, {1500 * time.Millisecond, 0, 1_000_000}, {1500 * time.Millisecond, 0, 5}, {2 * time.Hour, 0, 0},
	}))
	want := `time,meter,value
0,ptb-000000,12
0.000000001,"a ""b"", c",1
1.5,ptb-000000,1000000
1.5,ptb-000000,5
7200,ptb-000000,0
`
	if err != nil || text.String() != want {
		t.Errorf("error %v, wrote\n%s", err, text.String())
	}
}

func TestWriteTraceErrors(t *testing.T) {
	broken := func(yield func(arrival.Row, error) bool) { yield(arrival.Row{}, io.ErrUnexpectedEOF) }
	tests := []struct {
		id   string
		rows iter.Seq2[arrival.Row, error]
		want string
	}{
		{"a", seq(nil), "no rows"},
		{"a", broken, "unexpected EOF"},
		{"", seq([]arrival.Row{{}}), "row 1: the meter has no id"},
		{"a\n", seq([]arrival.Row{{}}), "row 1: the meter's id \"a\\n\" has control characters"},
		{"a", seq([]arrival.Row{{At: -1}}), "row 1: its time, -1ns, is before 0s"},
		{"a", seq([]arrival.Row{{At: 2}, {At: 1}}), "row 2: its time, 1ns, is before 2ns"},
		{"a", seq([]arrival.Row{{}, {Wh: -1}}), "row 2: -1 Wh are not within 0 and 9000000000000000"},
		{"a", seq([]arrival.Row{{Wh: arrival.MaxWh + 1}}), "row 1: 9000000000000001 Wh are"},
		{strings.Repeat("a", arrival.MaxMeterID+1), seq([]arrival.Row{{}}), "row 1: the meter's id \"" + strings.Repeat("a", 40) + "\" is longer than 64 bytes"},
	}
	for _, tt := range tests {
		err := arrival.WriteTrace(io.Discard, func(int) string { return tt.id }, tt.rows)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want one with %q", err, tt.want)
		}
	}
	full := writer(func([]byte) (int, error) { return 0, io.ErrShortWrite })
	if err := arrival.WriteTrace(full, func(int) string { return "a" }, seq(make([]arrival.Row, 1))); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("error %v of a broken writer", err)
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// What is written can be read, and is the same.
func TestTraceRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.OneOf(rapid.StringMatching(`[^\x00-\x1f=+@\x7f-\x{10ffff}-][ -~]{0,11}`), rapid.StringMatching(`\pL{1,4}`))
		ids := rapid.SliceOfNDistinct(id, 1, 5, rapid.ID[string]).Draw(t, "ids")
		n := rapid.IntRange(1, 50).Draw(t, "rows")
		var want []arrival.Row
		at := time.Duration(0)
		for i := range n {
			// The index of a meter is its place in the trace.
			meter := rapid.IntRange(0, min(i, len(ids)-1)).Draw(t, "meter")
			if i < len(ids) {
				meter = i
			}
			want = append(want, arrival.Row{At: at, Meter: meter, Wh: rapid.Int64Range(0, arrival.MaxWh).Draw(t, "value")})
			at += time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "gap"))
		}
		var text bytes.Buffer
		if err := arrival.WriteTrace(&text, func(i int) string { return ids[i] }, seq(want)); err != nil {
			t.Fatal(err)
		}
		trace, err := arrival.ReadTrace(context.Background(), "trace.csv", &text, arrival.Form{Values: arrival.Interval})
		if err != nil {
			t.Fatal(err)
		}
		if got := rows(trace); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		for i := range trace.Meters() {
			if trace.Meter(i) != ids[i] {
				t.Fatalf("meter %d is %q, want %q", i, trace.Meter(i), ids[i])
			}
		}
	})
}

// FuzzTrace reads any text: an error with a position in it, or a trace that is in order and can be
// written and read again.
func FuzzTrace(f *testing.F) {
	for _, seed := range []string{
		"time,meter,value\n0,a,1\n0.5,b,-2.5\n",
		"\ufefftime,meter,value\r\n2026-01-31T06:15:00Z,\"a,\"\"b\"\"\",1e3\r\n2026-01-31T07:15:00.25+01:00,b,.5\r\n",
		"time,meter,value\n-9000000000,a,1\n9000000000,a,1\n",
		"time,meter,value\n1,\"a\n\n,1\n",
		"time,meter,value\n-0.0000000001,a,-0\n",
		"time,meter,value\n0,a,4021.5\n900,a,4022.125\n900,b,1\n901,b,1\n",
		"time,meter,value\n0,a,1e3\n1,a,1,5\n",
		"time;meter;value\n0;a;1,5\n",
		"\x1f\x8b\x08\x00", "PK\x03\x04", "\xff\xfet\x00i\x00", "t\x00i\x00m\x00",
		"time,meter\n",
	} {
		for form := range uint8(3) {
			f.Add([]byte(seed), form, form)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, unit, values uint8) {
		form := arrival.Form{Unit: arrival.Units()[int(unit)%3], Values: append(arrival.ValueKinds(), "")[int(values)%3]}
		trace, err := arrival.ReadTrace(t.Context(), "trace.csv", bytes.NewReader(data), form)
		if err != nil {
			var where *arrival.TraceError
			lines := bytes.Count(data, []byte("\n")) + 1
			if !errors.As(err, &where) {
				t.Fatalf("error %q is no *TraceError", err)
			}
			if where.Line < 1 || where.Line > lines || where.Column < 1 {
				t.Fatalf("error %q in a text of %d lines", err, lines)
			}
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("error %q has several lines", err)
			}
			return
		}
		replay := arrival.Replay{Trace: trace, Speed: 1}
		if err := replay.Validate(); err != nil {
			t.Fatal(err)
		}
		offsets := slices.Collect(replay.Offsets(nil))
		if len(offsets) > trace.Len() || offsets[0] != 0 || !slices.IsSorted(offsets) {
			t.Fatalf("offsets %v", offsets)
		}
		var text bytes.Buffer
		if err := arrival.WriteTrace(&text, trace.Meter, seq(rows(trace))); err != nil {
			t.Fatal(err)
		}
		again, err := arrival.ReadTrace(t.Context(), "again.csv", &text, arrival.Form{Values: arrival.Interval})
		if err != nil {
			t.Fatal(err)
		}
		for i, was := range rows(trace) { // of registers, a meter may come first with its second row
			is := again.Row(i)
			if again.Len() != trace.Len() || is.At != was.At || is.Wh != was.Wh || again.Meter(is.Meter) != trace.Meter(was.Meter) {
				t.Fatalf("%v, was %v", rows(again), rows(trace))
			}
		}
	})
}
