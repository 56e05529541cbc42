package network

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/fabric"
	"meterbench/network/fabric/daemons"
)

func wall(t *testing.T, clock string) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339Nano, "2026-11-22T"+clock+"Z")
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// The lines are from real logs.
const (
	timerLine     = "2026-11-22T10:40:28.152852Z DEBUG [orderer.consensus.etcdraft] Batch timer expired, creating block channel=metrology node=1"
	createdLine   = "2026-11-22T10:40:28.153214Z INFO [orderer.consensus.etcdraft] Created block [5], there are 0 blocks in flight channel=metrology node=1"
	configLine    = "2026-11-22T10:40:27.661949Z INFO [orderer.consensus.etcdraft] Received config transaction, pause accepting transaction till it is committed channel=metrology node=1"
	receivedLine  = "2026-11-22T10:23:05.221007Z INFO [gossip.privdata] Received block [32] from buffer channel=metrology"
	validatedLine = "2026-11-22T10:23:05.223Z INFO [committer.txvalidator] [metrology] Validated block [32] in 1ms"
	committedLine = "2026-11-22T10:23:05.234000Z INFO [kvledger] [metrology] Committed block [32] with 4 transaction(s) in 10ms (state_validation=0ms block_and_pvtdata_commit=6ms state_commit=2ms) commitHash=[592035e1e59152a6]"
)

func TestParseEvent(t *testing.T) {
	lines := testDialect(t).Log()
	for _, c := range []struct {
		name, line string
		want       event
	}{
		{"timer", timerLine, event{fabric.BatchTimer, wall(t, "10:40:28.152852"), "metrology", map[string]uint64{}}},
		{"created", createdLine, event{fabric.BlockCreated, wall(t, "10:40:28.153214"), "metrology", map[string]uint64{"block": 5}}},
		{"configuration", configLine, event{fabric.ConfigAhead, wall(t, "10:40:27.661949"), "metrology", map[string]uint64{}}},
		{"received", receivedLine, event{fabric.BlockReceived, wall(t, "10:23:05.221007"), "metrology", map[string]uint64{"block": 32}}},
		{"validated", validatedLine, event{fabric.BlockValidated, wall(t, "10:23:05.223"), "metrology", map[string]uint64{"block": 32}}},
		{"committed", committedLine, event{
			fabric.BlockCommitted, wall(t, "10:23:05.234"), "metrology",
			map[string]uint64{"block": 32, "transactions": 4, "versions": 0, "store": 6, "state": 2},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := parseEvent(lines, c.line)
			if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(event{})); !ok || diff != "" {
				t.Errorf("read: %v; %s", ok, diff)
			}
		})
	}
}

func TestParseEventIsStrict(t *testing.T) {
	lines := testDialect(t).Log()
	for name, line := range map[string]string{
		"empty":           "",
		"other message":   "2026-11-22T10:23:07.670Z INFO [gossip.privdata] Received private data",
		"other module":    strings.Replace(receivedLine, "gossip.privdata", "gossip.state", 1),
		"no instant":      strings.Replace(receivedLine, "2026-11-22T10:23:05.221007Z", "today", 1),
		"second instant":  "x " + receivedLine,
		"more behind it":  receivedLine + " node=1",
		"number too long": strings.Replace(receivedLine, "[32]", "[99999999999999999999]", 1),
		"time too long":   strings.Replace(committedLine, "state_commit=2ms", "state_commit=9999999999999ms", 1),
		"negative":        strings.Replace(receivedLine, "[32]", "[-32]", 1),
		"cut off":         committedLine[:150],
		"quoted":          `2026-11-22T10:23:07.670Z WARN [x] said "` + receivedLine + `"`,
	} {
		t.Run(name, func(t *testing.T) {
			if e, ok := parseEvent(lines, line); ok {
				t.Errorf("read as block %d of channel %q", e.numbers["block"], e.channel)
			}
		})
	}
}

