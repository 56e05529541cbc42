package device

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"meterbench/internal/proc"
	"meterbench/network/cgroup"
	"meterbench/simulators/meter"
	"meterbench/workloads"
	"meterbench/workloads/fe"
	"meterbench/workloads/reading"
)

func TestMain(m *testing.M) {
	if code, handled := Dispatch(os.Args); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

func start(t *testing.T, limits cgroup.Limits) *Device {
	t.Helper()
	d, err := Start(limits, filepath.Join(t.TempDir(), "device.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func open(t *testing.T, d *Device, c Config) *Sensors {
	t.Helper()
	s, err := d.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func authority(t testing.TB, fleet meter.Config) fe.Authority {
	t.Helper()
	a, err := fe.Setup(t.Context(), fe.Params{Scheme: "ddh", Bits: 1024, Length: fleet.Length, Bound: fleet.Bound})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A device's readings are those that the load generator would make itself,
// byte for byte, whoever else asks at the same time.
func TestReadings(t *testing.T) {
	d := start(t, cgroup.Limits{})
	config := household()
	fleet, err := meter.NewFleet(config)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for kind, c := range map[string]Config{
		"plain":  {Fleet: config, Kind: reading.Plain},
		"padded": {Fleet: config, Kind: reading.Padded, Size: fe.Params{Scheme: "ddh", Bits: 1024, Length: config.Length, Bound: config.Bound}.CiphertextSize()},
	} {
		readings, err := workloads.NewReadings(t.Context(), workloads.Config{Kind: kind, Scheme: "ddh", Bits: 1024, Fleet: fleet})
		if err != nil {
			t.Fatal(err)
		}
		sensors := open(t, d, c)
		for seq := range uint64(100) {
			group.Go(func() {
				tx, err := readings.Transaction(t.Context(), seq)
				if err != nil {
					t.Error(err)
					return
				}
				wire, encrypt, err := sensors.Reading(t.Context(), int(seq%20), seq/20)
				if err != nil || encrypt != 0 || !bytes.Equal(wire, tx.Args[0]) {
					t.Errorf("%s %d: %x, %v, %v; want %x", kind, seq, wire, encrypt, err, tx.Args[0])
				}
			})
		}
	}
	group.Wait()
}

func TestEncryptedReadings(t *testing.T) {
	d := start(t, cgroup.Limits{})
	config := household()
	fleet, err := meter.NewFleet(config)
	if err != nil {
		t.Fatal(err)
	}
	authority := authority(t, config)
	sensors := open(t, d, Config{Fleet: config, Kind: reading.Encrypted, Public: authority.Encryptor().Public()})
	wire, encrypt, err := sensors.Reading(t.Context(), 3, 8)
	if err != nil || encrypt <= 0 {
		t.Fatal(encrypt, err)
	}
	r, err := reading.Unmarshal(wire)
	if err != nil {
		t.Fatal(err)
	}
	if r.Kind != reading.Encrypted || r.Meter != fleet.ID(3) || r.Number != 8 || !r.Time.Equal(fleet.End(3, 8)) {
		t.Errorf("got %+v", r)
	}
	again := r
	if err := fleet.Sign(3, &again); err != nil || !bytes.Equal(again.Signature, r.Signature) {
		t.Errorf("signed as %x, want %x, %v", r.Signature, again.Signature, err)
	}
	key, err := authority.Derive([]int64{1, 10, 100, 1000})
	if err != nil {
		t.Fatal(err)
	}
	values, _ := fleet.Values(3, 8)
	want := values.Wh[0] + 10*values.Wh[1] + 100*values.Wh[2] + 1000*values.Wh[3]
	tables, err := fe.NewTables(fe.TableConfig{Entries: 1 << 12})
	if err != nil {
		t.Fatal(err)
	}
	evaluator, err := fe.NewEvaluator(t.Context(), authority.Encryptor().Public(), tables)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := evaluator.Evaluate(t.Context(), r.Payload, key); got != want || err != nil {
		t.Errorf("the ciphertext gives %d, %v, want %d", got, err, want)
	}
}

func TestRefusals(t *testing.T) {
	d := start(t, cgroup.Limits{})
	config := household()
	public := authority(t, config).Encryptor().Public()
	other := config
	other.Length = 3
	none := config
	none.Meters = 0
	for _, test := range []struct {
		config Config
		want   string
	}{
		{Config{Fleet: none, Kind: reading.Plain}, "fleet of meters: 0 meters; want 1 to 1000000"},
		{Config{Fleet: config, Kind: 9}, "readings of kind(9)"},
		{Config{Fleet: config, Kind: reading.Plain, Public: public}, "a public key is for encrypted readings, and they need one"},
		{Config{Fleet: config, Kind: reading.Encrypted}, "a public key is for encrypted readings, and they need one"},
		{Config{Fleet: config, Kind: reading.Padded}, "payload of 0 bytes: a size is for padded readings, up to 262144"},
		{Config{Fleet: config, Kind: reading.Encrypted, Public: public[:9]}, "public key: "},
		{Config{Fleet: other, Kind: reading.Encrypted, Public: public}, "public key for 4 values up to 10000; the meters have 3 up to 10000"},
	} {
		if _, err := d.Open(t.Context(), test.config); err == nil || !strings.HasPrefix(err.Error(), "open sensors: device: "+test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	sensors := open(t, d, Config{Fleet: config, Kind: reading.Padded, Size: 8})
	for _, test := range []struct {
		meter  int
		number uint64
		want   string
	}{
		{20, 0, "device: meter 20 of 20"},
		{0, 1 << 60, "device: meter m-000000 has made all its"},
		{1, 0, "device: reading 0 of meter m-000001: "},
	} {
		if _, _, err := sensors.Reading(t.Context(), test.meter, test.number); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	if _, _, err := (&Sensors{d, 1 << 40}).Reading(t.Context(), 0, 0); err == nil || err.Error() != "device: request to sensors that were not opened" {
		t.Errorf("got %v", err)
	}
	if _, err := Start(cgroup.Limits{}, filepath.Join(t.TempDir(), "none", "log")); err == nil || !strings.HasPrefix(err.Error(), "device: start device: open its log: ") {
		t.Errorf("got %v", err)
	}
}

// A device that ends says so to everybody, at once and later.
func TestDeath(t *testing.T) {
	d := start(t, cgroup.Limits{})
	sensors := open(t, d, Config{Fleet: household(), Kind: reading.Plain})
	syscall.Kill(d.PID(), syscall.SIGSTOP) //nolint:errcheck // so that it cannot answer
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := sensors.Reading(ctx, 0, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a reading that nobody waits for any more: %v", err)
	}
	asked := make(chan error)
	go func() {
		_, _, err := sensors.Reading(t.Context(), 0, 0)
		asked <- err
	}()
	for d.waiting() == 0 {
		time.Sleep(time.Millisecond)
	}
	syscall.Kill(d.PID(), syscall.SIGKILL) //nolint:errcheck // as above
	want := "device ended: signal: killed; log: "
	if err := <-asked; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("who waited got %v", err)
	}
	if err := <-d.Died(); !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	if _, _, err := sensors.Reading(t.Context(), 0, 0); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("who asks later gets %v", err)
	}
}

func (d *Device) waiting() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.pending)
}

func TestClose(t *testing.T) {
	d := start(t, cgroup.Limits{})
	sensors := open(t, d, Config{Fleet: household(), Kind: reading.Plain})
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	if _, _, err := sensors.Reading(t.Context(), 0, 0); err == nil || err.Error() != "device: no more answers: EOF" {
		t.Errorf("got %v", err)
	}
	select {
	case err := <-d.Died():
		t.Errorf("a device that was closed has died: %v", err)
	default:
	}
}

// A device with a cap encrypts as many readings as that allows.
func TestCappedDevice(t *testing.T) {
	public := authority(t, household()).Encryptor().Public()
	rate := func(limits cgroup.Limits) (perSecond, cores float64, throttle cgroup.Throttle) {
		d := start(t, limits)
		sensors := open(t, d, Config{Fleet: household(), Kind: reading.Encrypted, Public: public})
		var group sync.WaitGroup
		var made atomic.Int64
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		before, err := proc.Process(d.PID())
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		for client := range 16 {
			group.Go(func() {
				for number := uint64(0); ; number++ {
					_, encrypt, err := sensors.Reading(ctx, client, number)
					if ctx.Err() != nil {
						return
					}
					if err != nil || encrypt <= 0 {
						t.Error(encrypt, err)
						return
					}
					made.Add(1)
				}
			})
		}
		group.Wait()
		span := time.Since(begin).Seconds()
		after, err := proc.Process(d.PID())
		if err != nil {
			t.Fatal(err)
		}
		if throttle, err = d.Throttle(); err != nil {
			t.Error(err)
		}
		return float64(made.Load()) / span, (after.CPU - before.CPU) / span, throttle
	}
	if group, err := cgroup.Create(fmt.Sprintf("%s.%d", t.Name(), os.Getpid()), cgroup.Limits{CPUs: 0.2}); err != nil {
		t.Skip(err)
	} else if err := group.Close(); err != nil {
		t.Fatal(err)
	}
	free, most, none := rate(cgroup.Limits{})
	capped, cores, throttle := rate(cgroup.Limits{CPUs: 0.2})
	t.Logf("%.0f readings per second with %.2f cores, %.0f with %.2f, held back in %d of %d periods", free, most, capped, cores, throttle.Throttled, throttle.Periods)
	if none != (cgroup.Throttle{}) || throttle.Throttled == 0 || throttle.Time <= 0 {
		t.Errorf("throttling %+v without a cap, %+v with one", none, throttle)
	}
	// A machine that others keep busy gives the first of them little.
	if cores > 0.25 || most > 0.6 && capped > free/2 || capped == 0 {
		t.Errorf("a cap of 0.2 cores: %.0f of %.0f readings per second", capped, free)
	}
}
