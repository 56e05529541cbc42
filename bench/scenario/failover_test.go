package scenario_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is sent again must be refused by its contract where it is on the ledger already.
func TestFailover(t *testing.T) {
	const text = "name: a\ntopology: minimal\nworkload: {kind: plain}\nload: {kind: closed, clients: [1], hold: 3s, failover: true}\n"
	for _, tt := range []struct{ name, old, new, want string }{
		{"readings", "", "", ""},
		{"encrypted readings", "plain", "encrypted", ""},
		{"bills", "plain", "billing, form: plain", ""},
		{"new keys", "plain", "pki, operation: register", ""},
		{"queries", "plain", "pki, operation: lookup", ""},
		{"calls that only ask", "plain", "invoke, contract: keyvalue, function: Get, query: true", ""},
		{"varied", "failover: true}", "failover: false}\nvary: {failover: [false, true]}", ""},
		{
			"any contract", "plain", "invoke, contract: keyvalue, function: Put",
			"a.yaml:4:56: load.failover: what is sent again could be committed twice: the contract of workload (invoke) does not refuse what is on the ledger " +
				"already; leave it out, or use a workload of readings",
		},
		{
			"the published contract of keys", "plain", "pki, contract: blockmeter, operation: register",
			"a.yaml:4:56: load.failover: what is sent again could be committed twice: the contract of workload (pki) does not refuse what is on the ledger " +
				"already; leave it out, or use a workload of readings",
		},
		{
			"a part of a mix", "workload: {kind: plain}", "workloads: [{kind: plain}, {kind: pki, operation: revoke}]",
			"a.yaml:4:56: load.failover: what is sent again could be committed twice: the contract of workloads[1] (pki) does not refuse what is on the ledger " +
				"already; leave it out, or use a workload of readings",
		},
		{
			"a simulated ledger", "topology: minimal", "target: {kind: reference}",
			"a.yaml:4:56: load.failover: has readings sent again through another gateway; this scenario's target is a simulated ledger; leave it out, or give a " +
				"topology in place of the target",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.yaml")
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
