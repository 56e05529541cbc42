package bottleneck

import (
	"math"
	"math/rand/v2"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/proc"
)

// A system is a closed queueing network whose resources are known: each
// transaction takes every resource once.
type system struct {
	name  string
	think float64
	parts []resource
	// evidence puts what the machine would show at a utilisation of the
	// bottleneck into the point.
	evidence func(p *result.Point, busy float64)
	want     string // of a saturated level
}

// A resource takes a demand in seconds, queued for or, with delay, not.
type resource struct {
	part   string
	demand float64
	delay  bool
	worse  float64 // the demand grows by this share with every transaction that waits
}

// solve returns throughput, the latency by part and the bottleneck's
// utilisation at a number of clients, by mean value analysis (Reiser and
// Lavenberg, Journal of the ACM 27, 1980).
func (s system) solve(clients int) (throughput float64, latency []float64, busy float64) {
	queue, latency := make([]float64, len(s.parts)), make([]float64, len(s.parts))
	for n := range clients {
		total := s.think
		for i, r := range s.parts {
			latency[i] = r.demand
			if !r.delay {
				latency[i] = r.demand * (1 + r.worse*queue[i]) * (1 + queue[i])
			}
			total += latency[i]
		}
		throughput = float64(n+1) / total
		busy = 0
		for i, r := range s.parts {
			queue[i] = throughput * latency[i]
			if !r.delay {
				busy = max(busy, throughput*r.demand*(1+r.worse*queue[i]))
			}
		}
	}
	return throughput, latency, min(busy, 1)
}

// capacity is the highest throughput at any number of clients.
func (s system) capacity() (most float64) {
	for n := 1; n <= 512; n *= 2 {
		x, _, _ := s.solve(n)
		most = max(most, x)
	}
	return most
}

// points measures the system at some numbers of clients, each figure with an
// error of up to a share.
func (s system) points(levels []int, noise float64, random *rand.Rand) (all []result.Point) {
	for _, n := range levels {
		x, latency, busy := s.solve(n)
		wrong := func(v float64) float64 { return v * (1 + noise*(2*random.Float64()-1)) }
		p := measured(n)
		p.Load.Think = s.think
		p.Throughput, p.BlockCut = wrong(x), &result.BlockCut{Count: 100}
		p.Latency = map[string]stats.Quantiles{}
		sum := 0.0
		for i, r := range s.parts {
			took := wrong(latency[i])
			p.Latency[r.part] = stats.Quantiles{Mean: p.Latency[r.part].Mean + took, N: 1000}
			sum += took
		}
		for _, part := range result.BlockParts() {
			q := p.Latency[part.String()]
			q.N = 1000
			p.Latency[part.String()] = q
		}
		p.Latency["commit"] = stats.Quantiles{Mean: sum, N: 1000}
		p.CPU = map[string]float64{"peer0.ptb": 0.6 * busy, "orderer0": 0.2 * busy, "client": 0.2 * busy}
		p.Roles = roles()
		if s.evidence != nil {
			s.evidence(&p, busy)
		}
		all = append(all, p)
	}
	return all
}

func disked(node string) func(*result.Point, float64) {
	return func(p *result.Point, busy float64) {
		p.DiskWait, p.DiskPressure = map[string]float64{node: busy}, &proc.Pressure{Some: busy}
	}
}

func threaded(node string) func(*result.Point, float64) {
	return func(p *result.Point, busy float64) { p.Threads = map[string]float64{node: busy} }
}

func delay(part string, demand float64) resource {
	return resource{part: part, demand: demand, delay: true}
}
func queued(part string, demand float64) resource {
	return resource{part: part, demand: demand}
}

