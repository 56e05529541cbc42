package meterdata

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/arrival"
)

// layoutOf returns a layout of a YAML text.
func layoutOf(t testing.TB, text string, sets ...string) Layout {
	t.Helper()
	l, err := parseLayout("own", "own.yaml", []byte(text), sets...)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// importTexts imports files, a.csv, b.csv, … of some texts, and returns the trace.
func importTexts(t testing.TB, l Layout, o Options, texts ...string) (string, Summary, error) {
	t.Helper()
	dir := t.TempDir()
	var files []string
	for i, text := range texts {
		files = append(files, filepath.Join(dir, string(rune('a'+i))+".csv"))
		if err := os.WriteFile(files[i], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.Folder = dir
	var out bytes.Buffer
	sum, err := Import(t.Context(), &out, l, files, o)
	left, globErr := filepath.Glob(filepath.Join(dir, ".sort-*"))
	if globErr != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v %v", left, globErr)
	}
	if err == nil {
		checkSum(t, sum)
	}
	return out.String(), sum, err
}

// checkSum checks that every value of the files is accounted for.
func checkSum(t testing.TB, s Summary) {
	t.Helper()
	dropped := int64(0)
	for _, d := range s.Dropped {
		dropped += d.Values
	}
	if in, out := s.Values+s.Split+s.Filled, s.Written+dropped; in != out {
		t.Errorf("%d values came, %d are accounted for: %+v", in, out, s)
	}
}

// dropsOf returns how many values were dropped for which reason, with the line and column of the first.
func dropsOf(s Summary) (all []string) {
	for _, d := range s.Dropped {
		all = append(all, fmt.Sprintf("%d %s %s:%d:%d", d.Values, d.Reason, filepath.Base(d.First.File), d.First.Line, d.First.Column))
	}
	return all
}

// traceOf returns rows of a trace with times of a day in January 1970, in UTC.
func traceOf(rows ...string) string { return "time,meter,value\n" + strings.Join(rows, "\n") + "\n" }

// Every shipped format has two fixtures, with the changes of summer time in spring and autumn of its zone. Their values
// are made up. Truth and text were written by a program in another language with a time zone library of its own.
func TestFixtures(t *testing.T) {
	for _, name := range Names() {
		l, err := ReadLayout(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, season := range []string{"spring", "autumn"} {
			t.Run(name+"/"+season, func(t *testing.T) {
				file := filepath.Join("testdata", name+"-"+season)
				want, err := os.ReadFile(file + ".trace.csv")
				if err != nil {
					t.Fatal(err)
				}
				var out bytes.Buffer
				sum, err := Import(t.Context(), &out, l, []string{file + ".csv"}, Options{Folder: t.TempDir()})
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(want), out.String()); diff != "" {
					t.Errorf("trace (-want +got):\n%s", diff)
				}
				checkSum(t, sum)
				trace, err := arrival.ReadTrace(t.Context(), "trace.csv", &out, arrival.Form{Values: arrival.Interval})
				if err != nil {
					t.Fatal(err)
				}
				if int64(trace.Len()) != sum.Written || trace.Meters() != sum.Meters {
					t.Errorf("a load reads %d rows of %d meters, written were %d of %d", trace.Len(), trace.Meters(), sum.Written, sum.Meters)
				}
				if want := time.Duration(sum.Seconds) * time.Second; trace.Interval() != want || want == 0 {
					t.Errorf("a load takes a value for %v, the import for %v", trace.Interval(), want)
				}
			})
		}
	}
}

// Publishers write their files in more than one way: overrides of the shipped formats read the others.
func TestVariants(t *testing.T) {
	halves := strings.Repeat(",0.25", 48)
	head := "Customer,Generator Capacity,Postcode,Consumption Category,date"
	for i := 1; i <= 48; i++ {
		head += fmt.Sprintf(",%d:%02d", i/2%24, i%2*30)
	}
	tests := []struct {
		name, text string
		sets       []string
		first      string
		wh         int64
	}{
		{"ausgrid", head + "\n1,3.78,2076,GC,1-Jul-10" + halves + "\n", []string{"time=D-MON-YY"}, "2010-06-30T14:30:00Z", 12000},
		{"green-button", "TYPE,DATE,START TIME,END TIME,USAGE (kWh),COST,NOTES\nElectric usage,2024-01-01,00:00,00:59,0.38,$0.12,\n",
			[]string{"columns.value=USAGE (kWh)", "columns.unit=null", "unit=kWh"}, "2024-01-01T09:00:00Z", 380},
		{"octopus", "Consumption (kWh), Start, End\n0.5, 2024-07-01T00:00:00+01:00, 2024-07-01T00:30:00+01:00\n",
			[]string{"columns.value=Consumption (kWh)"}, "2024-06-30T23:30:00Z", 500},
		{"esb", "MPRN,Meter Serial Number,Read Value,Read Type,Read Date and End Time\n1,2,0.5,Active Import Interval (kWh),01-07-2024 00:30\n",
			[]string{"unit=kWh", "where=[{column: Read Type, is: Active Import Interval (kWh)}]"}, "2024-06-30T23:30:00Z", 500},
		{"fingrid", "Mittauspisteen tunnus;Tuotteen tyyppi;Resoluutio;Yksikkötyyppi;Lukeman tyyppi;Alkuaika;Määrä;Laatu\n1;8;PT1H;kWh;BN01;2023-09-23T08:00:00Z;0,023;OK\n",
			[]string{"interval=1h", "where[0].is=PT1H"}, "2023-09-23T09:00:00Z", 23},
		{"opsd", "utc_timestamp,DE_KN_residential1_grid_import\n2016-01-01T00:00:00Z,7\n2016-01-01T01:00:00Z,8.5\n", []string{"interval=1h"}, "2016-01-01T02:00:00Z", 1500},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			l, err := ReadLayout(c.name, c.sets...)
			if err != nil {
				t.Fatal(err)
			}
			_, sum, err := importTexts(t, l, Options{}, c.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := sum.First.Format(time.RFC3339); got != c.first || sum.Wh.Int64() != c.wh {
				t.Errorf("%s, %v Wh; want %s, %d", got, sum.Wh, c.first, c.wh)
			}
		})
	}
}

const longUTC = `
form: long
columns: {meter: id, time: at, value: v}
time: YYYY-MM-DD hh:mm
zone: UTC
unit: Wh
kind: interval
interval: 15m
`

// halfLong is a line of a long file, some quarter-hours after 1970 began.
func quarter(meter string, n int, value string) string {
	return fmt.Sprintf("%s,%s,%s\n", meter, time.Unix(int64(n)*900, 0).UTC().Format("2006-01-02 15:04"), value)
}

func TestReasons(t *testing.T) {
	const register = longUTC + "rollover: \"1000\"\n"
	asRegister := func(text string) string { return strings.Replace(text, "kind: interval", "kind: register", 1) }
	q := quarter
	tests := []struct {
		name, layout string
		options      Options
		text         string
		want         string
		drops        []string
		gaps         GapSummary
	}{
		{name: "missing values", layout: longUTC,
			text: q("a", 1, "1") + q("a", 2, "") + q("a", 3, "NULL") + q("a", 4, "-") + q("a", 5, "5"),
			want: traceOf("900,a,1", "4500,a,5"), drops: []string{"3 missing a.csv:3:20"},
			gaps: GapSummary{Gaps: 1, Intervals: 3, Meters: 1, Longest: 3, First: Place{"a.csv", 6, 20}}},
		{name: "repeated and conflicting", layout: longUTC,
			text: q("a", 1, "1") + q("a", 1, "1") + q("a", 1, "2") + q("a", 2, "3"),
			want: traceOf("900,a,1", "1800,a,3"), drops: []string{"1 repeated a.csv:3:20", "1 conflicting a.csv:4:20"}},
		{name: "off the grid", layout: longUTC,
			text: q("a", 1, "1") + "a,1970-01-01 00:20,9\n" + q("a", 2, "3"),
			want: traceOf("900,a,1", "1800,a,3"), drops: []string{"1 off_grid a.csv:3:20"}},
		{name: "in any order", layout: longUTC,
			text: q("b", 3, "6") + q("a", 2, "3") + q("b", 1, "4") + q("a", 1, "1") + q("b", 2, "5"),
			want: traceOf("900,b,4", "900,a,1", "1800,b,5", "1800,a,3", "2700,b,6")},
		{name: "the first meters", layout: longUTC, options: Options{Meters: 1},
			text: q("a", 1, "1") + q("b", 1, "4") + q("a", 2, "2"),
			want: traceOf("900,a,1", "1800,a,2"), drops: []string{"1 more_meters a.csv:3:20"}},
		{name: "a period", layout: longUTC, options: Options{From: time.Unix(900, 0), To: time.Unix(2700, 0)},
			text: q("a", 1, "1") + q("a", 2, "2") + q("a", 3, "3") + q("a", 4, "4"),
			want: traceOf("1800,a,2", "2700,a,3"), drops: []string{"2 outside_period a.csv:2:20"}},
		{name: "meters with gaps", layout: longUTC, options: Options{Gaps: Whole},
			text: q("a", 1, "1") + q("b", 1, "1") + q("a", 3, "3") + q("b", 2, "2"),
			want: traceOf("900,b,1", "1800,b,2"), drops: []string{"2 incomplete a.csv:2:20"},
			gaps: GapSummary{Gaps: 1, Intervals: 1, Meters: 1, Longest: 1, First: Place{"a.csv", 4, 20}}},
		{name: "interpolated", layout: longUTC, options: Options{Gaps: Interpolate},
			text: q("a", 1, "10") + q("a", 4, "40") + q("a", 6, "20") + q("a", 200, "7"),
			want: traceOf("900,a,10", "1800,a,20", "2700,a,30", "3600,a,40", "4500,a,30", "5400,a,20", "180000,a,7"),
			gaps: GapSummary{Gaps: 3, Intervals: 196, Meters: 1, Longest: 193, First: Place{"a.csv", 3, 20}}},
		{name: "register", layout: asRegister(longUTC),
			text: q("a", 0, "100") + q("a", 1, "101") + q("a", 2, "103") + q("a", 3, "103") + q("a", 5, "110") + q("a", 6, "111"),
			want: traceOf("900,a,1", "1800,a,2", "2700,a,0", "5400,a,1"), drops: []string{"1 first_reading a.csv:2:20", "1 across_gap a.csv:6:20"},
			gaps: GapSummary{Gaps: 1, Intervals: 1, Meters: 1, Longest: 1, First: Place{"a.csv", 6, 20}}},
		{name: "register spread over a gap", layout: asRegister(longUTC), options: Options{Gaps: Interpolate},
			text: q("a", 0, "100") + q("a", 3, "110"),
			want: traceOf("900,a,3", "1800,a,4", "2700,a,3"), drops: []string{"1 first_reading a.csv:2:20"},
			gaps: GapSummary{Gaps: 1, Intervals: 2, Meters: 1, Longest: 2, First: Place{"a.csv", 3, 20}}},
		{name: "register that is reset", layout: asRegister(longUTC),
			text: q("a", 0, "998") + q("a", 1, "999") + q("a", 2, "1") + q("a", 3, "3"),
			want: traceOf("900,a,1", "2700,a,2"), drops: []string{"1 first_reading a.csv:2:20", "1 reset a.csv:4:20"}},
		{name: "register that rolls over", layout: asRegister(register),
			text: q("a", 0, "998") + q("a", 1, "999") + q("a", 2, "1") + q("a", 3, "3") + q("a", 4, "0"),
			want: traceOf("900,a,1", "1800,a,2", "2700,a,2"), drops: []string{"1 first_reading a.csv:2:20", "1 reset a.csv:6:20"}},
		{name: "register over a period", layout: asRegister(longUTC), options: Options{From: time.Unix(900, 0)},
			text: q("a", 0, "100") + q("a", 1, "101") + q("a", 2, "103"),
			want: traceOf("1800,a,2"), drops: []string{"1 outside_period a.csv:2:20", "1 first_reading a.csv:3:20"}},
		{name: "rest of a rounded value", layout: strings.Replace(longUTC, "unit: Wh", "unit: W", 1),
			text: q("a", 1, "1") + q("a", 2, "1") + q("a", 3, "1") + q("a", 4, "1") + q("a", 5, "0"),
			want: traceOf("900,a,0", "1800,a,1", "2700,a,0", "3600,a,0", "4500,a,0")},
		{name: "negative is missing", layout: longUTC + "negative: missing\n",
			text: q("a", 1, "1") + q("a", 2, "-2") + q("a", 3, "-0"), want: traceOf("900,a,1", "2700,a,0"), drops: []string{"1 missing a.csv:3:20"},
			gaps: GapSummary{Gaps: 1, Intervals: 1, Meters: 1, Longest: 1, First: Place{"a.csv", 4, 20}}},
		{name: "negative is 0", layout: longUTC + "negative: zero\n",
			text: q("a", 1, "1") + q("a", 2, "-2"), want: traceOf("900,a,1", "1800,a,0")},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			got, sum, err := importTexts(t, layoutOf(t, c.layout), c.options, "id,at,v\n"+c.text)
			if err != nil {
				t.Fatal(err)
			}
			if sum.Gaps.First.File != "" {
				sum.Gaps.First.File = filepath.Base(sum.Gaps.First.File)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.drops, dropsOf(sum)); diff != "" {
				t.Errorf("dropped (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.gaps, sum.Gaps); diff != "" {
				t.Errorf("gaps (-want +got):\n%s", diff)
			}
		})
	}
}

