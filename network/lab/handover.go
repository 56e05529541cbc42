package lab

import (
	"bytes"
	"context"
	"encoding/gob"
	"fmt"

	"meterbench/bench/worker"
	"meterbench/network"
	"meterbench/network/client"
	"meterbench/workloads"
)

// A handover is what workers get of a site: all that they need to send transactions to it, and nothing of those who set it up. It holds
// private keys of clients, and travels encrypted only.
type handover struct {
	Seed     uint64 // of the scenario
	Topology string // of a scenario that names none
	Prefix   string // of the ids of all meters
	Network  string // its name, for errors
	Channels []handedChannel
	Passage  *network.Passage // to sites that are apart; nil: clients stand where the worker does
}

// A handedChannel is a channel as clients use it.
type handedChannel struct {
	Name      string
	Client    client.Config
	Sites     []uint16                  // at which clients stand, by their numbers
	Contracts map[string]handedContract // by the names that workloads call
}

// A handedContract is a contract on a channel.
type handedContract struct {
	Name     string // under which it is deployed
	Operator string // MSP id of the organisation that uses it
}

// A handedSeries is what workers get of the workloads of a series, or of the parts of its mix.
type handedSeries struct{ Parts []handedPart }

// A handedPart is what workers get of a workload.
type handedPart struct {
	Equipment *workloads.Equipment // nil: everything follows from the scenario
}

// pack returns a handover as bytes. They are no form to be kept: both sides are one version of the program.
func pack(v any) ([]byte, error) {
	var to bytes.Buffer
	if err := gob.NewEncoder(&to).Encode(v); err != nil {
		return nil, fmt.Errorf("hand over to workers: %w", err)
	}
	return to.Bytes(), nil
}

func unpack(data []byte, v any) error {
	if err := gob.NewDecoder(bytes.NewReader(data)).Decode(v); err != nil {
		return fmt.Errorf("what the coordinator handed over cannot be read: %w", err)
	}
	return nil
}

// HandoverOf implements worker.Host.
func (b *builder) HandoverOf(_ context.Context, series string) ([]byte, error) {
	var handed handedSeries
	for _, w := range b.series[series] {
		var part handedPart
		if of, ok := w.(ledgerWorkload); ok {
			w = of.Workload
		}
		if equipped, ok := w.(workloads.Equipped); ok {
			e := equipped.Equipment()
			part.Equipment = &e
		}
		handed.Parts = append(handed.Parts, part)
	}
	return pack(handed)
}

// HandoverOf implements worker.Host.
func (l *ledger) HandoverOf(ctx context.Context, series string) ([]byte, error) {
	return l.builder.HandoverOf(ctx, series)
}

// hand returns a handover with what the ledger's channels have in common, and the contracts of each. From here on workers make the load.
func (l *ledger) hand() handover {
	l.builder.site.Duty.None = true
	h := handover{Seed: l.builder.site.Seed, Prefix: l.builder.prefix}
	for i, name := range l.channels {
		channel := handedChannel{Name: name, Contracts: map[string]handedContract{}}
		for called, contract := range l.contracts[i] {
			channel.Contracts[called] = handedContract{contract.Name(), contract.Operator()}
		}
		h.Channels = append(h.Channels, channel)
	}
	return h
}

// Handover implements worker.Host.
func (s *fabricSite) Handover(context.Context) ([]byte, error) {
	h := s.hand()
	h.Network, h.Passage = s.topology.Name, s.record.Passage()
	if s.lab.held != nil {
		h.Topology = s.lab.held.Dir
	}
	for i, channel := range s.measured {
		cfg, err := s.record.ClientConfig(channel.Name, channel.Chaincodes[0].Name)
		if err != nil {
			return nil, err
		}
		h.Channels[i].Client, h.Channels[i].Sites = cfg, s.standsAt(channel)
	}
	return pack(h)
}

// Handover implements worker.Host.
func (s *attachedSite) Handover(context.Context) ([]byte, error) {
	h := s.hand()
	cfg, err := s.net.ClientConfig()
	if err != nil {
		return nil, err
	}
	h.Network, h.Channels[0].Client = s.lab.attached.name, cfg
	return pack(h)
}

// Handover implements worker.Host: each worker has a simulated ledger of its own.
func (s *referenceSite) Handover(context.Context) ([]byte, error) {
	s.builder.site.Duty.None = true
	return pack(handover{Seed: s.builder.site.Seed})
}

var (
	_ worker.Host = (*fabricSite)(nil)
	_ worker.Host = (*attachedSite)(nil)
	_ worker.Host = (*referenceSite)(nil)
)
