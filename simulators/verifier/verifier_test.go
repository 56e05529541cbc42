package verifier

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/simulators/authority"
	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

var start = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// A book is a ledger in memory that stores whatever it is given.
type book struct {
	readings   map[string]map[uint64]reading.Reading
	functions  map[reading.Hash][]byte
	parameters map[reading.Hash][]byte
	fail       error
	edit       func([]reading.Reading) []reading.Reading // of what it shows
}

func (b *book) Readings(_ context.Context, meter string, from, to uint64) (list []reading.Reading, err error) {
	for n := from; n < to; n++ {
		if r, ok := b.readings[meter][n]; ok {
			list = append(list, r)
		}
	}
	if b.edit != nil {
		list = b.edit(list)
	}
	return list, b.fail
}

func (b *book) Function(_ context.Context, hash reading.Hash) ([]byte, error) {
	return b.functions[hash], b.fail
}

func (b *book) Parameters(_ context.Context, id reading.Hash) ([]byte, error) {
	return b.parameters[id], b.fail
}

// A world has two meters of one gateway, five readings of each on the ledger,
// and two approved tariffs.
type world struct {
	fleet     *meter.Fleet
	book      *book
	gateway   *gateway.Gateway
	authority *authority.Authority // nil: plaintext
	evaluator fe.Evaluator         // nil: plaintext
	day, flat gateway.Tariff
	verifier  Verifier
}

var params = fe.Params{Scheme: "ddh", Bits: 1024, Length: 8, Bound: 500}

func newWorld(t testing.TB, encrypted bool) *world {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	fleet, err := meter.NewFleet(meter.Config{Seed: 1, Meters: 2, Prefix: "m", Interval: time.Hour, Start: start, Length: params.Length, Bound: params.Bound})
	must(err)
	w := &world{fleet: fleet, book: &book{
		readings: map[string]map[uint64]reading.Reading{}, functions: map[reading.Hash][]byte{}, parameters: map[reading.Hash][]byte{},
	}}
	send, serve := meter.SensorsConfig{Kind: reading.Plain}, gateway.Config{ID: "gw", Seed: 1}
	if encrypted {
		w.authority, err = authority.New(t.Context(), authority.Config{Params: params})
		must(err)
		public := w.authority.Public()
		send, serve.Public = meter.SensorsConfig{Kind: reading.Encrypted, Public: public}, public
		w.book.parameters[w.authority.Parameters()] = w.authority.Public()
		w.evaluator, err = fe.NewEvaluator(t.Context(), public, smallTables(t))
		must(err)
	}
	w.gateway, err = gateway.New(t.Context(), serve, smallTables(t))
	must(err)
	sensors, err := fleet.Sensors(send)
	must(err)
	w.day, w.flat = w.tariff(t, "day", 30, 30, 30, 30, 20, 20, 20, 20), w.tariff(t, "flat", 25, 25, 25, 25, 25, 25, 25, 25)
	for i := range 2 {
		id := fleet.ID(i)
		w.book.readings[id] = map[uint64]reading.Reading{}
		for n := range uint64(5) {
			wire, _, err := sensors.Reading(t.Context(), i, n, nil)
			must(err)
			w.book.readings[id][n], err = reading.Unmarshal(wire)
			must(err)
		}
	}
	registration, err := w.gateway.Registration()
	must(err)
	w.verifier = Verifier{Ledger: w.book, Meter: meterKey(t, fleet, 0), Key: w.day.Key, Evaluator: w.evaluator}
	w.verifier.Gateway, err = reading.ParseKey(registration.Key)
	must(err)
	return w
}

