package saturation_test

import (
	"math/rand/v2"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/saturation"
	"meterbench/bench/stats"
)

// A server is a target of known capacity: transactions wait in one queue for a
// number of servers.
type server struct {
	rng      *rand.Rand
	capacity float64 // transactions per second, all servers together
	servers  int
	random   bool    // exponential service times; constant otherwise
	regular  bool    // constant arrivals; Poisson otherwise
	hold     float64 // seconds of a step, without the warm-up
	// collapse is by what share the capacity falls per share of overload: 0 for none.
	collapse float64
	// Blocks are cut after so many transactions, or seconds after their first; 0 for none.
	messages int
	timeout  float64

	completed uint64 // over all steps
	seconds   float64
}

const warmup = 2.0

// measure runs a step against the server, which is empty before.
func (s *server) measure(load float64) saturation.Step {
	capacity := s.capacity
	if over := load/capacity - 1; over > 0 {
		capacity *= max(0.2, 1-s.collapse*over)
	}
	free := make([]float64, s.servers)
	until := warmup + s.hold
	backlog := stats.NewBacklog(warmup, until)
	var sent, received float64
	var intended, ended []float64
	latencies := hdrhistogram.New(1, 1e13, 3) // ns
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
		if s.random {
			service *= s.rng.ExpFloat64()
		}
		free[first] = max(at, free[first]) + service
		end := free[first]
		intended, ended = append(intended, at), append(ended, end)
	}
	blocks := s.cut(ended, until)
	for i, end := range ended {
		at := intended[i]
		backlog.Add(at, end)
		if at >= warmup {
			sent++
			if err := latencies.RecordValue(int64(1e9 * (end - at))); err != nil {
				panic(err)
			}
		}
		if end >= warmup && end < until {
			received++
		}
		if end < until {
			s.completed++
		}
	}
	s.seconds += until
	return saturation.Step{
		Load: load, Sent: sent / s.hold, Due: uint64(sent), Received: received / s.hold, Blocks: blocks, Success: 1,
		P99: stats.Summarize(latencies, 1e-9).P99, Backlog: backlog.Slope(),
	}
}

// cut moves the ends to those of the blocks, and counts the blocks of the window.
func (s *server) cut(ended []float64, until float64) (blocks uint64) {
	if s.messages == 0 {
		return 0
	}
	for from := 0; from < len(ended); {
		to, at := from, ended[from]+s.timeout
		for to < len(ended) && to-from < s.messages && ended[to] <= at {
			to++
		}
		if to-from == s.messages {
			at = ended[to-1]
		}
		for ; from < to; from++ {
			ended[from] = at
		}
		if at >= warmup && at < until {
			blocks++
		}
	}
	return blocks
}
