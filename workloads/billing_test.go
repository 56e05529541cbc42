package workloads

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/simulators/authority"
	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
	"meterbench/simulators/verifier"
)

func smallTables(t testing.TB) *fe.Tables {
	t.Helper()
	tables, err := fe.NewTables(fe.TableConfig{Entries: 1 << 14})
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

// billing returns a billing workload whose set-up and stock are on the ledger.
func billing(t testing.TB, form result.Workload) (*Bills, *chain) {
	t.Helper()
	s := newChain(2)
	b, err := NewBilling(t.Context(), Config{Options: Options{kind: result.Billing, Form: form, Scheme: "ddh", Bits: 1024, Readings: 3, Verify: true}, Fleet: fleet(t, "bill", 5, 4), First: 10, Channels: 2, Ledger: s, Tables: smallTables(t)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Prepare(t.Context(), 0, nil); err != nil {
		t.Fatal(err)
	}
	for channel := range 2 {
		all, err := b.SetUp(channel)
		if err != nil {
			t.Fatal(err)
		}
		for _, tx := range all {
			s.commit(t, tx)
		}
		for tx, err := range b.Preload(t.Context(), channel) {
			if err != nil {
				t.Fatal(err)
			}
			s.commit(t, tx)
		}
	}
	return b, s
}

// Every bill holds, is of a meter on its channel, and is made once.
func TestBilling(t *testing.T) {
	for _, form := range forms() {
		t.Run(string(form), func(t *testing.T) {
			b, s := billing(t, form)
			if stocked := s.count("r/"); uint64(stocked) != b.Preloaded() || stocked != 5*3*periods {
				t.Errorf("%d readings are on the ledger; the workload says %d", stocked, b.Preloaded())
			}
			if b.config.Most() < 40_000 {
				t.Errorf("only %d bills", b.config.Most())
			}
			registration, err := b.gateway.Registration()
			if err != nil {
				t.Fatal(err)
			}
			gateway, err := reading.ParseKey(registration.Key)
			if err != nil {
				t.Fatal(err)
			}
			for i := range uint64(100) {
				at := i * 397 % b.config.Most()
				tx, err := b.Transaction(t.Context(), 10+at)
				if err != nil {
					t.Fatal(err)
				}
				bill, err := reading.UnmarshalBill(tx.Args[0])
				if err != nil {
					t.Fatal(err)
				}
				if tx.Function != reading.FnPutBill || (tx.Encrypt > 0) != (form == result.Encrypted) || bill.To-bill.From != 3 {
					t.Fatalf("transaction %d calls %s with a bill over %d readings, encryption %v", at, tx.Function, bill.To-bill.From, tx.Encrypt)
				}
				s.commit(t, tx) // as the first bill of its kind
				if meter, wh := b.Reading(10 + at); meter != bill.Meter || wh == 0 {
					t.Errorf("bill of %s is said to be about %s, %d Wh", bill.Meter, meter, wh)
				}
				if i >= 10 {
					continue // verifying costs as much as billing
				}
				index, _, number := b.bill(at)
				meter, err := meterKey(b, index)
				if err != nil {
					t.Fatal(err)
				}
				v := verifier.Verifier{Ledger: oneChannel{s, tx.Channel}, Meter: meter, Span: 4 * time.Hour, Gateway: gateway}
				if form == result.Encrypted {
					v.Key = b.serves.Tariffs[number].Key
					public := s.value(tx.Channel, reading.ParametersKey(b.serves.Tariffs[number].Function.Parameters))
					if v.Evaluator, err = fe.NewEvaluator(t.Context(), public, b.config.Tables); err != nil {
						t.Fatal(err)
					}
				}
				if err := v.Verify(t.Context(), bill); err != nil {
					t.Error(err)
				}
			}
			if _, err := b.Transaction(t.Context(), 10+b.config.Most()); err == nil || !strings.Contains(err.Error(), "use more meters") {
				t.Errorf("error %v", err)
			}
			if _, err := b.Transaction(t.Context(), 9); err == nil || !strings.Contains(err.Error(), "begins with 10") {
				t.Errorf("error %v", err)
			}
			s.fail = errors.New("peer is gone")
			if _, err := b.Transaction(t.Context(), 10); !errors.Is(err, s.fail) {
				t.Errorf("error %v", err)
			}
			s.fail = nil
			clear(s.states[0])
			if _, err := b.Transaction(t.Context(), 10); err == nil || !strings.Contains(err.Error(), "0 of 3 readings of meter bill-000000 are on the ledger") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestBillingErrors(t *testing.T) {
	good := Config{Options: Options{kind: result.Billing, Form: result.Encrypted, Scheme: "ddh", Bits: 1024, Readings: 30}, Fleet: fleet(t, "a", 2, 24), Tables: smallTables(t)}
	for want, spoil := range map[string]func(*Config){
		"billing: workload encrypted: fe: ddh of": func(c *Config) { c.Bits = 7 },
		"billing: encrypted readings need tables": func(c *Config) { c.Tables = nil },
		"would reveal single values":              func(c *Config) { c.Fleet = fleet(t, "a", 2, 1) },
		"larger tables": func(c *Config) {
			c.Tables, _ = fe.NewTables(fe.TableConfig{Entries: 1 << 8})
			c.Scheme, c.Bits = "ecddh", 256
			wide := fleet(t, "a", 2, 1000).Config()
			wide.Bound = 100_000
			c.Fleet, _ = meter.NewFleet(wide)
		},
	} {
		c := good
		spoil(&c)
		if _, err := NewBilling(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
	revealing := good
	revealing.Fleet, revealing.Reveal = fleet(t, "a", 2, 1), true
	if _, err := NewBilling(t.Context(), revealing); err != nil {
		t.Error(err)
	}
	good.Tables = smallTables(t)
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := NewBilling(stopped, good); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// The keys of all tariffs together reveal no single value, whatever the length.
func TestTariffsRevealNothing(t *testing.T) {
	for _, length := range []int{4, 5, 7, 8, 9, 23, 24, 96} {
		keys, err := authority.New(t.Context(), authority.Config{Params: fe.Params{Scheme: "ddh", Bits: 1024, Length: length, Bound: 100}})
		if err != nil {
			t.Fatal(err)
		}
		f := fleet(t, "a", 1, length).Config()
		seen := map[reading.Hash]bool{}
		for i := range 100 {
			name, weights := tariff(i, f)
			approval, err := keys.Approve(authority.Tariff{Name: name, From: f.Start, Weights: weights})
			if err != nil || seen[approval.Hash] {
				t.Fatalf("tariff %d of length %d: %v", i, length, err)
			}
			seen[approval.Hash] = true
		}
	}
}

func TestGroupErrors(t *testing.T) {
	good := Config{Options: Options{kind: result.Encrypted, Scheme: "dmcfe", Bits: 256, Length: 3, Encryption: Encryption{Mode: result.EncryptInline}}, Fleet: fleet(t, "g", 6, 1)}
	for want, spoil := range map[string]func(*Config){
		"readings of 2 values; with dmcfe a reading has one":  func(c *Config) { c.Fleet = fleet(t, "g", 6, 2) },
		"6 meters in groups of 4 on 1 channels; want a multi": func(c *Config) { c.Length = 4 },
		"6 meters in groups of 3 on 4 channels":               func(c *Config) { c.Channels = 4 },
		"vector length 0 is out of range":                     func(c *Config) { c.Length = 0 },
	} {
		c := good
		spoil(&c)
		if _, err := NewReadings(t.Context(), c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
	padded := good
	padded.kind, padded.Encryption = "padded", Encryption{}
	if r, err := NewReadings(t.Context(), padded); err != nil || r.params.CiphertextSize() > 100 {
		t.Errorf("padded readings of %v, %v", r, err)
	}
}

// No reading is billed twice by a tariff, and a meter's bills by one are as far apart as all meters and tariffs allow: two
// in a block could not both be valid.
func TestBillsDoNotOverlap(t *testing.T) {
	b, _ := billing(t, result.Plain)
	type by struct {
		meter  int
		tariff uint64
	}
	billed, last := map[by]map[uint64]bool{}, map[by]uint64{}
	for at := range b.config.Most() {
		meter, from, tariff := b.bill(at)
		k := by{meter, tariff}
		if before, again := last[k]; again && at-before < b.config.Most()/periods {
			t.Fatalf("bills %d and %d are of one meter and tariff", before, at)
		}
		last[k] = at
		if billed[k] == nil {
			billed[k] = map[uint64]bool{}
		}
		for n := from; n < from+uint64(b.config.Readings); n++ {
			if billed[k][n] || n >= b.perMeter() {
				t.Fatalf("bill %d: reading %d of meter %d is billed twice by tariff %d, or is none of %d", at, n, meter, tariff, b.perMeter())
			}
			billed[k][n] = true
		}
	}
}
