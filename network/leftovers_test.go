package network

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"meterbench/bench/topology"
	"meterbench/internal/proc"
)

// holdVariable makes the test program hold a network, as `network up` does.
const holdVariable = "METERBENCH_TEST_HOLD"

// holdCaps makes the network that is held a capped one.
const holdCaps = "METERBENCH_TEST_HOLD_CAPS"

// hold starts a network, prints its run folder and closes it on SIGTERM.
func hold() int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	t := shape("held", 1, 1, "ptb")
	if os.Getenv(holdCaps) != "" {
		t.Caps = topology.Caps{Peer: topology.Cap{CPUs: 0.5}, Chaincode: topology.Cap{Memory: 256 << 20}}
	}
	n, err := Start(ctx, t, Config{Held: true})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(n.Dir)
	<-ctx.Done()
	if err := n.Close(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// holder starts a process that holds a network, with folders under TMPDIR.
func holder(t *testing.T) (cmd *exec.Cmd, lines *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd = exec.Command(self)
	cmd.Env = append(os.Environ(), holdVariable+"=1")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill() // ended already, as a rule
		cmd.Wait()         // as above
	})
	return cmd, bufio.NewScanner(out)
}

// ownTemp gives the test a folder for temporary files of its own, so that what
// its networks leave can be told from what others do.
func ownTemp(t *testing.T) string {
	dir, err := os.MkdirTemp("", "nettest")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	t.Setenv("TMPDIR", dir)
	return dir
}

// processesIn returns the processes that work in a folder or know of it.
func processesIn(t *testing.T, dir string) []string {
	t.Helper()
	procs, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, p := range procs {
		if filepath.Base(p) == fmt.Sprint(os.Getpid()) {
			continue
		}
		env, _ := os.ReadFile(filepath.Join(p, "environ")) // gone or another user's: none of ours
		cwd, _ := os.Readlink(filepath.Join(p, "cwd"))
		if strings.Contains(string(env), dir) || strings.HasPrefix(cwd, dir) {
			cmd, _ := os.ReadFile(filepath.Join(p, "cmdline"))
			found = append(found, p+" "+strings.ReplaceAll(string(cmd), "\x00", " "))
		}
	}
	return found
}

// nothingLeft fails the test if a process, a folder or a port of the nodes is
// still there. What nodes themselves have started is killed with them, and takes a moment to go.
func nothingLeft(t *testing.T, dir string, nodes []Node) {
	t.Helper()
	left := processesIn(t, dir)
	for end := time.Now().Add(time.Minute); len(left) > 0 && time.Now().Before(end); left = processesIn(t, dir) {
		time.Sleep(10 * time.Millisecond)
	}
	if len(left) > 0 {
		t.Errorf("processes left: %s", strings.Join(left, "\n"))
	}
	var folders []string
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		folders = append(folders, e.Name())
	}
	if len(folders) > 0 {
		t.Errorf("folders left: %s", folders)
	}
	for _, n := range nodes {
		for _, address := range []string{n.Address, n.Admin, n.Operations} {
			if address == "" {
				continue
			}
			conn, err := net.DialTimeout("tcp", address, time.Second)
			if err != nil {
				continue
			}
			conn.Close()
			// No process of a node is left: if it is not this one, a stranger has been given the port meanwhile.
			if port, err := netip.ParseAddrPort(address); err == nil {
				if pid, _, ok := proc.Listener(int(port.Port())); ok && pid != os.Getpid() {
					continue
				}
			}
			t.Errorf("%s still listens on %s", n.Name, address)
		}
	}
}

func TestTwentyCyclesLeaveNothing(t *testing.T) {
	needsNetwork(t)
	dir := ownTemp(t)
	for i := range 20 {
		n, err := Start(t.Context(), shape("minimal", 1, 1, "ptb"), Config{})
		if err != nil {
			t.Fatalf("cycle %d: %v", i, err)
		}
		nodes := n.Nodes
		if err := n.Close(); err != nil {
			t.Fatalf("cycle %d: %v", i, err)
		}
		nothingLeft(t, dir, nodes)
	}
}

