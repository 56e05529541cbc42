package comparison

import (
	"strconv"
	"strings"

	"meterbench/bench/compare"
	"meterbench/bench/result"
	"meterbench/reports/junit"
)

// Suite has a case for each gated row. A row that is worse failed; one that cannot be told was skipped or, if strict, is an
// error.
func Suite(c *compare.Comparison, strict bool) junit.Suite {
	s := junit.Suite{Name: title(c), Properties: []junit.Property{
		{Name: "alpha", Value: strconv.FormatFloat(c.Alpha, 'g', -1, 64)},
		{Name: "minimum_effect", Value: strconv.FormatFloat(c.Minimum, 'g', -1, 64)},
		{Name: "base", Value: side(c.Base)}, {Name: "head", Value: side(c.Head)},
	}}
	if len(c.Base) > 0 {
		s.Started = c.Base[0].Started
	}
	outcomes := map[compare.Verdict]junit.Outcome{compare.Worse: junit.Failed, compare.CannotTell: junit.Skipped}
	if strict {
		outcomes[compare.CannotTell] = junit.Errored
	}
	for _, r := range c.Rows {
		if !r.Gated {
			continue
		}
		name := r.Metric.Name
		if r.Load != (result.Load{}) {
			name += " at " + r.Load.String()
		}
		s.Cases = append(s.Cases, junit.Case{
			Class: r.Series, Name: name, Outcome: outcomes[r.Verdict],
			Message:  string(r.Verdict) + ": " + changed(r),
			Evidence: strings.ReplaceAll(evidence(r), "; ", "\n") + "\n" + values("base", r.Base) + values("head", r.Head) + remarks(r),
		})
	}
	return s
}

// values are those of one side in base units, as far as a reader takes them in.
func values(side string, of compare.Sample) string {
	const most = 20
	words := []string{side + ":"}
	for i, v := range of.Values {
		if i == most {
			words = append(words, "...")
			break
		}
		words = append(words, strconv.FormatFloat(v, 'g', 6, 64))
	}
	return strings.Join(words, " ") + "\n"
}

func remarks(r compare.Row) string {
	var b strings.Builder
	for _, w := range r.Warnings {
		b.WriteString(w.String() + "\n")
	}
	return b.String()
}