// systems have resources that nothing watches, or of which the machine shows
// only that the disk is waited for, or one thread busy.
var systems = []system{
	{"disk of a peer", 0, []resource{delay("endorse", 0.01), delay("wait_cut", 0.05), queued("state_commit", 0.008)}, disked("peer0.ptb"), "disk of peer0.ptb"},
	{"disk of an orderer", 0, []resource{delay("endorse", 0.003), queued("submit", 0.02), delay("wait_cut", 0.002)}, disked("orderer0"), "disk of orderer0"},
	{"disk of a peer, clients that think", 0.2, []resource{delay("endorse", 0.01), queued("state_commit", 0.01)}, disked("peer0.ptb"), "disk of peer0.ptb"},
	{"one core of an orderer", 0, []resource{delay("endorse", 0.02), queued("submit", 0.004)}, threaded("orderer0"), "one core of orderer0"},
	{"one core of a chaincode", 0, []resource{queued("endorse", 0.012), delay("wait_cut", 0.1)}, threaded("chaincode.peer0.ptb"), "one core of chaincode.peer0.ptb"},
	{"one core, two stations close to each other", 0, []resource{queued("endorse", 0.009), queued("validate", 0.010), delay("wait_cut", 0.05)}, threaded("peer0.ptb"), "one core of peer0.ptb"},
	{"a lock in the commit", 0, []resource{delay("endorse", 0.005), queued("validate", 0.006)}, nil, "unknown: latency has grown, most in validate"},
	{"a lock that gets worse when it is waited for", 0, []resource{delay("endorse", 0.05), {part: "state_commit", demand: 0.004, worse: 0.01}}, nil, "unknown: latency has grown, most in state_commit"},
	{"a lock in the client's preparation", 0, []resource{queued("prepare", 0.003), delay("wait_cut", 0.03)}, nil, "unknown: latency has grown, most in prepare"},
	{"a remote endorser", 0, []resource{queued("endorse", 0.02), delay("wait_cut", 0.1), delay("validate", 0.01)}, nil, "unknown: latency has grown, most in endorse"},
	{"a remote endorser far away", 0, []resource{delay("endorse", 0.15), queued("endorse", 0.005), delay("wait_cut", 0.03)}, nil, "unknown: latency has grown, most in endorse"},
	{"a remote endorser, clients that think", 0.5, []resource{queued("endorse", 0.02), delay("wait_cut", 0.02)}, nil, "unknown: latency has grown, most in endorse"},
}

// A saturated level is never said to be unlimited, whatever its resource, the
// numbers of clients that were measured, and errors of 3 %; what the machine
// shows is named, and else the part in which latency grew.
func TestSaturatedIsLimited(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 3))
	for _, s := range systems {
		t.Run(s.name, func(t *testing.T) {
			capacity, named := s.capacity(), 0
			for levels, all := range map[string][]int{
				"doubled": {1, 2, 4, 8, 16, 32, 64, 128, 256}, "saturated only": {64, 128, 256}, "dense": {48, 56, 64, 72, 80, 96, 112, 128},
				"one": {128}, "two": {1, 128}, "downwards": {256, 64, 16, 4},
			} {
				for range 20 {
					points := s.points(all, 0.03, random)
					for _, p := range points {
						x, _, busy := s.solve(p.Load.Clients)
						if p.Load.Clients == 1 || x < 0.95*capacity && busy < 0.95 {
							continue
						}
						limit, because := Judge(Evidence{Point: p, Series: points, Cores: 8})
						if limit.Kind == result.LimitNone {
							t.Errorf("%s: %s: %s: %s", levels, p.Load, limit, because)
						}
						if levels == "doubled" {
							if busy >= 0.95 && limit.String() != s.want {
								t.Errorf("%s: %s: limited by %q, want %q: %s", levels, p.Load, limit, s.want, because)
							}
							named++
						}
					}
				}
			}
			if named == 0 {
				t.Error("no level was saturated")
			}
		})
	}
}

// Clients that do not yet wait for each other are said to be unlimited.
func TestUnsaturatedIsNotLimited(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 4))
	for _, s := range systems {
		t.Run(s.name, func(t *testing.T) {
			points := s.points([]int{1, 2, 4, 8, 16, 32, 64}, 0.02, random)
			_, alone, _ := s.solve(1)
			flat := 0
			for _, p := range points {
				_, latency, _ := s.solve(p.Load.Clients)
				grew := sum(latency) / sum(alone)
				limit, because := Judge(Evidence{Point: p, Series: points, Cores: 8})
				switch {
				case grew <= 1.04 || p.Load.Clients == 1:
					flat++
					if limit.Kind != result.LimitNone {
						t.Errorf("%s: latency is %.3g times that of one client, limited by %q: %s", p.Load, grew, limit, because)
					}
				case grew >= 1.2 && limit.Kind == result.LimitNone:
					t.Errorf("%s: latency is %.3g times that of one client, %q: %s", p.Load, grew, limit, because)
				}
			}
			if flat == 0 {
				t.Error("no level was flat")
			}
		})
	}
}

