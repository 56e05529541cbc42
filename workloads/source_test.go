package workloads

import (
	"fmt"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// An odd source has the last meter report squares.
type odd struct{ meters int }

func (o odd) Reading(at uint64) (int, uint64, reading.Values) {
	return o.meters - 1, 7 * at, reading.Values{Register: at, Interval: time.Hour, Wh: []int64{int64(at * at)}}
}

func (o odd) Meter(index int) string { return fmt.Sprintf("odd meter %d", index) }

func TestSource(t *testing.T) {
	fleet, err := meter.NewFleet(meter.Config{Seed: 1, Meters: 3, Prefix: "s", Interval: time.Hour, Start: time.Unix(0, 0), Length: 1, Bound: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, config := range []Config{
		{Options: Options{kind: result.Plain}},
		{Options: Options{kind: result.Padded, Scheme: "ddh", Bits: 1024}},
		{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 1024, Reveal: true, Encryption: Encryption{Mode: result.EncryptInline}}},
		{Options: Options{kind: result.Encrypted, Scheme: "ddh", Bits: 1024, Reveal: true, Encryption: Encryption{Mode: result.EncryptAhead}}},
	} {
		config.Fleet, config.First, config.Source = fleet, 100, odd{3}
		r, err := NewReadings(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Prepare(t.Context(), 6, nil); err != nil {
			t.Fatal(err)
		}
		tx, err := r.Transaction(t.Context(), 105)
		if err != nil {
			t.Fatal(err)
		}
		got, err := reading.Unmarshal(tx.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		if got.Meter != fleet.ID(2) || got.Number != 35 {
			t.Errorf("%s: reading %d of meter %s", config.kind, got.Number, got.Meter)
		}
		if id, wh := r.Reading(105); id != fleet.ID(2) || wh != 25 {
			t.Errorf("%s reports %d", id, wh)
		}
		equal(t, "id in the source", r.Recorded(105), "odd meter 2")
		switch config.kind {
		case "plain":
			values, err := reading.UnmarshalValues(got.Payload)
			if err != nil {
				t.Fatal(err)
			}
			equal(t, "values", values, reading.Values{Register: 5, Interval: time.Hour, Wh: []int64{25}})
		case "encrypted":
			if sum := evaluation(t, r, []int64{2})(got.Payload); sum != 50 {
				t.Errorf("2 * 25 decrypts to %d", sum)
			}
		}
	}
}
