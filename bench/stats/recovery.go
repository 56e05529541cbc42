package stats

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"
)

// Before is the rate of events, such as commits, before something happened.
type Before struct {
	Rate     float64 // per second
	Interval Interval
	Length   float64 // for which it was seen, in seconds
	Block    float64 // most events that came at once
}

// The least that a full rate is, as a share of the rate before, and how often a stretch at the rate before is taken for less.
const (
	mostDemanded  = 0.9
	wantedShare   = 0.75
	leastShare    = 0.5
	falseAlarms   = 0.02   // of a whole stretch
	looksInSpan   = 4      // of spans that overlap as many are independent as if so many fitted into one
	longestSpan   = 16     // times the shortest
	longestShare  = 2. / 3 // of the stretch
	spanIncrement = 1.5
)

// A Yardstick says which rate counts as the full one: over spans of several lengths, all but what chance makes of the rate
// before.
type Yardstick struct {
	Rate   float64 // before, per second
	Scales []Scale // ascending, at least one
}

// A Scale is the least rate of spans of one length.
type Scale struct {
	Span  float64 // in seconds
	Least float64 // over a span, per second
}

// Longest returns the scale that tells the smallest loss.
func (y Yardstick) Longest() Scale { return y.Scales[len(y.Scales)-1] }

// Yardstick returns how to look for the rate before in a stretch of some seconds. Its spans grow from the shortest, which is
// given, up to one over which three quarters of the rate before would be told from it; ok is false where none tells half of
// it. Short ones find what a long one levels out, as where that which waited comes all at once.
//
// The count of a span of W seconds differs from what the rate before says by the chance of the span and of the T seconds in
// which that rate was seen. Half the width of its 95 % interval, h, knows both: the variance of a count grows with its length.
// A block more or less may fall into the span, b events. So the least count is
//
//	r W - h W √(1 + T/W) t(1-p, n-1) / t(0.975, n-1) - b
//
// with Student's t for the n batches of the interval, and p such that of all spans of a length one falls short by chance in one
// of 50 stretches. Nine tenths of the rate always do: what else delays a system is no matter of chance.
func (b Before) Yardstick(shortest, stretch float64) (y Yardstick, ok bool) {
	free := float64(b.Interval.N - 1)
	if b.Rate <= 0 || free < 1 {
		return y, false
	}
	y.Rate = b.Rate
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: free}
	half := (b.Interval.High - b.Interval.Low) / 2 / t.Quantile(1-(1-Level)/2)
	most := min(2*b.Length, stretch*longestShare, shortest*longestSpan)
	for span := shortest; span <= most; span *= spanIncrement {
		p := falseAlarms * span / (looksInSpan * stretch)
		chance := half * math.Sqrt(1+b.Length/span) * t.Quantile(1-min(p, 1-Level))
		least := min(mostDemanded*b.Rate, b.Rate-chance-b.Block/span)
		if least > 0 {
			y.Scales = append(y.Scales, Scale{span, least})
		}
		if least >= wantedShare*b.Rate {
			break
		}
	}
	return y, len(y.Scales) > 0 && y.Longest().Least >= leastShare*b.Rate
}

// Recovered returns from when on events come at the full rate, in seconds since the begin of a stretch: counts are those of
// its spans of width seconds, one after the other. It is 0 where no span of any scale holds too few. Else it lies in the last
// that does. ok is false where the rate is not full at the end.
func (y Yardstick) Recovered(counts []float64, width float64) (at float64, ok bool) {
	from, to := 0, 0 // the span that ends last, in widths
	for _, scale := range y.Scales {
		n := max(1, int(math.Round(scale.Span/width)))
		if len(counts) < n {
			return 0, false
		}
		sum := 0.0
		for i, c := range counts {
			sum += c
			if i >= n {
				sum -= counts[i-n]
			}
			if short := sum < scale.Least*float64(n)*width; short && i >= n-1 && i+1 > to {
				from, to = i-n+1, i+1
			}
		}
	}
	if to == len(counts) {
		return 0, false
	}
	if to == 0 {
		return 0, true
	}
	of := counts[from:to]
	return float64(from+y.change(of, width)) * width, true
}

// change returns after how many counts of a span the rate before is back, by the likelihood of events that come at random: at
// a rate r until then, and at R after it. It is where
//
//	events until τ · ln(R/r) - (R-r) τ
//
// is least (Hinkley and Hinkley, Inference about the Change-Point in a Sequence of Binomial Variables, Biometrika 57, 1970). r is
// that until the τ for which events until τ - (least rate) τ is least.
func (y Yardstick) change(counts []float64, width float64) int {
	lowest := func(slope float64) (best int) {
		sum, deepest := 0.0, 0.0
		for i, c := range counts {
			if sum += c - slope*width; sum <= deepest {
				deepest, best = sum, i+1
			}
		}
		return best
	}
	first := lowest(y.Longest().Least)
	if first == 0 {
		return 0
	}
	events := 0.5 // not none: that would have none at all follow
	for _, c := range counts[:first] {
		events += c
	}
	r := min(events/(float64(first)*width), y.Longest().Least)
	return lowest((y.Rate - r) / math.Log(y.Rate/r))
}
