package arrival_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/arrival"
)

const head = "time,meter,value\n"

// Whatever a meter's export may hold is converted exactly, or refused with its place and what to do.
func TestValues(t *testing.T) {
	const kwh = "; if the file is in kWh, give trace: {file: t.csv, unit: kWh}"
	tests := []struct {
		name, text string
		form       arrival.Form
		want       string // the readings, or the error
	}{
		{"kWh taken for Wh", "0,a,0.123\n1,a,0.402\n2,a,1.25\n", arrival.Form{}, `t.csv:2:5: the value "0.123" is no whole number of Wh, as readings have it` + kwh},
		{"half a Wh", "0,a,12\n1,a,12.5\n", arrival.Form{}, `t.csv:3:5: the value "12.5" is no whole number of Wh, as readings have it` + kwh},
		{"kWh", "0,a,0.123\n1,a,0.402\n2,a,1.25\n", arrival.Form{Unit: "kWh"}, "a 123, a 402, a 1250"},
		{"kWh that binary fractions miss", "0,a,8.2\n1,a,0.29\n2,a,1.005\n", arrival.Form{Unit: "kWh"}, "a 8200, a 290, a 1005"},
		{"MWh", "0,a,0.000001\n1,a,4.35\n2,b,7\n", arrival.Form{Unit: "MWh"}, "a 1, a 4350000, b 7000000"},
		{"zeros before and behind", "0,a,000402.1230\n1,a,1.000000000000\n", arrival.Form{Unit: "kWh"}, "a 402123, a 1000"},
		{"a zero with a sign", "0,a,-0\n1,a,-0.00\n", arrival.Form{}, "a 0, a 0"},
		{"below 1 Wh in kWh", "0,a,0.1234\n", arrival.Form{Unit: "kWh"}, `t.csv:2:5: the value "0.1234" kWh is no whole number of Wh, as readings have it; round the values yourself, so that it is known`},
		{"the largest", "0,a,9000000000000.000\n", arrival.Form{Unit: "kWh"}, "a 9000000000000000"},
		{"beyond the largest", "0,a,9000000000000.001\n", arrival.Form{Unit: "kWh"}, `t.csv:2:5: the value "9000000000000.001" is out of range: more than 9000000000000000 Wh`},
		{"many digits", "0,a,99999999999999999999999\n", arrival.Form{}, `t.csv:2:5: the value "99999999999999999999999" is out of range: more than 9000000000000000 Wh`},
		{"many digits of MWh", "0,a,9223372036854775807\n", arrival.Form{Unit: "MWh"}, `t.csv:2:5: the value "9223372036854775807" is out of range: more than 9000000000000000 Wh`},
		{"fed in", "0,a,1\n1,a,-2\n", arrival.Form{}, `t.csv:3:5: the value "-2" is negative: a reading is energy in one direction; give what is fed in to a meter of its own, without the sign`},
		{"missing", "0,a,1\n1,a,\n", arrival.Form{}, "t.csv:3:5: the value is missing; leave the row out: a meter that did not report is late or silent, not at 0"},
		{"not a number", "0,a,NaN\n", arrival.Form{}, `t.csv:2:5: the value "NaN" is not a decimal number`},
		{"infinite", "0,a,-Inf\n", arrival.Form{}, `t.csv:2:5: the value "-Inf" is not a decimal number`},
		{"null", "0,a,NULL\n", arrival.Form{}, `t.csv:2:5: the value "NULL" is not a decimal number`},
		{"a unit behind", "0,a,1 kWh\n", arrival.Form{}, `t.csv:2:5: the value "1 kWh" is not a decimal number`},
		{"hexadecimal", "0,a,0x1e\n", arrival.Form{}, `t.csv:2:5: the value "0x1e" is not a decimal number`},
		{"separators", "0,a,1_000\n", arrival.Form{}, `t.csv:2:5: the value "1_000" is not a decimal number`},
		{"a sign", "0,a,+5\n", arrival.Form{}, `t.csv:2:5: the value "+5" is not a decimal number`},
		{"a bare point", "0,a,.5\n", arrival.Form{Unit: "kWh"}, `t.csv:2:5: the value ".5" is not a decimal number`},
		{"two points", "0,a,1.000.5\n", arrival.Form{}, `t.csv:2:5: the value "1.000.5" is not a decimal number`},
		{"spaces", "0,a, 5\n", arrival.Form{}, `t.csv:2:5: the value " 5" is not a decimal number`},
		{"an exponent", "0,a,4.02E+06\n", arrival.Form{}, `t.csv:2:5: the value "4.02E+06" has an exponent, as spreadsheets write it where they drop digits; write all its digits`},
		{"a decimal comma", "0,a,\"0,402\"\n", arrival.Form{Unit: "kWh"}, `t.csv:2:5: the value "0,402" has a comma; write a decimal point, and no separators of thousands`},

		{"a register", "0,a,4021\n0,b,7\n900,a,4077\n900,b,7\n1800,a,4078\n", arrival.Form{Values: arrival.Register}, "a 56, b 0, a 1"},
		{"a register in kWh", "0,a,4021.5\n900,a,4021.501\n", arrival.Form{Unit: "kWh", Values: arrival.Register}, "a 1"},
		{"a register that falls", "0,a,99998\n900,a,99999\n1800,a,3\n", arrival.Form{Values: arrival.Register},
			"t.csv:4:8: the register falls from 99999 to 3 Wh; from an exchange or a roll-over on, give the meter another id"},
		{"a register read once", "0,a,1\n900,a,2\n901,b,3\n", arrival.Form{Values: arrival.Register}, `t.csv:4:7: meter "b" has one row, and a register tells energy from two on; leave it out`},
		{"a register read twice at once", "0,a,1\n900,a,2\n900,a,2\n", arrival.Form{Values: arrival.Register}, `t.csv:4:1: meter "a" has two rows at this time; keep one of them`},
		{"values that look like a register's", "0,M1,4021\n900,M1,4077\n1800,M1,4130\n2700,M1,4199\n", arrival.Form{},
			`t.csv:2:6: the values of meter "M1" never fall in 4 rows, from 4021 to 4199 Wh: they look like those of a register; ` +
				"give trace: {file: t.csv, kind: register}, or {file: t.csv, kind: interval} if each is the energy since the row before"},
		{"the same in kWh", "0,M1,4.021\n900,M1,4.077\n1800,M1,4.13\n2700,M1,4.199\n", arrival.Form{Unit: "kWh"},
			`t.csv:2:6: the values of meter "M1" never fall in 4 rows, from 4021 to 4199 Wh: they look like those of a register; ` +
				"give trace: {file: t.csv, unit: kWh, kind: register}, or {file: t.csv, unit: kWh, kind: interval} if each is the energy since the row before"},
		{"two that look like it", "0,a,1\n0,b,5\n1,a,2\n1,b,6\n2,a,3\n2,b,7\n", arrival.Form{},
			`t.csv:2:5: the values of meter "a" never fall in 3 rows, from 1 to 3 Wh, nor do those of any other of 2 meters: they look like those of a register; ` +
				"give trace: {file: t.csv, kind: register}, or {file: t.csv, kind: interval} if each is the energy since the row before"},
		{"that they are not", "0,a,1\n1,a,2\n2,a,3\n3,a,4\n", arrival.Form{Values: arrival.Interval}, "a 1, a 2, a 3, a 4"},
		{"three in order", "0,a,1\n1,a,2\n2,a,3\n", arrival.Form{}, "a 1, a 2, a 3"},
		{"an empty flat", "0,a,0\n1,a,0\n2,a,0\n3,a,0\n4,a,0\n5,a,0\n6,a,3\n", arrival.Form{}, "a 0, a 0, a 0, a 0, a 0, a 0, a 3"},
		{"one row of each meter", "0,a,1\n1,b,2\n2,c,3\n3,d,4\n4,e,5\n", arrival.Form{}, "a 1, b 2, c 3, d 4, e 5"},

		{"two rows at a time", "2026-01-31T06:15:00Z,a,1\n2026-01-31T07:15:00+01:00,a,1\n", arrival.Form{}, `t.csv:3:1: meter "a" has two rows at this time; keep one of them`},
		{"two instants of a load", "0,a,1\n0,a,1\n", arrival.Form{}, "a 1, a 1"},
		{"the double hour of autumn", "2025-10-26T02:30:00+02:00,a,2\n2025-10-26T02:30:00+01:00,a,1\n", arrival.Form{}, "a 2, a 1"},
		{"local time", "2025-10-26 02:30:00,a,2\n", arrival.Form{},
			`t.csv:2:1: the time "2025-10-26 02:30:00" is not in RFC 3339, such as 2026-01-31T06:15:00Z; add the offset from UTC, as in +01:00: without it an hour of autumn comes twice`},
		{"local time with T", "2025-10-26T02:30:00,a,2\n", arrival.Form{},
			`t.csv:2:1: the time "2025-10-26T02:30:00" is not in RFC 3339, such as 2026-01-31T06:15:00Z; add the offset from UTC, as in +01:00: without it an hour of autumn comes twice`},
		{"German time", "26.10.2025 02:30,a,2\n", arrival.Form{}, `t.csv:2:1: the time "26.10.2025 02:30" is not in RFC 3339, such as 2026-01-31T06:15:00Z`},
		{"a leap second", "2016-12-31T23:59:60Z,a,2\n", arrival.Form{}, `t.csv:2:1: the time "2016-12-31T23:59:60Z" is not in RFC 3339, such as 2026-01-31T06:15:00Z`},
		{"a long id", "0," + strings.Repeat("x", 65) + ",1\n", arrival.Form{}, `t.csv:2:3: the meter's id "` + strings.Repeat("x", 40) + `" is longer than 64 bytes`},
		{"a quote that does not end", "0,\"a,1\n1,b,1\n", arrival.Form{}, `t.csv:2:3: the field's closing " is missing in this line`},
		{"a quote that ends early", "0,\"a\"b,1\n", arrival.Form{}, `t.csv:2:6: extraneous " in a field in quotes`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.form.Name = "t.csv"
			trace, err := arrival.ReadTrace(t.Context(), "t.csv", strings.NewReader(head+test.text), test.form)
			if d := cmp.Diff(test.want, told(trace, err)); d != "" {
				t.Errorf("differs from what is wanted:\n%s", d)
			}
		})
	}
}

