package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
)

const noFE = "No data: the run measured no encryption costs."

// encryption is the cost table of a run and what its costs are compared with.
type encryption struct {
	costs   []result.FECost
	schemes []string // in the order of the costs; the index is the hue
	lengths []int    // ascending, as the bounds
	bounds  []int64
	against *transaction
	all     []series
}

// A transaction is the measured time of one, as encryption is compared with it.
type transaction struct {
	series      string
	load        result.Load
	commit      *float64 // median commit latency, in seconds
	acknowledge *float64 // median acknowledgement latency, in seconds
}

func (t transaction) String() string { return fmt.Sprintf("%s at %s", t.series, at(t.load)) }

func newEncryption(costs []result.FECost, all []series) encryption {
	e := encryption{costs: costs, against: unencrypted(all), all: all}
	for _, c := range costs {
		if !slices.Contains(e.schemes, c.Scheme) {
			e.schemes = append(e.schemes, c.Scheme)
		}
		if !slices.Contains(e.lengths, c.Length) {
			e.lengths = append(e.lengths, c.Length)
		}
		if !slices.Contains(e.bounds, c.Bound) {
			e.bounds = append(e.bounds, c.Bound)
		}
	}
	slices.Sort(e.lengths)
	slices.Sort(e.bounds)
	return e
}

// vector names how many values one ciphertext holds.
func vector(length int) string {
	if length == 1 {
		return "1 value"
	}
	return fmt.Sprintf("%d values", length)
}

// single tells whether each of a group of meters encrypts a value of its own.
func single(c result.FECost) bool { return c.Values == 1 && c.Length > 1 }

// unencrypted finds the transaction without encryption in its timed path that
// encryption is compared with: plain before padded before any other, at the
// least load at which enough of them were measured for a median.
func unencrypted(all []series) *transaction {
	for _, workload := range []string{"plain", "padded", ""} {
		for _, s := range all {
			if s.conditions.Encryption == "inline" || workload != "" && s.conditions.Workload != workload {
				continue
			}
			for _, l := range s.levels {
				t := transaction{series: s.name, load: l.load}
				if v, ok := l.median(quantiles[0].of(result.PartCommit)); ok {
					t.commit = &v
				}
				if v, ok := l.median(quantiles[0].of(result.PartAcknowledge)); ok {
					t.acknowledge = &v
				}
				if t.commit != nil || t.acknowledge != nil {
					return &t
				}
			}
		}
	}
	return nil
}

func encryptionSection(e encryption, run result.Run) Section {
	return Section{
		ID:      "encryption",
		Title:   "Functional encryption",
		Intro:   "Costs of one operation on this machine with nothing else running. A length of n values is one ciphertext that holds n meter values, or a group of n meters that encrypt one value each.",
		Figures: append(e.costFigures(), e.ratioFigure()),
		Tables:  append(append([]Table{e.costTable(), e.schemeTable(), e.ratioTable()}, e.insideTables()...), preparationTable(run, e.all)),
	}
}

// A comparand is a latency that encryption is compared with.
type comparand struct {
	name  string
	value float64
}

func (t transaction) latencies() []comparand {
	var all []comparand
	if t.commit != nil {
		all = append(all, comparand{"commit latency", *t.commit})
	}
	if t.acknowledge != nil {
		all = append(all, comparand{"acknowledgement latency", *t.acknowledge})
	}
	return all
}

// notes say what exactly is compared.
func (t transaction) notes() []string {
	words := "Encryption: median time of one, alone on the machine."
	for _, l := range t.latencies() {
		words += fmt.Sprintf(" %s%s: p50 of %s, %s.", string(l.name[0]-32), l.name[1:], t, Seconds.Format(l.value))
	}
	return []string{
		words,
		"Below 1 the encryption is the shorter. The intervals are those of the encryption time; the two times were not measured in pairs.",
		"At low load most of the commit latency is the orderer's wait for its batch timer.",
	}
}

func (p Point) over(v float64) Point {
	p.Y /= v
	if i := p.Interval; i != nil {
		p.Interval = &Interval{Low: i.Low / v, High: i.High / v, N: i.N}
	}
	return p
}
