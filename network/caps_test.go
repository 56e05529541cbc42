package network

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
)

// capped returns a minimal network with caps, or skips the test where this
// user may have none.
func capped(t *testing.T, caps topology.Caps) topology.Topology {
	t.Helper()
	needsNetwork(t)
	shape := shape("capped", 1, 1, "ptb")
	shape.Caps = caps
	if err := CheckCaps(shape); err != nil {
		t.Skip(err)
	}
	return shape
}

// groups returns the control groups that a process has made, in the tree of
// version 2 or in those of version 1.
func groups(t *testing.T, pid int) []string {
	t.Helper()
	var all []string
	for _, tree := range []string{".", "cpu", "memory"} {
		found, err := filepath.Glob(fmt.Sprintf("/sys/fs/cgroup/%s/meterbench/*.pid%d.*", tree, pid))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}

func TestCheckCaps(t *testing.T) {
	shape := shape("a", 1, 1, "ptb")
	if err := CheckCaps(shape); err != nil {
		t.Errorf("without caps: %v", err)
	}
	shape.Caps.Device.CPUs = 512
	if err := CheckCaps(shape); err == nil || !strings.HasPrefix(err.Error(), "topology a: caps.device.cpus: a cap of 512 processors has no effect: this machine has ") {
		t.Errorf("got %v", err)
	}
}

// A peer under load uses what its cap allows, no more and hardly less.
func TestCappedPeer(t *testing.T) {
	for _, cpus := range []float64{0.5, 0.1} {
		t.Run(fmt.Sprint(cpus), func(t *testing.T) {
			n := up(t, capped(t, topology.Caps{Peer: topology.Cap{CPUs: cpus}}), Config{})
			if found := groups(t, os.Getpid()); len(found) != 1 || !strings.Contains(found[0], "/peer0.ptb.pid") {
				t.Errorf("control groups: %v", found)
			}
			sampler, err := proc.NewSampler(n.Watched())
			if err != nil {
				t.Fatal(err)
			}
			var taken proc.Series
			sample := func() {
				snap, err := sampler.Sample()
				if err != nil {
					t.Fatal(err)
				}
				taken = append(taken, snap)
			}
			var cores map[string]float64
			var throttle map[string]proc.Throttle
			rate := flood(t, n, 256, func() {
				time.Sleep(time.Second) // until the clients are under way
				sample()
				for range 5 { // a machine that stalls, as virtual ones do, charges a process for it
					time.Sleep(3 * time.Second)
					sample()
					from, to := taken[len(taken)-2].At, taken[len(taken)-1].At
					cores, _, _ = taken.Between(from, to)
					throttle = taken.Throttled(from, to)
					if cores["peer0.ptb"] <= cpus+0.03 && throttle["peer0.ptb"].Throttled > 0 {
						break
					}
				}
			})
			used, peer := cores["peer0.ptb"], throttle["peer0.ptb"]
			t.Logf("%.3f cores, throttled in %d of %d periods, %.2f s; %.0f transactions per second", used, peer.Throttled, peer.Periods, peer.Time, rate)
			// A machine that others keep busy can only give it less.
			if used > cpus+0.03 {
				t.Errorf("used %.3f cores, more than %v", used, cpus)
			}
			if held := used > cpus-0.03; len(throttle) != 1 || held && (peer.Throttled == 0 || peer.Time <= 0) {
				t.Errorf("%d nodes were throttled, the peer in %d periods for %v s", len(throttle), peer.Throttled, peer.Time)
			}
			if others := cores[proc.Other] + cores[proc.Steal]; math.Abs(used-cpus) > 0.03 && others < 0.5 {
				t.Errorf("used %.3f cores of %v, while others used %.2f", used, cpus, others)
			}
			if err := n.Close(); err != nil {
				t.Error(err)
			}
			if found := groups(t, os.Getpid()); len(found) > 0 {
				t.Errorf("left: %v", found)
			}
		})
	}
}

// flood keeps a number of clients busy while measure runs and returns what
// was committed in that time, per second.
func flood(t *testing.T, n *Network, clients int, measure func()) float64 {
	t.Helper()
	c, err := n.Client(t.Context(), "metrology", "readings")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, stop := context.WithCancel(t.Context())
	var group sync.WaitGroup
	var number, committed atomic.Int64
	for range clients {
		group.Go(func() {
			for ctx.Err() == nil {
				key := fmt.Append(nil, number.Add(1))
				_, err := c.Submit(ctx, bench.Transaction{Function: "Put", Args: [][]byte{key, make([]byte, 140)}})
				if err != nil && ctx.Err() == nil {
					t.Error(err)
					return
				}
				committed.Add(1)
			}
		})
	}
	begin := time.Now()
	measure()
	rate := float64(committed.Load()) / time.Since(begin).Seconds()
	stop()
	group.Wait()
	return rate
}

// A node that needs more memory than its cap is killed, and the error says why.
func TestNodeOutOfMemory(t *testing.T) {
	shape := capped(t, topology.Caps{Peer: topology.Cap{Memory: topology.MinMemory}})
	shape.Caps.Peer.Memory = 8 << 20 // no topology that is read may have so little
	dir := ownTemp(t)
	n, err := Start(t.Context(), shape, Config{})
	if n != nil {
		defer n.Close()
	}
	if err == nil || !strings.Contains(err.Error(), "peer0.ptb ended: signal: killed, by the kernel: it needed more memory than its cap of 8 MiB") {
		t.Errorf("got %v", err)
	}
	nothingLeft(t, dir, nil)
	if found := groups(t, os.Getpid()); len(found) > 0 {
		t.Errorf("left: %v", found)
	}
}

// What a killed holder leaves is gone after the next start.
func TestKilledHolderLeavesNoGroups(t *testing.T) {
	capped(t, topology.Caps{Peer: topology.Cap{CPUs: 0.5}, Chaincode: topology.Cap{Memory: 256 << 20}})
	dir := ownTemp(t)
	t.Setenv(holdCaps, "1")
	cmd, lines := holder(t)
	if !lines.Scan() {
		t.Fatal("the holder did not come up")
	}
	if found := groups(t, cmd.Process.Pid); len(found) != 2 {
		t.Errorf("control groups of the holder: %v", found)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // killed
	waitFor(t, "the nodes to end", func() bool { return len(processesIn(t, dir)) == 0 })
	if found := groups(t, cmd.Process.Pid); len(found) != 2 {
		t.Errorf("control groups that nobody could remove: %v", found)
	}
	none := filepath.Join(t.TempDir(), "none")
	_, err := Start(t.Context(), shape("next", 1, 1, "ptb"), Config{Executable: none})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a start without program: %v", err)
	}
	if found := groups(t, cmd.Process.Pid); len(found) > 0 {
		t.Errorf("left: %v", found)
	}
}
