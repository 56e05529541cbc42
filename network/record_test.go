package network

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/fabric"
	"meterbench/network/fabric/daemons"
)

func TestProfile(t *testing.T) {
	r := &Record{
		Dir: t.TempDir(), Topology: shape("two", 1, 1, "ptb", "inmetro"),
		Nodes: []Node{
			{Name: "peer0.ptb", Role: result.RolePeer, Organisation: "ptb", Address: "127.0.0.1:1"},
			{Name: "peer0.inmetro", Role: result.RolePeer, Organisation: "inmetro", Address: "127.0.0.1:2"},
			{Name: "orderer0", Role: result.RoleOrderer, Organisation: "ordering", Address: "127.0.0.1:3"},
			{Name: "chaincode.peer0.ptb", Role: result.RoleChaincode, Organisation: "ptb", Address: "127.0.0.1:4"},
		},
		Channels: []Channel{{Name: "metrology", Peers: []string{"peer0.ptb", "peer0.inmetro"}}},
	}
	if err := r.writeProfiles(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(r.Profile)
	if err != nil {
		t.Fatal(err)
	}
	type node struct {
		URL         string
		TLSCACerts  struct{ Path string }
		GRPCOptions map[string]string
	}
	var p struct {
		Client struct {
			Organization string
			TLSCerts     struct {
				Client struct{ Cert, Key struct{ Path string } }
			}
		}
		Organizations map[string]struct {
			MSPID string
			Peers []string
		}
		Peers, Orderers map[string]node
		Channels        map[string]struct{ Peers map[string]any }
	}
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	if p.Client.Organization != "ptb" || p.Organizations["inmetro"].MSPID != "InmetroMSP" || p.Organizations["ptb"].Peers[0] != "peer0.ptb" {
		t.Errorf("profile is %s", data)
	}
	if len(p.Peers) != 2 || len(p.Orderers) != 1 || len(p.Channels["metrology"].Peers) != 2 {
		t.Errorf("profile is %s", data)
	}
	for _, path := range []string{p.Client.TLSCerts.Client.Cert.Path, p.Client.TLSCerts.Client.Key.Path} {
		if filepath.Dir(path) != organisationDir(r.Dir, "ptb") || !strings.HasPrefix(filepath.Base(path), fabric.UsersTLS) {
			t.Errorf("TLS certificate of clients: %s", path)
		}
	}
	peer := p.Peers["peer0.inmetro"]
	want := node{URL: "grpcs://127.0.0.1:2", GRPCOptions: map[string]string{"ssl-target-name-override": "peer0.inmetro", "hostnameOverride": "peer0.inmetro"}}
	want.TLSCACerts.Path = organisationDir(r.Dir, "inmetro") + "/tlsca.pem"
	if diff := cmp.Diff(want, peer); diff != "" {
		t.Error(diff)
	}
}

// A record whose lock nobody holds belongs to a network that has gone.
func TestOpenOfTheDead(t *testing.T) {
	dir := t.TempDir()
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "no network runs in") {
		t.Errorf("Open of an empty folder: %v", err)
	}
	r := &Record{Dir: dir}
	lock, err := r.write()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err != nil {
		t.Errorf("Open of a live network: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "lost its holder") {
		t.Errorf("Open of a dead network: %v", err)
	}
}

// The record is what other programs read.
func TestRecordRoundTrip(t *testing.T) {
	dir := t.TempDir()
	r := &Record{Dir: dir, Topology: shape("minimal", 1, 1, "ptb"), Nodes: []Node{{Name: "peer0.ptb", Role: result.RolePeer, PID: 7}}}
	lock, err := r.write()
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	back, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	want, err1 := json.Marshal(r)
	got, err2 := json.Marshal(back)
	if err1 != nil || err2 != nil || string(want) != string(got) {
		t.Errorf("record came back as %s, was %s (%v, %v)", got, want, err1, err2)
	}
}

// A process that has the pid of a holder that is gone is left alone.
func TestDownSparesStrangers(t *testing.T) {
	stranger := exec.Command("sleep", "60")
	if err := stranger.Start(); err != nil {
		t.Fatal(err)
	}
	defer stranger.Wait()         // killed
	defer stranger.Process.Kill() // as a rule it is there
	r := &Record{Dir: t.TempDir(), Held: true, Holder: stranger.Process.Pid}
	lock, err := r.write()
	if err != nil {
		t.Fatal(err)
	}
	held := *r // as List returned it
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if err := held.Down(t.Context()); err != nil {
		t.Error(err)
	}
	time.Sleep(100 * time.Millisecond)
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", stranger.Process.Pid)); err != nil || strings.Contains(string(stat), ") Z ") {
		t.Errorf("the stranger was ended: %s, %v", stat, err)
	}
}

// What cannot be swept is progress and keeps nobody from starting.
func TestLeftoversThatResist(t *testing.T) {
	dir := ownTemp(t)
	busy := filepath.Join(dir, "meterbench-old.pid999999999.start1.1", "mounted")
	if err := os.MkdirAll(busy, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("none", busy, "tmpfs", 0, "size=4k"); err != nil {
		t.Skipf("needs the right to mount: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(busy, 0); err != nil {
			t.Error(err)
		}
	})
	var progress strings.Builder
	_, err := start(t.Context(), topology.Topology{Name: "new"}, Config{Progress: &progress, Binaries: daemons.Binaries{Peer: "p"}, Executable: os.Args[0]})
	if err == nil || !strings.Contains(err.Error(), "needs an orderer") {
		t.Errorf("the start failed with %v, want it to get as far as the topology", err)
	}
	if !strings.Contains(progress.String(), "cannot remove leftovers of a killed process: ") || !strings.Contains(progress.String(), busy) {
		t.Errorf("progress: %q", &progress)
	}
}
