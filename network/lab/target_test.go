package lab

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/scenario"
	"meterbench/internal/strictyaml"
	"meterbench/network"
	"meterbench/network/fabric"
)

// attachable lays a connection profile and an MSP folder out, and returns their folder.
func attachable(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	org, err := fabric.NewOrganisation("ptb", "PtbMSP")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(org.WriteKeys(dir), org.WriteMSPs(dir)); err != nil {
		t.Fatal(err)
	}
	peer := func(port int) map[string]any {
		return map[string]any{"url": fmt.Sprintf("grpcs://127.0.0.1:%d", port), "tlsCACerts": map[string]any{"path": fabric.TLSCAFile}}
	}
	var orderers map[string]any
	write := func(name string, channels map[string]any, users map[string]any) {
		data, err := json.Marshal(map[string]any{
			"name": "their-network", "client": map[string]any{"organization": "ptb"}, "channels": channels, "orderers": orderers,
			"peers": map[string]any{"peer0.ptb": peer(1), "peer1.ptb": peer(2), "peer0.cmi": peer(3)},
			"organizations": map[string]any{
				"cmi": map[string]any{"mspid": "CmiMSP", "peers": []string{"peer0.cmi"}},
				"ptb": map[string]any{"mspid": "PtbMSP", "peers": []string{"peer1.ptb", "peer0.ptb"}, "users": users},
			},
		})
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	path := func(name string) map[string]any { return map[string]any{"path": name} }
	user := map[string]any{"user": map[string]any{"cert": path(fabric.User + ".crt"), "key": path(fabric.User + ".key")}}
	write("profile.json", map[string]any{"metrology": map[string]any{"peers": []string{"peer0.cmi", "peer0.ptb"}}}, user)
	orderers = map[string]any{"orderer0": peer(4)}
	write("orderers.json", map[string]any{"metrology": nil}, user)
	orderers = nil
	write("bare.json", nil, nil)
	write("channels.json", map[string]any{"a": nil, "b": nil}, user)
	return dir
}

const attachedText = `name: a
target:
  kind: fabric
  profile: profile.json
workload: {kind: plain}
load: {kind: closed, clients: 2, hold: 3s}
`

// What the profile and the scenario say decides who takes transactions, and as whom.
func TestAttachment(t *testing.T) {
	dir := attachable(t)
	for _, c := range []struct {
		name     string
		sets     []string
		gateways []string
		channel  string
		deployed []network.Deployed
		ids      int
	}{
		{"as it is", nil, []string{"peer0.ptb", "peer0.cmi"}, "metrology", []network.Deployed{{Contract: "readings", Name: "readings"}}, 1},
		{"one", []string{"target.gateways=one"}, []string{"peer0.ptb"}, "metrology", []network.Deployed{{Contract: "readings", Name: "readings"}}, 1},
		{"named", []string{"target.gateways=[peer0.cmi, peer1.ptb]", "target.contracts={readings: meters}"}, []string{"peer0.cmi", "peer1.ptb"}, "metrology",
			[]network.Deployed{{Contract: "readings", Name: "meters"}}, 1},
		{"another channel", []string{"target.channel=other"}, []string{"peer0.ptb", "peer1.ptb", "peer0.cmi"}, "other", []network.Deployed{{Contract: "readings", Name: "readings"}}, 1},
		{"two identities", []string{"target.identities=[{mspid: PtbMSP, msp: user/msp}, {mspid: PtbMSP, certificate: user.crt, key: user.key}]"},
			[]string{"peer0.ptb", "peer0.cmi"}, "metrology", []network.Deployed{{Contract: "readings", Name: "readings"}}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(dir, "a.yaml")
			if err := os.WriteFile(file, []byte(attachedText), 0o600); err != nil {
				t.Fatal(err)
			}
			p, err := Read(t.Context(), file, c.sets)
			if err != nil {
				t.Fatal(err)
			}
			var gateways []string
			for _, g := range p.attached.Gateways {
				gateways = append(gateways, g.Name)
			}
			if diff := cmp.Diff(c.gateways, gateways); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.deployed, p.attached.Contracts); diff != "" {
				t.Error(diff)
			}
			if p.attached.Channel != c.channel || len(p.attached.Identities) != c.ids || p.attached.name != "their-network" {
				t.Errorf("channel %s, %d identities of %s", p.attached.Channel, len(p.attached.Identities), p.attached.name)
			}
		})
	}
}

