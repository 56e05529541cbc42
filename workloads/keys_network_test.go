package workloads

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/internal/random"
	"meterbench/internal/refusal"
	"meterbench/network"
	"meterbench/network/client"
	"meterbench/simulators/meter"
	"meterbench/simulators/pki"
	"meterbench/simulators/reading"
)

// A keyLedger is a real network with the contracts pki and readings.
type keyLedger struct {
	*client.Client
	pki client.Contract
}

func newKeyLedger(t *testing.T) keyLedger {
	t.Helper()
	minimal, err := topology.Load("minimal")
	if err != nil {
		t.Fatal(err)
	}
	channel := &minimal.Channels[0]
	keys := channel.Chaincodes[0]
	keys.Name = pki.ContractName
	channel.Batch.Timeout, channel.Chaincodes = 20*time.Millisecond, append(channel.Chaincodes, keys)
	n, err := network.Start(t.Context(), minimal, network.Config{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	l := keyLedger{}
	if l.Client, err = n.Client(t.Context(), channel.Name, reading.ContractName); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if l.pki, err = l.Client.Contract(pki.ContractName, ""); err != nil {
		t.Fatal(err)
	}
	return l
}

// keys returns a workload of meters of which nothing but what others of that prefix did is on the ledger.
func (l keyLedger) keys(t *testing.T, prefix string, o PKI) *Keys {
	t.Helper()
	w, err := newKeys(t.Context(), Spec{Workload: scenario.Workload{Options: o}, Seed: 7, Start: time.Unix(1.7e9, 0), Prefix: prefix, Series: prefix,
		Channels: []string{"metrology"}, Owners: []string{l.pki.Operator()},
		Query: func(ctx context.Context, _ int, function string, args ...[]byte) ([]byte, error) {
			return l.pki.Evaluate(ctx, function, args...)
		}})
	if err != nil {
		t.Fatal(err)
	}
	return w.(*Keys)
}

// A partOn is a workload on a contract.
type partOn struct {
	bench.Workload
	contract string
}

func (p partOn) Transaction(ctx context.Context, seq uint64) (bench.Transaction, error) {
	tx, err := p.Workload.Transaction(ctx, seq)
	tx.Contract = p.contract
	return tx, err
}

// all submits transactions of a workload at once, which have to end with an outcome; of a refusal, with a code.
func (l keyLedger) all(t *testing.T, w bench.Workload, first, n uint64, want result.Outcome, code *refusal.Code) {
	t.Helper()
	var group sync.WaitGroup
	for seq := first; seq < first+n; seq++ {
		tx, err := w.Transaction(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		group.Go(func() {
			receipt, err := l.Submit(t.Context(), tx)
			if tx.Ended != nil {
				tx.Ended(receipt.Outcome)
			}
			if receipt.Outcome != want || (err != nil) != (code != nil) || err != nil && !strings.Contains(err.Error(), code.Name+": ") {
				t.Errorf("transaction %d, %s: %v, %v; want %v, %v", seq, tx.Function, receipt.Outcome, err, want, code)
			}
		})
	}
	group.Wait()
}

// holds compares the ledger with what a workload has put there.
func holds(t *testing.T, k *Keys, stored uint64) {
	t.Helper()
	if n, err := k.Check(t.Context(), 5); err != nil || n == 0 {
		t.Errorf("%s: %d compared, %v", k, n, err)
	}
	if n, counted, err := k.Stored(t.Context()); counted && n != stored || err != nil {
		t.Errorf("%s: %d transactions are on the ledger, %v; want %d", k, n, err, stored)
	}
}

// history compares all versions of a meter's key on the ledger with those that the meter had.
func (l keyLedger) history(t *testing.T, k *Keys, meter int, versions uint32, revoked bool) {
	t.Helper()
	var want []pki.Entry
	for version := uint32(1); version <= versions; version++ {
		signer, err := k.signer(meter, version)
		if err != nil {
			t.Fatal(err)
		}
		e := pki.Entry{Meter: k.ID(meter), Owner: l.pki.Operator(), Version: version, Status: pki.Rotated, Algorithm: k.Algorithm,
			Key: string(signer.Public()), Until: validFrom(k.spec.Start, version).UTC()}
		if version > 1 {
			e.From = want[version-2].Until
		}
		if version == versions {
			e.Status = pki.Current
			if revoked {
				reason := pki.CessationOfOperation
				e.Status, e.Reason = pki.Revoked, &reason
			} else {
				e.Until = time.Time{}
			}
		}
		want = append(want, e)
	}
	read := func(into any, function string, args ...[]byte) {
		answer, err := l.pki.Evaluate(t.Context(), function, args...)
		if err == nil {
			err = json.Unmarshal(answer, into)
		}
		if err != nil {
			t.Error(err)
		}
	}
	var page pki.Page
	read(&page, pki.FnHistory, []byte(k.ID(meter)), []byte("1"))
	if diff := cmp.Diff(pki.Page{Entries: want}, page); diff != "" {
		t.Errorf("history of %s (-want +got):\n%s", k.ID(meter), diff)
	}
	var current pki.Entry
	read(&current, pki.FnLookup, []byte(k.ID(meter)))
	if diff := cmp.Diff(want[versions-1], current); diff != "" {
		t.Errorf("entry of %s (-want +got):\n%s", k.ID(meter), diff)
	}
}

// TestKeysOnARealNetwork takes meters' keys from registration through two rotations to revocation, with every outcome, and
// compares what the ledger has of them each time.
func TestKeysOnARealNetwork(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a real network")
	}
	l := newKeyLedger(t)
	const meters, batch = 8, 4
	for _, algorithm := range pki.Algorithms() {
		t.Run(string(algorithm), func(t *testing.T) {
			of := func(operation result.Operation) (*Keys, partOn) {
				k := l.keys(t, string(algorithm), PKI{Contract: pki.ContractName, Algorithm: algorithm, Batch: batch, Meters: meters}.reoperate(operation))
				return k, partOn{k, pki.ContractName}
			}
			register, on := of(result.OpRegister)
			l.all(t, on, 0, meters/batch, result.Valid, nil)
			holds(t, register, meters/batch)
			l.history(t, register, meters-1, 1, false)
			_, on = of(result.OpRegister)
			l.all(t, on, 0, 1, result.EndorseRefused, &pki.CodeExists)

			submit, submitOn := of(result.OpVerifySubmit)
			l.all(t, submitOn, 0, meters, result.Valid, nil)
			holds(t, submit, 0)
			query, queryOn := of(result.OpVerifyQuery)
			l.all(t, queryOn, 0, meters, result.Answered, nil)
			holds(t, query, 0)
			lookup, lookupOn := of(result.OpLookup)
			l.all(t, lookupOn, 0, meters, result.Answered, nil)
			holds(t, lookup, 0)

			rotate, on := of(result.OpRotate)
			for round := range uint64(2) {
				l.all(t, on, round*meters, meters, result.Valid, nil)
				l.history(t, rotate, int(round), uint32(round)+2, false)
			}
			holds(t, rotate, 2*meters)
			l.all(t, submitOn, meters, 2, result.EndorseRefused, &pki.CodeSignature) // by the first keys

			revoke, on := of(result.OpRevoke)
			l.all(t, on, 0, 2, result.EndorseRefused, &pki.CodeVersion) // of the first keys
			copy(revoke.version, rotate.version)
			l.all(t, on, 2, meters, result.Valid, nil)
			for meter := range meters {
				l.history(t, rotate, meter, 3, true)
			}
			l.all(t, submitOn, meters+2, 2, result.EndorseRefused, &pki.CodeKeyRevoked)
			l.all(t, lookupOn, meters, meters, result.Answered, nil)
		})
	}
	t.Run("mix", func(t *testing.T) { l.mix(t) })
}

// mix has readings, verifications and registrations on one ledger at once.
func (l keyLedger) mix(t *testing.T) {
	const runs, batch, meters = 4, 3, 2 * 4 // readings of a meter would have to follow one another
	of := fleet(t, "mixed", meters, 4).Config()
	of.Channels = []string{"metrology"}
	mixed, err := meter.NewFleet(of)
	if err != nil {
		t.Fatal(err)
	}
	readings := workload(t, Config{Options: Options{kind: result.Plain, Verify: true}, Fleet: mixed, Ledger: real{l.Client}})
	set, err := readings.SetUp(0)
	if err != nil {
		t.Fatal(err)
	}
	verify := l.keys(t, "verified", keyOptions(result.OpVerifySubmit, func(o *PKI) { o.Meters = meters }))
	for tx, err := range verify.Preload(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		tx.Contract = pki.ContractName
		set = append(set, tx)
	}
	for _, tx := range set {
		if receipt, err := l.Submit(t.Context(), tx); receipt.Outcome != result.Valid {
			t.Fatalf("%s: %v, %v", tx.Function, receipt.Outcome, err)
		}
	}
	register := l.keys(t, "registered", keyOptions(result.OpRegister, func(o *PKI) { o.Batch = batch }))
	m := NewMix(random.Stream{Seed: 7, Purpose: random.Mix}, 0, []Part{
		{2, partOn{readings, reading.ContractName}}, {1, partOn{verify, pki.ContractName}}, {1, partOn{register, pki.ContractName}}})
	l.all(t, m, 0, 4*runs, result.Valid, nil)
	holds(t, verify, 0)
	holds(t, register, runs)
	for meter := range runs * batch {
		l.history(t, register, meter, 1, false)
	}
	count, err := l.Evaluate(t.Context(), reading.FnCount, nil, nil)
	if err != nil || string(count) != strconv.Itoa(2*runs) {
		t.Errorf("the contract counts %s readings, %v; want %d", count, err, 2*runs)
	}
}
