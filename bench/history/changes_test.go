package history

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/stats"
)

// made returns a history of runs whose figures follow from their number. NaN is a hole.
func made(t *testing.T, runs int, fabric func(n int) string, columns map[string]func(n int) float64) *History {
	t.Helper()
	h := &History{Keys: []string{"fabric"}}
	names := slices.Sorted(mapKeys(columns))
	for _, name := range names {
		c, ok := ParseColumn(name)
		if !ok {
			t.Fatal(name)
		}
		h.Columns = append(h.Columns, c)
	}
	for n := range runs {
		l := Line{Number: n + 2, Time: started.AddDate(0, 0, n), Run: fmt.Sprintf("r%d", n), Scenario: "nightly", Conditions: []string{fabric(n)}}
		for _, name := range names {
			l.Figures = append(l.Figures, columns[name](n))
		}
		h.Lines = append(h.Lines, l)
	}
	return h
}

func mapKeys[T any](m map[string]T) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func always(int) string { return "3.1.1" }

// Change points of a history with steps, holes, a series that is too short, one that scatters more and one that does not change.
func TestAnalyse(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(cv float64) float64 { return 1 + cv*r.NormFloat64() }
	release := func(n int) string { return map[bool]string{true: "3.1.1", false: "3.1.4"}[n < 38] }
	h := made(t, 60, release, map[string]func(int) float64{
		"throughput of plain at clients=8": func(n int) float64 {
			return map[bool]float64{true: 400, false: 360}[n < 38] * noise(0.02)
		},
		"commit.p50 of plain at clients=8": func(n int) float64 {
			if n%3 == 0 {
				return math.NaN()
			}
			return map[bool]float64{true: 0.02, false: 0.015}[n < 25] * noise(0.02)
		},
		"commit.p99 of plain at clients=8": func(n int) float64 { return noise(map[bool]float64{true: 0.01, false: 0.3}[n < 30]) },
		"throughput of plain at clients=16": func(n int) float64 {
			return map[bool]float64{true: 1, false: math.NaN()}[n < MinRuns-1]
		},
		"throughput of plain at clients=32":           func(int) float64 { return math.NaN() },
		"client.cpu_per_commit of plain at clients=8": func(int) float64 { return 3 },
	})
	told := map[int]int{}
	a, err := Analyse(t.Context(), h, Options{Seed: 1, Progress: func(done, tested int) { told[done] = tested }})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[int]int{0: 4, 1: 4, 2: 4, 3: 4, 4: 4}, told); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	var got []string
	for _, s := range a.Series {
		for _, c := range s.Changes {
			share, _ := c.Share()
			got = append(got, fmt.Sprintf("%s: %s since %s, %+.1f, %v", s.Column, c.Verdict, s.Runs[c.Index].Run, share, c.Unlike))
			if c.P > a.Level || c.Adjusted > a.Alpha+1e-9 {
				t.Errorf("p is %v, adjusted %v", c.P, c.Adjusted)
			}
		}
	}
	want := []string{
		"commit.p50 of plain at clients=8: better since r25, -0.2, []",
		"commit.p99 of plain at clients=8: spread since r31, -0.1, []",
		"throughput of plain at clients=8: worse since r38, -0.1, [{fabric 3.1.1 3.1.4}]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if a.Tested != 4 || len(a.Series) != 5 {
		t.Errorf("%d of %d tested", a.Tested, len(a.Series))
	}
	for _, s := range a.Series {
		for i, g := range s.Segments {
			if g.From >= g.To || i > 0 && g.From != s.Segments[i-1].To || math.Abs(g.Mean-stats.Mean(s.Values[g.From:g.To])) > 1e-12 {
				t.Errorf("%s: segments %+v", s.Column, s.Segments)
			}
		}
		if s.Segments[len(s.Segments)-1].To != len(s.Values) {
			t.Errorf("%s: the last segment ends at %d", s.Column, s.Segments[len(s.Segments)-1].To)
		}
	}
	var first, second bytes.Buffer
	again, err := Analyse(t.Context(), h, Options{Seed: 1})
	if err := errors.Join(err, json.NewEncoder(&first).Encode(a.Document(h)), json.NewEncoder(&second).Encode(again.Document(h))); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Error("the same seed gives another result")
	}
}

