package workloads

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/simulators/device"
	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// A recorder is a device that tells what it was asked.
type recorder struct {
	fleet  meter.Config
	sealed meter.SensorsConfig
	served gateway.Config
	asked  []string
	failed error
}

func (d *recorder) OpenSensors(_ context.Context, fleet meter.Config, sealed meter.SensorsConfig) (meter.Maker, error) {
	d.fleet, d.sealed = fleet, sealed
	return d, d.failed
}

func (d *recorder) OpenGateway(_ context.Context, served gateway.Config) (gateway.Biller, error) {
	d.served = served
	return d, d.failed
}

func (d *recorder) Reading(_ context.Context, meter int, number uint64, values *reading.Values) ([]byte, time.Duration, error) {
	asked := fmt.Sprint(meter, "/", number)
	if values != nil {
		asked += fmt.Sprint(" ", values.Register, values.Wh)
	}
	d.asked = append(d.asked, asked)
	return []byte{byte(meter)}, time.Second, d.failed
}

func (d *recorder) Bill(_ context.Context, tariff int, readings []reading.Reading) ([]byte, time.Duration, error) {
	asked := fmt.Sprint("tariff ", tariff)
	for _, r := range readings {
		asked += fmt.Sprint(" ", r.Meter, "/", r.Number)
	}
	d.asked = append(d.asked, asked)
	return []byte{byte(tariff)}, time.Second, d.failed
}

