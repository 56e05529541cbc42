package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode"

	"meterbench/internal/strictyaml"
)

// What follows are right inputs, each of which is made wrong in many ways.
const (
	rightTopology = `name: own
description: of two
organisations:
  - name: ptb
    peers: 2
  - name: cmi
orderers:
  consensus: raft
  count: 1
channels:
  - name: c
    members: [ptb, cmi]
    batch: {timeout: 1s, messages: 10, preferred_bytes: 2MiB, absolute_bytes: 10MiB}
    chaincodes:
      - {name: readings, operator: ptb, endorsement: "1 of [ptb, cmi]"}
limits: {gateway: 10, endorser: 10, deliver: 10}
`
	rightClosed = `name: a
description: of closed load
topology: own.yaml
series:
  - name: one
    objective: 2s
    workload: {kind: encrypted, scheme: ddh, bits: 1024, length: 2, bound: 50, meters: 6, interval: 1h, reveal: true, verify: false}
    load: {kind: closed, clients: 3, think: 1s, hold: 30s, wait: commit}
  - name: two
    workloads:
      - {kind: plain, weight: 2}
      - {kind: encrypted, encryption: {bank: 5}}
    load: {kind: open, rate: 5/s, slots: 3, hold: 30s}
  - name: three
    workload: {kind: plain}
    load: {kind: open, search: {from: 1/s, to: 9/s, p99: 1s, repetitions: 2}, hold: 200s}
  - name: four
    phases:
      - name: x
        workload: {kind: plain}
        load: {kind: open, arrivals: {ramp: {from: 1/s, to: 9/s, over: 2s}}, hold: 30s}
      - name: y
        start: 1s
        workload: {kind: billing, form: plain, readings: 3, meters: 900}
        load: {kind: open, arrivals: {periodic: {interval: 1m, jitter: 0.5}}, hold: 30s}
batch: {timeout: 1s, messages: 7}
channels: 2
limits: {gateway: 7}
policy: any
fe: {schemes: ddh, bits: 1024, lengths: 3, bound: 7, samples: 9}
warmup: 2s
repeat: 1
fresh: false
seed: 3
quantiles: 50
record: false
require: valid
`
	rightReference = `name: b
target:
  kind: reference
  endorse: {servers: 8, service: {kind: exponential, mean: 20ms}}
  batch: {timeout: 1s, messages: 10, bytes: 512KiB}
  commit: {servers: 1, service: {kind: lognormal, mean: 2ms, cv: 0.5}, per: block}
  failures: [{outcome: unknown, share: 0.01}]
  give_up: 5s
  stalls: [{at: 20s, for: 1s}]
workload: {kind: plain, length: 1}
load: {kind: open, arrivals: {trace: {file: t.csv, unit: kWh, kind: interval}, speed: 2}}
warmup: 1s
`
	rightTrace = "time,meter,value\n2025-10-12T00:30:00Z,M1,0.123\n2025-10-12T00:30:05Z,M2,0.402\n2025-10-12T00:30:15+00:00,M1,0.05\n"
)

// A folder of right inputs, one of which a test makes wrong.
type inputs struct{ dir string }

func newInputs(t *testing.T) inputs {
	t.Helper()
	in := inputs{t.TempDir()}
	for name, text := range map[string]string{"own.yaml": rightTopology, "a.yaml": rightClosed, "b.yaml": rightReference, "t.csv": rightTrace} {
		in.write(t, name, text)
	}
	return in
}

func (in inputs) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(in.dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// refused reads a scenario that is wrong in a line of a file (below it, where line is negative, or by an override, where it
// is 0), and checks how it is
// refused: soon, with little memory, in one line that can be printed, with its place.
func (in inputs) refused(t *testing.T, scenario, file string, line int, sets ...string) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := time.Now()
	_, err := Read(t.Context(), filepath.Join(in.dir, scenario), sets)
	took := time.Since(begun)
	runtime.ReadMemStats(&after)
	wrong, ok := errors.AsType[*strictyaml.Error](err)
	switch {
	case !ok:
		t.Fatalf("got %v, want an error with a place", err)
	case line < 0 && (wrong.File != filepath.Join(in.dir, file) || wrong.Line < -line):
		t.Errorf("got %v, want an error in line %d of %s or below", err, -line, file)
	case line > 0 && (wrong.File != filepath.Join(in.dir, file) || wrong.Line != line || wrong.Column < 1):
		t.Errorf("got %v, want an error in line %d of %s", err, line, file)
	case line == 0 && !strings.HasPrefix(wrong.File, "--set "):
		t.Errorf("got %v, want an error of the override", err)
	}
	if text := err.Error(); strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) || len(text) > 2000 {
		t.Errorf("the error has %d bytes or cannot be printed: %.2000q", len(text), text)
	}
	if took > time.Minute || // for a hang: this may be a busy machine, under the race detector
		after.TotalAlloc-before.TotalAlloc > 200<<20 {
		t.Errorf("took %v and %d MiB to refuse", took, (after.TotalAlloc-before.TotalAlloc)>>20)
	}
}

