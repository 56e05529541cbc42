package scenario

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

// Arrivals say when the transactions of an open load are due. In YAML a word, constant or poisson, for a load with
// rates, or a mapping with the one key periodic, ramp, steps or trace for a load whose rate follows from it.
type Arrivals struct {
	Kind     ArrivalKind
	Periodic arrival.Periodic `yaml:"periodic"` // every meter of the workload reports at an interval of its own clock
	Ramp     arrival.Ramp     `yaml:"ramp"`     // the rate changes evenly and then stays
	Steps    arrival.Steps    `yaml:"steps"`    // one rate after the other
	Recorded TraceFile        `yaml:"trace"`    // file of readings, time,meter,value in CSV, whose meters and values are sent; the name alone: whole Wh
	Speed    float64          `yaml:"speed"`    // of a trace: 1 is as recorded, 60 plays an hour in a minute
	Trace    *arrival.Trace   // read from Recorded by Read
}

// ArrivalKind is the name of a kind of arrivals.
type ArrivalKind string

// The kinds of arrivals.
const (
	Constant ArrivalKind = "constant"
	Poisson  ArrivalKind = "poisson"
	Periodic ArrivalKind = "periodic"
	Ramp     ArrivalKind = "ramp"
	Steps    ArrivalKind = "steps"
	Trace    ArrivalKind = "trace"
)

// arrivalKind is a row of the table of arrivals. Kinds with parameters state what is missing where the name
// stands alone.
type arrivalKind struct {
	name             ArrivalKind
	missing, example string
}

func arrivalKinds() []arrivalKind {
	return []arrivalKind{
		{name: Constant}, {name: Poisson},
		{Periodic, "the interval of the meters' reports is", "{periodic: {interval: 10s}}"},
		{Ramp, "the rates of the ramp are", "{ramp: {from: 10/s, to: 100/s, over: 60s}}"},
		{Steps, "the steps are", "{steps: [{rate: 10/s, hold: 20s}, {rate: 50/s, hold: 20s}]}"},
		{Trace, "the file of the trace is", "{trace: readings.csv}"},
	}
}

// rated reports whether the load gives the rate.
func (a Arrivals) rated() bool {
	return a.Kind == "" || a.Kind == Constant || a.Kind == Poisson
}

// Process returns when an open load's transactions are due. rate is that of the level, and of no meaning to
// arrivals that have their own.
func (s Series) Process(rate float64) arrival.Process {
	switch a := s.Load.Arrivals; a.Kind {
	case Poisson:
		return arrival.Poisson{PerSecond: rate}
	case Periodic:
		a.Periodic.Meters = s.Workload.Meters
		return a.Periodic
	case Ramp:
		return a.Ramp
	case Steps:
		return a.Steps
	case Trace:
		return arrival.Replay{Trace: a.Trace, Speed: a.Speed}
	}
	return arrival.Constant{PerSecond: rate}
}

// UnmarshalNode reads one of the forms of arrivals.
func (a *Arrivals) UnmarshalNode(n *strictyaml.Node) error {
	if word, ok := n.Scalar(); ok {
		*a = Arrivals{Kind: ArrivalKind(word)}
		known := names(arrivalKinds(), func(k arrivalKind) string { return string(k.name) })
		i := slices.Index(known, word)
		if i < 0 {
			return n.Errorf(strictyaml.Hint(word, known), "there is no %q", word)
		}
		if kind := arrivalKinds()[i]; kind.missing != "" {
			return n.Errorf("for example "+kind.example, "%s missing", kind.missing)
		}
		return nil
	}
	type plain Arrivals
	*a = Arrivals{}
	if err := n.Decode((*plain)(a)); err != nil {
		return err
	}
	forms := 0
	for _, kind := range arrivalKinds() {
		if n.Get(string(kind.name)) != nil {
			a.Kind = kind.name
			forms++
		}
	}
	speed := n.Get("speed")
	switch {
	case forms != 1:
		return n.Errorf("", "give one of periodic, ramp, steps, trace")
	case speed != nil && a.Kind != Trace:
		return speed.Errorf("", "only a trace has a speed")
	case speed == nil && a.Kind == Trace:
		a.Speed = 1
	}
	return nil
}

// longest is the longest time.Duration, in seconds.
const longest = 9e9

// unread reports whether the trace that the arrivals follow has not been read.
func (a Arrivals) unread() bool { return a.Kind == Trace && a.Trace == nil }

// unsettled reports whether the length of a load is that of a trace that has not been read.
func (l Load) unsettled() bool { return l.Hold == 0 && l.Arrivals.unread() }

// settle gives a load of steps or of a trace its length, where it has none.
func (l *Load) settle() {
	switch a := l.Arrivals; {
	case l.Hold != 0:
	case a.Kind == Steps:
		for _, s := range a.Steps {
			l.Hold += min(max(s.For, 0), math.MaxInt64-l.Hold)
		}
	case a.Trace != nil: // up to the whole second after its last row
		last := a.Trace.Row(a.Trace.Len()-1).At.Seconds() / a.Speed
		l.Hold = time.Duration(min(math.Floor(last)+1, longest)) * time.Second
	}
}

