package network

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/network/wan"
)

// namespaces returns the network namespaces that this process holds open, or has threads in: those of its own network are
// not among them. Other processes hold none once they have ended.
func namespaces(t *testing.T) (all []string) {
	t.Helper()
	own, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Skip(err)
	}
	for _, pattern := range []string{"/proc/self/task/*/ns/net", "/proc/self/fd/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			target, err := os.Readlink(path) // gone: none
			if err == nil && strings.HasPrefix(target, "net:") && target != own && !slices.Contains(all, target) {
				all = append(all, target)
			}
		}
	}
	slices.Sort(all)
	return all
}

// untouched fails the test unless the host's network and this process's namespaces are as they were.
func untouched(t *testing.T, host string, before []string) {
	t.Helper()
	if d := cmp.Diff(host, hostNetwork(t)); d != "" {
		t.Errorf("devices and routes before and after: %s", d)
	}
	after := namespaces(t)
	for range 1000 { // the threads of helpers end a moment after their work
		if slices.Equal(before, after) {
			return
		}
		time.Sleep(20 * time.Millisecond)
		after = namespaces(t)
	}
	t.Errorf("network namespaces before and after: %s", cmp.Diff(before, after))
}

// hostNetwork returns the devices and routes of the host.
func hostNetwork(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	devices, err := os.ReadDir("/sys/class/net")
	if err != nil {
		t.Skip(err)
	}
	for _, d := range devices {
		text.WriteString(d.Name() + "\n")
	}
	routes, err := os.ReadFile("/proc/net/route")
	if err != nil {
		t.Skip(err)
	}
	return text.String() + string(routes)
}

// Institutes at their real distances: the network comes up as fast as without, then every packet takes as long as asked for,
// and nothing is left of it.
func TestInstitutesApart(t *testing.T) {
	needsNetwork(t)
	if err := wan.Check(); err != nil {
		t.Skip(err)
	}
	of, err := topology.Load("inter-nmi")
	if err != nil {
		t.Fatal(err)
	}
	of.Orderers.Leader = "nmij"
	for _, distance := range []float64{0, 1} {
		t.Run(time.Duration(distance*float64(time.Second)).String(), func(t *testing.T) {
			dir, before, host := ownTemp(t), namespaces(t), hostNetwork(t)
			of.Distance = distance
			begin := time.Now()
			n := up(t, of, Config{})
			put(t, n, "metrology", "readings")
			t.Logf("ready after %v, first commit after %v", n.Ready(), time.Since(begin))
			checkStatus(t, n)
			leaders, err := n.Leaders(t.Context())
			if err != nil || n.node(leaders[0].Orderer).Organisation != of.Orderers.Leader {
				t.Errorf("led by %v, %v, not by an orderer of %s", leaders, err, of.Orderers.Leader)
			}
			checkDistances(t, n.Topology, n.Distances)
			checkTraffic(t, n)
			checkGuest(t, n.Dir)
			if d := cmp.Diff(host, hostNetwork(t)); d != "" {
				t.Errorf("the host's network differs while sites are apart: %s", d)
			}
			nodes := n.Nodes
			if err := n.Close(); err != nil {
				t.Fatal(err)
			}
			nothingLeft(t, dir, nodes)
			noSocketsLeft(t)
			untouched(t, host, before)
		})
	}
}

// checkDistances compares what packets take with what was asked for.
func checkDistances(t *testing.T, of topology.Topology, measure func(context.Context) ([]wan.RoundTrip, error)) {
	t.Helper()
	trips, err := measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if of.Distance == 0 {
		if len(trips) > 0 {
			t.Errorf("%d pairs of sites that are not apart", len(trips))
		}
		return
	}
	if want := 5 * 4 / 2; len(trips) != want {
		t.Errorf("%d pairs of sites, want %d", len(trips), want)
	}
	off := func(trip wan.RoundTrip) bool {
		return (trip.P50-trip.Asked).Abs() > max(time.Millisecond, trip.Asked/50) || trip.Lost > 0
	}
	for range 4 { // a busy machine may make the most of one measurement's packets wait
		if !slices.ContainsFunc(trips, off) {
			break
		}
		again, err := measure(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, trip := range again {
			if off(trips[i]) && trips[i].P50 >= trips[i].Asked-time.Millisecond { // never too early
				trips[i] = trip
			}
		}
	}
	for _, trip := range trips {
		t.Logf("%v: asked %v, p50 %v, p99 %v, %d of %d lost", trip.Between, trip.Asked, trip.P50, trip.P99, trip.Lost, trip.Sent)
		if off(trip) {
			t.Errorf("%v: asked %v, p50 %v, %d lost", trip.Between, trip.Asked, trip.P50, trip.Lost)
		}
	}
}

// checkGuest makes sure that another process, which measures the network, sees the distances and calls nodes from their sites; and
// that one that may not enter these knows what was asked for.
func checkGuest(t *testing.T, dir string) {
	t.Helper()
	r, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	g, err := r.Measure(filepath.Join(dir, "copies"))
	if err != nil {
		t.Fatal(err)
	}
	checkDistances(t, g.Topology, g.Distances)
	apart := g.Topology.Apart()
	cfg, err := g.ClientConfig("metrology", "readings")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range cfg.Orderers {
		if host, _, err := net.SplitHostPort(o.Address); wan.IsAddress(host) != apart || err != nil {
			t.Errorf("%s is called at %s", o.Name, o.Address)
		}
	}
	for _, at := range cfg.Gateways {
		if (at.Dial != nil) != apart {
			t.Errorf("%s is called from this machine's network: %t", at.Name, at.Dial == nil)
		}
	}
	if err := g.Close(); err != nil {
		t.Error(err)
	}
	if err := r.CheckEnter(); err != nil {
		t.Error(err)
	}
	trips, err := r.Distances(t.Context()) // of a record whose sites are not entered
	for _, trip := range trips {
		if trip.Sent != 0 || trip.Asked == 0 {
			t.Errorf("%+v", trip)
		}
	}
	if (len(trips) > 0) != apart || err != nil {
		t.Errorf("%v, %v", trips, err)
	}
	r.Namespaces = nil // as of a network that came up by an older version
	if err := r.CheckEnter(); (err != nil) != apart {
		t.Errorf("without the namespaces: %v", err)
	}
}

// checkTraffic makes sure that what nodes and clients send each other is counted, wherever they stand.
func checkTraffic(t *testing.T, n *Network) {
	t.Helper()
	s, err := proc.NewSampler(n.Watched())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := n.Client(t.Context(), "metrology", "readings")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	before, err := s.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Invoke(t.Context(), "Put", []byte("key"), []byte("value")); err != nil {
		t.Fatal(err)
	}
	after, err := s.Traffic()
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]result.Role{proc.Client: result.RoleClient}
	for _, node := range n.Nodes {
		roles[node.Name] = node.Role
	}
	got := map[[2]result.Role]uint64{}
	for way, count := range after.Ways {
		got[[2]result.Role{roles[way.From], roles[way.To]}] += count.Bytes - before.Ways[way].Bytes
	}
	for _, way := range [][2]result.Role{
		{result.RoleClient, result.RolePeer}, {result.RolePeer, result.RoleClient}, {result.RolePeer, result.RoleChaincode},
		{result.RolePeer, result.RoleOrderer}, {result.RoleOrderer, result.RolePeer}, {result.RoleOrderer, result.RoleOrderer}, {result.RolePeer, result.RolePeer},
	} {
		if bytes := got[way]; bytes < 100 || bytes > 1<<20 {
			t.Errorf("%v sent %d bytes for a transaction", way, bytes)
		}
	}
}