// keyAndValue matches a key with a single value in the right inputs.
var keyAndValue = regexp.MustCompile(`([a-z0-9_]+): ("[^"]*"|[^\s,{}\[\]][^,{}\[\]\n]*)`)

// What no key may have as its value, whatever it is of.
var noValue = []string{
	"", "null", "~", "{x: 1}", "[[1]]", "[{x: 1}]", "&a x", "*a", "!!str x", "%", "@", "\"\\e[31m\"", "\"\\u202e\"", "\"a\x07\"", "}",
	strings.Repeat("[", 40) + strings.Repeat("]", 40), "[" + strings.Repeat("1, ", 1001) + "]",
}

// What is noticed only where something else follows.
var unclosed = []string{"\"a", "{", "[1, ", "'"}

// What no number, time, size or rate may be.
var noNumber = []string{
	"-1", "-0.5", ".nan", ".inf", "-.inf", "1e99", "99999999999999999999", "0x10", "1_000", "1,5", "-1s", "1e99/s", "-1/s", "2562048h", "9999999999GiB", "many", "1 2", "'1'x", "true",
	"١",
}

// What no name may be.
var noName = []string{
	"../../x", "/x", ".", "..", "a/b", `a\b`, "a b", "A", "-a", "a-", "ä", "a\u200bb", "=1+1", "'#'", "'*'", "'a\n\n  b'", strings.Repeat("a", 300), "😀",
}

// isText are the keys whose values are text for readers, or names of files.
func isText(key string) bool { return key == "description" || key == "topology" || key == "file" }

// Every value and every key of a right scenario or topology is made wrong in every way that it can be, in the file and
// by an override: all of it is refused with the line.
func TestWrongInputsAreRefused(t *testing.T) {
	in := newInputs(t)
	n := 0
	for name, scenario := range map[string]string{"own.yaml": "a.yaml", "a.yaml": "a.yaml", "b.yaml": "b.yaml"} {
		if _, err := Read(t.Context(), filepath.Join(in.dir, scenario), nil); err != nil {
			t.Fatalf("the right input: %v", err)
		}
		right := map[string]string{"own.yaml": rightTopology, "a.yaml": rightClosed, "b.yaml": rightReference}[name]
		for i, at := range keyAndValue.FindAllStringSubmatchIndex(right, -1) {
			if testing.Short() && i%4 != 0 {
				continue
			}
			key, value := right[at[2]:at[3]], right[at[4]:at[5]]
			line := 1 + strings.Count(right[:at[0]], "\n")
			try := func(kind, text string) {
				n++
				t.Run(fmt.Sprintf("%s:%d %s %s", name, line, key, kind), func(t *testing.T) {
					in.write(t, name, text)
					in.refused(t, scenario, name, line)
				})
			}
			with := func(value string) string { return right[:at[4]] + value + right[at[5]:] }
			for _, v := range noValue {
				if v == "}" && isText(key) {
					continue // a text to this parser
				}
				try("= "+v, with(v))
			}
			for _, v := range unclosed {
				n++
				t.Run(fmt.Sprintf("%s:%d %s = %s", name, line, key, v), func(t *testing.T) {
					in.write(t, name, with(v))
					in.refused(t, scenario, name, -line)
				})
			}
			numeric := regexp.MustCompile(`^[0-9]`).MatchString(value)
			for _, v := range noNumber {
				if numeric {
					try("= "+v, with(v))
				}
			}
			for _, v := range noName {
				if v == "a-" && value == "c" {
					continue // which Fabric takes as the name of a channel
				}
				if key == "name" || !numeric && !isText(key) {
					try("= "+v, with(v))
				}
			}
			try("misspelt", right[:at[2]]+key+"zz"+right[at[3]:])
			try("twice", right[:at[0]]+key+": "+value+", "+right[at[0]:])
		}
		in.write(t, name, right)
	}
	t.Logf("%d wrong inputs", n)
	if n < 300 {
		t.Errorf("%d wrong inputs are too few", n)
	}
}

// What an override gives is held to the same.
func TestWrongOverridesAreRefused(t *testing.T) {
	in := newInputs(t)
	keys := []string{
		"repeat", "warmup", "seed", "quantiles", "channels", "batch.timeout", "limits.gateway", "series[0].workload.length", "series[0].workload.meters", "series[0].load.clients",
		"series[0].load.hold", "series[1].load.rate", "series[1].load.slots", "series[2].load.search.to", "series[3].phases[1].start", "fe.samples", "fe.lengths",
	}
	for _, key := range keys {
		for _, v := range append(append([]string{"{}"}, noValue...), noNumber...) {
			if v == "null" || v == "~" {
				continue // removes the key
			}
			t.Run(key+"="+v, func(t *testing.T) { in.refused(t, "a.yaml", "", 0, key+"="+v) })
		}
	}
	for _, key := range append([]string{"nmae", "series[9].name", "series[0]..name", "[0]", "series[0].load.clients[1][2]", strings.Repeat("a.", 40), strings.Repeat("a", 70000), "a\x1bb"}, noName...) {
		t.Run(key, func(t *testing.T) { in.refused(t, "a.yaml", "", 0, key+"=1") })
	}
}

