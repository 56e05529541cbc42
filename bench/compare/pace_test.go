package compare

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"meterbench/bench/metric"
	"meterbench/bench/result"
)

// paced writes eight interleaved runs of each side with two repetitions, whose paces are those that are given.
func paced(t *testing.T, pace func(pair, repetition int, head bool) float64) *Comparison {
	t.Helper()
	dir := t.TempDir()
	base, head := filepath.Join(dir, "base"), filepath.Join(dir, "head")
	for i := range 8 {
		for k, side := range []string{base, head} {
			var points []result.Point
			for repetition := range 2 {
				p := point(100 + float64((3*i+k)%5))
				p.Repetition, p.Pace = repetition+1, pace(i, repetition, k == 1)
				points = append(points, p)
			}
			save(t, filepath.Join(side, "day", fmt.Sprint(i)), 2*i+k, nil, points...)
		}
	}
	c, err := compared(t, base, head, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Where the pace of one repetition is unknown, that of its run is, and is not half of what it was.
func TestPaceOfRepetitions(t *testing.T) {
	for _, unknown := range []bool{false, true} {
		c := paced(t, func(pair, repetition int, head bool) float64 {
			if unknown && pair == 3 && head && repetition == 1 {
				return 0
			}
			return 3e-5 * (1 + 0.01*float64((pair+repetition)%3))
		})
		if r := c.row(t, metric.Throughput); r.EqualPace == unknown {
			t.Errorf("unknown: %v, at an equal pace: %v, paces of the head %v", unknown, r.EqualPace, r.Head.Paces)
		}
	}
}

// A head that has another pace in nearly all pairs makes intervals wide, which is said once for a level.
func TestPaceBesideTheHead(t *testing.T) {
	for _, slows := range []float64{0, 0.05} {
		c := paced(t, func(pair, _ int, head bool) float64 {
			pace := 3e-5 * (1 + 0.02*math.Sin(float64(pair)))
			if head {
				pace *= 1 + slows + 0.01*math.Cos(float64(2*pair))
			}
			return pace
		})
		said := 0
		for _, w := range c.Warnings {
			if w.Code == OtherPace && strings.Contains(w.Text, "times as wide") {
				said++
			}
		}
		if want := map[bool]int{true: 1}[slows > 0]; said != want {
			t.Errorf("slower by %v: %d warnings, want %d: %v", slows, said, want, c.Warnings)
		}
	}
}

// A unit may be gated as a benchmark file writes it.
func TestGateOfUnits(t *testing.T) {
	dir := t.TempDir()
	var files []string
	for _, name := range []string{"a", "b"} {
		path := filepath.Join(dir, name)
		write(t, path, strings.Repeat("BenchmarkA 1 5 ns/op 3 widgets\n", 6))
		files = append(files, path)
	}
	for _, gate := range []string{"ns/op", "sec/op"} {
		c, err := compared(t, files[0], files[1], Options{Gate: []string{gate}})
		if err != nil {
			t.Errorf("%s: %v", gate, err)
		} else if !c.row(t, "sec/op").Gated || c.row(t, "widgets").Gated {
			t.Errorf("%s: %+v", gate, c.Rows)
		}
	}
	for _, gate := range [][]string{{"widgets", ""}, {""}} {
		if _, err := compared(t, files[0], files[1], Options{Gate: gate}); err == nil || !strings.Contains(err.Error(), "without a name; metrics are sec/op, widgets") {
			t.Errorf("%q: %v", gate, err)
		}
	}
	write(t, files[0], "BenchmarkA 1 5 ns/op "+strings.Repeat("x", 1<<20))
	if _, err := Read(files[:1]); err == nil || !strings.Contains(err.Error(), files[0]+": has a line that is too long") {
		t.Errorf("a long line: %v", err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
