package scenario_test

import (
	"fmt"
	"strings"
	"testing"
)

const mixed = `name: a
topology: minimal
workloads:
  - {weight: 3, kind: plain, length: 24}
  - {kind: encrypted, encryption: {bank: 5}}
load: {kind: closed, clients: 1, hold: 3s}
`

func TestMix(t *testing.T) {
	in := func(text string, sets ...string) []string {
		t.Helper()
		s, err := parse(text, sets...)
		if err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, one := range s.Series {
			var parts []string
			for _, w := range one.Workloads() {
				parts = append(parts, w.String())
			}
			all = append(all, one.Name+": "+strings.Join(parts, ", "))
		}
		return all
	}
	tests := []struct {
		got  []string
		want string
	}{
		{in(mixed), "a: 3 plain length 24, 1 encrypted ddh 2048 length 1 bank 5"},
		{in(mixed, "vary.bits=[1024, 3072]"), "a/bits=1024: 3 plain length 24, 1 encrypted ddh 1024 length 1 bank 5\na/bits=3072: 3 plain length 24, 1 encrypted ddh 3072 length 1 bank 5"},
		{in(mixed, "vary.length=[2]"), "a/length=2: 3 plain length 2, 1 encrypted ddh 2048 length 2 bank 5"},
		{in(series, "series[1].workload=null", "series[1].workloads=[{kind: padded}, {kind: plain, weight: 2}]", "vary.workload=[plain, padded]"),
			"one/workload=plain: plain length 1\none/workload=padded: padded ddh 2048 length 1\ntwo: 1 padded ddh 2048 length 1, 2 plain length 1"},
		{in(single), "encrypted: encrypted ddh 2048 length 1 inline"},
	}
	for _, test := range tests {
		t.Run(test.want, func(t *testing.T) {
			if got := strings.Join(test.got, "\n"); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestMixErrors(t *testing.T) {
	tests := []struct{ base, old, new, want string }{
		{mixed, "weight: 3", "weight: 0", "a.yaml:4:14: workloads[0].weight: must be 1 to 1000, got 0"},
		{mixed, "weight: 3", "weight: 1001", "a.yaml:4:14: workloads[0].weight: must be 1 to 1000, got 1001"},
		{mixed, "weight: 3", "weight: 1000", "a.yaml:4:3: workloads: the weights sum to 1001, more than 1000"},
		{mixed, "  - {kind: encrypted, encryption: {bank: 5}}\n", "", "a.yaml:4:3: workloads: a mix has at least two workloads; use workload"},
		{mixed, "{bank: 5}", "ahead", "a.yaml:5:35: workloads[1].encryption: how many transactions of a mix are due for one of its workloads is not known beforehand; use {bank: K}"},
		{mixed, "kind: encrypted", "kind: encripted", `a.yaml:5:12: workloads[1].kind: there is no "encripted"; did you mean encrypted?`},
		{mixed, "load:", "workload: {kind: plain}\nload:", "a.yaml:4:3: workloads: give either workload or workloads"},
		{mixed, "closed, clients: 1", "open, arrivals: {periodic: {interval: 1s}}", "a.yaml:6:30: load.arrivals: periodic arrivals are those of the meters of one workload, and this is a mix"},
		{single, "encrypted}", "encrypted, weight: 2}", "a.yaml:3:37: workload.weight: one workload has all the weight; use workloads"},
		{series, "workload: {kind: padded}", "workload: {kind: padded}\n    workloads: [{kind: padded}, {kind: plain}]", "a.yaml:9:16: series[1].workloads: give either workload or workloads"},
		{series, "fe:", "workloads: []\nfe:", "a.yaml:10:12: workloads: a scenario has either series, or one workload and load; move it into series, or leave series out"},
	}
	for _, test := range tests {
		t.Run(test.new, func(t *testing.T) {
			src := strings.Replace(test.base, test.old, test.new, 1)
			if src == test.base {
				t.Fatalf("%q is not in the text", test.old)
			}
			if _, err := parse(src); fmt.Sprint(err) != test.want {
				t.Errorf("%s\ngot  %v\nwant %s", src, err, test.want)
			}
		})
	}
}
