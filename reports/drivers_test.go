package reports

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// byDriver is a run of two repetitions in which each driver took the same loads; one repetition of the second is not valid.
func byDriver(drivers ...result.Driver) (sum result.Summary) {
	for d, driver := range drivers {
		for _, clients := range []int{8, 128} {
			for repetition := 1; repetition <= 3; repetition++ {
				p50 := 0.1 + 0.001*float64(d)
				more := float64(repetition)
				sum.Points = append(sum.Points, result.Point{
					Series: "plain/client=" + string(driver), Factors: []result.Factor{{Key: "client", Label: string(driver)}},
					Repetition: repetition, Valid: d != 1 || repetition != 2, Load: result.Load{Kind: result.LoadClosed, Clients: clients},
					Throughput: 500 + 100*float64(d), Conditions: result.Conditions{Topology: "minimal", Fabric: "3.1.1", Wait: "commit", Driver: driver},
					Latency: map[string]stats.Quantiles{"commit": {P50: &p50, N: 100}},
					CPU:     map[string]float64{"peer0.ptb": 0.5 * (1 + 0.01*more), "peer1.ptb": 0.5, "orderer0": 0.2, "client": 0.1},
					Roles:   map[string]result.Role{"peer0.ptb": result.RolePeer, "peer1.ptb": result.RolePeer, "orderer0": result.RoleOrderer, "client": result.RoleClient},
				})
			}
		}
	}
	sum.Upgrade()
	return sum
}

func TestDriversSideBySide(t *testing.T) {
	table := tableOf(t, Build(result.Run{}, byDriver(result.DriverDirect, result.DriverWire)), "drivers")
	var rows []string
	for _, row := range table.Rows {
		var cells []string
		for i, c := range row {
			switch {
			case c.Number != nil:
				cells = append(cells, fmt.Sprintf("%s %.4g", table.Columns[i].Key, *c.Number))
			case c.Interval != nil:
				cells = append(cells, fmt.Sprintf("%.3g to %.3g of %d", c.Interval.Low, c.Interval.High, c.Interval.N))
			case c.Text != "":
				cells = append(cells, c.Text)
			}
		}
		rows = append(rows, strings.Join(cells, ", "))
	}
	var want []string
	for _, clients := range []string{"8 clients", "128 clients"} {
		want = append(want,
			"plain, "+clients+", wire, throughput_per_s 600, commit_p50_s 0.101, client_cpu_per_commit_s 0.0001667, peer_cpu_per_commit_s 0.001683, "+
				"orderer_cpu_per_commit_s 0.0003333",
			"plain, "+clients+", direct, throughput_per_s 500, throughput_ratio 0.8333, 0.833 to 0.833 of 2, commit_p50_s 0.1, "+
				"commit_p50_difference_s -0.001, -0.001 to -0.001 of 2, client_cpu_per_commit_s 0.0002, peer_cpu_per_commit_s 0.00202, "+
				"peer_cpu_per_commit_ratio 1.2, 1.2 to 1.2 of 2, orderer_cpu_per_commit_s 0.0004")
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

// One driver is compared with nothing.
func TestOneDriverHasNoTable(t *testing.T) {
	for _, s := range Build(result.Run{}, byDriver(result.DriverWire)).Sections {
		for _, table := range s.Tables {
			if table.ID == "drivers" {
				t.Errorf("%d rows", len(table.Rows))
			}
		}
	}
}
