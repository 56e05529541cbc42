package reports

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"meterbench/bench/metric"
)

// A Unit is the base unit of a number.
type Unit uint8

// The units. Count is a whole number, always written in full; Share is a fraction of one, written in per cent.
const (
	Text Unit = iota // not a number
	Count
	Plain // a number without a unit
	Seconds
	Bytes
	Cores
	PerSecond        // transactions per second
	AnswersPerSecond // of transactions that end there
	Rate             // of both, per second
	BytesPerSecond
	Share
	Times      // a ratio
	Signatures // times of a P-256 signature of the machine
	Percentile // 1/(1-p) of the percentile p, from 1 on: a logarithmic axis of it gives every further nine the same room
)

// UnitOf returns the unit in which figures of a metric are printed, Plain where it has none, as a ratio.
func UnitOf(u metric.Unit) Unit {
	switch u {
	case metric.PerSecond:
		return PerSecond
	case metric.Answers:
		return AnswersPerSecond
	case metric.Completed:
		return Rate
	case metric.Seconds:
		return Seconds
	case metric.Share:
		return Share
	case metric.Signatures:
		return Signatures
	case metric.Bytes:
		return Bytes
	}
	return Plain
}

// A Scale turns base units into the unit that is printed: printed = base / Factor.
type Scale struct {
	Factor float64
	Symbol string
}

// scales are those of each unit, the largest first. Other units have none.
var scales = map[Unit][]Scale{
	Seconds:          {{1, "s"}, {1e-3, "ms"}, {1e-6, "µs"}, {1e-9, "ns"}},
	Bytes:            {{1e9, "GB"}, {1e6, "MB"}, {1e3, "kB"}, {1, "B"}},
	Cores:            {{1, "cores"}},
	BytesPerSecond:   {{1e9, "GB/s"}, {1e6, "MB/s"}, {1e3, "kB/s"}, {1, "B/s"}},
	PerSecond:        {{1, "tx/s"}},
	AnswersPerSecond: {{1, "answered/s"}},
	Rate:             {{1, "/s"}},
	Share:            {{0.01, "%"}},
	Times:            {{1, "×"}},
	Signatures:       {{1, "sig"}},
}

// Scale returns the scale in which the values, taken together, read best: the largest one in which their
// median is at least 1.
func (u Unit) Scale(values []float64) Scale {
	steps, known := scales[u]
	if !known {
		return Scale{Factor: 1}
	}
	var sizes []float64
	for _, v := range values {
		if a := math.Abs(v); a > 0 && finite(a) {
			sizes = append(sizes, a)
		}
	}
	middle := 1.0 // without values, the base unit
	if slices.Sort(sizes); len(sizes) > 0 {
		middle = sizes[(len(sizes)-1)/2]
	}
	for _, s := range steps {
		if middle >= s.Factor {
			return s
		}
	}
	return steps[len(steps)-1]
}

// Digits writes the value without its symbol: whole for a Count, else rounded to three significant digits.
func (u Unit) Digits(v float64, s Scale) string {
	if u == Count && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return significant(v/s.Factor, 3)
}

// Format writes the value with the symbol of the scale that suits it alone.
func (u Unit) Format(v float64) string {
	s := u.Scale([]float64{v})
	if u == Times {
		return u.Digits(v, s) + " times"
	}
	return strings.TrimSpace(u.Digits(v, s) + " " + s.Symbol)
}

// Range writes two values without their symbol.
func (u Unit) Range(low, high float64, s Scale) string {
	return u.Digits(low, s) + " to " + u.Digits(high, s)
}

// Tick writes the value as an axis label: with its symbol, without trailing zeros.
func (u Unit) Tick(v float64) string {
	if u == Percentile {
		return strconv.FormatFloat(100*(1-1/v), 'g', 9, 64) + " %"
	}
	s := u.Scale([]float64{v})
	if u == Times {
		s.Symbol = "" // the axis is labelled as a ratio
	}
	digits := significant(v/s.Factor, 4)
	if strings.Contains(digits, ".") && !strings.Contains(digits, "e") {
		digits = strings.TrimRight(strings.TrimRight(digits, "0"), ".")
	}
	return strings.TrimSpace(digits + " " + s.Symbol)
}

// significant rounds v to n significant digits and writes it without an exponent unless it is astronomically
// large or small.
func significant(v float64, n int) string {
	if v == 0 {
		return "0"
	}
	sci := strconv.FormatFloat(v, 'e', n-1, 64)
	_, power, _ := strings.Cut(sci, "e") // none where v is not finite
	exponent, errPower := strconv.Atoi(power)
	rounded, errRange := strconv.ParseFloat(sci, 64)
	if errPower != nil || errRange != nil || exponent > 14 || exponent < -9 {
		return sci
	}
	return strconv.FormatFloat(rounded, 'f', max(0, n-1-exponent), 64)
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
