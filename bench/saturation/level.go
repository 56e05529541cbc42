// Package saturation decides where throughput stops growing. It uses what a client observes, throughput,
// outcomes, latency and backlog, never how busy a processor is.
//
// Data flow with fixed loads: the points of one series, all repetitions of all load levels, go into Open or
// Closed; each level is represented by the median of its repetitions; the rule picks the saturation point.
// FindKnee is the rule of Closed, for throughputs wherever they come from. With loads to search for: an OpenSearch
// or a ClosedSearch names the next load, takes the Step measured at it, and in the end returns a Result. FitUSL
// describes by a law how throughput grows with the clients.
package saturation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

const (
	// plateauShare is the share of the plateau, or of the offered load, that throughput must reach.
	plateauShare = 0.95
	// successShare is the least share of valid transactions among the scheduled.
	successShare = 0.99
)

// The kinds of warnings of this package.
const (
	InvalidPoints   stats.Code = "invalid-points"   // points were left out because they are not valid
	Failures        stats.Code = "failures"         // levels were left out because too many transactions failed
	NotConfirmed    stats.Code = "not-confirmed"    // the loads did not go high, or low, enough
	NotMonotonic    stats.Code = "not-monotonic"    // a lower load failed where a higher one did not
	CoarseSteps     stats.Code = "coarse-steps"     // the steps of a search see a large overload only
	MissingInterval stats.Code = "missing-interval" // the throughput comes without an interval
)

// level is one load level of a series, over its valid repetitions.
type level struct {
	load       float64 // clients, or offered transactions per second
	points     []*result.Point
	rates      []float64 // of the points
	throughput float64   // its median
	scheduled  uint64
	valid      uint64 // or answered, where nothing is to be committed
	dropped    uint64
	overloaded int // points whose backlog grew
}

func (l *level) success() float64 {
	if l.scheduled == 0 {
		return 0
	}
	return float64(l.valid) / float64(l.scheduled)
}

// levels groups the points of one kind of load by level, in ascending order, and warns about those that it leaves out: at
// which the instrument failed. It is an error if none remains.
func levels(points []result.Point, kind result.LoadKind, load func(result.Load) float64) (of []*level, warnings []stats.Warning, err error) {
	if len(points) == 0 {
		return nil, nil, fmt.Errorf("saturation: no points")
	}
	series := points[0].Series
	var invalid []string
	for i := range points {
		p := &points[i]
		switch {
		case p.Series != series:
			return nil, nil, fmt.Errorf("saturation of series %s: a point of series %s is among its points", series, p.Series)
		case p.Load.Kind != kind:
			return nil, nil, fmt.Errorf("saturation of series %s: a point has %s load, this rule is for %s", series, p.Load.Kind, kind)
		case !p.Measured():
			if l := fmt.Sprintf("%g", load(p.Load)); !slices.Contains(invalid, l) { // of another repetition
				invalid = append(invalid, l)
			}
			continue
		}
		at := slices.IndexFunc(of, func(l *level) bool { return l.load == load(p.Load) })
		if at < 0 {
			at = len(of)
			of = append(of, &level{load: load(p.Load)})
		}
		of[at].add(p)
	}
	if of == nil {
		return nil, nil, fmt.Errorf("saturation of series %s: none of its %d points is valid", series, len(points))
	}
	if invalid != nil {
		warnings = append(warnings, stats.Warn(InvalidPoints, "points that are not valid do not count for saturation: %s", strings.Join(invalid, ", ")))
	}
	slices.SortFunc(of, func(a, b *level) int { return cmp.Compare(a.load, b.load) })
	for _, l := range of {
		l.throughput = stats.Median(l.rates)
	}
	return of, warnings, nil
}

func (l *level) add(p *result.Point) {
	l.points, l.rates = append(l.points, p), append(l.rates, p.Rate())
	l.scheduled += p.Scheduled
	if !p.Failed {
		l.valid += p.Succeeded()
	}
	l.dropped += p.Outcomes[result.Dropped.String()]
	if p.Steady == stats.Overloaded {
		l.overloaded++
	}
}

