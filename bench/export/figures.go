package export

import (
	"fmt"
	"math"
	"slices"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/printable"
)

// figuresOf returns the metrics of a run's levels that others get: not the parts of a latency, of which there are too many
// to be compared one by one, and not what is 0 throughout, as shares of outcomes that never occurred.
func figuresOf(sum *result.Summary) (all []metric.Metric) {
	for _, m := range metric.All() {
		occurs := func(p result.Point) bool {
			v, ok := m.Of(&p)
			return ok && (m.Gated || v.Value != 0)
		}
		if !m.Detail && slices.ContainsFunc(sum.Points, occurs) {
			all = append(all, m)
		}
	}
	return all
}

// A figure is a metric with its value.
type figure struct {
	metric.Metric
	Value metric.Value
}

// A benchmark is what one name stands for: a load level of a run, or an operation of encryption.
type benchmark struct {
	name    string
	figures []figure
}

// benchmarks returns those of a run, whose names do not depend on the run.
func benchmarks(run result.Run, sum result.Summary) (all []benchmark) {
	for _, c := range sum.FE {
		for _, op := range operations(c) {
			v := metric.Value{Value: op.cost.P50}
			if op.cost.Low != nil && op.cost.High != nil {
				v.Interval = &stats.Interval{Low: *op.cost.Low, High: *op.cost.High, N: op.cost.N}
			}
			all = append(all, benchmark{op.benchmark, append([]figure{{feTime, v}}, op.sizes...)})
		}
	}
	figures := figuresOf(&sum)
	for _, l := range metric.Levels(&sum) {
		b := benchmark{name: run.Scenario + "/" + l.Series + "/" + l.Load.Key()}
		for _, m := range figures {
			if v, ok := m.At(l); ok && !math.IsNaN(v.Value) && !math.IsInf(v.Value, 0) {
				b.figures = append(b.figures, figure{m, v})
			}
		}
		all = append(all, b)
	}
	return slices.DeleteFunc(all, func(b benchmark) bool { return len(b.figures) == 0 })
}

// Metrics of encryption, which is measured without a load.
var (
	feTime       = metric.Metric{Name: "time", Title: "time", Unit: metric.Seconds, Better: metric.Lower, Bench: "s/op", Gated: true}
	feCiphertext = metric.Metric{Name: "ciphertext", Title: "ciphertext", Unit: metric.Bytes, Better: metric.Lower, Bench: "ciphertext-B", Gated: true}
	feLedger     = metric.Metric{Name: "ledger", Title: "reading on the ledger", Unit: metric.Bytes, Better: metric.Lower, Bench: "ledger-B", Gated: true}
)

func feMetrics() []metric.Metric { return []metric.Metric{feTime, feCiphertext, feLedger} }

// An operation is one of encryption's, measured under one set of parameters.
type operation struct {
	benchmark string
	cost      result.Cost
	sizes     []figure
}

// operations are those of a cost. Sizes are of encryption.
func operations(c result.FECost) []operation {
	name := func(op string) string {
		return fmt.Sprintf("FE/op=%s/scheme=%s/bits=%d/length=%d/bound=%d", op, printable.Field(c.Scheme, '/'), c.Bits, c.Length, c.Bound)
	}
	sizes := []figure{{feCiphertext, metric.Value{Value: float64(c.Bytes)}}}
	if c.OnLedger > 0 {
		sizes = append(sizes, figure{feLedger, metric.Value{Value: float64(c.OnLedger)}})
	}
	return []operation{{name("keygen"), c.Keygen, nil}, {name("derive"), c.Derive, nil}, {name("encrypt"), c.Encrypt, sizes}, {name("decrypt"), c.Decrypt, nil}}
}
