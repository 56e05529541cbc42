package client

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/orderer"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/codes"

	"meterbench/bench"
	"meterbench/bench/result"
)

// direct returns a transaction that is taken directly.
func direct() bench.Transaction {
	tx := transaction(result.WaitCommit)
	tx.Driver = result.DriverDirect
	return tx
}

// withPeers returns the configuration of a channel with those peers, of an organisation each, all of which must endorse.
func withPeers(t *testing.T, peers ...*fakePeer) Config {
	t.Helper()
	cfg := dialConfig(t, peers[0])
	for i, f := range peers[1:] {
		other := dialConfig(t, f).Gateways[0]
		other.Identity.MSP = fmt.Sprintf("Org%dMSP", i+1)
		cfg.Gateways = append(cfg.Gateways, other)
	}
	all := Policy{Need: len(peers)}
	for _, g := range cfg.Gateways {
		all.Of = append(all.Of, g.Identity.MSP)
	}
	cfg.Policies["readings"] = all
	return cfg
}

// withOrderers replaces the orderers of a configuration by those, which add to the same ledger.
func withOrderers(t *testing.T, cfg *Config, ledger *fakePeer, all ...*fakePeer) {
	t.Helper()
	cfg.Orderers = nil
	for i, f := range all {
		f.ledger = ledger
		one := dialConfig(t, f).Orderers[0]
		one.Name = fmt.Sprintf("orderer%d", i)
		cfg.Orderers = append(cfg.Orderers, one)
	}
}

