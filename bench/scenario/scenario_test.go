package scenario_test

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
	"meterbench/network/lab"
	"meterbench/simulators/fe"
	"meterbench/workloads"
)

func TestShipped(t *testing.T) {
	all, err := scenario.Shipped(lab.Catalog())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
		if s.Description == "" || s.Path != "" {
			t.Errorf("%s: description %q, path %q", s.Name, s.Description, s.Path)
		}
		if s.Target != nil {
			continue
		}
		if top, err := s.LoadNetwork(s.Series[0].Network); top.Name != s.Topology || err != nil {
			t.Errorf("%s: topology %s, %v", s.Name, top.Name, err)
		}
	}
	if !slices.Equal(names, scenario.Names()) {
		t.Errorf("shipped are %v, names %v", names, scenario.Names())
	}
}

func TestQuickstart(t *testing.T) {
	s, err := read("quickstart")
	if err != nil {
		t.Fatal(err)
	}
	most := []int{1, 4, 64, 128, 256, 512, 1024}
	var series []string
	for i, clients := range [][]int{most, most, {1, 4}} {
		series = append(series, s.Series[i].Name)
		if got := s.Series[i].Load.Clients; !slices.Equal(got, clients) {
			t.Errorf("%s: clients %v", s.Series[i].Name, got)
		}
		if length := options(s.Series[i].Workload).Length; length != 24 {
			t.Errorf("%s: length %d", s.Series[i].Name, length)
		}
	}
	if !slices.Equal(series, []string{"plain", "encrypted-bank", "encrypted-inline"}) {
		t.Errorf("series %v", series)
	}
	bank := options(s.Series[1].Workload)
	equal(t, "scheme", bank.Scheme, "ddh")
	equal(t, "key size", bank.Bits, 2048)
	equal(t, "encryption", bank.Encryption, workloads.Encryption{Mode: "bank", Bank: 100})
	if want := (scenario.FE{Schemes: []string{"ddh"}, Bits: fe.DDH.Sizes(), Lengths: []int{1, 24}, Bounds: []int64{10_000}, Samples: 6}); diff(want, *s.FE) != "" {
		t.Errorf("table of costs differs from what is wanted:\n%s", diff(want, *s.FE))
	}
}

const (
	single = `name: a
topology: minimal
workload: {kind: encrypted}
load: {kind: closed, clients: [1, 2], hold: 3s}
`
	series = `name: a
topology: minimal
series:
  - name: one
    workload: {kind: plain}
    load: {kind: open, rate: 5/s, hold: 3s}
  - name: two
    workload: {kind: padded}
    load: {kind: closed, clients: 4, hold: 3s}
fe: {lengths: 1}
`
)

func TestDefaults(t *testing.T) {
	got, err := parse(single)
	if err != nil {
		t.Fatal(err)
	}
	want := scenario.Scenario{
		Name: "a", Topology: "minimal", Repeat: 1, Seed: 1, Quantiles: []float64{50, 95, 99, 99.9}, Source: single,
		Series: []scenario.Series{{
			Name: "encrypted",
			Workload: scenario.Workload{Common: scenario.Common{Kind: "encrypted", Meters: 100}, Options: workloads.Options{
				Scheme: "ddh", Bits: 2048, Length: 1, Bound: 10_000, Interval: 15 * time.Minute, Encryption: workloads.Encryption{Mode: "inline"}, Verify: true,
			}},
			Load:    scenario.Load{Kind: "closed", Clients: []int{1, 2}, Hold: 3 * time.Second, Wait: "commit"},
			Network: scenario.Network{Topology: "minimal"}, Prefix: "s1",
		}},
	}
	if d := diff(want, got); d != "" {
		t.Errorf("defaults differ from what is wanted:\n%s", d)
	}
	if at := got.Series[0].Places(); at != [3]string{"", "topology", "policy"} {
		t.Errorf("the series stands at %q", at)
	}

	got, err = parse(series)
	if err != nil {
		t.Fatal(err)
	}
	want = scenario.Scenario{
		Name: "a", Topology: "minimal", Repeat: 1, Seed: 1, Quantiles: []float64{50, 95, 99, 99.9}, Source: series,
		Series: []scenario.Series{{
			Name:     "one",
			Workload: scenario.Workload{Common: scenario.Common{Kind: "plain", Meters: 100}, Options: workloads.Options{Length: 1, Bound: 10_000, Interval: 15 * time.Minute, Verify: true}},
			Load:     scenario.Load{Kind: "open", Rate: []float64{5}, Slots: 2000, Arrivals: scenario.Arrivals{Kind: "constant"}, Hold: 3 * time.Second, Wait: "commit"},
			Network:  scenario.Network{Topology: "minimal"}, Prefix: "s1",
		}, {
			Name:     "two",
			Workload: scenario.Workload{Common: scenario.Common{Kind: "padded", Meters: 100}, Options: workloads.Options{Scheme: "ddh", Bits: 2048, Length: 1, Bound: 10_000, Interval: 15 * time.Minute, Verify: true}},
			Load:     scenario.Load{Kind: "closed", Clients: []int{4}, Hold: 3 * time.Second, Wait: "commit"},
			Network:  scenario.Network{Topology: "minimal"}, Prefix: "s2",
		}},
		FE: &scenario.FE{Schemes: []string{"ddh"}, Bits: fe.DDH.Sizes(), Lengths: []int{1}, Bounds: []int64{10_000}, Samples: 6},
	}
	if d := diff(want, got); d != "" {
		t.Errorf("defaults differ from what is wanted:\n%s", d)
	}
	for i, want := range []string{"series[0].", "series[1]."} {
		if at := got.Series[i].Places(); at != [3]string{want, "topology", "policy"} {
			t.Errorf("series %d stands at %q", i, at)
		}
	}
}

