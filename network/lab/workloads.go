package lab

import (
	"context"
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
	"meterbench/network/chaincode"
	"meterbench/simulators/fe"
	"meterbench/workloads"
)

// countable bounds the transactions of an open load that are counted in advance, which takes about a second. A
// workload that makes more is taken as endless.
const countable = 20_000_000

// checkWorkloads makes sure that workloads can be made of what the scenario asks for, and that they make as
// many transactions as its open loads send.
func (p Plan) checkWorkloads() error {
	most := map[string]int{} // transactions, by series
	for _, series := range p.Scenario.Series {
		shares := 0
		for _, w := range series.Workloads() {
			shares += max(1, w.Weight)
		}
		for key, w := range series.Workloads() {
			kind, t := workloads.KindOf(w), p.topologies[series.Network]
			n, err := kind.Most(workloads.Spec{Workload: w, Seed: p.Scenario.Seed, Start: fleetStart, Prefix: series.Prefix, Channels: measured(t)})
			if err == nil {
				err = checkContract(t, kind.Contract(w))
			}
			if err != nil {
				return p.Scenario.Refuse(series, key, "", "%v", err)
			}
			if n > countable {
				continue
			}
			n = n / uint64(max(1, w.Weight)) * uint64(shares) // together with the rest of a mix
			if least, limited := most[series.Name]; !limited || int(n) < least {
				most[series.Name] = int(n)
			}
		}
	}
	series, ok := study.TooMany(p.Scenario, most)
	if !ok {
		return nil
	}
	hint := "give more meters"
	if series.Workload.Traits().Ahead {
		hint = "encrypt inline, or use {bank: K}"
	}
	return p.Scenario.Refuse(series, "load", hint, "more transactions are due on one network than the %d that the workload makes", most[series.Name])
}

// measured returns the names of the channels over which meters are spread; of no topology, a nameless one.
func measured(t topology.Topology) (names []string) {
	for _, channel := range t.Channels {
		if len(channel.Chaincodes) > 0 {
			names = append(names, channel.Name)
		}
	}
	if names == nil {
		names = []string{""}
	}
	return names
}

// checkFE makes sure that the table of encryption costs can be measured.
func checkFE(s scenario.Scenario) error {
	if s.FE == nil {
		return nil
	}
	spec, err := FESpec(*s.FE, s.Seed)
	if err != nil {
		return err
	}
	if _, err := spec.CountCells(); err != nil {
		return s.Refuse(scenario.Series{}, "fe", "", "%v", err)
	}
	return nil
}

// FESpec returns the measurement of a scenario's table of encryption costs.
func FESpec(spec scenario.FE, seed uint64) (workloads.FESpec, error) {
	tables, err := fe.NewTables(fe.DefaultTableConfig())
	if err != nil {
		return workloads.FESpec{}, err
	}
	return workloads.FESpec{FE: spec, Seed: seed, Tables: tables}, nil
}

// MeasureFE measures encryption costs and reports its progress.
func MeasureFE(ctx context.Context, spec scenario.FE, seed uint64, working func(string)) ([]result.FECost, error) {
	measured, err := FESpec(spec, seed)
	if err != nil {
		return nil, err
	}
	measured.Progress = func(done, total int, cell string) { working(fmt.Sprintf("%d of %d samples: %s", done, total, cell)) }
	return workloads.MeasureFE(ctx, measured)
}

// minAbsolute is more bytes than any transaction has. A list of the set-up has up to 768 KiB, and a
// transaction holds what it writes beside its arguments.
const minAbsolute = 2 << 20

// checkChannels makes sure that there is something to measure, and that what is measured at once is alike: a
// point has one set of conditions.
func checkChannels(name string, t topology.Topology) error {
	first := t.Channels[0]
	if len(first.Chaincodes) == 0 {
		return InputErrorf("topology %s: its first channel, %s, has no contract to measure; give it chaincodes: [{name: %s}]",
			name, first.Name, chaincode.Contracts()[0].Name)
	}
	if first.Batch.AbsoluteBytes < minAbsolute {
		return InputErrorf("topology %s: channel %s: absolute_bytes must be at least %d MiB, which setting meters up may take in one transaction, got %d bytes",
			name, first.Name, minAbsolute>>20, first.Batch.AbsoluteBytes)
	}
	for _, c := range t.Channels[1:] {
		if len(c.Chaincodes) > 0 && (c.Batch != first.Batch || !slices.EqualFunc(c.Chaincodes, first.Chaincodes, alike)) {
			return InputErrorf("topology %s: channels %s and %s differ in batch, contracts or endorsement, but meters are spread over "+
				"all channels that have a contract; make them alike, or take the contracts from one of them", name, first.Name, c.Name)
		}
	}
	return nil
}

// alike reports whether two chaincodes take transactions alike.
func alike(a, b topology.Chaincode) bool { return a.Name == b.Name && a.Endorsement == b.Endorsement }

// CheckContracts makes sure that what a topology does not say how to serve are contracts of this program.
func CheckContracts(t topology.Topology) error {
	known := chaincode.Contracts().Names()
	for _, channel := range t.Channels {
		for _, cc := range channel.Chaincodes {
			if !cc.Own() && !slices.Contains(known, cc.Name) {
				return InputErrorf("topology %s: channel %s: there is no contract %q; %s, and one of your own has source, command or address",
					t.Name, channel.Name, cc.Name, strictyaml.Hint(cc.Name, known))
			}
		}
	}
	return nil
}

// checkContract makes sure that the contract of a workload is on the channels of a topology.
func checkContract(t topology.Topology, contract string) error {
	for _, channel := range t.Channels {
		if len(channel.Chaincodes) > 0 && !slices.ContainsFunc(channel.Chaincodes, func(cc topology.Chaincode) bool { return cc.Name == contract }) {
			return fmt.Errorf("its contract %s is not on channel %s of topology %s", contract, channel.Name, t.Name)
		}
	}
	return nil
}
