package network

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"meterbench/bench/topology"
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

func TestFirstTransaction(t *testing.T) {
	needsNetwork(t)
	for _, topology := range []topology.Topology{
		shape("minimal", 1, 1, "ptb"),
		shape("two-peer", 1, 2, "ptb"),
		shape("four-peer", 1, 2, "ptb", "inmetro"),
		shape("five-org", 3, 1, "ptb", "cmi", "inmetro", "nmij", "nmim"),
	} {
		t.Run(topology.Name, func(t *testing.T) {
			n := up(t, topology, Config{})
			begin := time.Now()
			put(t, n, "metrology", "readings")
			t.Logf("ready after %v, first transaction committed %v later", n.Ready(), time.Since(begin))
			checkStatus(t, n)
			checkKeys(t, n.Dir)
		})
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
		// Other peers may commit the last block a moment after the first one.
		for _, h := range c.Heights {
			if h.Blocks+1 < c.Heights[0].Blocks || h.Blocks < 3 {
				t.Errorf("channel %s: %s has %d blocks, the first peer %d", c.Name, h.Peer, h.Blocks, c.Heights[0].Blocks)
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
	if _, err := Start(t.Context(), shape("minimal", 1, 1, "ptb"), Config{Dir: dir}); err == nil ||
		!strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a second start in the same folder: %v", err)
	}
}
