package claims

import (
	"math"
	"slices"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// A world makes the summaries of studies of a network that is like the one on
// two cores, but known: a peer with the given cost per transaction, a signature
// of 30 µs, and costs of encryption as gofe's were measured.
type world struct {
	cost  float64 // CPU seconds of the peer per transaction
	noise float64 // relative, alternating in sign from point to point
	turn  int
}

// summary is what the shipped study of the name gives in this world.
func (w *world) summary(t testing.TB, study string) (result.Run, result.Summary) {
	t.Helper()
	read, err := scenario.Read(study, nil)
	if err != nil {
		t.Fatal(err)
	}
	run := result.Run{Host: result.Host{Cores: 2, Sign: 30e-6, Verify: 70e-6}}
	sum := result.Summary{Scenario: study, Target: "fabric", Complete: true, Integrity: &result.Integrity{}}
	for _, s := range read.Series {
		for _, n := range s.Load.Clients {
			sum.Points = append(sum.Points, w.point(s.Name, conditions(s), n))
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
	for _, forged := range forgeries() {
		sum.Integrity.Probes = append(sum.Integrity.Probes, result.Probe{Kind: forged.kind, Attempts: 20, Refused: map[string]uint64{forged.reasons[0]: 20}})
	}
	for _, kind := range []string{result.ProbeHonestReading, result.ProbeHonestBill} {
		sum.Integrity.Probes = append(sum.Integrity.Probes, result.Probe{Kind: kind, Honest: true, Attempts: 20, Accepted: 20})
	}
	return run, sum
}

// conditions are those under which a series of a study is measured.
func conditions(s scenario.Series) result.Conditions {
	w, n := s.Workload, s.Network
	return result.Conditions{
		Topology: n.Topology, BatchTimeout: n.Batch.Timeout.Seconds(), BatchMessages: n.Batch.Messages, Channels: n.Channels,
		Caps: result.Caps{Peer: result.Cap{CPUs: n.Caps.Peer.CPUs}, Device: result.Cap{CPUs: n.Caps.Device.CPUs}},
		Wait: s.Load.Wait, Workload: w.Kind, Scheme: w.Scheme, Bits: w.Bits, Length: w.Length, Encryption: w.Encryption.Mode,
	}
}

// single tells whether a scheme has one size.
func single(scheme string) bool { return scheme == "ecddh" || scheme == "dmcfe" }

// point is what clients get of a peer that works off transactions one after
// the other, behind a batch timer.
func (w *world) point(name string, c result.Conditions, clients int) result.Point {
	n := float64(clients)
	quota := c.Caps.Peer.CPUs
	if quota == 0 {
		quota = 1
	}
	capacity := quota / w.cost
	ack := 0.004 + 1/capacity
	encrypt := 0.0
	if c.Workload == "encrypted" {
		encrypt = encryptTime(c.Scheme, c.Bits, c.Length)
		if q := c.Caps.Device.CPUs; q > 0 {
			encrypt /= q
		}
	}
	offered, wait := n/(ack+encrypt), 0.05
	limited := "not limited"
	if c.Wait == "commit" {
		wait = c.BatchTimeout
		if clients >= int(c.BatchMessages) {
			wait = 0.05
		} else {
			limited = "batch timer"
		}
		offered = n / (ack + encrypt + wait)
	}
	throughput := min(offered, capacity)
	if throughput == capacity {
		limited = "CPU cap of peer0.ptb"
		ack = max(ack, n/capacity-wait)
	}
	w.turn++
	if w.turn%2 == 0 {
		throughput *= 1 + w.noise
	} else {
		throughput *= 1 - w.noise
	}
	p := result.Point{
		Series: name, Repetition: 1, Valid: true, Conditions: c, Load: result.Load{Kind: "closed", Clients: clients},
		Window: 7, Throughput: throughput, Scheduled: 100, Outcomes: map[string]uint64{"valid": 100},
		Intervals:             map[string]result.Interval{"throughput_per_s": {Low: throughput * 0.95, High: throughput * 1.05, N: 10, Method: "Student's t over 10 batch means"}},
		Latency:               map[string]result.Quantiles{"commit": median(ack + encrypt + wait), "acknowledge": median(ack)},
		ClientCPU:             210e-6,
		CPU:                   map[string]float64{"peer0.ptb": min(quota, throughput*w.cost), "orderer0": 0.1, "chaincode.peer0.ptb": 0.05, "client": 0.05},
		LimitedBy:             limited,
		ScheduleLag:           median(0.0005),
		RSS:                   map[string]float64{},
		ClientCPUInSignatures: 7,
	}
	if encrypt > 0 {
		p.Latency["encrypt"] = median(encrypt)
	}
	return p
}

func median(s float64) result.Quantiles {
	return result.Quantiles{P50: &s, Mean: s, Max: 2 * s, N: 100}
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
	encrypt := encryptTime(scheme, bits, length)
	return result.FECost{
		Scheme: scheme, Bits: bits, SecurityBits: &security, Length: length, Bound: 10_000,
		Keygen: cost(encrypt), Derive: cost(1e-5), Encrypt: cost(encrypt), Decrypt: cost(encrypt / 2), Bytes: 10 + width*(1+length),
	}
}
