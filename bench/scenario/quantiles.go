package scenario

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/strictyaml"
)

// defaultQuantiles are those of a scenario that gives none.
func defaultQuantiles() []float64 { return append(stats.Standard(), 99.9) }

// checkPercents looks at a list of quantiles that is given, nil if it is not.
func checkPercents(path string, percents []float64) *strictyaml.Problem {
	if percents != nil && (len(percents) == 0 || len(percents) > maxQuantiles) {
		return strictyaml.Problemf("for example quantiles: [50, 95, 99, 99.9]", path, "must be 1 to %d percentages, got %d", maxQuantiles, len(percents))
	}
	for i, percent := range percents {
		at := fmt.Sprintf("%s[%d]", path, i)
		switch {
		case !(percent > 0 && percent < 100):
			return strictyaml.Problemf("the median is 50", at, "must be a percentage above 0 and below 100, got %g", percent)
		case i > 0 && percent == percents[i-1]:
			return strictyaml.Problemf("", at, "%g is given twice", percent)
		case i > 0 && percent < percents[i-1]:
			return strictyaml.Problemf("", at, "must be in ascending order, got %g after %g", percent, percents[i-1])
		}
	}
	return nil
}

// checkQuantiles makes sure that every open load has transactions enough for the quantiles that the text gives. How
// many a closed load or a search will have is not known before it.
func (s *Scenario) checkQuantiles() *strictyaml.Problem {
	if !s.demanding {
		return nil
	}
	for _, one := range s.Series {
		l := one.Load
		if l.Kind != result.LoadOpen || l.Search != nil || l.Arrivals.unread() {
			continue
		}
		rates := l.Rate
		if !l.Arrivals.rated() {
			rates = []float64{0}
		}
		for _, rate := range rates {
			for i, percent := range s.Quantiles {
				if p := one.checkQuantile(fmt.Sprintf("quantiles[%d]", i), percent, rate, s.WarmupOf); p != nil {
					return p
				}
			}
		}
	}
	return nil
}

// checkQuantile makes sure that a level of the series has transactions enough for a quantile.
func (s Series) checkQuantile(path string, percent, rate float64, warmup func(Series) time.Duration) *strictyaml.Problem {
	needed := stats.SamplesFor(percent)
	sure := float64(needed)
	average := ""
	if s.Load.Arrivals.random() {
		sure = surely(sure)
		average = fmt.Sprintf(", on average %.0f to be sure of them", math.Ceil(sure))
	}
	got := s.expected(rate, warmup(s))
	if got >= sure {
		return nil
	}
	level := "series " + s.Name
	if rate > 0 {
		level += fmt.Sprintf(" at %g/s", rate)
	}
	hint := "leave it out: no hold would do"
	// The number of what is due grows with the hold, in steps of milliseconds.
	longer := sort.Search(int(maxHold.Milliseconds())+1, func(ms int) bool {
		s.lasting(time.Duration(ms) * time.Millisecond)
		return s.Load.Hold > warmup(s) && s.expected(rate, warmup(s)) >= sure
	})
	if hold := time.Duration(longer) * time.Millisecond; hold <= maxHold {
		hint = fmt.Sprintf("hold: %s would do", hold)
	}
	return strictyaml.Problemf(hint, path, "p%s needs %d transactions in a window%s, and %s has about %.0f",
		strconv.FormatFloat(percent, 'g', -1, 64), needed, average, level, got)
}

// random reports whether the number of arrivals in a window is a random one.
func (a Arrivals) random() bool { return a.Kind == Poisson || a.Kind == Periodic }

// surely returns the mean of a Poisson distribution that is below n in one of 700 cases: n is three standard deviations,
// the square root of the mean, below it.
func surely(n float64) float64 {
	root := 1.5 + math.Sqrt(2.25+n)
	return root * root
}

// checkObjectives looks at the objectives of the text, its series and their phases.
func (t text) checkObjectives(doc *strictyaml.Document) *strictyaml.Problem {
	check := func(at string, objective time.Duration) *strictyaml.Problem {
		switch path := at + "objective"; {
		case !doc.Has(path):
		case objective <= 0 || objective > maxHold:
			return strictyaml.Problemf("leave it out if there is none", path, "must be above 0 and at most %s, got %s", maxHold, objective)
		}
		return nil
	}
	all := append([]seriesText{t.seriesText}, t.Series...)
	for i, at := range t.places() {
		if p := check(at, all[i].Objective); p != nil {
			return p
		}
		for j, phase := range all[i].Phases {
			if p := check(fmt.Sprintf("%sphases[%d].", at, j), phase.Objective); p != nil {
				return p
			}
		}
	}
	return nil
}

// searchedP99 returns the most that the p99 may be where that is searched for, 0 for any.
func (l Load) searchedP99() time.Duration {
	if l.Search == nil {
		return 0
	}
	return l.Search.P99
}
