package attack

import (
	"testing"

	"meterbench/bench/result"
	"meterbench/network/ca"
)

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

// What an authority and its verifiers do with each kind of attempt: it is refused for its own reason, or let through by design.
func TestProbe(t *testing.T) {
	report, err := Probe(t.Context(), Config{Authority: start(t), Foreign: start(t), Seed: 1, Attempts: 2, Prefix: "m"})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range report.Probes {
		if p.Ruling() != result.RulingHeld && p.Ruling() != result.RulingThrough || p.Trust != "" && p.Accepted != p.Attempts {
			t.Errorf("%s: %s: %d of %d accepted, refused as %v", p.Kind, p.Ruling(), p.Accepted, p.Attempts, p.Refused)
		}
	}
}

// Each kind is tried once, and the design says of each what becomes of it, or that it is honest.
func TestKinds(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range (&stage{}).kinds() {
		_, through := design().LetThrough[k.Name]
		_, refused := design().Refused[k.Name]
		if seen[k.Name] || k.Honest && (through || refused) || !k.Honest && through == refused {
			t.Errorf("%s: tried before %t, honest %t, let through %t, refused %t", k.Name, seen[k.Name], k.Honest, through, refused)
		}
		seen[k.Name] = true
	}
	if want := len(design().LetThrough) + len(design().Refused); len(seen) < want {
		t.Errorf("%d kinds are tried, and %d designed", len(seen), want)
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
