package network

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/process"
)

func needsNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network")
	}
}

// shape returns a topology with one channel of all organisations.
func shape(name string, orderers, peers int, organisations ...string) topology.Topology {
	t := topology.Topology{
		Name:     name,
		Orderers: topology.Orderers{Consensus: topology.Raft, Count: orderers},
		Channels: []topology.Channel{channel("metrology", "readings")},
		Limits:   topology.Limits{Gateway: 2500},
	}
	for _, o := range organisations {
		t.Organisations = append(t.Organisations, topology.Organisation{Name: o, Peers: peers})
	}
	return t
}

func channel(name string, chaincodes ...string) topology.Channel {
	c := topology.Channel{Name: name, Batch: topology.Batch{
		Timeout: 200 * time.Millisecond, Messages: 100, PreferredBytes: 2 << 20, AbsoluteBytes: 10 << 20,
	}}
	for _, cc := range chaincodes {
		c.Chaincodes = append(c.Chaincodes, topology.Chaincode{Name: cc, Endorsement: "majority"})
	}
	return c
}

func up(t *testing.T, topology topology.Topology, cfg Config) *Network {
	t.Helper()
	n, err := Start(t.Context(), topology, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return n
}

// put commits one transaction.
func put(t *testing.T, n *Network, channel, chaincode string) {
	t.Helper()
	c, err := n.Client(t.Context(), channel, chaincode)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Invoke(t.Context(), "Put", []byte("key"), []byte("value")); err != nil {
		t.Fatal(err)
	}
}

func checkStatus(t *testing.T, n *Network) {
	t.Helper()
	s, err := n.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, node := range s.Nodes {
		if !node.Running || node.RSS == 0 {
			t.Errorf("%s: running %v with %d bytes", node.Name, node.Running, node.RSS)
		}
	}
	for _, c := range s.Channels {
		if !strings.HasPrefix(c.Leader, "orderer") {
			t.Errorf("channel %s is led by %q", c.Name, c.Leader)
		}
		if views := n.Topology.Orderers.Consensus == topology.BFT; views != (c.View != nil) {
			t.Errorf("%s of channel %s: view %v", n.Topology.Orderers.Consensus, c.Name, c.View)
		}
		for _, h := range c.Heights {
			if h.Blocks < 3 {
				t.Errorf("channel %s: %s has %d blocks", c.Name, h.Peer, h.Blocks)
			}
		}
	}
	sameHeights(t, n) // other peers commit the last blocks after the first one
}

// checkSources looks at where peers pull blocks: each from an orderer. Where a log names no channel, only of a peer on one.
func checkSources(t *testing.T, n *Network) {
	t.Helper()
	sources, err := n.BlockSources()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range n.Channels {
		for _, peer := range c.Peers {
			known := slices.ContainsFunc(sources, func(s result.BlockSource) bool { return s.Channel == c.Name && s.Peer == peer })
			if !known && (n.Topology.Orderers.Consensus == topology.Raft || n.channelsOf(peer) == 1) {
				t.Errorf("it is not known from which orderer %s pulls blocks of channel %s", peer, c.Name)
			}
		}
	}
}

// checkKeys looks at every file that holds a private key.
func checkKeys(t *testing.T, dir string) {
	t.Helper()
	keys := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || strings.Contains(path, "/data/") {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(data), "PRIVATE KEY") {
			return err
		}
		keys++
		info, err := d.Info()
		if err == nil && info.Mode().Perm() != 0o600 {
			t.Errorf("%s holds a key and has mode %o", path, info.Mode().Perm())
		}
		return err
	})
	if err != nil || keys == 0 {
		t.Errorf("%d files with keys, %v", keys, err)
	}
}

func TestSeveralChannelsAndChaincodes(t *testing.T) {
	needsNetwork(t)
	several := shape("several", 1, 1, "ptb", "inmetro")
	several.Channels = []topology.Channel{channel("metrology", "readings", "bills"), channel("pki", "readings")}
	several.Channels[0].Chaincodes[1].Operator = "inmetro"
	several.Channels[1].Members = []string{"inmetro"}
	n := up(t, several, Config{})

	var names []string
	for _, node := range n.Nodes {
		names = append(names, node.Name)
	}
	want := "peer0.ptb peer0.inmetro orderer0" +
		" chaincode.metrology.readings.peer0.ptb chaincode.metrology.bills.peer0.ptb" +
		" chaincode.metrology.readings.peer0.inmetro chaincode.metrology.bills.peer0.inmetro chaincode.pki.readings.peer0.inmetro"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("nodes are\n%s\nwant\n%s", got, want)
	}
	for _, c := range []struct{ channel, chaincode, operator string }{
		{"metrology", "readings", "PtbMSP"}, {"metrology", "bills", "InmetroMSP"}, {"pki", "readings", "InmetroMSP"},
	} {
		put(t, n, c.channel, c.chaincode)
		client, err := n.Client(t.Context(), c.channel, c.chaincode)
		if err != nil {
			t.Fatal(err)
		}
		operator, err := client.Evaluate(t.Context(), "Operator")
		if err != nil || string(operator) != c.operator {
			t.Errorf("operator of %s on %s is %q, %v", c.chaincode, c.channel, operator, err)
		}
		client.Close()
	}
	if _, err := n.Client(t.Context(), "nowhere", "readings"); err == nil {
		t.Error("connected to a channel that does not exist")
	}
	if _, err := n.Client(t.Context(), "pki", "bills"); err == nil {
		t.Error("connected to a chaincode that is not on the channel")
	}
}

