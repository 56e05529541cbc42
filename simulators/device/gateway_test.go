package device

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"meterbench/internal/cgroup"
	"meterbench/simulators/authority"
	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
	"meterbench/simulators/verifier"
)

// A month is what a gateway bills: readings of one meter that a device made.
type month struct {
	fleet     *meter.Fleet
	sensors   meter.SensorsConfig
	gateway   gateway.Config
	tables    *fe.Tables
	evaluator fe.Evaluator // nil: plaintext
	readings  []reading.Reading
}

func newMonth(t *testing.T, d *Device, encrypted bool) *month {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	config := household()
	fleet, err := meter.NewFleet(config)
	must(err)
	m := &month{fleet: fleet, sensors: meter.SensorsConfig{Kind: reading.Plain}, gateway: gateway.Config{ID: "m-gw", Seed: 7}}
	tariffs := map[string][]int64{"flat": {1, 1, 1, 1}, "day": {2, 2, 5, 5}}
	keys, err := authority.New(t.Context(), authority.Config{Params: fe.Params{Scheme: "ddh", Bits: 1024, Length: config.Length, Bound: config.Bound}, Reveal: true})
	must(err)
	if encrypted {
		m.sensors.Kind, m.sensors.Public, m.gateway.Public = reading.Encrypted, keys.Public(), keys.Public()
		m.tables, err = fe.NewTables(fe.TableConfig{Entries: 1 << 12})
		must(err)
		m.evaluator, err = fe.NewEvaluator(t.Context(), keys.Public(), m.tables)
		must(err)
	}
	for _, name := range []string{"flat", "day"} {
		tariff := gateway.Tariff{Function: reading.Function{Bound: config.Bound, From: config.Start, Tariff: name, Weights: tariffs[name]}}
		if encrypted {
			approval, err := keys.Approve(authority.Tariff{Name: name, From: config.Start, Weights: tariffs[name]})
			must(err)
			tariff = gateway.Tariff{Function: approval.Function, Hash: approval.Hash, Key: approval.Key}
		}
		tariff.Hash, err = tariff.Function.Hash()
		must(err)
		m.gateway.Tariffs = append(m.gateway.Tariffs, tariff)
	}
	sensors := openSensors(t, d, config, m.sensors)
	for number := range uint64(5) {
		wire, _, err := sensors.Reading(t.Context(), 3, number, nil)
		must(err)
		r, err := reading.Unmarshal(wire)
		must(err)
		m.readings = append(m.readings, r)
	}
	return m
}

// A month is its verifier's ledger.
func (m *month) Readings(_ context.Context, _ string, from, to uint64) ([]reading.Reading, error) {
	return m.readings[from:to], nil
}

func (m *month) Function(_ context.Context, hash reading.Hash) ([]byte, error) {
	for _, t := range m.gateway.Tariffs {
		if t.Hash == hash {
			return t.Function.Marshal()
		}
	}
	return nil, nil
}

func (m *month) Parameters(_ context.Context, id reading.Hash) ([]byte, error) {
	if id != reading.ParametersID(m.gateway.Public) {
		return nil, nil
	}
	return m.gateway.Public, nil
}

