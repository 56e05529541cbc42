package lab

import (
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/simulators/meter"
	"meterbench/workloads"
)

// fleetOf returns the meters of a workload, whose ids begin with prefix.
func fleetOf(seed uint64, w scenario.Workload, prefix string) (*meter.Fleet, error) {
	return meter.NewFleet(meter.Config{
		Seed: seed, Meters: w.Meters, Prefix: prefix,
		Interval: w.Interval, Start: fleetStart, Length: w.Values(), Bound: w.Bound,
	})
}

// readingsOf returns what makes the readings that a workload sends.
func readingsOf(w scenario.Workload, fleet *meter.Fleet, channels int) workloads.Config {
	return workloads.Config{
		Kind: w.Kind, Scheme: w.Scheme, Bits: w.Bits, Group: w.Length, Fleet: fleet,
		Encryption: w.Encryption.Mode, Bank: w.Encryption.Bank, Verify: w.Verify, Channels: channels, Reveal: w.Reveal,
	}
}

// billsOf returns what makes the bills that a workload sends.
func billsOf(w scenario.Workload, fleet *meter.Fleet, channels int) workloads.BillingConfig {
	return workloads.BillingConfig{
		Form: w.Form, Scheme: w.Scheme, Bits: w.Bits, Fleet: fleet, Readings: w.Readings,
		Verify: w.Verify, Channels: channels, Reveal: w.Reveal,
	}
}

// countable is how many transactions of an open load are counted beforehand,
// which takes about a second. A workload that makes more is taken as endless.
const countable = 20_000_000

// checkWorkloads makes sure that workloads can be made of what the scenario asks
// for, and that they make as many transactions as its open loads send.
func (p Plan) checkWorkloads() error {
	most := map[string]int{} // transactions, by series
	for _, series := range p.Scenario.Series {
		shares := 0
		for _, w := range series.Workloads() {
			shares += max(1, w.Weight)
		}
		for key, w := range series.Workloads() {
			n, err := p.makes(w, series)
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
	if series.Workload.Encryption.Mode == "ahead" {
		hint = "encrypt inline, or use {bank: K}"
	}
	return p.Scenario.Refuse(series, "load", hint, "more transactions are due on one network than the %d that the workload makes", most[series.Name])
}

// makes returns how many transactions a workload of a series makes, or why it
// makes none.
func (p Plan) makes(w scenario.Workload, series scenario.Series) (uint64, error) {
	fleet, err := fleetOf(p.Scenario.Seed, w, series.Prefix)
	if err != nil {
		return 0, err
	}
	channels := measured(p.topologies[series.Network])
	var made interface {
		Validate() error
		Most() uint64
	} = readingsOf(w, fleet, channels)
	if w.Kind == "billing" {
		made = billsOf(w, fleet, channels)
	}
	if err := made.Validate(); err != nil {
		return 0, err
	}
	return made.Most(), nil
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
	if _, err := spec.Cells(); err != nil {
		return s.Refuse(scenario.Series{}, "fe", "", "%v", err)
	}
	return nil
}