func smallTables(t testing.TB) *fe.Tables {
	t.Helper()
	tables, err := fe.NewTables(fe.TableConfig{Entries: 1 << 12})
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

func meterKey(t testing.TB, fleet *meter.Fleet, i int) *ecdsa.PublicKey {
	t.Helper()
	compressed, err := fleet.PublicKey(i)
	if err != nil {
		t.Fatal(err)
	}
	key, err := reading.ParseKey(compressed)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// tariff has a tariff approved and puts it on the ledger.
func (w *world) tariff(t testing.TB, name string, weights ...int64) gateway.Tariff {
	t.Helper()
	tariff := gateway.Tariff{Function: reading.Function{Bound: params.Bound, From: start, Tariff: name, Weights: weights}}
	if w.authority != nil {
		approval, err := w.authority.Approve(authority.Tariff{Name: name, From: start, Weights: weights})
		if err != nil {
			t.Fatal(err)
		}
		tariff = gateway.Tariff{Function: approval.Function, Hash: approval.Hash, Key: approval.Key}
	}
	encoded, err := tariff.Function.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	tariff.Hash = reading.HashFunction(encoded)
	w.book.functions[tariff.Hash] = encoded
	return tariff
}

// stored returns the readings of a meter from one number to another.
func (w *world) stored(i int, from, to uint64) (list []reading.Reading) {
	for n := from; n < to; n++ {
		list = append(list, w.book.readings[w.fleet.ID(i)][n])
	}
	return list
}

func (w *world) bill(t testing.TB, tariff gateway.Tariff, readings []reading.Reading) reading.Bill {
	t.Helper()
	b, took, err := w.gateway.Compute(t.Context(), tariff, readings)
	if err != nil || took <= 0 {
		t.Fatalf("bill in %v: %v", took, err)
	}
	return b
}

// resign has the gateway sign a bill after an edit: a gateway that lies.
func (w *world) resign(t testing.TB, b reading.Bill, edit func(*reading.Bill)) reading.Bill {
	t.Helper()
	edit(&b)
	key, err := meter.DeriveKey(1, "meterbench gateway key gw")
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Sign(key); err != nil {
		t.Fatal(err)
	}
	return b
}

// expected computes a bill from the simulated values.
func (w *world) expected(i int, from, to uint64, weights []int64) (sum int64) {
	for n := from; n < to; n++ {
		values := w.fleet.Values(i, n)
		for j, wh := range values.Wh {
			sum += wh * weights[j]
		}
	}
	return sum
}

func TestHonestBills(t *testing.T) {
	for _, encrypted := range []bool{false, true} {
		w := newWorld(t, encrypted)
		for _, tariff := range []gateway.Tariff{w.day, w.flat} {
			b := w.bill(t, tariff, w.stored(0, 1, 4))
			if want := w.expected(0, 1, 4, tariff.Function.Weights); b.Result != want || want == 0 {
				t.Errorf("bill of %d; the values give %d", b.Result, want)
			}
			if b.From != 1 || b.To != 4 {
				t.Errorf("bill of readings %d to %d; want 1 to 4", b.From, b.To)
			}
			w.verifier.Key = tariff.Key
			if err := w.verifier.Verify(t.Context(), b); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestBillsThatDoNotHold(t *testing.T) {
	w := newWorld(t, true)
	honest := w.bill(t, w.day, w.stored(0, 0, 3))
	other, err := authority.New(t.Context(), authority.Config{Params: params})
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.Approve(authority.Tariff{Name: "day", From: start, Weights: w.day.Function.Weights})
	if err != nil {
		t.Fatal(err)
	}
	mislabelled := w.flat.Key
	mislabelled.Function = w.day.Key.Function
	strange := w.stored(0, 0, 1)[0]
	encryptor, err := fe.NewEncryptor(other.Public())
	if err != nil {
		t.Fatal(err)
	}
	if strange.Payload, err = encryptor.Encrypt([]int64{1, 2, 3, 4, 5, 6, 7, 8}); err != nil {
		t.Fatal(err)
	}
	if err := w.fleet.Sign(0, &strange); err != nil {
		t.Fatal(err)
	}
	plain := newWorld(t, false)
	show := func(edit func([]reading.Reading) []reading.Reading) func(*world) {
		return func(w *world) { w.book.edit = edit }
	}
	for _, c := range []struct {
		name   string
		bill   reading.Bill
		change func(*world)
		want   Reason
	}{
		{"malformed", reading.Bill{}, nil, Malformed},
		{"altered", func() reading.Bill { b := honest; b.Result++; return b }(), nil, GatewaySignature},
		{"another gateway's", honest, func(w *world) { w.verifier.Gateway = w.verifier.Meter }, GatewaySignature},
		{"a wrong result", w.resign(t, honest, func(b *reading.Bill) { b.Result++ }), nil, Result},
		{"a function nobody approved", w.resign(t, honest, func(b *reading.Bill) { b.Function[0] ^= 1 }), nil, NotApproved},
		{"another approved function", w.resign(t, honest, func(b *reading.Bill) { b.Function = w.flat.Hash }), nil, OtherKey},
		{"another approved function, its key", w.resign(t, honest, func(b *reading.Bill) { b.Function = w.flat.Hash }),
			func(w *world) { w.verifier.Key = w.flat.Key }, Result},
		{"a key for other parameters", honest, func(w *world) { w.verifier.Key.Params.Length++ }, OtherKey},
		{"a key under another master key", honest, func(w *world) { w.verifier.Key = foreign.Key }, Undecipherable},
		{"a key for another function under this one's name", honest, func(w *world) { w.verifier.Key = mislabelled }, Undecipherable},
		{"a reading more", w.resign(t, honest, func(b *reading.Bill) { b.To++ }), nil, Readings},
		{"readings shifted", w.resign(t, honest, func(b *reading.Bill) { b.From++; b.To++ }), nil, Readings},
		{"a reading that is not there", w.resign(t, honest, func(b *reading.Bill) { b.To = 6 }), nil, Missing},
		{"a gap", honest, func(w *world) { delete(w.book.readings[w.fleet.ID(0)], 1) }, Missing},
		{"no reading at all", w.resign(t, honest, func(b *reading.Bill) { b.From, b.To = 100, 103 }), nil, Missing},
		{"reordered", honest, show(func(l []reading.Reading) []reading.Reading { slices.Reverse(l); return l }), Missing},
		{"repeated", honest, show(func(l []reading.Reading) []reading.Reading { return append(l[:1], l[:2]...) }), Foreign},
		{"one more", honest, show(func(l []reading.Reading) []reading.Reading { return append(l, w.stored(0, 4, 5)...) }), Foreign},
		{"another meter's", honest, show(func(l []reading.Reading) []reading.Reading { l[0] = w.stored(1, 0, 1)[0]; return l }), Foreign},
		{"another meter's under this one's name", honest, show(func(l []reading.Reading) []reading.Reading {
			l[0] = w.stored(1, 0, 1)[0]
			l[0].Meter = w.fleet.ID(0)
			return l
		}), Signature},
		{"another channel's", honest, func(w *world) { w.verifier.Channel = "billing" }, Foreign},
		{"another channel's under this one's name", honest, func(w *world) {
			w.verifier.Channel = "billing"
			w.book.edit = func(l []reading.Reading) []reading.Reading {
				for i := range l {
					l[i].Channel = "billing"
				}
				return l
			}
		}, Signature},
		{"a tampered ciphertext", honest, show(func(l []reading.Reading) []reading.Reading {
			l[1].Payload = slices.Clone(l[1].Payload)
			l[1].Payload[200] ^= 1
			return l
		}), Signature},
		{"a reading under other parameters", w.resign(t, honest, func(b *reading.Bill) {
			b.To, b.Readings = 1, reading.HashReadings([]reading.Reading{strange})
		}), show(func(l []reading.Reading) []reading.Reading { return []reading.Reading{strange} }), Undecipherable},
		{"a function that is gone", honest, func(w *world) { delete(w.book.functions, honest.Function) }, NotApproved},
		{"another function under its hash", honest, func(w *world) { w.book.functions[honest.Function] = w.book.functions[w.flat.Hash] }, NotApproved},
		{"no function under its hash", honest, func(w *world) { w.book.functions[honest.Function] = []byte{1} }, NotApproved},
		{"parameters that are gone", honest, func(w *world) { clear(w.book.parameters) }, NotApproved},
		{"a plaintext function", w.resign(t, honest, func(b *reading.Bill) { b.Function = plain.day.Hash }),
			func(w *world) { w.book.functions[plain.day.Hash] = plain.book.functions[plain.day.Hash] }, NotApproved},
	} {
		t.Run(c.name, func(t *testing.T) {
			own := *w // its parts are shared, but for those that a change makes anew
			own.book = &book{readings: map[string]map[uint64]reading.Reading{}, functions: map[reading.Hash][]byte{}, parameters: map[reading.Hash][]byte{}}
			for id, readings := range w.book.readings {
				own.book.readings[id] = map[uint64]reading.Reading{}
				for n, r := range readings {
					own.book.readings[id][n] = r
				}
			}
			for hash, encoded := range w.book.functions {
				own.book.functions[hash] = encoded
			}
			for id, public := range w.book.parameters {
				own.book.parameters[id] = public
			}
			own.verifier.Ledger = own.book
			if c.change != nil {
				c.change(&own)
			}
			var f *Fault
			if err := own.verifier.Verify(t.Context(), c.bill); !errors.As(err, &f) || f.Reason != c.want || f.Cause == nil {
				t.Errorf("error %v; want reason %q", err, c.want)
			}
		})
	}
}

// A tariff holds for readings that begin when it is valid; where a reading's begin is not known, for those that end then.
func TestTariffsHaveABeginning(t *testing.T) {
	w := newWorld(t, false)
	span := time.Duration(params.Length) * time.Hour
	for _, c := range []struct {
		name  string
		valid time.Duration // since reading 1 began
		span  time.Duration
		early bool // for a bill from reading 1 on
	}{
		{"as reading 1 begins", 0, span, false},
		{"a second later", time.Second, span, true},
		{"a second before it ends", span - time.Second, span, true},
		{"a second later, begin unknown", time.Second, 0, false},
		{"a second before it ends, begin unknown", span - time.Second, 0, false},
		{"as it ends, begin unknown", span, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			late := w.day.Function
			late.From = w.fleet.End(0, 0).Add(c.valid)
			encoded, err := late.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			tariff := gateway.Tariff{Function: late, Hash: reading.HashFunction(encoded)}
			w.book.functions[tariff.Hash] = encoded
			w.verifier.Span = c.span
			if err := w.verifier.Verify(t.Context(), w.bill(t, tariff, w.stored(0, 2, 4))); err != nil {
				t.Errorf("from reading 2 on: %v", err)
			}
			var f *Fault
			if err := w.verifier.Verify(t.Context(), w.bill(t, tariff, w.stored(0, 1, 4))); (err != nil) != c.early || err != nil && (!errors.As(err, &f) || f.Reason != Early) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// Numbers of a meter without a schedule say nothing of the order in time: every reading is held to the tariff's beginning.
func TestTariffsHoldForEveryReading(t *testing.T) {
	w := newWorld(t, false)
	tariff := w.day
	tariff.Function.From = w.fleet.End(0, 0) // as reading 1 begins
	encoded, err := tariff.Function.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	tariff.Hash = reading.HashFunction(encoded)
	w.book.functions[tariff.Hash] = encoded
	id := w.fleet.ID(0)
	for early := range uint64(4) {
		for n := range uint64(4) {
			r := w.book.readings[id][n]
			if r.Time = tariff.Function.From.Add(time.Duration(n+1) * time.Hour); n == early {
				r.Time = tariff.Function.From.Add(-time.Hour)
			}
			if err := w.fleet.Sign(0, &r); err != nil {
				t.Fatal(err)
			}
			w.book.readings[id][n] = r
		}
		var f *Fault
		if err := w.verifier.Verify(t.Context(), w.bill(t, tariff, w.stored(0, 0, 4))); !errors.As(err, &f) || f.Reason != Early {
			t.Errorf("reading %d ended before the tariff was valid: error %v; want reason %q", early, err, Early)
		}
	}
}

// What could not be found out is no fault of the bill.
func TestLedgerFails(t *testing.T) {
	w := newWorld(t, true)
	b := w.bill(t, w.day, w.stored(0, 0, 1))
	w.book.fail = errors.New("peer is gone")
	var f *Fault
	if err := w.verifier.Verify(t.Context(), b); !errors.Is(err, w.book.fail) || errors.As(err, &f) {
		t.Errorf("error %v", err)
	}
	w.book.fail = nil
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := w.verifier.Verify(ctx, b); !errors.Is(err, context.Canceled) || errors.As(err, &f) {
		t.Errorf("error %v", err)
	}
	w.verifier.Evaluator = nil
	if err := w.verifier.Verify(t.Context(), b); err == nil || !strings.Contains(err.Error(), "no evaluator") || errors.As(err, &f) {
		t.Errorf("error %v", err)
	}
}

// Whatever single bit of a bill, or of a reading that it covers, is flipped:
// the bill does not hold. The gateway signs the altered bill itself.
func TestAnyAlterationIsFound(t *testing.T) {
	w := newWorld(t, false)
	rapid.Check(t, func(rt *rapid.T) {
		from := rapid.Uint64Range(0, 3).Draw(rt, "from")
		to := rapid.Uint64Range(from+1, 5).Draw(rt, "to")
		honest := w.bill(t, w.day, w.stored(0, from, to))
		w.book.edit = nil
		if err := w.verifier.Verify(t.Context(), honest); err != nil {
			rt.Fatal(err)
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		if rapid.Bool().Draw(rt, "of the bill") {
			wire, err := honest.Marshal()
			if err != nil {
				rt.Fatal(err)
			}
			wire[random.IntN(len(wire)-len(honest.Signature))] ^= 1 << random.IntN(8)
			b, err := reading.UnmarshalBill(wire)
			if err != nil {
				return
			}
			b = w.resign(t, b, func(*reading.Bill) {})
			if err := w.verifier.Verify(t.Context(), b); err == nil && b.Gateway == honest.Gateway {
				rt.Fatalf("an altered bill holds: %s", cmp.Diff(honest, b))
			}
			return
		}
		w.book.edit = func(l []reading.Reading) []reading.Reading {
			l = slices.Clone(l)
			i := random.IntN(len(l))
			wire, _ := l[i].Marshal()
			wire[random.IntN(len(wire)-1-len(l[i].Signature))] ^= 1 << random.IntN(8)
			if r, err := reading.Unmarshal(wire); err == nil {
				l[i] = r
			} else {
				l = append(l[:i], l[i+1:]...)
			}
			return l
		}
		if err := w.verifier.Verify(t.Context(), honest); err == nil {
			rt.Fatal("a bill over altered readings holds")
		}
	})
}
