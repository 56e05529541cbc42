package study

import (
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/workloads"
)

func TestEstimated(t *testing.T) {
	schemes := workloads.Schemes()
	s := series(closed("a", 10*time.Second, 1, 2), open("b", 5*time.Second, 50))
	s.Repeat = 2
	plain := Estimated(s, schemes, usualSign)
	equal(t, "estimate", Estimate{Load: 50 * time.Second, SetUp: networkTime + 6*drainTime + 6*meterCost*usualSign}, plain)
	equal(t, "total", plain.Load+plain.SetUp, plain.Total())
	equal(t, "on a machine of half the speed", Estimate{Load: plain.Load, SetUp: 2*plain.SetUp - 6*drainTime}, Estimated(s, schemes, 2*usualSign))
	s.Fresh = true
	fresh := plain.SetUp + networkTime + 6*meterCost*usualSign // of two series with three meters each
	equal(t, "on fresh networks", fresh, Estimated(s, schemes, usualSign).SetUp)
	s.Fresh = false
	s.Series[0].Workload = scenario.Workload{Options: options{result.Conditions{Encryption: "bank", Bank: 100}, 5000}}
	between(t, "for 100 ciphertexts", Estimated(s, schemes, usualSign).SetUp, plain.SetUp+time.Second, plain.SetUp+30*time.Second)
	// 18 s were measured for this table.
	s.FE = &scenario.FE{Schemes: []string{"ddh"}, Bits: []int{1024, 1536, 2048, 3072, 4096}, Lengths: []int{1, 24}, Bounds: []int64{10_000}, Samples: 6}
	between(t, "for the table of costs", Estimated(s, schemes, usualSign).FE, 12*time.Second, 30*time.Second)
	// A scheme of one size is measured once, whatever sizes are asked for; the
	// others at those of them that they have.
	table := func(scheme string, bits ...int) time.Duration {
		s.FE = &scenario.FE{Schemes: []string{scheme}, Bits: bits, Lengths: []int{24}, Bounds: []int64{100, 10_000}, Samples: 6}
		return Estimated(s, schemes, usualSign).FE
	}
	if one, five := table("ecddh", 2048), table("ecddh", 1024, 1536, 2048, 3072, 4096); one != five || one <= 0 || one > time.Second {
		t.Errorf("%v and %v for ecddh", one, five)
	}
	if two, three := table("paillier", 1024, 2048), table("paillier", 1024, 1536, 2048); two != three || two < 3*table("ddh", 2048)+time.Second {
		t.Errorf("%v and %v for paillier", two, three)
	}
}
