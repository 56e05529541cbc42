package lab

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/internal/strictyaml"
)

// What workers cannot make is refused at its place, before anything starts; all else is taken.
func TestCheckWorkers(t *testing.T) {
	const (
		head   = "name: a\ntopology: minimal\n"
		target = "name: a\ntarget: {kind: reference}\n"
		closed = "load: {kind: closed, clients: [4, 2], hold: 3s}\n"
		open   = "load: {kind: open, rate: 100/s, slots: 3, hold: 3s}\n"
	)
	for _, c := range []struct {
		name, text     string
		workers, least int
		want           string // empty: it is taken
	}{
		{"clients", head + "workload: {kind: plain}\n" + closed, 2, 2, ""},
		{"fewer clients", head + "workload: {kind: plain}\n" + closed, 3, 3,
			"a.yaml:4:31: load.clients: 2 clients for 3 workers: some would have none; give more, or fewer workers"},
		{"slots", head + "workload: {kind: plain}\n" + open, 3, 1, ""},
		{"fewer slots", head + "workload: {kind: plain}\n" + open, 4, 1,
			"a.yaml:4:40: load.slots: 3 slots for 4 workers: some would have none; give more, or fewer workers"},
		{"a search", head + "workload: {kind: plain}\nload: {kind: closed, search: {from: 1, to: 8}, hold: 3s}\n", 2, 2, "a.yaml:4:30: load.search: 1 client for 2 workers"},
		{"bills", head + "workload: {kind: billing, form: plain}\n" + closed, 2, 2, ""},
		{"ahead", head + "workload: {kind: encrypted, encryption: ahead}\n" + open, 2, 2, ""},
		{"a mix", head + "workloads: [{kind: plain}, {kind: encrypted, encryption: {bank: 9}}]\n" + closed, 2, 2, ""},
		{"keys", head + "chaincodes: [{name: pki}]\nworkload: {kind: pki, operation: rotate, meters: 9}\n" + closed, 2, 1, ""},
		{"fewer keys", head + "chaincodes: [{name: pki}]\nworkload: {kind: pki, operation: revoke, meters: 1}\n" + closed, 2, 2,
			"a.yaml:4:50: workload.meters: 1 meter for 2 workers: some would have no key to change; give more meters, or fewer workers"},
		{"per client", head + "chaincodes: [{name: keyvalue}]\nworkload: {kind: invoke, contract: keyvalue, function: Put, args: [{sequence: {prefix: a, per: client}}, x]}\n" + closed, 2, 2, ""},
		{"per client, going on", head + "chaincodes: [{name: keyvalue}]\nworkload: {kind: invoke, contract: keyvalue, function: Put, args: [{sequence: {prefix: a, per: client}}, x]}\n" + closed, 2, 1,
			"a.yaml:4:18: workload.kind: it counts the transactions of each client, and those of a worker that is lost are not known to the others; run without min="},
		{"certificates", target + "workload: {kind: ca, issuer: in-process, operation: enrol}\n" + closed, 2, 2,
			"a.yaml:3:18: workload.kind: workers cannot call a certification authority: it serves the coordinator, on its machine; leave it out, or run without --workers"},
		{"certificates in a mix", target + "workloads: [{kind: plain}, {kind: ca, issuer: in-process, operation: enrol}]\n" + closed, 2, 2, "a.yaml:3:35: workloads[1].kind: workers cannot"},
		{"a device", head + "workload: {kind: plain}\ncaps: {device: {cpus: 0.5}}\n" + closed, 2, 2,
			"a.yaml:4:7: caps: workers cannot share a device with a cap: it is one process, on the machine of the coordinator; leave it out, or run without --workers"},
		{"events", head + "workload: {kind: plain}\nload: {kind: closed, clients: [4], hold: 9s}\nevents: [{at: 2s, kill: peer0.ptb}, {at: 4s, restart: peer0.ptb}]\n", 2, 2, ""},
		{"events of a simulated ledger", target + "workload: {kind: plain}\nload: {kind: closed, clients: [4], hold: 9s}\nevents: [{at: 2s, kill: peer0.reference}, {at: 4s, restart: peer0.reference}]\n", 2, 2,
			"a.yaml:5:9: events: every worker has a simulated ledger of its own, so that no event is done to all of them; leave it out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "a.yaml")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := Read(t.Context(), file, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = p.CheckWorkers(c.workers, c.least)
			if c.want == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			_, placed := errors.AsType[*strictyaml.Error](err)
			if !placed || !strings.HasPrefix(strings.TrimPrefix(err.Error(), filepath.Dir(file)+"/"), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}
