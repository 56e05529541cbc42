package result

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// BenchText returns bench.txt in the Go benchmark format (golang.org/design/14313-benchmark-format), which benchstat
// and its kin read: a line per point, repetitions under the same name, and a line per encryption operation. Of run it
// states the host, the scenario and the target where they are known.
//
// What differs from run to run, as its id and the measured speed of the processor, is a remark and no configuration
// line: benchstat compares only runs of the same configuration. Invalid points are remarks as well.
func BenchText(run Run, sum Summary) []byte {
	var b bytes.Buffer
	if run.ID != "" {
		fmt.Fprintf(&b, "# meterbench %s, run %s, one P-256 signature takes %s s\n", oneLine(run.Scenario), oneLine(run.ID), number(run.Host.Sign))
	}
	b.WriteString("Unit tx/s better=higher\nUnit answered/s better=higher\n")
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
	var last Conditions
	for i := range sum.Points {
		p := &sum.Points[i]
		if i == 0 || p.Conditions != last {
			writeConditions(&b, config, p.Conditions, last)
			last = p.Conditions
		}
		if !p.Valid {
			fmt.Fprintf(&b, "# invalid (%s): ", oneLine(strings.Join(p.Reasons, "; ")))
		}
		writePoint(&b, p)
	}
	return b.Bytes()
}

// writeConditions writes those of the next points. last are those of the points before: what most runs do not
// have is only written where it changes.
func writeConditions(b *bytes.Buffer, config func(key, value string), c, last Conditions) {
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
func writePoint(b *bytes.Buffer, p *Point) {
	name, unit := "Commit", "tx/s"
	if !p.Conditions.Commits() {
		name, unit = "Answer", "answered/s"
	}
	q := p.Latency[p.Conditions.Whole().String()]
	var values []string
	add := func(value float64, unit string) { values = append(values, number(value), unit) }
	if p.Conditions.Commits() || q.N > 0 {
		add(p.Rate(), unit)
	}
	for _, v := range []struct {
		value *float64
		unit  string
	}{{q.P50, "p50-s"}, {q.P95, "p95-s"}, {q.P99, "p99-s"}} {
		if v.value != nil {
			add(*v.value, v.unit)
		}
	}
	if q.N > 0 {
		add(q.Mean, "mean-s")
		add(q.Max, "max-s")
	}
	if p.ClientCPU > 0 {
		add(p.ClientCPU, "client-cpu-s/tx")
	}
	if len(values) == 0 {
		b.WriteString("# nothing measured: ") // the format knows no line without a value
	}
	fmt.Fprintf(b, "Benchmark%s/series=%s/%s %d %s\n", name, escapeName(p.Series, '/'), p.Load.key(), q.N, strings.Join(values, " "))
}

// writeFE writes a line for each timing of an operation, or one of their median where only that was kept.
// Sizes are written with encryption.
func writeFE(b *bytes.Buffer, c FECost) {
	size := fmt.Sprintf(" %d ciphertext-B", c.Bytes)
	if c.OnLedger > 0 {
		size += fmt.Sprintf(" %d ledger-B", c.OnLedger)
	}
	for _, op := range []struct {
		name string
		cost Cost
		size string
	}{{"keygen", c.Keygen, ""}, {"derive", c.Derive, ""}, {"encrypt", c.Encrypt, size}, {"decrypt", c.Decrypt, ""}} {
		name := fmt.Sprintf("BenchmarkFE/op=%s/scheme=%s/bits=%d/length=%d/bound=%d", op.name, escapeName(c.Scheme, '/'), c.Bits, c.Length, c.Bound)
		for _, seconds := range op.cost.Samples {
			fmt.Fprintf(b, "%s 1 %s s/op%s\n", name, number(seconds), op.size)
		}
		if len(op.cost.Samples) == 0 {
			fmt.Fprintf(b, "%s %d %s s/op%s\n", name, op.cost.N, number(op.cost.P50), op.size)
		}
	}
}

func number(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

// oneLine keeps a value from ending its line.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// escapeName replaces what would end s, as a part of a benchmark's name or as a tag of latency.hlog: spaces,
// control characters and the format's separator.
func escapeName(s string, separator rune) string {
	return strings.Map(func(r rune) rune {
		if r == separator || unicode.IsSpace(r) || unicode.IsControl(r) {
			return '_'
		}
		return r
	}, s)
}
