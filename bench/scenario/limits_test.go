package scenario_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/scenario"
	"meterbench/internal/strictyaml"
	"meterbench/workloads"
	"meterbench/workloads/values"
)

// Every limit is kept, and the error names it.
func TestSizeLimits(t *testing.T) {
	dir := t.TempDir()
	many := func(n int, item string) string {
		var all []string
		for i := range n {
			all = append(all, fmt.Sprintf(item, i))
		}
		return strings.Join(all, ", ")
	}
	set := func(base string, overrides ...string) func() error {
		return func() error {
			_, err := parse(base, overrides...)
			return err
		}
	}
	traced := func(rows string, arrivals ...string) func() error {
		return func() error {
			text := strings.NewReplacer("arrivals: X, hold: 3s", "arrivals: {trace: t.csv"+strings.Join(arrivals, "")+"}", ", meters: 7", "").Replace(arriving)
			for name, text := range map[string]string{"a.yaml": text, "t.csv": "time,meter,value\n" + rows} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					return err
				}
			}
			_, err := read(filepath.Join(dir, "a.yaml"))
			return err
		}
	}
	const called = "name: a\ntopology: minimal\nworkload: {kind: invoke, contract: keyvalue, function: Put}\nload: {kind: closed, clients: [1], hold: 3s}\n"
	rows := func(length int64, content string) func() error { // of a CSV file
		return func() error {
			text := strings.Replace(called, "function: Put", "function: Put, args: [{csv: {file: rows.csv, column: id}}]", 1)
			for name, text := range map[string]string{"a.yaml": text, "rows.csv": content} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					return err
				}
			}
			if length > 0 {
				if err := os.Truncate(filepath.Join(dir, "rows.csv"), length); err != nil {
					return err
				}
			}
			_, err := read(filepath.Join(dir, "a.yaml"))
			return err
		}
	}
	beyond := map[string]func() error{
		"the file":                                 set(single + "#" + strings.Repeat("x", 64<<10)),
		"values in values":                         set(single, "vary="+strings.Repeat("[", 40)),
		"items of a list":                          set(single, "load.clients=["+many(1001, "%d")+"]"),
		"characters of a name":                     set(single, "name="+strings.Repeat("a", 65)),
		"series, with the levels of factors":       set(single, "vary={length: ["+many(40, "1%d")+"], bits: [1024, 2048, 3072], encryption: ["+many(10, "{bank: 1%d}")+"]}"),
		"workloads of a mix, phases of a series":   set(strings.Replace(single, "workload: {kind: encrypted}", "workloads: ["+strings.Repeat("{kind: plain}, ", 257)+"]", 1)),
		"weights of a mix together":                set(strings.Replace(single, "workload: {kind: encrypted}", "workloads: [{kind: plain, weight: 900}, {kind: padded, weight: 101}]", 1)),
		"channels":                                 set(single, "channels=65"),
		"meters of a workload":                     set(single, "workload.meters=1000001"),
		"values per reading":                       set(single, "workload.length=1025"),
		"a workload's bound":                       set(single, "workload.bound=2147483649"),
		"clients":                                  set(single, "load.clients=65537"),
		"transactions per second":                  set(series, "series[0].load.rate=1000001/s"),
		"slots of a load, samples of a cell of fe": set(series, "series[0].load.slots=10000001"),
		"hold of a level":                          set(single, "load.hold=745h"),
		"start of a phase":                         set(phased, "series[0].phases[1].start=25h"),
		"transactions due in a level":              set(series, "series[0].load.rate=1000000/s", "series[0].load.hold=1h"),
		"repetitions of a scenario":                set(single, "repeat=10001"),
		"repetitions of a search":                  set(strings.Replace(single, "clients: [1, 2]", "search: {from: 1, to: 2, repetitions: 1001}", 1)),
		"load levels with all repetitions":         set(single, "repeat=10000", "load.clients=["+many(11, "1%d")+"]"),
		"all load levels together":                 set(single, "repeat=10000", "load.hold=1h"),
		"cells of a table of encryption costs":     set(series, "fe={lengths: ["+many(100, "1%d")+"], bounds: ["+many(11, "1%d")+"], bits: 2048}"),
		"quantiles":                                set(single, "quantiles=["+many(21, "1.%02d")+"]"),
		"meters of a lifecycle":                    set(single, "lifecycle.meters=1000000001"),
		"readings of a lifecycle's meter per day":  set(single, "lifecycle.readings_per_day=86401"),
		"years of a lifecycle":                     set(single, "lifecycle.key_years=101"),
		"verifiers of a lifecycle":                 set(single, "lifecycle.verifiers=1000001"),
		"age of a status in a lifecycle":           set(single, "lifecycle.status_age=8785h"),
		"speed of a trace":                         traced("0,m,1\n9,m,2\n", ", speed: 1000001"),
		"bytes of a trace's file": func() error {
			if err := traced("0,m,1\n9,m,2\n")(); err != nil {
				return err
			}
			if err := os.Truncate(filepath.Join(dir, "t.csv"), 128<<20+1); err != nil {
				return err
			}
			_, err := read(filepath.Join(dir, "a.yaml"))
			return err
		},
		"bytes of a trace's line":          traced("0," + strings.Repeat("m", 4096) + ",1\n"),
		"rows of a trace":                  nil, // by the tests of package arrival
		"meters of a trace":                nil, // by the tests of package arrival
		"bytes of a meter's id in a trace": traced("0," + strings.Repeat("m", 65) + ",1\n"),
		"Wh of a value in a trace":         traced("0,m,9000000000000001\n"),
		"time that one value covers":       set(single, "workload.interval=745h"),
		"readings per bill":                set(strings.Replace(single, "encrypted", "billing, readings: 1001", 1)),
		"arguments of a call":              set(called, "workload.args=["+many(101, "a%d")+"]"),
		"calls before the load":            set(called, "workload.before=[{function: Put, count: 100001}]"),
		"bytes of a generated value":       set(called, "workload.size=5MiB"),
		"keys of a space":                  set(called, "workload.keys=1000000001"),
		"bytes of a CSV file of values":    rows(values.MaxCSVBytes+1, "id\n1\n"),
		"rows of a CSV file of values":     rows(0, "id\n"+strings.Repeat("1\n", values.MaxRows+1)),
		"ciphertexts of a bank":            set(single, "workload.encryption={bank: 10000001}"),
	}
	for _, limit := range append(scenario.SizeLimits(), workloads.SizeLimits()...) {
		t.Run(limit.Of, func(t *testing.T) {
			try, ok := beyond[limit.Of]
			if !ok {
				t.Fatal("no scenario beyond this limit")
			}
			delete(beyond, limit.Of)
			if try == nil {
				return
			}
			err := try()
			if _, ok := err.(*strictyaml.Error); !ok || !strings.Contains(err.Error(), limit.Most) {
				t.Errorf("got %v, want an error with %s", err, limit.Most)
			}
		})
	}
	for _, of := range slices.Sorted(maps.Keys(beyond)) {
		t.Errorf("there is no limit of %s", of)
	}
}