// A holder that is killed at any moment leaves no process behind, and the next
// start removes its folder.
func TestFiveKillsLeaveNothing(t *testing.T) {
	needsNetwork(t)
	dir := ownTemp(t)
	for i := range 5 {
		cmd, lines := holder(t)
		var nodes []Node
		if i%2 == 0 { // when it is ready
			if !lines.Scan() {
				t.Fatal("the holder did not come up")
			}
			r, err := Open(lines.Text())
			if err != nil {
				t.Fatal(err)
			}
			nodes = r.Nodes
		} else { // while it starts
			waitFor(t, "the first node", func() bool { return len(processesIn(t, dir)) > 1 })
			time.Sleep(time.Duration(i) * 100 * time.Millisecond)
		}
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		cmd.Wait() // killed
		waitFor(t, "the nodes to end", func() bool { return len(processesIn(t, dir)) == 0 })
		waitFor(t, "the reaper to remove the run folder", func() bool { entries, err := os.ReadDir(os.TempDir()); return err == nil && len(entries) == 0 })

		n, err := Start(t.Context(), shape("next", 1, 1, "ptb"), Config{})
		if err != nil {
			t.Fatal(err)
		}
		if entries, err := os.ReadDir(os.TempDir()); err != nil || len(entries) != 1 {
			t.Errorf("run folders after the next start: %v, %v", entries, err)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		nothingLeft(t, dir, nodes)
	}
}

func waitFor(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited too long for %s", what)
		}
	}
}

func TestCancelledStartLeavesNothing(t *testing.T) {
	needsNetwork(t)
	dir := ownTemp(t)
	for _, after := range []time.Duration{0, 30 * time.Millisecond, 150 * time.Millisecond, 400 * time.Millisecond} {
		ctx, cancel := context.WithTimeout(t.Context(), after)
		n, err := Start(ctx, shape("minimal", 1, 1, "ptb"), Config{})
		cancel()
		if err == nil {
			n.Close() // checked below
			t.Errorf("a start that was cancelled after %v succeeded", after)
		} else if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled after %v: %v", after, err)
		}
		nothingLeft(t, dir, nil)
	}
}

func TestHeldNetwork(t *testing.T) {
	needsNetwork(t)
	dir := ownTemp(t)
	cmd, lines := holder(t)
	if !lines.Scan() {
		t.Fatal("the holder did not come up")
	}
	records, err := List()
	if err != nil {
		t.Fatal(err)
	}
	if len(records) != 1 || records[0].Dir != lines.Text() || records[0].Holder != cmd.Process.Pid {
		t.Fatalf("List() has %d networks, want the one in %s", len(records), lines.Text())
	}
	r := records[0]
	own, err := Start(t.Context(), shape("own", 1, 1, "ptb"), Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer own.Close() // closed below
	if records, err := List(); err != nil || len(records) != 1 {
		t.Errorf("a network that is not held for others is listed: %d networks, %v", len(records), err)
	}
	measured := own.Record
	measured.Holder = cmd.Process.Pid // as another process's
	if err := measured.Down(t.Context()); err == nil || !strings.Contains(err.Error(), "measures it") {
		t.Errorf("a network that is measured was taken down: %v", err)
	}
	if err := own.Close(); err != nil {
		t.Error(err)
	}
	c, err := r.Client(t.Context(), "metrology", "readings")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Invoke(t.Context(), "Put", []byte("key"), []byte("value")); err != nil {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if _, err := r.Status(t.Context()); err != nil {
		t.Error(err)
	}
	if err := r.Down(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(r.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the network is down, and its folder is still there: %v", err)
	}
	if err := r.Down(t.Context()); err != nil {
		t.Errorf("taken down again: %v", err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the holder ended with %v", err)
	}
	if _, err := Open(r.Dir); err == nil {
		t.Error("Open still finds the network")
	}
	nothingLeft(t, dir, r.Nodes)
}
