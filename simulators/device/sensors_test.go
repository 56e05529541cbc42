package device

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"meterbench/internal/cgroup"
	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
	"meterbench/workloads"
)

func masterOf(t testing.TB, fleet meter.Config) fe.Authority {
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
	d := start(t, cgroup.Cap{})
	config := household()
	fleet, err := meter.NewFleet(config)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for kind, c := range map[string]SensorsConfig{
		"plain":  {Fleet: config, Kind: reading.Plain},
		"padded": {Fleet: config, Kind: reading.Padded, Size: fe.Params{Scheme: "ddh", Bits: 1024, Length: config.Length, Bound: config.Bound}.CiphertextSize()},
	} {
		readings, err := workloads.NewReadings(t.Context(), workloads.Config{Kind: kind, Scheme: "ddh", Bits: 1024, Fleet: fleet})
		if err != nil {
			t.Fatal(err)
		}
		sensors := openSensors(t, d, c)
		for seq := range uint64(100) {
			group.Go(func() {
				tx, err := readings.Transaction(t.Context(), seq)
				if err != nil {
					t.Error(err)
					return
				}
				wire, encrypt, err := sensors.Reading(t.Context(), int(seq%20), seq/20, nil)
				if err != nil || encrypt != 0 || !bytes.Equal(wire, tx.Args[0]) {
					t.Errorf("%s %d: %x, %v, %v; want %x", kind, seq, wire, encrypt, err, tx.Args[0])
				}
			})
		}
	}
	group.Wait()
}

func TestEncryptedReadings(t *testing.T) {
	d := start(t, cgroup.Cap{})
	config := household()
	fleet, err := meter.NewFleet(config)
	if err != nil {
		t.Fatal(err)
	}
	authority := masterOf(t, config)
	sensors := openSensors(t, d, SensorsConfig{Fleet: config, Kind: reading.Encrypted, Public: authority.Encryptor().Public()})
	wire, encrypt, err := sensors.Reading(t.Context(), 3, 8, nil)
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
		config SensorsConfig
		want   string
	}{
		{SensorsConfig{Fleet: none, Kind: reading.Plain}, "fleet of meters: 0 meters; want 1 to 1000000"},
		{SensorsConfig{Fleet: config, Kind: 9}, "readings of kind(9)"},
		{SensorsConfig{Fleet: config, Kind: reading.Plain, Public: public}, oneOrTheOther},
		{SensorsConfig{Fleet: config, Kind: reading.Encrypted}, oneOrTheOther},
		{SensorsConfig{Fleet: config, Kind: reading.Padded}, "payload of 0 bytes: a size is for padded readings, up to 262144"},
		{SensorsConfig{Fleet: config, Kind: reading.Encrypted, Public: public[:9]}, "public key: "},
		{SensorsConfig{Fleet: other, Kind: reading.Encrypted, Public: public}, "public key for 4 values up to 10000; the meters have 3 up to 10000"},
		{SensorsConfig{Fleet: config, Kind: reading.Encrypted, Public: public, Members: [][]byte{key}}, oneOrTheOther},
		{SensorsConfig{Fleet: single, Kind: reading.Plain, Members: [][]byte{key, key}, Group: group}, oneOrTheOther},
		{SensorsConfig{Fleet: config, Kind: reading.Encrypted, Members: [][]byte{key, key}, Group: group}, members + "10000; there are 20 meters of 4 values up to 10000"},
		{SensorsConfig{Fleet: single, Kind: reading.Encrypted, Members: [][]byte{key, key}}, members + "0; there are 2 meters of 1 values up to 10000"},
		{SensorsConfig{Fleet: single, Kind: reading.Encrypted, Members: [][]byte{key, key[1:]}, Group: group}, "meter 1: fe: key of a sealed member of dmcfe 256 l=2: 63 bytes"},
	} {
		if _, err := d.OpenSensors(t.Context(), test.config); err == nil || !strings.HasPrefix(err.Error(), "open sensors: device: "+test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	small := openSensors(t, d, SensorsConfig{Fleet: config, Kind: reading.Padded, Size: 8})
	plain := openSensors(t, d, SensorsConfig{Fleet: config, Kind: reading.Plain})
	for _, test := range []struct {
		sensors *Sensors
		meter   int
		number  uint64
		values  *reading.Values
		want    string
	}{
		{small, 20, 0, nil, "device: meter 20 of 20"},
		{small, 0, 1 << 60, nil, "device: meter m-000000 has made all its"},
		{small, 1, 0, nil, "device: reading 0 of meter m-000001: "},
		{plain, 1, 2, &reading.Values{Interval: time.Hour, Wh: []int64{1}}, "device: reading 2 of meter m-000001: 1 values to report; the meters have 4"},
		{&Sensors{d, 1 << 40}, 0, 0, nil, "device: request to a part that was not opened"},
	} {
		if _, _, err := test.sensors.Reading(t.Context(), test.meter, test.number, test.values); err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
	for want, m := range map[string]message{
		"device: sensors were asked for something else than a reading": {request: request{kind: kindBill, part: plain.id}},
		"device: reading 2 of meter m-000001: ":                        {request: request{kind: kindReading, part: plain.id, which: 1, number: 2, data: []byte{1}}},
	} {
		if _, err := d.ask(t.Context(), m); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// What a trace reports is sealed as the load generator would.
func TestReportedValues(t *testing.T) {
	d := start(t, cgroup.Cap{})
	config := household()
	fleet, err := meter.NewFleet(config)
	if err != nil {
		t.Fatal(err)
	}
	readings, err := workloads.NewReadings(t.Context(), workloads.Config{Kind: "plain", Fleet: fleet, Source: reported{}})
	if err != nil {
		t.Fatal(err)
	}
	sensors := openSensors(t, d, SensorsConfig{Fleet: config, Kind: reading.Plain})
	for at := range uint64(5) {
		tx, err := readings.Transaction(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		meter, number, values := reported{}.Reading(at)
		if wire, _, err := sensors.Reading(t.Context(), meter, number, &values); err != nil || !bytes.Equal(wire, tx.Args[0]) {
			t.Errorf("%d: %x, %v; want %x", at, wire, err, tx.Args[0])
		}
	}
}

// reported is a source in which one meter reports squares.
type reported struct{}

func (reported) Reading(at uint64) (int, uint64, reading.Values) {
	return 5, 3 * at, reading.Values{Interval: time.Hour, Register: 4 * at * at, Wh: []int64{int64(at * at), 1, 2, 3}}
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
	members, err := fe.NewGroup(t.Context(), group, false)
	if err != nil {
		t.Fatal(err)
	}
	sealed := SensorsConfig{Fleet: config, Kind: reading.Encrypted, Group: group}
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
	sensors := openSensors(t, d, sealed)
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
		values, _ := fleet.Values(meter, 9)
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