// checkArrivals checks the schedule of an open load.
func (s Series) checkArrivals(at string) *strictyaml.Problem {
	a, values := s.Load.Arrivals, s.Workload.Traits().Values
	at += "load."
	if s.Load.Kind == result.LoadOpen && a.Kind == Trace {
		if p := a.Recorded.check(at + "arrivals.trace"); p != nil {
			return p
		}
	}
	switch {
	case s.Load.Kind != result.LoadOpen || s.Load.Search != nil:
		return nil
	case a.rated():
		return s.Load.checkRates(at)
	case s.Load.Rate != nil:
		return strictyaml.Problemf("leave it out", at+"rate", "the rate of %s arrivals follows from themselves", a.Kind)
	case a.Kind == Trace && values == 0:
		return strictyaml.Problemf("", at+"arrivals.trace", "the rows of a trace are readings, and a %s workload sends none", s.Workload.Kind)
	case a.Kind == Trace && values != 1:
		return strictyaml.Problemf("", at+"arrivals.trace", "a row of a trace has one value, the workload's readings have %d; give length: 1", values)
	case a.Kind == Trace && !(a.Speed > 0 && a.Speed <= maxSpeed):
		return strictyaml.Problemf("", at+"arrivals.speed", "must be above 0 and at most %.0f, got %g", maxSpeed, a.Speed)
	case a.unread():
		return nil
	}
	peak, err := 0.0, error(nil)
	switch p := s.Process(0).(type) {
	case arrival.Ramp:
		peak, err = max(p.From, p.To), p.Validate()
	case arrival.Steps:
		for _, step := range p {
			peak = max(peak, step.PerSecond)
		}
		err = p.Validate()
	case arrival.Periodic:
		peak, err = p.Rate(0), p.Validate()
	}
	switch {
	case err != nil:
		return strictyaml.Problemf("", at+"arrivals", "%v", err)
	case peak > maxRate:
		return strictyaml.Problemf("", at+"arrivals", "must not come to more than %.0f/s, got %g/s", maxRate, peak)
	}
	return nil
}

// checkDue makes sure that an open load has something to measure.
func (s Series) checkDue(at string, warmup time.Duration) *strictyaml.Problem {
	if s.Load.Kind != result.LoadOpen || s.Load.Search != nil || s.Load.Arrivals.unread() {
		return nil
	}
	at += "load."
	check := func(path string, rate float64) *strictyaml.Problem {
		switch n := s.expected(rate, warmup); {
		case n < 1:
			return strictyaml.Problemf("hold longer", path, "nothing is due between the warm-up of %s and the end of the hold of %s", warmup, s.Load.Hold)
		case n > maxDue:
			return strictyaml.Problemf("hold shorter", path, "%.3g transactions are due in one level, more than %d", n, maxDue)
		}
		return nil
	}
	if !s.Load.Arrivals.rated() {
		return check(at+"arrivals", 0)
	}
	return each(at+"rate", s.Load.Rate, check)
}

// expected returns how many transactions of a level are due after the warm-up: on average, or, where nothing about them
// is random, to within less than one.
func (s Series) expected(rate float64, warmup time.Duration) (n float64) {
	hold := s.Load.Hold
	switch p := s.Process(rate).(type) {
	case arrival.Replay:
		for at := range p.Offsets(nil) {
			if at >= warmup && at < hold {
				n++
			}
		}
		return n
	case arrival.Ramp: // a trapezoid and a rectangle
		bend := min(max(p.Over, warmup), hold)
		n = (p.Rate(warmup)+p.Rate(bend))/2*(bend-warmup).Seconds() + p.Rate(hold)*(hold-bend).Seconds()
	case arrival.Steps:
		var begin time.Duration
		for _, step := range p {
			end := begin + step.For
			n += step.PerSecond * max(0, min(end, hold)-max(begin, warmup)).Seconds()
			begin = end
		}
	default:
		n = p.Rate(warmup) * (hold - warmup).Seconds()
	}
	return n + 1e-6 // of which the sum may be short
}

// String describes the arrivals, for a point's conditions.
func (a Arrivals) String() string {
	switch a.Kind {
	case Periodic:
		return fmt.Sprintf("periodic, every %v, jitter %g", a.Periodic.Interval, a.Periodic.Jitter)
	case Ramp:
		return fmt.Sprintf("ramp from %g/s to %g/s over %v", a.Ramp.From, a.Ramp.To, a.Ramp.Over)
	case Steps:
		steps := names(a.Steps, func(s arrival.Step) string { return fmt.Sprintf("%g/s for %v", s.PerSecond, s.For) })
		return "steps of " + strings.Join(steps, ", ")
	case Trace:
		return fmt.Sprintf("trace %s at speed %g", a.Recorded, a.Speed)
	}
	return string(a.Kind)
}
