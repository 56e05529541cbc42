package metroind2020

import (
	"math"
	"testing"

	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// The floor of a client alone is the call and both signatures one after the other; cores that are all busy share them.
func TestFloors(t *testing.T) {
	run, sum := world{costs: likely()}.summary(1)
	all := floors(&claims.Evidence{Run: run, Summary: sum})
	if len(all) != 2 || all[0].clients != 1 || all[1].clients != 8 {
		t.Fatalf("floors %+v", all)
	}
	const signed = 70e-6 + 30e-6
	for i, want := range []float64{1 / (1/all[0].evaluate.Value + signed), 1 / (1/all[1].evaluate.Value + signed/2)} {
		f := all[i]
		if got := f.allowed.Value; math.Abs(got-want) > 1e-6*want || f.share.N == 0 || math.Abs(f.share.Value-f.rate.Value/want) > 1e-6 {
			t.Errorf("%d clients: %g allowed, want %g; share %+v", f.clients, got, want, f.share)
		}
	}
	run.Host.Verify = 0
	if got := floors(&claims.Evidence{Run: run, Summary: sum}); got != nil {
		t.Errorf("floors without a time of verification: %+v", got)
	}
}

// A year is what its events take together; what a certificate's key outlives is renewed, and long-lived keys are not.
func TestYear(t *testing.T) {
	l := result.DefaultLifecycle()
	n := countsOf(l)
	for what, c := range map[string][2]float64{
		"registrations": {n.registrations, 1e6 * (0.125 + 0.04)}, "rotations": {n.rotations, 1e6 * (0.5 - 0.125)},
		"revocations": {n.revocations, 4e4}, "verifications": {n.verifications, 1e6 * 96 * 365.25 * 3},
		"answers": {n.answers, 1e6 * 3 * 365.25}, "lists": {n.lists, 3 * 365.25}, "listed": {n.listed, 8e4},
	} {
		if math.Abs(c[0]-c[1]) > 1e-9*c[1] {
			t.Errorf("%s: %g, want %g", what, c[0], c[1])
		}
	}
	l.KeyLifetime = 20
	if got := countsOf(l).rotations; got != 0 {
		t.Errorf("%g rotations of keys that outlive their meters", got)
	}
	run, sum := world{costs: likely()}.summary(1)
	e := &claims.Evidence{Run: run, Summary: sum}
	cpu := currencies()[1]
	want := n.registrations*4e-3 + n.rotations*4e-3 + n.revocations*3e-3 + n.verifications*1.2e-3
	if got := ways(e)[0].perYear(cpu); math.Abs(got.Value-want) > 1e-6*want || !(got.Low < want && want < got.High) {
		t.Errorf("the ledger takes %+v s of CPU a year, want %g", got, want)
	}
	wire := currencies()[2]
	crl := ways(e)[2]
	if got, want := crl.events[4].perYear(wire).Value, n.lists*(9e3+n.listed*listEntry); math.Abs(got-want) > 1e-6*want {
		t.Errorf("lists take %g bytes a year, want %g", got, want)
	}
	ocsp := ways(e)[3].events[4]
	if got, want := ocsp.perYear(cpu).Value, n.answers*(0.6e-3-0.2e-3); math.Abs(got-want) > 1e-6*want {
		t.Errorf("answers take %g s a year, want %g", got, want)
	}
	sum.Points = nil
	for _, w := range ways(&claims.Evidence{Run: run, Summary: sum}) {
		if w.whole() {
			t.Errorf("%s is whole without anything measured", w.name)
		}
	}
}
