package reports

import (
	"fmt"
	"strings"

	"meterbench/bench/result"
)

// failureFinding says at which load levels nothing succeeded; nil where there is none.
func failureFinding(all []series) []Finding {
	failed := rowsWhere(all, func(r pointRow) bool { return r.Failed })
	if len(failed) == 0 {
		return nil
	}
	var scheduled uint64
	ended := result.Counts{}
	for _, r := range failed {
		scheduled += r.Scheduled
		for _, o := range result.Outcomes() {
			ended[o] += r.Outcomes[o.String()]
		}
	}
	var instead []string
	for o, n := range ended {
		if n > 0 {
			instead = append(instead, fmt.Sprintf("%s %s", Count.Format(float64(n)), result.Outcome(o)))
		}
	}
	where := listed(fewOf(each(failed, func(r pointRow) string { return fmt.Sprintf("%s at %s", r.Series, r.Load) })))
	return []Finding{{Subject: "Nothing succeeded", Value: fmt.Sprintf("0 of %s", Count.Format(float64(scheduled))), Verdict: Bad, To: "table-outcomes",
		Text: fmt.Sprintf("transactions, at %s. Instead: %s. The system under test did not work there, and no figure of these levels describes it.",
			where, strings.Join(instead, ", "))}}
}