func dialled(t *testing.T, cfg Config) *Client {
	t.Helper()
	c, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// says has an orderer answer with a status; a count of 0 is always, else the first so many times.
func says(f *fakePeer, said common.Status, count int32) {
	var n atomic.Int32
	f.answer = func(r *orderer.BroadcastResponse) error {
		if count == 0 || n.Add(1) <= count {
			r.Status, r.Info = said, "because"
		}
		return nil
	}
}

// What an orderer answers has its outcome, and what another orderer may take another orderer gets.
func TestOrderersRefuse(t *testing.T) {
	for _, tt := range []struct {
		said    common.Status
		alone   result.Outcome
		another result.Outcome // where there is a second one that takes all
	}{
		{common.Status_BAD_REQUEST, result.SubmitRefused, result.SubmitRefused},
		{common.Status_FORBIDDEN, result.SubmitRefused, result.SubmitRefused},
		{common.Status_NOT_FOUND, result.SubmitRefused, result.SubmitRefused},
		{common.Status_REQUEST_ENTITY_TOO_LARGE, result.SubmitRefused, result.SubmitRefused},
		{common.Status_INTERNAL_SERVER_ERROR, result.SubmitRefused, result.Valid},
		{common.Status_SERVICE_UNAVAILABLE, result.SubmitRefused, result.Valid},
	} {
		t.Run(tt.said.String(), func(t *testing.T) {
			ledger, refusing := newFakePeer(), newFakePeer()
			says(refusing, tt.said, 0)
			for n, want := range map[int]result.Outcome{1: tt.alone, 2: tt.another} {
				cfg := dialConfig(t, ledger)
				withOrderers(t, &cfg, ledger, []*fakePeer{refusing, newFakePeer()}[:n]...)
				receipt, err := dialled(t, cfg).Submit(t.Context(), direct())
				if receipt.Outcome != want || (want == result.Valid) != (err == nil) {
					t.Errorf("of %d orderers: %v, %v", n, receipt.Outcome, err)
				}
				if text := fmt.Sprintf("orderer0: %s: because", tt.said); err != nil && !(strings.HasPrefix(err.Error(), "submit through the orderers: ") && strings.Contains(err.Error(), text)) {
					t.Errorf("error %q", err)
				}
			}
		})
	}
}

// A follower that hands an envelope to its leader may not learn whether the leader has got it: another orderer is tried, and where
// none takes it, or one turns it down, it may be ordered all the same.
func TestLeaderEnds(t *testing.T) {
	for _, info := range []string{"EOF", "rpc timeout expired", "timed out (7s) waiting on forwarding to 2", "chain is stopped", "aborted"} {
		for _, tt := range []struct {
			name   string
			others []func(*fakePeer)
			want   result.Outcome
		}{
			{"alone", nil, result.Unknown},
			{"another one takes it", []func(*fakePeer){func(*fakePeer) {}}, result.Valid},
			{"another one has no leader", []func(*fakePeer){func(f *fakePeer) { says(f, common.Status_SERVICE_UNAVAILABLE, 0) }}, result.Unknown},
			{"another one turns it down", []func(*fakePeer){func(f *fakePeer) { says(f, common.Status_FORBIDDEN, 0) }}, result.Unknown},
		} {
			t.Run(info+"/"+tt.name, func(t *testing.T) {
				ledger, follower := newFakePeer(), newFakePeer()
				follower.answer = func(r *orderer.BroadcastResponse) error {
					r.Status, r.Info = common.Status_SERVICE_UNAVAILABLE, info
					return nil
				}
				nodes := []*fakePeer{follower}
				for _, as := range tt.others {
					node := newFakePeer()
					as(node)
					nodes = append(nodes, node)
				}
				cfg := dialConfig(t, ledger)
				withOrderers(t, &cfg, ledger, nodes...)
				if receipt, err := dialled(t, cfg).Submit(t.Context(), direct()); receipt.Outcome != tt.want {
					t.Errorf("%v, %v", receipt.Outcome, err)
				}
			})
		}
	}
}

// An orderer ends a stream with the first envelope that it refuses. Those that others have sent behind it are ordered all the
// same, each once.
func TestRefusalLeavesOthersAlone(t *testing.T) {
	const clients, each, bad = 32, 8, 40
	f := newFakePeer()
	says(f, common.Status_BAD_REQUEST, bad)
	c := dial(t, f, nil)
	var mu sync.Mutex
	got := map[result.Outcome]int{}
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for range each {
				receipt, _ := c.Submit(t.Context(), direct())
				mu.Lock()
				got[receipt.Outcome]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	if diff := cmp.Diff(map[result.Outcome]int{result.SubmitRefused: bad, result.Valid: clients*each - bad}, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if blocks := len(f.chain) - 1; blocks != clients*each-bad {
		t.Errorf("%d on the ledger", blocks)
	}
}

// A stream that breaks leaves open whether the orderer has what it had not answered; the next transaction gets another one.
func TestStreamBreaks(t *testing.T) {
	f := newFakePeer()
	var once sync.Once
	f.answer = func(*orderer.BroadcastResponse) (err error) {
		once.Do(func() { err = errors.New("hung up") })
		return err
	}
	c := dial(t, f, nil)
	receipt, err := c.Submit(t.Context(), direct())
	if receipt.Outcome != result.Unknown || err == nil || !strings.Contains(err.Error(), "orderer0: ") || !strings.Contains(err.Error(), "hung up") {
		t.Errorf("%v, %v", receipt.Outcome, err)
	}
	for range 2 * lanes {
		if receipt, err := c.Submit(t.Context(), direct()); receipt.Outcome != result.Valid {
			t.Errorf("%v, %v", receipt.Outcome, err)
		}
	}
}

// An orderer that is not there is passed over. Where none is there, nothing was taken.
func TestOrderersAreDown(t *testing.T) {
	f := newFakePeer()
	cfg := dialConfig(t, f)
	down := cfg.Orderers[0]
	down.Name, down.Address = "orderer1", "127.0.0.1:1"
	up := cfg.Orderers[0]
	for n, want := range map[int]result.Outcome{1: result.SubmitRefused, 2: result.Valid} {
		cfg.Orderers = []Orderer{down, up}[:n]
		c := dialled(t, cfg)
		for range 4 {
			if receipt, err := c.Submit(t.Context(), direct()); receipt.Outcome != want {
				t.Errorf("of %d orderers: %v, %v", n, receipt.Outcome, err)
			}
		}
		if err := c.CheckDirect(t.Context(), "readings"); (err == nil) != (want == result.Valid) {
			t.Errorf("of %d orderers: %v", n, err)
		} else if err != nil && !strings.HasPrefix(err.Error(), "the direct driver: 0 of 1 orderers answer, and 1 must: 127.0.0.1:1 refuses the connection") {
			t.Errorf("error %q", err)
		}
	}
	cfg.Orderers = nil
	c := dialled(t, cfg)
	receipt, err := c.Submit(t.Context(), direct())
	if receipt.Outcome != result.SubmitRefused || err == nil || c.CheckDirect(t.Context(), "readings") == nil {
		t.Errorf("without orderers: %v, %v", receipt.Outcome, err)
	}
}

// By SmartBFT every orderer gets an envelope, and a quorum must take it. One that has it from another one has it.
func TestQuorumOfOrderers(t *testing.T) {
	refused := func(f *fakePeer) { says(f, common.Status_FORBIDDEN, 0) }
	busy := func(f *fakePeer) { says(f, common.Status_SERVICE_UNAVAILABLE, 0) }
	breaks := func(f *fakePeer) { f.answer = func(*orderer.BroadcastResponse) error { return errors.New("hung up") } }
	there := func(f *fakePeer) {
		f.answer = func(r *orderer.BroadcastResponse) error {
			r.Status, r.Info = common.Status_SERVICE_UNAVAILABLE, "failed to submit request: request already exists"
			return nil
		}
	}
	for _, tt := range []struct {
		name string
		bad  []func(*fakePeer)
		want result.Outcome
	}{
		{"all take it", nil, result.Valid},
		{"one is busy", []func(*fakePeer){busy}, result.Valid},
		{"one has it already", []func(*fakePeer){there, there, busy}, result.Valid},
		{"two refuse", []func(*fakePeer){refused, busy}, result.Unknown},
		{"all refuse", []func(*fakePeer){refused, refused, busy, refused}, result.SubmitRefused},
		{"three refuse and one breaks", []func(*fakePeer){refused, refused, breaks, refused}, result.Unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ledger := newFakePeer()
			var seen sync.Map
			ledger.code = func(txID string) (peer.TxValidationCode, bool) { // each gets it, one orders it
				_, before := seen.LoadOrStore(txID, true)
				return peer.TxValidationCode_VALID, !before
			}
			cfg := dialConfig(t, ledger)
			nodes := make([]*fakePeer, 4)
			var got atomic.Int32
			for i := range nodes {
				nodes[i] = newFakePeer()
				nodes[i].submit = func() error { got.Add(1); return nil }
				if i < len(tt.bad) {
					tt.bad[i](nodes[i])
				}
			}
			withOrderers(t, &cfg, ledger, nodes...)
			cfg.Quorum = 3
			receipt, err := dialled(t, cfg).Submit(t.Context(), direct())
			if receipt.Outcome != tt.want || (err == nil) != (tt.want == result.Valid) {
				t.Errorf("%v, %v", receipt.Outcome, err)
			}
			for got.Load() != 4 { // also those that the quorum did not wait for
				time.Sleep(time.Millisecond)
			}
		})
	}
}

// All endorsers that the policy asks for endorse the same proposal, and their endorsements are in the envelope.
func TestEndorsersEndorseTogether(t *testing.T) {
	peers := []*fakePeer{newFakePeer(), newFakePeer(), newFakePeer()}
	var endorsed atomic.Int32
	for _, f := range peers {
		f.endorse = func(*peer.ChaincodeInput) error { endorsed.Add(1); return nil }
	}
	c := dialled(t, withPeers(t, peers...))
	var group sync.WaitGroup
	for range 16 { // at once, while the client still connects to two of them
		group.Go(func() {
			if receipt, err := c.Submit(t.Context(), direct()); receipt.Outcome != result.Valid {
				t.Errorf("%v, %v", receipt.Outcome, err)
			}
		})
	}
	group.Wait()
	endorsed.Store(0)
	if receipt, err := c.Submit(t.Context(), direct()); receipt.Outcome != result.Valid || endorsed.Load() != 3 || receipt.Bytes < 3000 {
		t.Errorf("%v of %d bytes with %d endorsements, %v", receipt.Outcome, receipt.Bytes, endorsed.Load(), err)
	}
}

func TestEndorsersDisagree(t *testing.T) {
	changed := func(response []byte) []byte { return append(slices.Clone(response), 0x1a, 1, 7) }
	for _, tt := range []struct {
		name   string
		second func(*fakePeer)
		want   result.Outcome
		text   string
	}{
		{"other results", func(f *fakePeer) { f.payload = changed }, result.EndorseMismatch, "ProposalResponsePayloads do not match: peer0.ptb and peer0.ptb endorsed different results"},
		{"one refuses", func(f *fakePeer) {
			f.endorse = func(*peer.ChaincodeInput) error {
				return said(codes.Aborted, "", "chaincode response 409, DUPLICATE: m1")
			}
		}, result.EndorseRefused, "chaincode response 409, DUPLICATE: m1"},
		{"one breaks", func(f *fakePeer) {
			f.endorse = func(*peer.ChaincodeInput) error { return errors.New("timeout expired while executing transaction") }
		},
			result.EndorseTimeout, "timeout expired"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			first, second := newFakePeer(), newFakePeer()
			tt.second(second)
			receipt, err := dialled(t, withPeers(t, first, second)).Submit(t.Context(), direct())
			if receipt.Outcome != tt.want || stages(receipt) != "" || err == nil || !strings.Contains(err.Error(), tt.text) || len(first.chain) != 1 {
				t.Errorf("%v, %s, %v, %d blocks", receipt.Outcome, stages(receipt), err, len(first.chain))
			}
		})
	}
}

// An error is that of the endorser that it came from, whose organisation it names.
func TestEndorserFailsByName(t *testing.T) {
	for _, failure := range []error{errors.New("broken"), said(codes.Aborted, "", "chaincode response 403, OPERATOR_ONLY: no")} {
		second := newFakePeer()
		second.endorse = func(*peer.ChaincodeInput) error { return failure }
		cfg := withPeers(t, newFakePeer(), second)
		cfg.Gateways[1].Name, cfg.Gateways[1].Member = "peer0.cmi", "CmiMSP"
		_, err := dialled(t, cfg).Submit(t.Context(), direct())
		if err == nil || !strings.HasPrefix(err.Error(), "endorse through peer0.cmi: ") {
			t.Errorf("%v, which is that of peer0.cmi", err)
		}
		if Refused(err) && !strings.Contains(err.Error(), "peer0.cmi (CmiMSP): chaincode response 403") {
			t.Errorf("%v does not name the peer's organisation", err)
		}
	}
}

// With a policy of one of several organisations, and two peers of one of them, all do their share; those that have ended do
// none.
func TestEndorsersTakeTurns(t *testing.T) {
	ledger := newFakePeer()
	c, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	var cfg Config
	counts := make([]atomic.Int32, 3)
	stops := make([]func(), 3)
	for i, msp := range []string{"PtbMSP", "PtbMSP", "CmiMSP"} {
		f := newFakePeer()
		f.ledger = ledger
		f.endorse = func(*peer.ChaincodeInput) error { counts[i].Add(1); return nil }
		address, stop, err := f.serve(c)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
		stops[i] = stop
		one := configFor(address, c)
		one.Gateways[0].Identity.MSP = msp
		if i == 0 {
			cfg = one
		} else {
			cfg.Gateways = append(cfg.Gateways, one.Gateways...)
		}
	}
	address, stop, err := ledger.serve(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	base := configFor(address, c)
	base.Gateways[0].Identity.MSP = "BevMSP" // observes, and endorses nothing
	cfg.Gateways = append(base.Gateways, cfg.Gateways...)
	cfg.Orderers, cfg.Policies = base.Orderers, map[string]Policy{"readings": {1, []string{"PtbMSP", "CmiMSP"}}}
	client := dialled(t, cfg)
	valid := func(n int) (got [3]int) {
		t.Helper()
		for range n {
			if receipt, err := client.Submit(t.Context(), direct()); receipt.Outcome != result.Valid {
				t.Errorf("%v, %v", receipt.Outcome, err)
			}
		}
		for i := range got {
			got[i] = int(counts[i].Swap(0))
		}
		return got
	}
	if got := valid(40); got != [3]int{10, 10, 20} {
		t.Errorf("endorsements %v", got)
	}
	stops[1]()
	for client.peers[2].reachable() {
		client.Submit(t.Context(), direct()) // the first that fails finds out
	}
	valid(1)
	if got := valid(40); got != [3]int{20, 0, 20} {
		t.Errorf("endorsements after one has ended: %v", got)
	}
}

// A policy that the client's peers cannot satisfy is an error before any load, and an outcome.
func TestPolicyThatCannotBeSatisfied(t *testing.T) {
	f := newFakePeer()
	cfg := dialConfig(t, f)
	cfg.Policies["readings"] = Policy{2, []string{"PtbMSP", "CmiMSP"}}
	c := dialled(t, cfg)
	const want = "readings needs endorsements of 2 of 2 organisations, and this client knows peers of 1 of them"
	if err := c.CheckDirect(t.Context(), "readings"); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v", err)
	}
	if receipt, err := c.Submit(t.Context(), direct()); receipt.Outcome != result.EndorseMismatch || err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, %v", receipt.Outcome, err)
	}
}

