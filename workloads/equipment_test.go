package workloads

import (
	"bytes"
	"encoding/gob"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/race"
	"meterbench/internal/strictyaml"
	"meterbench/simulators/pki"
	"meterbench/workloads/values"
)

// carried returns equipment as another process gets it.
func carried(t testing.TB, e Equipment) *Equipment {
	t.Helper()
	var wire bytes.Buffer
	if err := gob.NewEncoder(&wire).Encode(e); err != nil {
		t.Fatal(err)
	}
	var out Equipment
	if err := gob.NewDecoder(&wire).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return &out
}

// shares returns the workloads of so many processes, made with the equipment of one that sets up.
func shares[W Equipped](t testing.TB, config Config, of int, open func(Config) (W, error)) (whole W, all []W) {
	t.Helper()
	config.Duty.None = true
	whole, err := open(config)
	if err != nil {
		t.Fatal(err)
	}
	config.Duty.None, config.Equipment = false, carried(t, whole.Equipment())
	for rank := range of {
		config.Duty.Share = bench.Share{Rank: rank, Of: of}
		one, err := open(config)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return whole, all
}

// What workers send together is what one process sends: plain and padded readings byte for byte, encrypted ones of the same meters and
// numbers, which the contract takes once each, and which evaluate to what the meters measured.
func TestSharesMakeWhatOneProcessMakes(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	encrypted := func(scheme string, bits, length int, e Encryption) Options {
		return Options{kind: result.Encrypted, Scheme: scheme, Bits: bits, Length: length, Encryption: e}
	}
	inline, ahead, bank := Encryption{Mode: result.EncryptInline}, Encryption{Mode: result.EncryptAhead}, Encryption{Mode: result.EncryptBank, Bank: 7}
	for name, test := range map[string]struct {
		options Options
		length  int
	}{
		"plain":           {Options{kind: result.Plain}, 4},
		"padded":          {Options{kind: result.Padded, Scheme: "ddh", Bits: 1024}, 4},
		"ddh inline":      {encrypted("ddh", 1024, 0, inline), 4},
		"ddh ahead":       {encrypted("ddh", 1024, 0, ahead), 4},
		"ddh bank":        {encrypted("ddh", 1024, 0, bank), 4},
		"damgard ahead":   {encrypted("damgard", 1024, 0, ahead), 4},
		"ecddh bank":      {encrypted("ecddh", 256, 0, bank), 4},
		"paillier inline": {encrypted("paillier", 1024, 0, inline), 4},
		"dmcfe inline":    {encrypted("dmcfe", 256, 4, inline), 1},
		"dmcfe ahead":     {encrypted("dmcfe", 256, 4, ahead), 1},
	} {
		for _, of := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s, %d", name, of), func(t *testing.T) {
				levels := []int{13, 11} // a level begins where the one before ended, whoever was next there
				config := Config{Options: test.options, Fleet: fleet(t, "share", 8, test.length), Channels: 2, First: 5, Duty: Duty{Levels: levels}}
				config.Verify = true
				open := func(c Config) (*Readings, error) { return NewReadings(t.Context(), c) }
				whole, all := shares(t, config, of, open)
				c := newChain(2)
				for channel := range c.states {
					set, err := whole.SetUp(channel)
					if err != nil {
						t.Fatal(err)
					}
					for _, tx := range set {
						c.commit(t, tx)
					}
				}
				made := 0
				for _, one := range append(all, whole) {
					if _, err := one.Prepare(t.Context(), 24, func(int, int) { made++ }); err != nil {
						t.Fatal(err)
					}
				}
				if want := map[result.Encryption]int{result.EncryptAhead: 24, result.EncryptBank: 7 * of}[test.options.Encryption.Mode]; made != want {
					t.Errorf("%d ciphertexts were made before the load, want %d", made, want)
				}
				seq := config.First
				for _, n := range levels {
					for i := range n {
						tx, err := all[i%of].Transaction(t.Context(), seq)
						if err != nil {
							t.Fatal(err)
						}
						c.commit(t, tx) // which takes each once
						if test.options.Encryption.Mode == result.EncryptAhead && tx.Encrypt != 0 {
							t.Errorf("transaction %d was encrypted under load", seq)
						}
						if kind := test.options.kind; kind != result.Encrypted {
							alone, err := whole.Transaction(t.Context(), seq)
							if err != nil || !bytes.Equal(alone.Args[0], tx.Args[0]) || alone.Channel != tx.Channel {
								t.Fatalf("transaction %d is another one: %v", seq, err)
							}
						}
						r := unmarshal(t, tx.Args[0])
						if meter, _ := whole.Reading(seq); r.Meter != meter || r.Number != (seq-5)/8 {
							t.Errorf("transaction %d is reading %d of meter %s", seq, r.Number, r.Meter)
						}
						seq++
					}
				}
				if n := c.count("r/"); n != 24 {
					t.Errorf("%d readings are on the ledger", n)
				}
				if test.options.kind != result.Encrypted {
					return
				}
				whole.config.Ledger, whole.config.Tables = c, smallTables(t)
				if n, err := whole.Check(t.Context(), 20); err != nil || n != 20 {
					t.Errorf("%d readings compared, %v", n, err)
				}
			})
		}
	}
}

