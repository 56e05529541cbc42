package scenario_test

import (
	"fmt"
	"strings"
	"testing"

	"meterbench/bench/scenario"
	"meterbench/workloads"
)

func TestFE(t *testing.T) {
	tests := []struct{ given, want string }{
		{"{}", "[ddh] [1024 1536 2048 3072 4096] [1 24] [10000]"},
		{"{schemes: ecddh}", "[ecddh] [256] [1 24] [10000]"},
		{"{schemes: [ecddh, dmcfe]}", "[ecddh dmcfe] [256] [1 24] [10000]"},
		{"{schemes: [ecddh, paillier], bounds: [100, 1000]}", "[ecddh paillier] [1024 2048 3072 4096] [1 24] [100 1000]"},
		{"{schemes: [ecddh, ddh], bits: 2048, bound: 7, lengths: 3}", "[ecddh ddh] [2048] [3] [7]"},
		{"{schemes: [ecddh, ddh], bits: [256, 1024], bounds: 7}", "[ecddh ddh] [256 1024] [1 24] [7]"},
		{"{schemes: [paillier, ddh], bits: [1024, 1536]}", "[paillier ddh] [1024 1536] [1 24] [10000]"},
	}
	for _, test := range tests {
		t.Run(test.given, func(t *testing.T) {
			s, err := parse(single + "fe: " + test.given + "\n")
			if err != nil {
				t.Errorf("%s: %v", test.given, err)
				return
			}
			if got := fmt.Sprint(s.FE.Schemes, s.FE.Bits, s.FE.Lengths, s.FE.Bounds); got != test.want || s.FE.Samples != 6 {
				t.Errorf("%s: %s, want %s", test.given, got, test.want)
			}
		})
	}
}

func TestFESizes(t *testing.T) {
	fe, schemes := scenario.FE{Bits: []int{1024, 1536, 256}}, workloads.Schemes()
	for scheme, want := range map[string]string{"ddh": "[1024 1536]", "paillier": "[1024]", "ecddh": "[256]", "dmcfe": "[256]"} {
		if got := fmt.Sprint(fe.Sizes(schemes, scheme)); got != want {
			t.Errorf("%s: %s, want %s", scheme, got, want)
		}
	}
	if got := (scenario.FE{Bits: []int{2048}}).Sizes(schemes, "ecddh"); fmt.Sprint(got) != "[256]" {
		t.Errorf("ecddh where 2048 bits are asked for: %v", got)
	}
}

func TestFEErrors(t *testing.T) {
	tests := []struct{ given, want string }{
		{"{bounds: [1]}", "a.yaml:5:15: fe.bounds[0]: must be 2 to 2147483648, got 1"},
		{"{bounds: [7, 7]}", "a.yaml:5:18: fe.bounds[1]: 7 is given twice"},
		{"{bounds: []}", "a.yaml:5:14: fe.bounds: at least one is needed"},
		{"{bound: 7, bounds: [7]}", "a.yaml:5:24: fe.bounds: bound is given already; leave one of them out"},
		{"{bounds: [7, 20000000]}", "a.yaml:5:5: fe.lengths[0]: inner products of 1 values below 20000000 reach 2^49, and the parameters of encryption must stay below 2^48"},
		{"{schemes: ecddh, bits: 2048}", "a.yaml:5:28: fe.bits[0]: ecddh has no key size of 2048 bits; known are 256"},
		{"{schemes: [paillier, ecddh], bits: [2048, 1536]}", "a.yaml:5:47: fe.bits[1]: there is no key size of 1536 bits; known are 256, 1024, 2048, 3072, 4096"},
		{"{schemes: [ecddh, ddh], bits: 256}", "a.yaml:5:23: fe.schemes[1]: ddh has none of these key sizes; known are 1024, 1536, 2048, 3072, 4096"},
		{"{schemes: []}", "a.yaml:5:15: fe.schemes: at least one is needed"},
		{"{boundz: 5}", "a.yaml:5:6: unknown key fe.boundz; did you mean bound?"},
	}
	for _, test := range tests {
		t.Run(test.given, func(t *testing.T) {
			if _, err := parse(single + "fe: " + test.given + "\n"); fmt.Sprint(err) != test.want {
				t.Errorf("%s\ngot  %v\nwant %s", test.given, err, test.want)
			}
		})
	}
	fe := scenario.FE{Schemes: []string{"ddh"}, Bits: []int{2048}, Lengths: []int{1}, Bounds: []int64{100}, Samples: 6}
	if p := fe.Check(workloads.Schemes(), ""); p != nil {
		t.Error(p)
	}
	fe.Bits = append(fe.Bits, 999)
	if want := "bits[1]: ddh has no key size of 999 bits; known are 1024, 1536, 2048, 3072, 4096"; !strings.HasPrefix(fmt.Sprint(fe.Check(workloads.Schemes(), "")), want) {
		t.Errorf("got %v, want %s", fe.Check(workloads.Schemes(), ""), want)
	}
}