func TestEverything(t *testing.T) {
	got, err := parse(`
name: all
description: every key
topology: five-org
batch: {timeout: 2s, messages: 500}
limits: {gateway: 9, endorser: 8, deliver: 7}
workload: {kind: encrypted, scheme: damgard, bits: 3072, length: 4, bound: 50, meters: 7, interval: 1h, encryption: ahead, reveal: true, verify: false}
load: {kind: open, rate: [100/s, 30/min], slots: 3, hold: 10s, wait: endorse}
fe: {schemes: [ddh, damgard], bits: 1024, lengths: [96], bound: 7, samples: 9}
warmup: 1s
repeat: 4
seed: 0
caps: {peer: {cpus: 0.5}, chaincode: {memory: 256MiB}}
channels: 2
`, "seed=9", "batch.messages=70")
	if err != nil {
		t.Fatal(err)
	}
	for what, pair := range map[string][2]any{
		"network": {got.Series[0].Network, scenario.Network{
			Topology: "five-org", Batch: topology.Batch{Timeout: 2 * time.Second, Messages: 70}, Limits: topology.Limits{Gateway: 9, Endorser: 8, Deliver: 7},
			Caps: topology.Caps{Peer: topology.Cap{CPUs: 0.5}, Chaincode: topology.Cap{Memory: 256 << 20}}, Channels: 2,
		}},
		"workload": {got.Series[0].Workload, scenario.Workload{Common: scenario.Common{Kind: "encrypted", Meters: 7}, Options: workloads.Options{
			Scheme: "damgard", Bits: 3072, Length: 4, Bound: 50, Interval: time.Hour, Encryption: workloads.Encryption{Mode: "ahead"}, Reveal: true,
		}}},
		"load":       {got.Series[0].Load, scenario.Load{Kind: "open", Rate: []float64{100, 0.5}, Slots: 3, Arrivals: scenario.Arrivals{Kind: "constant"}, Hold: 10 * time.Second, Wait: "endorse"}},
		"fe":         {*got.FE, scenario.FE{Schemes: []string{"ddh", "damgard"}, Bits: []int{1024}, Lengths: []int{96}, Bounds: []int64{7}, Samples: 9}},
		"conditions": {[]any{got.Warmup, got.Repeat, got.Seed, got.Description}, []any{time.Second, 4, uint64(9), "every key"}},
	} {
		t.Run(what, func(t *testing.T) {
			if d := diff(pair[1], pair[0]); d != "" {
				t.Errorf("differs from what is wanted:\n%s", d)
			}
		})
	}
	again, err := parse(got.Source)
	if err != nil || again.Seed != 9 || again.Series[0].Network.Batch.Messages != 70 {
		t.Errorf("the source in full does not hold the overrides: %v\n%s", err, got.Source)
	}
}