// told returns the readings of a trace, or the error.
func told(trace *arrival.Trace, err error) string {
	if err != nil {
		return err.Error()
	}
	var all []string
	for _, row := range rows(trace) {
		all = append(all, fmt.Sprintf("%s %d", trace.Meter(row.Meter), row.Wh))
	}
	return strings.Join(all, ", ")
}

// What is no CSV in UTF-8 is named.
func TestFormats(t *testing.T) {
	const want = "; want CSV with the line time,meter,value and one line per reading"
	tests := []struct{ name, text, want string }{
		{"semicolons", "time;meter;value\n0;a;1,5\n", "the columns are separated by semicolons; want time,meter,value; write commas between them, and decimal points in the values"},
		{"tabs", "time\tmeter\tvalue\n", "the columns are separated by tabs; want time,meter,value; write commas between them, and decimal points in the values"},
		{"bars", "time|meter|value\n", "the columns are separated by bars; want time,meter,value; write commas between them, and decimal points in the values"},
		{"gzip", "\x1f\x8b\x08\x00\x00\x00", "the file is compressed with gzip" + want + "; unpack it first"},
		{"zstd", "(\xb5/\xfd\x04", "the file is compressed with zstd" + want + "; unpack it first"},
		{"bzip2", "BZh91AY", "the file is compressed with bzip2" + want + "; unpack it first"},
		{"xz", "\xfd7zXZ\x00\x00", "the file is compressed with xz" + want + "; unpack it first"},
		{"xlsx", "PK\x03\x04\x14\x00", "the file is a spreadsheet (xlsx, ods) or a ZIP archive" + want + "; export the table as CSV in UTF-8, or unpack it"},
		{"xls", "\xd0\xcf\x11\xe0\xa1", "the file is a spreadsheet (xls)" + want + "; export the table as CSV in UTF-8"},
		{"UTF-16", "\xff\xfet\x00i\x00m\x00e\x00", "the file is in UTF-16" + want + "; save it as CSV in UTF-8"},
		{"UTF-16, big end first", "\xfe\xff\x00t\x00i", "the file is in UTF-16" + want + "; save it as CSV in UTF-8"},
		{"UTF-16 without a mark", "t\x00i\x00m\x00e\x00", "the file has zero bytes: it is in UTF-16, or no text" + want + "; save it as CSV in UTF-8"},
		{"zeros", strings.Repeat("\x00", 1<<20), "the file has zero bytes: it is in UTF-16, or no text" + want + "; save it as CSV in UTF-8"},
		{"JSON", `{"time": 1}`, "the file is JSON" + want + "; save it as CSV in UTF-8"},
		{"XML", `<?xml version="1.0"?>`, "the file is XML or HTML" + want + "; save it as CSV in UTF-8"},
		{"Parquet", "PAR1\x15", "the file is a Parquet file" + want + "; export the table as CSV in UTF-8"},
		{"one long line", strings.Repeat("time", 1<<20), "the line is longer than 4096 bytes"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := arrival.ReadTrace(t.Context(), "t.csv", strings.NewReader(test.text), arrival.Form{})
			if d := cmp.Diff("t.csv:1:1: "+test.want, fmt.Sprint(err)); d != "" {
				t.Errorf("differs from what is wanted:\n%s", d)
			}
		})
	}
}

