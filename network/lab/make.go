package lab

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strconv"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
	"meterbench/network"
	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
	"meterbench/workloads"
)

// madeScenario is the scenario whose readings are made where none is named: those of an hour, plain.
const madeScenario = `name: readings
topology: minimal
workload: {kind: plain, length: 4, meters: 1}
load: {kind: closed, clients: 1, hold: 3s}
`

// MadePrefix begins the ids of the meters whose readings are made.
const MadePrefix = "meter"

// A Maker makes signed readings for other tools.
type Maker struct {
	workload workloads.Workload
	contract string
	channels []string // names
	first    uint64   // sequence number of the next reading
	setUp    []bench.Transaction
}

// MadeReading is a transaction that stores a reading.
type MadeReading struct {
	Channel, Contract string
	Function          string
	Args              [][]byte
	Reading           *reading.Reading // nil where it is one of the set-up
}

// MakerConfig says which readings are made: those of a series of a scenario, or plain ones.
type MakerConfig struct {
	Scenario string   // a shipped name, or a file; empty: plain readings of four values by one meter
	Sets     []string // overrides of its keys
	Series   string   // by name; empty: the first
	Held     *network.Record
}

// NewMaker makes ready to make readings. For a network that is held it registers the meters there, as their operator, and
// goes on after the readings that are stored; without one SetUp returns what must be on the ledger before.
func NewMaker(ctx context.Context, c MakerConfig) (*Maker, error) {
	s, err := c.read(ctx)
	if err != nil {
		return nil, err
	}
	series, err := c.series(s)
	if err != nil {
		return nil, err
	}
	w := series.Workload
	kind := workloads.KindOf(w)
	if series.Mix != nil || w.Traits().Values == 0 {
		return nil, s.Refuse(series, "workload", "name another series", "its transactions are not all readings")
	}
	if o, ok := w.Options.(workloads.Options); ok && o.Encryption.Mode != "" {
		o.Encryption = workloads.Encryption{Mode: result.EncryptInline} // there is no load to be ahead of
		w.Options = o
	}
	tables, err := fe.NewTables(fe.DefaultTableConfig())
	if err != nil {
		return nil, err
	}
	spec := workloads.Spec{Workload: w, Seed: s.Seed, Start: fleetStart, Prefix: MadePrefix, Tables: tables}
	if c.Held != nil {
		return makeOn(ctx, c.Held, kind, spec)
	}
	return makeFor(ctx, s, series, kind, spec)
}

// makeFor makes the readings of a scenario for the channels of its topology, or of a simulated ledger.
func makeFor(ctx context.Context, s scenario.Scenario, series scenario.Series, kind workloads.Kind, spec workloads.Spec) (*Maker, error) {
	var t topology.Topology
	var err error
	if s.Target == nil {
		if t, err = s.LoadNetwork(series.Network); err != nil {
			return nil, err
		}
	}
	spec.Channels = channelsWith(t, contractOf(spec.Workload))
	m := &Maker{contract: contractOf(spec.Workload), channels: spec.Channels}
	if m.workload, err = kind.New(ctx, spec); err != nil {
		return nil, err
	}
	for channel := range spec.Channels {
		all, err := m.workload.SetUp(channel)
		if err != nil {
			return nil, err
		}
		m.setUp = append(m.setUp, all...)
	}
	return m, nil
}

func (c MakerConfig) read(ctx context.Context) (scenario.Scenario, error) {
	if c.Scenario == "" {
		return scenario.Parse("the readings", []byte(madeScenario), c.Sets, Catalog())
	}
	return scenario.Read(ctx, c.Scenario, c.Sets, Catalog())
}

func (c MakerConfig) series(s scenario.Scenario) (scenario.Series, error) {
	if c.Series == "" {
		return s.Series[0], nil
	}
	var names []string
	for _, one := range s.Series {
		if one.Name == c.Series {
			return one, nil
		}
		names = append(names, one.Name)
	}
	return scenario.Series{}, InputErrorf("scenario %s has no series %q; %s", s.Name, c.Series, strictyaml.Hint(c.Series, names))
}

