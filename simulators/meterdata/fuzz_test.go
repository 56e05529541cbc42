package meterdata

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/bench/arrival"
	"meterbench/internal/strictyaml"
)

// FuzzImport reads a file in a shipped format: what is not refused with its place is a trace, and accounts for all values.
func FuzzImport(f *testing.F) {
	for i, name := range Names() {
		for _, season := range []string{"spring", "autumn"} {
			text, err := os.ReadFile(filepath.Join("testdata", name+"-"+season+".csv"))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(uint8(i), text)
		}
	}
	var layouts []Layout
	for _, name := range Names() {
		l, err := ReadLayout(name)
		if err != nil {
			f.Fatal(err)
		}
		layouts = append(layouts, l)
	}
	f.Fuzz(func(t *testing.T, which uint8, text []byte) {
		l := layouts[int(which)%len(layouts)]
		for _, gaps := range []Gaps{Skip, Interpolate} {
			sum, trace, err := importBytes(t, l, Options{Gaps: gaps}, text)
			if err != nil {
				if _, ok := errors.AsType[*strictyaml.Error](err); !ok || strings.ContainsAny(err.Error(), "\n\x1b") {
					t.Fatalf("no place: %v", err)
				}
				continue
			}
			checkSum(t, sum)
			if _, err := arrival.ReadTrace(context.Background(), "trace", bytes.NewReader(trace), arrival.Form{Values: arrival.Interval}); err != nil && sum.Within {
				t.Fatalf("a load refuses it: %v\n%s", err, trace)
			}
		}
	})
}

func importBytes(t *testing.T, l Layout, o Options, text []byte) (Summary, []byte, error) {
	o.Folder = t.TempDir()
	im, err := newImporter(l, o)
	if err != nil {
		t.Fatal(err)
	}
	im.summary.Files = []string{"fuzz.csv"}
	defer im.rows.close()
	defer im.ordered.close()
	if err := im.readFrom(t.Context(), "fuzz.csv", bytes.NewReader(text)); err != nil {
		return Summary{}, nil, err
	}
	if err := im.settle(t.Context()); err != nil {
		return Summary{}, nil, err
	}
	var out bytes.Buffer
	counted := &counter{to: &out}
	if err := im.write(t.Context(), counted); err != nil {
		return Summary{}, nil, err
	}
	im.summary.Within = im.summary.Written <= arrival.MaxTraceRows && counted.n <= arrival.MaxTraceBytes
	return im.summary, out.Bytes(), nil
}

// FuzzLayout reads a description of a format, and a file with it.
func FuzzLayout(f *testing.F) {
	for _, name := range Names() {
		text, err := files.ReadFile("library/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, []byte("id,at,v\na,2013-03-31 02:00,1\n"))
	}
	f.Add([]byte(longUTC), []byte("id,at,v\na,2013-03-31 02:00,1\n"))
	f.Fuzz(func(t *testing.T, text, data []byte) {
		l, err := parseLayout("own", "own.yaml", text)
		if err != nil {
			if _, ok := errors.AsType[*strictyaml.Error](err); !ok || strings.Contains(err.Error(), "\n") {
				t.Fatalf("no place: %v", err)
			}
			return
		}
		if len(strings.Join(l.Columns.Values, "")) > 200 || strings.Count(strings.Join(l.Columns.Values, ""), "*") > 4 {
			return // a user's own pattern may take long
		}
		if sum, _, err := importBytes(t, l, Options{}, data); err == nil {
			checkSum(t, sum)
		}
	})
}

func FuzzNumber(f *testing.F) {
	for _, text := range []string{"1.234,5", "1e-5", "-0", "12'345.6", "9000000000000.001"} {
		f.Add(text, uint8(0))
	}
	f.Fuzz(func(t *testing.T, text string, which uint8) {
		l := []Layout{{Decimal: "."}, {Decimal: ",", Thousands: "."}, {Decimal: ".", Thousands: "'"}}[which%3]
		for _, u := range Units() {
			e, err := l.parse([]byte(text), u)
			if err == nil && (e.wh < 0 || e.wh > arrival.MaxWh || e.pico < 0 || e.pico >= pico) {
				t.Fatalf("%q %s: %v", text, u, e)
			}
		}
	})
}

func FuzzTime(f *testing.F) {
	f.Add("YYYY-MM-DD hh:mm:ss", "2013-01-02 03:04:05")
	f.Add("NNNPP", "19503")
	f.Add("D MON YY h:mm AM", "1 Jul 12 1:05 AM")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		p, err := compilePattern(pattern)
		if err != nil {
			return
		}
		w, err := p.parse([]byte(text), 14244)
		if err == nil && (w.day < 0 || w.secs < 0 || w.secs > 86400 || w.period < 0) {
			t.Fatalf("%q by %q: %+v", text, pattern, w)
		}
	})
}

func FuzzOBIS(f *testing.F) {
	f.Add("1-0:1.8.0*255")
	f.Fuzz(func(t *testing.T, text string) {
		if code, ok := parseOBIS(text); ok && !code.matches(code) {
			t.Fatalf("%q does not match itself", text)
		}
	})
}
