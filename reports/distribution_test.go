package reports

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// lossy is a summary of two points: at one client all commits, at two some never do.
func lossy() result.Summary {
	f := func(v float64) *float64 { return &v }
	point := func(clients int) result.Point {
		return result.Point{
			Series: "plain", Repetition: 1, Valid: true, Scheduled: 2000, Load: result.Load{Kind: result.LoadClosed, Clients: clients},
			Outcomes:         map[string]uint64{"valid": 2000},
			Latency:          map[string]stats.Quantiles{"commit": {P50: f(0.02), P99: f(0.021), Max: 0.03, Mean: 0.02, N: 2000, More: []stats.Quantile{{Percent: 90, Value: f(0.0205)}, {Percent: 99.9}}}},
			LatencyAll:       &result.AllLatency{N: 2000, Quantiles: []result.AllQuantile{{Percent: 50, Value: f(0.02)}, {Percent: 99, Value: f(0.021)}}},
			LatencyByOutcome: map[string]stats.Quantiles{"valid": {P50: f(0.02), Max: 0.03, Mean: 0.02, N: 2000}},
			Intervals:        map[string]stats.Interval{},
		}
	}
	bad := point(2)
	bad.Outcomes = map[string]uint64{"valid": 1820, "unknown": 40, "dropped": 140}
	bad.LatencyAll = &result.AllLatency{N: 2000, Missing: map[string]uint64{"unknown": 40, "dropped": 140}, Quantiles: []result.AllQuantile{
		{Percent: 50, Value: f(0.02)}, {Percent: 95, Never: true}, {Percent: 99, Beyond: f(3)}, {Percent: 99.9},
	}}
	bad.LatencyByOutcome["unknown"] = stats.Quantiles{P50: f(3.5), Max: 4, Mean: 3.5, N: 40}
	bad.Satisfaction = &result.Satisfaction{Objective: 2, Satisfied: 0.91, Tolerating: 0.02, Apdex: 0.92}
	bad.Intervals[result.SatisfiedShare] = stats.Interval{Low: 0.9, High: 0.93, N: 30}
	bad.CommitAtPeers = &result.CommitAtPeers{
		Peers: map[string]stats.Quantiles{"peer0.ptb": {Mean: 0.019, N: 1820}, "peer0.cmi": {Mean: 0.03, N: 1820}},
		All:   &stats.Quantiles{P50: f(0.031), Mean: 0.031, Max: 0.1, N: 1820},
	}
	return result.Summary{Points: []result.Point{point(1), bad}}
}

// cells returns a column of a table by its key, as texts: of a number its value in the base unit.
func cells(t *testing.T, table Table, key string) (all []string) {
	t.Helper()
	for i, c := range table.Columns {
		if c.Key != key {
			continue
		}
		for _, row := range table.Rows {
			cell := row[i]
			switch {
			case cell.Number != nil:
				all = append(all, c.Unit.Format(*cell.Number))
			case cell.Interval != nil:
				all = append(all, c.Unit.Format(cell.Interval.Low)+" to "+c.Unit.Format(cell.Interval.High))
			case cell.Why != "":
				all = append(all, "absent")
			default:
				all = append(all, cell.Text)
			}
		}
		return all
	}
	t.Fatalf("table %s has no column %s", table.ID, key)
	return nil
}

func TestDistributionTables(t *testing.T) {
	r := Build(result.Run{}, lossy())
	for _, tt := range []struct {
		table, column string
		want          []string
	}{
		{"levels", "commit_p90_s", []string{"20.5 ms", "20.5 ms"}},
		{"latency-all", "clients", []string{"2"}},
		{"latency-all", "missing_share", []string{"9.00 %"}},
		{"latency-all", "missing", []string{"7.00 % dropped, 2.00 % unknown"}},
		{"latency-all", "valid_p99_s", []string{"21.0 ms"}},
		{"latency-all", "all_p50_s", []string{"20.0 ms"}},
		{"latency-all", "all_p95_s", []string{"never"}},
		{"latency-all", "all_p99_s", []string{"beyond 3.00 s"}},
		{"latency-all", "all_p99.9_s", []string{"absent"}},
		{"latency-by-outcome", "outcome", []string{"unknown", "valid"}},
		{"latency-by-outcome", "latency_p50_s", []string{"3.50 s", "20.0 ms"}},
		{"latency-by-outcome", "latency_p99_s", []string{"absent", "absent"}},
		{"objective", "satisfied_share", []string{"91.0 %"}},
		{"objective", "satisfied_share_interval", []string{"90.0 % to 93.0 %"}},
		{"objective", "apdex", []string{"0.920"}},
		{"commit-at-peers", "peer", []string{"peer0.cmi", "peer0.ptb", "the last of all"}},
		{"commit-at-peers", "latency_mean_s", []string{"30.0 ms", "19.0 ms", "31.0 ms"}},
	} {
		if diff := cmp.Diff(tt.want, cells(t, tableOf(t, r, tt.table), tt.column)); diff != "" {
			t.Errorf("%s of table %s (-want +got):\n%s", tt.column, tt.table, diff)
		}
	}
	var percentiles []string // p99.9, which no point has, is not among them
	for _, c := range tableOf(t, r, "levels").Columns {
		if strings.HasPrefix(c.Key, "commit_p") {
			percentiles = append(percentiles, c.Key)
		}
	}
	if diff := cmp.Diff([]string{"commit_p50_s", "commit_p90_s", "commit_p95_s", "commit_p99_s"}, percentiles); diff != "" {
		t.Errorf("percentiles (-want +got):\n%s", diff)
	}
}

// A run of an older version, or one of which all commits and nothing is asked, has none of these tables.
func TestNoDistributionTables(t *testing.T) {
	sum := lossy()
	sum.Points = sum.Points[:1]
	old := lossy()
	for i := range old.Points {
		p := &old.Points[i]
		p.LatencyAll, p.LatencyByOutcome, p.Satisfaction, p.CommitAtPeers = nil, nil, nil, nil
	}
	for name, sum := range map[string]result.Summary{"all committed": sum, "old": old} {
		t.Run(name, func(t *testing.T) {
			for _, table := range Build(result.Run{}, sum).Tables() {
				switch table.ID {
				case "latency-all", "latency-by-outcome", "objective", "commit-at-peers":
					t.Errorf("there is a table %s", table.ID)
				}
			}
		})
	}
}