// What a layout may say of a file.
func TestLayouts(t *testing.T) {
	tests := []struct{ name, layout, text, want string }{
		{"German numbers, quotes and a flag of the season", `
form: long
separator: semicolon
columns: {meter: Zähler, time: [Datum, Zeit], value: Wert}
time: DD.MM.YYYY hh:mm
zone: Europe/Berlin
unit: kWh
kind: register
interval: 1h
decimal: ","
thousands: "."
season: {column: DST, summer: [S], winter: [W]}
`, "\ufeffZähler;Datum;Zeit;Wert;DST\r\n" +
			`"a ""1""";27.10.2013;02:00;1.234,5;W` + "\r\n" + `"a ""1""";27.10.2013;02:00;1.234,000;S` + "\r\n" + `"a ""1""";27.10.2013;03:00;1.235,250;W` + "\r\n",
			traceOf(`1382835600,"a ""1""",500`, `1382839200,"a ""1""",750`)},
		{"rows by OBIS code", `
form: long
separator: tab
columns: {meter: id, time: at, value: v, obis: code, unit: u}
time: YYYY-MM-DDThh:mm:ssZ
kind: register
obis: [1.8.0]
`, "id\tat\tcode\tv\tu\n" +
			"a\t1970-01-01T01:00:00+01:00\t1-0:1.8.0*255\t1\tkWh\na\t1970-01-01T00:00:00Z\t1-0:2.8.0*255\t7\tkwh\n" +
			"a\t1970-01-01T00:15:00Z\t1-1:1.8.0\t2500\tWh\na\t1970-01-01T00:15:00Z\t1-1:1.8.1\t9\tkWh\n",
			traceOf("900,a,1500")},
		{"columns by OBIS code", `
form: wide
columns: {meter: id, time: at, values: "*"}
time: U
unit: MWh
kind: register
obis: ["1-0:1.8.1", "1-0:1.8.2*255"]
`, "id,at,1-0:1.8.0,1-0:1.8.1*255,1-0:1.8.2\na,0,9,1,2\na,900,9,1.001,2.5e0\n",
			traceOf("900,a-1-0:1.8.1*255,1000", "900,a-1-0:1.8.2,500000")},
		{"times of a 12-hour clock, month names and 24:00", `
form: long
columns: {time: when, value: v}
time: D MON YY h:mm AM
zone: America/New_York
unit: Wh
kind: interval
`, "when,v\n\"1 Jul 12 1:05 AM\",3\n1 JUL 12 12:00 am,1\n30 Jun 12 12:30 pm,2\n", traceOf("1341073800,a,2", "1341115200,a,1", "1341119100,a,3")},
		{"24:00 is the end of the day", `
form: long
columns: {time: when, value: v}
time: YYYYMMDD hhmm
zone: UTC
unit: Wh
kind: interval
`, "when,v\n19700101 2400,3\n19700101 2345,1\n", traceOf("85500,a,1", "86400,a,3")},
		{"flags of quality, rows by a filter, a header that comes again, blank lines", longUTC + "where: [{column: k, is: [x, y]}]\nquality: {column: f, keep: [A]}\n",
			"k,id,at,v,f\nx,a,1970-01-01 00:15,1,A\nz,a,1970-01-01 00:15,1,A\n\nk,id,at,v,f\ny,a,1970-01-01 00:30,2,E\nx,a,1970-01-01 00:45,3,A\n",
			traceOf("900,a,1", "2700,a,3")},
		{"no header, columns by place", strings.NewReplacer("id", `"#3"`, "at,", `"#1",`, "value: v", `value: "#2"`).Replace(longUTC) + "header: false\n",
			"1970-01-01 00:15,1,a\n1970-01-01 00:30,2,a\n", traceOf("900,a,1", "1800,a,2")},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			got, _, err := importTexts(t, layoutOf(t, c.layout), Options{}, c.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
		})
	}
}

