package workloads

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/race"
	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// fleetOf returns a fleet whose readings have so many values of an interval each.
func fleetOf(t *testing.T, meters, length int, interval time.Duration) *meter.Fleet {
	t.Helper()
	fleet, err := meter.NewFleet(meter.Config{Seed: 1, Meters: meters, Prefix: "v", Start: time.Unix(1_767_571_200, 0), Interval: interval, Length: length, Bound: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	return fleet
}

// Every length of every scheme that Validate accepts fits into a reading, and
// the next one does not.
func TestValidateKnowsHowLongReadingsCanBe(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	for _, scheme := range fe.Schemes() {
		for _, bits := range scheme.Name.Sizes() {
			longest := 0
			for length := 1; length <= reading.MaxValues; length++ {
				values, group := length, 1
				if !scheme.HasAuthority() {
					values, group = 1, length
				}
				fleet := fleetOf(t, length, values, time.Second)
				c := Config{Options: Options{kind: result.Padded, Scheme: string(scheme.Name), Bits: bits, Length: group}, Fleet: fleet}
				measured := fleet.Values(0, 0)
				_, padding := measured.MarshalPadded(c.params().CiphertextSize())
				if err := c.Validate(); (err == nil) != (padding == nil) {
					t.Fatalf("%s %d, length %d: validated %v, padded %v", scheme.Name, bits, length, err, padding)
				} else if err == nil {
					longest = length
				}
			}
			if small := scheme.Name == fe.ECDDH || scheme.Name == fe.DMCFE; small != (longest == reading.MaxValues) && bits > 2048 {
				t.Errorf("%s %d: up to %d values", scheme.Name, bits, longest)
			}
		}
	}
}

func TestMost(t *testing.T) {
	fleet := fleetOf(t, 3, 24, time.Hour)
	limit := fleet.Limit()
	for _, c := range []struct {
		config interface{ Most() uint64 }
		want   uint64
	}{
		{Config{Options: Options{kind: result.Plain}, Fleet: fleet}, 3 * limit},
		{Config{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 2048, Encryption: Encryption{Mode: result.EncryptInline}}, Fleet: fleet}, 3 * limit},
		{Config{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 2048, Encryption: Encryption{Mode: result.EncryptAhead}}, Fleet: fleet}, 1 << 30 / (6 + 25*256)},
		{Config{Options: Options{kind: result.Billing, Form: result.Plain, Readings: 30}, Fleet: fleet}, 3 * 2 * 4000},
		{Config{Options: Options{kind: result.Billing, Form: result.Plain, Readings: 30}, Fleet: fleetOf(t, 1000, 24, time.Hour)}, 1000 * 2 * 51},
	} {
		if got := c.config.Most(); got != c.want {
			t.Errorf("%v: at most %d, want %d", c.config, got, c.want)
		}
	}
}

func TestValidateRefuses(t *testing.T) {
	day, years := fleetOf(t, 4, 24, 15*time.Minute), fleetOf(t, 4, 1024, 31*24*time.Hour)
	for _, c := range []struct {
		config interface{ Validate() error }
		want   string
	}{
		{Config{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 2048, Encryption: Encryption{Mode: result.EncryptBank, Bank: 200_000}}, Fleet: day}, "200000 ciphertexts of 6406 bytes do not fit into 1024 MiB; use a bank of at most 167615"},
		{Config{Options: Options{kind: result.Encrypted, Scheme: "paillier", Bits: 4096, Encryption: Encryption{Mode: result.EncryptInline}}, Fleet: fleetOf(t, 4, 256, time.Second)}, "more than a reading's 262144"},
		{Config{Options: Options{kind: result.Billing, Form: result.Padded, Scheme: "paillier", Bits: 4096, Readings: 30}, Fleet: fleetOf(t, 4, 256, time.Second)}, "billing: workload padded: ciphertexts of paillier 4096 l=256"},
		{Config{Options: Options{kind: result.Billing, Form: result.Plain, Readings: 400}, Fleet: years}, fmt.Sprintf("a meter makes only %d", years.Limit())},
	} {
		if err := c.config.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.config, err, c.want)
		}
	}
}
