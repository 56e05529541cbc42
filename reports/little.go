package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"meterbench/bench/result"
)

// littleTable compares both sides of Little's law at each point, nil where no point says.
func littleTable(all []series) []Table {
	rows := rowsWhere(all, func(r pointRow) bool { return r.Little != nil })
	if len(rows) == 0 {
		return nil
	}
	return []Table{tabulate(Table{ID: "little", Title: "Little's law", Detail: true, Notes: notes("little")}, rows, append(levelFields(all), []field[pointRow]{
		{Column{Key: "cycle_s", Title: "measured R + think", Unit: Seconds}, func(r pointRow) Cell { return number(r.Little.Cycle) }},
		{Column{Key: "law_s", Title: "N / X", Unit: Seconds}, func(r pointRow) Cell { return number(r.Little.Law) }},
		{Column{Key: "deviation_share", Title: "deviation", Unit: Share}, func(r pointRow) Cell { return number(r.Little.Deviation) }},
		{Column{Key: "check", Title: "check"}, func(r pointRow) Cell { return text(littleVerdict(*r.Little)) }},
	}...))}
}

func littleVerdict(l result.Little) string {
	switch {
	case !l.Judged:
		return "not judged"
	case math.Abs(l.Deviation) > result.LittleLimit:
		return "failed"
	}
	return "passed"
}

// littleFinding sums the check up, nil where no point was judged.
func littleFinding(all []series) []Finding {
	judged := rowsWhere(all, func(r pointRow) bool { return r.Little != nil && r.Little.Judged && finite(r.Little.Deviation) })
	if len(judged) == 0 {
		return nil
	}
	failed := len(slices.DeleteFunc(slices.Clone(judged), func(r pointRow) bool { return math.Abs(r.Little.Deviation) <= result.LittleLimit }))
	worst := slices.MaxFunc(judged, func(a, b pointRow) int {
		return cmp.Compare(math.Abs(a.Little.Deviation), math.Abs(b.Little.Deviation))
	})
	f := Finding{Subject: "Little's law", Value: fmt.Sprintf("holds at %d of %d", len(judged)-failed, len(judged)), Verdict: Good, To: "table-little",
		Text: fmt.Sprintf("load levels that are steady and long enough: throughput and latency contradict each other there by at most %s (%s at %s), "+
			"of %s allowed.", Share.Format(math.Abs(worst.Little.Deviation)), worst.of.name, worst.Load, Share.Format(result.LittleLimit))}
	if failed > 0 {
		f.Verdict = Bad
	}
	return []Finding{f}
}