func FuzzParseEvent(f *testing.F) {
	lines := testDialect(f).Log()
	for _, line := range []string{timerLine, createdLine, configLine, receivedLine, validatedLine, committedLine, "", " [] "} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		e, ok := parseEvent(lines, line)
		if !ok {
			return
		}
		if e.channel == "" || e.at.IsZero() {
			t.Errorf("%q: read as of channel %q at %v", line, e.channel, e.at)
		}
		for name, n := range e.numbers {
			if e.duration(name) < 0 || int(n) < 0 {
				t.Errorf("%q: %s of %v", line, name, e.duration(name))
			}
		}
	})
}

// logged is a network of two peers and two orderers of which only the logs exist.
type logged struct {
	t   *testing.T
	dir string
	*Network
}

func newLogged(t *testing.T) *logged {
	l := &logged{t: t, dir: t.TempDir(), Network: &Network{}}
	l.Record = Record{
		Fabric:   "v" + daemons.Default(),
		Topology: topology.Topology{Name: "logged", Orderers: topology.Orderers{Consensus: topology.Raft, Count: 2}, Channels: []topology.Channel{{Name: "metrology", Batch: topology.Batch{Messages: 100}}}},
		Channels: []Channel{{Name: "metrology", Peers: []string{"peer0.ptb", "peer0.cmi"}}},
	}
	for _, n := range []Node{
		{Name: "peer0.ptb", Role: result.RolePeer}, {Name: "peer0.cmi", Role: result.RolePeer},
		{Name: "orderer0", Role: result.RoleOrderer}, {Name: "orderer1", Role: result.RoleOrderer}, {Name: "chaincode", Role: result.RoleChaincode},
	} {
		n.Log = filepath.Join(l.dir, n.Name+".log")
		l.Nodes = append(l.Nodes, n)
		l.write(n.Name, "")
	}
	return l
}

