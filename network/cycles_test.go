package network

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench/topology"
	"meterbench/network/fabric/daemons"
)

// How many networks TestCycles starts and ends of every shipped topology, and with which releases.
//
//	go test ./network -run TestCycles -v -timeout 1h -cycles 20 -cycles.releases 3.1.1,3.1.0,2.5.9
var (
	cycles        = flag.Int("cycles", 1, "number of networks that TestCycles starts of each topology and release")
	cycleReleases = flag.String("cycles.releases", "", "releases of Fabric that TestCycles takes, separated by commas; empty: the default one")
	cycleLogs     = flag.String("cycles.logs", "", "folder for the logs of the networks that TestCycles starts; the last one's stay")
	cycleNames    = flag.String("cycles.topologies", strings.Join(topology.Names(), ","), "shipped topologies that TestCycles takes")
)

// firstCommit are the times from the start of a topology's first process to its first commit that medians are held to where
// there are enough of them to have one.
var firstCommit = map[string]time.Duration{
	"minimal": 2500 * time.Millisecond, "five-org": 4500 * time.Millisecond, "four-peer-bft": 6 * time.Second,
	"inter-nmi": 25 * time.Second, "inter-nmi-5": 25 * time.Second, "inter-nmi-bft": 25 * time.Second,
}

// Every shipped topology comes up with every release that has its consensus, commits, and leaves nothing.
func TestCycles(t *testing.T) {
	needsNetwork(t)
	for release := range strings.SplitSeq(*cycleReleases, ",") {
		binaries, err := daemons.Ensure(t.Context(), daemons.Config{Release: release, Progress: os.Stderr})
		if err != nil {
			t.Fatal(err)
		}
		for name := range strings.SplitSeq(*cycleNames, ",") {
			t.Run(name+" "+binaries.Version, func(t *testing.T) {
				shipped, err := topology.Load(name)
				if err != nil {
					t.Fatal(err)
				}
				if err := CheckRelease(shipped, binaries.Version); err != nil {
					t.Skip(err)
				}
				dir, ready, commit := ownTemp(t), times{}, times{}
				for range *cycles {
					cycle(t, dir, shipped, binaries, &ready, &commit)
				}
				t.Logf("%s on %s, %d times: ready after %v, first commit after %v", name, binaries.Version, *cycles, ready, commit)
				if most, ok := firstCommit[name]; ok && *cycles >= 5 && commit.median() > most {
					t.Errorf("first commit of %s after %v, want at most %v", name, commit, most)
				}
			})
		}
	}
}

// cycle starts and ends one network.
func cycle(t *testing.T, dir string, of topology.Topology, binaries daemons.Binaries, ready, commit *times) {
	t.Helper()
	host, before := hostNetwork(t), namespaces(t)
	begin := time.Now()
	n, err := Start(t.Context(), of, Config{Binaries: binaries, Logs: *cycleLogs})
	if err != nil {
		t.Fatal(err)
	}
	put(t, n, "metrology", "readings")
	*ready, *commit = append(*ready, n.Ready()), append(*commit, time.Since(begin))
	checkStatus(t, n)
	checkSources(t, n)
	checkKeys(t, n.Dir)
	nodes := n.Nodes
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	nothingLeft(t, dir, nodes)
	noSocketsLeft(t)
	untouched(t, host, before)
	if left := groups(t, os.Getpid()); len(left) > 0 {
		t.Errorf("control groups left: %v", left)
	}
}

// noSocketsLeft fails the test if this process itself, which outlives its networks, still listens, or holds a connection. Whose other end has
// just gone is closed a moment later.
func noSocketsLeft(t *testing.T) {
	t.Helper()
	left := openSockets(t)
	for end := time.Now().Add(time.Minute); len(left) > 0 && time.Now().Before(end); left = openSockets(t) {
		time.Sleep(10 * time.Millisecond)
	}
	for _, line := range left {
		t.Errorf("a socket is left: %s", line)
	}
}

// openSockets returns what the kernel says of this process's sockets.
func openSockets(t *testing.T) (all []string) {
	t.Helper()
	table := ""
	for _, name := range []string{"tcp", "tcp6"} {
		text, err := os.ReadFile("/proc/self/net/" + name)
		if err != nil {
			t.Fatal(err)
		}
		table += string(text)
	}
	open, err := filepath.Glob("/proc/self/fd/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range open {
		target, _ := os.Readlink(fd) // closed meanwhile: none
		inode := strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")
		if inode == target {
			continue
		}
		for line := range strings.Lines(table) {
			if slices.Contains(strings.Fields(line), inode) {
				all = append(all, line)
			}
		}
	}
	return all
}

// times are of several networks.
type times []time.Duration

func (t times) median() time.Duration {
	sorted := slices.Sorted(slices.Values(t))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// String returns the median and the range.
func (t times) String() string {
	return fmt.Sprintf("%.2f s (%.2f to %.2f)", t.median().Seconds(), slices.Min(t).Seconds(), slices.Max(t).Seconds())
}
