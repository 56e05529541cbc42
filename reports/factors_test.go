package reports

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// expanded is a run whose batch size and key size were varied.
func expanded() result.Summary {
	sum := result.Summary{Complete: true}
	for _, messages := range []uint32{100, 10} {
		for _, bits := range []int{1024, 2048} {
			name := fmt.Sprintf("bank/batch=%d/bits=%d", messages, bits)
			for i, clients := range []int{1, 2, 4} {
				p50 := 0.1
				sum.Points = append(sum.Points, result.Point{
					Series: name, Repetition: 1, Valid: true, Load: result.Load{Kind: result.LoadClosed, Clients: clients},
					Throughput: float64(messages) * float64(i+1) * 1024 / float64(bits),
					Conditions: result.Conditions{Topology: "minimal", BatchMessages: messages, Bits: bits, Wait: "commit"},
					Latency:    map[string]stats.Quantiles{"commit": {P50: &p50, N: 100}},
				})
			}
			if bits == 2048 {
				sum.Saturation = append(sum.Saturation, result.Saturation{Series: name, Reached: true, Clients: 2, Throughput: 77, Low: 70, High: 80})
			}
		}
	}
	sum.Upgrade()
	return sum
}

func TestFactors(t *testing.T) {
	r := Build(result.Run{}, expanded())
	table := tableOf(t, r, "factors")
	var keys []string
	for _, c := range table.Columns {
		keys = append(keys, c.Key)
	}
	if want := []string{"series", "batch_messages", "bits", "throughput_per_s", "throughput_per_s_interval", "at", "saturated", "commit_p50_s", "commit_p99_s"}; !slices.Equal(keys, want) {
		t.Errorf("columns %q, want %q", keys, want)
	}
	var rows []string
	for _, row := range table.Rows {
		rows = append(rows, fmt.Sprintf("%s %g %g: %g at %s, %s", row[0].Text, *row[1].Number, *row[2].Number, *row[3].Number, row[5].Text, row[6].Text))
	}
	if want := []string{
		"bank 100 1024: 300 at 4 clients, not determined", "bank 100 2048: 77 at 2 clients, yes",
		"bank 10 1024: 30 at 4 clients, not determined", "bank 10 2048: 77 at 2 clients, yes",
	}; !slices.Equal(rows, want) {
		t.Errorf("rows\n%s\nwant\n%s", strings.Join(rows, "\n"), strings.Join(want, "\n"))
	}

	f := figure(t, r, "throughput-batch-messages")
	var lines []string
	for _, line := range f.Series {
		text := line.Name + ":"
		for _, p := range line.Points {
			text += fmt.Sprintf(" %g/%g", p.X, p.Y)
		}
		lines = append(lines, text)
	}
	if want := []string{"bank, key bits 1024: 10/30 100/300", "bank, key bits 2048: 10/77 100/77"}; !slices.Equal(lines, want) || !slices.Equal(f.X.Ticks, []float64{10, 100}) {
		t.Errorf("lines %q, want %q; ticks %v", lines, want, f.X.Ticks)
	}
	bits := figure(t, r, "throughput-bits").Series
	same(t, "lines by key size", []string{"bank, batch size 100", "bank, batch size 10"}, names(bits))
	if bits[0].Points[1].Interval == nil {
		t.Error("a saturation point without its interval")
	}
}

// Series of a scenario without factors are not compared by them.
// Series on several releases differ in that, as any text.
func TestReleasesAreAFactor(t *testing.T) {
	sum := result.Summary{Complete: true}
	for _, release := range []string{"2.5.9", "3.1.1"} {
		sum.Points = append(sum.Points, result.Point{
			Series: "plain/fabric=" + release, Repetition: 1, Valid: true, Load: result.Load{Kind: result.LoadClosed, Clients: 1}, Throughput: 7,
			Conditions: result.Conditions{Topology: "minimal", Fabric: release, Wait: "commit"},
		})
	}
	sum.Upgrade()
	table := tableOf(t, Build(result.Run{}, sum), "factors")
	var got []string
	for _, row := range table.Rows {
		got = append(got, row[0].Text+" "+row[1].Text)
	}
	if key, want := table.Columns[1].Key, []string{"plain 2.5.9", "plain 3.1.1"}; key != "fabric" || !slices.Equal(got, want) {
		t.Errorf("column %s, rows %q, want fabric, %q", key, got, want)
	}
}

func TestNoFactors(t *testing.T) {
	r := Build(fixture(t))
	for _, s := range r.Sections {
		if s.ID == "factors" {
			t.Error("a section on factors that were not varied")
		}
	}
}

// A phase of a series that is varied keeps its name apart from the others'.
func TestBaseOfAName(t *testing.T) {
	for name, want := range map[string]string{
		"plain": "plain", "plain/batch=2s,10": "plain", "plain/batch=2s,10/wait=commit": "plain",
		"day/base": "day/base", "day/base/batch=2s,10": "day/base", "a=b": "a=b",
	} {
		t.Run(name, func(t *testing.T) {
			sum := result.Summary{Points: []result.Point{{Series: name}}}
			sum.Upgrade()
			if got := seriesOf(sum)[0].base(); got != want {
				t.Errorf("base %s, want %s", got, want)
			}
		})
	}
}
