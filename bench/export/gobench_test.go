package export

import (
	"bytes"
	"flag"
	"fmt"
	"slices"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/bench/topology"

	"golang.org/x/perf/benchfmt"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// benchSummary is a summary with all that bench.txt makes a difference of.
func benchSummary() result.Summary {
	f := func(x float64) *float64 { return &x }
	minimal := result.Conditions{Topology: "minimal", Fabric: "3.1.1", BatchTimeout: 0.2, BatchMessages: 100, Wait: "commit", Workload: "plain", Length: 24, Meters: 100, Verify: true}
	encrypted := minimal
	encrypted.Workload, encrypted.Scheme, encrypted.Bits, encrypted.Encryption = "encrypted", "ddh", 2048, "inline"
	endorse := minimal
	endorse.Wait = "endorse"
	plain := result.Point{
		Series: "plain", Repetition: 1, Valid: true, Conditions: minimal, Load: closed8, Throughput: 812.25, ClientCPU: 0.00031,
		Latency: map[string]stats.Quantiles{"commit": {P50: f(0.0123), P95: f(0.02), P99: f(0.0301), Max: 0.05, Mean: 0.013, N: 16245}},
	}
	again := plain
	again.Repetition, again.Throughput = 2, 815
	host := plain
	host.Valid, host.Reasons = false, []string{"schedule lag p99 11 ms", "client was\nthe bottleneck"}
	return result.Summary{
		Points: []result.Point{
			plain, again, host,
			{Series: "inline / 1", Repetition: 1, Valid: true, Conditions: encrypted, Load: result.Load{Kind: "open", Offered: 2.5}, Throughput: 2.4,
				Latency: map[string]stats.Quantiles{"commit": {P50: f(0.3), Max: 0.5, Mean: 0.31, N: 50}}},
			{Series: "endorse", Repetition: 1, Valid: true, Conditions: endorse, Load: closed8, Answered: 200,
				Latency: map[string]stats.Quantiles{"answer": {P50: f(0.005), Max: 0.01, Mean: 0.006, N: 100}}},
			{Series: "endorse", Repetition: 2, Valid: true, Conditions: endorse, Load: closed8},
		},
		FE: []result.FECost{{Scheme: "ddh", Bits: 2048, Length: 24, Bound: 10000, Keygen: result.Cost{P50: 0.2, N: 6}, Derive: result.Cost{P50: 1e-5, N: 6}, Encrypt: result.Cost{P50: 0.05, N: 2, Samples: []float64{0.049, 0.051}}, Decrypt: result.Cost{P50: 0.01, N: 6}, Bytes: 6406, OnLedger: 6513}},
	}
}

// Runs that are capped, or spread over channels, compare only with their like.
func TestGoBenchTellsConditions(t *testing.T) {
	point := func(series string, change func(*result.Conditions)) result.Point {
		p := result.Point{Series: series, Repetition: 1, Valid: true, Load: closed8, Throughput: 1}
		change(&p.Conditions)
		return p
	}
	capped := func(c *result.Conditions) {
		c.Caps = topology.Caps{Peer: topology.Cap{CPUs: 0.5}, Device: topology.Cap{Memory: 1 << 28}}
	}
	text := GoBench(testRun(), result.Summary{Points: []result.Point{
		point("a", func(*result.Conditions) {}), point("b", capped), point("c", func(c *result.Conditions) { capped(c); c.Channels = 2 }),
		point("d", func(c *result.Conditions) { c.Workload, c.Form, c.Readings = "billing", "plain", 30 }), point("e", func(*result.Conditions) {}),
	}})
	var got []string
	for reader := benchfmt.NewReader(bytes.NewReader(text), "bench.txt"); reader.Scan(); {
		if r, ok := reader.Result().(*benchfmt.Result); ok {
			got = append(got, fmt.Sprintf("%s|%s|%s|%s", r.GetConfig("caps"), r.GetConfig("channels"), r.GetConfig("form"), r.GetConfig("readings")))
		}
	}
	caps := "peer 0.5 cores, device 268435456 bytes"
	if want := []string{"|||", caps + "|||", caps + "|2||", "||plain|30", "|||"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// checkSyntax makes sure that Go's own reader finds no fault in a text.
func checkSyntax(t *testing.T, text []byte) {
	t.Helper()
	for reader := benchfmt.NewReader(bytes.NewReader(text), "bench.txt"); reader.Scan(); {
		if fault, ok := reader.Result().(*benchfmt.SyntaxError); ok {
			t.Errorf("%v in\n%s", fault, text)
		}
	}
}

func TestGoBench(t *testing.T) {
	got := GoBench(testRun(), benchSummary())
	type result struct {
		name, scheme string
		iters        int
		tx           float64
	}
	var results []result
	reader := benchfmt.NewReader(bytes.NewReader(got), "bench.txt")
	for reader.Scan() {
		switch r := reader.Result().(type) {
		case *benchfmt.SyntaxError:
			t.Error(r)
		case *benchfmt.Result:
			tx, _ := r.Value("tx/s")
			results = append(results, result{r.Name.String(), r.GetConfig("scheme"), r.Iters, tx})
			if r.GetConfig("cpu") != "Example CPU" {
				t.Errorf("%s: cpu %q", r.Name, r.GetConfig("cpu"))
			}
		}
	}
	if err := reader.Err(); err != nil {
		t.Fatal(err)
	}
	if u := reader.Units().Get("tx/s", "better"); u == nil || u.Value != "higher" {
		t.Errorf("unit metadata %v", u)
	}
	const fe = "/scheme=ddh/bits=2048/length=24/bound=10000"
	if wanted := []result{
		{"FE/op=keygen" + fe, "", 6, 0}, {"FE/op=derive" + fe, "", 6, 0}, {"FE/op=encrypt" + fe, "", 1, 0}, {"FE/op=encrypt" + fe, "", 1, 0}, {"FE/op=decrypt" + fe, "", 6, 0},
		{"Commit/series=plain/clients=8", "", 16245, 812.25},
		{"Commit/series=plain/clients=8", "", 16245, 815},
		{"Commit/series=inline___1/rate=2.5", "ddh", 50, 2.4},
		{"Answer/series=endorse/clients=8", "", 100, 0},
	}; !slices.Equal(results, wanted) {
		t.Errorf("read back\n%v, want\n%v", results, wanted)
	}
}
