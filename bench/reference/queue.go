package reference

import (
	"math"
	"math/rand/v2"
	"time"

	"meterbench/internal/heap"
)

// queue serves in the order of arrival with a number of equal servers. A nil queue takes no time.
type queue struct {
	free    heap.Heap[struct{}] // when each server is free again
	service Distribution
	rng     *rand.Rand
}

func newQueue(s *Stage, seed uint64, purpose stream) *queue {
	if s == nil {
		return nil
	}
	return &queue{free: make(heap.Heap[struct{}], s.Servers), service: s.Service, rng: purpose.source(seed)}
}

// serve returns when work is done that arrives at an instant and takes a number of service times.
// Arrivals come in order.
//
// It starts at the larger of the arrival and the earliest instant at which a server is free: the
// recursion of Lindley (The theory of queues with a single server, 1952), for more servers that of
// Kiefer and Wolfowitz (On the theory of queues with many servers, 1955).
func (q *queue) serve(at time.Duration, services int) time.Duration {
	if q == nil {
		return at
	}
	done := max(at, q.free[0].At)
	for range services {
		done += q.service.draw(q.rng)
	}
	q.free[0].At = done
	q.free.Fix()
	return done
}

// draw returns one service time, to the nanosecond.
//
// A lognormal X = exp(mu + sigma Z) has the mean exp(mu + sigma²/2) and the coefficient of
// variation sqrt(exp(sigma²) - 1).
func (d Distribution) draw(rng *rand.Rand) time.Duration {
	mean := float64(d.Mean)
	switch d.Kind {
	case Exponential:
		mean *= rng.ExpFloat64()
	case Lognormal:
		variance := math.Log1p(d.CV * d.CV)
		mean *= math.Exp(math.Sqrt(variance)*rng.NormFloat64() - variance/2)
	}
	return time.Duration(math.Round(mean))
}

// stream is a purpose of random numbers: each has a sequence of its own.
type stream uint64

const (
	endorseStream stream = iota
	orderStream
	commitStream
	failureStream
)

func (s stream) source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, uint64(s))) }