func (l *logged) write(node, text string) {
	l.t.Helper()
	f, err := os.OpenFile(filepath.Join(l.dir, node+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		f.Close()
	}
	if err != nil {
		l.t.Fatal(err)
	}
}

// created writes what an orderer logs of a block; before it, more of that kind.
func (l *logged) created(orderer, clock, number string, before ...string) {
	for _, line := range before {
		l.write(orderer, line+"\n")
	}
	l.write(orderer, "2026-11-22T"+clock+"Z INFO [orderer.consensus.etcdraft] Created block ["+number+"], there are 0 blocks in flight channel=metrology node=1\n")
}

// stored writes what a peer logs of a block that it takes 3 s for.
func (l *logged) stored(peer, minute, number, transactions string) {
	at := "2026-11-22T10:" + minute
	l.write(peer, at+":01Z INFO [gossip.privdata] Received block ["+number+"] from buffer channel=metrology\n"+
		at+":02Z INFO [committer.txvalidator] [metrology] Validated block ["+number+"] in 1000ms\n"+
		at+":03Z INFO [kvledger] [metrology] Committed block ["+number+"] with "+transactions+" transaction(s) in 1000ms (state_validation=100ms block_and_pvtdata_commit=600ms state_commit=200ms) commitHash=[00]\n")
}

func (l *logged) blocksSince(since time.Time) []result.Block {
	l.t.Helper()
	blocks, err := l.Network.Blocks("metrology", since, 0)
	if err != nil {
		l.t.Fatal(err)
	}
	return blocks
}

func TestBlocks(t *testing.T) {
	l := newLogged(t)
	l.created("orderer0", "10:01:00", "1", timerLine)
	l.stored("peer0.ptb", "01", "1", "7")
	l.stored("peer0.cmi", "02", "1", "7")
	blocks := l.blocksSince(time.Time{})
	at := func(minute, second string) time.Time { return wall(t, "10:"+minute+":"+second) }
	times := func(peer, minute string) result.PeerBlock {
		return result.PeerBlock{
			Peer: peer, Received: at(minute, "01"), Validated: at(minute, "02"), Committed: at(minute, "03"),
			Versions: 100 * time.Millisecond, Store: 600 * time.Millisecond, State: 200 * time.Millisecond,
		}
	}
	want := []result.Block{{
		Number: 1, Transactions: 7, Reason: result.CutTimer, Cut: at("01", "00"),
		Peers: []result.PeerBlock{times("peer0.ptb", "01"), times("peer0.cmi", "02")},
	}}
	if diff := cmp.Diff(want, blocks); diff != "" {
		t.Fatal(diff)
	}

	// The observing peer has committed block 2, the other one not.
	l.created("orderer0", "10:03:00", "2")
	l.stored("peer0.ptb", "03", "2", "100")
	l.write("peer0.cmi", receivedLine[:40])
	blocks = l.blocksSince(at("02", "00"))
	want = []result.Block{{
		Number: 2, Transactions: 100, Reason: result.CutCount, Cut: at("03", "00"), Peers: []result.PeerBlock{times("peer0.ptb", "03")},
	}}
	if diff := cmp.Diff(want, blocks); diff != "" {
		t.Fatal(diff)
	}
	// The rest of a line comes later.
	l.write("peer0.cmi", receivedLine[40:]+"\n")
	l.stored("peer0.cmi", "04", "2", "100")
	want[0].Peers = append(want[0].Peers, times("peer0.cmi", "04"))
	if diff := cmp.Diff(want, l.blocksSince(at("02", "00"))); diff != "" {
		t.Fatal(diff)
	}
}

func TestCutReasons(t *testing.T) {
	l := newLogged(t)
	l.created("orderer0", "10:01:00", "1", timerLine)
	l.stored("peer0.ptb", "01", "1", "100")
	l.created("orderer0", "10:02:00", "2")
	l.stored("peer0.ptb", "02", "2", "100")
	l.created("orderer0", "10:03:00", "3")
	l.stored("peer0.ptb", "03", "3", "99")
	l.created("orderer0", "10:04:00", "4") // what was pending when block 5 came
	l.stored("peer0.ptb", "04", "4", "12")
	l.created("orderer0", "10:05:00", "5")
	l.write("orderer0", configLine+"\n")
	l.stored("peer0.ptb", "05", "5", "1")
	// Block 6 of the orderer that led before was lost.
	l.created("orderer0", "10:06:00", "6", timerLine)
	l.created("orderer1", "10:07:00", "6")
	l.stored("peer0.ptb", "07", "6", "100")
	l.stored("peer0.ptb", "08", "7", "3") // nobody tells of its cut
	want := []result.CutReason{
		result.CutTimer, result.CutCount, result.CutBytes, result.CutConfig, result.CutConfig, result.CutCount, result.CutUnknown,
	}
	blocks := l.blocksSince(time.Time{})
	var reasons []result.CutReason
	for _, b := range blocks {
		reasons = append(reasons, b.Reason)
	}
	if diff := cmp.Diff(want, reasons); diff != "" {
		t.Fatal(diff)
	}
	if at := blocks[5].Cut; !at.Equal(wall(t, "10:07:00")) {
		t.Errorf("block 6 was cut at %v", at)
	}
}

// bft writes what BFT orderers log of a block: each that it has checked the proposal, from the leader on a second apart, and
// half a minute later that it writes the block.
func (l *logged) bft(number, minute string, leader string, followers ...string) {
	for i, name := range append([]string{leader}, followers...) {
		at := fmt.Sprintf("2026-11-22T10:%s:%02d", minute, i)
		l.write(name, at+"Z INFO [orderer.consensus.smartbft.consensus] Processed proposal with seq "+number+" channel=metrology\n"+
			at[:len(at)-2]+fmt.Sprintf("%02d", 30+i)+"Z INFO [orderer.consensus.smartbft.chain] Delivering proposal, writing block "+number+
			" with 7 transactions and metadata of total size 322 with signatures from [4 3 1] to the ledger, node id 1 channel=metrology\n")
	}
}

// With BFT every orderer tells of a block, and none of why it was cut: it is the leader's instant that counts, and the reason
// is what follows from the block and the one before.
func TestBlocksOfBFT(t *testing.T) {
	l := newLogged(t)
	l.Topology.Orderers = topology.Orderers{Consensus: topology.BFT, Count: 4}
	l.Topology.Channels[0].Batch = topology.Batch{Messages: 100, Timeout: time.Minute, AbsoluteBytes: 1000}
	started := func(orderer, minute, number string) {
		l.write(orderer, "2026-11-22T10:"+minute+":59Z INFO [orderer.consensus.smartbft.consensus] Starting view with number 1, sequence "+number+
			", and decisions 0 channel=metrology\n")
	}
	l.bft("1", "01", "orderer1", "orderer0")
	l.stored("peer0.ptb", "01", "1", "7") // what was before it is unknown
	l.bft("2", "03", "orderer1", "orderer0")
	l.stored("peer0.ptb", "03", "2", "7") // cut more than a minute after block 1
	l.bft("3", "04", "orderer1", "orderer0")
	l.stored("peer0.ptb", "04", "3", "7") // half a minute after block 2
	l.bft("4", "06", "orderer1", "orderer0")
	l.stored("peer0.ptb", "06", "4", "100")
	l.bft("5", "08", "orderer0", "orderer1")
	l.write("orderer0", "2026-11-22T10:08:40Z INFO [orderer.consensus.smartbft.consensus] Verification sequence changed: 1 --> 2 channel=metrology\n")
	l.stored("peer0.ptb", "08", "5", "1")
	l.bft("6", "10", "orderer0", "orderer1")
	l.write("orderer0", "2026-11-22T10:10:40Z INFO [orderer.consensus.smartbft.chain]"+
		" Reconfiguration was done and the current nodes are: [1 2 3 4] channel=metrology\n")
	l.stored("peer0.ptb", "10", "6", "1")
	// Block 7 was proposed in a view that ended with its leader, and was known to another orderer.
	l.write("orderer0", "2026-11-22T10:11:00Z INFO [orderer.consensus.smartbft.consensus] Processed proposal with seq 7 channel=metrology\n")
	l.write("orderer1", "2026-11-22T10:11:01Z INFO [orderer.consensus.smartbft.consensus] Processed proposal with seq 7 channel=metrology\n")
	started("orderer1", "11", "7")
	l.bft("7", "12", "orderer1")
	l.stored("peer0.ptb", "12", "7", "50")
	blocks := l.blocksSince(time.Time{})
	type cut struct {
		At     string
		Reason result.CutReason
		FullAt uint32
	}
	want := []cut{
		{"10:01:00", result.CutTimerOrBytes, 1000}, {"10:03:00", result.CutTimerOrBytes, 1000}, {"10:04:00", result.CutBytes, 0},
		{"10:06:00", result.CutCount, 0}, {"10:08:00", result.CutConfig, 0}, {"10:10:00", result.CutConfig, 0}, {"10:12:00", result.CutTimerOrBytes, 1000},
	}
	var got []cut
	for _, b := range blocks {
		got = append(got, cut{b.Cut.Format(time.TimeOnly), b.Reason, b.FullAt})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// The block before is known still, when only later ones are asked for.
	for range 2 {
		if blocks = l.blocksSince(wall(t, "10:04:03")); len(blocks) != 5 || blocks[0].Reason != result.CutBytes {
			t.Errorf("%d blocks, the first cut for %v", len(blocks), blocks[0].Reason)
		}
	}
	blocks[1].Resolve(1) // open no more
	for largest, want := range map[uint32]result.CutReason{0: result.CutTimerOrBytes, 19: result.CutTimer, 20: result.CutTimerOrBytes} {
		b := blocks[4] // 50 transactions, 1000 bytes at most
		if b.Resolve(largest); b.Reason != want || blocks[1].Reason != result.CutCount {
			t.Errorf("where no transaction takes more than %d bytes, it was cut for %v", largest, b.Reason)
		}
	}
}

// A client may have seen a block that its peer has yet to log, and that other peers have yet to commit.
func TestBlocksThatAreYetToBeTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLogged(t)
		l.stored("peer0.ptb", "01", "1", "100")
		go func() {
			time.Sleep(205 * time.Millisecond)
			l.stored("peer0.ptb", "02", "2", "100")
			time.Sleep(100 * time.Millisecond)
			l.stored("peer0.cmi", "02", "2", "100")
		}()
		begin := time.Now()
		blocks, err := l.Network.Blocks("metrology", time.Time{}, 3)
		if took := time.Since(begin); err != nil || len(blocks) != 2 || len(blocks[1].Peers) != 2 || took > 320*time.Millisecond {
			t.Errorf("%d blocks, %v after %v", len(blocks), err, took)
		}
		begin = time.Now()
		blocks, err = l.Network.Blocks("metrology", time.Time{}, 4) // nobody ever tells of block 3
		if took := time.Since(begin); err != nil || len(blocks) != 2 || took != logTimeout {
			t.Errorf("%d blocks, %v after %v", len(blocks), err, took)
		}
	})
}