// sample returns what FindKnee needs of the level.
func (l *level) sample() Sample {
	points := make([]result.Point, len(l.points))
	for i, p := range l.points {
		points[i] = *p
	}
	return SampleOf(points)
}

// rateInterval returns the interval of a point's rate, false where it has none.
func rateInterval(p *result.Point) (i stats.Interval, ok bool) {
	i, ok = p.Intervals[p.RateKey()]
	return i, ok
}

// interval returns that of the level's throughput: over six repetitions or more; of fewer, that within the
// one in the middle, or the span of the two in the middle. It is nil if there is none.
func (l *level) interval() *stats.Interval {
	if i := stats.MedianInterval(l.rates); i != nil {
		return i
	}
	n := len(l.points)
	sorted := slices.SortedFunc(slices.Values(l.points), func(a, b *result.Point) int { return cmp.Compare(a.Rate(), b.Rate()) })
	a, okA := rateInterval(sorted[(n-1)/2])
	b, okB := rateInterval(sorted[n/2])
	if !okA || !okB {
		return nil
	}
	method := a.Method
	if n > 1 {
		method = fmt.Sprintf("within the middle one of %d repetitions: %s", n, method)
	}
	return &stats.Interval{Low: min(a.Low, b.Low), High: max(a.High, b.High), N: a.N, Method: method}
}

// describe fills in the throughput of the level that a Saturation points at.
func (l *level) describe(s *result.Saturation, method string) []stats.Warning {
	s.Throughput = l.throughput
	i := l.interval()
	if i == nil {
		s.Method = method + "; no interval"
		return []stats.Warning{stats.Warn(MissingInterval, "the throughput at %g has no interval", l.load)}
	}
	s.Low, s.High, s.N = i.Low, i.High, i.N
	s.Method = method + "; interval: " + i.Method
	return nil
}

// Open finds the saturation point of an open-load series among the loads that were measured: the highest
// offered load at which throughput is at least 95 % of the rate of what was due, give or take a block,
// nothing was dropped, at least 99 % of the transactions were valid and the backlog did not grow in half of
// the repetitions or more. It is reached only if a higher load was measured and failed, and not by a throughput whose
// interval reaches 95 %; otherwise the throughput is a lower bound. Offered and Throughput are 0 where even the lowest load failed.
//
// Points that are not valid do not count; the warnings name them. It is an error if no point remains, or the
// points are not of one open-load series.
func Open(points []result.Point) (result.Saturation, []stats.Warning, error) {
	of, warnings, err := levels(points, result.LoadOpen, func(l result.Load) float64 { return l.Offered })
	if err != nil {
		return result.Saturation{}, warnings, err
	}
	s := result.Saturation{Series: points[0].Series}
	var highest, failed *level
	for _, l := range of {
		s.Plateau = max(s.Plateau, l.throughput)
		if l.fault() != "" {
			failed = l
			continue
		}
		if failed != nil {
			warnings = append(warnings, stats.Warn(NotMonotonic,
				"an offered load of %g/s failed (%s), but a higher one of %g/s did not", failed.load, failed.fault(), l.load))
		}
		highest, failed = l, nil
	}
	if highest == nil {
		s.Method = "at every offered load transactions failed, were dropped or piled up"
		return s, append(warnings, stats.Warn(NotConfirmed,
			"even the lowest offered load of %g/s failed: %s; add lower loads", of[0].load, of[0].fault())), nil
	}
	s.Reached = failed != nil && !failed.undecided()
	s.Offered = highest.load
	switch {
	case failed == nil:
		warnings = append(warnings, stats.Warn(NotConfirmed,
			"saturation was not reached: the highest offered load of %g/s was kept up with; add higher loads", highest.load))
	case !s.Reached:
		warnings = append(warnings, stats.Warn(NotConfirmed,
			"saturation was not reached: whether %g/s was kept up with is undecided, since %s, but 95 %% lies within its interval; hold longer or repeat",
			failed.load, failed.fault()))
	}
	return s, append(warnings, highest.describe(&s, "highest offered load that throughput kept up with")...), nil
}

