package device

import (
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

	"github.com/google/go-cmp/cmp"

	"meterbench/internal/cgroup"
	"meterbench/internal/proc"
	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

func TestMain(m *testing.M) {
	if code, handled := Dispatch(os.Args); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

func start(t *testing.T, limits cgroup.Cap) *Device {
	t.Helper()
	d, err := Start(placed(t, limits))
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

func placed(t *testing.T, limits cgroup.Cap) Config {
	return Config{limits, filepath.Join(t.TempDir(), "device.log"), fe.TableConfig{Entries: 1 << 12}}
}

func openSensors(t *testing.T, d *Device, fleet meter.Config, c meter.SensorsConfig) meter.Maker {
	t.Helper()
	s, err := d.OpenSensors(t.Context(), fleet, c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// A device that ends says so to everybody, at once and later.
func TestDeath(t *testing.T) {
	d := start(t, cgroup.Cap{})
	sensors := openSensors(t, d, household(), meter.SensorsConfig{Kind: reading.Plain})
	syscall.Kill(d.PID(), syscall.SIGSTOP) // so that it cannot answer
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, _, err := sensors.Reading(ctx, 0, 0, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a reading that nobody waits for any more: %v", err)
	}
	asked := make(chan error)
	go func() {
		_, _, err := sensors.Reading(t.Context(), 0, 0, nil)
		asked <- err
	}()
	time.Sleep(10 * time.Millisecond)      // as a rule it waits by then; if not, it hears the same
	syscall.Kill(d.PID(), syscall.SIGKILL) // as above
	want := "device ended: signal: killed; log: "
	if err := <-asked; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("who waited got %v", err)
	}
	if err := <-d.Died(); !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
	begin := time.Now()
	for range 5 {
		if _, _, err := sensors.Reading(t.Context(), 0, 0, nil); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("who asks later gets %v", err)
		}
	}
	if took := time.Since(begin); took < 5*pause {
		t.Errorf("five who ask one after the other have their answers after %v: clients would fail as fast as they can", took)
	}
}

func TestStartFails(t *testing.T) {
	c := placed(t, cgroup.Cap{})
	c.LogPath = filepath.Join(t.TempDir(), "none", "log")
	if _, err := Start(c); err == nil || !strings.HasPrefix(err.Error(), "device: start device: open its log: ") {
		t.Errorf("got %v", err)
	}
	c.Tables.Entries = 9
	if _, err := Start(c); err == nil || !strings.HasPrefix(err.Error(), "device: fe: tables of 9 entries") {
		t.Errorf("got %v", err)
	}
	for _, args := range [][]string{{argv0}, {argv0, "256"}, {argv0, "many", ""}, {argv0, "9", ""}, {argv0, "256", "", ""}} {
		if code, handled := Dispatch(args); code != 1 || !handled {
			t.Errorf("%q: %d, %v", args, code, handled)
		}
	}
}

func TestClose(t *testing.T) {
	d := start(t, cgroup.Cap{})
	sensors := openSensors(t, d, household(), meter.SensorsConfig{Kind: reading.Plain})
	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	if _, _, err := sensors.Reading(t.Context(), 0, 0, nil); err == nil || err.Error() != "device: no more answers: connection is shut down" {
		t.Errorf("got %v", err)
	}
	select {
	case err := <-d.Died():
		t.Errorf("a device that was closed has died: %v", err)
	default:
	}
}

// needsGroups skips a test where no control group can be made.
func needsGroups(t *testing.T, limits cgroup.Cap) {
	t.Helper()
	if group, err := cgroup.Create(fmt.Sprintf("%s.%d", t.Name(), os.Getpid()), limits); err != nil {
		t.Skip(err)
	} else if err := group.Close(); err != nil {
		t.Fatal(err)
	}
}

// A device with a cap encrypts as many readings as that allows.
func TestCappedDevice(t *testing.T) {
	public := masterOf(t, household()).Encryptor().Public()
	rate := func(limits cgroup.Cap) (perSecond, cores float64, throttle proc.Throttle) {
		d := start(t, limits)
		sensors := openSensors(t, d, household(), meter.SensorsConfig{Kind: reading.Encrypted, Public: public})
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
					_, encrypt, err := sensors.Reading(ctx, client, number, nil)
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
	needsGroups(t, cgroup.Cap{CPUs: 0.2})
	free, most, none := rate(cgroup.Cap{})
	capped, cores, throttle := rate(cgroup.Cap{CPUs: 0.2})
	// A machine that others keep busy may give less for a while, and one that stalls, as virtual ones do, charges a process for it.
	for tries := 1; tries < 5 && (cores > 0.25 || throttle.Throttled == 0 || capped == 0); tries++ {
		capped, cores, throttle = rate(cgroup.Cap{CPUs: 0.2})
	}
	t.Logf("%.0f readings per second with %.2f cores, %.0f with %.2f, held back in %d of %d periods", free, most, capped, cores, throttle.Throttled, throttle.Periods)
	if diff := cmp.Diff(proc.Throttle{}, none); diff != "" {
		t.Errorf("throttled without a cap: %s", diff)
	}
	if throttle.Throttled == 0 || throttle.Time <= 0 {
		t.Errorf("throttled in %d periods for %v with a cap", throttle.Throttled, throttle.Time)
	}
	if cores > 0.25 {
		t.Errorf("a cap of 0.2 cores: used %.2f", cores)
	}
	if capped == 0 {
		t.Error("a cap of 0.2 cores: no readings")
	}
	// A machine that others keep busy gives the first of them little.
	if most > 0.6 && capped > free/2 {
		t.Errorf("a cap of 0.2 cores: %.0f readings per second, more than half of the %.0f without", capped, free)
	}
}
