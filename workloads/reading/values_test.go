package reading

import (
	"bytes"
	"encoding/binary"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func drawValues(t *rapid.T) Values {
	return Values{
		Register: rapid.Uint64().Draw(t, "register"),
		Interval: time.Duration(rapid.Int64Range(1, math.MaxInt64).Draw(t, "interval")),
		Wh:       rapid.SliceOfN(rapid.Int64Range(0, math.MaxInt64), 1, MaxValues).Draw(t, "wh"),
	}
}

func TestValuesRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := drawValues(t)
		if back, err := UnmarshalValues(v.Marshal()); err != nil || !reflect.DeepEqual(back, v) {
			t.Errorf("%v became %v, error %v", v, back, err)
		}
		least := len(v.Marshal()) + 4
		size := rapid.IntRange(least, least+1000).Draw(t, "size")
		padded, err := v.MarshalPadded(size)
		if err != nil || len(padded) != size {
			t.Fatalf("%d bytes; want %d; error %v", len(padded), size, err)
		}
		if back, err := UnmarshalPadded(padded); err != nil || !reflect.DeepEqual(back, v) {
			t.Errorf("%v became %v, error %v", v, back, err)
		}
		for _, size := range []int{least - 1, MaxPayload + 1, -1} {
			if _, err := v.MarshalPadded(size); err == nil {
				t.Errorf("padded to %d bytes", size)
			}
		}
	})
}

func TestUnmarshalValuesRefuses(t *testing.T) {
	set := func(change func(*Values)) []byte {
		v := exampleValues()
		change(&v)
		return v.Marshal()
	}
	for want, b := range map[string][]byte{
		"ends too early":           exampleValues().Marshal()[:17],
		"values: ends too early":   exampleValues().Marshal()[:41],
		"8 bytes too many":         append(exampleValues().Marshal(), make([]byte, 8)...),
		"interval is not positive": set(func(v *Values) { v.Interval = 0 }),
		"values: interval is not":  set(func(v *Values) { v.Interval = -1 }),
		"0 values; want 1 to 1024": set(func(v *Values) { v.Wh = nil }),
		"1025 values; want 1 to":   set(func(v *Values) { v.Wh = make([]int64, 1025) }),
		"value 2 is negative":      set(func(v *Values) { v.Wh[2] = -1 }),
	} {
		if _, err := UnmarshalValues(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
}

func TestRegistrationsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		batch := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Registration {
			key := rapid.SliceOfN(rapid.Byte(), KeySize, KeySize).Draw(t, "key")
			key[0] = 2 | key[0]&1
			return Registration{
				Meter:  rapid.StringMatching(`[a-z0-9]{1,64}`).Draw(t, "meter"),
				Key:    key,
				Verify: rapid.Bool().Draw(t, "verify"),
			}
		}), 1, 50).Draw(t, "batch")
		b, err := MarshalRegistrations(batch)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := UnmarshalRegistrations(b); err != nil || !reflect.DeepEqual(back, batch) {
			t.Errorf("%v became %v, error %v", batch, back, err)
		}
	})
}

func TestRegistrationsRefuses(t *testing.T) {
	for want, batch := range map[string][]Registration{
		"batch of 0; want 1 to 1000":                      nil,
		"batch of 1001":                                   make([]Registration, 1001),
		"meter id of 0 bytes":                             {{}},
		"meter a: key is not a compressed P-256 point":    {{Meter: "a", Key: make([]byte, 33)}},
		"meter b: key is not a compressed P-256 point of": {{Meter: "b", Key: []byte{2}}},
	} {
		if _, err := MarshalRegistrations(batch); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
	good, err := MarshalRegistrations(exampleRegistrations())
	if err != nil {
		t.Fatal(err)
	}
	count := func(n uint16) []byte {
		b := bytes.Clone(good)
		binary.BigEndian.PutUint16(b[1:], n)
		return b
	}
	at := func(i int, to byte) []byte {
		b := bytes.Clone(good)
		b[i] = to
		return b
	}
	for want, b := range map[string][]byte{
		"ends too early":   good[:len(good)-1],
		"1 bytes too many": append(bytes.Clone(good), 0),
		"batch of 0":       count(0),
		"batch of 65535":   count(65535),
		"unmarshal registrations: ends too early": count(3),
		"bytes too many":                      count(1),
		"version 0; want 1":                   at(0, 0),
		"verify is 2; want 0 or 1":            at(len(good)-1, 2),
		"key is not a compressed P-256 point": at(5, 4),
		`meter id "!"`:                        at(4, '!'),
	} {
		if _, err := UnmarshalRegistrations(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v; want %q", err, want)
		}
	}
}

func FuzzUnmarshalValues(f *testing.F) {
	padded, err := exampleValues().MarshalPadded(64)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(exampleValues().Marshal())
	f.Add(padded)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if v, err := UnmarshalValues(b); err == nil && !bytes.Equal(v.Marshal(), b) {
			t.Errorf("%x became %x", b, v.Marshal())
		}
		if len(b) > MaxPayload {
			return
		}
		if v, err := UnmarshalPadded(b); err == nil {
			if back, err := v.MarshalPadded(len(b)); err != nil || !bytes.Equal(back, b) {
				t.Errorf("%x became %x, error %v", b, back, err)
			}
		}
	})
}

func FuzzUnmarshalRegistrations(f *testing.F) {
	b, err := MarshalRegistrations(exampleRegistrations())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:10])
	f.Fuzz(func(t *testing.T, b []byte) {
		batch, err := UnmarshalRegistrations(b)
		if err != nil {
			return
		}
		if back, err := MarshalRegistrations(batch); err != nil || !bytes.Equal(back, b) {
			t.Errorf("%x became %x, error %v", b, back, err)
		}
	})
}