// A stop ends the wait for an orderer that does not answer, and Close whatever waits still.
func TestOrdererHangs(t *testing.T) {
	f := newFakePeer()
	hang, asked := make(chan struct{}), make(chan struct{}, 2)
	f.ordered = func() { asked <- struct{}{}; <-hang }
	f.code = func(string) (peer.TxValidationCode, bool) { return 0, false }
	c := dial(t, f, nil)
	defer close(hang)
	ctx, cancel := context.WithCancel(t.Context())
	stopped, closed := make(chan result.Outcome, 1), make(chan result.Outcome, 1)
	for ctx, ended := range map[context.Context]chan result.Outcome{ctx: stopped, t.Context(): closed} {
		go func() {
			receipt, _ := c.Submit(ctx, direct())
			ended <- receipt.Outcome
		}()
		<-asked
	}
	cancel()
	if got := <-stopped; got != result.Interrupted {
		t.Errorf("after a stop: %v", got)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	if got := <-closed; got != result.Unknown {
		t.Errorf("after Close: %v", got)
	}
	if len(c.home.commits.waiting) != 0 {
		t.Error("somebody still waits for its commit")
	}
}

// Many at a time over few streams: each gets the answer to its own envelope.
func TestAnswersComeInOrder(t *testing.T) {
	f := newFakePeer()
	refuse := map[string]bool{}
	var mu sync.Mutex
	f.batch, f.timeout = 50, 5*time.Millisecond
	f.code = func(txID string) (peer.TxValidationCode, bool) {
		mu.Lock()
		defer mu.Unlock()
		refuse[txID] = txID[0] < '8'
		if refuse[txID] {
			return peer.TxValidationCode_MVCC_READ_CONFLICT, true
		}
		return peer.TxValidationCode_VALID, true
	}
	c := dial(t, f, nil)
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for range 10 {
				receipt, _ := c.Submit(t.Context(), direct())
				want := result.Valid
				if receipt.TxID[0] < 0x80 {
					want = result.MVCCConflict
				}
				if receipt.Outcome != want {
					t.Errorf("%x: %v", receipt.TxID, receipt.Outcome)
				}
			}
		})
	}
	group.Wait()
	if mu.Lock(); len(slices.Collect(maps.Keys(refuse))) != 640 {
		t.Errorf("%d were ordered", len(refuse))
	}
}
