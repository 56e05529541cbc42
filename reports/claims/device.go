package claims

import (
	"fmt"
	"strconv"

	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

// A Device is a processor that could play sensor and gateway. How much slower it is than the
// machine that measured is taken from one primitive, the P-256 signature: an approximation, since a
// processor may be better or worse at the arithmetic of a scheme than at that of the curve, and a
// library may be written for either.
type Device struct {
	Name   string  // for example cortex-m4
	Title  string  // what it stands for
	Sign   float64 // time of one P-256 signature, in seconds; 0 where Factor is set
	Factor float64 // times as slow as the machine that measured; 0 where Sign is set
	Source string  // who published Sign
}

// Slowdown returns how many times as slow as the host the device is; false where the host's own
// signature was not timed.
func (d Device) Slowdown(host result.Host) (float64, bool) {
	if d.Factor > 0 {
		return d.Factor, true
	}
	if host.Sign <= 0 {
		return 0, false
	}
	return d.Sign / host.Sign, true
}

// Device returns the publication's device of the name, the default for "", or one that is slower
// than the machine that measured by the factor in the text. The default of a publication whose
// claims need no device is the zero Device.
func (p Publication) Device(text string) (Device, error) {
	if text == "" && len(p.Devices) == 0 {
		return Device{}, nil
	}
	var names []string
	for _, d := range p.Devices {
		if d.Name == text || text == "" {
			return d, nil
		}
		names = append(names, d.Name)
	}
	factor, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return Device{}, fmt.Errorf("%q is neither a device nor a factor such as 250; %s", text, strictyaml.Hint(text, names))
	case !(factor > 0 && factor <= 1e6):
		return Device{}, fmt.Errorf("a factor must be over 0 and at most 1000000, got %s", text)
	}
	return Device{Name: fmt.Sprintf("%g times slower", factor), Title: "a device described by a factor", Factor: factor}, nil
}