// makeOn registers the meters of a workload on a network that is held.
func makeOn(ctx context.Context, held *network.Record, kind workloads.Kind, spec workloads.Spec) (_ *Maker, err error) {
	contract := contractOf(spec.Workload)
	l := ledger{semaphore: make(chan struct{}, 1)}
	defer func() { err = errors.Join(err, l.clients.Close()) }()
	for _, channel := range held.Channels {
		if !slices.ContainsFunc(channel.Chaincodes, func(cc network.Chaincode) bool { return cc.Name == contract }) {
			continue
		}
		connected, err := held.Client(ctx, channel.Name, contract)
		if err != nil {
			return nil, err
		}
		if err := l.add(channel, connected); err != nil {
			return nil, errors.Join(err, connected.Close())
		}
	}
	if len(l.channels) == 0 {
		return nil, InputErrorf("network %s has no contract %s", held.Topology.Name, contract)
	}
	spec.Channels = l.channels
	spec.Workload.Meters = max(spec.Workload.Meters, len(l.channels))
	if spec.Workload.Traits().Cost != (scenario.Cost{}) { // new parameters each time, so new meters
		heights, err := l.clients.Heights(ctx)
		if err != nil {
			return nil, err
		}
		spec.Prefix = fmt.Sprintf("%s-b%d", MadePrefix, heights[0])
	}
	l.builder = builder{site: spec, commit: l.commit, query: l.query, owner: l.owner}
	m := &Maker{contract: contract, channels: l.channels}
	if m.workload, _, err = l.builder.build(ctx, place{}, spec, 0, func(string) {}); err != nil {
		return nil, err
	}
	readings := m.workload.(ledgerWorkload).Workload.(workloads.Metered) // of what a Maker makes
	if m.first, err = l.next(ctx, contract, readings.Meters()); err != nil {
		return nil, err
	}
	return m, l.spread(ctx)
}

// next returns the first sequence number after those of all readings that are stored.
func (l *ledger) next(ctx context.Context, contract string, fleet *meter.Fleet) (next uint64, err error) {
	meters := fleet.Config().Meters
	for i := range meters {
		ask := func(function string, args ...string) ([]byte, error) {
			var bytes [][]byte
			for _, a := range args {
				bytes = append(bytes, []byte(a))
			}
			return l.query(ctx, contract, i%len(l.channels), function, bytes...)
		}
		id := fleet.ID(i)
		answer, err := ask(reading.FnCount, id, id)
		if err != nil {
			return 0, err
		}
		number, err := strconv.ParseUint(string(answer), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("count the readings of meter %s: %w", id, err)
		}
		// Numbers may have been left out: then there are readings beyond.
		for {
			answer, err := ask(reading.FnRange, id, strconv.FormatUint(number, 10), strconv.FormatUint(math.MaxUint64, 10))
			if err != nil {
				return 0, err
			}
			list, err := reading.UnmarshalList(answer)
			if err != nil {
				return 0, fmt.Errorf("readings of meter %s: %w", id, err)
			}
			if len(list) == 0 {
				break
			}
			number = list[len(list)-1].Number + 1
		}
		if number > 0 {
			next = max(next, (number-1)*uint64(meters)+uint64(i)+1)
		}
	}
	return next, nil
}

// SetUp returns what must be on the ledger before the readings, each committed before the next; nothing where the maker has
// put it there.
func (m *Maker) SetUp() (all []MadeReading) {
	for _, tx := range m.setUp {
		all = append(all, MadeReading{m.channels[tx.Channel], m.contract, tx.Function, tx.Args, nil})
	}
	return all
}

// Readings yields the next n readings.
func (m *Maker) Readings(ctx context.Context, n int) iter.Seq2[MadeReading, error] {
	return func(yield func(MadeReading, error) bool) {
		for range n {
			tx, err := m.workload.Transaction(ctx, m.first)
			m.first++
			made := MadeReading{m.channels[tx.Channel], m.contract, tx.Function, tx.Args, nil}
			if err == nil {
				var r reading.Reading
				r, err = reading.Unmarshal(tx.Args[0])
				made.Reading = &r
			}
			if !yield(made, err) || err != nil {
				return
			}
		}
	}
}
