package meter

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"meterbench/simulators/reading"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var monday = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

func config() Config {
	return Config{Seed: 7, Meters: 100, Prefix: "plain", Interval: time.Hour, Start: monday, Length: 24, Bound: 10_000}
}

func fleet(t testing.TB, change func(*Config)) *Fleet {
	t.Helper()
	c := config()
	if change != nil {
		change(&c)
	}
	f, err := NewFleet(c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// plain returns a signed plain reading.
func plain(t testing.TB, f *Fleet, meter int, number uint64) reading.Reading {
	t.Helper()
	values, end := f.Values(meter, number), f.End(meter, number)
	r := reading.Reading{Kind: reading.Plain, Meter: f.ID(meter), Number: number, Time: end, Payload: values.Marshal()}
	if err := f.Sign(meter, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// verifies checks a reading the way a verifier does that knows the public key only.
func verifies(t testing.TB, key []byte, r *reading.Reading) bool {
	t.Helper()
	x, y := elliptic.UnmarshalCompressed(elliptic.P256(), key)
	if x == nil {
		t.Fatalf("key %x is not on the curve", key)
	}
	point := append([]byte{4}, append(x.FillBytes(make([]byte, 32)), y.FillBytes(make([]byte, 32))...)...)
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	digest := r.Digest()
	return ecdsa.VerifyASN1(public, digest[:], r.Signature)
}

// The golden file pins ids, keys, values and signatures to the seed.
func TestGolden(t *testing.T) {
	var b strings.Builder
	for _, seed := range []uint64{7, 1 << 63} {
		f := fleet(t, func(c *Config) { c.Seed = seed })
		for _, meter := range []int{0, 1, 99} {
			key, err := f.PublicKey(meter)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "seed %d %s key %x\n", seed, f.ID(meter), key)
			for _, number := range []uint64{0, 1, 100_000} {
				values := f.Values(meter, number)
				r := plain(t, f, meter, number)
				fmt.Fprintf(&b, "%d ends %s register %d values %d\nsignature %x\n",
					number, r.Time.Format(time.RFC3339), values.Register, values.Wh, r.Signature)
			}
		}
	}
	const path = "testdata/golden.txt"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the fleet changed; got\n%s\nwant\n%s", b.String(), want)
	}
}

func TestValuesProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		c := Config{
			Seed:     rapid.Uint64().Draw(rt, "seed"),
			Meters:   rapid.IntRange(1, 1000).Draw(rt, "meters"),
			Prefix:   "a",
			Interval: time.Duration(rapid.IntRange(1, int(MaxInterval/time.Second)).Draw(rt, "interval")) * time.Second,
			Start:    time.Unix(rapid.Int64Range(0, 1<<33).Draw(rt, "start"), 0),
			Length:   rapid.IntRange(1, 100).Draw(rt, "length"),
			Bound:    rapid.Int64Range(2, 1<<40).Draw(rt, "bound"),
		}
		f, err := NewFleet(c)
		if err != nil {
			rt.Fatal(err)
		}
		c.Prefix = "another.name"
		twin, err := NewFleet(c)
		if err != nil {
			rt.Fatal(err)
		}
		meter := rapid.IntRange(0, c.Meters-1).Draw(rt, "meter")
		number := rapid.Uint64Range(1, f.Limit()-1).Draw(rt, "number")

		before, earlier := f.Values(meter, number-1), f.End(meter, number-1)
		values, end := f.Values(meter, number), f.End(meter, number)
		var sum uint64
		for i, wh := range values.Wh {
			if wh < 0 || wh >= c.Bound {
				rt.Fatalf("value %d is %d; bound %d", i, wh, c.Bound)
			}
			sum += uint64(wh)
		}
		if values.Register != before.Register+sum {
			rt.Errorf("register %d after %d and values of %d", values.Register, before.Register, sum)
		}
		if got, want := end.Sub(earlier), c.Interval*time.Duration(c.Length); got != want {
			rt.Errorf("readings are %v apart; want %v", got, want)
		}
		if end.Unix() > reading.MaxTime || end.Nanosecond() != 0 {
			rt.Errorf("ends at %v", end)
		}
		same, at := twin.Values(meter, number), twin.End(meter, number)
		if !bytes.Equal(same.Marshal(), values.Marshal()) || !at.Equal(end) {
			rt.Errorf("a fleet of another name measured %v at %v, not %v at %v", same, at, values, end)
		}
	})
}

