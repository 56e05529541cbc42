package workloads

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/simulators/authority"
	"meterbench/simulators/fe"
	"meterbench/simulators/fe/codec"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

func fleet(t testing.TB, prefix string, meters, length int) *meter.Fleet {
	t.Helper()
	f, err := meter.NewFleet(meter.Config{
		Seed: 7, Meters: meters, Prefix: prefix, Interval: time.Hour,
		Start: time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC), Length: length, Bound: 10_000,
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func workload(t testing.TB, c Config) *Readings {
	t.Helper()
	r, err := NewReadings(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// submitted returns the reading that a transaction submits, after the checks
// of form and signature that the contract makes with the registered key.
func submitted(t testing.TB, r *Readings, seq uint64) (reading.Reading, bench.Transaction) {
	t.Helper()
	tx, err := r.Transaction(t.Context(), seq)
	if err != nil {
		t.Fatal(err)
	}
	if tx.Function != reading.FnPut || len(tx.Args) != 1 {
		t.Fatalf("transaction calls %s with %d arguments", tx.Function, len(tx.Args))
	}
	got, err := reading.Unmarshal(tx.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := got.CheckForm(codec.Check); err != nil {
		t.Error(err)
	}
	key, found := registered(t, r)[got.Meter]
	if !found {
		t.Fatalf("meter %s is not registered", got.Meter)
	}
	if err := got.Verify(key); err != nil {
		t.Errorf("transaction %d of meter %s: %v", seq, got.Meter, err)
	}
	return got, tx
}

// registrations returns what the set-up of a channel registers.
func registrations(t testing.TB, r *Readings, channel int) (all []reading.Registration, transactions int) {
	t.Helper()
	list, err := r.SetUp(channel)
	if err != nil {
		t.Fatal(err)
	}
	for _, tx := range list {
		if tx.Channel != channel {
			t.Errorf("set-up of channel %d goes to %d", channel, tx.Channel)
		}
		if tx.Function != reading.FnRegister {
			continue
		}
		batch, err := reading.UnmarshalRegistrations(tx.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		all, transactions = append(all, batch...), transactions+1
	}
	return all, transactions
}

// registered returns the keys that the registrations of the first channel hold.
func registered(t testing.TB, r *Readings) map[string]*ecdsa.PublicKey {
	t.Helper()
	keys := map[string]*ecdsa.PublicKey{}
	all, _ := registrations(t, r, 0)
	for _, one := range all {
		var err error
		if keys[one.Meter], err = reading.ParseKey(one.Key); err != nil {
			t.Fatal(err)
		}
		if one.Verify != r.config.Verify || one.Span <= 0 {
			t.Errorf("meter %s is registered with verify %t, span %v", one.Meter, one.Verify, one.Span)
		}
	}
	return keys
}

// evaluation returns a function that evaluates ciphertexts of a workload under
// the weights.
func evaluation(t testing.TB, r *Readings, weights []int64) func(ciphertext []byte) int64 {
	t.Helper()
	keys := r.cipher.(vectors).authority
	approval, err := keys.Approve(authority.Tariff{Name: "t", From: time.Unix(0, 0), Weights: weights})
	if err != nil {
		t.Fatal(err)
	}
	tables, err := fe.NewTables(fe.TableConfig{Entries: 1 << 14})
	if err != nil {
		t.Fatal(err)
	}
	evaluator, err := fe.NewEvaluator(t.Context(), keys.Public(), tables)
	if err != nil {
		t.Fatal(err)
	}
	return func(ciphertext []byte) int64 {
		t.Helper()
		result, err := evaluator.Evaluate(t.Context(), ciphertext, approval.Key)
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
}

func TestPlainAndPadded(t *testing.T) {
	plain := workload(t, Config{Options: Options{kind: result.Plain, Verify: true}, Fleet: fleet(t, "plain", 3, 24)})
	padded := workload(t, Config{Options: Options{kind: result.Padded, Scheme: "ddh", Bits: 2048}, Fleet: fleet(t, "padded", 3, 24)})
	for seq := range uint64(7) {
		a, tx := submitted(t, plain, seq)
		b, other := submitted(t, padded, seq)
		if tx.Encrypt != 0 || other.Encrypt != 0 {
			t.Error("a plaintext took time to encrypt")
		}
		if a.Number != seq/3 || a.Meter != plain.config.Fleet.ID(int(seq%3)) || a.Kind != reading.Plain {
			t.Errorf("transaction %d is reading %d of meter %s", seq, a.Number, a.Meter)
		}
		if want := codec.Size(codec.Header{Scheme: codec.DDH, Bits: 2048, Length: 24}); len(b.Payload) != want {
			t.Errorf("padded payload of %d bytes; a ciphertext has %d", len(b.Payload), want)
		}
		values, err := reading.UnmarshalPadded(b.Payload)
		if err != nil || !bytes.Equal(values.Marshal(), a.Payload) || !a.Time.Equal(b.Time) {
			t.Errorf("transaction %d: padded %v at %v, error %v; plain %x at %v", seq, values, b.Time, err, a.Payload, a.Time)
		}
	}
	// Plain transactions repeat from the seed to the last byte.
	again := workload(t, Config{Options: Options{kind: result.Plain}, Fleet: fleet(t, "plain", 3, 24)})
	_, first := submitted(t, plain, 5)
	if _, second := submitted(t, again, 5); !bytes.Equal(first.Args[0], second.Args[0]) {
		t.Error("a plain transaction does not repeat from the seed")
	}
}

func TestEncryptedReadingsEvaluate(t *testing.T) {
	for _, scheme := range fe.Schemes() {
		if !scheme.HasAuthority() {
			continue
		}
		for _, encryption := range []result.Encryption{result.EncryptInline, result.EncryptAhead, result.EncryptBank} {
			t.Run(string(scheme.Name)+"/"+string(encryption), func(t *testing.T) {
				f := fleet(t, "enc", 2, 4)
				r := workload(t, Config{Options: Options{kind: result.Encrypted, Scheme: string(scheme.Name), Bits: scheme.Name.Sizes()[0], Verify: true, Reveal: true, Encryption: Encryption{Mode: encryption, Bank: 3}}, Fleet: f, First: 100})
				made, err := r.Prepare(t.Context(), 5, nil)
				if err != nil {
					t.Fatal(err)
				}
				if want := map[string]int{"inline": 0, "ahead": 5, "bank": 3}[string(encryption)]; made.Ciphertexts != want {
					t.Errorf("%d ciphertexts were made; want %d", made.Ciphertexts, want)
				}
				weights := []int64{1, 20, 300, 4000}
				evaluate := evaluation(t, r, weights)
				for at := range uint64(5) {
					got, tx := submitted(t, r, 100+at)
					if (tx.Encrypt > 0) != (encryption == "inline") {
						t.Errorf("encryption took %v", tx.Encrypt)
					}
					if got.Meter != f.ID(int(at%2)) || got.Number != at/2 || len(got.Payload) != r.params.CiphertextSize() {
						t.Errorf("transaction %d is reading %d of meter %s, %d bytes", 100+at, got.Number, got.Meter, len(got.Payload))
					}
					source := at
					if encryption == "bank" {
						source = at % 3
					}
					values := f.Values(int(source%2), source/2)
					var want int64
					for i, wh := range values.Wh {
						want += wh * weights[i]
					}
					if result := evaluate(got.Payload); result != want || want == 0 {
						t.Errorf("transaction %d evaluates to %d; the values give %d", 100+at, result, want)
					}
				}
			})
		}
	}
}

// Bank entries are used by many meters; each transaction has its own signature.
func TestBankIsSignedAfresh(t *testing.T) {
	r := workload(t, Config{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 1024, Verify: true, Encryption: Encryption{Mode: result.EncryptBank, Bank: 2}}, Fleet: fleet(t, "bank", 5, 1)})
	if _, err := r.Prepare(t.Context(), 0, nil); err != nil {
		t.Fatal(err)
	}
	a, _ := submitted(t, r, 0)
	b, _ := submitted(t, r, 2)
	c, _ := submitted(t, r, 10)
	if !bytes.Equal(a.Payload, b.Payload) || !bytes.Equal(a.Payload, c.Payload) {
		t.Error("transactions 0, 2 and 10 do not share a bank entry")
	}
	if a.Meter == b.Meter || a.Meter != c.Meter || a.Number == c.Number {
		t.Errorf("readings %s %d, %s %d, %s %d", a.Meter, a.Number, b.Meter, b.Number, c.Meter, c.Number)
	}
	if bytes.Equal(a.Signature, b.Signature) || bytes.Equal(a.Signature, c.Signature) {
		t.Error("transactions share a signature")
	}
}

// No two transactions share a reading, in whatever order they come.
func TestReadingsNeverRepeat(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		meters := rapid.IntRange(1, 1000).Draw(rt, "meters")
		r := workload(t, Config{Options: Options{kind: result.Plain}, Fleet: fleet(t, "plain", meters, 1)})
		type key struct {
			meter  int
			number uint64
		}
		seen := map[key]uint64{}
		positions := rapid.SliceOfNDistinct(rapid.Uint64Range(0, 1<<40), 0, 200, rapid.ID[uint64]).Draw(rt, "positions")
		for _, at := range positions {
			m, number, _ := r.reading(at)
			k := key{m, number}
			if other, taken := seen[k]; taken || m >= meters {
				rt.Errorf("transactions %d and %d are both reading %d of meter %d", at, other, number, m)
			}
			seen[k] = at
		}
	})
}

func TestTransactionErrors(t *testing.T) {
	f := fleet(t, "a", 1, 1)
	ahead := Config{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 1024, Encryption: Encryption{Mode: result.EncryptAhead}}, Fleet: f}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	for _, c := range []struct {
		name     string
		workload *Readings
		ctx      context.Context
		seq      uint64
		want     string
	}{
		{"before the first", workload(t, Config{Options: Options{kind: result.Plain}, Fleet: f, First: 10}), t.Context(), 9, "transaction 9: the workload begins with 10"},
		{"out of time", workload(t, Config{Options: Options{kind: result.Plain}, Fleet: f}), t.Context(), f.Limit(), "use more meters"},
		{"not prepared", workload(t, ahead), t.Context(), 0, "prepare the workload first"},
		{"stopped", workload(t, Config{Options: Options{kind: result.Plain}, Fleet: f}), stopped, 0, "context canceled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := c.workload.Transaction(c.ctx, c.seq); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v; want %q", err, c.want)
			}
		})
	}
	if _, err := workload(t, Config{Options: Options{kind: result.Plain}, Fleet: f}).Transaction(t.Context(), f.Limit()-1); err != nil {
		t.Errorf("last reading: %v", err)
	}
}