// However long a network runs, only what may still be asked for is kept.
func TestBlocksThatAreForgotten(t *testing.T) {
	l := newLogged(t)
	for n := range 50 {
		minute, number := fmt.Sprintf("%02d", n), strconv.Itoa(n)
		l.created("orderer0", "10:"+minute+":00", number)
		l.stored("peer0.ptb", minute, number, "100")
		l.stored("peer0.cmi", minute, number, "100")
		l.write("peer0.cmi", strings.ReplaceAll(receivedLine, "metrology", "billing")+"\n")
		blocks := l.blocksSince(wall(t, "10:"+minute+":00"))
		if len(blocks) != 1 {
			t.Fatalf("block %d: got %d blocks", n, len(blocks))
		}
		if blocks[0].Number != uint64(n) || len(blocks[0].Peers) != 2 {
			t.Fatalf("block %d: got block %d of %d peers", n, blocks[0].Number, len(blocks[0].Peers))
		}
	}
	kept := 0
	for _, log := range l.Network.blocks.logs {
		kept += len(log.blocks)
	}
	if kept != 1+1+2 {
		t.Errorf("%d entries are kept", kept)
	}
}

// Two channels of the same nodes: their blocks have the same numbers, their
// lines stand among one another in the logs, and the peers come in another order.
func TestBlocksByChannel(t *testing.T) {
	l := newLogged(t)
	l.Topology.Channels = append(l.Topology.Channels, topology.Channel{Name: "metrology-2", Batch: topology.Batch{Messages: 10}})
	l.Channels = append(l.Channels, Channel{Name: "metrology-2", Peers: []string{"peer0.cmi", "peer0.ptb"}})
	other := &logged{t: t, dir: t.TempDir()}
	other.created("orderer0", "10:01:30", "1")
	other.stored("peer0.ptb", "02", "1", "10")
	other.stored("peer0.cmi", "03", "1", "10")
	second := func(node string) string {
		text, err := os.ReadFile(filepath.Join(other.dir, node+".log"))
		if err != nil {
			t.Fatal(err)
		}
		return strings.ReplaceAll(string(text), "metrology", "metrology-2")
	}
	l.write("orderer0", timerLine+"\n"+second("orderer0")) // the timer is the first channel's
	l.created("orderer0", "10:01:40", "1")
	l.stored("peer0.ptb", "01", "1", "10")
	l.write("peer0.ptb", second("peer0.ptb"))
	l.write("peer0.cmi", second("peer0.cmi"))
	l.stored("peer0.cmi", "04", "1", "10")

	for _, want := range []struct {
		channel  string
		cut      string
		reason   result.CutReason
		observer string
		minute   string
	}{
		{"metrology", "10:01:40", result.CutTimer, "peer0.ptb", "01"},
		{"metrology-2", "10:01:30", result.CutCount, "peer0.cmi", "03"},
	} {
		t.Run(want.channel, func(t *testing.T) {
			blocks, err := l.Network.Blocks(want.channel, time.Time{}, 0)
			if err != nil || len(blocks) != 1 {
				t.Fatalf("%d blocks, %v", len(blocks), err)
			}
			b := blocks[0]
			if b.Reason != want.reason || !b.Cut.Equal(wall(t, want.cut)) {
				t.Errorf("cut for %v at %v", b.Reason, b.Cut)
			}
			if len(b.Peers) != 2 {
				t.Fatalf("%d peers", len(b.Peers))
			}
			if first := b.Peers[0]; first.Peer != want.observer || !first.Committed.Equal(wall(t, "10:"+want.minute+":03")) {
				t.Errorf("%s committed it at %v", first.Peer, first.Committed)
			}
		})
	}
}

