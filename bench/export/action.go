package export

import (
	"encoding/json"
	"fmt"
	"strconv"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// An actionEntry is an element of the list that github-action-benchmark reads by its tools customBiggerIsBetter and
// customSmallerIsBetter. Entries of a name are one chart, and one alert.
type actionEntry struct {
	Name  string  `json:"name"`
	Unit  string  `json:"unit"`
	Value float64 `json:"value"`
	Range string  `json:"range,omitempty"` // of the value, for people
	Extra string  `json:"extra,omitempty"` // shown with the value
}

func biggerIsBetter(run result.Run, sum result.Summary) ([]byte, error) {
	return action(run, sum, metric.Higher)
}

func smallerIsBetter(run result.Run, sum result.Summary) ([]byte, error) {
	return action(run, sum, metric.Lower)
}

// action returns the gated figures that get better in one direction, as every entry alerts. The action takes all metrics of
// the Go benchmark format as smaller-is-better, so that it would alert where throughput rises.
func action(run result.Run, sum result.Summary, better metric.Better) ([]byte, error) {
	entries := []actionEntry{}
	for _, b := range benchmarks(run, sum) {
		for _, f := range b.figures {
			if !f.Gated || f.Better != better {
				continue
			}
			e := actionEntry{Name: b.name + ": " + f.Title, Unit: string(f.Unit), Value: f.Value.Value}
			if i := f.Possible(f.Value.Interval); i != nil {
				e.Range = fmt.Sprintf("%s to %s", number(i.Low), number(i.High))
				e.Extra = fmt.Sprintf("%s %% interval, n = %d, run %s", strconv.FormatFloat(100*stats.Level, 'f', -1, 64), i.N, run.ID)
			}
			entries = append(entries, e)
		}
	}
	return indented(entries)
}

func indented(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}
