package scenario_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

const phased = `name: night
topology: minimal
warmup: 1s
series:
  - name: day
    phases:
      - name: base
        workload: {kind: plain}
        load: {kind: open, rate: 20/s, hold: 9s}
      - name: burst
        start: 3s
        workloads: [{kind: plain, weight: 2}, {kind: billing, form: plain}]
        load: {kind: closed, clients: 4, hold: 5s}
  - name: alone
    workload: {kind: encrypted}
    load: {kind: closed, clients: [1, 2], hold: 3s}
`

// places renders what tells series apart.
func places(s scenario.Scenario) (all []string) {
	for _, one := range s.Series {
		all = append(all, strings.TrimRight(fmt.Sprintf("%s %s|%s|%v|%s", one.Prefix, one.Name, one.Group, one.Start, one.Network), "|"))
	}
	return all
}

func TestPhases(t *testing.T) {
	s, err := parse(phased)
	if err != nil {
		t.Fatal(err)
	}
	want := "s1 day/base|day|0s|minimal\ns2 day/burst|day|3s|minimal\ns3 alone||0s|minimal"
	if got := strings.Join(places(s), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	base, burst := s.Series[0], s.Series[1]
	equal(t, "kind of the base's load", base.Load.Kind, result.LoadOpen)
	equal(t, "mix of the base", len(base.Mix), 0)
	equal(t, "kind of the burst's load", burst.Load.Kind, result.LoadClosed)
	equal(t, "mix of the burst", len(burst.Mix), 2)
	equal(t, "weight of the second part", burst.Mix[1].Weight, 1)
	equal(t, "start of the burst", burst.Start, 3*time.Second)
}

// What is varied is varied for all phases of a series, also where it means
// something to one of them only.
func TestPhasesVaried(t *testing.T) {
	s, err := parse(phased, "vary.batch=[{messages: 10}, {}]", "series[0].phases[0].workload={kind: encrypted}", "series[0].vary.bits=[1024, 3072]")
	if err != nil {
		t.Fatal(err)
	}
	want := `s1 day/base/batch=10/bits=1024|day/batch=10/bits=1024|0s|minimal/batch=10
s2 day/burst/batch=10/bits=1024|day/batch=10/bits=1024|3s|minimal/batch=10
s3 day/base/batch=10/bits=3072|day/batch=10/bits=3072|0s|minimal/batch=10
s4 day/burst/batch=10/bits=3072|day/batch=10/bits=3072|3s|minimal/batch=10
s5 day/base/batch=unchanged/bits=1024|day/batch=unchanged/bits=1024|0s|minimal
s6 day/burst/batch=unchanged/bits=1024|day/batch=unchanged/bits=1024|3s|minimal
s7 day/base/batch=unchanged/bits=3072|day/batch=unchanged/bits=3072|0s|minimal
s8 day/burst/batch=unchanged/bits=3072|day/batch=unchanged/bits=3072|3s|minimal
s9 alone/batch=10||0s|minimal/batch=10
s10 alone/batch=unchanged||0s|minimal`
	if got := strings.Join(places(s), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if first, third := options(s.Series[0].Workload).Bits, options(s.Series[2].Workload).Bits; first != 1024 || third != 3072 {
		t.Errorf("bits %d and %d", first, third)
	}
}

// One series of phases may stand at the top level.
func TestPhasesAtTheTop(t *testing.T) {
	text := `name: night
topology: minimal
phases:
  - {name: a, workload: {kind: plain}, load: {kind: closed, clients: 1, hold: 2s}}
  - {name: b, start: 500ms, workload: {kind: plain}, load: {kind: open, arrivals: {steps: [{rate: 1/s, hold: 2s}]}}}
`
	s, err := parse(text)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(places(s), "\n"); got != "s1 night/a|night|0s|minimal\ns2 night/b|night|500ms|minimal" {
		t.Error(got)
	}
	if _, err = parse(text, "phases[1].load.slots=0"); fmt.Sprint(err) != "--set phases[1].load.slots: phases[1].load.slots: must be 1 to 10000000, got 0" {
		t.Error(err)
	}
}

func TestPhaseErrors(t *testing.T) {
	tests := []struct{ old, new, want string }{
		{"name: burst", "name: base", "a.yaml:10:15: series[0].phases[1].name: phase base is given twice"},
		{"name: burst", "name: Burst", `a.yaml:10:15: series[0].phases[1].name: a name is made of lower-case letters, digits, -, _ and ., and has at most 64 characters; got "Burst"`},
		{"name: burst", "nam: burst", "a.yaml:10:9: unknown key series[0].phases[1].nam; did you mean name?"},
		{"start: 3s", "start: -3s", "a.yaml:11:16: series[0].phases[1].start: must be 0s to 24h0m0s, got -3s"},
		{"start: 3s", "start: 25h", "a.yaml:11:16: series[0].phases[1].start: must be 0s to 24h0m0s, got 25h0m0s"},
		{"clients: 4", "clients: [4, 5]", "a.yaml:13:39: series[0].phases[1].load.clients: a phase has one level, got 2"},
		{"clients: 4", "search: {from: 1, to: 9}", "a.yaml:13:38: series[0].phases[1].load.search: a phase has one level, and nothing to search for"},
		{"rate: 20/s", "rate: [20/s, 30/s]", "a.yaml:9:34: series[0].phases[0].load.rate: a phase has one level, got 2; for rates one after the other use arrivals: {steps: …}"},
		{"hold: 5s", "hold: 1s", "a.yaml:13:48: series[0].phases[1].load.hold: must be longer than the warm-up of 1s, which it includes; got 1s; hold: 1.001s would do"},
		{"        load: {kind: closed, clients: 4, hold: 5s}\n", "", "a.yaml:10:9: series[0].phases[1].load.kind: is missing: one of closed, open"},
		{"        workload: {kind: plain}\n", "", "a.yaml:7:9: series[0].phases[0].workload.kind: is missing: one of plain, padded, encrypted, billing, invoke, pki, ca"},
		{"      - name: burst", "        workloads: [{kind: plain}, {kind: padded}]\n      - name: burst", "a.yaml:10:20: series[0].phases[0].workloads: give either workload or workloads"},
		{"    phases:", "    load: {kind: closed}\n    phases:", "a.yaml:6:11: series[0].load: a series has either phases, or one workload and load; move it into phases, or leave phases out"},
		{"series:", "phases: []\nseries:", "a.yaml:4:9: phases: a scenario has either series, or one workload and load; move it into series, or leave series out"},
		{"name: alone", "name: day", "a.yaml:14:11: series[1].name: series day is given twice"},
		{"    workload: {kind: encrypted}\n    load: {kind: closed, clients: [1, 2], hold: 3s}\n", "    phases: [{name: a, workload: {kind: plain}, load: {kind: closed, clients: 1, hold: 9s}}]\n",
			"a.yaml:15:13: series[1].phases: a series has 2 to 256 phases, got 1; of one use workload and load"},
		{"{kind: open, rate: 20/s, hold: 9s}", "{kind: open, arrivals: {trace: t.csv}, hold: 9s}\n        workloads: [{kind: plain}]", "a.yaml:10:20: series[0].phases[0].workloads: give either workload or workloads"},
	}
	for _, test := range tests {
		t.Run(test.new, func(t *testing.T) {
			src := strings.Replace(phased, test.old, test.new, 1)
			if src == phased {
				t.Fatalf("%q is not in the text", test.old)
			}
			if _, err := parse(src); fmt.Sprint(err) != test.want {
				t.Errorf("%s\ngot  %v\nwant %s", src, err, test.want)
			}
		})
	}
	if _, err := parse(single, "phases=[]"); fmt.Sprint(err) != "a.yaml:3:11: workload: a series has either phases, or one workload and load; move it into phases, or leave phases out" {
		t.Error(err)
	}
	if _, err := parse(phased, "series[1].phases=[]", "series[1].workload=null", "series[1].load=null"); fmt.Sprint(err) != "--set series[1].phases: series[1].phases: a series has 2 to 256 phases, got 0; of one use workload and load" {
		t.Error(err)
	}
}
