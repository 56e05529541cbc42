package export

import (
	"math"

	"meterbench/bench/result"
)

// A bencherMetric is a value with its bounds in Bencher Metric Format.
type bencherMetric struct {
	Value float64  `json:"value"`
	Lower *float64 `json:"lower_value,omitempty"`
	Upper *float64 `json:"upper_value,omitempty"`
}

// bencher returns a run in Bencher Metric Format (bencher.dev/docs/reference/bencher-metric-format): by benchmark and
// measure a value, with the bounds of its interval. Measures have the names and base units of bench/metric. Bencher has no
// direction: a threshold with an upper or a lower boundary says which way is worse.
func bencher(run result.Run, sum result.Summary) ([]byte, error) {
	all := map[string]map[string]bencherMetric{}
	for _, b := range benchmarks(run, sum) {
		measures := map[string]bencherMetric{}
		for _, f := range b.figures {
			m := bencherMetric{Value: f.Value.Value}
			if i := f.Possible(f.Value.Interval); i != nil {
				m.Lower, m.Upper = bounded(i.Low), bounded(i.High)
			}
			measures[f.Name] = m
		}
		all[b.name] = measures
	}
	return indented(all)
}

// bounded returns an end of an interval, nil where that has none.
func bounded(end float64) *float64 {
	if math.IsInf(end, 0) || math.IsNaN(end) {
		return nil
	}
	return &end
}
