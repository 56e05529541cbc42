package reports

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/printable"
)

const noFE = "No data: the run measured no encryption costs."

// encryption is the cost table of a run and what its costs are compared with.
type encryption struct {
	costs   []result.FECost
	schemes []string // in the order of the costs; the index is the hue
	lengths []int    // ascending, as the bounds
	bounds  []int64
	against transaction
	all     []series
}

// A transaction is the measured time of one, as encryption is compared with it.
type transaction struct {
	series    string
	load      result.Load
	latencies []comparand // medians; empty where no transaction was measured
}

// A comparand is a latency that encryption is compared with.
type comparand struct {
	part  result.Part
	name  string
	value float64 // in seconds
}

func (t transaction) String() string { return fmt.Sprintf("%s at %s", t.series, t.load) }

func newEncryption(costs []result.FECost, all []series) encryption {
	e := encryption{costs: costs, against: unencrypted(all), all: all}
	for _, c := range costs {
		e.schemes, e.lengths, e.bounds = append(e.schemes, c.Scheme), append(e.lengths, c.Length), append(e.bounds, c.Bound)
	}
	slices.Sort(e.lengths)
	slices.Sort(e.bounds)
	e.schemes, e.lengths, e.bounds = distinct(e.schemes), distinct(e.lengths), distinct(e.bounds)
	return e
}

// distinct keeps the first of equal items.
func distinct[T comparable](items []T) (kept []T) {
	for _, item := range items {
		if !slices.Contains(kept, item) {
			kept = append(kept, item)
		}
	}
	return kept
}

// vector names how many values one ciphertext holds.
func vector(length int) string { return printable.Count(length, "value") }

// single reports whether each of a group of meters encrypts a value of its own.
func single(c result.FECost) bool { return c.Values == 1 && c.Length > 1 }

// unencrypted finds the transaction without encryption in its timed path that encryption is compared with:
// plain before padded before any other, at the least load at which enough of them were measured for a median.
func unencrypted(all []series) (t transaction) {
	for _, workload := range []result.Workload{result.Plain, result.Padded, ""} {
		for _, s := range all {
			if s.conditions.Encryption == result.EncryptInline || workload != "" && s.conditions.Workload != workload {
				continue
			}
			for _, l := range s.levels {
				t = transaction{series: s.name, load: l.load}
				for _, c := range []comparand{{result.PartCommit, "commit latency", 0}, {result.PartAcknowledge, "acknowledgement latency", 0}} {
					if median, ok := l.median(quantileOf(c.part, p50)); ok {
						c.value = median
						t.latencies = append(t.latencies, c)
					}
				}
				if len(t.latencies) > 0 {
					return t
				}
			}
		}
	}
	return transaction{}
}

// notes say what exactly is compared.
func (t transaction) notes() []string {
	words := "Encryption: median time of one encryption, alone on the machine."
	for _, l := range t.latencies {
		words += fmt.Sprintf(" %s: p50 of %s, %s.", Capital(l.name), t, Seconds.Format(l.value))
	}
	return append([]string{words}, notes("encryption against transactions")...)
}

// Capital begins a sentence with s.
func Capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func encryptionSection(e encryption, run result.Run) Section {
	return Section{ID: "encryption", Title: "Functional encryption", Intro: intro("section encryption"),
		Figures: append(e.costFigures(), e.ratioFigure()),
		Tables:  slices.Concat([]Table{e.costTable(), e.schemeTable(), e.ratioTable()}, e.insideTables(), []Table{preparationTable(run, e.all)}),
	}
}

// workShare returns which share of a transaction the work on ciphertexts is.
func workShare(p result.Point) (float64, bool) {
	work, worked := encryptMean(p)
	whole, ended := meanOf(p.Conditions.Whole())(p)
	return work / whole, worked && ended && whole > 0
}

// bills reports whether the transactions of a series are a gateway's bills, in which readings are evaluated;
// encrypts, whether they are readings, which are encrypted.
func bills(s series) bool    { return s.conditions.Workload == result.Billing }
func encrypts(s series) bool { return !bills(s) }

// CostPoint draws a cost with its interval.
func CostPoint(c result.Cost) Point { return Point{Y: c.P50, Interval: between(c.Low, c.High, c.N)} }

// Over draws the point as a ratio.
func (p Point) Over(v float64) Point {
	p.Y /= v
	if i := p.Interval; i != nil {
		p.Interval = &stats.Interval{Low: i.Low / v, High: i.High / v, N: i.N}
	}
	return p
}
