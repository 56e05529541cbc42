package threshold

import (
	"fmt"
	"strings"

	"meterbench/bench/metric"
)

// ratio is the unit of a pure number.
const ratio metric.Unit = ""

// A unit is one in which a number may be written.
type unit struct {
	name   string
	of     metric.Unit
	factor float64 // of the base unit
}

// units is the table of them. A number without a unit is a ratio or a share.
var units = []unit{
	{"s", metric.Seconds, 1}, {"ms", metric.Seconds, 1e-3}, {"us", metric.Seconds, 1e-6},
	{"/s", metric.PerSecond, 1}, {"tx/s", metric.PerSecond, 1},
	{"%", metric.Share, 0.01},
	{"sig", metric.Signatures, 1},
	{"B", metric.Bytes, 1}, {"kB", metric.Bytes, 1e3}, {"MB", metric.Bytes, 1e6},
}

// findUnit returns the unit of a name.
func findUnit(name string) (unit, bool) {
	for _, u := range units {
		if u.name == name {
			return u, true
		}
	}
	return unit{}, false
}

// unitNames returns the names of those that measure what a unit does.
func unitNames(of metric.Unit) (names []string) {
	for _, u := range units {
		if alike(u.of, of) {
			names = append(names, u.name)
		}
	}
	return names
}

// alike reports whether values in both units can be compared.
func alike(a, b metric.Unit) bool { return kind(a) == kind(b) }

// kind returns the one unit that stands for all with which it can be compared.
func kind(u metric.Unit) metric.Unit {
	switch u {
	case metric.Answers:
		return metric.PerSecond
	case metric.Share:
		return ratio
	}
	return u
}

// called names a unit in messages.
func called(u metric.Unit) string {
	if kind(u) == ratio {
		return "no unit"
	}
	return string(u)
}

// unlike is the error about two texts of unlike units. at is the place of the second.
func unlike(a string, of metric.Unit, b string, other metric.Unit, number bool, at int) *Error {
	e := &Error{At: at, Msg: fmt.Sprintf("%s (%s) and %s (%s) have unlike units", a, called(of), b, called(other)), Hint: "compare like with like"}
	if number {
		e.Hint = "give the number in " + strings.Join(unitNames(of), ", ")
		if kind(of) == ratio {
			e.Hint = "give the number without a unit, or in %"
		}
	}
	return e
}
