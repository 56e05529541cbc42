package reports

import (
	"maps"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// levelTable is the main table: what was measured at each load level.
func levelTable(all []series) Table {
	fields := levelFields(all)
	for _, whole := range wholes(all) {
		fields = append(fields, rateFields(whole)...)
	}
	fields = append(fields, field[pointRow]{
		Column{Key: "valid_share", Title: "success", Unit: Share}, func(r pointRow) Cell { return optional(success(r.Point)) }})
	for _, whole := range wholes(all) {
		fields = append(fields, percentileFields(rowsOf(all), whole)...)
		fields = append(fields, []field[pointRow]{
			{Column{Key: whole.String() + "_max_s", Title: whole.String() + " max", Unit: Seconds, CSVOnly: true}, stated(whole, largest)},
			{Column{Key: whole.String() + "_mean_s", Title: whole.String() + " mean", Unit: Seconds, CSVOnly: true}, stated(whole, mean)},
			{Column{Key: whole.String() + "_n", Title: whole.String() + " n", Unit: Count, CSVOnly: true},
				func(r pointRow) Cell { return count(r.Latency[whole.String()].N) }},
		}...)
	}
	acknowledged := 2
	if len(rowsWhere(all, func(r pointRow) bool { return r.Conditions.Wait == result.WaitAcknowledge })) > 0 {
		acknowledged = 0 // it is what their clients wait for
	}
	fields = append(fields, []field[pointRow]{
		{Column{Key: "acknowledge_p50_s", Title: "ack. p50", Unit: Seconds, Rank: acknowledged}, stated(result.PartAcknowledge, p50)},
		{Column{Key: "acknowledge_p99_s", Title: "ack. p99", Unit: Seconds, Rank: 4}, stated(result.PartAcknowledge, p99)},
		{Column{Key: "window_s", Title: "window", Unit: Seconds, CSVOnly: true}, func(r pointRow) Cell { return number(r.Window) }},
		{Column{Key: "scheduled", Title: "scheduled", Unit: Count, CSVOnly: true}, func(r pointRow) Cell { return count(r.Scheduled) }},
		{Column{Key: "blocks", Title: "blocks", Unit: Count, CSVOnly: true}, func(r pointRow) Cell { return count(r.Blocks) }},
		{Column{Key: "interval_method", Title: "interval method", CSVOnly: true},
			func(r pointRow) Cell { return text(r.Intervals[r.RateKey()].Method) }},
		{Column{Key: "point", Title: "point"}, func(r pointRow) Cell { return text(validity(r.Point)) }},
		{Column{Key: "remarks", Title: "remarks", CSVOnly: true}, func(r pointRow) Cell { return text(remarks(r.Point)) }},
	}...)
	t := Table{ID: "levels", Title: "Load levels", Notes: append(levelNotes(all), notes("levels")...)}
	if len(rowsWhere(all, func(r pointRow) bool { return r.Steady != "" })) > 0 {
		fields = append(fields, field[pointRow]{Column{Key: "steady", Title: "state", Rank: 1}, func(r pointRow) Cell { return text(string(r.Steady)) }})
		t.Notes = append(t.Notes, notes("levels with states")...)
	}
	return tabulate(t, rowsOf(all), fields)
}

// stated makes cells of a quantile of a part: empty where nothing passed the part.
func stated(part result.Part, pick func(stats.Quantiles) *float64) func(pointRow) Cell {
	return func(r pointRow) Cell {
		q := r.Latency[part.String()]
		if q.N == 0 {
			return Cell{}
		}
		return quantile(pick(q))
	}
}

// success measures which share of what was scheduled ended well: committed as valid, or answered where
// nothing is to be committed.
func success(p result.Point) (float64, bool) {
	return float64(p.Succeeded()) / float64(p.Scheduled), p.Scheduled > 0
}

// levelNotes explain rate and latency.
func levelNotes(all []series) (said []string) {
	for _, whole := range wholes(all) {
		if whole == result.PartAnswer {
			said = append(said, notes("levels of answers")...)
		} else {
			said = append(said, notes("levels of commits")...)
		}
	}
	return said
}

// rateFields are the columns of the rate that goes with a whole latency; empty where a series has the other one alone.
func rateFields(whole result.Part) []field[pointRow] {
	rate, key := Column{Title: "throughput", Unit: PerSecond}, result.ThroughputKey
	if whole == result.PartAnswer {
		rate, key = Column{Title: "answers", Unit: AnswersPerSecond}, result.AnsweredKey
	}
	rate.Key = key
	around := rate
	around.Key, around.Title, around.Interval, around.Rank = key+"_interval", "95 % interval", true, 3
	own := func(r pointRow) bool { return r.Conditions.Whole() == whole && !r.Mixed() }
	return []field[pointRow]{
		{rate, func(r pointRow) Cell {
			switch {
			case own(r):
				return number(r.Rate())
			case r.Mixed() && whole == result.PartCommit:
				return number(r.Throughput)
			case r.Mixed():
				return number(r.Answered)
			}
			return Cell{}
		}},
		{around, func(r pointRow) Cell {
			if !own(r) { // that of a mix is of both together
				return Cell{}
			}
			return interval(throughputInterval(r.Point), whyInterval)
		}},
	}
}

func throughputInterval(p result.Point) *stats.Interval {
	if i, stored := p.Intervals[p.RateKey()]; stored {
		return &i
	}
	return nil
}

func validity(p result.Point) string {
	switch {
	case p.Failed:
		return "failed"
	case !p.Valid:
		return "invalid"
	case flagged(p):
		return "flagged"
	}
	return "valid"
}

// flagged reports whether a valid point has warnings, other than that some of its figures have no interval, which the
// tables show in their place.
func flagged(p result.Point) bool {
	without := []stats.Code{stats.FewBatches, stats.Correlated, stats.TooWide}
	return p.Valid && slices.ContainsFunc(p.Notices, func(w result.Warning) bool { return !slices.Contains(without, w.Code) })
}

// remarks are the reasons why a point is invalid, and its warnings.
func remarks(p result.Point) string {
	return strings.Join(append(slices.Clone(p.Reasons), each(p.Notices, result.Warning.String)...), "; ")
}

// seriesTable says what was measured.
func seriesTable(all []series) Table {
	return tabulate(Table{ID: "series", Title: "What was measured", Detail: true, Notes: driverNotes(all)}, all, []field[series]{
		{Column{Key: "series", Title: "series"}, func(s series) Cell { return text(s.name) }},
		{Column{Key: "workload", Title: "transaction"}, func(s series) Cell { return text(s.workload()) }},
		{Column{Key: "topology", Title: "topology"}, func(s series) Cell { return text(s.conditions.Topology) }},
		{Column{Key: "fabric", Title: "Fabric"}, func(s series) Cell { return text(s.conditions.Fabric) }},
		{Column{Key: "batch_timeout_s", Title: "batch timeout", Unit: Seconds}, func(s series) Cell { return number(s.conditions.BatchTimeout) }},
		{Column{Key: "batch_messages", Title: "batch size", Unit: Count}, func(s series) Cell { return count(s.conditions.BatchMessages) }},
		{Column{Key: "wait", Title: "client waits for"}, func(s series) Cell { return text(string(s.conditions.Wait)) }},
		{Column{Key: "driver", Title: "driver"}, func(s series) Cell { return text(string(driver(s.conditions))) }},
		{Column{Key: "meters", Title: "meters", Unit: Count}, func(s series) Cell { return positive(float64(s.conditions.Meters)) }},
		{Column{Key: "verify", Title: "chaincode verifies signatures"}, func(s series) Cell {
			if s.conditions.Meters == 0 || s.conditions.Operation != "" {
				return Cell{} // calls of a contract that knows no meters, or whose operation says it
			}
			return yesNo(s.conditions.Verify)
		}},
	})
}

// A Table is rows of typed cells.
type Table struct {
	ID      string // letters, digits and -; the name of its CSV file
	Title   string
	Columns []Column
	Rows    [][]Cell
	Notes   []string
	Detail  bool // not part of the short summary for a terminal
	Data    bool // what figures draw, only in its CSV file
	// Faint says by row that it is set back, as one that nobody need choose; nil: none is.
	Faint []bool
}

// A Column describes its cells.
type Column struct {
	Key      string // CSV header, with the base unit as suffix; never changes
	Title    string
	Unit     Unit
	Interval bool // the cells are 95 % intervals; CSV writes low, high and n
	Rank     int  // where a terminal is too narrow, the highest goes first; 0 stays
	CSVOnly  bool // of no use to readers, only to programs
}

// A Cell is a text, a number in its column's unit, an interval, or absent. An end of an interval that is not bounded is
// infinite.
type Cell struct {
	Text     string
	Number   *float64
	Interval *stats.Interval
	Why      string // why the cell is absent; shown as a footnote
	Link     string // where on the page the text leads to: the id of an element
}

// Reasons for absent cells.
const (
	whyNotFinite = "not a finite number in the stored result"
	whyQuantile  = "fewer than 10 samples lie beyond this quantile, so it is not stated"
	whyMedian    = "fewer than 6 timings: the 95 % interval of a median does not exist"
	whyInterval  = "no interval was stored for this load level"
	whyNoLoad    = "even the lowest load failed"
)

// text makes a cell of words.
func text(s string) Cell { return Cell{Text: s} }

// number makes a cell of a number; what is not a finite number is absent.
func number(v float64) Cell {
	if !finite(v) {
		return Cell{Why: whyNotFinite}
	}
	return Cell{Number: &v}
}

// count makes a cell of a whole number.
func count[T int | uint32 | uint64](n T) Cell { return number(float64(n)) }

// quantile makes a cell of a quantile that may not have been stored.
func quantile(v *float64) Cell {
	if v == nil {
		return Cell{Why: whyQuantile}
	}
	return number(*v)
}

// optional makes a cell of a number that may not exist.
func optional(v float64, ok bool) Cell {
	if !ok {
		return Cell{}
	}
	return number(v)
}

// positive makes a cell of a number that is only stored where it is above 0.
func positive(v float64) Cell { return optional(v, v > 0) }

// interval makes a cell of an interval, or of why there is none.
func interval(i *stats.Interval, why string) Cell {
	if i == nil || !finite(i.Low) || !finite(i.High) {
		return Cell{Why: why}
	}
	return Cell{Interval: i}
}

// between is the interval of two stored bounds, nil where there are none.
func between(low, high *float64, n int) *stats.Interval {
	if low == nil || high == nil {
		return nil
	}
	return &stats.Interval{Low: *low, High: *high, N: n}
}

// yesNo makes a cell of an answer.
func yesNo(yes bool) Cell {
	return text(map[bool]string{true: "yes", false: "no"}[yes])
}

// add appends a row of two texts, unless the second is empty.
func (t *Table) add(item, value string) {
	if value != "" {
		t.Rows = append(t.Rows, []Cell{text(item), text(value)})
	}
}

// A field is a column of a table whose rows are items of one type, and the cell of an item.
type field[T any] struct {
	Column
	Cell func(T) Cell
}

// tabulate gives the table a column for each field and a row for each item. Columns in which there is nothing are for
// programs only.
func tabulate[T any](t Table, items []T, fields []field[T]) Table {
	for _, f := range fields {
		t.Columns = append(t.Columns, f.Column)
	}
	for _, item := range items {
		row := make([]Cell, len(fields))
		for i, f := range fields {
			row[i] = f.Cell(item)
		}
		t.Rows = append(t.Rows, row)
	}
	for i := range t.Columns {
		if !slices.ContainsFunc(t.Rows, func(row []Cell) bool { return row[i] != (Cell{}) }) {
			t.Columns[i].CSVOnly = true
		}
	}
	return t
}

// leaders names who led each channel; of the only channel without its name.
func leaders(all []result.Leader) string {
	var names []string
	for _, l := range all {
		name := l.String()
		if len(all) > 1 {
			name = l.Channel + ": " + name
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// blockTable lists the blocks of every peer, nil where no node reported any.
func blockTable(all []series) []Table {
	if len(rowsWhere(all, func(r pointRow) bool { return r.BlockCut != nil })) == 0 {
		return nil
	}
	cuts := func(n func(result.BlockCut) uint64) func(processRow) Cell {
		return func(r processRow) Cell {
			if r.BlockCut == nil {
				return Cell{}
			}
			return count(n(*r.BlockCut))
		}
	}
	mean := func(of func(result.BlockTimes) float64) func(processRow) Cell {
		return func(r processRow) Cell { return number(of(r.BlockTimes[r.process])) }
	}
	fields := append(processFields(all, "peer"), []field[processRow]{
		{Column{Key: "peer_blocks", Title: "committed", Unit: Count}, func(r processRow) Cell { return count(r.BlockTimes[r.process].Blocks) }},
		{Column{Key: "busy_share", Title: "busy", Unit: Share}, mean(func(b result.BlockTimes) float64 { return b.Busy })},
		{Column{Key: "validate_s", Title: "validate", Unit: Seconds}, mean(func(b result.BlockTimes) float64 { return b.Validate })},
		{Column{Key: "block_commit_s", Title: "commit", Unit: Seconds}, mean(func(b result.BlockTimes) float64 { return b.Commit })},
		{Column{Key: "versions_s", Title: "of which versions", Unit: Seconds}, mean(func(b result.BlockTimes) float64 { return b.Versions })},
		{Column{Key: "store_s", Title: "block store", Unit: Seconds}, mean(func(b result.BlockTimes) float64 { return b.Store })},
		{Column{Key: "state_s", Title: "state", Unit: Seconds}, mean(func(b result.BlockTimes) float64 { return b.State })},
		{Column{Key: "leaders", Title: "led at the end by"}, func(r processRow) Cell { return text(leaders(r.Leaders)) }},
	}...)
	fields = slices.Insert(fields, len(levelFields(all)), []field[processRow]{
		{Column{Key: "cut_count", Title: "cut: full", Unit: Count}, cuts(func(c result.BlockCut) uint64 { return c.Count })},
		{Column{Key: "cut_bytes", Title: "cut: bytes", Unit: Count}, cuts(func(c result.BlockCut) uint64 { return c.Bytes })},
		{Column{Key: "cut_timer", Title: "cut: timer", Unit: Count}, cuts(func(c result.BlockCut) uint64 { return c.Timer })},
		{Column{Key: "cut_timer_or_bytes", Title: "cut: timer or bytes", Unit: Count}, func(r processRow) Cell {
			if r.BlockCut == nil || r.BlockCut.TimerOrBytes == 0 {
				return Cell{}
			}
			return count(r.BlockCut.TimerOrBytes)
		}},
		{Column{Key: "cut_config", Title: "cut: configuration", Unit: Count, CSVOnly: true}, cuts(func(c result.BlockCut) uint64 { return c.Config })},
		{Column{Key: "cut_unknown", Title: "cut: unknown", Unit: Count, CSVOnly: true}, cuts(func(c result.BlockCut) uint64 { return c.Unknown })},
	}...)
	rows := processRows(all, func(r pointRow) []string { return slices.Sorted(maps.Keys(r.BlockTimes)) })
	return []Table{tabulate(Table{ID: "blocks", Title: "Blocks", Detail: true, Notes: notes("blocks")}, rows, fields)}
}

// limitTable says what limited each point, nil where the run stored no limits.
func limitTable(all []series) []Table {
	rows := rowsWhere(all, func(r pointRow) bool { return r.Limit.Kind != "" })
	if len(rows) == 0 {
		return nil
	}
	return []Table{tabulate(Table{ID: "limits", Title: "What limited throughput", Detail: true}, rows, append(levelFields(all), []field[pointRow]{
		{Column{Key: "limited_by", Title: "limited by"}, func(r pointRow) Cell { return text(r.Limit.String()) }},
		{Column{Key: "limited_because", Title: "evidence"}, func(r pointRow) Cell { return text(r.LimitedBecause) }},
	}...))}
}