// Deployment runs on a short timer; the topology's is in force afterwards.
func TestBatchTimeoutIsInForce(t *testing.T) {
	needsNetwork(t)
	topology := shape("slow", 1, 1, "ptb")
	topology.Channels[0].Batch.Timeout = time.Second
	topology.Channels = append(topology.Channels, channel("empty"))
	n := up(t, topology, Config{})
	begin := time.Now()
	put(t, n, "metrology", "readings")
	if took := time.Since(begin); took < time.Second {
		t.Errorf("a lone transaction was committed after %v, before the batch timer of 1 s", took)
	}
}

func TestTwoNetworksAtOnce(t *testing.T) {
	needsNetwork(t)
	var starting sync.WaitGroup
	networks := make([]*Network, 2)
	errs := make([]error, 2)
	for i := range networks {
		starting.Go(func() { networks[i], errs[i] = Start(t.Context(), shape("minimal", 1, 1, "ptb"), Config{}) })
	}
	starting.Wait()
	for i, n := range networks {
		if errs[i] != nil {
			t.Error(errs[i])
			continue
		}
		defer n.Close() // not what is tested
		put(t, n, "metrology", "readings")
	}
}

func TestNamedFolderStays(t *testing.T) {
	needsNetwork(t)
	dir := filepath.Join(t.TempDir(), "run")
	n, err := Start(t.Context(), shape("minimal", 1, 1, "ptb"), Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "logs", "peer0.ptb.log")); err != nil {
		t.Error(err)
	}
	n, err = Start(t.Context(), shape("minimal", 1, 1, "ptb"), Config{Dir: dir})
	if err != nil {
		t.Fatalf("a second start in the same folder: %v", err)
	}
	put(t, n, "metrology", "readings")
	if _, err := Start(t.Context(), shape("minimal", 1, 1, "ptb"), Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), "a network runs there") {
		t.Errorf("a start in the folder of a running network: %v", err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
}

// Ports of the user's choice are the same after every start, whichever network had them before.
func TestFixedPorts(t *testing.T) {
	needsNetwork(t)
	first := freeRange(t, 10)
	var before []Node
	for range 2 {
		n, err := Start(t.Context(), shape("minimal", 1, 1, "ptb"), Config{FirstPort: first})
		if err != nil {
			t.Fatal(err)
		}
		put(t, n, "metrology", "readings")
		addresses := slices.Clone(n.Nodes)
		for i := range addresses {
			addresses[i] = Node{Name: addresses[i].Name, Address: addresses[i].Address, Admin: addresses[i].Admin, Operations: addresses[i].Operations}
		}
		if diff := cmp.Diff(before, addresses); before != nil && diff != "" {
			t.Errorf("other ports:\n%s", diff)
		}
		before = addresses
		if _, err := Start(t.Context(), shape("minimal", 1, 1, "ptb"), Config{FirstPort: first + 3}); err == nil ||
			!strings.Contains(err.Error(), fmt.Sprintf("port %d (process %d, \"peer\") is in use", first+3, n.Nodes[0].PID)) {
			t.Errorf("a start on ports in use: %v", err)
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
	}
	at := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", first+i) }
	want := []Node{
		{Name: "peer0.ptb", Address: at(3), Operations: at(5)},
		{Name: "orderer0", Address: at(0), Admin: at(1), Operations: at(2)},
		{Name: "chaincode.peer0.ptb", Address: at(6)},
	}
	if diff := cmp.Diff(want, before); diff != "" {
		t.Error(diff)
	}
}

// freeRange returns the first of n consecutive ports that were free a moment ago, below those that the kernel gives out.
func freeRange(t *testing.T, n int) int {
	t.Helper()
	for first := 20000 + os.Getpid()%10000; first < 32000; first += n {
		if _, err := process.PortsFrom(first, n); err == nil {
			return first
		}
	}
	t.Fatal("no free range of ports")
	return 0
}
