package lab

import (
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/network/fabric/daemons"
	"meterbench/workloads"
)

// target is a row of the table of what a study can run on.
type target struct {
	scenario.TargetKind
	// Check reads what the plan needs of the target, and refuses what it cannot be.
	Check func(Plan) error
	// New returns the laboratory. bin is called for the daemons of a network.
	New func(p Plan, dir string, bin func() (daemons.Binaries, error)) (study.Lab, error)
}

// targets returns the table: a Fabric network of our own, which a scenario names by its topology, and
// what can stand in its place.
func targets() []target {
	return []target{
		{Check: Plan.loadNetworks, New: newFabricLab},
		{scenario.TargetKind{Name: result.TargetReference, Called: "simulated ledger", New: func() scenario.TargetOptions { return new(reference.Config) }},
			func(Plan) error { return nil }, newReferenceLab},
	}
}

// target returns the row of what the plan runs on.
func (p Plan) target() target {
	all := targets()
	for _, t := range all {
		if p.Scenario.Target != nil && t.Name == p.Scenario.Target.Kind {
			return t
		}
	}
	return all[0]
}

// Catalog returns the tables in which the words of scenarios are looked up.
func Catalog() scenario.Catalog {
	c := scenario.Catalog{Factors: workloads.Factors(), Schemes: workloads.Schemes()}
	for _, k := range workloads.Kinds() {
		c.Workloads = append(c.Workloads, k.WorkloadKind)
	}
	for _, t := range targets()[1:] {
		c.Targets = append(c.Targets, t.TargetKind)
	}
	return c
}
