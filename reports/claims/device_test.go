package claims

import (
	"testing"

	"meterbench/bench/result"
)

// A device is named, or described by a factor; without a text it is the default.
func TestDevice(t *testing.T) {
	p := Publication{Devices: []Device{{Name: "slow", Sign: 8}, {Name: "fast", Sign: 1}}}
	host := result.Host{Sign: 0.25}
	for _, c := range []struct {
		text string
		want float64 // times as slow as the host
		err  string
	}{
		{"", 32, ""},
		{"fast", 4, ""},
		{"250", 250, ""},
		{"fats", 0, `"fats" is neither a device nor a factor such as 250; did you mean fast?`},
		{"0", 0, "a factor must be over 0 and at most 1000000, got 0"},
		{"NaN", 0, "a factor must be over 0 and at most 1000000, got NaN"},
	} {
		t.Run(c.text, func(t *testing.T) {
			d, err := p.Device(c.text)
			if c.err != "" {
				if err == nil || err.Error() != c.err {
					t.Errorf("error %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if f, ok := d.Slowdown(host); f != c.want || !ok {
				t.Errorf("%s: %g times as slow (%t), want %g", d.Name, f, ok, c.want)
			}
		})
	}
	if _, ok := p.Devices[0].Slowdown(result.Host{}); ok {
		t.Error("a device is compared with a host whose signature was not timed")
	}
}

// A publication whose claims need no device does not ask for one.
func TestNoDevice(t *testing.T) {
	if d, err := (Publication{}).Device(""); err != nil || d != (Device{}) {
		t.Errorf("got %v, %v", d, err)
	}
	if d, err := (Publication{}).Device("250"); err != nil || d.Factor != 250 {
		t.Errorf("got %v, %v", d, err)
	}
}