func TestBlocksOfALogThatIsGone(t *testing.T) {
	l := newLogged(t)
	l.created("orderer0", "10:01:00", "1")
	l.stored("peer0.ptb", "01", "1", "100")
	if err := os.Remove(filepath.Join(l.dir, "peer0.cmi.log")); err != nil {
		t.Fatal(err)
	}
	blocks, err := l.Network.Blocks("metrology", time.Time{}, 0)
	if err == nil || !strings.Contains(err.Error(), "log of peer0.cmi") || len(blocks) != 1 {
		t.Errorf("%d blocks, %v", len(blocks), err)
	}
	if _, err := l.Network.Blocks("billing", time.Time{}, 0); err == nil || err.Error() != "blocks: network logged has no channel billing" {
		t.Errorf("got %v", err)
	}
}

// Every release that is pinned comes up, and tells when and why it cut a block and what peers did with that.
func TestBlocksOfARealNetwork(t *testing.T) {
	needsNetwork(t)
	for _, release := range daemons.Releases() {
		if release.Pinned() {
			t.Run(release.Name, func(t *testing.T) {
				two := shape("two-peer", 1, 2, "ptb")
				two.Fabric = release.Name
				n := up(t, two, Config{Progress: t.Output()})
				if n.Release() != release.Name {
					t.Errorf("the network is of release %s", n.Release())
				}
				checkBlocks(t, n)
				checkSources(t, n)
			})
		}
	}
}

