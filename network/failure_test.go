package network

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"meterbench/internal/process"
	"meterbench/network/fabric/daemons"
)

func TestNodeThatDiesNamesItself(t *testing.T) {
	needsNetwork(t)
	logs := t.TempDir()
	n := up(t, shape("minimal", 1, 1, "ptb"), Config{Logs: logs})
	orderer := n.Nodes[1]
	if err := syscall.Kill(orderer.PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-n.Died():
		for _, want := range []string{"orderer0", "signal: killed", filepath.Join(logs, "orderer0.log"), "\n\t", "etcdraft"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q does not say %q", err, want)
			}
		}
	case <-time.After(time.Minute):
		t.Error("nothing was heard of the node's death")
	}
	if s, err := n.Status(t.Context()); err == nil || s.Nodes[1].Running || !s.Nodes[0].Running {
		t.Errorf("status with a dead orderer: it runs %v, the peer %v, %v", s.Nodes[1].Running, s.Nodes[0].Running, err)
	}
}

func TestTakenPort(t *testing.T) {
	needsNetwork(t)
	dir := ownTemp(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := listener.Addr().(*net.TCPAddr).Port
	// In the order in which a minimal network asks for ports.
	for i, node := range []string{"orderer0", "orderer0", "orderer0", "peer0.ptb", "peer0.ptb", "peer0.ptb", "chaincode.peer0.ptb"} {
		_, err := Start(t.Context(), shape("minimal", 1, 1, "ptb"), Config{ports: func(n int) ([]int, error) {
			ports, err := process.FreePorts(n)
			if err == nil {
				ports[i] = taken
			}
			return ports, err
		}})
		want := "start network minimal: " + node + ": port 127.0.0.1:" + strconv.Itoa(taken) + " was taken"
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("port %d: %v, want one line that starts %q", i, err, want)
		}
		nothingLeft(t, dir, nil)
	}
}

func TestStartTriesOtherPorts(t *testing.T) {
	needsNetwork(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	tries := 0
	up(t, shape("minimal", 1, 1, "ptb"), Config{Dir: filepath.Join(t.TempDir(), "run"), ports: func(n int) ([]int, error) {
		ports, err := process.FreePorts(n)
		if tries++; err == nil && tries == 1 {
			ports[0] = listener.Addr().(*net.TCPAddr).Port
		}
		return ports, err
	}})
	if tries < 2 { // more where others take one meanwhile
		t.Errorf("ports were chosen %d times, want 2", tries)
	}
}

// A start that fails takes what it put into a folder that the caller had made,
// not the folder; one of its own it takes as well.
func TestFailedStartLeavesTheCallersFolder(t *testing.T) {
	parent := t.TempDir()
	made, own := filepath.Join(parent, "made"), filepath.Join(parent, "own")
	if err := os.Mkdir(made, 0o700); err != nil {
		t.Fatal(err)
	}
	none := filepath.Join(parent, "no-such-program")
	for _, dir := range []string{made, own} {
		if _, err := Start(t.Context(), shape("minimal", 1, 1, "ptb"), Config{Dir: dir, Binaries: daemons.Binaries{Peer: none, Orderer: none, ConfigDir: parent}}); err == nil {
			t.Fatal("a network without programs has started")
		}
	}
	if entries, err := os.ReadDir(made); err != nil || len(entries) > 0 {
		t.Errorf("in the caller's folder: %v, %v", entries, err)
	}
	if _, err := os.Stat(own); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder that Start made: %v", err)
	}
}

func TestDaemonThatFails(t *testing.T) {
	needsNetwork(t)
	dir := ownTemp(t)
	topology := shape("minimal", 1, 1, "ptb")
	topology.Channels[0].Batch.Messages = 0 // which no node takes
	_, err := Start(t.Context(), topology, Config{})
	if err == nil || !strings.Contains(err.Error(), "0: join channel: ") && !strings.Contains(err.Error(), "0.ptb: join channel: ") {
		t.Errorf("a bad genesis block: %v", err)
	}
	nothingLeft(t, dir, nil)

	cfg := Config{Executable: "/bin/false"} // serves no chaincode
	_, err = Start(t.Context(), shape("minimal", 1, 1, "ptb"), cfg)
	if err == nil || !strings.Contains(err.Error(), "chaincode.peer0.ptb ended: exit status 1") {
		t.Errorf("a chaincode that ends: %v", err)
	}
	nothingLeft(t, dir, nil)
}

// A full disk is named in one line, whichever node has met it, and also where
// the error that came up says nothing of it.
func TestFullDisk(t *testing.T) {
	logs := t.TempDir()
	const run = "/tmp/meterbench-minimal.x"
	failed := errors.New("peer0.ptb: install metrology.readings: status 500: external builder failed: exit status 1\nand more")
	if err := describe(failed, run, logs, false); err != failed {
		t.Errorf("with room: %v", err)
	}
	own := &os.PathError{Op: "write", Path: "key.pem", Err: syscall.ENOSPC}
	if err := describe(own, run, logs, false); !strings.HasPrefix(err.Error(), "no space left on device in /tmp, or ") || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("an error of its own: %v", err)
	}
	log := "external builder: release: write connection.json: no space left on device\n"
	if err := os.WriteFile(filepath.Join(logs, "peer0.ptb.log"), []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	err := describe(failed, run, logs, false)
	for _, want := range []string{"no space left on device in /tmp, or ", logs, "status 500"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q does not say %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("not one line: %q", err)
	}
}

// A peer that this program has not built may want an address that the machine does not have.
func TestNoAddress(t *testing.T) {
	log := filepath.Join(t.TempDir(), "peer0.ptb.log")
	if err := os.WriteFile(log, []byte("ERROR [peer] local IP address not auto-detectable: no non-loopback, IPv4 interface detected\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := describe(&process.ExitError{Name: "peer0.ptb", Status: "exit status 1", LogPath: log}, t.TempDir(), filepath.Dir(log), true)
	for _, want := range []string{"peer0.ptb ended: exit status 1; log: ", "leave --fabric-bin out", "ip address add 192.0.2.1/32 dev lo"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %q in %v", want, err)
		}
	}
}

// A start that takes too long says at which step, and one that another event ends only that.
func TestEndOfStart(t *testing.T) {
	step := errors.New("peer0.ptb: wait for commit")
	died := errors.New("orderer0 has ended")
	repeated := fmt.Errorf("metrology: %w; last answer: no leader", errLate)
	for _, test := range []struct {
		name       string
		cause, err error
		want       string
	}{
		{"too late, at a step", errLate, step, "not ready after 2m0s: peer0.ptb: wait for commit"},
		{"too late, at a step that is repeated", errLate, repeated, "metrology: not ready after 2m0s; last answer: no leader"},
		{"a node died", died, step, "orderer0 has ended"},
		{"the user's", context.Canceled, step, "context canceled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := because(test.cause, test.err); got.Error() != test.want || !errors.Is(got, test.cause) {
				t.Errorf("%v, want %s", got, test.want)
			}
		})
	}
}
