package workloads

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/queryresult"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/network/chaincode"
	"meterbench/simulators/pki"
)

// A keyChain is a contract of keys on several channels, in memory, each transaction committed before the next.
type keyChain struct {
	contract shim.Chaincode
	mu       sync.Mutex
	states   []map[string][]byte // by channel
}

func newKeyChain(contract string, channels int) *keyChain {
	of, _ := chaincode.Contracts().Find(contract)
	c := &keyChain{contract: of.New("PtbMSP")}
	for range channels {
		c.states = append(c.states, map[string][]byte{})
	}
	return c
}

// invoke commits what the contract takes of what is ordered.
func (c *keyChain) invoke(tx bench.Transaction) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &keyCall{call{channel: fmt.Sprint("ch", tx.Channel), args: append([][]byte{[]byte(tx.Function)}, tx.Args...), state: c.states[tx.Channel],
		writes: map[string][]byte{}}}
	answer := c.contract.Invoke(s)
	if answer.GetStatus() != shim.OK {
		return nil, errors.New(answer.GetMessage())
	}
	if !tx.Query {
		maps.Copy(s.state, s.writes)
	}
	return answer.GetPayload(), nil
}

func (c *keyChain) query(_ context.Context, channel int, function string, args ...[]byte) ([]byte, error) {
	return c.invoke(bench.Transaction{Function: function, Args: args, Channel: channel, Query: true})
}

// spec describes a workload of options on the chain.
func (c *keyChain) spec(o PKI) Spec {
	s := Spec{Workload: scenario.Workload{Options: o}, Seed: 7, Start: time.Unix(1.7e9, 0), Prefix: "s1", First: 10, Series: "s1", Query: c.query}
	for channel := range c.states {
		s.Channels, s.Owners = append(s.Channels, fmt.Sprint("ch", channel)), append(s.Owners, "PtbMSP")
	}
	return s
}

// A keyCall is a call that also reads ranges.
type keyCall struct{ call }

func (*keyCall) SetStateValidationParameter(string, []byte) error { return nil }

func (s *keyCall) GetStateByRangeWithPagination(from, end string, _ int32, _ string) (
	shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error) {
	var found []*queryresult.KV
	for _, key := range slices.Sorted(maps.Keys(s.state)) {
		if from <= key && key < end {
			found = append(found, &queryresult.KV{Key: key, Value: s.state[key]})
		}
	}
	return &rangeOf{found}, &peer.QueryResponseMetadata{}, nil
}

type rangeOf struct{ rest []*queryresult.KV }

func (r *rangeOf) HasNext() bool { return len(r.rest) > 0 }
func (r *rangeOf) Close() error  { return nil }
func (r *rangeOf) Next() (*queryresult.KV, error) {
	next := r.rest[0]
	r.rest = r.rest[1:]
	return next, nil
}

