package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/group"
)

// readsSection shows the queries of mixes beside what is committed, nil where there are none.
func readsSection(all []series) []Section {
	rows := rowsWhere(all, func(r pointRow) bool { return r.Mixed() })
	if len(rows) == 0 {
		return nil
	}
	fields := levelFields(all)
	for _, part := range []struct {
		whole     result.Part
		what, key string
		unit      Unit
		rate      func(result.Point) float64
	}{
		{result.PartAnswer, "reads", result.AnsweredKey, AnswersPerSecond, func(p result.Point) float64 { return p.Answered }},
		{result.PartCommit, "writes", result.ThroughputKey, PerSecond, func(p result.Point) float64 { return p.Throughput }},
	} {
		fields = append(fields, field[pointRow]{Column{Key: part.key, Title: part.what, Unit: part.unit},
			func(r pointRow) Cell { return number(part.rate(r.Point)) }})
		for _, q := range []struct {
			name string
			pick func(stats.Quantiles) *float64
		}{{"p50", p50}, {"p99", p99}} {
			column := Column{Key: part.whole.String() + "_" + q.name + "_s", Title: part.what + " " + q.name, Unit: Seconds}
			fields = append(fields, field[pointRow]{column, stated(part.whole, q.pick)})
		}
	}
	s := Section{ID: "reads", Title: "Reads and writes", Intro: intro("section reads"),
		Tables: []Table{tabulate(Table{ID: "reads", Title: "Reads and writes of a mix", Notes: notes("reads")}, rows, fields)}}
	for _, kind := range kinds(all) {
		s.Figures = append(s.Figures, readsFigure(all, kind))
	}
	return []Section{s}
}

// readsFigure draws the median latency of both against load.
func readsFigure(all []series, kind result.LoadKind) Figure {
	mixed := slices.DeleteFunc(ofKind(all, kind), func(s series) bool {
		return !slices.ContainsFunc(s.points(), func(p result.Point) bool { return p.Mixed() })
	})
	mixed = evenly(mixed, mostLines/2)
	f := Figure{ID: "reads" + ofLoad(kind), Title: "Latency of reads and of writes" + againstLoad(kind),
		X: loadAxis(mixed, kind), Y: Axis{Label: "latency p50 (log scale)", Unit: Seconds, Log: true}}
	for _, s := range mixed {
		for variant, part := range []result.Part{result.PartAnswer, result.PartCommit} {
			of := quantileOf(part, p50)
			line := s.line(of, func(p result.Point) *stats.Interval {
				if i, ok := p.Intervals[part.String()+"_p50_s"]; ok {
					return &i
				}
				return nil
			})
			line.Name, line.Hue, line.Variant = s.name+", "+[]string{"reads", "writes"}[variant], s.hue, variant
			f.Series = append(f.Series, line)
		}
	}
	f = f.Settle(noPoints)
	f.Notes = append(f.Notes, markNotes(f, repeated(mixed))...)
	return f.described()
}

// conflictsSection compares MVCC conflicts with the birthday estimate, nil where no point has one.
func conflictsSection(all []series) []Section {
	rows := rowsWhere(all, func(r pointRow) bool { return r.Conflicts != nil })
	if len(rows) == 0 {
		return nil
	}
	fields := append(levelFields(all), []field[pointRow]{
		{Column{Key: "keys", Title: "keys", Unit: Count}, func(r pointRow) Cell { return count(r.Conflicts.Keys) }},
		{Column{Key: "committed", Title: "reached the ledger", Unit: Count}, func(r pointRow) Cell { return count(r.Conflicts.Committed) }},
		{Column{Key: "conflicts", Title: "conflicts", Unit: Count}, func(r pointRow) Cell { return count(r.Outcomes[result.MVCCConflict.String()]) }},
		{Column{Key: "conflict_share", Title: "share", Unit: Share}, func(r pointRow) Cell { return number(r.Conflicts.Share) }},
		{Column{Key: "expected_share", Title: "birthday estimate", Unit: Share}, func(r pointRow) Cell { return number(r.Conflicts.Expected) }},
		{Column{Key: "ratio", Title: "measured / estimate", Unit: Times}, func(r pointRow) Cell {
			return optional(r.Conflicts.Share/r.Conflicts.Expected, r.Conflicts.Expected > 0)
		}},
	}...)
	s := Section{ID: "conflicts", Title: "Conflicts", Intro: intro("section conflicts"),
		Tables: []Table{tabulate(Table{ID: "conflicts", Title: "MVCC conflicts by key space", Notes: notes("conflicts")}, rows, fields)}}
	if f := conflictsFigure(rows); len(f.Series) > 0 {
		s.Figures = []Figure{f}
	}
	return []Section{s}
}

