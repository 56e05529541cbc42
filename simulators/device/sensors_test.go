package device

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/internal/cgroup"
	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

func masterOf(t testing.TB, fleet meter.Config) fe.Authority {
	t.Helper()
	a, err := fe.Setup(t.Context(), fe.Params{Scheme: "ddh", Bits: 1024, Length: fleet.Length, Bound: fleet.Bound})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A device's readings are those that sensors in this process make, byte for byte, with a cap and
// without, whoever else asks at the same time.
func TestReadings(t *testing.T) {
	config := household()
	fleet, err := meter.NewFleet(config)
	if err != nil {
		t.Fatal(err)
	}
	for name, limits := range map[string]cgroup.Cap{"no cap": {}, "capped": {CPUs: 0.5, Memory: 64 << 20}} {
		t.Run(name, func(t *testing.T) {
			if limits != (cgroup.Cap{}) {
				needsGroups(t, limits)
			}
			d := start(t, limits)
			for _, c := range []meter.SensorsConfig{{Kind: reading.Plain}, {Kind: reading.Padded, Size: 700}} {
				here, err := fleet.Sensors(c)
				if err != nil {
					t.Fatal(err)
				}
				there := openSensors(t, d, config, c)
				var group sync.WaitGroup
				for i := range uint64(100) {
					group.Go(func() {
						values := &reading.Values{Interval: time.Hour, Register: 4 * i, Wh: []int64{int64(i * i), 0, 2, 3}}
						if i%2 == 0 {
							values = nil // what the meter measures
						}
						want, _, err := here.Reading(t.Context(), int(i%20), i/20, values)
						if err != nil {
							t.Error(err)
							return
						}
						wire, encrypt, err := there.Reading(t.Context(), int(i%20), i/20, values)
						if err != nil || encrypt != 0 || !bytes.Equal(wire, want) {
							t.Errorf("%v %d: %x, %v, %v; want %x", c.Kind, i, wire, encrypt, err, want)
						}
					})
				}
				group.Wait()
			}
		})
	}
}

func TestEncryptedReadings(t *testing.T) {
	d := start(t, cgroup.Cap{})
	config := household()
	fleet, err := meter.NewFleet(config)
	if err != nil {
		t.Fatal(err)
	}
	authority := masterOf(t, config)
	sensors := openSensors(t, d, config, meter.SensorsConfig{Kind: reading.Encrypted, Public: authority.Encryptor().Public()})
	wire, encrypt, err := sensors.Reading(t.Context(), 3, 8, nil)
	if err != nil || encrypt <= 0 {
		t.Fatal(encrypt, err)
	}
	r, err := reading.Unmarshal(wire)
	if err != nil {
		t.Fatal(err)
	}
	sent := reading.Reading{Kind: reading.Encrypted, Meter: fleet.ID(3), Number: 8, Time: fleet.End(3, 8), Payload: r.Payload, Signature: r.Signature}
	if diff := cmp.Diff(sent, r); diff != "" {
		t.Error(diff)
	}
	again := r
	if err := fleet.Sign(3, &again); err != nil || !bytes.Equal(again.Signature, r.Signature) {
		t.Errorf("signed as %x, want %x, %v", r.Signature, again.Signature, err)
	}
	key, err := authority.Derive([]int64{1, 10, 100, 1000})
	if err != nil {
		t.Fatal(err)
	}
	values := fleet.Values(3, 8)
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
	d := start(t, cgroup.Cap{})
	config := household()
	public := masterOf(t, config).Encryptor().Public()
	other := config
	other.Length = 3
	none := config
	none.Meters = 0
	group := fe.Params{Scheme: "dmcfe", Bits: 256, Length: 2, Bound: config.Bound}
	single := config
	single.Length, single.Meters = 1, 2
	key := bytes.Repeat([]byte{1}, 64)
	const oneOrTheOther = "a public key, or keys of members, are for encrypted readings, and they need one or the other"
	const members = "keys of 2 members for one value up to "
	for _, test := range []struct {
		fleet  meter.Config
		config meter.SensorsConfig
		want   string
	}{
		{none, meter.SensorsConfig{Kind: reading.Plain}, "fleet of meters: 0 meters; want 1 to 1000000"},
		{config, meter.SensorsConfig{Kind: 9}, "readings of kind(9)"},
		{config, meter.SensorsConfig{Kind: reading.Plain, Public: public}, oneOrTheOther},
		{config, meter.SensorsConfig{Kind: reading.Encrypted}, oneOrTheOther},
		{config, meter.SensorsConfig{Kind: reading.Padded}, "payload of 0 bytes: a size is for padded readings, up to 262144"},
		{config, meter.SensorsConfig{Kind: reading.Encrypted, Public: public[:9]}, "public key: "},
		{other, meter.SensorsConfig{Kind: reading.Encrypted, Public: public}, "public key for 4 values up to 10000; the meters have 3 up to 10000"},
		{config, meter.SensorsConfig{Kind: reading.Encrypted, Public: public, Members: [][]byte{key}}, oneOrTheOther},
		{single, meter.SensorsConfig{Kind: reading.Plain, Members: [][]byte{key, key}, Group: group}, oneOrTheOther},
		{config, meter.SensorsConfig{Kind: reading.Encrypted, Members: [][]byte{key, key}, Group: group}, members + "10000; there are 20 meters of 4 values up to 10000"},
		{single, meter.SensorsConfig{Kind: reading.Encrypted, Members: [][]byte{key, key}}, members + "0; there are 2 meters of 1 values up to 10000"},
		{single, meter.SensorsConfig{Kind: reading.Encrypted, Members: [][]byte{key, key[1:]}, Group: group}, "meter 1: fe: key of a sealed member of dmcfe 256 l=2: 63 bytes"},
	} {
		if _, err := d.OpenSensors(t.Context(), test.fleet, test.config); err == nil || !strings.HasPrefix(err.Error(), "open sensors: device: "+test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	small := openSensors(t, d, config, meter.SensorsConfig{Kind: reading.Padded, Size: 8})
	plain := openSensors(t, d, config, meter.SensorsConfig{Kind: reading.Plain})
	for _, test := range []struct {
		sensors meter.Maker
		meter   int
		number  uint64
		values  *reading.Values
		want    string
	}{
		{small, 20, 0, nil, "device: meter 20 of 20"},
		{small, 0, 1 << 60, nil, "device: meter m-000000 has made all its"},
		{small, 1, 0, nil, "device: reading 0 of meter m-000001: "},
		{plain, 1, 2, &reading.Values{Interval: time.Hour, Wh: []int64{1}}, "device: reading 2 of meter m-000001: 1 values to report; the meters have 4"},
		{sensors{d, 1 << 40}, 0, 0, nil, "device: nothing was opened under id 1099511627776"},
		{sensors{d, -1}, 0, 0, nil, "device: nothing was opened under id -1"},
	} {
		if _, _, err := test.sensors.Reading(t.Context(), test.meter, test.number, test.values); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

// The values of a group's meters that a device encrypts add up.
func TestGroups(t *testing.T) {
	d := start(t, cgroup.Cap{})
	config := household()
	config.Length, config.Meters = 1, 3
	fleet, err := meter.NewFleet(config)
	if err != nil {
		t.Fatal(err)
	}
	group := fe.Params{Scheme: "dmcfe", Bits: 256, Length: 3, Bound: config.Bound}
	members, err := fe.NewGroup(t.Context(), group, true)
	if err != nil {
		t.Fatal(err)
	}
	sealed := meter.SensorsConfig{Kind: reading.Encrypted, Group: group}
	weights := []int64{1, 2, 3}
	var shares, ciphertexts [][]byte
	for _, m := range members {
		key, err := m.Seal()
		if err != nil {
			t.Fatal(err)
		}
		share, err := m.DeriveShare(weights)
		if err != nil {
			t.Fatal(err)
		}
		sealed.Members, shares = append(sealed.Members, key), append(shares, share)
	}
	sensors := openSensors(t, d, config, sealed)
	var want int64
	for meter, weight := range weights {
		wire, encrypt, err := sensors.Reading(t.Context(), meter, 9, nil)
		if err != nil || encrypt <= 0 {
			t.Fatal(encrypt, err)
		}
		r, err := reading.Unmarshal(wire)
		if err != nil {
			t.Fatal(err)
		}
		values := fleet.Values(meter, 9)
		ciphertexts, want = append(ciphertexts, r.Payload), want+weight*values.Wh[0]
	}
	if _, _, err := sensors.Reading(t.Context(), 1, 9, nil); err == nil || !strings.Contains(err.Error(), "label 9 is used") {
		t.Errorf("a second value under a label: %v", err)
	}
	tables, err := fe.NewTables(fe.TableConfig{Entries: 1 << 12})
	if err != nil {
		t.Fatal(err)
	}
	key, err := fe.CombineShares(group, weights, shares)
	if err != nil {
		t.Fatal(err)
	}
	evaluator, err := fe.NewGroupEvaluator(t.Context(), key, tables)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := evaluator.Evaluate(t.Context(), 9, ciphertexts); got != want || err != nil {
		t.Errorf("the sum is %d, %v; want %d", got, err, want)
	}
}