// The first reading's register is the sum of its own values, and a register
// read through another division into readings is the same.
func TestRegisterAddsUpFromTheStart(t *testing.T) {
	daily, hourly := fleet(t, nil), fleet(t, func(c *Config) { c.Length = 1 })
	for meter := range 5 {
		var sum uint64
		for number := range uint64(3) {
			values, end := daily.Values(meter, number), daily.End(meter, number)
			for _, wh := range values.Wh {
				sum += uint64(wh)
			}
			if values.Register != sum {
				t.Errorf("meter %d reading %d: register %d, sum %d", meter, number, values.Register, sum)
			}
			last, at := hourly.Values(meter, 24*number+23), hourly.End(meter, 24*number+23)
			if last.Register != sum || !at.Equal(end) || last.Wh[0] != values.Wh[23] {
				t.Errorf("meter %d reading %d: hourly %v at %v, daily %v at %v", meter, number, last, at, values, end)
			}
		}
	}
}

func TestSignatures(t *testing.T) {
	f, again := fleet(t, nil), fleet(t, nil)
	keys := map[string]int{}
	for meter := range 20 {
		key, err := f.PublicKey(meter)
		if err != nil {
			t.Fatal(err)
		}
		if other, taken := keys[string(key)]; taken || len(key) != reading.KeySize {
			t.Errorf("meter %d has key %x, meter %d too", meter, key, other)
		}
		keys[string(key)] = meter
		r, same := plain(t, f, meter, 3), plain(t, again, meter, 3)
		if !verifies(t, key, &r) {
			t.Errorf("meter %d: signature does not verify", meter)
		}
		if !bytes.Equal(r.Signature, same.Signature) {
			t.Errorf("meter %d: signature does not repeat", meter)
		}
		for name, forge := range map[string]func(*reading.Reading){
			"kind":    func(r *reading.Reading) { r.Kind = reading.Padded },
			"meter":   func(r *reading.Reading) { r.Meter += "0" },
			"number":  func(r *reading.Reading) { r.Number++ },
			"time":    func(r *reading.Reading) { r.Time = r.Time.Add(time.Second) },
			"payload": func(r *reading.Reading) { r.Payload = append([]byte{1}, r.Payload...) },
		} {
			forged := r
			if forge(&forged); verifies(t, key, &forged) {
				t.Errorf("meter %d: signature still verifies with another %s", meter, name)
			}
		}
	}
	other := fleet(t, func(c *Config) { c.Seed++ })
	if key, err := other.PublicKey(0); err != nil || keys[string(key)] != 0 {
		t.Fatal(err)
	} else if _, taken := keys[string(key)]; taken {
		t.Error("another seed gives the same key")
	}
}

// Meters that share a slot of the key cache keep their own keys.
func TestKeyCacheEvicts(t *testing.T) {
	f := fleet(t, func(c *Config) { c.Meters = maxKeys + 1 })
	if len(f.keys) != maxKeys {
		t.Fatalf("%d slots", len(f.keys))
	}
	key := func(meter int) string {
		k, err := f.PublicKey(meter)
		if err != nil {
			t.Fatal(err)
		}
		return hex.EncodeToString(k)
	}
	first, last := key(0), key(maxKeys)
	if first == last || key(0) != first || key(maxKeys) != last {
		t.Error("keys changed or are the same")
	}
}

