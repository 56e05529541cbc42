package network

import (
	"os"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"meterbench/bench/topology"
)

// Who may make no control groups is told how to leave caps out where he asked for caps, and not where he asked for an event.
func TestWithoutControlGroups(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("gives rights away")
	}
	var caps, slow error
	done := make(chan bool)
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with its lack of rights
		unix.SetfsuidRetUid(65534)
		caps, slow = CheckCaps(topology.Topology{Name: "a", Caps: topology.Caps{Peer: topology.Cap{CPUs: 0.5}}}), CheckSlow()
	}()
	<-done
	if caps == nil || !strings.HasPrefix(caps.Error(), "topology a: caps: make a control group: ") || !strings.HasSuffix(caps.Error(), "; or leave caps out") {
		t.Error(caps)
	}
	if slow == nil || !strings.HasPrefix(slow.Error(), "slow a node down: make a control group: ") || strings.Contains(slow.Error(), "caps") {
		t.Error(slow)
	}
}
