package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/network/client"
)

// connected returns a client of a network's contract, and a function that commits a transaction within a time.
func connected(t *testing.T, n *Network) (*client.Client, func(within time.Duration) error) {
	t.Helper()
	c, err := n.Client(t.Context(), "metrology", "readings")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	number := 0
	return c, func(within time.Duration) error {
		number++
		var err error
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		for ctx.Err() == nil {
			trying, stop := context.WithTimeout(ctx, 4*time.Second)
			err = c.Invoke(trying, "Put", fmt.Appendf(nil, "key%d", number), []byte("value"))
			stop()
			if err == nil {
				return nil
			}
			time.Sleep(50 * time.Millisecond)
		}
		return err
	}
}

// alive fails the test if a node ended that nobody killed.
func alive(t *testing.T, n *Network) {
	t.Helper()
	select {
	case err := <-n.Died():
		t.Errorf("ended: %v", err)
	default:
	}
}

// sameHeights waits until all peers of a channel have the same number of blocks.
func sameHeights(t *testing.T, n *Network) {
	t.Helper()
	var s Status
	var err error
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		s, err = n.Status(t.Context())
		same := err == nil
		for _, c := range s.Channels {
			for _, h := range c.Heights {
				same = same && h.Blocks == c.Heights[0].Blocks
			}
		}
		if same {
			return
		}
	}
	t.Errorf("channels %+v, %v", s.Channels, err)
}