// Beyond what was planned, as when a load runs out, ciphertexts made ahead are used again.
func TestCiphertextsMadeAheadAreUsedAgain(t *testing.T) {
	r := workload(t, Config{
		Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 1024, Encryption: Encryption{Mode: result.EncryptAhead}}, Fleet: fleet(t, "a", 1, 1),
	})
	if _, err := r.Prepare(t.Context(), 2, nil); err != nil {
		t.Fatal(err)
	}
	var payloads [][]byte
	for seq := range uint64(5) {
		tx, err := r.Transaction(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := reading.Unmarshal(tx.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		payloads = append(payloads, stored.Payload)
	}
	want := [][]byte{payloads[0], payloads[1], payloads[0], payloads[1], payloads[0]}
	if diff := cmp.Diff(want, payloads); diff != "" || bytes.Equal(payloads[0], payloads[1]) {
		t.Errorf("ciphertexts (-want +got):\n%s", diff)
	}
}

func TestConfigErrors(t *testing.T) {
	f := fleet(t, "a", 1, 24)
	for want, c := range map[string]Config{
		`scheme "rsa" is unknown`:      {Options: Options{kind: result.Padded, Scheme: "rsa", Bits: 2048}, Fleet: f},
		"ddh of 2000 bits":             {Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 2000, Encryption: Encryption{Mode: result.EncryptInline}}, Fleet: f},
		"more than a reading's 262144": {Options: Options{kind: result.Padded, Scheme: "ddh", Bits: 4096}, Fleet: fleet(t, "a", 1, 512)},
	} {
		if _, err := NewReadings(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
}

func TestRegistrationsComeInBatches(t *testing.T) {
	r := workload(t, Config{Options: Options{kind: result.Plain}, Fleet: fleet(t, "plain", 401, 1)})
	if all, batches := registrations(t, r, 0); len(all) != 401 || batches != 3 {
		t.Errorf("%d batches of %d meters", batches, len(all))
	}
}

// Every meter lives on one channel, where it is registered and all its readings go.
func TestMetersSpreadOverChannels(t *testing.T) {
	r := workload(t, Config{Options: Options{kind: result.Plain}, Fleet: fleet(t, "plain", 5, 1), Channels: 3})
	var got []string
	for channel := range 3 {
		all, _ := registrations(t, r, channel)
		for _, one := range all {
			got = append(got, one.Meter)
		}
	}
	if want := []string{"plain-000000", "plain-000003", "plain-000001", "plain-000004", "plain-000002"}; !slices.Equal(got, want) {
		t.Errorf("registered %v; want %v", got, want)
	}
	for seq := range uint64(10) {
		tx, err := r.Transaction(t.Context(), seq)
		if err != nil || tx.Channel != int(seq%5)%3 {
			t.Errorf("transaction %d goes to channel %d, %v", seq, tx.Channel, err)
		}
	}
	if all, _ := registrations(t, workload(t, Config{Options: Options{kind: result.Plain}, Fleet: fleet(t, "a", 2, 1), Channels: 3}), 2); len(all) != 0 {
		t.Errorf("a channel without meters registers %v", all)
	}
}

// A reading is valid on its meter's channel alone, also where the meter is registered on another.
func TestReadingsAreOfOneChannel(t *testing.T) {
	config := fleet(t, "plain", 2, 1).Config()
	config.Channels = []string{"day", "night"}
	both, err := meter.NewFleet(config)
	if err != nil {
		t.Fatal(err)
	}
	r := workload(t, Config{Options: Options{kind: result.Plain, Verify: true}, Fleet: both, Channels: 2})
	c := newChain(2)
	c.names = config.Channels
	for channel := range 2 { // every meter on every channel
		for _, from := range []int{0, 1} {
			all, err := r.SetUp(from)
			if err != nil {
				t.Fatal(err)
			}
			for _, tx := range all {
				tx.Channel = channel
				c.commit(t, tx)
			}
		}
	}
	for seq := range uint64(4) {
		tx, err := r.Transaction(t.Context(), seq)
		if err != nil {
			t.Fatal(err)
		}
		c.commit(t, tx)
		tx.Channel = 1 - tx.Channel
		if answer := c.invoke(tx); !strings.HasPrefix(answer.GetMessage(), reading.CodeChannel.Name+": ") {
			t.Errorf("transaction %d on the other channel: status %d, %s", seq, answer.GetStatus(), answer.GetMessage())
		}
	}
}

func TestConcurrentTransactions(t *testing.T) {
	r := workload(t, Config{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 1024, Encryption: Encryption{Mode: result.EncryptInline}}, Fleet: fleet(t, "a", 3, 1)})
	var group sync.WaitGroup
	for client := range uint64(4) {
		group.Go(func() {
			for i := range uint64(5) {
				if tx, err := r.Transaction(t.Context(), 4*i+client); err != nil || tx.Encrypt <= 0 {
					t.Errorf("encrypted in %v, error %v", tx.Encrypt, err)
				}
			}
		})
	}
	group.Wait()
}
