package saturation

import (
	"math"
	"slices"
)

// refineSteps is the number of steps near the load that meets a latency objective, in each repetition.
const refineSteps = 4

// refine looks for the load at which just 1 % of the transactions is late. Late ones come in clusters, so that one
// step says little, and passing or failing wastes what it says. Each next step is made where all steps of the
// repetition together put that load (Wu, Efficient Sequential Designs with Binary Data, Journal of the American
// Statistical Association 80, 1985).
func (s *OpenSearch) refine() {
	steps := slices.DeleteFunc(slices.Clone(s.trials[s.begun:]), func(t Trial) bool { return t.Client })
	low, high := s.passed.Load, s.high.Load
	done := 0
	for _, t := range steps {
		if t.Stage == Refine {
			done++
		}
	}
	load, ok := crossing(steps)
	if !ok { // hardly any are late below, and most above
		for _, t := range steps {
			switch {
			case t.Stage != Refine:
			case t.Fault == "":
				low = max(low, t.Load)
			default:
				high = min(high, max(low, t.Load))
			}
		}
		load = math.Sqrt(low * high)
	}
	load = min(max(load, low/fine, s.config.From), high*fine, s.config.To)
	if done < refineSteps {
		s.stage, s.load = Refine, min(max(rounded(load), s.config.From), s.config.To)
		return
	}
	s.repeat(end{capacity: min(load, s.high.taken())})
}

// crossing returns the load at which 1 % of the transactions is late, by a line through the logarithm of their share
// against the load. It is fitted to the counts by Poisson's likelihood (McCullagh and Nelder, Generalized Linear
// Models, 2nd ed., chapter 6), which is right on average for counts in clusters too, as the mean of logarithms
// would not be. ok is false where the steps determine no such line.
func crossing(steps []Trial) (load float64, ok bool) {
	steps = slices.DeleteFunc(steps, func(t Trial) bool { return float64(t.Late) > fitShare*float64(t.Due) })
	late, middle := 0, 0.0
	for _, t := range steps {
		middle += t.Load / float64(len(steps))
		if t.Late > 0 {
			late++
		}
	}
	if late < 2 {
		return 0, false
	}
	a, b := math.Log(lateShare), 10.0 // of exp(a + b x), x being the load's relative distance from the middle
	for range 100 {
		var u, v, uu, uv, vv float64 // gradient and information
		for _, t := range steps {
			x := t.Load/middle - 1
			want := float64(t.Due) * math.Exp(min(a+b*x, 0))
			d := float64(t.Late) - want
			u, v = u+d, v+d*x
			uu, uv, vv = uu+want, uv+want*x, vv+want*x*x
		}
		det := uu*vv - uv*uv
		if !(det > 1e-9*uu*vv) {
			return 0, false
		}
		da, db := (vv*u-uv*v)/det, (uu*v-uv*u)/det
		most := max(math.Abs(da), math.Abs(db)/50)
		if most > 1 { // not beyond where the model is like this
			da, db = da/most, db/most
		}
		a, b = a+da, b+db
		if most < 1e-9 {
			break
		}
	}
	if !(b > 1) { // lateness hardly depends on the load
		return 0, false
	}
	return middle * (1 + (math.Log(lateShare)-a)/b), true
}

// fitShare is the share of late transactions beyond which the line bends.
const fitShare = 0.2
