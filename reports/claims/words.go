package claims

import (
	"fmt"
	"strings"

	"meterbench/bench/result"
	"meterbench/reports"
)

// Percent writes a share with three digits at most.
func Percent(share float64) string {
	digits := reports.Share.Digits(share, reports.Scale{Factor: 0.01})
	if strings.Contains(digits, ".") {
		digits = strings.TrimRight(strings.TrimRight(digits, "0"), ".")
	}
	return digits + " %"
}

// Rate writes a throughput with its interval.
func Rate(x Estimate) string {
	text := reports.PerSecond.Format(x.Value)
	if x.Low == x.High {
		return text
	}
	unit := reports.Scale{Factor: 1}
	return fmt.Sprintf("%s, 95 %% interval %s to %s", text, reports.PerSecond.Digits(x.Low, unit), reports.PerSecond.Digits(x.High, unit))
}

// Share writes a ratio with its interval.
func Share(x Estimate) string {
	if x.Low == x.High {
		return Percent(x.Value)
	}
	return fmt.Sprintf("%s (%s to %s)", Percent(x.Value), Percent(x.Low), Percent(x.High))
}

// OrNone lists the items.
func OrNone(items []string) string {
	if len(items) == 0 {
		return "none that was measured"
	}
	return strings.Join(items, "; ")
}

// LimitedBy says what limited a point.
func LimitedBy(limit result.Limit) string {
	switch limit.Kind {
	case "":
		return "cause unknown"
	case result.LimitNone:
		return limit.String()
	}
	return "limited by " + limit.String()
}

// Capital begins a sentence with s.
func Capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
