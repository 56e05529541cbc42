package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/network/fabric"
)

// edited writes a profile with a change, and returns its path.
func edited(t *testing.T, profile string, change func(p map[string]any)) string {
	t.Helper()
	p := readJSON[map[string]any](t, profile)
	change(p)
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "connection.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// within returns the mapping that keys lead to.
func within(p map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		p = p[key].(map[string]any)
	}
	return p
}

// Attach check says in one page what a profile leads to, and what is wrong with it.
func TestAttachCheck(t *testing.T) {
	needsNetwork(t)
	temp := t.TempDir()
	held, n := upAsJSON(t, temp, "four-peer")
	stranger, err := fabric.NewOrganisation("ptb", n.Organisations[0].MSP) // who says to be a member
	if err != nil {
		t.Fatal(err)
	}
	foreign := t.TempDir()
	if err := stranger.WriteMSPs(foreign); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(p map[string]any)
		args   []string
		code   int
		want   []string
	}{
		"as it is": {nil, nil, 0, []string{
			"identity PtbMSP user.ptb, valid until ", "rights: PtbMSP user.ptb may read and write", "may read and write\nmembers: ",
			"│ yes     │ yes     │ within 5s │ tells its own members only │", "capabilities: channel V3_0, orderer V2_0, application V2_5: Fabric 3.0 or later",
			"service discovery: peers 127.0.0.1:", "│ readings │ 1       │        1 │ ", "a scenario could run with\n\ntarget:\n  kind: fabric\n  profile: ", "\n  channel: \"metrology\"\n",
		}},
		"two identities": {nil, []string{"--identity", n.Organisations[0].User.MSP, "--identity", "InmetroMSP=" + n.Organisations[1].User.MSP}, 0, []string{
			"rights: PtbMSP user.ptb may read and write\nrights: InmetroMSP user.inmetro may read and write", "- {mspid: \"InmetroMSP\", msp: \"",
		}},
		"no mutual TLS": {func(p map[string]any) { delete(within(p, "client"), "tlsCerts") }, nil, 1, []string{
			"turns the client's TLS certificate down, or asks for one", "under client.tlsCerts.client of the profile",
		}},
		"another node answers": {func(p map[string]any) {
			within(p, "peers", "peer0.ptb")["url"] = within(p, "peers", "peer1.ptb")["url"]
		}, nil, 0, []string{
			"- peer0.ptb: 127.0.0.1:", " answers with a certificate that does not have the name peer0.ptb, but peer1.ptb, ", "gateways: [peer0.inmetro, peer1.inmetro, peer1.ptb]\n",
		}},
		"a stranger": {nil, []string{"--identity", filepath.Join(foreign, "user", "msp")}, 1, []string{
			"rights: PtbMSP user.ptb may not read", "- channel metrology: PtbMSP user.ptb: may not read (", "; use an identity of a member", "once that is mended, a scenario could run with",
		}},
		"no such channel": {nil, []string{"--channel", "nowhere"}, 1, []string{
			"- channel nowhere: PtbMSP user.ptb: may not read (", "not found); use an identity of a member", "or correct the name of the channel",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			profile := n.Profile
			if c.change != nil {
				profile = edited(t, n.Profile, c.change)
			}
			p, code := command(t, temp, append([]string{"attach", "check", profile}, c.args...)...)
			if code != c.code {
				t.Errorf("exit code %d, want %d", code, c.code)
			}
			for _, want := range c.want {
				if !strings.Contains(p.stdout.String(), want) {
					t.Errorf("%q is missing in\n%s%s", want, &p.stdout, &p.stderr)
				}
			}
		})
	}
	down(t, temp, held)
}