// keysOn returns the workload of options with its fleet on a chain.
func keysOn(t *testing.T, o PKI, channels int) (*Keys, *keyChain) {
	t.Helper()
	if p := o.Check("workload."); p != nil {
		t.Fatal(p)
	}
	c := newKeyChain(o.Contract, channels)
	w, err := newKeys(t.Context(), c.spec(o))
	if err != nil {
		t.Fatal(err)
	}
	for channel := range channels {
		for tx, err := range w.Preload(t.Context(), channel) {
			if err == nil {
				_, err = c.invoke(tx)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	return w.(*Keys), c
}

func keyOptions(operation result.Operation, change ...func(*PKI)) PKI {
	o := PKI{Contract: pki.ContractName, Algorithm: pki.P256, Meters: 7}.reoperate(operation)
	for _, f := range change {
		f(&o)
	}
	return o
}

// The contract takes every transaction, also those of the same meter again, and counts what the workload says it stores.
func TestKeys(t *testing.T) {
	ed := func(o *PKI) { o.Algorithm = pki.Ed25519ph }
	published := func(o *PKI) { o.Contract = pki.PublishedName }
	for _, test := range []struct {
		name             string
		options          PKI
		answers          string // of the last
		stored           uint64 // of 21 transactions
		counted          bool
		compared, unsent int
	}{
		{"register", keyOptions(result.OpRegister), "", 21, true, 10, 0},
		{"register batches", keyOptions(result.OpRegister, ed, func(o *PKI) { o.Batch = 5 }), "", 21, true, 10, 0},
		{"verify-submit", keyOptions(result.OpVerifySubmit), "1", 0, false, 10, 0},
		{"verify-query", keyOptions(result.OpVerifyQuery, ed), "1", 0, true, 7, 0},
		{"lookup", keyOptions(result.OpLookup), `{"meter":"s1-000000006","owner":"PtbMSP","version":1`, 0, true, 7, 0},
		{"rotate", keyOptions(result.OpRotate), "", 21, true, 10, 0},
		{"revoke", keyOptions(result.OpRevoke), "", 0, false, 7, 14},
		{"published register", keyOptions(result.OpRegister, published), "", 0, false, 0, 0},
		{"published fleet", keyOptions(result.OpRegister, published, func(o *PKI) { o.PerClient, o.Meters = 3, 6 }), "", 0, false, 0, 0},
		{"published", keyOptions(result.OpVerifySubmit, published), "true", 0, false, 0, 0},
		{"published query", keyOptions(result.OpVerifyQuery, published), "true", 0, true, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, c := keysOn(t, test.options, 2)
			var answer []byte
			unsent := 0
			for seq := range uint64(21) {
				tx, err := k.Transaction(t.Context(), 10+seq)
				if err != nil {
					unsent++
					continue
				}
				if answer, err = c.invoke(tx); err != nil {
					t.Fatalf("transaction %d: %v", seq, err)
				}
				if tx.Ended != nil {
					tx.Ended(result.Valid)
				}
			}
			if unsent != test.unsent || !strings.HasPrefix(string(answer), test.answers) {
				t.Errorf("%d could not be made, want %d; the last answer is %q, want %q", unsent, test.unsent, answer, test.answers)
			}
			if n, counted, err := k.Stored(t.Context()); n != test.stored || counted != test.counted || err != nil {
				t.Errorf("stored %d, %v, %v; want %d, %v", n, counted, err, test.stored, test.counted)
			}
			if n, err := k.Check(t.Context(), 10); n != test.compared || err != nil {
				t.Errorf("compared %d, %v; want %d", n, err, test.compared)
			}
		})
	}
}

// What is wrong on the ledger is found.
func TestKeysFindsWhatIsWrong(t *testing.T) {
	for _, test := range []struct {
		name string
		harm func(t *testing.T, k *Keys, c *keyChain)
		want string
	}{
		{"one too many", func(t *testing.T, k *Keys, c *keyChain) {
			tx, err := k.registration([]int{3})
			if err == nil {
				_, err = c.invoke(tx)
			}
			if err != nil {
				t.Fatal(err)
			}
			k.ended.most = 4
		}, "2 keys on the ledger come from the load of pki register p256; 1 to 1 were expected"},
		{"one missing", func(_ *testing.T, k *Keys, _ *keyChain) {
			k.ended.add(result.Valid, changed{Meter: 0, Version: 1}, 1)
		}, "1 keys on the ledger come from the load of pki register p256; 2 to 2 were expected"},
		{"one lost", func(_ *testing.T, k *Keys, _ *keyChain) {
			k.ended.add(result.Unknown, changed{Meter: 1, Version: 1}, 2)
		}, ""},
		{"another key", func(_ *testing.T, k *Keys, _ *keyChain) { k.spec.Seed++ }, "meter s1-000000000: the key on the ledger is not the meter's"},
		{"another owner", func(_ *testing.T, k *Keys, _ *keyChain) { k.spec.Owners[0] = "CmiMSP" }, "meter s1-000000000: the key belongs to PtbMSP on the ledger"},
		{"not revoked", func(_ *testing.T, k *Keys, _ *keyChain) { k.ended.drawn[0].Revoked = true }, "meter s1-000000000: the key is current on the ledger"},
		{"an old version", func(_ *testing.T, k *Keys, _ *keyChain) { k.ended.drawn[0].Version = 2 },
			"meter s1-000000000: the ledger has version 1 of the key; version 2 was committed"},
		{"no meter", func(_ *testing.T, _ *Keys, c *keyChain) { clear(c.states[0]) }, "meter s1-000000000: METER_UNKNOWN: meter s1-000000000 has no key on this ledger"},
	} {
		t.Run(test.name, func(t *testing.T) {
			k, c := keysOn(t, keyOptions(result.OpRegister), 1)
			tx, err := k.Transaction(t.Context(), 10)
			if err == nil {
				_, err = c.invoke(tx)
			}
			if err != nil {
				t.Fatal(err)
			}
			tx.Ended(result.Valid)
			test.harm(t, k, c)
			got := ""
			if _, err := k.Check(t.Context(), 10); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

// A meter whose rotation is under way, or lost, is not rotated again; one whose rotation failed is, from the version that it has.
func TestRotationsKeepApart(t *testing.T) {
	k, c := keysOn(t, keyOptions(result.OpRotate, func(o *PKI) { o.Meters = 3 }), 1)
	next := func() bench.Transaction {
		t.Helper()
		tx, err := k.Transaction(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		return tx
	}
	first, second, third := next(), next(), next()
	if _, err := k.Transaction(t.Context(), 13); err == nil || !strings.Contains(err.Error(), "give more meters") {
		t.Errorf("a fourth of three meters: %v", err)
	}
	first.Ended(result.Unknown)
	second.Ended(result.EndorseTimeout)
	if _, err := c.invoke(third); err != nil {
		t.Fatal(err)
	}
	third.Ended(result.Valid)
	for range 4 {
		tx := next()
		if _, err := c.invoke(tx); err != nil {
			t.Fatal(err)
		}
		tx.Ended(result.Valid)
	}
	if diff := cmp.Diff([]uint32{1, 3, 4}, k.version); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
	if n, err := k.Check(t.Context(), 10); n != 5 || err != nil {
		t.Errorf("compared %d, %v", n, err)
	}
}

// Every client of the published load has meters of its own, in turn.
func TestPerClient(t *testing.T) {
	k, _ := keysOn(t, keyOptions(result.OpVerifySubmit, func(o *PKI) { o.Contract, o.PerClient, o.Meters = pki.PublishedName, 2, 4 }), 1)
	var got []string
	texts := map[string]bool{}
	for seq := range uint64(300) {
		tx, err := k.Transaction(t.Context(), 10+seq)
		if err != nil {
			t.Fatal(err)
		}
		got, texts[string(tx.Args[1])] = append(got, string(tx.Args[0])), true
	}
	if diff := cmp.Diff([]string{"s1-000000000", "s1-000000001", "s1-000000000"}, got[:3]); diff != "" {
		t.Errorf("meters (-want +got):\n%s", diff)
	}
	if len(texts) < 80 || texts["0"] || texts["100"] {
		t.Errorf("%d texts", len(texts))
	}
}

// Options that make no sense are refused with their place.
func TestKeyOptions(t *testing.T) {
	for _, test := range []struct {
		change func(*PKI)
		want   string
	}{
		{func(o *PKI) { o.Contract = "keys" }, `workload.contract: there is no "keys"; known are pki, blockmeter`},
		{func(o *PKI) { o.Operation = "verify" },
			`workload.operation: there is no "verify"; known are register, verify-submit, verify-query, lookup, rotate, revoke`},
		{func(o *PKI) { o.Algorithm = "ed25519" }, `workload.algorithm: there is no "ed25519"; did you mean ed25519ph?`},
		{func(o *PKI) { o.Batch = 101 }, "workload.batch: must be 1 to 100, got 101"},
		{func(o *PKI) { o.Meters = 5 }, "workload.meters: every transaction of register makes new meters; leave it out"},
		{func(o *PKI) { o.PerClient = 5 }, "workload.per_client: only the published client has meters by client; leave it out"},
		{func(o *PKI) { *o = keyOptions(result.OpRotate); o.Batch = 2 }, "workload.batch: only register takes several keys; leave it out"},
		{func(o *PKI) { *o = keyOptions(result.OpRotate); o.Meters = 0 }, "workload.meters: must be 1 to 1000000, got 0"},
		{func(o *PKI) { *o = keyOptions(result.OpRotate); o.Contract = pki.PublishedName },
			"workload.operation: the published contract has no rotate; use contract: pki"},
		{func(o *PKI) { o.Contract, o.Algorithm = pki.PublishedName, pki.Ed25519ph },
			"workload.algorithm: the published contract verifies p256 only, not ed25519ph; use contract: pki"},
		{func(o *PKI) { o.Contract, o.Batch = pki.PublishedName, 2 },
			"workload.batch: the published contract registers one key at a time; use contract: pki"},
		{func(o *PKI) { o.Contract, o.PerClient, o.Meters = pki.PublishedName, 1001, 9 }, "workload.per_client: must be 1 to 1000, got 1001"},
	} {
		o := keyOptions(result.OpRegister)
		test.change(&o)
		p := o.Check("workload.")
		if p == nil {
			t.Errorf("%+v passes; want %s", o, test.want)
			continue
		}
		if got := p.Error(); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}
