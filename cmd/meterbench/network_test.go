package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"meterbench/network"
)

// Two networks are held at once, one in a folder of its own, looked at and
// taken down by other processes.
func TestHeldNetworks(t *testing.T) {
	needsNetwork(t)
	temp, dir := t.TempDir(), filepath.Join(t.TempDir(), "own")
	minimal := start(t, temp, "network", "up", "minimal", "--dir", dir)
	two := start(t, temp, "network", "up", "two-peer")
	minimal.says(t, &minimal.stdout, "takes it down")
	two.says(t, &two.stdout, "takes it down")

	profile := regexp.MustCompile(`(?m)^connection profile +(.+)$`).FindStringSubmatch(minimal.stdout.String())
	if profile == nil || !strings.HasPrefix(profile[1], dir) {
		t.Errorf("connection profile: %q", profile)
	} else if _, err := os.Stat(profile[1]); err != nil {
		t.Error(err)
	}

	status := func(want int, args ...string) string {
		t.Helper()
		p, code := command(t, temp, append([]string{"network", "status"}, args...)...)
		if code != want {
			t.Errorf("status %v: exit code %d\n%s", args, code, &p.stderr)
		}
		return p.stdout.String()
	}
	if got := status(0, dir); !strings.HasPrefix(got, "network minimal (Fabric v") ||
		!regexp.MustCompile(`channel metrology: leader orderer0, peer0\.ptb has [1-9][0-9]* blocks\n`).MatchString(got) ||
		strings.Count(got, "running") != 3 {
		t.Errorf("status of minimal:\n%s", got)
	}
	if got := status(0); !strings.Contains(got, "network minimal") || !strings.Contains(got, "network two-peer") {
		t.Errorf("status of all:\n%s", got)
	}
	if got := status(0, "two-peer"); !strings.HasPrefix(got, "network two-peer (Fabric v") ||
		!regexp.MustCompile(`leader orderer0, peer0\.ptb has [1-9][0-9]* blocks, peer1\.ptb has [1-9][0-9]* blocks\n`).MatchString(got) ||
		strings.Count(got, "running") != 5 {
		t.Errorf("status of two-peer:\n%s", got)
	}
	if got := status(0, "minimal"); !strings.HasPrefix(got, "network minimal") { // also in a folder of its own
		t.Errorf("status minimal:\n%s", got)
	}

	down := func(of *program, says string, args ...string) {
		t.Helper()
		p, code := command(t, temp, append([]string{"network", "down"}, args...)...)
		if got := p.stdout.String(); code != 0 || got != says {
			t.Errorf("down %v: exit code %d\n%s%s", args, code, got, &p.stderr)
		}
		if code := of.exit(t); code != 0 {
			t.Errorf("%s: exit code %d\n%s", of.cmd.Args, code, &of.stderr)
		}
	}
	down(minimal, "network minimal is down\n", dir)
	status(1, dir)
	status(0)
	down(two, "network two-peer is down\n")
	nothingLeft(t, temp)
	if left := processes(t, dir); len(left) > 0 {
		t.Errorf("processes left: %s", left)
	}
}

// What was learned is shown, and nothing is said of a node that is silent.
func TestPrintStatus(t *testing.T) {
	var out bytes.Buffer
	printStatus(&out, &network.Record{}, network.Status{
		Nodes:    []network.NodeStatus{{Node: network.Node{Name: "peer0.ptb"}, Running: true}, {Node: network.Node{Name: "orderer0"}}},
		Channels: []network.ChannelStatus{{Name: "c", Heights: []network.Height{{Peer: "peer0.ptb", Blocks: 3}, {Peer: "peer1.ptb"}}}},
	})
	for _, want := range []string{"running", "ended", "\nchannel c: leader none, peer0.ptb has 3 blocks, peer1.ptb does not answer\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
}

func TestNodeOfHeldNetworkDies(t *testing.T) {
	needsNetwork(t)
	temp := t.TempDir()
	p := start(t, temp, "network", "up", "minimal")
	p.says(t, &p.stdout, "takes it down")
	kill(t, temp, "orderer0")
	if code := p.exit(t); code != exitFailed {
		t.Errorf("exit code %d\n%s", code, &p.stderr)
	}
	if !strings.Contains(p.stderr.String(), "\nmeterbench: orderer0 ended: signal: killed") {
		t.Errorf("the node is not named:\n%s", &p.stderr)
	}
	if strings.Contains(p.stderr.String(), "log: ") {
		t.Errorf("a log is named that goes with the network:\n%s", &p.stderr)
	}
	nothingLeft(t, temp)
}
