package claims

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
	"meterbench/bench/stats"
)

// A Plateau is the highest throughput of a series, and the clients that it takes.
type Plateau struct {
	Throughput Estimate
	// Clients are the fewest that reach 95 % of the plateau. Their upper end is infinite where the plateau was not
	// confirmed, so that more clients may reach more.
	Clients Estimate
	Limit   result.Limit // of most of its points
	AtLeast bool         // the throughput is a lower bound: something other than the network was in the way
	Levels  []Level      // that are on it
}

// Plateau finds where the series stops growing, by the rule of package saturation.
//
// Points that something other than the network limited do not count. Where a load that was measured so only carried
// clearly more, or more clients could have done, the plateau is unknown: Plateau then returns the highest throughput as
// a lower bound. More clients could not where a second level confirms the plateau, or a peer limits it.
func (s Series) Plateau() (p Plateau) {
	var alone, others []Level
	for _, l := range s.Levels {
		if own := l.undisturbed(); len(own.Points) == 0 {
			others = append(others, l)
		} else if own.Throughput().Value > 0 {
			alone = append(alone, own)
		}
	}
	if alone != nil {
		p = plateau(alone)
	}
	confirmed := len(p.Levels) >= 2 || p.Limit.By(result.RolePeer)
	for _, l := range others {
		beyond := p.Levels == nil || l.Load.Clients > p.Levels[0].Load.Clients
		if !confirmed && beyond || l.Throughput().Value*math.Exp(-l.off()) > p.Throughput.High {
			return s.lowerBound(alone)
		}
	}
	return p
}

// plateau finds that of levels which nothing else limited.
func plateau(levels []Level) Plateau {
	var samples []saturation.Sample
	for _, l := range levels {
		samples = append(samples, l.sample())
	}
	k := saturation.FindKnee(samples)
	p := Plateau{Throughput: Estimate{k.Plateau, k.Interval}, Clients: Estimate{k.Clients, stats.Interval{Low: k.Low, High: k.High, N: len(samples)}}}
	for _, l := range levels {
		if float64(l.Load.Clients) >= k.Clients {
			p.Levels = append(p.Levels, l)
		}
	}
	p.Limit = Limit(p.Levels...)
	if k.Low <= samples[0].Clients {
		p.Clients.Low = 1 // fewer were not measured
	}
	if growth := k.Gain.Growth(); growth == result.Growing || growth == result.Unmeasured {
		p.Clients.High = math.Inf(1)
	}
	return p
}

// lowerBound returns what is known where something other than the network may have kept throughput from growing: at least
// the highest of all, and more clients than those that clearly carried less.
func (s Series) lowerBound(alone []Level) Plateau {
	best := s.Levels[0]
	for _, l := range s.Levels {
		if l.Throughput().Value > best.Throughput().Value {
			best = l
		}
	}
	x := best.Throughput()
	p := Plateau{Throughput: Exactly(x.Value), Limit: Limit(best), AtLeast: true, Levels: []Level{best}}
	p.Clients = Estimate{math.NaN(), stats.Interval{Low: 1, High: math.Inf(1), N: len(alone)}}
	for _, l := range alone {
		if own := l.Throughput(); own.N > 0 && own.High < plateauShare*x.Low {
			p.Clients.Low = float64(l.Load.Clients + 1)
		}
	}
	return p
}

// plateauShare is the share of the plateau from which on a level is on it, as package saturation has it.
const plateauShare = 0.95

// sample returns the level's throughputs for package saturation, whose noise is at least that between windows.
func (l Level) sample() saturation.Sample {
	s := saturation.SampleOf(l.Points)
	s.Within = max(s.Within, l.noise/distuv.UnitNormal.Quantile(1-(1-stats.Level)/2))
	return s
}
