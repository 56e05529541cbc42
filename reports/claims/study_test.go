package claims

import (
	"fmt"
	"math"

	"meterbench/bench/result"
)

// A world makes the summaries of studies of a network that is like the one on
// two cores, but known: a peer with the given cost per transaction, a signature
// of 30 µs, and costs of encryption as gofe's were measured.
type world struct {
	cost  float64 // CPU seconds of the peer per transaction
	noise float64 // relative, alternating in sign from point to point
	turn  int
}

func (w *world) summary() (result.Run, result.Summary) {
	run := result.Run{Host: result.Host{Cores: 2, Sign: 30e-6, Verify: 70e-6}}
	sum := result.Summary{Scenario: "closer2020", Target: "fabric", Complete: true}
	add := func(name string, c result.Conditions, clients ...int) {
		for _, n := range clients {
			sum.Points = append(sum.Points, w.point(name, c, n))
		}
	}
	half := result.Caps{Peer: result.Cap{CPUs: 0.5}}
	plain := result.Conditions{Topology: "minimal", BatchTimeout: 0.2, BatchMessages: 100, Workload: "plain", Length: 24, Wait: "commit", Caps: half}
	slow := plain
	slow.BatchTimeout, slow.BatchMessages = 2, 10
	for _, c := range []result.Conditions{slow, plain} {
		c.Wait = "acknowledge"
		add(fmt.Sprintf("limit/batch=%gs,%d", c.BatchTimeout, c.BatchMessages), c, 2, 4, 8, 16, 32)
	}
	add("limit-commit", plain, 4, 8, 16, 32)
	add("limit-timer", slow, 4, 8, 16, 32)

	free := plain
	free.Caps = result.Caps{}
	for _, length := range []int{24, 96} {
		free.Length, free.Workload, free.Scheme, free.Bits, free.Encryption = length, "plain", "", 0, ""
		add(fmt.Sprintf("overhead/workload=plain/length=%d", length), free, 1, 4)
		for _, scheme := range []struct {
			name string
			bits int
		}{{"ddh", 2048}, {"ecddh", 256}} {
			for _, kind := range []string{"padded", "encrypted"} {
				free.Workload, free.Scheme, free.Bits, free.Encryption = kind, scheme.name, scheme.bits, ""
				if kind == "encrypted" {
					free.Encryption = "inline"
				}
				add(fmt.Sprintf("overhead/workload=%s/scheme=%s/length=%d", kind, scheme.name, length), free, 1, 4)
			}
		}
	}
	for _, quota := range []float64{0.1, 0.25, 0.5} {
		c := plain
		c.Caps.Peer.CPUs = quota
		add(fmt.Sprintf("quota/caps=peer:%g", quota), c, 16, 64)
	}
	for _, n := range []int{1, 2} {
		c := plain
		c.Channels = n
		add(fmt.Sprintf("channels/channels=%d", n), c, 64)
	}
	for _, scheme := range []string{"ddh", "damgard"} {
		for _, bits := range []int{1024, 2048, 4096} {
			for _, length := range []int{24, 96} {
				sum.FE = append(sum.FE, w.feCost(scheme, bits, length))
			}
		}
	}
	sum.FE = append(sum.FE, w.feCost("dmcfe", 256, 24), w.feCost("ecddh", 256, 24), w.feCost("ecddh", 256, 96))
	for _, kind := range forgeries() {
		sum.Integrity = add1(sum.Integrity, result.Probe{Kind: kind, Attempts: 20, Refused: map[string]uint64{"REFUSED_" + kind: 20}})
	}
	for _, kind := range []string{result.ProbeHonestReading, result.ProbeHonestBill} {
		sum.Integrity = add1(sum.Integrity, result.Probe{Kind: kind, Honest: true, Attempts: 20, Accepted: 20})
	}
	return run, sum
}

func add1(i *result.Integrity, p result.Probe) *result.Integrity {
	if i == nil {
		i = &result.Integrity{}
	}
	i.Probes = append(i.Probes, p)
	return i
}

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
	if scheme == "ecddh" || scheme == "dmcfe" {
		return 25e-6 * float64(1+length)
	}
	s := 3.6e-3 * math.Pow(float64(bits)/2048, 2.7) * float64(1+length)
	if scheme == "damgard" {
		s *= 2
	}
	return s
}

func (w *world) feCost(scheme string, bits, length int) result.FECost {
	security := map[int]int{256: 128, 1024: 80, 2048: 112, 4096: 140}[bits]
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