// A ciphertext that another process was to send is made once it is needed, once, and says what that took.
func TestCiphertextOfALostProcess(t *testing.T) {
	config := Config{Options: Options{kind: result.Encrypted, Scheme: "dmcfe", Bits: 256, Length: 4, Encryption: Encryption{Mode: result.EncryptAhead}},
		Fleet: fleet(t, "lost", 8, 1), Duty: Duty{Levels: []int{16}}}
	_, all := shares(t, config, 2, func(c Config) (*Readings, error) { return NewReadings(t.Context(), c) })
	one := all[0]
	if _, err := one.Prepare(t.Context(), 16, nil); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		seq  uint64
		late bool
	}{{4, false}, {5, true}, {16 + 6, false}, {16 + 7, true}} {
		first, err := one.Transaction(t.Context(), test.seq)
		if err != nil {
			t.Fatal(err)
		}
		again, err := one.Transaction(t.Context(), test.seq) // dmcfe encrypts no label twice
		if err != nil {
			t.Fatal(err)
		}
		if (first.Encrypt > 0) != test.late || !bytes.Equal(first.Args[0], again.Args[0]) {
			t.Errorf("transaction %d took %v to encrypt", test.seq, first.Encrypt)
		}
	}
}

// Bills of all processes together are each bill once, by the keys that one of them has issued.
func TestBillsOfShares(t *testing.T) {
	for _, form := range []result.Workload{result.Plain, result.Encrypted} {
		t.Run(string(form), func(t *testing.T) {
			b, s := billing(t, form)
			config := b.config
			config.Equipment = carried(t, b.Equipment())
			var all []*Bills
			for rank := range 3 {
				config.Duty.Share = bench.Share{Rank: rank, Of: 3}
				one, err := NewBilling(t.Context(), config)
				if err != nil {
					t.Fatal(err)
				}
				if p, err := one.Prepare(t.Context(), 0, nil); err != nil || p.Ciphertexts != 0 {
					t.Errorf("prepared %+v, %v", p, err)
				}
				all = append(all, one)
			}
			for at := range uint64(30) {
				alone, err := b.Transaction(t.Context(), 10+at)
				if err != nil {
					t.Fatal(err)
				}
				tx, err := all[at%3].Transaction(t.Context(), 10+at)
				if err != nil || !bytes.Equal(tx.Args[0], alone.Args[0]) || tx.Channel != alone.Channel {
					t.Fatalf("bill %d is another one: %v", at, err)
				}
				s.commit(t, tx)
			}
		})
	}
}

// Transactions of keys: what all processes change together no other has changed, their accounts sum, and the ledger is what they say.
func TestKeysOfShares(t *testing.T) {
	for _, o := range []PKI{
		{Contract: pki.ContractName, Operation: result.OpRegister, Algorithm: pki.P256, Batch: 3},
		{Contract: pki.ContractName, Operation: result.OpVerifySubmit, Algorithm: pki.P256, Meters: 7},
		{Contract: pki.ContractName, Operation: result.OpRotate, Algorithm: pki.Ed25519ph, Meters: 7},
		{Contract: pki.ContractName, Operation: result.OpRevoke, Algorithm: pki.P256, Meters: 30},
		{Contract: pki.ContractName, Operation: result.OpLookup, Algorithm: pki.P256, Meters: 7},
	} {
		for _, of := range []int{2, 3} {
			t.Run(fmt.Sprintf("%s, %d", o.Operation, of), func(t *testing.T) {
				whole, c := keysOn(t, o, 2)
				var all []*Keys
				for rank := range of {
					spec := c.spec(o)
					spec.Duty.Share = bench.Share{Rank: rank, Of: of}
					one, err := newKeys(t.Context(), spec)
					if err != nil {
						t.Fatal(err)
					}
					all = append(all, one.(*Keys))
				}
				for at := range uint64(24) {
					tx, err := all[at%uint64(of)].Transaction(t.Context(), 10+at)
					if err != nil {
						t.Fatal(err)
					}
					if o.Operation != result.OpRotate && o.Operation != result.OpRevoke {
						alone, err := whole.Transaction(t.Context(), 10+at)
						if err != nil || alone.Function != tx.Function || o.Operation != result.OpVerifySubmit && !cmp.Equal(alone.Args, tx.Args) {
							t.Fatalf("transaction %d is another one: %v", at, err)
						}
					}
					if _, err := c.invoke(tx); err != nil {
						t.Fatalf("transaction %d: %v", at, err)
					}
					if tx.Ended != nil {
						tx.Ended(result.Valid)
					}
				}
				for _, one := range all {
					account := one.Account()
					whole.Add(&account)
				}
				if o.Operation == result.OpLookup {
					return
				}
				if n, err := whole.Check(t.Context(), 10); err != nil || n != min(10, 24) {
					t.Errorf("%d keys compared, %v", n, err)
				}
				if stores := o.Operation == result.OpRegister || o.Operation == result.OpRotate; stores {
					if n, counted, err := whole.Stored(t.Context()); err != nil || !counted || n != 24 {
						t.Errorf("%d transactions stored something, %t, %v", n, counted, err)
					}
				}
			})
		}
	}
}