// A device's bills are those that the load generator's gateway would make, byte
// for byte, and hold.
func TestBills(t *testing.T) {
	d := start(t, cgroup.Cap{})
	for name, encrypted := range map[string]bool{"plain": false, "encrypted": true} {
		t.Run(name, func(t *testing.T) {
			m := newMonth(t, d, encrypted)
			played, err := d.OpenGateway(t.Context(), m.gateway)
			if err != nil {
				t.Fatal(err)
			}
			own, err := gateway.New(t.Context(), m.gateway, m.tables)
			if err != nil {
				t.Fatal(err)
			}
			var group sync.WaitGroup
			for i := range 3 * maxBills {
				group.Go(func() {
					tariff, readings := i%2, m.readings[i%3:5]
					want, _, err := own.Bill(t.Context(), tariff, readings)
					if err != nil {
						t.Error(err)
						return
					}
					got, evaluate, err := played.Bill(t.Context(), tariff, readings)
					if err != nil || !bytes.Equal(got, want) || (evaluate > 0) != encrypted {
						t.Errorf("%x after %v, %v; want %x", got, evaluate, err, want)
						return
					}
					if err := m.verify(t, got, tariff, own); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
		})
	}
}

func (m *month) verify(t *testing.T, wire []byte, tariff int, by *gateway.Gateway) error {
	bill, err := reading.UnmarshalBill(wire)
	if err != nil {
		return err
	}
	registration, err := by.Registration()
	if err != nil {
		return err
	}
	signs, err := reading.ParseKey(registration.Key)
	if err != nil {
		return err
	}
	compressed, err := m.fleet.PublicKey(3)
	if err != nil {
		return err
	}
	measures, err := reading.ParseKey(compressed)
	if err != nil {
		return err
	}
	v := verifier.Verifier{Ledger: m, Meter: measures, Gateway: signs, Key: m.gateway.Tariffs[tariff].Key, Evaluator: m.evaluator}
	return v.Verify(t.Context(), bill)
}

func TestGatewayRefuses(t *testing.T) {
	d := start(t, cgroup.Cap{})
	m := newMonth(t, d, true)
	none := m.gateway
	none.Public = none.Public[:9]
	if _, err := d.OpenGateway(t.Context(), none); err == nil || !strings.HasPrefix(err.Error(), "open gateway: device: fe public key: ") {
		t.Errorf("got %v", err)
	}
	played, err := d.OpenGateway(t.Context(), m.gateway)
	if err != nil {
		t.Fatal(err)
	}
	altered := []reading.Reading{m.readings[0]}
	altered[0].Payload = altered[0].Payload[:20]
	malformed := []reading.Reading{{}}
	for _, test := range []struct {
		tariff   int
		readings []reading.Reading
		want     string
	}{
		{2, m.readings, "device: tariff 2 of 2"},
		{0, nil, "device: gateway m-gw: a bill over no readings"},
		{0, m.readings[:3:3][1:], ""},
		{0, altered, "device: gateway m-gw: reading 0 of meter m-000003: "},
		{0, malformed, "readings to bill: marshal reading: "},
	} {
		if _, _, err := played.Bill(t.Context(), test.tariff, test.readings); (err == nil) != (test.want == "") || err != nil && !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	for want, q := range map[string]MakeBill{
		"device: nothing was opened under id 9": {Gateway: 9},
		"device: readings to bill: ":            {Readings: []byte{1}},
	} {
		if _, err := call[Answer](t.Context(), d, "Bill", q); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	for range maxBills {
		played.(biller).semaphore <- struct{}{}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, _, err := played.Bill(ctx, 0, m.readings); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a bill that waits for others: %v", err)
	}
}

// A gateway takes the table of discrete logarithms from where it is kept, so
// that a device with little of a processor is ready soon, and keeps one that it
// had to compute.
func TestGatewayKeepsTable(t *testing.T) {
	dir := t.TempDir()
	m := newMonth(t, start(t, cgroup.Cap{}), true)
	open := func() os.FileInfo {
		c := placed(t, cgroup.Cap{})
		c.Tables.Dir = dir
		d, err := Start(c)
		if err != nil {
			t.Fatal(err)
		}
		defer d.Close() // no cap
		if _, err := d.OpenGateway(t.Context(), m.gateway); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(dir, "*.dlog"))
		if err != nil || len(files) != 1 {
			t.Fatal(files, err)
		}
		info, err := os.Stat(files[0])
		if err != nil {
			t.Fatal(err)
		}
		return info
	}
	first := open()
	if again := open(); !os.SameFile(first, again) {
		t.Error("the table was computed again")
	}
}

// A table that is beyond the device's memory ends in an error that says so.
func TestGatewayBeyondMemory(t *testing.T) {
	limits := cgroup.Cap{Memory: 16 << 20}
	needsGroups(t, limits)
	config := household()
	keys, err := fe.Setup(t.Context(), fe.Params{Scheme: "ecddh", Bits: 256, Length: config.Length, Bound: config.Bound})
	if err != nil {
		t.Fatal(err)
	}
	c := placed(t, limits)
	c.Tables.Entries = 1 << 21
	d, err := Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	_, err = d.OpenGateway(t.Context(), gateway.Config{ID: "gw", Public: keys.Encryptor().Public()})
	if err == nil || !strings.HasPrefix(err.Error(), "open gateway: device ended: signal: killed, by the kernel: it needed more memory than its cap of 16 MiB") {
		t.Errorf("got %v", err)
	}
}
