package main

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/proc"
)

func TestSides(t *testing.T) {
	for _, c := range []struct {
		paths      string
		dash       int
		base, head string
		err        string
	}{
		{"base head", -1, "base", "head", ""},
		{"out/a out/b", -1, "out/a", "out/b", ""},
		{"base/1 base/2 head/1", -1, "base/1 base/2", "head/1", ""},
		{"out/base/1 ./out/base/2/ out/head/1 out/head/2", -1, "out/base/1 ./out/base/2/", "out/head/1 out/head/2", ""},
		{"a b c", 2, "a b", "c", ""},
		{"base/1 head/1 head/2 base/2", 1, "base/1", "head/1 head/2 base/2", ""},
		{"base head", 0, "base", "head", ""},
		{"base", -1, "", "", "only base is named"},
		{"a b c", -1, "", "", "Put -- between them"},
		{"base/1 head/1 base/2", -1, "", "", "Put -- between them"},
		{"a/1 b/1 c/1", -1, "", "", "Put -- between them"},
		{"a b", 2, "", "", "nothing stands behind --"},
	} {
		t.Run(fmt.Sprint(c.paths, c.dash), func(t *testing.T) {
			base, head, err := sides(strings.Fields(c.paths), c.dash)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want %q", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([][]string{strings.Fields(c.base), strings.Fields(c.head)}, [][]string{base, head}); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestShare(t *testing.T) {
	for text, want := range map[string]float64{"5%": 0.05, "5 %": 0.05, "0.05": 0.05, "12.5%": 0.125, "0%": 0, "100%": 0, "5": 0, "-1%": 0, "NaN": 0, "%": 0, "": 0} {
		var s share
		if err := s.Set(text); (err == nil) != (want > 0) || s.value != want {
			t.Errorf("%q: %v, %v", text, s.value, err)
		}
	}
}

// A making is how made-up runs are to be.
type making struct {
	runs, first, repetitions int
	slower                   float64
	cpu, scenario            string
	seed                     uint64
}

// makeRuns writes run folders whose figures scatter by 1 %, two minutes apart: made DIR KEY=VALUE...
func makeRuns(ts *testscript.TestScript, _ bool, args []string) {
	m := making{runs: 10, repetitions: 1, cpu: "a", scenario: "made-up", seed: 1}
	for _, arg := range args[1:] {
		key, value, _ := strings.Cut(arg, "=")
		var err error
		switch key {
		case "runs":
			m.runs, err = strconv.Atoi(value)
		case "first":
			m.first, err = strconv.Atoi(value)
		case "repetitions":
			m.repetitions, err = strconv.Atoi(value)
		case "slower":
			m.slower, err = strconv.ParseFloat(value, 64)
		case "cpu":
			m.cpu = value
		case "scenario":
			m.scenario = value
		default:
			err = errors.New("unknown key " + key)
		}
		ts.Check(err)
	}
	for i := range m.runs {
		started := time.Date(2026, 1, 2, 3, 2*i+m.first, 0, 0, time.UTC)
		run := result.Run{
			ID: started.Format("20060102-150405"), Scenario: m.scenario, Seed: m.seed, Started: started, Ended: started.Add(time.Minute),
			Target: result.TargetReference, Versions: map[string]string{"meterbench": fmt.Sprintf("v%d", m.first)},
			Host: result.Host{Host: proc.Host{OS: "linux", CPU: m.cpu, Cores: 2}, Sign: 20e-6},
		}
		w, err := result.Create(filepath.Join(ts.MkAbs(args[0]), run.ID), run)
		ts.Check(err)
		ts.Check(w.Close(run, m.summary(rand.New(rand.NewPCG(uint64(m.first), uint64(i))))))
	}
}

// summary has two loads of a series.
func (m making) summary(random *rand.Rand) result.Summary {
	scattered := func(v float64) float64 { return v * math.Exp(0.01*random.NormFloat64()) }
	sum := result.Summary{Complete: true, Target: result.TargetReference}
	for r, clients := range slices.Repeat([]int{1, 8}, m.repetitions) {
		median, tail := scattered(0.02*(1+m.slower)), scattered(0.05*float64(clients)*(1+m.slower))
		sum.Points = append(sum.Points, result.Point{
			Series: "plain", Repetition: r/2 + 1, Valid: true, Load: result.Load{Kind: result.LoadClosed, Clients: clients},
			Conditions: result.Conditions{Topology: "minimal", Wait: result.WaitCommit, Workload: result.Plain}, Window: 10,
			Throughput: scattered(40 * float64(clients) * (1 - m.slower)), Scheduled: 1000, Outcomes: map[string]uint64{result.Valid.String(): 1000},
			Latency:               map[string]stats.Quantiles{result.PartCommit.String(): {P50: &median, P99: &tail, Mean: median, Max: 2 * tail, N: 1000}},
			ClientCPUInSignatures: scattered(9),
		})
	}
	return sum
}