// The count of keys holds even where a process was lost, of whose transactions nothing is known; a key too few is noticed.
func TestKeysOfALostShare(t *testing.T) {
	o := PKI{Contract: pki.ContractName, Operation: result.OpRegister, Algorithm: pki.P256, Batch: 1}
	whole, c := keysOn(t, o, 1)
	one, err := newKeys(t.Context(), c.spec(o))
	if err != nil {
		t.Fatal(err)
	}
	for at := range uint64(4) {
		tx, err := one.Transaction(t.Context(), 10+at)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.invoke(tx); err != nil {
			t.Fatal(err)
		}
	}
	whole.Add(&Account{Valid: 3, Most: 4, Changed: []changed{{Meter: 0, Version: 1}}})
	if _, err := whole.Check(t.Context(), 10); err == nil || !strings.Contains(err.Error(), "3 to 3 were expected") {
		t.Errorf("a key too many: %v", err)
	}
	whole.Add(nil)
	if _, err := whole.Check(t.Context(), 10); err != nil {
		t.Error(err)
	}
	whole.Add(&Account{Valid: 2})
	if _, err := whole.Check(t.Context(), 10); err == nil || !strings.Contains(err.Error(), "4 keys on the ledger come from the load") {
		t.Errorf("a key too few: %v", err)
	}
}

// What a client counts goes on in the one process that has the client.
func TestInvokeOfShares(t *testing.T) {
	i := Invocation{Contract: "basic", Function: "f", Args: []values.Value{sequencePerClient(t)}}
	open := func() *Invoke {
		w, err := newInvoke(t.Context(), Spec{Workload: scenario.Workload{Options: i}, Seed: 3, Prefix: "b9-s1", Series: "s1", Channels: []string{"x", "y"}})
		if err != nil {
			t.Fatal(err)
		}
		return w.(*Invoke)
	}
	const clients, rounds, of = 6, 3, 4
	run := func(w *Invoke, mine func(client int) bool) (all []string) {
		for range rounds {
			for client := range clients {
				if mine(client) {
					tx := w.transaction(&values.Turn{Client: client, Sent: w.count(client)})
					all = append(all, string(tx.Args[0]))
				}
			}
		}
		return all
	}
	want := run(open(), func(int) bool { return true })
	var got []string
	for rank := range of {
		got = append(got, run(open(), func(client int) bool { return client%of == rank })...)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" || len(slices.Compact(want)) != clients*rounds {
		t.Error(diff)
	}
}

func sequencePerClient(t *testing.T) (v values.Value) {
	t.Helper()
	var of struct {
		Value values.Value `yaml:"v"`
	}
	doc, err := strictyaml.Parse("a.yaml", []byte("v: {sequence: {prefix: a, per: client}}\n"))
	if err == nil {
		err = doc.Decode(&of)
	}
	if err != nil {
		t.Fatal(err)
	}
	return of.Value
}

// Every planned transaction is one process's to send, whatever the levels.
func TestDutiesCoverTheLevels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.IntRange(1, 7).Draw(t, "of")
		levels := rapid.SliceOfN(rapid.IntRange(0, 20), 1, 5).Draw(t, "levels")
		at := 0
		for _, n := range levels {
			for i := range n {
				for rank := range of {
					if d := (Duty{Share: bench.Share{Rank: rank, Of: of}, Levels: levels}); d.sends(at) != (i%of == rank) {
						t.Errorf("transaction %d, %d of its level: rank %d of %d sends it: %t", at, i, rank, of, d.sends(at))
					}
				}
				at++
			}
		}
	})
}
