package saturation_test

import (
	"math"
	"math/rand/v2"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
	"meterbench/bench/stats"
)

// A server is a target of known capacity: transactions wait in one queue for a
// number of servers.
type server struct {
	rng      *rand.Rand
	capacity float64 // transactions per second, all servers together
	servers  int
	service  func(*rand.Rand) float64 // service times of mean 1; nil for constant ones
	regular  bool                     // constant arrivals; Poisson otherwise
	hold     float64                  // seconds of a step, without the warm-up
	// collapse is by what share the capacity falls per share of overload: 0 for none.
	collapse float64
	// Blocks are cut after so many transactions, or seconds after their first; 0 for none.
	messages int
	timeout  float64
	// wander is by what share the capacity differs from step to step, one standard deviation.
	wander float64
	// objective is that of the latency, in seconds; 0 for none.
	objective float64

	completed uint64 // over all steps
	seconds   float64
}

// Service times of mean 1.
var (
	exponential      = (*rand.Rand).ExpFloat64
	lognormal        = func(r *rand.Rand) float64 { return math.Exp(r.NormFloat64() - 0.5) } // c² = 1.7
	hyperexponential = func(r *rand.Rand) float64 {                                          // c² = 4
		if r.Float64() < 0.1127 {
			return r.ExpFloat64() / 0.2254
		}
		return r.ExpFloat64() / 1.7746
	}
)

const warmup = 2.0

// measure runs a step against the server, which is empty before.
func (s *server) measure(load float64) saturation.Step {
	capacity := s.capacity
	if s.wander > 0 {
		capacity *= 1 + s.wander*s.rng.NormFloat64()
	}
	if over := load/capacity - 1; over > 0 {
		capacity *= max(0.2, 1-s.collapse*over)
	}
	free := make([]float64, s.servers)
	until := warmup + s.hold
	backlog := stats.NewBacklog(warmup, until)
	var sent, received float64
	var intended, ended []float64
	for at := 0.0; ; {
		if s.regular {
			at += 1 / load
		} else {
			at += s.rng.ExpFloat64() / load
		}
		if at >= until {
			break
		}
		first := 0
		for i := range free {
			if free[i] < free[first] {
				first = i
			}
		}
		service := float64(s.servers) / capacity
		if s.service != nil {
			service *= s.service(s.rng)
		}
		free[first] = max(at, free[first]) + service
		end := free[first]
		intended, ended = append(intended, at), append(ended, end)
	}
	numbers, blocks := s.cut(ended, until)
	tally := saturation.NewTally(warmup, until, s.objective)
	r := result.Record{Outcome: result.Valid}
	for i, end := range ended {
		at := intended[i]
		backlog.Add(at, end)
		r.Intended, r.Committed, r.Block = time.Duration(at*1e9), time.Duration(end*1e9), numbers[i]
		tally.Add(&r)
		if at >= warmup {
			sent++
		}
		if end >= warmup && end < until {
			received++
		}
		if end < until {
			s.completed++
		}
	}
	s.seconds += until
	step := saturation.Step{
		Load: load, Sent: sent / s.hold, Due: uint64(sent), Received: received / s.hold, Blocks: blocks, Success: 1, Backlog: backlog.Slope(),
	}
	tally.Fill(&step)
	return step
}

// cut moves the ends to those of the blocks. It returns the number of each one's block, and how many blocks the window has.
func (s *server) cut(ended []float64, until float64) (numbers []uint64, blocks uint64) {
	numbers = make([]uint64, len(ended))
	if s.messages == 0 {
		for i := range numbers {
			numbers[i] = uint64(i)
		}
		return numbers, 0
	}
	number := uint64(0)
	for from := 0; from < len(ended); {
		number++
		to, at := from, ended[from]+s.timeout
		for to < len(ended) && to-from < s.messages && ended[to] <= at {
			to++
		}
		if to-from == s.messages {
			at = ended[to-1]
		}
		for ; from < to; from++ {
			ended[from], numbers[from] = at, number
		}
		if at >= warmup && at < until {
			blocks++
		}
	}
	return numbers, blocks
}
