package lab

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// Of a shipped scenario what only networks of our own have is left out, and the rest is measured; caps of the device are no
// part of a network. A scenario that asks for nothing of the kind is whole.
func TestLeftOut(t *testing.T) {
	dir := attachable(t)
	sets := []string{"target.kind=fabric", "target.profile=" + filepath.Join(dir, "profile.json")}
	of := func(series string, needs ...string) result.LeftOut {
		return result.LeftOut{Series: series, Needs: needs}
	}
	for _, c := range []struct {
		name string
		sets []string
		left []result.LeftOut
		rest []string // series, without factors and phases
	}{
		{"quickstart", nil, nil, []string{"plain", "encrypted-bank", "encrypted-inline"}},
		{"hot-keys", []string{"target.contracts={keyvalue: theirs}"}, []result.LeftOut{of("", "chaincodes")}, []string{"invoke"}},
		{"drivers", nil, []result.LeftOut{of("alone", "batch")}, []string{"crowd"}},
		{
			"closer2020", nil,
			[]result.LeftOut{
				of("", "batch"), of("limit", "batch", "caps"), of("limit-commit", "caps"), of("limit-timer", "batch", "caps"),
				of("limit-filled", "batch", "caps"), of("limit-filled-again", "batch", "caps"), of("overhead-timer", "batch"),
				of("quota", "caps"), of("channels", "caps", "channels"),
			},
			[]string{"overhead", "overhead-paillier", "overhead-single", "device", "device-bills", "bills"},
		},
		{
			"closer2020-full", []string{"series[0].load.hold=30s"}, // what is left out may be shortened, too
			[]result.LeftOut{
				of("", "batch"), of("limit", "batch", "caps"), of("overhead", "batch"),
				of("quota", "caps"), of("channels", "caps", "channels"), of("peers", "topology", "caps"),
			},
			[]string{"overhead-paillier", "overhead-single", "device", "device-bills", "bills"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := scenario.Read(t.Context(), c.name, slices.Concat(sets, c.sets), Catalog())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.left, s.LeftOut); diff != "" {
				t.Errorf("left out (-want +got):\n%s", diff)
			}
			var rest []string
			for _, one := range s.Series {
				name, _, _ := strings.Cut(one.Name, "/")
				if c.name == "hot-keys" {
					name = one.Workload.Kind
				}
				if !slices.Contains(rest, name) {
					rest = append(rest, name)
				}
				if n := one.Network; n != (scenario.Network{Caps: n.Caps}) || n.Caps.Peer.CPUs > 0 || strings.HasPrefix(name, "device") != (n.Caps.Device.CPUs > 0) {
					t.Errorf("%s asks for the network %+v", one.Name, n)
				}
			}
			if diff := cmp.Diff(c.rest, rest); diff != "" {
				t.Errorf("measured (-want +got):\n%s", diff)
			}
			// What run.json keeps is what was measured, and a file that can be run.
			file := filepath.Join(dir, "again.yaml")
			if err := os.WriteFile(file, []byte(s.Source), 0o600); err != nil {
				t.Fatal(err)
			}
			again, err := scenario.Read(t.Context(), file, nil, Catalog())
			if err != nil || len(again.Series) != len(s.Series) {
				t.Errorf("%d series of the stored text, not %d, %v", len(again.Series), len(s.Series), err)
			}
		})
	}
}

// What the user asks for is refused, as is a scenario of which nothing is left: in one line.
func TestNothingLeft(t *testing.T) {
	dir := attachable(t)
	sets := []string{"target.kind=fabric", "target.profile=" + filepath.Join(dir, "profile.json")}
	own := filepath.Join(dir, "own.yaml")
	text := "name: own\nseries:\n  - name: a\n    batch: {messages: 9}\n    workload: {kind: plain}\n    load: {kind: closed, clients: 2, hold: 3s}\n"
	if err := os.WriteFile(own, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, set, want string }{
		{"limits", "seed=1", "--set target.kind: target: every series of this scenario takes a network of our own: timer (batch), gateway (limits), host (batch); run it without the target"},
		{own, "seed=1", own + ":4:12: series[0].batch: takes a network of our own; this scenario's target is a network that others run; leave it out, or run without the target"},
		{"closer2020", "batch.messages=9", "batch: takes a network of our own"},
		{"closer2020", "batch={messages: 9}", "--set batch: batch: takes a network of our own"},
		{"closer2020", "series[12].caps={peer: {cpus: 1}}", "caps: takes a network of our own"},
		{"quickstart", "vary={batch: [{messages: 9}]}", "--set vary: vary.batch: takes a network of our own"},
		{"quickstart", "series=3", "series"},
		{"quickstart", "vary=3", "vary"},
		{"closer2020", "series[0]=3", "series[0]"},
	} {
		t.Run(c.name+" "+c.set, func(t *testing.T) {
			_, err := Read(t.Context(), c.name, append(slices.Clone(sets), c.set))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// Caps of the device are taken beside a network that others run, as far as this machine can hold it to them.
func TestDeviceBesideTarget(t *testing.T) {
	dir := attachable(t)
	file := filepath.Join(dir, "a.yaml")
	for caps, want := range map[string]string{
		"caps: {device: {cpus: 99999}}":                                  "must be 0.01 to 1024 processors",
		"caps: {device: {cpus: 1024}}":                                   "topology their-network: caps.device.cpus: a cap of 1024 processors has no effect",
		"vary: {caps: [{device: {cpus: 0.1}}, {peer: {cpus: 0.1}}]}":     "vary.caps: takes a network of our own",
		"caps: {device: {memory: 64MiB}, chaincode: {cpus: 0.1}}":        "caps: takes a network of our own",
		"vary: {caps: [{device: {cpus: 1024}}, {device: {cpus: 1023}}]}": "has no effect",
	} {
		text := strings.Replace(attachedText, "\nload:", "\n"+caps+"\nload:", 1)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(t.Context(), file, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", caps, err, want)
		}
	}
}
