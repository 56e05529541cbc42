package attack

import (
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/network/ca"
)

// reasons has the only reasons for which each kind of attempt may be refused by the in-process issuer and a verifier; those of
// no reason are honest, or let through.
var reasons = map[string][]string{
	result.ProbeNoRight: {"refused 403"}, result.ProbeNoRightRevoke: {"refused 403"}, result.ProbeForgedProof: {"malformed"},
	result.ProbeReplayEnrol: {"refused 401"}, result.ProbeWrongDigest: {"signature"}, result.ProbeOtherSigner: {"signature"},
	result.ProbeForeignCA: {"foreign"}, result.ProbeExpired: {"expired"}, result.ProbeRevokedKey: {"revoked"}, result.ProbeBackdated: {"revoked"},
	result.ProbeRevokedRenew: {"refused 401"}, result.ProbeStaleBeyond: {"stale"}, result.ProbeSuppressed: {"missing"},
	result.ProbeOldCRL: {"rolled-back"}, result.ProbeForgedCRL: {"forged"}, result.ProbeForgedStatus: {"forged", "usage"},
}

func start(t *testing.T) *ca.Authority {
	t.Helper()
	a, err := ca.Start(t.Context(), ca.Config{Issuer: ca.InProcess})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// What an authority and its verifiers do with each kind of attempt: what the table says, and what is let through is accepted.
func TestProbe(t *testing.T) {
	report, err := Probe(t.Context(), Config{Authority: start(t), Foreign: start(t), Seed: 1, Attempts: 2, Prefix: "m"})
	if err != nil {
		t.Fatal(err)
	}
	check(t, report, reasons)
}

// check compares what became of every kind with the reasons for which it may be refused.
func check(t *testing.T, report result.Integrity, reasons map[string][]string) {
	t.Helper()
	for _, p := range report.Probes {
		want := reasons[p.Kind]
		got := slices.Sorted(maps.Keys(p.Refused))
		switch {
		case len(want) == 0 && p.Accepted != p.Attempts:
			t.Errorf("%s: %d of %d accepted, refused as %v", p.Kind, p.Accepted, p.Attempts, p.Refused)
		case len(want) > 0 && (p.Accepted > 0 || !cmp.Equal(want, got)):
			t.Errorf("%s: %d of %d accepted, refused as %v, want %v", p.Kind, p.Accepted, p.Attempts, p.Refused, want)
		case len(want) == 0 && !p.Honest && p.Trust == "":
			t.Errorf("%s is accepted, and nobody has to be trusted", p.Kind)
		}
	}
}

// The kinds are told apart, and whatever is let through is one of them.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range (&stage{}).kinds() {
		if seen[k.Name] {
			t.Errorf("%s is tried twice", k.Name)
		}
		seen[k.Name] = true
	}
	for kind := range letThrough {
		if !seen[kind] {
			t.Errorf("%s is let through and never tried", kind)
		}
	}
}

// Without anything that is down all works, but for a verifier whose CRL is too old.
func TestNothingDown(t *testing.T) {
	o, err := NewOutages(t.Context(), Config{Authority: start(t), Seed: 1, Attempts: 2, Prefix: "m"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range o.Try(t.Context(), "") {
		if stale := d.Later > 0; stale != (d.Worked == 0) || d.Attempts != 2 {
			t.Errorf("%s %v s later: %d of %d worked, failed as %v", d.Operation, d.Later, d.Worked, d.Attempts, d.Failed)
		}
	}
}
