package meterdata

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestShippedLayouts(t *testing.T) {
	if n := len(Names()); n < 10 {
		t.Fatalf("%d formats", n)
	}
	docs, err := os.ReadFile(filepath.Join("..", "..", "docs", "traces.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Names() {
		l, err := ReadLayout(name)
		if err != nil {
			t.Fatal(err)
		}
		if l.Title == "" || !strings.HasPrefix(l.Source, "https://") {
			t.Errorf("%s says neither what it is nor where it is described", name)
		}
		if !strings.Contains(string(docs), "| `"+name+"` | ["+l.Title+"]("+l.Source+") |") {
			t.Errorf("docs/traces.md lacks the row | `%s` | [%s](%s) |", name, l.Title, l.Source)
		}
	}
	for _, of := range []struct {
		prefix string
		of     reflect.Type
	}{{"", reflect.TypeFor[Layout]()}, {"columns.", reflect.TypeFor[Columns]()}} {
		for _, f := range reflect.VisibleFields(of.of) {
			if key, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); key != "" && key != "columns" && !strings.Contains(string(docs), "| `"+of.prefix+key+"` |") {
				t.Errorf("docs/traces.md lacks the key %s%s", of.prefix, key)
			}
		}
	}
	for _, why := range Reasons() {
		if !strings.Contains(string(docs), "| `"+string(why)+"` |") {
			t.Errorf("docs/traces.md lacks the reason %s", why)
		}
	}
}

func TestLayoutMistakes(t *testing.T) {
	const good = "form: long\ncolumns: {meter: id, time: at, value: v}\ntime: YYYY-MM-DD hh:mm\nzone: UTC\nunit: Wh\nkind: interval\n"
	layoutOf(t, good)
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown key", "unit: Wh", "units: Wh", "own.yaml:5:1: unknown key units; did you mean unit"},
		{"unknown form", "form: long", "form: tall", `own.yaml:1:7: form`},
		{"no form", "form: long", "", `own.yaml:2:1: form`},
		{"no value", ", value: v", "", "own.yaml:2:10: columns.value: the column of the values is needed"},
		{"no time", "time: at, ", "", "own.yaml:2:10: columns.time: the column of the time is needed"},
		{"columns of a wide file", "value: v", "value: v, values: [a]", "own.yaml:2:50: columns.values: a long file has one column of values; give columns: {value: ...}"},
		{"no pattern", "time: YYYY-MM-DD hh:mm", "", "time: how times are written is needed, with year, month and day, as YYYY-MM-DD hh:mm:ss"},
		{"a pattern with a typo", "hh:mm", "HH:mm", `own.yaml:3:7: time: "YYYY-MM-DD HH:mm" has 'H', which is no part of a time`},
		{"a pattern with two years", "YYYY-MM", "YYYY-YYYY-MM", "own.yaml:3:7: time: YYYY comes twice"},
		{"no epoch", "YYYY-MM-DD hh:mm", "NNN hh:mm", "epoch: the date of day 1 is needed, as 2009-01-01"},
		{"no zone", "zone: UTC", "", "zone: the time zone of the times is needed, as they have no offset; as Europe/Berlin"},
		{"unknown zone", "zone: UTC", "zone: Mars/Base", `own.yaml:4:7: zone: there is no time zone "Mars/Base"; give an IANA name`},
		{"zone of the machine", "zone: UTC", "zone: Local", `own.yaml:4:7: zone: there is no time zone "Local"`},
		{"zone of a path", "zone: UTC", "zone: ../../etc/passwd", `own.yaml:4:7: zone: there is no time zone "../../etc/passwd"`},
		{"unknown unit", "unit: Wh", "unit: GWh", `own.yaml:5:7: unit`},
		{"power without an interval", "unit: Wh", "unit: kW", "interval: the time that a value covers is needed, as values are power; as 15m, 30m or 1h"},
		{"begin without an interval", "unit: Wh", "unit: Wh\nstamp: start", "interval: the time that a value covers is needed, as times are those of its begin"},
		{"numbers without an interval", "hh:mm", "P", "interval: the time that a value covers is needed, as times are numbers of it in a day"},
		{"an odd interval", "unit: Wh", "unit: Wh\ninterval: 1500ms", "own.yaml:6:11: interval: want whole seconds, 1s to 744h0m0s"},
		{"an interval of no day", "hh:mm", "P\ninterval: 7h", "own.yaml:4:11: interval: 7h0m0s is no part of a day"},
		{"power of a register", "unit: Wh\nkind: interval", "unit: kW\ninterval: 15m\nkind: register", "own.yaml:5:7: unit: a register counts energy, and kW is power"},
		{"an odd spring", "unit: Wh", "unit: Wh\nspring: none", "own.yaml:6:9: spring"},
		{"flags without a column", "unit: Wh", "unit: Wh\nquality: {keep: [A]}", "own.yaml:6:10: quality: the column of the flags is needed"},
		{"a season without a column", "unit: Wh", "unit: Wh\nseason: {summer: S}", "own.yaml:6:9: season: the column of the flags is needed"},
		{"no kind", "kind: interval", "", "kind"},
		{"the same sign twice", "unit: Wh", "unit: Wh\nthousands: .", "own.yaml:6:12: thousands: the sign is that of decimals too"},
		{"an odd sign", "unit: Wh", "unit: Wh\nthousands: ab", "own.yaml:6:12: thousands: want . or , or ' or a blank"},
		{"no OBIS code", "unit: Wh", "unit: Wh\nobis: [x]", `own.yaml:6:8: obis[0]: "x" is no OBIS code; as 1-0:1.8.0*255 or 1.8.0`},
		{"a register as intervals", "unit: Wh", "unit: Wh\nobis: [1.8.0]", "own.yaml:6:8: obis[0]: 1.8.0 is a register; give kind: register"},
		{"codes without a column", "unit: Wh", "unit: Wh\nobis: [1.29.0]", "own.yaml:6:7: obis: no column holds the codes"},
		{"a column without codes", "value: v", "value: v, obis: o", "obis: the codes to take are needed; as 1.8.0"},
		{"an odd flag", "unit: Wh", "unit: Wh\nquality: {column: a}", "own.yaml:6:10: quality: give keep or drop"},
		{"a season without flags", "unit: Wh", "unit: Wh\nseason: {column: a}", "own.yaml:6:9: season: give summer and winter"},
		{"rollover of intervals", "unit: Wh", "unit: Wh\nrollover: 1000", "own.yaml:6:11: rollover: want a number, as 100000, of a layout of registers"},
		{"days with hours", "form: long\ncolumns: {meter: id, time: at, value: v}", "form: days\ncolumns: {time: at, values: [v]}", "time: the time of a line of days is a date"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := parseLayout("own", "own.yaml", []byte(strings.Replace(good, c.old, c.new, 1)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
	if _, err := ReadLayout("lcl", "zone=Europe/London", "decimal=,", "columns.value=usage", "where=[{column: a, is: b}]"); err != nil {
		t.Error(err)
	}
	if _, err := ReadLayout("lcl", "zone=Europe/Londn"); err == nil || !strings.Contains(err.Error(), "there is no time zone") {
		t.Errorf("%v", err)
	}
	if _, err := ReadLayout("lcll"); err == nil || !strings.Contains(err.Error(), "lcl") {
		t.Errorf("%v", err)
	}
}
