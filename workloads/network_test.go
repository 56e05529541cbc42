package workloads

import (
	"context"
	"os"
	"strconv"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/network"
	"meterbench/network/chaincode"
	"meterbench/network/client"
	"meterbench/network/topology"
	"meterbench/simulators/verifier"
	"meterbench/workloads/fe"
	"meterbench/workloads/reading"
)

// TestMain lets the test binary be what the real network's test starts.
func TestMain(m *testing.M) {
	if code, handled := network.Dispatch(os.Args, chaincode.Serve); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// A real is a Registry on a network.
type real struct{ *client.Client }

func (r real) Readings(ctx context.Context, _ int, meter string, from, to uint64) ([]reading.Reading, error) {
	raw, err := r.Evaluate(ctx, reading.FnRange, []byte(meter), strconv.AppendUint(nil, from, 10), strconv.AppendUint(nil, to, 10))
	if err != nil {
		return nil, err
	}
	return reading.UnmarshalList(raw)
}

func (r real) Function(ctx context.Context, _ int, hash reading.Hash) ([]byte, error) {
	return r.optional(ctx, reading.FnGetFunction, hash.String(), reading.CodeNotApproved)
}

func (r real) Parameters(ctx context.Context, _ int, id reading.Hash) ([]byte, error) {
	return r.optional(ctx, reading.FnGetParameters, id.String(), reading.CodeNoParameters)
}

// optional returns nil for what the contract says is not there.
func (r real) optional(ctx context.Context, function, arg, absent string) ([]byte, error) {
	raw, err := r.Evaluate(ctx, function, []byte(arg))
	if err != nil && reading.CodeIn(err.Error()) == absent {
		return nil, nil
	}
	return raw, err
}

// TestRealNetwork takes sealed readings from the sensors over gateway and ledger
// to bills that the verifier accepts, and tries every forgery on the way.
func TestRealNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real network")
	}
	n, err := network.Start(t.Context(), topology.Topology{
		Name: "minimal", Organisations: []topology.Organisation{{Name: "ptb", Peers: 1}},
		Orderers: topology.Orderers{Consensus: "raft", Count: 1},
		Channels: []topology.Channel{{Name: "metrology",
			Batch:      topology.Batch{Timeout: 20 * time.Millisecond, Messages: 100, PreferredBytes: 2 << 20, AbsoluteBytes: 10 << 20},
			Chaincodes: []topology.Chaincode{{Name: reading.ContractName, Operator: "ptb", Endorsement: "any"}}}},
		Limits: topology.Limits{Gateway: 2500, Endorser: 2500, Deliver: 2500},
	}, network.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	c, err := n.Client(t.Context(), "metrology", reading.ContractName)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	b, err := NewBilling(t.Context(), BillingConfig{
		Form: "encrypted", Scheme: "ecddh", Bits: fe.Sizes("ecddh")[0], Fleet: fleet(t, "month", 3, 24), Readings: 30, Verify: true,
		Ledger: real{c}, Tables: smallTables(t),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Prepare(t.Context(), 0, nil); err != nil {
		t.Fatal(err)
	}
	invoke := func(tx bench.Transaction) {
		if err := c.Invoke(t.Context(), tx.Function, tx.Args...); err != nil {
			t.Fatal(err)
		}
	}
	all, err := b.SetUp(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, tx := range all {
		invoke(tx)
	}
	for tx, err := range b.Stock(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		invoke(tx)
	}
	probed, err := b.Probe(t.Context(), c, real{c}, 4)
	if err != nil {
		t.Fatal(err)
	}
	stored := b.Stocked()
	for _, p := range probed.Probes {
		t.Logf("%-20s %d attempts, %d accepted, refused as %v", p.Kind, p.Attempts, p.Accepted, p.Refused)
		if p.Attempts != 4 || p.Honest != (p.Accepted == 4) || !p.Honest && p.Accepted != 0 {
			t.Errorf("%+v", p)
		}
		// What the verifier finds out is on the ledger.
		stored += p.Accepted + p.Refused[string(verifier.Result)] + p.Refused[string(verifier.OtherKey)]
	}
	begun := time.Now()
	const bills = 10
	for seq := b.Bills() - bills; seq < b.Bills(); seq++ {
		tx, err := b.Transaction(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		if receipt, err := c.Submit(t.Context(), tx); receipt.Outcome != result.Valid {
			t.Fatalf("bill %d: %v, %v", seq, receipt.Outcome, err)
		}
		stored++
		receipt, err := c.Submit(t.Context(), tx)
		if receipt.Outcome != result.EndorseRefused || err == nil || reading.CodeIn(err.Error()) != reading.CodeBillDuplicate {
			t.Fatalf("bill %d again: %v, %v", seq, receipt.Outcome, err)
		}
	}
	t.Logf("%d bills over 30 readings of 24 values: %v each, with a refused repetition", bills, time.Since(begun)/bills)
	count, err := c.Evaluate(t.Context(), reading.FnCount, nil)
	if err != nil || string(count) != strconv.FormatUint(stored, 10) {
		t.Errorf("the contract counts %s readings and bills, %v; want %d", count, err, stored)
	}
}
