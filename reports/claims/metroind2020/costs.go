package metroind2020

import (
	"math"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// A currency is one of the things that an operation costs.
type currency struct {
	name   string // in tables and rows of claims
	short  string // in figures
	key    string // in CSV
	unit   reports.Unit
	of     func(measured) claims.Estimate // for one meter or reading; NaN where it was not measured
	isTime bool
}

// wireKey is the key of the bytes on the wire.
const wireKey = "wire_bytes"

// currencies returns all of them. Time is that of one transaction alone; what is used up is taken at the load that went
// fastest, so that what a system does without load counts for little.
func currencies() []currency {
	return []currency{
		{"time", "time", "time_s", reports.Seconds, measured.time, true},
		{"CPU time", "CPU", "cpu_s", reports.Seconds, measured.cpu, false},
		{"bytes on the wire", "wire", wireKey, reports.Bytes, measured.wire, false},
		{"bytes stored", "stored", "stored_bytes", reports.Bytes, measured.stored, false},
		{"calls", "calls", "calls", reports.Plain, measured.calls, false},
	}
}

// time returns the mean latency of a transaction alone, from its intended start to its commit or answer.
func (m measured) time() claims.Estimate { return latency(m.alone, m.conditions.Whole()) }

// latency returns the mean of a part of the latency at a level.
func latency(l claims.Level, part result.Part) claims.Estimate {
	return known(l.Of(func(p result.Point) (claims.Estimate, bool) {
		q := p.Latency[part.String()]
		return claims.Estimate{Value: q.Mean, Interval: p.Intervals[part.String()+"_s"]}, q.N > 0
	}))
}

// cpu returns the CPU time of all processes that take part, client included: it plays meter and verifier.
func (m measured) cpu() claims.Estimate { return m.cpuOf(func(result.Role) bool { return true }) }

// cpuOfClient and cpuOfServers are its parts.
func (m measured) cpuOfClient() claims.Estimate {
	return m.cpuOf(func(r result.Role) bool { return r == result.RoleClient })
}

func (m measured) cpuOfServers() claims.Estimate {
	return m.cpuOf(func(r result.Role) bool { return r != result.RoleClient })
}

func (m measured) cpuOf(of func(result.Role) bool) claims.Estimate {
	return m.each(func(c result.Costs) (total float64, ok bool) {
		for role, used := range c.CPU {
			if of(role) {
				total += used
			}
		}
		return total, c.CPU != nil
	})
}

// wire returns the bytes on the wire between all processes that take part. Where the verifier asks nobody there are
// none: a responder that fetches a new list meanwhile, or a connection that ends, does so whatever is verified.
func (m measured) wire() claims.Estimate {
	return m.each(func(c result.Costs) (total float64, ok bool) {
		for _, w := range c.Wire {
			if !m.local || len(c.Calls) > 0 {
				total += w.Bytes
			}
		}
		return total, c.Wire != nil || m.local
	})
}

// calls returns the requests that the client sends. Those of a transaction are a whole number, known without doubt, unless
// the edges of a window, at which each client may have one under way, do not explain what is missing to it.
func (m measured) calls() claims.Estimate {
	whole := map[float64]bool{}
	x := m.loaded.Of(func(p result.Point) (claims.Estimate, bool) {
		if p.Costs == nil || p.Costs.Calls == nil && !m.local {
			return claims.Estimate{}, false
		}
		total := 0.0
		for _, n := range p.Costs.Calls {
			total += n
		}
		off := total * float64(p.Load.Clients) / max(1, p.Rate()*p.Window)
		n := math.Round(total)
		if math.Abs(total-n) > off {
			n = math.NaN() // which is equal to no other
		}
		whole[n] = true
		return claims.Estimate{Value: total, Interval: stats.Interval{Low: total - off, High: total + off, N: 1}}, true
	})
	for n := range whole {
		if len(whole) == 1 && !math.IsNaN(n) {
			x = claims.Known(n, len(m.loaded.Points))
		}
	}
	return known(x.Times(1 / m.perTransaction()))
}

// stored returns the growth of what stays on all disks. Its bounds are at least those of what databases come to once they
// are settled.
func (m measured) stored() claims.Estimate {
	return known(m.loaded.Of(func(p result.Point) (claims.Estimate, bool) {
		if p.Costs == nil || p.Costs.Stored == nil && !m.local {
			return claims.Estimate{}, false
		}
		x := claims.Known(0, 1)
		x.Value, x.Low, x.High, _ = p.Costs.Stays()
		x.Value = max(0, x.Value) // files that were removed meanwhile may leave less than before
		x.Low, x.High = max(0, min(x.Low, x.Value)), max(x.High, x.Value)
		return x.Times(1 / m.perTransaction()), true
	}))
}

// each returns what one meter or reading takes of something that was counted for each transaction. It is exact but for
// the number of transactions by which it was divided, whose interval it has.
func (m measured) each(of func(result.Costs) (float64, bool)) claims.Estimate {
	return known(m.loaded.Of(func(p result.Point) (claims.Estimate, bool) {
		if p.Costs == nil {
			return claims.Estimate{}, false
		}
		total, ok := of(*p.Costs)
		x := claims.Exactly(total)
		if rate := p.Intervals[p.RateKey()]; total == 0 {
			x = claims.Known(0, 1)
		} else if rate.N > 0 && rate.Low > 0 {
			x.Interval = stats.Interval{Low: total * p.Rate() / rate.High, High: total * p.Rate() / rate.Low, N: rate.N, Method: rate.Method}
		}
		return x.Times(1 / m.perTransaction()), ok
	}))
}

// known returns the estimate, NaN where no point has it.
func known(x claims.Estimate) claims.Estimate {
	if x.Value == 0 && x.N == 0 {
		return claims.Exactly(math.NaN())
	}
	return x
}

// inverse returns 1 over a positive estimate.
func inverse(x claims.Estimate) claims.Estimate {
	y := claims.Exactly(1 / x.Value)
	if x.N > 0 && x.Low > 0 {
		y.Interval = stats.Interval{Low: 1 / x.High, High: 1 / x.Low, N: x.N, Method: x.Method}
	}
	return y
}

// plus returns the estimate plus an exact number.
func plus(x claims.Estimate, v float64) claims.Estimate {
	x.Value, x.Low, x.High = x.Value+v, x.Low+v, x.High+v
	return x
}

// sum returns the sum of estimates that were made independently of each other,
//
//	a + b ± √(distance of a's bound² + distance of b's bound²),
//
// with an interval where all have one.
func sum(all ...claims.Estimate) claims.Estimate {
	var x claims.Estimate
	down, up, n := 0.0, 0.0, math.MaxInt
	for _, y := range all {
		x.Value += y.Value
		down, up, n = math.Hypot(down, y.Value-y.Low), math.Hypot(up, y.High-y.Value), min(n, y.N)
	}
	if n == 0 {
		return claims.Exactly(x.Value)
	}
	x.Interval = stats.Interval{Low: max(0, x.Value-down), High: x.Value + up, N: n, Method: "sum of independent figures"}
	return x
}
