package closer2020

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/reports/claims"
)

// twoCores are the verdicts of the world on two cores. Its throughput grows smoothly with the clients: it takes the
// repetitions of the full study to tell that a plateau begins beyond 16 of them.
func twoCores() map[string]result.Verdict {
	return map[string]result.Verdict{
		"peer-limit": result.NotReproduced, "overhead-key-size": result.Reproduced, "overhead-vs-transaction": result.Depends,
		"practicable-minimal": result.Depends, "scales-with-capacity": result.Reproduced, "algorithm-integrity": result.Reproduced,
	}
}

// What two cores show on a quiet machine: both forms of the study, on machines of several speeds.
func TestVerdictsOfTheStudy(t *testing.T) {
	for _, cost := range []float64{0.6e-3, 1.25e-3, 2.5e-3} {
		for _, form := range []string{"closer2020", "closer2020-full"} {
			w := world{cost: cost, noise: 0.01, luck: rand.New(rand.NewPCG(1, 2))}
			run, sum := w.summary(study(t, form))
			got := verdicts(t, run, sum)
			for id, want := range twoCores() {
				if open := form == "closer2020" && id == "peer-limit" && got[id] == result.Inconclusive; got[id] != want && !open {
					t.Errorf("%s, cost %g: %s is %q, want %q", form, cost, id, got[id], want)
				}
			}
		}
	}
}

// knee is the law of a peer that reaches its limit at the given number of
// clients, under every setting: a straight line up to there.
func knee(at float64) func(result.Conditions, int) (float64, result.Limit) {
	return func(c result.Conditions, clients int) (float64, result.Limit) {
		if n := float64(clients); n < at {
			return 100 * n, result.Limit{Kind: result.LimitNone}
		}
		return 100 * at, peerCap
	}
}

// power is the law of a peer whose throughput is a power of its quota.
func power(exponent float64) func(result.Conditions, int) (float64, result.Limit) {
	return func(c result.Conditions, clients int) (float64, result.Limit) {
		return 400 * math.Pow(c.Caps.Peer.CPUs, exponent), peerCap
	}
}

// A verdict of a world of known truth is right or inconclusive, whatever the noise from one window to the next, whether
// the machine's pace wanders, and however often the study is repeated. On a quiet machine with repetitions it is right.
func TestVerdictsOfKnownWorlds(t *testing.T) {
	trials, noises := 200, []float64{0.03, 0.05, 0.15, 0.25}
	if testing.Short() {
		trials, noises = 40, []float64{0.03, 0.15}
	}
	quick := study(t, "closer2020")
	for i, c := range []struct {
		name     string
		question string
		law      func(result.Conditions, int) (float64, result.Limit)
		test     func(*claims.Evidence) claims.Finding
		want     result.Verdict
		right    float64 // share of trials, at least, on a quiet machine with three repetitions
	}{
		{"knee at 3", limitQuestion, knee(3), peerLimit, result.NotReproduced, 0},
		{"knee at 8", limitQuestion, knee(8), peerLimit, result.Reproduced, 0.5},
		{"knee at 26", limitQuestion, knee(26), peerLimit, result.NotReproduced, 0.95},
		{"knee at 190", limitQuestion, knee(190), peerLimit, result.NotReproduced, 0.95},
		{"exponent 0", quotaQuestion, power(0), scales, result.NotReproduced, 0.95},
		{"exponent 0.6", quotaQuestion, power(0.6), scales, result.Depends, 0.9},
		{"exponent 0.7", quotaQuestion, power(0.7), scales, result.Reproduced, 0}, // at the threshold
		{"exponent 0.8", quotaQuestion, power(0.8), scales, result.Reproduced, 0.9},
		{"exponent 1", quotaQuestion, power(1), scales, result.Reproduced, 0.95},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			of := only(quick, c.question)
			for _, noise := range noises {
				for _, repeat := range []int{1, 3} {
					of.Repeat = repeat
					by := map[result.Verdict]int{}
					for trial := range trials {
						w := world{cost: 1.25e-3, law: c.law, noise: noise, luck: rand.New(rand.NewPCG(uint64(i), uint64(trial)))}
						w.rho = []float64{0, 0.7}[trial%2]
						run, sum := w.summary(of)
						by[c.test(&claims.Evidence{Run: run, Summary: sum}).Verdict]++
					}
					share := func(n int) float64 { return float64(n) / float64(trials) }
					setting := fmt.Sprintf("noise %g, %d repetitions", noise, repeat)
					right, wrong := share(by[c.want]), share(trials-by[c.want]-by[result.Inconclusive])
					t.Logf("%s: right %.3f, wrong %.3f", setting, right, wrong)
					if wrong > 0.05 {
						t.Errorf("%s: %.3f are wrong: %v", setting, wrong, by)
					}
					if noise == 0.03 && repeat == 3 && right < c.right {
						t.Errorf("%s: only %.3f are right: %v", setting, right, by)
					}
				}
			}
		})
	}
}

// only returns the study with the series of a question alone.
func only(s scenario.Scenario, question string) scenario.Scenario {
	var kept []scenario.Series
	for _, series := range s.Series {
		if name, _, _ := strings.Cut(series.Name, "/"); name == question || strings.HasPrefix(name, question+"-") {
			kept = append(kept, series)
		}
	}
	s.Series, s.FE.Schemes = kept, nil
	return s
}

// Every figure of the whole study is off, each by itself: no verdict turns into another, though the noise may leave it open.
func TestVerdictsAreStable(t *testing.T) {
	trials := 60
	if testing.Short() {
		trials = 10
	}
	quick := study(t, "closer2020")
	times := func(factor float64) func(string, int, int) float64 {
		return func(scheme string, bits, length int) float64 { return factor * encryptTime(scheme, bits, length) }
	}
	for i, c := range []struct {
		name  string
		world world
		want  map[string]result.Verdict
	}{
		{"two cores", world{}, twoCores()},
		{"a machine twice as fast", world{cost: 0.6e-3}, twoCores()},
		{"a machine half as fast", world{cost: 2.5e-3}, twoCores()},
		{"encryption at no cost", world{encrypt: times(1e-4)}, map[string]result.Verdict{
			"overhead-vs-transaction": result.Reproduced, "practicable-minimal": result.Reproduced,
		}},
		{"encryption at ten thousand times the cost", world{encrypt: times(1e4)}, map[string]result.Verdict{
			"overhead-vs-transaction": result.NotReproduced, "practicable-minimal": result.NotReproduced,
		}},
		{"keys of any size at one cost", world{encrypt: func(_ string, _, length int) float64 { return 1e-3 * float64(length) }},
			map[string]result.Verdict{"overhead-key-size": result.NotReproduced}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			wrong, open := map[string]int{}, map[string]int{}
			for trial := range trials {
				w := c.world
				if w.cost == 0 {
					w.cost = 1.25e-3
				}
				w.noise, w.luck = 0.15, rand.New(rand.NewPCG(uint64(i), uint64(trial)))
				run, sum := w.summary(quick)
				judged, _ := Publication().Judge(run, sum, devices()[0])
				for _, claim := range judged {
					id := strings.TrimPrefix(claim.ID, "closer2020/")
					if want, asked := c.want[id]; asked && claim.Verdict == result.Inconclusive {
						open[id]++
					} else if asked && claim.Verdict != want {
						wrong[id]++
					}
				}
			}
			t.Logf("of %d trials wrong %v, open %v", trials, wrong, open)
			for id, n := range wrong {
				if float64(n) > 0.05*float64(trials) {
					t.Errorf("%s is wrong in %d of %d trials", id, n, trials)
				}
			}
		})
	}
}