// Of a file that keeps to the form but not to the limits no more is read than the limits allow.
func TestTraceLimits(t *testing.T) {
	endless := func(line string) *repeated { return &repeated{text: head, line: func(int) string { return line }} }
	tests := []struct {
		name string
		from *repeated
		want string
	}{
		{"rows", endless("1,a,1\n"), "t.csv:4000002:1: the trace has more than 4000000 rows; split the trace"},
		{"meters", &repeated{text: head, line: func(i int) string { return fmt.Sprintf("1,%d,1\n", i) }}, "t.csv:250002:3: the trace has more than 250000 meters"},
		{"line", endless("a"), "t.csv:2:1: the line is longer than 4096 bytes"},
		{"quoted field", endless("\"\n\"\"\n"), `t.csv:2:1: the field's closing " is missing in this line`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if testing.Short() && (test.name == "meters" || test.name == "rows") {
				t.Skip("millions of rows take seconds")
			}
			if _, err := arrival.ReadTrace(t.Context(), "t.csv", test.from, arrival.Form{}); fmt.Sprint(err) != test.want {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

// A repeated is a text without end.
type repeated struct {
	text string
	line func(int) string
	n    int
}

func (r *repeated) Read(p []byte) (n int, err error) {
	for n < len(p) {
		if r.text == "" {
			r.text, r.n = r.line(r.n), r.n+1
		}
		copied := copy(p[n:], r.text)
		r.text = r.text[copied:]
		n += copied
	}
	return n, nil
}

// Whoever waits for a trace can stop.
func TestReadTraceStops(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	from := &repeated{text: head, line: func(i int) string {
		if i == 10_000 {
			cancel()
		}
		return "\n"
	}}
	if _, err := arrival.ReadTrace(ctx, "t.csv", from, arrival.Form{}); !errors.Is(err, ctx.Err()) || err == nil {
		t.Errorf("got %v", err)
	}
	if _, err := arrival.ReadTrace(t.Context(), "t.csv", iotest.TimeoutReader(iotest.OneByteReader(strings.NewReader(head))), arrival.Form{}); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("got %v", err)
	}
}

// The question whether values are registers is asked of at most 5 % of files of exchangeable values, whatever their
// number, their ties and the number of meters, and of every register with values enough to tell.
func TestRegistersAreAskedAbout(t *testing.T) {
	files := 4000
	if testing.Short() {
		files = 1000
	}
	random := rand.New(rand.NewPCG(11, 4))
	exponential := func(mean float64) func() func() int64 {
		return func() func() int64 { return func() int64 { return int64(mean * random.ExpFloat64()) } }
	}
	autocorrelated := func() func() int64 { // a first-order process whose neighbours correlate with 0.9
		x := random.NormFloat64()
		return func() int64 {
			x = 0.9*x + math.Sqrt(1-0.9*0.9)*random.NormFloat64()
			return int64(200 * math.Exp(0.5*x))
		}
	}
	register := func(mean float64) func() func() int64 {
		return func() func() int64 {
			count := random.Int64N(1e7)
			return func() int64 {
				count += int64(mean * random.ExpFloat64())
				return count
			}
		}
	}
	tests := []struct {
		name         string
		meters, rows int
		meter        func() func() int64
		least, most  float64 // of the files that are asked about
	}{
		{"one meter, four values", 1, 4, exponential(200), 0, 0.055},
		{"one meter, a day", 1, 96, exponential(200), 0, 0},
		{"few different values", 1, 6, exponential(1), 0, 0.055},
		{"mostly nothing", 3, 12, exponential(0.3), 0, 0.055},
		{"two meters, three values", 2, 3, exponential(200), 0, 0.055},
		{"fifty meters, four values", 50, 4, exponential(200), 0, 0.02},
		{"fifty meters, eight values", 50, 8, exponential(200), 0, 0.02},
		{"neighbours alike, a day", 20, 96, autocorrelated, 0, 0},
		{"neighbours alike, two hours", 20, 8, autocorrelated, 0, 0.25}, // not exchangeable: asked about more often
		{"register, four values", 1, 4, register(200), 0.95, 1},
		{"register, hardly used", 1, 40, register(1), 1, 1},
		{"registers, three values", 2, 3, register(200), 0.95, 1},
		{"registers, a day", 100, 96, register(200), 1, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := max(20, files*10/(10+test.meters*test.rows))
			asked := 0
			for range n {
				meters := make([]func() int64, test.meters)
				for i := range meters {
					meters[i] = test.meter()
				}
				var text strings.Builder
				text.WriteString(head)
				for row := range test.rows {
					for i, next := range meters {
						fmt.Fprintf(&text, "%d,%d,%d\n", 900*row, i, next())
					}
				}
				if _, err := arrival.ReadTrace(t.Context(), "t.csv", strings.NewReader(text.String()), arrival.Form{}); err != nil {
					asked++
				}
			}
			share := float64(asked) / float64(n)
			if noise := 3 * math.Sqrt(test.most*(1-test.most)/float64(n)); share < test.least || share > test.most+noise {
				t.Errorf("%.3g of %d files are asked about, want %g to %g", share, n, test.least, test.most)
			} else {
				t.Logf("%.3g of %d files are asked about", share, n)
			}
		})
	}
}
