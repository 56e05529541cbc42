package reports

import (
	"strings"

	"meterbench/bench/result"
	"meterbench/reports/junit"
)

// ThresholdCases returns what became of the thresholds of a run, a case for each of them at each level, by series.
func ThresholdCases(run result.Run, sum result.Summary) junit.Suite {
	suite := junit.Suite{
		Name: sum.Scenario, Started: run.Started, Took: run.Ended.Sub(run.Started), Properties: []junit.Property{{Name: "run", Value: sum.Run}},
	}
	for _, t := range sum.Thresholds {
		c := junit.Case{Class: t.Series, Name: t.Expression, Message: thresholdVerdict(t)}
		if t.Load != (result.Load{}) {
			c.Name += " at " + t.Load.String()
		}
		switch {
		case t.Reason == result.ThresholdTooFew:
			c.Outcome = junit.Errored
		case !t.Met:
			c.Outcome = junit.Failed
		}
		var lines []string
		if value := printedValue(t); value != "" {
			lines = append(lines, "value (95 % interval): "+value)
		}
		if limit := printedLimit(t); limit != "" {
			lines = append(lines, "limit: "+limit)
		}
		c.Evidence = strings.Join(lines, "\n")
		suite.Cases = append(suite.Cases, c)
	}
	return suite
}
