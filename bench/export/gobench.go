package export

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/internal/printable"
)

// GoBench returns bench.txt in the Go benchmark format (golang.org/design/14313-benchmark-format), which benchstat
// and its kin read: a line per point, repetitions under the same name, and a line per encryption operation. Of run it
// states the host, the scenario and the target where they are known.
//
// What differs from run to run, as its id and the measured speed of the processor, is a remark and no configuration
// line: benchstat compares only runs of the same configuration. Invalid points are remarks as well.
func GoBench(run result.Run, sum result.Summary) []byte {
	var b bytes.Buffer
	if run.ID != "" {
		fmt.Fprintf(&b, "# meterbench %s, run %s, one P-256 signature takes %s s\n", oneLine(run.Scenario), oneLine(run.ID), number(run.Host.Sign))
	}
	figures := figuresOf(&sum)
	units := figures
	if len(sum.FE) > 0 {
		units = append(feMetrics(), figures...)
	}
	for _, m := range units {
		fmt.Fprintf(&b, "Unit %s better=%s\n", m.Bench, m.Better)
	}
	config := func(key, value string) {
		if value = oneLine(value); value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	config("goos", run.Host.OS)
	config("cpu", run.Host.CPU)
	config("cores", whole(run.Host.Cores))
	config("kernel", run.Host.Kernel)
	config("virtualisation", run.Host.Virtual)
	config("scenario", run.Scenario)
	config("target", run.Target)
	for _, c := range sum.FE { // first: the conditions of the points are not theirs
		writeFE(&b, c)
	}
	var last result.Conditions
	for i := range sum.Points {
		p := &sum.Points[i]
		if i == 0 || p.Conditions != last {
			writeConditions(&b, config, p.Conditions, last)
			last = p.Conditions
		}
		if !p.Valid {
			fmt.Fprintf(&b, "# invalid (%s): ", oneLine(strings.Join(p.Reasons, "; ")))
		}
		writePoint(&b, figures, p)
	}
	return b.Bytes()
}

// writeConditions writes those of the next points. last are those of the points before: what most runs do not
// have is only written where it changes.
func writeConditions(b *bytes.Buffer, config func(key, value string), c, last result.Conditions) {
	b.WriteByte('\n')
	config("topology", c.Topology)
	config("fabric", c.Fabric)
	config("batch-timeout-s", number(c.BatchTimeout))
	config("batch-messages", strconv.FormatUint(uint64(c.BatchMessages), 10))
	config("wait", string(c.Wait))
	if c.Driver != last.Driver {
		config("driver", string(c.Driver))
	}
	config("workload", string(c.Workload))
	// Without a value a key is taken back from the series before.
	fmt.Fprintf(b, "scheme: %s\nbits: %s\nencryption: %s\n", oneLine(c.Scheme), whole(c.Bits), oneLine(string(c.Encryption)))
	if c.Form != last.Form || c.Readings != last.Readings {
		fmt.Fprintf(b, "form: %s\nreadings: %s\n", oneLine(string(c.Form)), whole(c.Readings))
	}
	if c.Channels != last.Channels {
		fmt.Fprintf(b, "channels: %s\n", whole(c.Channels))
	}
	if c.Caps != last.Caps {
		fmt.Fprintf(b, "caps: %s\n", c.Caps)
	}
	config("length", strconv.Itoa(c.Length))
	config("meters", strconv.Itoa(c.Meters))
	config("verify", strconv.FormatBool(c.Verify))
}

// whole writes a number that is 0 where it means nothing.
func whole(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// writePoint writes a point as a benchmark whose iterations are the transactions that its latencies were taken from.
func writePoint(b *bytes.Buffer, figures []metric.Metric, p *result.Point) {
	name := "Commit"
	if !p.Conditions.Commits() {
		name = "Answer"
	}
	n := p.Latency[p.Conditions.Whole().String()].N
	var values []string
	for _, m := range figures {
		if v, ok := m.Of(p); ok && (p.Conditions.Commits() || n > 0) {
			values = append(values, number(v.Value), m.Bench)
		}
	}
	if len(values) == 0 {
		b.WriteString("# nothing measured: ") // the format knows no line without a value
	}
	fmt.Fprintf(b, "Benchmark%s/series=%s/%s %d %s\n", name, printable.Field(p.Series, '/'), p.Load.Key(), n, strings.Join(values, " "))
}

// writeFE writes a line for each timing of an operation, or one of their median where only that was kept.
func writeFE(b *bytes.Buffer, c result.FECost) {
	for _, op := range operations(c) {
		var sizes strings.Builder
		for _, s := range op.sizes {
			fmt.Fprintf(&sizes, " %s %s", number(s.Value.Value), s.Bench)
		}
		write := func(n int, seconds float64) {
			fmt.Fprintf(b, "Benchmark%s %d %s %s%s\n", op.benchmark, n, number(seconds), feTime.Bench, sizes.String())
		}
		for _, seconds := range op.cost.Samples {
			write(1, seconds)
		}
		if len(op.cost.Samples) == 0 {
			write(op.cost.N, op.cost.P50)
		}
	}
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

// oneLine keeps a value from ending its line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