// Whatever is read can be run: the same scenario comes from its source, and
// nothing in it is out of range.
func FuzzParse(f *testing.F) {
	f.Add(single, "warmup=1s")
	f.Add(series, "series[1].load.clients=[1, 8]")
	f.Add(varied, "vary.batch=[{messages: 10}, {}]")
	f.Add(strings.Replace(disturbed, "X", "  - {at: 5s, kill: peer0.ptb}\n  - random: {count: 4, until: 8s, kinds: [cut, heal]}\n", 1), "events[0].at=9s")
	for _, a := range []string{"poisson", "{periodic: {interval: 1s}}", "{ramp: {from: 1/s, to: 9/s, over: 2s}}", "{steps: [{rate: 1/s, hold: 9s}]}", "{trace: x.csv}"} {
		f.Add(strings.Replace(arriving, "X", a, 1), "load.rate=3/s")
		f.Add(strings.Replace(arriving, "X", a, 1), "load.hold=null")
	}
	for _, s := range []string{"kind: closed, search: {from: 1, to: 512}", "kind: open, search: {from: 1/s, to: 50/s, p99: 1s, repetitions: 2}"} {
		f.Add(strings.Replace(single, "kind: closed, clients: [1, 2]", s, 1), "repeat=6")
	}
	f.Add("name: a\ntopology: minimal\nworkload: {kind: plain}\nload: {kind: closed, search: {from: 1, to:+512}, hold: 3s}\n", "repeat=6")
	f.Add(mixed, "vary.length=[1, 2]")
	f.Add(phased, "vary.workload=[plain, billing]")
	f.Add(phased, "series[0].vary.form=[padded, encrypted]")
	f.Add(overriding, "series[1].vary={caps: [{orderer: {memory: 1GiB}}, {}], channels: [1, 2]}")
	f.Add(strings.Replace(single, "kind: encrypted", "kind: billing, form: padded, scheme: paillier", 1), "vary.scheme=[ecddh, damgard]")
	f.Add(simulated, "target.commit.per=transaction")
	f.Add(single, "vary.topology=[minimal, five-org]")
	f.Add(single, "quantiles=[50, 99.99]")
	f.Add(series, "quantiles=[20]")
	f.Add(phased, "series[0].phases[1].objective=2s")
	for _, n := range scenario.Names() {
		src, err := os.ReadFile("library/" + n + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src), "fe=null")
	}
	f.Fuzz(func(t *testing.T, src, override string) {
		s, err := parse(src, override)
		if err != nil {
			if e, ok := err.(*strictyaml.Error); !ok || e == nil || e.Msg == "" || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %#v, want a *strictyaml.Error", err)
			}
			return
		}
		if q := s.Quantiles; len(q) == 0 || !slices.IsSorted(q) || !(q[0] > 0 && q[len(q)-1] < 100) || len(slices.Compact(slices.Clone(q))) < len(q) {
			t.Fatalf("quantiles %v from\n%s", q, src)
		}
		if len(s.Series) > 1000 {
			t.Fatalf("%d series", len(s.Series))
		}
		names := map[string]bool{}
		for _, series := range s.Series {
			if series.Objective < 0 {
				t.Fatalf("series %s has an objective of %v from\n%s", series.Name, series.Objective, src)
			}
			if names[series.Name] || names[series.Prefix] || (series.Network.Topology == "") != (s.Target != nil) {
				t.Fatalf("series %s, meters %s, on %s", series.Name, series.Prefix, series.Network)
			}
			names[series.Name], names[series.Prefix] = true, true
			for _, other := range s.Series {
				if other.Group != "" && other.Group == series.Group && other.Network != series.Network {
					t.Fatalf("phases %s and %s on different networks from\n%s", series.Name, other.Name, src)
				}
			}
			levels := len(series.Load.Clients) + len(series.Load.Rate)
			if !series.Load.Arrivals.Rated() || series.Load.Search != nil {
				levels++
			}
			if levels == 0 || series.Group != "" && levels != 1 {
				t.Fatalf("series %s has %d levels from\n%s", series.Name, levels, src)
			}
			if series.Group != "" && series.Start < 0 {
				t.Fatalf("phase %s starts at %v from\n%s", series.Name, series.Start, src)
			}
			if series.Load.Hold <= s.Warmup && !series.Load.Unsettled() {
				t.Fatalf("series %s holds for %v with a warm-up of %v from\n%s", series.Name, series.Load.Hold, s.Warmup, src)
			}
			if series.Name == "" {
				t.Fatalf("a series has no name from\n%s", src)
			}
			for _, w := range series.Workloads() {
				o, ok := w.Options.(workloads.Options)
				if !ok {
					continue // calls of any contract have none of this
				}
				if o.Length < 1 || w.Meters < 1 || (o.Scheme != "") != slices.Contains(fe.Name(o.Scheme).Sizes(), o.Bits) {
					t.Fatalf("%v of %d meters from\n%s", w, w.Meters, src)
				}
			}
		}
		again, err := parse(s.Source)
		if err != nil {
			t.Fatalf("%v in\n%s", err, s.Source)
		}
		s.Source, again.Source = "", ""
		if d := diff(s, again); d != "" {
			t.Fatalf("what was written anew reads otherwise:\n%s", d)
		}
	})
}
