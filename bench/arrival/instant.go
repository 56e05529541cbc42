package arrival

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parseInstant reads a time in seconds or, with calendar true, in RFC 3339. It returns nanoseconds,
// in RFC 3339 since 1970.
func parseInstant(text string) (ns int64, calendar bool, err error) {
	if !strings.Contains(text, ":") {
		ns, err := parseSeconds(text)
		return ns, false, err
	}
	var t time.Time
	if err := t.UnmarshalText([]byte(text)); err != nil { // strict, as time.Parse is not
		return 0, true, fmt.Errorf("the time %.40q is not in RFC 3339, such as 2026-01-31T06:15:00Z", text)
	}
	ns, err = nanoseconds(t.Unix(), int64(t.Nanosecond()))
	return ns, true, err
}

// parseSeconds reads a decimal number of seconds exactly, as a floating-point number would not: of
// the seconds since 1970 it has 7 decimals at most.
func parseSeconds(text string) (int64, error) {
	digits, negative := strings.CutPrefix(text, "-")
	whole, decimals, point := strings.Cut(digits, ".")
	if strings.Trim(whole+decimals, "0123456789") != "" || whole == "" || point && decimals == "" {
		return 0, fmt.Errorf("the time %.40q is neither in seconds, such as 12.5, nor in RFC 3339", text)
	}
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return nanoseconds(math.MaxInt64, 0) // it has too many digits
	}
	rest, _ := strconv.ParseInt((decimals + "000000000")[:9], 10, 64) // digits only
	ns, err := nanoseconds(seconds, rest)
	if negative {
		ns = -ns
	}
	return ns, err
}

// nanoseconds returns an instant in ns; rest is from 0 to below 1e9.
func nanoseconds(seconds, rest int64) (int64, error) {
	const most = math.MaxInt64 / 1_000_000_000
	if seconds >= most || seconds < -most {
		return 0, errors.New("the time is out of range: more than 9.2e9 seconds, or before 1678 or after 2261; times are in seconds, not smaller units")
	}
	return seconds*1_000_000_000 + rest, nil
}

// formatSeconds writes d, at least 0, in seconds with as many decimals as it takes.
func formatSeconds(d time.Duration) string {
	text := strconv.FormatInt(int64(d/time.Second), 10)
	if rest := d % time.Second; rest > 0 {
		text += strings.TrimRight(fmt.Sprintf(".%09d", int64(rest)), "0")
	}
	return text
}
