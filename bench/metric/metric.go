// Package metric names the figures of a load level that thresholds, comparisons, histories and exported formats are about:
// their unit, which way is better, and where a stored point has them.
package metric

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// Unit is the base unit of a figure.
type Unit string

// The units.
const (
	PerSecond  Unit = "tx/s"
	Answers    Unit = "answered/s"
	Completed  Unit = "/s" // of commits and answers together
	Seconds    Unit = "s"
	Share      Unit = "share" // 0 to 1
	Signatures Unit = "sig"   // times of one P-256 signature on the machine
	Bytes      Unit = "B"
)

// Better says which way a figure gets better.
type Better string

// The directions.
const (
	Higher Better = "higher"
	Lower  Better = "lower"
)

// A Metric is a figure of a load level.
type Metric struct {
	Name   string // as thresholds write it: commit.p99
	Title  string // for people: commit latency, p99
	Unit   Unit
	Better Better
	// Bench is the unit under which the Go benchmark format has it: p99-s. It is unique, as Name is.
	Bench string
	// Gated says that a comparison decides by it unless told otherwise.
	Gated bool
	// Detail says that it is of a part of the latency: the whole, commit or answer, has a metric of its own.
	Detail bool
	// Percent is that of a quantile, which takes stats.SamplesFor it; 0 of other figures.
	Percent float64
	of      func(*result.Point) (Value, bool)
}

// A Value is a figure with its interval, nil where it has none.
type Value struct {
	Value    float64
	Interval *stats.Interval
}

// Of returns the figure of a point, false where the point has none.
func (m Metric) Of(p *result.Point) (Value, bool) { return m.of(p) }

// Names of the metrics that others refer to.
const (
	Throughput         = "throughput"
	ClientCPUPerCommit = "client.cpu_per_commit"
	NodesCPU           = "cpu.nodes" // of what the ledger's operators run: not of the client and of sensors
	Wire               = "wire"
	NodesWire          = "wire.nodes"
	Stored             = "stored"
)

// All returns the metrics in their order of presentation.
func All() []Metric {
	all := []Metric{
		{Name: Throughput, Title: "throughput", Unit: PerSecond, Better: Higher, Bench: "tx/s", Gated: true,
			of: rate(result.ThroughputKey, func(p *result.Point) (float64, bool) { return p.Throughput, p.Conditions.Commits() })},
		{Name: "answered", Title: "answers", Unit: Answers, Better: Higher, Bench: "answered/s", Gated: true,
			of: rate(result.AnsweredKey, func(p *result.Point) (float64, bool) {
				return p.Answered, !p.Conditions.Commits() || p.Answered > 0
			})},
	}
	for _, part := range result.Parts() {
		all = append(all, latencies(part)...)
	}
	all = append(all,
		Metric{Name: "satisfied.share", Title: "share within the objective", Unit: Share, Better: Higher, Bench: "satisfied-share",
			of: func(p *result.Point) (Value, bool) {
				if p.Satisfaction == nil {
					return Value{}, false
				}
				return with(p, result.SatisfiedShare, p.Satisfaction.Satisfied), true
			}})
	for _, o := range result.Outcomes() {
		all = append(all, share(o))
	}
	all = append(all,
		Metric{Name: ClientCPUPerCommit, Title: "client's CPU time per commit", Unit: Signatures, Better: Lower, Bench: "client-cpu-sig/tx", Gated: true,
			of: func(p *result.Point) (Value, bool) {
				return Value{Value: p.ClientCPUInSignatures}, p.ClientCPUInSignatures > 0
			}})
	for _, role := range []result.Role{result.RoleClient, result.RolePeer, result.RoleChaincode, result.RoleOrderer} {
		all = append(all, cpu(role))
	}
	return append(all,
		Metric{Name: NodesCPU, Title: "CPU time of all nodes per transaction", Unit: Seconds, Better: Lower, Bench: "nodes-cpu-s/tx", of: nodesCPU},
		Metric{Name: Wire, Title: "bytes on the wire per transaction", Unit: Bytes, Better: Lower, Bench: "wire-B/tx", of: wire(everyWay)},
		Metric{Name: NodesWire, Title: "bytes on the wire among nodes per transaction", Unit: Bytes, Better: Lower, Bench: "nodes-wire-B/tx", of: wire(amongNodes)},
		Metric{Name: Stored, Title: "bytes stored per transaction", Unit: Bytes, Better: Lower, Bench: "stored-B/tx", of: stored})
}

// Named returns the metric of a name. Beside those of All it knows every percentile of a part of the latency, as
// commit.p99.9, which a point has where its scenario asks for it.
func Named(name string) (Metric, bool) {
	for _, m := range All() {
		if m.Name == name {
			return m, true
		}
	}
	for _, part := range result.Parts() {
		text, ok := strings.CutPrefix(name, part.String()+".p")
		if percent, err := strconv.ParseFloat(text, 64); ok && err == nil && percent > 0 && percent < 100 {
			return quantile(part, percent), true
		}
	}
	return Metric{}, false
}

