package reading

import (
	"bytes"
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