// The same seed gives the same readings and bills with a device and without, byte for byte, as far
// as nothing is encrypted.
func TestDeviceChangesNothing(t *testing.T) {
	d, err := device.Start(device.Config{LogPath: filepath.Join(t.TempDir(), "device.log"), Tables: fe.TableConfig{Entries: 1 << 12}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	transactions := func(w bench.Workload) (all []bench.Transaction) {
		for seq := range uint64(40) {
			tx, err := w.Transaction(t.Context(), 10+seq)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, tx)
		}
		return all
	}
	for name, c := range map[string]Config{
		"plain":        {Options: Options{kind: result.Plain}, Fleet: fleet(t, "a", 7, 4)},
		"padded":       {Options: Options{kind: result.Padded, Scheme: "ddh", Bits: 1024}, Fleet: fleet(t, "a", 7, 4)},
		"plain trace":  {Options: Options{kind: result.Plain}, Fleet: fleet(t, "a", 7, 1), Source: odd{7}},
		"padded trace": {Options: Options{kind: result.Padded, Scheme: "ecddh", Bits: 256}, Fleet: fleet(t, "a", 7, 1), Source: odd{7}},
	} {
		t.Run(name, func(t *testing.T) {
			c.First, c.Channels = 10, 2
			want := transactions(workload(t, c))
			c.Device = d
			if diff := cmp.Diff(want, transactions(workload(t, c))); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("bills", func(t *testing.T) {
		b, _ := billing(t, "plain")
		played := b.config
		played.Device = d
		same, err := NewBilling(t.Context(), played)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(transactions(b), transactions(same)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDevice(t *testing.T) {
	fleet, err := meter.NewFleet(meter.Config{Meters: 3, Prefix: "m", Interval: time.Hour, Start: time.Unix(0, 0), Length: 2, Bound: 1000})
	if err != nil {
		t.Fatal(err)
	}
	config := func(kind result.Workload) Config {
		return Config{Options: Options{kind: kind, Scheme: "ddh", Bits: 1024, Encryption: Encryption{Mode: result.EncryptInline}}, Fleet: fleet, First: 10, Channels: 2}
	}
	for _, kind := range forms() {
		device := &recorder{}
		c := config(kind)
		c.Device = device
		r, err := NewReadings(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "kind in the device", device.sealed.Kind.String(), string(kind))
		equal(t, "fleet in the device", device.fleet, fleet.Config())
		equal(t, "the device has a public key", device.sealed.Public != nil, kind == result.Encrypted)
		equal(t, "the device has a size", device.sealed.Size > 0, kind == result.Padded)
		if kind == result.Encrypted {
			if p, err := fe.ReadParams(device.sealed.Public); err != nil || p != r.params {
				t.Errorf("public key for %v, %v", p, err)
			}
			set, err := r.SetUp(0)
			if err != nil || !bytes.Contains(set[0].Args[0], device.sealed.Public) {
				t.Errorf("the ledger gets another public key: %v", err)
			}
		}
		tx, err := r.Transaction(t.Context(), 14)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "transaction", tx, bench.Transaction{Function: reading.FnPut, Args: [][]byte{{1}}, Channel: 1, Encrypt: time.Second, Once: reading.CodeDuplicate})
		if got := fmt.Sprint(device.asked); got != "[1/1]" {
			t.Errorf("%s: asked for %s", kind, got)
		}
		device.failed = errors.New("no power")
		if _, err := r.Transaction(t.Context(), 10); fmt.Sprint(err) != "transaction 10: no power" {
			t.Errorf("%s: %v", kind, err)
		}
		if _, err := NewReadings(t.Context(), c); fmt.Sprint(err) != fmt.Sprintf("workload %s: no power", kind) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for _, mode := range []result.Encryption{result.EncryptAhead, result.EncryptBank} {
		c := config("encrypted")
		c.Device, c.Encryption = &recorder{}, Encryption{mode, 5}
		if _, err := NewReadings(t.Context(), c); err == nil || !strings.HasSuffix(err.Error(), "would have no cap when they count; with a device make them inline, not "+string(mode)) {
			t.Errorf("got %v", err)
		}
	}
	c := config("plain")
	device := &recorder{}
	c.Device, c.Source = device, odd{3}
	r, err := NewReadings(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Transaction(t.Context(), 12); err != nil || fmt.Sprint(device.asked) != "[2/14 2 [4]]" {
		t.Errorf("of a trace it is asked for %s, %v", device.asked, err)
	}
}

// Each meter of the device has the key of its place in its group, and nobody
// else encrypts.
func TestDeviceOfGroups(t *testing.T) {
	device := &recorder{}
	config := Config{Options: Options{kind: result.Encrypted, Scheme: "dmcfe", Bits: 256, Length: 3, Reveal: true, Encryption: Encryption{Mode: result.EncryptInline}}, Fleet: fleet(t, "g", 12, 1), Channels: 2, Device: device}
	r, err := NewReadings(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(device.sealed.Members); n != 12 {
		t.Fatalf("the device has %d members", n)
	}
	equal(t, "parameters of the groups", device.sealed.Group, r.params)
	equal(t, "public key of an authority", device.sealed.Public, []byte(nil))
	groups := r.cipher.(*groups)
	if _, err := groups.members[0][0].Seal(); err == nil || !strings.Contains(err.Error(), "sealed before") {
		t.Errorf("sealed twice: %v", err)
	}
	tables := smallTables(t)
	for _, first := range []int{0, 1, 6, 7} { // the first meter of each group
		group, _ := groups.place(first)
		shares, ciphertexts := make([][]byte, 3), make([][]byte, 3)
		for member := range 3 {
			meter := first + 2*member
			sealed, err := fe.NewSealedMember(device.sealed.Group, device.sealed.Members[meter])
			if err != nil {
				t.Fatal(err)
			}
			if ciphertexts[member], err = sealed.Encrypt(4, int64(10+meter)); err != nil {
				t.Fatal(err)
			}
			if shares[member], err = groups.members[group][member].DeriveShare(ones(3)); err != nil {
				t.Fatal(err)
			}
		}
		key, err := fe.CombineShares(r.params, ones(3), shares)
		if err != nil {
			t.Fatal(err)
		}
		evaluator, err := fe.NewGroupEvaluator(t.Context(), key, tables)
		if err != nil {
			t.Fatal(err)
		}
		if sum, err := evaluator.Evaluate(t.Context(), 4, ciphertexts); err != nil || sum != int64(30+3*first+6) {
			t.Errorf("meters from %d on add up to %d, %v", first, sum, err)
		}
	}
}

// A device bills what is on the ledger by the tariffs that were approved, as the
// gateway that the contract knows.
func TestDeviceOfBills(t *testing.T) {
	for _, form := range []result.Workload{result.Plain, result.Encrypted} {
		own, _ := billing(t, form)
		device := &recorder{}
		config := own.config
		config.Device = device
		b, err := NewBilling(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		gateway, err := b.gateway.Registration()
		if err != nil {
			t.Fatal(err)
		}
		without, err := own.gateway.Registration()
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "gateway", gateway, without)
		s := device.served
		equal(t, "id in the device", s.ID, gateway.ID)
		equal(t, "seed in the device", s.Seed, config.Fleet.Config().Seed)
		if !reflect.DeepEqual(s.Tariffs, b.serves.Tariffs) { // whose big numbers cmp does not compare
			t.Errorf("%s: the device has %d other tariffs", form, len(s.Tariffs))
		}
		equal(t, "the device has a public key", s.Public != nil, form == result.Encrypted)
		equal(t, "kind of sensors in the device", device.sealed.Kind, reading.Kind(0))
		// The second meter's third tariff, in its first period.
		tx, err := b.Transaction(t.Context(), 10+5*2+1)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "transaction", tx, bench.Transaction{Function: reading.FnPutBill, Args: [][]byte{{2}}, Channel: 1, Encrypt: time.Second, Once: reading.CodeBillDuplicate})
		if want := "[tariff 2 bill-000001/0 bill-000001/1 bill-000001/2]"; fmt.Sprint(device.asked) != want {
			t.Errorf("%s: asked for %s, want %s", form, device.asked, want)
		}
		device.failed = errors.New("no power")
		if _, err := b.Transaction(t.Context(), 10); fmt.Sprint(err) != "transaction 10: no power" {
			t.Errorf("%s: %v", form, err)
		}
		if _, err := NewBilling(t.Context(), config); fmt.Sprint(err) != "billing: no power" {
			t.Errorf("%s: %v", form, err)
		}
	}
}
