package render_test

import (
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/race"
	"meterbench/reports"
	"meterbench/reports/render"
)

// manySeries writes the folder of a run of n series, of two factors, with three levels each.
func manySeries(t testing.TB, n int) *result.Folder {
	run, sum := stored(t)
	var points []result.Point
	for _, p := range sum.Points {
		if p.Series == "plain" && p.Load.Clients <= 4 {
			points = append(points, p)
		}
	}
	sum.Points, sum.Saturation, sum.Uncertainty, sum.FE = nil, nil, nil, nil
	dir := t.TempDir()
	w, err := result.Create(dir, run)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		name := fmt.Sprintf("series/length=%d/meters=%d", i%40, i/40)
		for _, p := range points {
			p.Series, p.Conditions.Length, p.Conditions.BatchMessages = name, 1+i%40, uint32(1+i/40)
			p.Factors = []result.Factor{{Key: "length", Label: fmt.Sprint(i % 40)}, {Key: "meters", Label: fmt.Sprint(i / 40)}}
			sum.Points = append(sum.Points, p)
			level, err := w.Level(result.LevelKey{Series: name, Repetition: p.Repetition, Load: p.Load}, 0, time.Second)
			if err != nil {
				t.Fatal(err)
			}
			for seq := range uint64(30) {
				at := time.Duration(seq) * 30 * time.Millisecond
				level.Record(result.Record{Seq: seq, Intended: at, Started: at, Prepared: at, Endorsed: at, Submitted: at, Committed: at + time.Second/4, Outcome: result.Valid})
			}
			if _, err := level.Close(); err != nil {
				t.Fatal(err)
			}
		}
		sum.Saturation = append(sum.Saturation, result.Saturation{
			Series: name, Reached: true, Clients: 2, Throughput: 100, Low: 90, High: 110, Plateau: 100, Method: "fewest clients",
			USLReason: fmt.Sprintf("series %d has too few levels", i),
		})
	}
	if err := w.Close(run, sum); err != nil {
		t.Fatal(err)
	}
	folder, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// Of many series so many are drawn as a reader can compare, which the figures say, and the work of a report grows with
// their number, not with its square.
func TestManySeries(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	const few, many = 80, 400
	type cost struct{ figures, panels, bytes int }
	costs := map[int]cost{}
	for _, n := range []int{few, many} {
		folder := manySeries(t, n)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begun := time.Now()
		rep := reports.Read(folder)
		if err := render.HTML(io.Discard, rep); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		c := cost{bytes: int(after.TotalAlloc - before.TotalAlloc)}
		for _, f := range rep.Figures() {
			c.figures++
			c.panels += len(f.Panels)
		}
		t.Logf("%d series: %+v, %v, %d MB from the system", n, c, time.Since(begun), after.Sys>>20)
		costs[n] = c
		if rows := len(tableNamed(t, rep, "levels").Rows); rows != 3*n {
			t.Errorf("the table of levels has %d rows of %d", rows, 3*n)
		}
		if len(rep.Warnings) > 20 {
			t.Errorf("%d warnings", len(rep.Warnings))
		}
	}
	if costs[few].figures != costs[many].figures || costs[few].panels != costs[many].panels {
		t.Errorf("what is drawn grows with the number of series: %+v", costs)
	}
	if most := 2 * many / few * costs[few].bytes; costs[many].bytes > most {
		t.Errorf("memory taken grows faster than the number of series: %+v", costs)
	}
}

func tableNamed(t *testing.T, rep reports.Report, id string) reports.Table {
	t.Helper()
	for _, table := range rep.Tables() {
		if table.ID == id {
			return table
		}
	}
	t.Fatalf("no table %s", id)
	return reports.Table{}
}
