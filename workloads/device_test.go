package workloads

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"meterbench/simulators/meter"
	"meterbench/workloads/fe"
	"meterbench/workloads/reading"
)

// A recorder is a device that tells what it was asked.
type recorder struct {
	sealed Sealed
	asked  []string
	failed error
}

func (d *recorder) open(_ context.Context, sealed Sealed) (Device, error) {
	d.sealed = sealed
	return d, d.failed
}

func (d *recorder) Reading(_ context.Context, meter int, number uint64) ([]byte, time.Duration, error) {
	d.asked = append(d.asked, fmt.Sprint(meter, "/", number))
	return []byte{byte(meter)}, time.Second, d.failed
}

func TestDevice(t *testing.T) {
	fleet, err := meter.NewFleet(meter.Config{Meters: 3, Prefix: "m", Interval: time.Hour, Start: time.Unix(0, 0), Length: 2, Bound: 1000})
	if err != nil {
		t.Fatal(err)
	}
	config := func(kind string) Config {
		return Config{Kind: kind, Scheme: "ddh", Bits: 1024, Fleet: fleet, First: 10, Encryption: "inline", Channels: 2}
	}
	for _, kind := range []string{"plain", "padded", "encrypted"} {
		device := &recorder{}
		c := config(kind)
		c.Device = device.open
		r, err := NewReadings(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if s := device.sealed; s.Kind.String() != kind || s.Fleet != fleet.Config() || (s.Public != nil) != (kind == "encrypted") || (s.Size > 0) != (kind == "padded") {
			t.Errorf("%s: the device is told %+v", kind, s)
		}
		if kind == "encrypted" {
			if p, err := fe.ReadParams(device.sealed.Public); err != nil || p != r.params {
				t.Errorf("public key for %v, %v", p, err)
			}
			set, err := r.SetUp(0)
			if err != nil || !bytes.Contains(set[0].Args[0], device.sealed.Public) {
				t.Errorf("the ledger gets another public key: %v", err)
			}
		}
		tx, err := r.Transaction(t.Context(), 14)
		if err != nil || tx.Function != reading.FnPut || !bytes.Equal(tx.Args[0], []byte{1}) || tx.Channel != 1 || tx.Encrypt != time.Second {
			t.Errorf("%s: %+v, %v", kind, tx, err)
		}
		if got := fmt.Sprint(device.asked); got != "[1/1]" {
			t.Errorf("%s: asked for %s", kind, got)
		}
		device.failed = errors.New("no power")
		if _, err := r.Transaction(t.Context(), 10); fmt.Sprint(err) != "transaction 10: no power" {
			t.Errorf("%s: %v", kind, err)
		}
		if _, err := NewReadings(t.Context(), c); fmt.Sprint(err) != "workload "+kind+": no power" {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for want, change := range map[string]func(*Config){
		"workload encrypted: a device encrypts every reading when it is due, not ahead; make it inline": func(c *Config) { c.Encryption = "ahead" },
		"workload encrypted: the keys of a group of dmcfe are agreed on in the load generator, not in the device; leave caps.device out": func(c *Config) {
			single := fleet.Config()
			single.Length = 1
			c.Fleet, _ = meter.NewFleet(single)
			c.Scheme, c.Bits, c.Group, c.Channels = "dmcfe", 256, 3, 1
		},
	} {
		c := config("encrypted")
		c.Device = (&recorder{}).open
		change(&c)
		if _, err := NewReadings(t.Context(), c); fmt.Sprint(err) != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}