// Every field of a trace is made wrong in every row.
func TestWrongTracesAreRefused(t *testing.T) {
	in := newInputs(t)
	wrong := [3][]string{
		{"", "x", "2025-10-12", "2025-10-12T00:30:00", "2025-10-12 00:30:00Z", "2025-02-30T00:00:00Z", "12.10.2025 00:30", "1760229000", "1760229000000", "NaN", "-1", "24:00", "2025-10-12T00:30:00+25:00",
			"1066-10-14T09:00:00Z", "9999-12-31T23:59:59Z", "\"", "\"2025", "=1+1", "\x00"},
		{"", "\"", "a\x1bb", "\"a\"b", "a\"b", "\xff", "=HYPERLINK(1)", "+1", "-1", "@x", "a,b", strings.Repeat("m", 65), strings.Repeat("m", 5000), "a\u0085b", "\x00"},
		{"", "x", "NaN", "Inf", "-Inf", "+Inf", "null", "-", "-1", "-0.5", "1e3", "1E-3", "0x10", "1_0", "1,5", "\"1,5\"", "1.", ".5", "1..5", "0.1234", "99999999999999999999", "9000000000001", "١", "1 kWh", " 1",
			"1 ", "'1'", "\"\"", "+1", "2147483.648"},
	}
	rows := strings.Split(strings.TrimSuffix(rightTrace, "\n"), "\n")
	n := 0
	for row := 1; row < len(rows); row++ {
		for field := range wrong {
			for _, v := range wrong[field] {
				n++
				t.Run(fmt.Sprintf("row %d field %d %q", row, field+1, v), func(t *testing.T) {
					fields := strings.Split(rows[row], ",")
					fields[field] = v
					lines := append([]string{}, rows...)
					lines[row] = strings.Join(fields, ",")
					in.write(t, "t.csv", strings.Join(lines, "\n")+"\n")
					line := row + 1
					if row == 1 && (v == "1760229000" || v == "-1" && field == 0) {
						line = 3 // the first row says how times are written; that the second differs is noticed there
					}
					in.refused(t, "b.yaml", "t.csv", line)
				})
			}
		}
	}
	for name, text := range map[string]string{
		"empty": "", "a header": "time,meter,value\n", "no header": "0,a,1\n", "other names": "Time,Meter,Value\n0,a,1\n", "a byte order mark twice": "\ufeff\ufefftime,meter,value\n0,a,1\n",
		"semicolons": "time;meter;value\n0;a;1\n", "carriage returns": strings.ReplaceAll(rightTrace, "\n", "\r"), "blanks": strings.Repeat("\n", 100), "gzip": "\x1f\x8b\x08\x00", "xlsx": "PK\x03\x04",
	} {
		n++
		t.Run(name, func(t *testing.T) {
			in.write(t, "t.csv", text)
			in.refused(t, "b.yaml", "t.csv", 1)
		})
	}
	t.Logf("%d wrong traces", n)
}

// Wherever a file ends, and whatever stands in place of one of its bytes, it is read or refused in the right form.
func TestDamagedInputs(t *testing.T) {
	in := newInputs(t)
	for name, scenario := range map[string]string{"own.yaml": "a.yaml", "a.yaml": "a.yaml", "b.yaml": "b.yaml", "t.csv": "b.yaml"} {
		right := map[string]string{"own.yaml": rightTopology, "a.yaml": rightClosed, "b.yaml": rightReference, "t.csv": rightTrace}[name]
		step := 11
		if testing.Short() {
			step = 41
		}
		for at := 0; at < len(right); at += step {
			for _, text := range []string{right[:at], right[:at] + "\x00" + right[at+1:], right[:at] + "{" + right[at+1:], right[:at] + ": " + right[at:], right[at:]} {
				in.write(t, name, text)
				_, err := Read(t.Context(), filepath.Join(in.dir, scenario), nil)
				if err == nil {
					continue
				}
				wrong, placed := errors.AsType[*strictyaml.Error](err)
				_, input := errors.AsType[InputError](err)
				if !placed && !input || placed && wrong.Line < 1 || strings.Contains(err.Error(), "\n") {
					t.Errorf("%s at %d: got %v in\n%s", name, at, err, text)
				}
			}
		}
		in.write(t, name, right)
	}
}

// Whoever waits for a trace can stop, and is not told of a mistake.
func TestReadStops(t *testing.T) {
	in := newInputs(t)
	in.write(t, "t.csv", "time,meter,value\n"+strings.Repeat("\n", 5000))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Read(ctx, filepath.Join(in.dir, "b.yaml"), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
