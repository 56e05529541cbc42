package lab

import (
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/workloads"
)

// countable is how many transactions of an open load are counted in advance, which takes about a second.
// A workload that makes more is taken as endless.
const countable = 20_000_000

// checkWorkloads makes sure that workloads can be made of what the scenario asks for, and that they make
// as many transactions as its open loads send.
func (p Plan) checkWorkloads() error {
	most := map[string]int{} // transactions, by series
	for _, series := range p.Scenario.Series {
		shares := 0
		for _, w := range series.Workloads() {
			shares += max(1, w.Weight)
		}
		for key, w := range series.Workloads() {
			kind, t := workloads.KindOf(w), p.topologies[series.Network]
			n, err := kind.Most(specOf(p.Scenario, w, series.Prefix, max(1, measured(t))))
			if err == nil {
				err = checkContract(t, kind.Contract)
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
