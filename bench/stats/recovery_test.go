package stats_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"meterbench/bench/stats"
)

// An outage is a system whose events come at a rate, in blocks, and after some time less often for a while.
type outage struct {
	rate    float64 // per second
	block   float64 // seconds from block to block, 0: each event by itself
	wanders float64 // standard deviation of the rate's logarithm from second to second, correlated by 0.7
	regular bool    // events come at equal distances
	from    float64 // when it begins
	length  float64 // for how long it lasts
	share   float64 // of the rate that is left
	burst   bool    // what did not come is made up at the end
	until   float64 // seconds in all
}

// events returns the instants of the events, in order.
func (o outage) events(rng *rand.Rand) (all []float64) {
	level, missed := 0.0, 0
	for second := 0.0; second < o.until; second++ {
		level = 0.7*level + o.wanders*math.Sqrt(1-0.7*0.7)*rng.NormFloat64()
		rate := o.rate * math.Exp(level-o.wanders*o.wanders/2)
		for t := second; ; {
			if o.regular {
				t += 1 / o.rate
			} else {
				t += rng.ExpFloat64() / rate
			}
			if t >= second+1 {
				break
			}
			at := t
			if t >= o.from && t < o.from+o.length && rng.Float64() >= o.share {
				if missed++; !o.burst {
					continue
				}
				at = o.from + o.length
			}
			if o.block > 0 {
				at = math.Ceil(at/o.block)*o.block + 0.005*rng.Float64()
			}
			if at < o.until {
				all = append(all, at)
			}
		}
	}
	slices.Sort(all)
	return all
}

// judge looks for the recovery from the outage, which the watcher knows to begin at from: when, since then, and whether that
// could be looked for at all.
func (o outage) judge(rng *rand.Rand) (at float64, recovered, judged bool) {
	const width = 0.01
	all := o.events(rng)
	var cells stats.Sequence
	counts := make([]float64, int(math.Round((o.until-o.from)/width)))
	const warmup = 2.0
	before, largest, last, first := 0.0, 0.0, -1.0, true
	for i := 0; i < len(all); {
		j := i
		for j < len(all) && (o.block == 0 && j == i || o.block > 0 && all[j]-all[i] < o.block/2) {
			j++
		}
		n, t := float64(j-i), all[j-1]
		i = j
		switch {
		case t < warmup:
		case t < o.from:
			before += n
			largest = max(largest, n)
			if !first {
				cells = append(cells, stats.Cell{Sum: n, Weight: t - last})
			}
			last, first = t, false
		}
	}
	for _, t := range all {
		if k := int((t - o.from) / width); t >= o.from && k < len(counts) {
			counts[k]++
		}
	}
	interval, _ := cells.Ratio(math.MaxInt)
	if interval == nil {
		return 0, false, false
	}
	length := o.from - warmup
	y, ok := stats.Before{Rate: before / length, Interval: *interval, Length: length, Block: largest}.Yardstick(max(1, 2*o.block), o.until-o.from)
	if !ok {
		return 0, false, false
	}
	at, recovered = y.Recovered(counts, width)
	return at, recovered, true
}

// Recoveries from outages of known length are found, none is invented, and no chance dip is taken for an outage.
func TestRecovered(t *testing.T) {
	const runs = 200
	tests := []struct {
		name   string
		of     outage
		judged float64 // least share of runs in which there is enough to go by
		within float64 // seconds by which the recovery may be off
		right  float64 // least share of those judged
	}{
		{"nothing happens, Poisson", outage{rate: 50, from: 20, until: 40}, 0.95, 0, 0.96},
		{"nothing happens, Poisson, rare", outage{rate: 10, from: 30, until: 60}, 0.6, 0, 0.95},
		{"nothing happens, regular", outage{rate: 100, regular: true, from: 20, until: 40}, 0.99, 0, 0.99},
		{"nothing happens, blocks", outage{rate: 50, block: 0.5, from: 20, until: 40}, 0.9, 0, 0.97},
		{"nothing happens, blocks of 2 s", outage{rate: 50, block: 2, from: 40, until: 80}, 0.75, 0, 0.97},
		{"nothing happens, wanders", outage{rate: 100, wanders: 0.2, from: 30, until: 60}, 0.35, 0, 0.88},
		{"5 s of nothing, Poisson", outage{rate: 50, from: 20, length: 5, until: 40}, 0.99, 0.4, 0.95},
		{"5 s of nothing, regular", outage{rate: 100, regular: true, from: 20, length: 5, until: 40}, 0.99, 0.05, 0.99},
		{"5 s of nothing, made up", outage{rate: 50, from: 20, length: 5, burst: true, until: 40}, 0.99, 0.4, 0.95},
		{"5 s of nothing, blocks", outage{rate: 50, block: 0.5, from: 20, length: 5, until: 40}, 0.9, 0.6, 0.95},
		{"5 s of nothing, blocks, made up", outage{rate: 50, block: 0.5, from: 20, length: 5, burst: true, until: 40}, 0.9, 0.6, 0.95},
		{"5 s of nothing, wanders", outage{rate: 100, wanders: 0.2, from: 30, length: 5, until: 60}, 0.35, 1, 0.9},
		{"2 s of nothing", outage{rate: 100, from: 20, length: 2, until: 40}, 0.99, 0.3, 0.95},
		{"10 s of a third", outage{rate: 100, from: 20, length: 10, share: 0.33, until: 50}, 0.99, 1, 0.95},
		{"5 s of nothing, blocks, seen for 8 s", outage{rate: 50, block: 0.25, from: 10, length: 5, until: 24}, 0.8, 0.6, 0.95},
		{"nothing happens, blocks, seen for 8 s", outage{rate: 50, block: 0.25, from: 10, until: 24}, 0.8, 0, 0.95},
		{"nothing from then on", outage{rate: 50, from: 20, length: 100, until: 40}, 0.99, -1, 1},
		{"a third from then on", outage{rate: 50, from: 20, length: 100, share: 0.33, until: 40}, 0.99, -1, 0.99},
		{"half from then on, often", outage{rate: 300, from: 20, length: 100, share: 0.5, until: 40}, 0.99, -1, 0.99},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, uint64(i)))
			judged, right := 0, 0
			wrong := ""
			for range runs {
				at, recovered, ok := test.of.judge(rng)
				if !ok {
					continue
				}
				judged++
				switch off := math.Abs(at - test.of.length); {
				case test.within < 0 && !recovered, test.within >= 0 && recovered && off <= test.within:
					right++
				default:
					wrong += fmt.Sprintf(" %.2f/%t", at, recovered)
				}
			}
			t.Logf("judged %d of %d, right %d", judged, runs, right)
			if float64(judged) < test.judged*runs || float64(right) < test.right*float64(judged) {
				t.Errorf("judged %d of %d, right %d of them; want shares of %v, %v; wrong are%.400s", judged, runs, right, test.judged, test.right, wrong)
			}
		})
	}
}
