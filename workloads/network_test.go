package workloads

import (
	"context"
	"crypto/ecdsa"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/network/chaincode"
	"meterbench/network/client"
	"meterbench/simulators/device"
	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
	"meterbench/simulators/verifier"
	"meterbench/workloads/adversary"
)

// TestMain lets the test binary be what the tests of a real network and of a device start.
func TestMain(m *testing.M) {
	if code, handled := device.Dispatch(os.Args); handled {
		os.Exit(code)
	}
	if code, handled := network.Dispatch(os.Args, chaincode.Serve); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// A real is what a network's ledger shows, as Ledger and, with byName, as a
// verifier's.
type real struct{ *client.Client }

func (r real) Readings(ctx context.Context, _ int, meter string, from, to uint64) ([]reading.Reading, error) {
	raw, err := r.Evaluate(ctx, reading.FnRange, []byte(meter), strconv.AppendUint(nil, from, 10), strconv.AppendUint(nil, to, 10))
	if err != nil {
		return nil, err
	}
	return reading.UnmarshalList(raw)
}

type byName struct{ real }

func (b byName) Readings(ctx context.Context, meter string, from, to uint64) ([]reading.Reading, error) {
	return b.real.Readings(ctx, 0, meter, from, to)
}

func (b byName) Function(ctx context.Context, hash reading.Hash) ([]byte, error) {
	return b.Evaluate(ctx, reading.FnGetFunction, []byte(hash.String()))
}

func (b byName) Parameters(ctx context.Context, id reading.Hash) ([]byte, error) {
	return b.Evaluate(ctx, reading.FnGetParameters, []byte(id.String()))
}

// TestRealNetwork takes sealed readings from the sensors over gateway and ledger
// to bills that the verifier accepts, and tries every forgery on the way.
func TestRealNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real network")
	}
	minimal, err := topology.Load("minimal")
	if err != nil {
		t.Fatal(err)
	}
	minimal.Channels[0].Batch.Timeout = 20 * time.Millisecond
	n, err := network.Start(t.Context(), minimal, network.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	c, err := n.Client(t.Context(), "metrology", reading.ContractName)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()

	month := fleet(t, "month", 3, 24).Config()
	month.Channels = []string{"metrology"}
	fleet, err := meter.NewFleet(month)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewBilling(t.Context(), Config{Options: Options{kind: result.Billing, Form: result.Encrypted, Scheme: "ecddh", Bits: 256, Readings: 30, Verify: true}, Fleet: fleet, Ledger: real{c}, Tables: smallTables(t)})
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
	for tx, err := range b.Preload(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		invoke(tx)
	}
	stored := b.Preloaded()
	v := monthly(t, b, real{c})
	begun := time.Now()
	const bills = 10
	for seq := b.config.Most() - bills; seq < b.config.Most(); seq++ {
		tx, err := b.Transaction(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		if receipt, err := c.Submit(t.Context(), tx); receipt.Outcome != result.Valid {
			t.Fatalf("bill %d: %v, %v", seq, receipt.Outcome, err)
		}
		stored++
		if receipt, err := c.Submit(t.Context(), tx); receipt.Outcome != result.EndorseRefused || err == nil || !strings.Contains(err.Error(), reading.CodeBillDuplicate.Name) {
			t.Fatalf("bill %d again: %v, %v", seq, receipt.Outcome, err)
		}
		bill, err := reading.UnmarshalBill(tx.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		meter, _, tariff := b.bill(seq)
		v.Key = b.serves.Tariffs[tariff].Key
		if v.Meter, err = meterKey(b, meter); err != nil {
			t.Fatal(err)
		}
		if err := v.Verify(t.Context(), bill); err != nil {
			t.Error(err)
		}
	}
	b.overlapAtOnce(t, c)
	stored++
	t.Logf("%d bills over 30 readings of 24 values: %v each, with a refused repetition and the verifier", bills, time.Since(begun)/bills)
	count, err := c.Evaluate(t.Context(), reading.FnCount, nil, nil)
	if err != nil || string(count) != strconv.FormatUint(stored, 10) {
		t.Errorf("the contract counts %s readings and bills, %v; want %d", count, err, stored)
	}

	tried, err := adversary.Probe(t.Context(), adversary.Config{Ledger: c, Channel: "metrology", Seed: 1, Attempts: 2, Prefix: "adversary", Start: b.config.Fleet.Config().Start,
		Params: fe.Params{Scheme: "ddh", Bits: 1024, Length: 8, Bound: 500}, Tables: smallTables(t)})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range tried.Probes {
		if p.Honest != (p.Accepted == p.Attempts) || !p.Honest && p.Accepted > 0 {
			t.Errorf("%s: %d of %d accepted, refused %v", p.Kind, p.Accepted, p.Attempts, p.Refused)
		}
	}
}

// overlapAtOnce submits two bills that share readings at the same time: both are endorsed on the same state unless one
// waits for the other, and only one is valid.
func (b *Bills) overlapAtOnce(t *testing.T, c *client.Client) {
	t.Helper()
	list, err := b.config.Ledger.Readings(t.Context(), 0, b.config.Fleet.ID(0), 0, 30)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := make([]result.Outcome, 2)
	var group sync.WaitGroup
	for i, part := range [][]reading.Reading{list[:20], list[10:]} {
		wire, _, err := b.biller.Bill(t.Context(), 0, part)
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			receipt, _ := c.Submit(t.Context(), bench.Transaction{Function: reading.FnPutBill, Args: [][]byte{wire}})
			outcomes[i] = receipt.Outcome
		})
	}
	group.Wait()
	slices.Sort(outcomes)
	t.Logf("two bills that overlap: %v", outcomes)
	if outcomes[0] != result.Valid && outcomes[1] != result.Valid || outcomes[0] == outcomes[1] {
		t.Errorf("two bills that overlap: %v; want one valid", outcomes)
	}
}

// monthly returns a verifier of a workload's bills, but for meter and key.
func monthly(t testing.TB, b *Bills, ledger real) verifier.Verifier {
	t.Helper()
	registration, err := b.gateway.Registration()
	if err != nil {
		t.Fatal(err)
	}
	f := b.config.Fleet.Config()
	v := verifier.Verifier{Ledger: byName{ledger}, Channel: "metrology", Span: f.Interval * time.Duration(f.Length)}
	if v.Gateway, err = reading.ParseKey(registration.Key); err != nil {
		t.Fatal(err)
	}
	if v.Evaluator, err = fe.NewEvaluator(t.Context(), b.readings.cipher.publics(0)[0], b.config.Tables); err != nil {
		t.Fatal(err)
	}
	return v
}

func meterKey(b *Bills, meter int) (*ecdsa.PublicKey, error) {
	compressed, err := b.config.Fleet.PublicKey(meter)
	if err != nil {
		return nil, err
	}
	return reading.ParseKey(compressed)
}
