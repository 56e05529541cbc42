package scenario_test

import (
	"fmt"
	"strings"
	"testing"

	"meterbench/workloads"
)

func TestWorkloads(t *testing.T) {
	tests := []struct{ given, want string }{
		{"kind: encrypted, scheme: ecddh, length: 24", "encrypted ecddh 256 length 24 inline"},
		{"kind: encrypted, scheme: ecddh, bits: 256", "encrypted ecddh 256 length 1 inline"},
		{"kind: padded, scheme: paillier", "padded paillier 2048 length 1"},
		{"kind: encrypted, scheme: paillier, bits: 4096, encryption: {bank: 3}", "encrypted paillier 4096 length 1 bank 3"},
		{"kind: encrypted, scheme: dmcfe, length: 5", "encrypted dmcfe 256 length 5 inline"},
		{"kind: billing, length: 24", "billing of 30 encrypted readings ddh 2048 length 24"},
		{"kind: billing, form: plain, readings: 7", "billing of 7 plain readings length 1"},
		{"kind: billing, form: padded, scheme: damgard, bits: 1024", "billing of 30 padded readings damgard 1024 length 1"},
		{"kind: billing, reveal: true, scheme: ecddh", "billing of 30 encrypted readings ecddh 256 length 1"},
	}
	for _, test := range tests {
		t.Run(test.given, func(t *testing.T) {
			s, err := parse(strings.Replace(single, "kind: encrypted", test.given, 1))
			if err != nil {
				t.Errorf("%s: %v", test.given, err)
				return
			}
			if got := s.Series[0].Workload.String(); got != test.want {
				t.Errorf("%s: %s, want %s", test.given, got, test.want)
			}
		})
	}
}

func TestValues(t *testing.T) {
	for scheme, want := range map[string]int{"dmcfe": 1, "ecddh": 5} { // a meter of dmcfe encrypts one value
		t.Run(scheme, func(t *testing.T) {
			s, err := parse(strings.Replace(single, "kind: encrypted", "length: 5, kind: encrypted, scheme: "+scheme, 1))
			if err != nil {
				t.Fatal(err)
			}
			if n := s.Series[0].Workload.Traits().Values; n != want {
				t.Errorf("%d values, want %d", n, want)
			}
		})
	}
}