// Files continue each other, and a file without a column of meters is one.
func TestFiles(t *testing.T) {
	long := layoutOf(t, longUTC)
	got, _, err := importTexts(t, long, Options{}, "id,at,v\n"+quarter("a", 1, "1"), "id,at,v\n"+quarter("a", 2, "2"))
	if want := traceOf("900,a,1", "1800,a,2"); err != nil || got != want {
		t.Errorf("two files: %v\n%s", err, got)
	}
	long.Columns.Meter = nil
	got, _, err = importTexts(t, long, Options{}, "id,at,v\n"+quarter("x", 1, "1"), "id,at,v\n"+quarter("y", 1, "2"))
	if want := traceOf("900,a,1", "900,b,2"); err != nil || got != want {
		t.Errorf("two meters: %v\n%s", err, got)
	}
}

// Mistakes in files are one line with the place and what to do, and nothing is made of the file.
func TestMistakes(t *testing.T) {
	head := "id,at,v\n"
	berlin := strings.Replace(longUTC, "zone: UTC", "zone: Europe/Berlin", 1)
	nem := "form: nem12\ntime: YYYYMMDD\nzone: UTC\nkind: interval\n"
	tests := []struct{ name, layout, text, want string }{
		{"empty", longUTC, "", "a.csv:1:1: there are no lines"},
		{"no header", longUTC, quarter("a", 1, "1"), `a.csv:1:1: there is no column "id" in this line, which has "a", "1970-01-01 00:15", "1"; give columns in --set, as columns.value=NAME, or another separator`},
		{"a column is missing", longUTC, "x\nid,at,w\n" + quarter("a", 1, "1"), `a.csv:2:1: there is no column "v" in this line, which has "id", "at", "w"; give`},
		{"another separator", longUTC, "id;at;v\n", `a.csv:1:1: there is no column "id" in this line, which has "id;at;v"; give`},
		{"too few columns", longUTC, head + "a,1970-01-01 00:15\n", "a.csv:2:19: the line has 2 columns; want 3 or more"},
		{"a decimal comma", longUTC, head + quarter("a", 1, "1,5"), `a.csv:2:22: the line has 4 columns, and the first one 3; write a number with a decimal comma in quotes`},
		{"not a number", longUTC, head + quarter("a", 1, "ERR\x1b[2J"), `a.csv:2:20: the value "ERR\x1b[2J" is not a number with decimals after "."; name what stands for a missing value with --set missing=[...]`},
		{"negative", longUTC, head + quarter("a", 1, "-1"), `a.csv:2:20: the value "-1" is negative: a reading is energy in one direction; choose a column of consumption, or --set negative=missing or zero`},
		{"too large", longUTC, head + quarter("a", 1, "1e40"), `a.csv:2:20: the value "1e40" is out of range: more than 9000000000000000 Wh`},
		{"another time", longUTC, head + "a,01.01.1970 00:15,1\n", `a.csv:2:3: the time "01.01.1970 00:15" is not written as the format says; it says time: YYYY-MM-DD hh:mm; give another one with --set time=`},
		{"no such date", longUTC, head + "a,1971-02-29 00:15,1\n", `a.csv:2:3: the date of "1971-02-29 00:15" does not exist`},
		{"before 1970", longUTC, head + "a,1969-02-28 00:15,1\n", `a.csv:2:3: the year of "1969-02-28 00:15" is not within 1970 and 2200`},
		{"no meter", longUTC, head + ",1970-01-01 00:15,1\n", `a.csv:2:1: the meter has no id`},
		{"a formula", longUTC, head + "=1+1,1970-01-01 00:15,1\n", `a.csv:2:1: the meter's id "=1+1" begins as a formula does`},
		{"a zero byte", longUTC, head + "a\x00b,1970-01-01 00:15,1\n", `a.csv:2:1: the meter's id "a\x00b" has control characters`},
		{"Latin-1", longUTC, head + "z\xe4hler,1970-01-01 00:15,1\n", `a.csv:2:1: the meter's id "z\xe4hler" is not valid UTF-8`},
		{"an open quote", longUTC, head + "\"a,1970-01-01 00:15,1\n", `a.csv:2:1: the field's closing " is missing in this line`},
		{"a quote too many", longUTC, head + "\"a\"b,1970-01-01 00:15,1\n", `a.csv:2:4: extraneous " in a field in quotes; write quotes within quotes twice`},
		{"a long line", longUTC, head + strings.Repeat("a", MaxLine+1), "a.csv:2:1: the line is longer than 1048576 bytes"},
		{"UTF-16", longUTC, "\xff\xfei\x00d\x00", "a.csv:1:1: the file is in UTF-16; want CSV; save it as CSV in UTF-8"},
		{"compressed", longUTC, "\x1f\x8b\x08", "a.csv:1:1: the file is compressed with gzip; want CSV; unpack it first"},
		{"nothing left", longUTC, head + quarter("a", 1, "") + quarter("a", 2, ""), "a.csv: nothing of the files is left for a trace: 2 values were dropped as missing, the first at"},
		{"in the hour that spring skips", berlin, head + "a,2013-03-31 02:15,1\n",
			"a.csv:2:20: there is a value at a time that the clock of Europe/Berlin never showed; if it is in UTC or has no summer time, give --set zone=UTC or as Etc/GMT-1"},
		{"the 25th hour of a day with 24", "form: long\ncolumns: {time: at, value: v}\ntime: YYYY-MM-DD P\nzone: Europe/Berlin\nunit: Wh\nkind: interval\ninterval: 1h\n",
			"at,v\n2013-10-27 25,1\n2013-10-28 25,1\n", "a.csv:3:15: there is a value at a time that the clock of Europe/Berlin never showed"},
		{"NEM12 without its header", nem, "200,1,E1,E1,E1,N1,S,KWH,30,\n", "a.csv:1:1: the file does not begin with a line 100,NEM12"},
		{"NEM12 without its end", nem, "100,NEM12,2,A,B\n", "a.csv:1:1: the file ends without a line 900: the rest is missing; fetch it again"},
		{"NEM12 with a day before a channel", nem, "100,NEM12,2,A,B\n300,20130101,1\n", "a.csv:2:1: a line 300 comes before a line 200"},
		{"NEM12 with a short day", nem, "100,NEM12,2,A,B\n200,1,E1,E1,E1,N1,S,KWH,30,\n300,20130101,1,A\n", "a.csv:3:1: a line 300 has 4 columns; want a date, 48 values and a flag"},
		{"NEM12 with an odd interval", nem, "100,NEM12,2,A,B\n200,1,E1,E1,E1,N1,S,KWH,60,\n", `a.csv:2:25: the interval is "60" minutes; want 5, 15 or 30`},
		{"NEM12 with a channel of volts", nem, "100,NEM12,2,A,B\n200,1,E1,E1,V1,N1,S,V,30,\n", `a.csv:2:21: the unit "V" is none of energy; leave the channel out with where, by its NMISuffix`},
		{"NEM12 with a flag of nothing", nem, "100,NEM12,2,A,B\n200,1,E1,E1,E1,N1,S,KWH,30,\n400,1,2,A\n", "a.csv:3:1: a line 400 needs a line 300 above it"},
	}
	for _, c := range tests {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := importTexts(t, layoutOf(t, c.layout), Options{}, c.text)
			if err == nil {
				t.Fatal("no error")
			}
			_, text, _ := strings.Cut(err.Error(), string(filepath.Separator)+"a.csv")
			if text = "a.csv" + text; !strings.HasPrefix(text, c.want) || strings.ContainsAny(text, "\n\x1b") {
				t.Errorf("%s\nwant %s", text, c.want)
			}
		})
	}
}