// Whatever is done to a node of a minimal network, it comes back, the client with it, and nothing of it is an end unasked.
func TestActs(t *testing.T) {
	needsNetwork(t)
	logs := t.TempDir()
	dir := ownTemp(t)
	n := up(t, shape("acts", 1, 1, "ptb"), Config{Logs: logs})
	nodes := n.Nodes
	_, commit := connected(t, n)
	sampler, err := proc.NewSampler(n.Watched())
	if err != nil {
		t.Fatal(err)
	}
	defer sampler.Close()
	hangs := make(chan Hang)
	watching, stop := context.WithCancel(t.Context())
	defer stop()
	n.WatchHealth(watching, hangs)
	if leader, err := n.Leader(t.Context(), "metrology"); leader != "orderer0" || err != nil {
		t.Errorf("leader %q, %v", leader, err)
	}
	if _, err := n.Leader(t.Context(), "none"); err == nil || !strings.Contains(err.Error(), "has no channel none") {
		t.Errorf("leader of no channel: %v", err)
	}
	type act struct {
		what       string
		do, undo   func(string) error
		runs, acts bool // meanwhile
	}
	for _, node := range []string{"orderer0", "peer0.ptb", "chaincode.peer0.ptb"} {
		for _, c := range []act{
			{"kill", n.Kill, n.Restart, false, false},
			{"stop", n.Stop, n.Continue, true, false},
			{"stop, restart", n.Stop, n.Restart, true, false},
			{"restart", n.Restart, func(string) error { return nil }, true, true},
			{"stop, kill", func(node string) error { return errors.Join(n.Stop(node), n.Kill(node)) }, n.Restart, false, false},
		} {
			if node == "orderer0" && c.what != "stop" { // a raft of one takes up to 10 s to elect itself; see TestLeaderLost
				continue
			}
			t.Run(c.what+" "+node, func(t *testing.T) {
				before, err := sampler.Sample()
				if err != nil {
					t.Fatal(err)
				}
				if err := c.do(node); err != nil {
					t.Fatal(err)
				}
				during, err := sampler.Sample()
				if err != nil {
					t.Error(err)
				}
				if (during.RSS[node] > 0) != c.runs && !c.acts { // one that has just begun has none yet
					t.Errorf("%d bytes meanwhile", during.RSS[node])
				}
				if _, err := n.Leader(t.Context(), "metrology"); node == "orderer0" && !c.acts && (err == nil || !strings.Contains(err.Error(), "no orderer leads channel metrology")) {
					t.Errorf("leader meanwhile: %v", err)
				}
				if !c.acts {
					if err := commit(time.Second); err == nil {
						t.Error("committed meanwhile")
					}
				}
				if err := c.undo(node); err != nil {
					t.Fatal(err)
				}
				begun := time.Now()
				if err := commit(2 * time.Minute); err != nil {
					t.Fatalf("not committed afterwards: %v", err)
				}
				t.Logf("committed %.2f s afterwards", time.Since(begun).Seconds())
				after, err := sampler.Sample()
				if err != nil {
					t.Error(err)
				}
				if after.RSS[node] == 0 || after.CPU[node] < during.CPU[node] || during.CPU[node] < before.CPU[node] {
					t.Errorf("CPU %v s, then %v, then %v, with %d bytes", before.CPU[node], during.CPU[node], after.CPU[node], after.RSS[node])
				}
				alive(t, n)
			})
		}
	}
	for what, c := range map[string]struct {
		err  error
		says string
	}{
		"unknown":       {n.Kill("peer1.ptb"), "network acts has no node peer1.ptb"},
		"not stopped":   {n.Continue("peer0.ptb"), "peer0.ptb was not stopped"},
		"not slowed":    {n.Slow("peer0.ptb", 0.5), "peer0.ptb has no control group by which to slow it"},
		"not to filled": {n.Free("peer0.ptb"), "peer0.ptb has no file system of its own to fill"},
	} {
		if c.err == nil || c.err.Error() != c.says {
			t.Errorf("%s: %v, want %q", what, c.err, c.says)
		}
	}
	select {
	case hang := <-hangs:
		t.Errorf("%+v", hang)
	default:
	}
	if err := n.Kill("peer0.ptb"); err != nil {
		t.Error(err)
	}
	for _, again := range []error{n.Kill("peer0.ptb"), n.Stop("peer0.ptb")} {
		if again == nil || again.Error() != "peer0.ptb does not run" {
			t.Errorf("%v", again)
		}
	}
	if err := n.Stop("orderer0"); err != nil {
		t.Error(err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if log, err := os.ReadFile(filepath.Join(logs, "orderer0.log")); err != nil || !strings.Contains(string(log), "Received signal: 15 (terminated)") {
		t.Errorf("a node that stands still does not end by itself when the network is closed: %v\n%s", err, log)
	}
	if err := n.Restart("peer0.ptb"); err == nil || !strings.Contains(err.Error(), "the network is closed") {
		t.Errorf("restart in a closed network: %v", err)
	}
	nothingLeft(t, dir, nodes)
	noSocketsLeft(t)
}

// A network of three orderers goes on without its leader, whether that is gone or stands still, and a node that comes back
// catches up. Most of it is waiting, which both cases do at the same time.
func TestLeaderLost(t *testing.T) {
	needsNetwork(t)
	dir := ownTemp(t)
	var mu sync.Mutex
	var nodes []Node
	t.Run("at once", func(t *testing.T) {
		for what, of := range map[string]struct{ do, undo func(*Network, string) error }{
			"kill": {(*Network).Kill, (*Network).Restart}, "stop": {(*Network).Stop, (*Network).Continue},
		} {
			t.Run(what, func(t *testing.T) {
				t.Parallel()
				n := up(t, shape("leader-"+what, 3, 1, "ptb", "cmi"), Config{})
				mu.Lock()
				nodes = append(nodes, n.Nodes...)
				mu.Unlock()
				loseLeader(t, n, of.do, of.undo)
				if err := n.Close(); err != nil {
					t.Error(err)
				}
			})
		}
	})
	nothingLeft(t, dir, nodes)
}

func loseLeader(t *testing.T, n *Network, do, undo func(*Network, string) error) {
	_, commit := connected(t, n)
	leader, err := n.Leader(t.Context(), "metrology")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(do(n, leader), n.Kill("peer0.cmi")); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	for other := ""; other == "" || other == leader; other, err = n.Leader(t.Context(), "metrology") {
		if time.Since(began) > 2*time.Minute {
			t.Fatalf("nobody else leads: %v", err)
		}
	}
	elected := time.Since(began)
	if err := n.Restart("peer0.cmi"); err != nil { // its endorsement is needed
		t.Fatal(err)
	}
	if err := commit(2 * time.Minute); err != nil {
		t.Fatal(err)
	}
	t.Logf("another one leads after %.1f s, committed after %.1f s", elected.Seconds(), time.Since(began).Seconds())
	if err := undo(n, leader); err != nil {
		t.Fatal(err)
	}
	if err := commit(2 * time.Minute); err != nil {
		t.Fatal(err)
	}
	sameHeights(t, n)
	alive(t, n)
}

// A node that is slowed down gets what it is left, and all again once that is taken back.
func TestSlow(t *testing.T) {
	needsNetwork(t)
	if err := CheckSlow(); err != nil {
		t.Skip(err)
	}
	n := up(t, shape("slowed", 1, 1, "ptb"), Config{Slowed: []string{"peer0.ptb"}})
	_, commit := connected(t, n)
	took := func() time.Duration {
		began := time.Now()
		for range 5 {
			if err := commit(time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		return time.Since(began)
	}
	took()
	if err := n.Slow("peer0.ptb", 0.01); err != nil {
		t.Fatal(err)
	}
	slowed := took()
	if healed, err := n.Heal("peer0.ptb"); err != nil || fmt.Sprint(healed) != "[slow]" {
		t.Errorf("healed %v, %v", healed, err)
	}
	healed := took()
	t.Logf("5 commits took %v with 0.01 processors, %v with all", slowed, healed)
	if slowed < healed {
		t.Error("it was not slower")
	}
	alive(t, n)
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	if left := groups(t, os.Getpid()); len(left) > 0 {
		t.Errorf("control groups left: %v", left)
	}
}

// A node whose disk is full cannot go on; what it does is reported as what was done to it. It comes back once there is room.
func TestFill(t *testing.T) {
	needsNetwork(t)
	if err := CheckFill(); err != nil {
		t.Skip(err)
	}
	for _, node := range []string{"peer0.ptb", "orderer0"} {
		t.Run(node, func(t *testing.T) {
			dir := ownTemp(t)
			n := up(t, shape("filled", 1, 1, "ptb"), Config{Filled: []string{node}})
			nodes := n.Nodes
			_, commit := connected(t, n)
			sampler, err := proc.NewSampler(n.Watched())
			if err != nil {
				t.Fatal(err)
			}
			defer sampler.Close()
			kept, err := sampler.Kept()
			if err != nil || kept[node]["blocks"].Bytes < 10_000 {
				t.Errorf("it keeps %v, %v", kept[node], err)
			}
			used, err := n.Fill(node)
			if err != nil {
				t.Fatal(err)
			}
			failed := commit(5 * time.Second)
			var end *NodeEnd
			select {
			case err := <-n.Died():
				if !errors.As(err, &end) || end.Node != node || end.By != result.EventFill || !strings.HasPrefix(err.Error(), node+" ended: exit status 2") {
					t.Errorf("ended: %v, by %q", err, end.By)
				}
			case <-time.After(20 * time.Second):
			}
			t.Logf("filled with %d bytes: commit says %v; ended: %v", used, failed, end)
			if end == nil && failed == nil {
				t.Error("it goes on as if there were room")
			}
			if healed, err := n.Heal(node); err != nil || fmt.Sprint(healed) != "[fill]" {
				t.Errorf("healed %v, %v", healed, err)
			}
			if node != "orderer0" { // whose election takes up to 10 s
				if err := commit(2 * time.Minute); err != nil {
					t.Fatal(err)
				}
			}
			alive(t, n)
			if _, err := n.Fill(node); err != nil {
				t.Error(err)
			}
			if err := n.Close(); err != nil {
				t.Error(err)
			}
			nothingLeft(t, dir, nodes)
			if text, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(text), dir) {
				t.Errorf("something is mounted below %s, %v", dir, err)
			}
		})
	}
}

// Killing and starting a node anew again and again leaves nothing and loses nothing.
func TestRestartCycles(t *testing.T) {
	needsNetwork(t)
	dir := ownTemp(t)
	n := up(t, shape("restarts", 1, 1, "ptb"), Config{})
	nodes := n.Nodes
	_, commit := connected(t, n)
	for i := range 20 {
		node := nodes[i%len(nodes)].Name
		if err := errors.Join(n.Kill(node), n.Restart(node)); err != nil {
			t.Fatal(err)
		}
	}
	if err := commit(2 * time.Minute); err != nil {
		t.Fatal(err)
	}
	alive(t, n)
	if logs, err := filepath.Glob(filepath.Join(n.Logs, "*.log")); err != nil || len(logs) != len(nodes) {
		t.Errorf("logs %v, %v", logs, err)
	}
	if err := n.Close(); err != nil {
		t.Error(err)
	}
	nothingLeft(t, dir, nodes)
}

// What cannot be done is refused before anything starts.
func TestActsRefused(t *testing.T) {
	n := &Network{}
	n.Topology = topology.Topology{Name: "none"}
	if _, err := n.Heal("peer0.ptb"); err == nil {
		t.Error("healed a node that is not there")
	}
}
