package closer2020

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/network/lab"
)

// A world makes the summaries of studies of a network that is like the one on
// two cores, but known: a peer with the given cost per transaction, a signature
// of 30 µs, and costs of encryption as gofe's were measured.
type world struct {
	cost  float64    // CPU seconds of the peer per transaction
	luck  *rand.Rand // of every single figure; nil: there is no noise
	noise float64    // the coefficient of variation of a figure from one window to the next
	rho   float64    // how much of what a window is off by carries over to the next
	pace  float64    // what the last window was off by, as a multiple of noise
	// What makes it another world; nil where it is that of two cores.
	law     func(c result.Conditions, clients int) (throughput float64, limited result.Limit)
	encrypt func(scheme string, bits, length int) float64
}

// noisy is a figure as a shared machine shows it.
func (w *world) noisy(v float64) float64 {
	if w.luck == nil {
		return v
	}
	return v * math.Exp(w.noise*w.luck.NormFloat64())
}

// window begins the next window: the machine's pace wanders from one to the next.
func (w *world) window() {
	if w.luck != nil {
		w.pace = w.rho*w.pace + math.Sqrt(1-w.rho*w.rho)*w.luck.NormFloat64()
	}
}

// study is the shipped one of the name.
func study(t testing.TB, name string) scenario.Scenario {
	t.Helper()
	s, err := scenario.Read(t.Context(), name, nil, lab.Catalog())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// summary is what a study gives in this world.
func (w *world) summary(read scenario.Scenario) (result.Run, result.Summary) {
	run := result.Run{Host: result.Host{Host: proc.Host{Cores: 2}, Sign: w.noisy(30e-6), Verify: 70e-6}}
	sum := result.Summary{Scenario: read.Name, Target: "fabric", Complete: true, Integrity: &result.Integrity{}}
	for repetition := 1; repetition <= read.Repeat; repetition++ {
		for _, s := range read.Series {
			for _, n := range s.Load.Clients {
				p := w.point(s.Name, conditions(s), n)
				p.Factors = s.Factors
				p.Repetition = repetition
				sum.Points = append(sum.Points, p)
			}
		}
	}
	for _, scheme := range read.FE.Schemes {
		for _, bits := range read.FE.Bits {
			if single(scheme) {
				bits = 256
			}
			for _, length := range read.FE.Lengths {
				c := w.feCost(scheme, bits, length)
				if !slices.ContainsFunc(sum.FE, func(have result.FECost) bool {
					return have.Scheme == scheme && have.Bits == bits && have.Length == length
				}) {
					sum.FE = append(sum.FE, c)
				}
			}
		}
	}
	for _, f := range forgeries() {
		p := result.Probe{Kind: f.kind, Attempts: 20}
		if p.Honest = f.reasons == nil; p.Honest {
			p.Accepted = 20
		} else {
			p.Refused = map[string]uint64{f.reasons[0]: 20}
		}
		sum.Integrity.Probes = append(sum.Integrity.Probes, p)
	}
	return run, sum
}

// conditions are those under which a series of a study is measured.
func conditions(s scenario.Series) result.Conditions {
	n := s.Network
	c := result.Conditions{
		Topology: n.Topology, BatchTimeout: n.Batch.Timeout.Seconds(), BatchMessages: n.Batch.Messages, Channels: n.Channels,
		Caps: topology.Caps{Peer: topology.Cap{CPUs: n.Caps.Peer.CPUs}, Device: topology.Cap{CPUs: n.Caps.Device.CPUs}},
		Wait: s.Load.Wait,
	}
	s.Workload.Options.Describe(&c)
	c.Form, c.Readings, c.Bank, c.Interval, c.Verify = "", 0, 0, 0, false
	return c
}

// single tells whether a scheme has one size.
func single(scheme string) bool { return scheme == "ecddh" || scheme == "dmcfe" }

// others fill the host, or the peer is at its cap.
var (
	others  = result.Limit{Kind: result.LimitHost, Node: "other", Role: result.RoleOther}
	peerCap = result.Limit{Kind: result.LimitCap, Node: "peer0.ptb", Role: result.RolePeer}
)

// peer is what clients get of a peer of the given cost: few of them wait for
// each other's answers, many for the peer,
//
//	throughput = 1 / (delay / clients + 1 / capacity),
//
// and where their transactions do not fill a block, for the timer. The delays
// are those that were measured on two cores.
func (w *world) peer(c result.Conditions, clients int) (throughput float64, limited result.Limit) {
	n, quota := float64(clients), c.Caps.Peer.CPUs
	if quota == 0 {
		quota = 1
	}
	delay := 2.6 * w.cost // a machine that is slower is so at everything
	if c.Wait == "commit" {
		delay = 13.6 * w.cost
	}
	throughput, limited = 1/(delay/n+w.cost/quota), result.Limit{Kind: result.LimitNone}
	if throughput > 0.6*quota/w.cost {
		limited = peerCap
	}
	if paced := n / (c.BatchTimeout + delay); c.Wait == "commit" && clients < int(c.BatchMessages) && paced < throughput {
		throughput, limited = paced, result.Limit{Kind: result.LimitBatchTimer}
	}
	return throughput, limited
}

// point is one load level.
func (w *world) point(name string, c result.Conditions, clients int) result.Point {
	law := w.law
	if law == nil {
		law = w.peer
	}
	throughput, limited := law(c, clients)
	answer := float64(clients) / throughput // by Little's law
	ack := min(answer, 0.004+w.cost)
	encrypt := 0.0
	if c.Workload == "encrypted" {
		encrypt = w.encryption(c.Scheme, c.Bits, c.Length)
		if q := c.Caps.Device.CPUs; q > 0 {
			encrypt /= q
		}
		throughput = float64(clients) / (answer + encrypt)
	}
	commit := max(answer, 0.05)
	w.window()
	throughput *= math.Exp(w.noise * w.pace)
	p := result.Point{
		Series: name, Repetition: 1, Valid: true, Conditions: c, Load: result.Load{Kind: "closed", Clients: clients},
		Window: 7, Throughput: throughput, Scheduled: 100, Outcomes: map[string]uint64{"valid": 100},
		Intervals: map[string]stats.Interval{}, Latency: map[string]stats.Quantiles{},
		ClientCPU: 210e-6,
		CPU:       map[string]float64{"peer0.ptb": 0.1, "orderer0": 0.1, "chaincode.peer0.ptb": 0.05, "client": 0.05},
		Limit:     limited,
		Roles: map[string]result.Role{
			"peer0.ptb": result.RolePeer, "orderer0": result.RoleOrderer, "chaincode.peer0.ptb": result.RoleChaincode, "client": result.RoleClient,
		},
		ScheduleLag:           median(0.0005),
		RSS:                   map[string]float64{},
		ClientCPUInSignatures: 7,
	}
	within := func(key string, v float64) {
		p.Intervals[key] = stats.Interval{Low: v * 0.95, High: v * 1.05, N: 10, Method: "Student's t over 10 batch means"}
	}
	within("throughput_per_s", throughput)
	for i, v := range []float64{commit + encrypt, ack, encrypt} {
		if v > 0 {
			part := []result.Part{result.PartCommit, result.PartAcknowledge, result.PartEncrypt}[i].String()
			v = w.noisy(v)
			p.Latency[part] = median(v)
			within(part+"_s", v)
		}
	}
	return p
}

func (w *world) encryption(scheme string, bits, length int) float64 {
	if w.encrypt != nil {
		return w.encrypt(scheme, bits, length)
	}
	return encryptTime(scheme, bits, length)
}

func median(s float64) stats.Quantiles {
	return stats.Quantiles{P50: &s, Mean: s, Max: 2 * s, N: 100}
}

// encryptTime is about what was measured on the reference machine, in seconds.
func encryptTime(scheme string, bits, length int) float64 {
	switch scheme {
	case "dmcfe":
		return 0.4e-3 // one value
	case "ecddh":
		return 25e-6 * float64(1+length)
	}
	s := 3.6e-3 * math.Pow(float64(bits)/2048, 2.7) * float64(1+length)
	if scheme == "paillier" { // modulo the square of n
		s *= 3
	}
	return s
}

func (w *world) feCost(scheme string, bits, length int) result.FECost {
	security := map[int]int{256: 128, 1024: 80, 1536: 90, 2048: 112, 3072: 128, 4096: 140}[bits]
	cost := func(s float64) result.Cost {
		low, high := s*0.97, s*1.04
		return result.Cost{P50: s, Low: &low, High: &high, N: 6}
	}
	width := bits / 8
	if bits == 256 {
		width = 32
	}
	encrypt := w.noisy(w.encryption(scheme, bits, length))
	return result.FECost{
		Scheme: scheme, Bits: bits, SecurityBits: &security, Length: length, Bound: 10_000,
		Keygen: cost(encrypt), Derive: cost(1e-5), Encrypt: cost(encrypt), Decrypt: cost(encrypt / 2), Bytes: 10 + width*(1+length),
	}
}