// Scenarios are series of their own, and only the last runs are looked at.
func TestAnalyseScenarios(t *testing.T) {
	h := made(t, 60, always, map[string]func(int) float64{throughput: func(n int) float64 { return float64(100*(n%2) + n/30) }})
	for i := range h.Lines {
		h.Lines[i].Scenario = []string{"even", "odd"}[i%2]
	}
	a, err := Analyse(t.Context(), h, Options{Last: 12})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range a.Series {
		got = append(got, fmt.Sprint(s.Scenario, len(s.Values), s.Left, len(s.Changes), s.Values[0]))
	}
	if diff := cmp.Diff([]string{"even12 18 0 1", "odd12 18 0 101"}, got); diff != "" {
		t.Error(diff)
	}
}

// Runs that resemble their neighbours are said to.
func TestCorrelated(t *testing.T) {
	warned := map[float64]int{}
	for _, phi := range []float64{0, 0.5} {
		for i := range 50 {
			r := rand.New(rand.NewPCG(uint64(i), 3))
			last := r.NormFloat64()
			h := made(t, 60, always, map[string]func(int) float64{throughput: func(int) float64 {
				last = phi*last + math.Sqrt(1-phi*phi)*r.NormFloat64()
				return 100 + 4*last
			}})
			a, err := Analyse(t.Context(), h, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range a.Series[0].Warnings {
				if w.Code == stats.Correlated {
					warned[phi]++
				}
			}
		}
	}
	t.Logf("warned of 50: %v", warned)
	if warned[0] > 4 || warned[0.5] < 15 {
		t.Errorf("warned: %v", warned)
	}
}

// A file of many flat series has a false change point as rarely as is stated, all of them together.
func TestAllTogether(t *testing.T) {
	files, alarms := 100, 0
	if testing.Short() {
		files = 10
	}
	for i := range files {
		r := rand.New(rand.NewPCG(uint64(i), 4))
		columns := map[string]func(int) float64{}
		for c := range 20 {
			columns[fmt.Sprintf("throughput of plain at clients=%d", c+1)] = func(int) float64 { return 100 + 4*r.NormFloat64() }
		}
		a, err := Analyse(t.Context(), made(t, 40, always, columns), Options{Seed: uint64(i)})
		if err != nil {
			t.Fatal(err)
		}
		if slices.ContainsFunc(a.Series, func(s Series) bool { return len(s.Changes) > 0 }) {
			alarms++
		}
	}
	t.Logf("%d of %d files of 20 flat series have a false change point", alarms, files)
	if alarms > files/20 {
		t.Errorf("%d of %d files", alarms, files)
	}
}

// With very many series the number of orders is bounded, and the level not below what they can show.
func TestManySeries(t *testing.T) {
	columns := map[string]func(int) float64{}
	for c := range 500 {
		columns[fmt.Sprintf("throughput of plain at clients=%d", c+1)] = func(n int) float64 { return float64(n % 7) }
	}
	columns["throughput of plain at clients=501"] = func(n int) float64 { return float64(n%7 + n/15*100) }
	a, err := Analyse(t.Context(), made(t, 30, always, columns), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if a.Orders != mostOrders || a.Level < 1/float64(a.Orders+1) {
		t.Errorf("%d orders at %v", a.Orders, a.Level)
	}
	for _, s := range a.Series {
		if want := strings.Contains(s.Column.String(), "501"); want != (len(s.Changes) == 1) {
			t.Errorf("%s: %+v", s.Column, s.Changes)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := Analyse(ctx, made(t, 30, always, columns), Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of the context: %v", err)
	}
}

func TestEmpty(t *testing.T) {
	a, err := Analyse(t.Context(), &History{}, Options{})
	if err != nil || len(a.Series) != 0 || a.Tested != 0 {
		t.Errorf("%+v, %v", a, err)
	}
}
