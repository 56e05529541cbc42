package closer2020

import (
	"fmt"
	"strings"

	"meterbench/reports"
)

// percent writes a share with three digits at most.
func percent(share float64) string {
	digits := reports.Share.Digits(share, reports.Scale{Factor: 0.01})
	if strings.Contains(digits, ".") {
		digits = strings.TrimRight(strings.TrimRight(digits, "0"), ".")
	}
	return digits + " %"
}

// rate writes a throughput with its interval.
func rate(x estimate) string {
	if x.low == x.high {
		return reports.PerSecond.Format(x.value)
	}
	unit := reports.Scale{Factor: 1}
	return fmt.Sprintf("%s, 95 %% interval %s to %s", reports.PerSecond.Format(x.value), reports.PerSecond.Digits(x.low, unit), reports.PerSecond.Digits(x.high, unit))
}

// share writes a ratio with its interval.
func share(x estimate) string {
	if x.low == x.high {
		return percent(x.value)
	}
	return fmt.Sprintf("%s (%s to %s)", percent(x.value), percent(x.low), percent(x.high))
}

func orNone(items []string) string {
	if len(items) == 0 {
		return "none that was measured"
	}
	return strings.Join(items, "; ")
}

func clients(n int) string { return counted(n, "client") }

func counted(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// limitedBy says what limited a point.
func limitedBy(limit string) string {
	switch limit {
	case "":
		return "nobody told what limited it"
	case "not limited":
		return limit
	}
	return "limited by " + limit
}

// capital begins a sentence with s.
func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// parameters names a parameter set; with 0 bits, whatever the key's size.
func parameters(scheme string, bits, length int) string {
	text := scheme
	if bits > 0 {
		text += fmt.Sprintf(" at %d bits", bits)
	}
	switch {
	case scheme == singleValues:
		return text + fmt.Sprintf(", 1 value in a group of %d", length)
	case length == 1:
		return text + ", 1 value"
	}
	return text + fmt.Sprintf(", %d values", length)
}