// An interval that is not that of the file is noticed, either way.
func TestSpacing(t *testing.T) {
	for _, c := range []struct{ file, format time.Duration }{{15 * time.Minute, time.Hour}, {30 * time.Minute, time.Hour}, {time.Hour, 15 * time.Minute}} {
		text := "id,at,v\n"
		for i := range 12 {
			text += quarter("a", i*int(c.file/(15*time.Minute)), "1")
		}
		_, _, err := importTexts(t, layoutOf(t, longUTC, "interval="+c.format.String()), Options{}, text)
		want := fmt.Sprintf("of 11 values 11 do not come %v after the one before, as the format says; the least time between two is %v; give --set interval=%v if that is right", c.format, c.file, c.file)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
}

func TestRefuseGaps(t *testing.T) {
	_, _, err := importTexts(t, layoutOf(t, longUTC), Options{Gaps: Refuse}, "id,at,v\n"+quarter("a", 1, "1")+quarter("a", 4, "1"))
	if want := "a.csv:3:20: before this value 2 intervals of meter \"a\" are missing, from 1970-01-01T00:15:00Z on; leave it out with --gaps skip"; err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	file := filepath.Join(dir, "a.csv")
	if err := os.WriteFile(file, []byte("id,at,v\n"+strings.Repeat(quarter("a", 1, "1"), 5000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Import(ctx, &bytes.Buffer{}, layoutOf(t, longUTC), []string{file}, Options{Folder: dir, sort: 100}); err != context.Canceled {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

// The way of the rows does not matter: all in memory, or many runs on disk.
func TestSorter(t *testing.T) {
	rows := func(compare func(a, b row) int, most int) (all []row) {
		s := sorter{compare: compare, folder: t.TempDir(), most: most}
		defer s.close()
		n := uint32(1)
		for i := range uint32(1000) {
			n = n*1664525 + 1013904223
			r := row{int64(n % 50), energy{int64(n), int64(i)}, n >> 29, i % 3, i, n % 7}
			if err := s.add(r); err != nil {
				t.Fatal(err)
			}
		}
		for r, err := range s.sorted(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, r)
		}
		return all
	}
	want := rows(byMeter, 1000)
	if len(want) != 1000 || !slices.IsSortedFunc(want, byMeter) {
		t.Fatalf("%d rows", len(want))
	}
	for _, most := range []int{1, 7, 250, 999} {
		if !slices.Equal(rows(byMeter, most), want) {
			t.Errorf("%d rows in memory: another order", most)
		}
	}
}
