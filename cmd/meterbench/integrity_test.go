package main

import (
	"fmt"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/network/fabric/daemons"
	"meterbench/network/lab"
	"meterbench/reports/claims/closer2020"
)

// On a real network every forgery is refused, each for its own reason, and
// what is honest is taken: the claim of integrity holds.
func TestIntegrityOnFabric(t *testing.T) {
	needsNetwork(t)
	binaries, err := daemons.Ensure(t.Context(), daemons.Config{Progress: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	publication := closer2020.Publication()
	trial, ok := lab.FindTrial(publication.Attack)
	if !ok {
		t.Fatalf("there is no trial of %q", publication.Attack)
	}
	found, err := trial.Try(t.Context(), lab.TrialConfig{Dir: t.TempDir(), Seed: 1, Binaries: binaries, Working: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found.Probes {
		t.Logf("%s: %d of %d accepted, refused as %v", p.Kind, p.Accepted, p.Attempts, p.Refused)
	}
	judged, _ := publication.Judge(result.Run{}, result.Summary{Integrity: found}, publication.Devices[0])
	if c := judged[len(judged)-1]; c.Verdict != result.Reproduced {
		t.Errorf("%s: %s: %s", c.ID, c.Verdict, c.Conditions)
	}
}

// What ledger and certification authority let through on a real network and by a real fabric-ca, and what works while a part
// of them is down: nothing that their designs do not let.
func TestKeysOnFabric(t *testing.T) {
	needsNetwork(t)
	binaries, err := daemons.Ensure(t.Context(), daemons.Config{Progress: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	trial, ok := lab.FindTrial(result.AttackKeys)
	if !ok {
		t.Fatalf("there is no trial of %q", result.AttackKeys)
	}
	found, err := trial.Try(t.Context(), lab.TrialConfig{Dir: t.TempDir(), Seed: 1, Binaries: binaries, Working: func(s string) { t.Log(time.Now().Format("05.000"), s) }, CA: func() (string, error) {
		server, err := daemons.EnsureCA(t.Context(), daemons.Config{Progress: t.Output()})
		return server.Server, err
	}})
	if err != nil {
		t.Fatal(err)
	}
	counts := map[result.System]int{}
	for _, p := range found.Probes {
		t.Logf("%s: %s: %d of %d accepted, refused as %v: %s %s", p.System, p.Kind, p.Accepted, p.Attempts, p.Refused, p.Ruling(), p.Trust)
		if counts[p.System]++; p.Ruling() != result.RulingHeld && p.Ruling() != result.RulingThrough || p.Attempts < 10 {
			t.Errorf("%s: %s: %d of %d accepted", p.System, p.Kind, p.Accepted, p.Attempts)
		}
	}
	equal(t, "kinds of attempts", counts, map[result.System]int{result.SystemLedger: 33, result.SystemCA: 28, result.SystemPublished: 7})
	stopped := map[string][]string{}
	for _, o := range found.Outages {
		t.Logf("%s without %s %v: %s %v s later: %d of %d, failed as %v", o.System, o.Down, o.Nodes, o.Operation, o.Later, o.Worked, o.Attempts, o.Failed)
		if o.Worked == 0 {
			down := fmt.Sprintf("%s without %s", o.System, o.Down)
			stopped[down] = append(stopped[down], fmt.Sprintf("%s %v", o.Operation, o.Later))
		}
	}
	equal(t, "what stops", stopped, map[string][]string{
		"ledger without orderer": {"verify-submit 0", "register 0", "rotate 0", "revoke 0"},
		"ca without ":            {"verify-crl 7200"},
		"ca without responder":   {"verify-crl 7200", "verify-ocsp 0"},
		"ca without ca":          {"verify-crl 7200", "fetch-crl 0", "enrol 0", "renew 0", "revoke 0", "verify-ocsp 3"},
	})
}