// conflictsFigure draws the shares against the number of keys.
func conflictsFigure(rows []pointRow) Figure {
	f := Figure{ID: "conflicts", Title: "MVCC conflicts by number of keys", Notes: notes("figure conflicts"),
		X: Axis{Label: "keys (log scale)", Unit: Count, Log: true}, Y: Axis{Label: "share of conflicts (log scale)", Unit: Share, Log: true}}
	groups := group.By(rows, func(r pointRow) string { return fmt.Sprintf("%s at %s", r.Base(), r.Load) })
	for hue, group := range groups[:min(len(groups), mostLines/2)] {
		of := []Series{{Name: fmt.Sprintf("%s at %s", group[0].Base(), group[0].Load), Hue: hue}, {Name: "birthday estimate", Hue: hue, Variant: 1}}
		if len(groups) > 1 {
			of[1].Name = of[0].Name + ", birthday estimate"
		}
		for _, r := range group {
			x := float64(r.Conflicts.Keys)
			of[0].Points = append(of[0].Points, Point{X: x, Y: r.Conflicts.Share, Invalid: !r.Valid})
			of[1].Points = append(of[1].Points, Point{X: x, Y: r.Conflicts.Expected, Invalid: !r.Valid})
		}
		for i := range of {
			slices.SortStableFunc(of[i].Points, func(a, b Point) int { return int(a.X - b.X) })
		}
		f.Series = append(f.Series, of...)
	}
	return f.TickPoints().described().Settle(noPoints)
}

// bytesSection shows how many bytes are committed, nil where no workload has arguments of a size.
func bytesSection(all []series) []Section {
	sized := func(r pointRow) bool { return r.Conditions.Sized() && r.BytesMean > 0 && r.Conditions.Commits() }
	rows := rowsWhere(all, sized)
	if len(rows) == 0 {
		return nil
	}
	cut := func(n func(result.BlockCut) uint64) func(pointRow) Cell {
		return func(r pointRow) Cell {
			if r.BlockCut == nil || r.BlockCut.Total() == 0 {
				return Cell{}
			}
			return number(float64(n(*r.BlockCut)) / float64(r.BlockCut.Total()))
		}
	}
	fields := append(levelFields(all), []field[pointRow]{
		{Column{Key: "size_bytes", Title: "size of values", Unit: Bytes}, func(r pointRow) Cell { return count(r.Conditions.Size) }},
		{Column{Key: "envelope_bytes", Title: "envelope", Unit: Bytes}, func(r pointRow) Cell { return number(r.BytesMean) }},
		{Column{Key: "throughput_per_s", Title: "throughput", Unit: PerSecond}, func(r pointRow) Cell { return number(r.Throughput) }},
		{Column{Key: "bytes_per_s", Title: "envelopes", Unit: BytesPerSecond}, func(r pointRow) Cell { return number(bytesRate(r.Point)) }},
		{Column{Key: "commit_p50_s", Title: "commit p50", Unit: Seconds}, stated(result.PartCommit, p50)},
		{Column{Key: "per_block", Title: "tx per block", Unit: Plain}, func(r pointRow) Cell {
			return optional(r.Throughput*r.Window/float64(r.Blocks), r.Blocks > 0)
		}},
		{Column{Key: "cut_bytes_share", Title: "blocks cut by bytes", Unit: Share}, cut(func(c result.BlockCut) uint64 { return c.Bytes })},
	}...)
	s := Section{ID: "bytes", Title: "Bytes", Intro: intro("section bytes"),
		Tables: []Table{tabulate(Table{ID: "bytes", Title: "Throughput in bytes", Notes: notes("bytes")}, rows, fields)}}
	if f := bytesFigure(rows); len(f.Series) > 0 {
		s.Figures = []Figure{f}
	}
	return []Section{s}
}

// bytesRate is how many bytes of envelopes are committed as valid per second.
func bytesRate(p result.Point) float64 { return p.Throughput * p.BytesMean }

// bytesFigure draws throughput in transactions and in bytes against the size of values.
func bytesFigure(rows []pointRow) Figure {
	f := Figure{ID: "bytes", Title: "Throughput by size of values", Notes: notes("figure bytes"),
		X: Axis{Label: "size of values (log scale)", Unit: Bytes, Log: true}, Y: Axis{Label: "envelopes committed as valid", Unit: BytesPerSecond}}
	rows = slices.DeleteFunc(slices.Clone(rows), func(r pointRow) bool { return r.Conditions.Empty }) // a log scale has no 0
	groups := slices.DeleteFunc(group.By(rows, func(r pointRow) string { return fmt.Sprintf("%s at %s", r.Base(), r.Load) }),
		func(group []pointRow) bool { return len(group) < 2 })
	for hue, group := range groups[:min(len(groups), mostLines)] {
		line := Series{Name: fmt.Sprintf("%s at %s", group[0].Base(), group[0].Load), Hue: hue}
		for _, r := range group {
			line.Points = append(line.Points, Point{X: float64(r.Conditions.Size), Y: bytesRate(r.Point), Invalid: !r.Valid})
		}
		slices.SortStableFunc(line.Points, func(a, b Point) int { return int(a.X - b.X) })
		f.Series = append(f.Series, line)
	}
	return f.TickPoints().described().Settle(noPoints)
}