func TestConcurrentUse(t *testing.T) {
	f := fleet(t, func(c *Config) { c.Meters = 3 })
	want := plain(t, fleet(t, nil), 1, 5)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 5 {
				values, end := f.Values(1, 5), f.End(1, 5)
				r := reading.Reading{Kind: reading.Plain, Meter: f.ID(1), Number: 5, Time: end, Payload: values.Marshal()}
				if err := f.Sign(1, &r); err != nil || !bytes.Equal(r.Signature, want.Signature) {
					t.Errorf("signature differs: %v", err)
				}
			}
		})
	}
	group.Wait()
}

func TestConfigErrors(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"no meters":        {func(c *Config) { c.Meters = 0 }, "0 meters; want 1 to 1000000"},
		"too many":         {func(c *Config) { c.Meters = MaxMeters + 1 }, "want 1 to 1000000"},
		"capitals":         {func(c *Config) { c.Prefix = "Plain" }, `prefix "Plain"`},
		"empty prefix":     {func(c *Config) { c.Prefix = "" }, `prefix ""`},
		"long prefix":      {func(c *Config) { c.Prefix = strings.Repeat("a", 58) }, "meter id of 65 bytes"},
		"no interval":      {func(c *Config) { c.Interval = 0 }, "metering interval of 0s"},
		"odd interval":     {func(c *Config) { c.Interval = 1500 * time.Millisecond }, "whole seconds"},
		"long interval":    {func(c *Config) { c.Interval = MaxInterval + time.Second }, "metering interval"},
		"before 1970":      {func(c *Config) { c.Start = time.Unix(-1, 0) }, "want 1970 or later"},
		"far away":         {func(c *Config) { c.Start = time.Unix(reading.MaxTime-10, 0) }, "too late for a single reading"},
		"no values":        {func(c *Config) { c.Length = 0 }, "0 values per reading"},
		"too many values":  {func(c *Config) { c.Length = reading.MaxValues + 1 }, "values per reading"},
		"nothing below it": {func(c *Config) { c.Bound = 1 }, "bound of 1 Wh"},
	} {
		t.Run(name, func(t *testing.T) {
			config := config()
			c.change(&config)
			if _, err := NewFleet(config); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v; want %q", err, c.want)
			}
		})
	}
}

func BenchmarkReading(b *testing.B) {
	f := fleet(b, nil)
	for i := range 100 {
		if _, err := f.PublicKey(i); err != nil {
			b.Fatal(err)
		}
	}
	values, end := f.Values(0, 0), f.End(0, 0)
	r := reading.Reading{Kind: reading.Plain, Meter: f.ID(0), Time: end, Payload: values.Marshal()}
	b.Run("values", func(b *testing.B) {
		for i := range b.N {
			f.Values(i%100, uint64(i))
		}
	})
	b.Run("digest", func(b *testing.B) {
		for range b.N {
			r.Digest()
		}
	})
	b.Run("digest+sign", func(b *testing.B) {
		for i := range b.N {
			if err := f.Sign(i%100, &r); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// A meter signs for the channel that its index gives, and for no other.
func TestChannels(t *testing.T) {
	f := fleet(t, func(c *Config) { c.Channels = []string{"day", "night"} })
	sensors, err := f.Sensors(SensorsConfig{Kind: reading.Plain})
	if err != nil {
		t.Fatal(err)
	}
	for meter, want := range map[int]string{0: "day", 1: "night", 98: "day"} {
		wire, _, err := sensors.Reading(t.Context(), meter, 3, nil)
		if err != nil {
			t.Fatal(err)
		}
		r, err := reading.Unmarshal(wire)
		if err != nil {
			t.Fatal(err)
		}
		key, err := f.PublicKey(meter)
		if err != nil {
			t.Fatal(err)
		}
		if r.Channel != want || !verifies(t, key, &r) {
			t.Errorf("meter %d signs for channel %q, want %q", meter, r.Channel, want)
		}
		if r.Channel = "other"; verifies(t, key, &r) {
			t.Errorf("meter %d: the signature holds for another channel", meter)
		}
	}
	bad := config()
	bad.Channels = []string{"day", "Night"}
	if _, err := NewFleet(bad); err == nil {
		t.Error("a channel that Fabric would not have was taken")
	}
}