// Clients that all wait for the batch timer get it sooner the more they are:
// their latency does not grow, and they are limited by the timer or by nothing.
func TestBatchTimerDoesNotGrow(t *testing.T) {
	const timer, work, batch = 0.2, 0.012, 100
	var points []result.Point
	for _, n := range []int{1, 2, 4, 8, 16, 32, 64, 128, 256} {
		p := measured(n)
		wait := timer
		p.BlockCut = &result.BlockCut{Timer: 60}
		if n > batch { // the blocks fill up
			wait, p.BlockCut = timer*batch/float64(n)/4, &result.BlockCut{Count: 60, Timer: 10}
		}
		p.Latency = latency(wait+work, wait)
		p.Throughput = float64(n) / (wait + work)
		points = append(points, p)
	}
	for _, p := range points {
		limit, because := Judge(Evidence{Point: p, Series: points, Cores: 8})
		want := result.LimitBatchTimer
		if p.Load.Clients > batch {
			want = result.LimitUnknown // two levels, of which the first is not the smallest
		}
		if p.Load.Clients <= batch && limit.Kind != want || limit.Part != "" {
			t.Errorf("%s: limited by %q, want %q: %s", p.Load, limit, want, because)
		}
	}
}

// What a whole series confirms, no level of it contradicts.
func TestOnPlateau(t *testing.T) {
	none := result.Limit{Kind: result.LimitNone}
	plateau := result.Saturation{Reached: true, Clients: 16}
	for _, c := range []struct {
		name  string
		point result.Point
		found result.Saturation
		want  result.LimitKind
	}{
		{"below it", result.Point{Load: result.Load{Kind: result.LoadClosed, Clients: 8}, Limit: none}, plateau, result.LimitNone},
		{"where it begins", result.Point{Load: result.Load{Kind: result.LoadClosed, Clients: 16}, Limit: none}, plateau, result.LimitUnknown},
		{"on it", result.Point{Load: result.Load{Kind: result.LoadClosed, Clients: 64}, Limit: none}, plateau, result.LimitUnknown},
		{"not reached", result.Point{Load: result.Load{Kind: result.LoadClosed, Clients: 64}, Limit: none}, result.Saturation{Clients: 64}, result.LimitNone},
		{"with a limit of its own", result.Point{Load: result.Load{Kind: result.LoadClosed, Clients: 64}, Limit: result.Limit{Kind: result.LimitCap}}, plateau, result.LimitCap},
		{"an open load that is kept up with", result.Point{Load: result.Load{Kind: result.LoadOpen, Offered: 50}, Limit: none}, result.Saturation{Reached: true, Offered: 50}, result.LimitNone},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, because := OnPlateau(&c.point, &c.found); got.Kind != c.want || got.Kind == result.LimitUnknown && because == "" {
				t.Errorf("limited by %q: %s; want %q", got, because, c.want)
			}
		})
	}
}

func sum(values []float64) (s float64) {
	for _, v := range values {
		s += v
	}
	return s
}

// The queueing networks above are solved as the machine repairman's closed form
// says: one queue of exponential service, no delay but the clients' thinking.
func TestSystemsAreSolved(t *testing.T) {
	s := system{think: 0.1, parts: []resource{queued("endorse", 0.02)}}
	for _, n := range []int{1, 2, 5, 20} {
		idle := 0.0 // 1 / P(nobody there) = sum over k of n! / (n-k)! (demand/think)^k
		term := 1.0
		for k := range n + 1 {
			idle += term
			term *= float64(n-k) * 0.2
		}
		want := (1 - 1/idle) / 0.02
		if x, _, _ := s.solve(n); math.Abs(x/want-1) > 1e-9 {
			t.Errorf("%d clients get %v/s, want %v/s", n, x, want)
		}
	}
}
