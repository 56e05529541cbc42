package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/bench/result"
)

// attachedDirect measures the test network without a gateway between, by a profile that has neither its orderers nor the
// peer of the other organisation, which must endorse, nor a certificate to show.
func attachedDirect(t *testing.T, temp, scenario, orderer string) {
	t.Helper()
	dir, out := filepath.Dir(scenario), t.TempDir()
	args := []string{"run", scenario, "--set", "load.client=direct", "--set", "load.hold=1s", "--out"}
	if p, code := command(t, temp, append(args, out)...); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	s := runSummary(t, out, "attached")
	audit := audited(t, s)
	equal(t, "found", audit.Found, audit.Expected)
	equal(t, "foreign", audit.Foreign, uint64(0))
	equal(t, "others' transactions", audit.Others, uint64(0))
	equal(t, "driver", s.Points[0].Conditions.Driver, result.DriverDirect)
	if audit.Expected < 20 {
		t.Errorf("%d transactions", audit.Expected)
	}

	profile := readText(t, filepath.Join(dir, "org1.example.com", "connection-org1.yaml"))
	_, authority, _ := strings.Cut(profile, "    tlsCACerts:")
	authority, _, _ = strings.Cut(authority, "    grpcOptions")
	wrong := filepath.Join(dir, "authority.yaml")
	if err := os.WriteFile(wrong, []byte(profile+"orderers:\n  orderer:\n    url: grpcs://"+orderer+"\n    tlsCACerts:"+authority), 0o600); err != nil {
		t.Fatal(err)
	}
	p, code := command(t, temp, append(args, filepath.Join(out, "refused"), "--set", "target.profile="+wrong)...)
	const want = "target.profile: client: direct needs 1 of the orderers of channel mychannel, and 0 of 1 answer: orderer orderer: "
	if text := p.stderr.String(); code != exitUsage || !strings.Contains(text, want) || !strings.Contains(text, "another authority") {
		t.Errorf("exit code %d, %s", code, text)
	}
}