// undecided reports whether the offered load was too much by its throughput alone, which may by its interval have been
// enough.
func (l *level) undecided() bool {
	i := l.interval()
	if i == nil || l.dropped > 0 || l.success() < successShare || 2*l.overloaded >= len(l.points) {
		return false
	}
	var due []float64
	for _, p := range l.points {
		due = append(due, float64(p.Scheduled)/p.Window)
	}
	return i.High >= plateauShare*stats.Median(due)
}

// fault returns why the offered load was too much, and is empty if it was not.
func (l *level) fault() string {
	var shares, blocks []float64 // by repetition: of what was due, that came; of what came, that was one block
	for _, p := range l.points {
		shares = append(shares, p.Rate()*p.Window/float64(p.Scheduled))
		blocks = append(blocks, block(p.Blocks))
	}
	share := stats.Median(shares)
	switch {
	case l.dropped > 0:
		return fmt.Sprintf("%d transactions were dropped", l.dropped)
	case l.success() < successShare:
		return fmt.Sprintf("%.1f %% of the transactions were valid", 100*l.success())
	case !(share+stats.Median(blocks) >= plateauShare):
		return fmt.Sprintf("throughput was %.1f %% of what was due", 100*share)
	case 2*l.overloaded >= len(l.points): // an overload of a percent shows here only
		return "the backlog of transactions grew"
	}
	return ""
}

// Closed finds the saturation point of a closed-loop series by FindKnee: the fewest clients whose throughput reaches 95 %
// of the plateau. It is reached only if a doubling of the clients beyond it gains less than 5 %, by the interval of the
// gain over two doublings at least. Where that is not decided, the figures are those of the knee. Where throughput
// grows, or fewer than two doublings were measured beyond the knee, they are the highest throughput, a lower bound.
//
// Points that are not valid, and levels at which fewer than 99 % of the transactions were valid, do not count; the
// warnings name them. It is an error if no point remains, or the points are not of one closed-loop series.
func Closed(points []result.Point) (result.Saturation, []stats.Warning, error) {
	all, warnings, err := levels(points, result.LoadClosed, func(l result.Load) float64 { return float64(l.Clients) })
	if err != nil {
		return result.Saturation{}, warnings, err
	}
	var counted []*level
	var samples []Sample
	for _, l := range all {
		if l.success() < successShare {
			warnings = append(warnings, stats.Warn(Failures,
				"%g clients do not count: %.1f %% of their transactions were valid", l.load, 100*l.success()))
			continue
		}
		counted = append(counted, l)
		samples = append(samples, l.sample())
	}
	s := result.Saturation{Series: points[0].Series}
	if counted == nil {
		s.Method = "no level with 99 % valid transactions"
		return s, warnings, nil
	}
	k := FindKnee(samples)
	at := counted[max(0, slices.IndexFunc(counted, func(l *level) bool { return l.load == k.Clients }))]
	method := k.describe(&s)
	if growth := s.Gain.Growth(); growth == result.Growing || growth == result.Unmeasured {
		at, method = highest(counted), "highest throughput measured"
		s.Plateau, s.PlateauLow, s.PlateauHigh = at.throughput, 0, 0
		if s.ClientsHigh > 0 {
			s.ClientsHigh = max(s.ClientsHigh, int(at.load))
		}
	}
	if !s.Reached {
		why := k.notConfirmed(counted)
		method += ", not confirmed as a plateau: " + why
		warnings = append(warnings, stats.Warn(NotConfirmed, "saturation was not reached: %s", why))
	}
	s.Clients = int(at.load)
	return s, append(warnings, at.describe(&s, method)...), nil
}

// describe fills in the knee's part of a Saturation and returns the method.
func (k *Knee) describe(s *result.Saturation) (method string) {
	s.Plateau, s.PlateauLow, s.PlateauHigh = k.Plateau, k.Interval.Low, k.Interval.High
	s.ClientsLow, s.ClientsHigh = int(k.Low), int(k.High)
	s.Gain, s.Reached = k.Gain, k.Gain.Growth() == result.Flat
	return "fewest clients at 95 % of the plateau, the median of the levels that noise does not tell apart"
}

// highest returns the first level of the highest throughput.
func highest(levels []*level) *level {
	return slices.MaxFunc(levels, func(a, b *level) int { return cmp.Compare(a.throughput, b.throughput) })
}
