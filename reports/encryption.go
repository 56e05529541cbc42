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
	groups  []feGroup
	against *transaction
	all     []series
}

// An feGroup is one line of the encryption figures: one scheme at one length.
type feGroup struct {
	scheme string
	length int
	hue    int
}

func (g feGroup) String() string { return fmt.Sprintf("%s, %s", g.scheme, vector(g.length)) }

func vector(length int) string {
	if length == 1 {
		return "1 value"
	}
	return fmt.Sprintf("%d values", length)
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
		g := feGroup{c.Scheme, c.Length, len(all) + len(e.groups)}
		if !slices.ContainsFunc(e.groups, g.same) {
			e.groups = append(e.groups, g)
		}
	}
	return e
}

func (g feGroup) same(other feGroup) bool {
	return g.scheme == other.scheme && g.length == other.length
}

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
				if v, ok := l.median(quantiles[0].of(result.PhaseCommit)); ok {
					t.commit = &v
				}
				if v, ok := l.median(quantiles[0].of(result.PhaseAcknowledge)); ok {
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
	s := Section{
		ID:      "encryption",
		Title:   "Functional encryption",
		Intro:   "Costs of one operation on this machine with nothing else running. A length of n values is one ciphertext that holds n meter values.",
		Figures: append(e.costFigures(), e.ratioFigure()),
		Tables:  []Table{e.costTable(), e.ratioTable(), e.inlineTable(), preparationTable(run, e.all)},
	}
	return s
}

// costFigures draw the table of costs.
func (e encryption) costFigures() []Figure {
	return []Figure{
		e.figure("encryption-time", "Encryption time by key size and vector length", "time to encrypt one reading, median", Seconds,
			func(c result.FECost) Point { return costPoint(c.Encrypt) }),
		e.figure("ciphertext-size", "Ciphertext size by key size and vector length", "size of one ciphertext", Bytes,
			func(c result.FECost) Point { return Point{Y: float64(c.Bytes)} }),
	}
}

func costPoint(c result.Cost) Point {
	p := Point{Y: c.P50}
	if c.Low != nil && c.High != nil {
		p.Interval = &Interval{Low: *c.Low, High: *c.High, N: c.N}
	}
	return p
}

// bitsAxis is the X axis of the encryption figures.
func (e encryption) bitsAxis() Axis {
	axis := Axis{Label: "key size, bits (log scale)", Unit: Count, Log: true}
	for _, c := range e.costs {
		if c.Bits > 0 && !slices.Contains(axis.Ticks, float64(c.Bits)) {
			axis.Ticks = append(axis.Ticks, float64(c.Bits))
		}
	}
	slices.Sort(axis.Ticks)
	return axis
}

// line gathers the points of one group in ascending key size.
func (e encryption) line(g feGroup, y func(result.FECost) Point) []Point {
	var points []Point
	for _, c := range e.costs {
		if c.Scheme == g.scheme && c.Length == g.length {
			p := y(c)
			p.X = float64(c.Bits)
			points = append(points, p)
		}
	}
	slices.SortStableFunc(points, func(a, b Point) int { return int(a.X) - int(b.X) })
	return points
}

func (e encryption) figure(id, title, label string, unit Unit, y func(result.FECost) Point) Figure {
	f := Figure{ID: id, Title: title, Kind: Lines, X: e.bitsAxis(), Y: Axis{Label: label + " (log scale)", Unit: unit, Log: true}}
	for _, g := range e.groups {
		f.Series = append(f.Series, Series{Name: g.String(), Hue: g.hue, Points: e.line(g, y)})
	}
	f = f.settle(noFE)
	if f.HasIntervals() {
		f.Notes = []string{"Medians; bars through the points are 95 % intervals by order statistics; where none shows, it is narrower than the mark. n is in the table."}
	}
	f.Alt = fmt.Sprintf("%s for %s.", title, listed(names(f.Series)))
	return f
}

// ratioFigure sets the time of one encryption against the time of one
// transaction without any.
func (e encryption) ratioFigure() Figure {
	f := Figure{
		ID:     "encryption-against-transaction",
		Title:  "Encryption time against transaction time by key size",
		Kind:   Lines,
		X:      e.bitsAxis(),
		Y:      Axis{Label: "encryption time / transaction time (log scale)", Unit: Times, Log: true},
		Levels: []Level{{Name: "as long as the transaction", Y: 1}},
	}
	why := noFE
	if e.against == nil {
		why = "No data: the run measured no transaction without encryption to compare with."
	} else {
		f.Notes = e.against.notes()
		for _, g := range e.groups {
			for variant, to := range e.against.latencies() {
				line := Series{Name: fmt.Sprintf("%s / %s", g, to.name), Hue: g.hue, Variant: variant}
				line.Points = e.line(g, func(c result.FECost) Point { return costPoint(c.Encrypt).over(to.value) })
				f.Series = append(f.Series, line)
			}
		}
	}
	f = f.settle(why)
	f.Alt = fmt.Sprintf("Ratio of the time of one encryption to the time of one transaction, by key size, for %s.", listed(names(f.Series)))
	return f
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
