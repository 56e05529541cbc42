package study

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// The headline figures of a series are those where it saturates, each with what is known of its sources.
func TestUncertainties(t *testing.T) {
	at := func(clients int, valid bool) result.Point {
		p50, p99 := 0.1, 0.2
		return result.Point{
			Series: "a", Valid: valid, Load: result.Load{Kind: result.LoadClosed, Clients: clients}, Throughput: 100, Blocks: 50, Window: 10,
			Latency:   map[string]stats.Quantiles{"commit": {P50: &p50, P99: &p99, N: 1000}},
			Intervals: map[string]stats.Interval{"throughput_per_s": {Low: 98, High: 102, N: 20}},
			CPU:       map[string]float64{"client": 0.1}, ClientCPUInSignatures: 8,
		}
	}
	s := &study{Config: Config{Scenario: series(closed("a", 10*time.Second, 1, 8, 64), closed("none", time.Second, 1))}}
	s.summary.Target = result.TargetFabric
	s.summary.Points = []result.Point{at(1, true), at(8, true), at(64, true)}
	s.summary.Saturation = []result.Saturation{{Series: "a", Clients: 8}}
	s.manifest.Instrument = &result.Instrument{CapacityError: 0.003, LatencyError: 1, Conditions: []result.Uncertainty{
		{Condition: result.OpenIdle, LatencyError: 0.9}, {Condition: result.ClosedIdle, LatencyError: 0.001}, {Condition: result.FabricFull, LatencyError: 0.003},
	}}
	s.uncertainties()
	var figures []string
	for _, b := range s.summary.Uncertainty {
		figures = append(figures, b.Figure)
		equal(t, "clients", 8, b.Load.Clients)
	}
	equal(t, "figures", []string{"throughput_per_s", "commit_p50_s", "commit_p99_s", "client_cpu_per_commit_signatures"}, figures)
	// t(0.975, 19) = 2.093; a block is 2/s, a rectangular distribution's deviation its bound / √3.
	want := []result.Component{{Source: result.SourceScatter, Standard: 0.9556, Type: "A", Freedom: 19}, {Source: result.SourceEndEffects, Standard: 1.1547, Type: "B"},
		{Source: result.SourceInstrument, Standard: 0.1732, Type: "B"}}
	if diff := cmp.Diff(want, s.summary.Uncertainty[0].Components, cmpopts.EquateApprox(0, 1e-4)); diff != "" {
		t.Errorf("throughput (-want +got):\n%s", diff)
	}
	// √((2.1405 x 0.9556)² + (2 x 1.1547)² + (2 x 0.1732)²), by t(95.45 %, 19).
	between(t, "expanded", s.summary.Uncertainty[0].Expanded, 3.103, 3.106)
	p99 := s.summary.Uncertainty[2]
	want = []result.Component{{Source: result.SourceInstrument, Standard: 0.001732, Type: "B"}}
	if diff := cmp.Diff(want, p99.Components, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Errorf("p99 (-want +got):\n%s", diff)
	}
	equal(t, "missing", []result.Source{result.SourceScatter}, p99.Missing)

	cpu := s.summary.Uncertainty[3]
	equal(t, "missing of CPU", []result.Source{result.SourceYardstick}, cpu.Missing)
	s.summary.Points[1].Intervals["p256_sign_s"], s.summary.Points[1].Sign = stats.Interval{Low: 24e-6, High: 26e-6, N: 20}, 25e-6
	level, _ := s.headline("a")
	cpu = s.budgets(level)[3]
	between(t, "yardstick", cpu.Components[len(cpu.Components)-1].Standard, 0.1528, 0.1529) // 1e-6 / 2.093 / 25e-6 x 8

	// Without saturation and calibration: the highest load, and what is missing.
	s.summary.Uncertainty, s.summary.Saturation, s.manifest.Instrument = nil, nil, nil
	s.summary.Points[2].Valid = false
	s.summary.Points[1].Load.Clients = 7
	s.uncertainties()
	equal(t, "clients", 7, s.summary.Uncertainty[0].Load.Clients)
	equal(t, "missing", []result.Source{result.SourceInstrument}, s.summary.Uncertainty[0].Missing)
}

// Of repeated levels the mean of the valid ones is stated, as other formats have it, and how they scatter; none of the
// repetitions stands for all.
func TestUncertaintyOfRepetitions(t *testing.T) {
	at := func(repetition int, rate float64, valid bool) result.Point {
		p99 := 20 / rate
		return result.Point{
			Series: "a", Valid: valid, Repetition: repetition, Load: result.Load{Kind: result.LoadClosed, Clients: 8}, Throughput: rate, Blocks: 50, Window: 10,
			Latency:   map[string]stats.Quantiles{"commit": {P99: &p99, N: 1000}},
			Intervals: map[string]stats.Interval{"throughput_per_s": {Low: rate - 1, High: rate + 1, N: 20}},
			CPU:       map[string]float64{"client": 0.1}, ClientCPUInSignatures: rate / 10,
		}
	}
	s := &study{Config: Config{Scenario: series(closed("a", 10*time.Second, 8))}}
	s.summary.Points = []result.Point{at(1, 90, true), at(2, 100, true), at(3, 50, false), at(4, 125, true)}
	s.uncertainties()
	level := metric.Levels(&s.summary)[0]
	equal(t, "figures", 3, len(s.summary.Uncertainty))
	for i, h := range []string{"throughput", "commit.p99", "client.cpu_per_commit"} {
		b := s.summary.Uncertainty[i]
		m, _ := metric.Named(h)
		v, _ := m.At(level)
		equal(t, h, v.Value, b.Value)
		equal(t, "repetitions of "+h, 3, b.Repetitions)
		standard, freedom := v.Interval.Scatter()
		if c := b.Components[0]; c.Source != result.SourceScatter || math.Abs(c.Standard/standard-1) > 1e-9 || c.Freedom != freedom {
			t.Errorf("%s: %+v, want %v with %v degrees of freedom", h, c, standard, freedom)
		}
	}
}
