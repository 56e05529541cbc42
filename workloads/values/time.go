package values

import (
	"strconv"

	"meterbench/internal/strictyaml"
)

// A Time is how the intended start of a transaction is written, by which its latency counts too.
type Time string

// The forms of time.
const (
	Unix      Time = "unix"    // seconds since 1970
	UnixMilli Time = "unix_ms" // milliseconds since 1970
	RFC3339   Time = "rfc3339" // with milliseconds, in UTC
)

// Times returns all of them.
func Times() []Time { return []Time{Unix, UnixMilli, RFC3339} }

func (f *Time) check(at string, _ Defaults) *strictyaml.Problem {
	return strictyaml.OneOf(at, *f, Times()...)
}

func (f *Time) bind(string, Binding) Maker {
	return func(to []byte, t *Turn) []byte {
		switch *f {
		case Unix:
			return strconv.AppendInt(to, t.Start.Unix(), 10)
		case UnixMilli:
			return strconv.AppendInt(to, t.Start.UnixMilli(), 10)
		}
		return t.Start.UTC().AppendFormat(to, "2006-01-02T15:04:05.000Z07:00")
	}
}

func (f *Time) most(Defaults) int { return len("2006-01-02T15:04:05.000Z") }
func (f *Time) String() string    { return "time " + string(*f) }
