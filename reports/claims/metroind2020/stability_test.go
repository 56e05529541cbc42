package metroind2020

import (
	"math/rand/v2"
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// Every figure is off, each by itself: no verdict of a world of known truth turns into another, though the noise may
// leave it open, and on a quiet machine it does not.
func TestVerdictsAreStable(t *testing.T) {
	trials := 40
	if testing.Short() {
		trials = 10
	}
	ids := []string{"pki-on-chain", "no-certificate-cost-per-meter", "no-certificate-cost-per-reading", "no-trusted-third-party"}
	for i, c := range []struct {
		name  string
		costs map[string]spending
	}{
		{"as likely", likely()},
		{"a ledger that costs a thousandth", costs(func(name string, s *spending) {
			*s = spending{1e-3, 1e-3, 1e6, 1e6, 4}
			if ofLedger(name) {
				*s = spending{1e-6, 1e-6, 1e3, 1e3, 2}
			}
		})},
		{"a ledger that costs a thousand times", costs(func(name string, s *spending) {
			*s = spending{1e-6, 1e-6, 1e3, 1e3, 2}
			if ofLedger(name) {
				*s = spending{1e-3, 1e-3, 1e6, 1e6, 400}
			}
		})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			run, sum := world{costs: c.costs}.summary(2)
			want := verdicts(t, run, sum)
			for _, noise := range []float64{0.03, 0.15} {
				wrong, open := map[string]int{}, map[string]int{}
				for trial := range trials {
					run, sum := world{costs: c.costs, noise: noise, luck: rand.New(rand.NewPCG(uint64(i), uint64(trial)))}.summary(2)
					judged, _ := Publication().Judge(run, sum, claims.Device{})
					for _, claim := range judged {
						id := strings.TrimPrefix(claim.ID, "metroind2020/")
						if claim.Verdict == result.Inconclusive {
							open[id]++
						} else if claim.Verdict != want[id] {
							wrong[id]++
						}
					}
				}
				t.Logf("noise %g: of %d trials wrong %v, open %v", noise, trials, wrong, open)
				for _, id := range ids {
					if float64(wrong[id]) > 0.02*float64(trials) {
						t.Errorf("noise %g: %s is wrong in %d of %d trials", noise, id, wrong[id], trials)
					}
					if noise < 0.1 && open[id] > 0 {
						t.Errorf("noise %g: %s is open in %d of %d trials", noise, id, open[id], trials)
					}
				}
			}
		})
	}
}

// Where an operation costs about as much on both sides, noise decides nothing: the interval holds 1 in 95 % of trials.
func TestEqualCostsStayOpen(t *testing.T) {
	const trials = 100
	equal := costs(func(_ string, s *spending) { *s = spending{0.1, 1e-3, 1e4, 1e4, 2} })
	decided, all := 0, 0
	for trial := range trials {
		run, sum := world{costs: equal, noise: 0.03, luck: rand.New(rand.NewPCG(7, uint64(trial)))}.summary(2)
		e := &claims.Evidence{Run: run, Summary: sum}
		for _, row := range perReading(e).Rows {
			if row.Quantity == "CPU time" || row.Quantity == "time" {
				if all++; row.Standing != result.Unsettled {
					decided++
				}
			}
		}
	}
	if share := float64(decided) / float64(all); share > 0.05 {
		t.Errorf("%.3f of %d rows are decided", share, all)
	}
}