func TestWorkloadErrors(t *testing.T) {
	tests := []struct{ given, want string }{
		{"kind: encrypted, scheme: ecddh, bits: 2048", "a.yaml:3:50: workload.bits: ecddh has no key size of 2048 bits; known are 256"},
		{"kind: encrypted, scheme: paillier, bits: 1536", "a.yaml:3:53: workload.bits: paillier has no key size of 1536 bits; known are 1024, 2048, 3072, 4096"},
		{"kind: encrypted, scheme: dmcfe, encryption: {bank: 4}", "a.yaml:3:56: workload.encryption: dmcfe encrypts under the label of an interval, which a meter may use only once; use inline or ahead"},
		{"kind: encrypted, scheme: dmcfe, reveal: true", "a.yaml:3:52: workload.reveal: dmcfe has no key authority; leave it out"},
		{"kind: billing, scheme: dmcfe, length: 2", "a.yaml:3:35: workload.scheme: a bill needs an evaluation key of a key authority, and dmcfe has none; use another scheme"},
		{"kind: billing, length: 3", "a.yaml:3:35: workload.length: a key for readings of fewer than 4 values would reveal single ones, and the key authority issues none; give length: 4 or more, or reveal: true"},
		{"kind: billing", "a.yaml:3:11: workload.length: a key for readings of fewer than 4 values would reveal single ones, and the key authority issues none; give length: 4 or more, or reveal: true"},
		{"kind: billing, form: plain, scheme: ddh", "a.yaml:3:48: workload.scheme: billing of plain readings has no scheme"},
		{"kind: billing, form: plain, bits: 2048", "a.yaml:3:46: workload.bits: billing of plain readings has no key"},
		{"kind: billing, form: plain, reveal: true", "a.yaml:3:48: workload.reveal: billing of plain readings has no key authority; leave it out"},
		{"kind: billing, form: billing", `a.yaml:3:33: workload.form: there is no "billing"; known are plain, padded, encrypted`},
		{"kind: billing, form: plain, readings: 0", "a.yaml:3:50: workload.readings: must be 1 to 1000, got 0"},
		{"kind: billing, form: plain, readings: 1001", "a.yaml:3:50: workload.readings: must be 1 to 1000, got 1001"},
		{"kind: billing, length: 2, encryption: inline", "a.yaml:3:50: workload.encryption: the readings of bills are on the ledger before the load; leave it out"},
		{"kind: plain, form: plain", "a.yaml:3:31: workload.form: only what is billed has a form; use kind: billing"},
		{"kind: encrypted, readings: 4", "a.yaml:3:39: workload.readings: only bills are over a number of readings; use kind: billing"},
		{"kind: padded, reveal: true", "a.yaml:3:34: workload.reveal: a padded workload has no key authority; leave it out"},
	}
	for _, test := range tests {
		t.Run(test.given, func(t *testing.T) {
			src := strings.Replace(single, "kind: encrypted", test.given, 1)
			if _, err := parse(src); fmt.Sprint(err) != test.want {
				t.Errorf("%s\ngot  %v\nwant %s", test.given, err, test.want)
			}
		})
	}
	src := strings.Replace(strings.Replace(arriving, "kind: plain", "kind: billing, form: plain", 1), "X", "{trace: x}", 1)
	if _, err := parse(src); fmt.Sprint(err) != "a.yaml:4:38: load.arrivals.trace: the rows of a trace are readings, and a billing workload sends none" {
		t.Error(err)
	}
}

// A factor changes what follows from it, and leaves alone what was chosen.
func TestWorkloadFactors(t *testing.T) {
	tests := []struct{ given, vary, want string }{
		{"kind: encrypted", "{scheme: [ddh, paillier, dmcfe, ecddh]}", "ddh 2048, paillier 2048, dmcfe 256, ecddh 256"},
		{"kind: encrypted, bits: 3072", "{scheme: [ecddh, damgard]}", "ecddh 256, damgard 3072"},
		{"kind: encrypted, scheme: ecddh", "{scheme: [ecddh, paillier], bits: [1024, 4096]}", "ecddh 256, paillier 1024, paillier 4096"},
		{"kind: plain", "{workload: [plain, encrypted, billing], scheme: [ddh, ecddh], length: [4]}", " 0, ddh 2048, ecddh 256, ddh 2048, ecddh 256"},
		{"kind: billing, form: plain", "{form: [plain, padded, encrypted], scheme: [ecddh], length: [4]}", " 0, ecddh 256, ecddh 256"},
		{"kind: billing, length: 4, bits: 1024", "{workload: [padded, billing, plain]}", "ddh 1024, ddh 1024,  0"},
	}
	for _, test := range tests {
		t.Run(test.given, func(t *testing.T) {
			s, err := parse(strings.Replace(single, "kind: encrypted", test.given, 1), "vary="+test.vary)
			if err != nil {
				t.Errorf("%s: %v", test.vary, err)
				return
			}
			var got []string
			for _, one := range s.Series {
				got = append(got, fmt.Sprintf("%s %d", options(one.Workload).Scheme, options(one.Workload).Bits))
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("%s, %s: %s, want %s", test.given, test.vary, strings.Join(got, ", "), test.want)
			}
		})
	}
	s, err := parse(strings.Replace(single, "encrypted", "plain", 1), "vary.workload=[billing, encrypted]", "workload.length=4")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []workloads.Options{{Form: "encrypted", Readings: 30}, {}} {
		if o := options(s.Series[i].Workload); o.Form != want.Form || o.Readings != want.Readings {
			t.Errorf("%s: %d readings in form %q, want %d in %q", s.Series[i].Name, o.Readings, o.Form, want.Readings, want.Form)
		}
	}
}
