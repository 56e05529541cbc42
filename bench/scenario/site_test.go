package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Clients stand where gateways are, and wait for longer than a block may be open.
func TestClientsAtSites(t *testing.T) {
	const text = "name: a\ntopology: inter-nmi\nworkload: {kind: plain}\nload: {kind: closed, clients: [1], hold: 30s, site: inmetro, timeout: 20s}\n"
	for _, tt := range []struct{ name, old, new, want string }{
		{"right", "", "", ""},
		{"an organisation's, where there are no sites", "inter-nmi\nworkload: {kind: plain}\n", "four-peer\nworkload: {kind: plain}\nvary: {site: [ptb, inmetro]}\n", ""},
		{"varied", "workload: {kind: plain}\n", "workload: {kind: plain}\nvary: {site: [ptb, nmij]}\n", ""},
		{"one that is not there", "site: inmetro", "site: inmetr", `a.yaml:4:53: load.site: topology inter-nmi has no site "inmetr"; did you mean inmetro?`},
		{
			"one that is not there among others", "workload: {kind: plain}\n", "workload: {kind: plain}\nvary: {site: [ptb, nist]}\n",
			`a.yaml:4:20: vary.site[1]: topology inter-nmi has no site "nist" (in series plain/site=nist); known are ptb, cmi, inmetro, nmij, nmim`,
		},
		{"the same one twice", "workload: {kind: plain}\n", "workload: {kind: plain}\nvary: {site: [ptb, ptb]}\n", "a.yaml:4:20: vary.site[1]: ptb is given twice"},
		{"none by name", "site: inmetro", "site: ''", "a.yaml:4:53: load.site: want a text, got an empty one; give one, or leave the key out"},
		{
			"one without a peer", "inter-nmi\nworkload: {kind: plain}\nload: {kind: closed, clients: [1], hold: 30s, site: inmetro",
			"four-peer\nworkload: {kind: plain}\nload: {kind: closed, clients: [1], hold: 30s, site: ordering",
			"a.yaml:4:53: load.site: no peer of channel metrology is at site ordering; known are ptb, inmetro",
		},
		{
			"keys that another organisation registers", "workload: {kind: plain}", "chaincodes: [{name: pki}]\nworkload: {kind: pki, operation: register}",
			"a.yaml:5:53: load.site: the transactions of workload (pki) are those of ptb, whose gateways are at site ptb, not at inmetro; site: ptb",
		},
		{"keys that anybody looks up", "workload: {kind: plain}", "chaincodes: [{name: pki}]\nworkload: {kind: pki, operation: lookup}", ""},
		{
			"a simulated ledger's", "topology: inter-nmi", "target: {kind: reference}",
			"a.yaml:4:53: load.site: is a site of a network; this scenario's target is a simulated ledger; leave it out, or give a topology in place of the target",
		},
		{
			"how long for a simulated ledger", "topology: inter-nmi\nworkload: {kind: plain}\nload: {kind: closed, clients: [1], hold: 30s, site: inmetro,",
			"target: {kind: reference}\nworkload: {kind: plain}\nload: {kind: closed, clients: [1], hold: 30s,",
			"a.yaml:4:56: load.timeout: is that of a client of a network; this scenario's target is a simulated ledger; leave it out, or give a topology in " +
				"place of the target",
		},
		{"too long", "20s", "11m", "a.yaml:4:71: load.timeout: must be 100ms to 10m0s, got 11m0s; leave it out for 30s"},
		{"too short", "20s", "99ms", "a.yaml:4:71: load.timeout: must be 100ms to 10m0s, got 99ms; leave it out for 30s"},
		{"none at all", "20s", "0s", "a.yaml:4:71: load.timeout: must be 100ms to 10m0s, got 0s; leave it out for 30s"},
		{"negative", "20s", "-1s", "a.yaml:4:71: load.timeout: must be 100ms to 10m0s, got -1s; leave it out for 30s"},
		{
			"no longer than a block may be open", "20s", "200ms",
			"a.yaml:4:71: load.timeout: must be above the batch timeout of 200ms, after which a block may be cut; got 200ms; wait longer, or give a shorter batch timeout",
		},
		{"shorter, with a shorter one", "workload: {kind: plain}\nload: {kind: closed, clients: [1], hold: 30s, site: inmetro, timeout: 20s}",
			"batch: {timeout: 150ms}\nworkload: {kind: plain}\nload: {kind: closed, clients: [1], hold: 30s, site: inmetro, timeout: 151ms}", ""},
		{"shorter, where nothing is committed", "timeout: 20s", "timeout: 100ms, wait: endorse", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.yaml")
			if !strings.Contains(text, tt.old) {
				t.Fatalf("there is no %q", tt.old)
			}
			if err := os.WriteFile(path, []byte(strings.Replace(text, tt.old, tt.new, 1)), 0o600); err != nil {
				t.Fatal(err)
			}
			got := ""
			if _, err := read(path); err != nil {
				got = strings.TrimPrefix(err.Error(), filepath.Dir(path)+"/")
			}
			if got != tt.want {
				t.Errorf("error %q,\nwant  %q", got, tt.want)
			}
		})
	}
}

// Of a network that others run, its sites and its batch timeout are known once it is looked at.
func TestClientsAtSitesOfOthers(t *testing.T) {
	s, err := readText(t, "name: a\ntopology: minimal\nworkload: {kind: plain}\nload: {kind: closed, clients: 1, hold: 30s, site: ptb, timeout: 5s}\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.CheckSites([]string{"ptb"}); err != nil {
		t.Error(err)
	}
	if err := s.CheckSites([]string{"Org1MSP"}); err == nil || !strings.HasSuffix(err.Error(), `a.yaml:4:51: load.site: no gateway is at a site "ptb"; known are Org1MSP`) {
		t.Errorf("got %v", err)
	}
	if err := s.CutAfter(4 * time.Second); err != nil {
		t.Error(err)
	}
	if err := s.CutAfter(5 * time.Second); err == nil || !strings.Contains(err.Error(), "a.yaml:4:65: load.timeout: must be above the batch timeout of 5s") {
		t.Errorf("got %v", err)
	}
}