// checkBlocks commits a transaction and looks at what is told of its block.
func checkBlocks(t *testing.T, n *Network) {
	t.Helper()
	c, err := n.Client(t.Context(), "metrology", "readings")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	begin := time.Now()
	put(t, n, "metrology", "readings")
	height, err := c.Height(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := n.Blocks("metrology", begin, height)
	if err != nil {
		t.Fatal(err)
	}
	if len(blocks) != 1 {
		t.Fatalf("%d blocks", len(blocks))
	}
	if blocks[0].Reason != result.CutTimer || blocks[0].Transactions != 1 {
		t.Fatalf("%d transactions, cut for %v", blocks[0].Transactions, blocks[0].Reason)
	}
	at, ok := blocks[0].At("peer0.ptb")
	last := begin
	for i, instant := range []time.Time{blocks[0].Cut, at.Received, at.Validated, at.Committed, time.Now()} {
		if instant.Before(last) {
			t.Errorf("instant %d, %v, is before %v", i, instant, last)
		}
		last = instant
	}
	if !ok || blocks[0].Cut.Sub(begin) < 150*time.Millisecond {
		t.Errorf("the timer of 200 ms cut the block %v after %v; at the peer: %v", blocks[0].Cut.Sub(begin), begin, ok)
	}
}
