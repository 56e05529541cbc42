package reports

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// A size of 0 bytes is a size: it has its row beside the others, but no place on a log scale.
func TestBytesOfEmptyValues(t *testing.T) {
	var sum result.Summary
	for _, size := range []int{0, 1024, 4096} {
		sum.Points = append(sum.Points, result.Point{
			Series: "invoke/size", Repetition: 1, Valid: true, Load: result.Load{Kind: result.LoadClosed, Clients: 8}, Throughput: 100, Window: 10, Blocks: 10,
			BytesMean: 4000 + float64(size), Conditions: result.Conditions{Topology: "minimal", Workload: result.Invoke, Wait: result.WaitCommit, Size: size, Empty: size == 0},
		})
	}
	sum.Points = append(sum.Points, result.Point{Series: "invoke", Repetition: 1, Valid: true, Throughput: 1, BytesMean: 1,
		Conditions: result.Conditions{Workload: result.Invoke, Wait: result.WaitCommit}}) // whose sizes vary, or that says none
	sum.Upgrade()
	rep := Build(result.Run{}, sum)
	table := tableOf(t, rep, "bytes")
	var sizes []float64
	for _, row := range table.Rows {
		for i, c := range table.Columns {
			if c.Key == "size_bytes" {
				sizes = append(sizes, *row[i].Number)
			}
		}
	}
	if diff := cmp.Diff([]float64{0, 1024, 4096}, sizes); diff != "" {
		t.Error(diff)
	}
	for _, section := range rep.Sections {
		for _, f := range section.Figures {
			for _, s := range f.Series {
				for _, p := range s.Points {
					if f.X.Log && p.X <= 0 {
						t.Errorf("figure %s has a point at %v on a log scale", f.ID, p.X)
					}
				}
			}
		}
	}
}