// with gives a figure of a point the interval that is stored under the key, if any.
func with(p *result.Point, key string, value float64) Value {
	v := Value{Value: value}
	if i, ok := p.Intervals[key]; ok {
		v.Interval = &i
	}
	return v
}

func rate(key string, of func(*result.Point) (float64, bool)) func(*result.Point) (Value, bool) {
	return func(p *result.Point) (Value, bool) {
		v, ok := of(p)
		return with(p, key, v), ok
	}
}

// latencies are the metrics of a part of the latency.
func latencies(part result.Part) []Metric {
	var all []Metric
	for _, percent := range stats.Standard() {
		all = append(all, quantile(part, percent))
	}
	return append(all,
		figure(part, "mean", part.String()+"_s", func(q stats.Quantiles) (float64, bool) { return q.Mean, q.N > 0 }),
		figure(part, "max", "", func(q stats.Quantiles) (float64, bool) { return q.Max, q.N > 0 }))
}

func quantile(part result.Part, percent float64) Metric {
	p := "p" + strconv.FormatFloat(percent, 'f', -1, 64)
	m := figure(part, p, part.String()+"_"+p+"_s", func(q stats.Quantiles) (float64, bool) {
		if v := q.At(percent); v != nil {
			return *v, true
		}
		return 0, false
	})
	m.Percent = percent
	m.Gated = !m.Detail && (percent == 50 || percent == 99)
	return m
}

func figure(part result.Part, which, key string, of func(stats.Quantiles) (float64, bool)) Metric {
	bench := which + "-s" // of the whole, by whose end a benchmark is named
	if part != result.PartCommit {
		bench = strings.ReplaceAll(part.String(), "_", "-") + "-" + bench
	}
	return Metric{
		Name: part.String() + "." + which, Title: strings.ReplaceAll(part.String(), "_", " ") + " latency, " + which,
		Unit: Seconds, Better: Lower, Bench: bench, Detail: part != result.PartCommit && part != result.PartAnswer,
		of: func(p *result.Point) (Value, bool) {
			v, ok := of(p.Latency[part.String()])
			return with(p, key, v), ok
		},
	}
}

// share is the metric of an outcome's share of all that was scheduled.
func share(o result.Outcome) Metric {
	m := Metric{
		Name: o.String() + ".share", Title: "share of outcome " + o.String(), Unit: Share, Better: Lower,
		Bench: strings.ReplaceAll(o.String(), "_", "-") + "-share",
		of: func(p *result.Point) (Value, bool) {
			if p.Scheduled == 0 {
				return Value{}, false
			}
			return Value{Value: float64(p.Outcomes[o.String()]) / float64(p.Scheduled)}, true
		},
	}
	if o.Class() == result.Succeeded {
		m.Better = Higher
	}
	return m
}

// CPU names the metric of the CPU time that processes of a role take per transaction.
func CPU(role result.Role) string { return "cpu." + string(role) }

// cpu is the metric of the CPU time that processes of a role take per transaction.
func cpu(role result.Role) Metric {
	return Metric{
		Name: CPU(role), Title: string(role) + " CPU time per transaction", Unit: Seconds, Better: Lower, Bench: string(role) + "-cpu-s/tx",
		of: func(p *result.Point) (Value, bool) {
			if p.Costs == nil { // phases, a simulated ledger, or an older version
				return Value{Value: p.ClientCPU}, role == result.RoleClient && p.ClientCPU > 0
			}
			v, ok := p.Costs.CPU[role]
			return Value{Value: v}, ok
		},
	}
}

// onNode reports whether processes of a role are nodes: what answers clients, and what that takes.
func onNode(r result.Role) bool {
	return slices.Contains([]result.Role{result.RolePeer, result.RoleOrderer, result.RoleChaincode, result.RoleCA, result.RoleResponder}, r)
}

func nodesCPU(p *result.Point) (v Value, ok bool) {
	if p.Costs == nil {
		return Value{}, false
	}
	for _, role := range slices.Sorted(maps.Keys(p.Costs.CPU)) {
		if onNode(role) {
			v.Value, ok = v.Value+p.Costs.CPU[role], true
		}
	}
	return v, ok
}

func everyWay(result.WireCost) bool     { return true }
func amongNodes(w result.WireCost) bool { return onNode(w.From) && onNode(w.To) }

// wire sums up the bytes of some ways, where the bytes of any are known.
func wire(in func(result.WireCost) bool) func(*result.Point) (Value, bool) {
	return func(p *result.Point) (v Value, ok bool) {
		if p.Costs == nil || len(p.Costs.Wire) == 0 {
			return Value{}, false
		}
		for _, w := range p.Costs.Wire {
			if in(w) {
				v.Value += w.Bytes
			}
		}
		return v, true
	}
}

func stored(p *result.Point) (Value, bool) {
	if p.Costs == nil {
		return Value{}, false
	}
	v, _, _, ok := p.Costs.Stays()
	return Value{Value: v}, ok
}