func TestAttachmentRefused(t *testing.T) {
	dir := attachable(t)
	file := filepath.Join(dir, "a.yaml")
	for _, c := range []struct{ old, new, want string }{
		{"  profile: profile.json\n", "", "3:3: target.profile: is missing; the path of the network's connection profile"},
		{"profile.json", "none.json", "4:12: target.profile: there is no file " + filepath.Join(dir, "none.json")},
		{"profile.json", "channels.json", "3:3: target.channel: is missing, and the profile names 2"},
		{"profile.json", "bare.json", "3:3: target.channel: is missing, and the profile names none; for example channel: mychannel"},
		{"profile.json", "bare.json\n  channel: metrology", "3:3: target.identities: are missing, and the profile has no users"},
		{"profile.json", "profile.json\n  gateways: [peer0.ptb, peer2.ptb]", "5:25: target.gateways[1]: the profile has no peer peer2.ptb; "},
		{"profile.json", "profile.json\n  gateways: [peer0.ptb, peer0.ptb]", "5:25: target.gateways[1]: peer0.ptb is given twice"},
		{"profile.json", "profile.json\n  identities: [{mspid: PtbMSP}]", "5:16: target.identities[0]: want msp, an MSP folder, or certificate and key"},
		{"profile.json", "profile.json\n  identities: [{mspid: PtbMSP, msp: nowhere}]", "5:37: target.identities[0].msp: "},
		{"profile.json", "profile.json\n  identities: [{msp: user/msp}]", "5:16: target.identities[0].mspid: is missing"},
		{"profile.json", "profile.json\n  identities: [{mspid: PtbMSP, certificate: user.crt, key: admin.key}]", "5:"},
		{"profile.json", "profile.json\n  contracts: {reading: b}", "5:14: target.contracts: no workload calls reading"},
		{"profile.json", "profile.json\n  contracts: {readings: ''}", "5:25: target.contracts.readings: want a text, got an empty one"},
		{"profile.json", "profile.json\n  batch: {messages: 9}", "5:3: unknown key target.batch"},
		{"profile.json", "profile.json\n  operations: {peer0.ptb: nowhere}", "5:15: target.operations: peer0.ptb: "},
		{"profile.json", "profile.json\n  operations: {peer9: https://127.0.0.1:1}", "5:15: target.operations: peer9 is no node of the profile"},
		{"profile.json", "orderers.json\n  operations: {peer9.ptb: \"127.0.0.1:1\"}", "5:15: target.operations: peer9.ptb is no node of the profile; name it as the profile does, or add it there: did you mean peer0.ptb?"},
		{"profile.json", "orderers.json\n  logs: {orderer1: orderer.log}", "5:9: target.logs: orderer1 is no node of the profile; name it as the profile does, or add it there: did you mean orderer0?"},
		{"profile.json", "profile.json\n  deploy: {address: 9999, admins: [{mspid: PtbMSP, msp: admin/msp}]}", "5:21: target.deploy.address: want host:port"},
		{"profile.json", "profile.json\n  operations: {peer0.ptb: \"127.0.0.1:99999\"}", "5:15: target.operations: peer0.ptb: "},
		{"profile.json", "profile.json\n  operations: {peer0.ptb: \"http://:9444\"}", "5:15: target.operations: peer0.ptb: "},
		{"profile.json", "profile.json\n  deploy: {address: \"127.0.0.1:99999\", admins: [{mspid: PtbMSP, msp: admin/msp}]}", "5:21: target.deploy.address: want host:port"},
		{"profile.json", "profile.json\n  deploy: {address: \"127.0.0.1:0\", admins: [{mspid: PtbMSP, msp: admin/msp}]}", "5:21: target.deploy.address: want host:port"},
		{"profile.json", "profile.json\n  deploy: {address: \"127.0.0.1:9999\"}", "5:11: target.deploy.admins: is missing"},
		{"profile.json", "profile.json\n  deploy: {address: \"127.0.0.1:9999\", admins: [{mspid: PtbMSP, msp: none}]}", "5:"},
		{"profile.json", "profile.json\n  deploy: {address: \"127.0.0.1:9999\", admins: [{mspid: OtherMSP, msp: admin/msp}]}", "5:48: target.deploy.admins[0]: the profile has no peer of OtherMSP"},
		{"profile.json", "profile.json\n  deploy: {address: \"127.0.0.1:9999\", admins: [{mspid: PtbMSP, msp: user/msp}, {mspid: PtbMSP, msp: user/msp}]}", "5:80: target.deploy.admins[1]: there is an administrator of PtbMSP already"},
		{"profile.json\nworkload: {kind: plain}", "profile.json\n  deploy: {address: \"127.0.0.1:9999\", admins: [{mspid: PtbMSP, msp: user/msp}]}\nworkload: {kind: invoke, contract: basic, function: f}", "5:11: target.deploy: no workload calls readings; leave it out"},
		{"\nload:", "\nfresh: true\nload:", "6:8: fresh: a network that others run cannot be a fresh one for every repetition; leave it out"},
		{"\nload:", "\nvary: {topology: [minimal]}\nload:", "6:18: vary.topology: takes a network of our own; this scenario's target is a network that others run; leave it out, or run without the target"},
		{"\nload:", "\nvary: {policy: [any]}\nload:", "6:16: vary.policy: takes a network of our own"},
		{"\nload:", "\nbatch: {messages: 9}\nload:", "6:8: batch: takes a network of our own"},
		{"\nload:", "\ncaps: {peer: {cpus: 1}}\nload:", "6:7: caps: takes a network of our own"},
		{"\nload:", "\nlimits: {gateway: 9}\nload:", "6:9: limits: takes a network of our own"},
		{"\nload:", "\nchannels: 2\nload:", "6:11: channels: takes a network of our own"},
		{"target:", "topology: minimal\ntarget:", "2:11: topology: takes a network of our own"},
	} {
		t.Run(c.new, func(t *testing.T) {
			text := strings.Replace(attachedText, c.old, c.new, 1)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Read(t.Context(), file, nil)
			if _, placed := errors.AsType[*strictyaml.Error](err); !placed || !strings.HasPrefix(err.Error(), file+":"+c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%v, want %s in\n%s", err, c.want, text)
			}
		})
	}
}

// A target that is set replaces the topology of the file, whatever that is; one of both in the file is a mistake.
func TestTargetReplacesTopology(t *testing.T) {
	dir := attachable(t)
	sets := []string{"target.kind=fabric", "target.profile=" + filepath.Join(dir, "profile.json")}
	p, err := Read(t.Context(), "quickstart", sets)
	if err != nil {
		t.Fatal(err)
	}
	if p.attached == nil || p.Scenario.Topology != "" || strings.Contains(p.Scenario.Source, "topology") {
		t.Errorf("attached %v, topology %q in\n%s", p.attached, p.Scenario.Topology, p.Scenario.Source)
	}
	if _, err := Read(t.Context(), "phases", sets); err != nil {
		t.Error(err)
	}
	if _, err := Read(t.Context(), "quickstart", append(sets, "topology=minimal")); err == nil {
		t.Error("both are taken")
	}
	if _, err := scenario.Read(t.Context(), "quickstart", []string{"target.kind=reference"}, Catalog()); err != nil {
		t.Error(err)
	}
}
