package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/worker"
	"meterbench/network/client"
	"meterbench/simulators/fe"
	"meterbench/workloads"
)

// A station is what a worker has of a site: clients of its own on the channels, and the workloads that the site has set up. It puts
// nothing on the ledger but transactions of the load.
type station struct {
	ledger
	scenario scenario.Scenario
	duty     workloads.Duty // of each of its workloads, but for the levels
	leave    func() error   // the sites, nil: it stands at none
}

// OpenStation opens the station of a worker from what the site of the coordinator handed over. It implements worker.Open.
func OpenStation(ctx context.Context, o worker.Opening) (worker.Station, error) {
	var h handover
	if err := unpack(o.Handover, &h); err != nil {
		return nil, err
	}
	var files []scenario.File
	for _, f := range o.Files {
		files = append(files, scenario.File(f))
	}
	catalog := Catalog()
	catalog.Topology = h.Topology
	s, err := scenario.Unpack(ctx, o.Scenario, files, catalog)
	if err != nil {
		return nil, fmt.Errorf("%s: read the scenario that the coordinator handed over: %w", named(o), err)
	}
	s.Seed = h.Seed // of a repetition that is a run of its own
	tables, err := fe.NewTables(fe.DefaultTableConfig())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", named(o), err)
	}
	one := &station{scenario: s, duty: workloads.Duty{Share: o.Share}}
	one.builder = builder{prefix: h.Prefix, site: workloads.Spec{Seed: s.Seed, Start: fleetStart, Tables: tables}}
	if h.Channels == nil {
		return openReference(one, o)
	}
	if err := one.connect(ctx, o, h); err != nil {
		return nil, errors.Join(err, one.Close())
	}
	return one, nil
}

// named names a worker in messages.
func named(o worker.Opening) string {
	host, err := os.Hostname()
	if err != nil {
		return fmt.Sprintf("worker %d", o.Rank)
	}
	return fmt.Sprintf("worker %d on %s", o.Rank, host)
}

// connect connects to the channels.
func (s *station) connect(ctx context.Context, o worker.Opening, h handover) (err error) {
	var all []client.Config
	for _, channel := range h.Channels {
		channel.Client.Mark, channel.Client.Turn = o.Mark, uint64(o.Share.Rank)
		all = append(all, channel.Client)
	}
	if h.Passage != nil {
		if s.leave, err = h.Passage.Enter(all); err != nil {
			return worker.InputErrorf("%s may not stand at the sites of the network %s, which are apart: %w; run workers on the machine and as the user "+
				"that brought it up, as --workers local:N does", named(o), h.Network, err)
		}
	}
	if err := reach(ctx, o, all); err != nil {
		return err
	}
	deployed := map[string]string{}
	for i, channel := range h.Channels {
		if err := s.dial(ctx, channel, all[i]); err != nil {
			return fmt.Errorf("%s: channel %s: %w", named(o), channel.Name, err)
		}
		for called, contract := range channel.Contracts {
			deployed[called] = contract.Name
		}
	}
	b := &s.builder
	b.query, b.owner, b.with, b.deployed, b.site.Channels = s.query, s.owner, s.with, deployed, s.channels
	if err := s.checkDrivers(ctx, s.scenario); err != nil {
		return fmt.Errorf("%s: client: direct cannot be used: %w", named(o), err)
	}
	return nil
}

// dial connects to a channel.
func (s *station) dial(ctx context.Context, channel handedChannel, cfg client.Config) error {
	connected, err := client.Dial(ctx, cfg)
	if err != nil {
		return err
	}
	s.clients = append(s.clients, connected) // so that Close closes it
	if err := connected.StandAt(ctx, channel.Sites...); err != nil {
		return err
	}
	contracts := map[string]client.Contract{}
	for called, of := range channel.Contracts {
		if contracts[called], err = connected.Contract(of.Name, of.Operator); err != nil {
			return err
		}
	}
	s.channels, s.contracts = append(s.channels, channel.Name), append(s.contracts, contracts)
	return nil
}

// Series implements worker.Station.
func (s *station) Series(ctx context.Context, name string, need study.Need, data []byte, working func(string)) (
	_ bench.Workload, all result.Preparation, err error,
) {
	one, err := s.find(name)
	if err != nil {
		return nil, all, err
	}
	var handed handedSeries
	if err := unpack(data, &handed); err != nil {
		return nil, all, err
	}
	s.builder.site.Duty = s.duty
	var made []workloads.Workload
	for _, spec := range s.builder.specs(one, need) {
		if len(made) == len(handed.Parts) {
			return nil, all, fmt.Errorf("series %s: the coordinator handed over %d of its workloads", name, len(handed.Parts))
		}
		spec.Equipment = handed.Parts[len(made)].Equipment
		w, err := s.builder.make(ctx, spec)
		var prepared result.Preparation
		if err == nil {
			prepared, err = w.Prepare(ctx, need.Planned, func(done, total int) { working(fmt.Sprintf("%d of %d ciphertexts", done, total)) })
		}
		if err != nil {
			return nil, all, fmt.Errorf("series %s: %w", name, err)
		}
		made, all = append(made, w), added(all, prepared)
	}
	s.builder.keep(name, made)
	return s.builder.join(one, need, made), all, nil
}

// find returns the series of a name.
func (s *station) find(name string) (scenario.Series, error) {
	i := slices.IndexFunc(s.scenario.Series, func(one scenario.Series) bool { return one.Name == name })
	if i < 0 {
		return scenario.Series{}, fmt.Errorf("scenario %s has no series %s", s.scenario.Name, name)
	}
	return s.scenario.Series[i], nil
}

// Arrivals implements worker.Station.
func (s *station) Arrivals(name string, offered float64) (arrival.Process, error) {
	one, err := s.find(name)
	if err != nil {
		return nil, err
	}
	return one.Process(offered), nil
}

// Close implements worker.Station.
func (s *station) Close() error {
	err := s.clients.Close()
	if s.leave != nil {
		err = errors.Join(err, s.leave())
	}
	return err
}

var (
	_ worker.Open       = OpenStation
	_ worker.Station    = (*station)(nil)
	_ worker.Accountant = (*station)(nil)
	_ worker.Caller     = (*station)(nil)
	_ worker.Reckoner   = (*builder)(nil)
	_ worker.Reckoner   = (*ledger)(nil)
)
