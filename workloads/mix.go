package workloads

import (
	"context"
	"errors"
	"slices"

	"meterbench/bench"
	"meterbench/internal/random"
)

// A Part is one of the workloads of a Mix.
type Part struct {
	Weight   int // at least 1
	Workload bench.Workload
}

// A Reporter is a workload that also tells what its transactions report, as Readings does.
type Reporter interface {
	// Reading returns what the transaction with that sequence number reports; of no meter, where it is no reading.
	Reading(seq uint64) (meter string, wh uint64)
	Recorded(seq uint64) (meter string)
}

// A Mix hands each transaction to one of several workloads. Of every run of as many transactions as the
// weights sum to, each part gets as many as its weight; which of them is random. So the shares
// are exact, and nothing beats in time with a number of clients or a batch size.
//
// A part provides its transactions 0, 1, 2 …, each once, whatever their numbers in the mix.
type Mix struct {
	order random.Stream // of which each run has its own, by Index, over all sessions
	first uint64
	parts []Part
	run   []uint16 // the parts of one run, in their order
}

// NewMix returns a mix that begins with transaction first. order is the stream of its runs. How many parts there are, and their weights, a
// scenario limits.
func NewMix(order random.Stream, first uint64, parts []Part) *Mix {
	m := &Mix{order: order, first: first, parts: parts}
	for i, part := range parts {
		m.run = append(m.run, slices.Repeat([]uint16{uint16(i)}, part.Weight)...)
	}
	return m
}

// Transaction implements bench.Workload.
func (m *Mix) Transaction(ctx context.Context, seq uint64) (bench.Transaction, error) {
	if seq < m.first {
		return bench.Transaction{}, errors.New("the mix begins with a later transaction")
	}
	part, own := m.choose(seq - m.first)
	return m.parts[part].Workload.Transaction(ctx, own)
}

// Reading returns what the transaction with that sequence number reports; of no meter, where its part has none.
func (m *Mix) Reading(seq uint64) (meter string, wh uint64) {
	part, own := m.choose(seq - m.first)
	if reporter, ok := m.parts[part].Workload.(Reporter); ok {
		meter, wh = reporter.Reading(own)
	}
	return meter, wh
}

// Recorded returns the meter's id in the trace that a mix does not follow: none.
func (m *Mix) Recorded(uint64) (meter string) { return "" }

// choose returns which part the transaction at a position belongs to, and its position there.
func (m *Mix) choose(at uint64) (part int, own uint64) {
	run, place := at/uint64(len(m.run)), int(at%uint64(len(m.run)))
	order := slices.Clone(m.run)
	stream := m.order
	stream.Index = m.first + run // runs of the session before had smaller ones
	stream.Rand().Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	part = int(order[place])
	own = run * uint64(m.parts[part].Weight)
	for _, earlier := range order[:place] {
		if int(earlier) == part {
			own++
		}
	}
	return part, own
}
