package lab

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
	"meterbench/network"
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
			channels := channelsWith(t, contractOf(w))
			if len(channels) == 0 && contractOf(w) != "" {
				hint := fmt.Sprintf("give one chaincodes: [{name: %s}], with source, command or address if it is your own", contractOf(w))
				return p.Scenario.Refuse(series, key, hint, "no channel of topology %s has its contract %s", t.Name, contractOf(w))
			}
			n, err := kind.Most(workloads.Spec{Workload: w, Seed: p.Scenario.Seed, Start: fleetStart, Prefix: series.Prefix, Channels: channels})
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

// contractOf returns the name of the contract that a workload calls, empty where it calls none.
func contractOf(w scenario.Workload) string { return workloads.KindOf(w).Contract(w) }

// usesLedger reports whether any series on a network has transactions for its contracts.
func (p Plan) usesLedger(n scenario.Network) bool {
	return slices.ContainsFunc(p.Scenario.Series, func(series scenario.Series) bool {
		for _, w := range series.Workloads() {
			if series.Network == n && contractOf(w) != "" {
				return true
			}
		}
		return false
	})
}

// contracts returns the names of the contracts that the scenario's workloads call, each once.
func (p Plan) contracts() (all []string) {
	for _, series := range p.Scenario.Series {
		for _, w := range series.Workloads() {
			if contract := contractOf(w); contract != "" && !slices.Contains(all, contract) {
				all = append(all, contract)
			}
		}
	}
	return all
}

// channelsWith returns the names of the channels that have a contract, over which its meters are spread; of no topology, a
// nameless one.
func channelsWith(t topology.Topology, contract string) (names []string) {
	if t.Channels == nil {
		return []string{""}
	}
	for _, channel := range t.With(contract) {
		names = append(names, channel.Name)
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

// checkChannels makes sure that those channels are alike on which load is at once: a point has one set of conditions.
func checkChannels(name string, t topology.Topology, contracts []string) error {
	for _, contract := range contracts {
		all := t.With(contract)
		for _, c := range all {
			if endorsement(c, contract) != endorsement(all[0], contract) {
				return InputErrorf("topology %s: channels %s and %s differ in the endorsement of %s, but the load is spread over all channels that have it; "+
					"make them alike, or take the contract from one of them", name, all[0].Name, c.Name, contract)
			}
		}
	}
	measured := t.With(contracts...)
	for _, c := range measured {
		if c.Batch.AbsoluteBytes < minAbsolute {
			return InputErrorf("topology %s: channel %s: absolute_bytes must be at least %d MiB, which setting meters up may take in one transaction, got %d bytes",
				name, c.Name, minAbsolute>>20, c.Batch.AbsoluteBytes)
		}
		if c.Batch != measured[0].Batch {
			return InputErrorf("topology %s: channels %s and %s differ in batch, but both are measured; make them alike, or measure one at a time",
				name, measured[0].Name, c.Name)
		}
	}
	return nil
}

// endorsement returns the policy of a contract on a channel that has it.
func endorsement(c topology.Channel, contract string) string {
	return c.Chaincodes[topology.PositionOf(contract, c.Chaincodes)].Endorsement
}

// CheckContracts makes sure that what the topology that was loaded by this name or path does not say how to serve are
// contracts of this program, and that a record of a network names no programs to run.
func CheckContracts(nameOrPath string, t topology.Topology) error {
	return cmp.Or(t.CheckPrograms(), LocateChaincode(nameOrPath, checkContracts(t)))
}

// checkContracts is CheckContracts before the place is known.
func checkContracts(t topology.Topology) error {
	known := chaincode.Contracts().Names()
	for _, channel := range t.Channels {
		for _, cc := range channel.Chaincodes {
			if !cc.Own() && !slices.Contains(known, cc.Name) {
				return &network.ChaincodeError{Channel: channel.Name, Chaincode: cc.Name, Key: "name", Msg: fmt.Sprintf("there is no contract %q", cc.Name),
					Hint: "give source, command or address if it is your own; " + strictyaml.Hint(cc.Name, known)}
			}
		}
	}
	return nil
}
