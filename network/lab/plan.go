// Package lab runs studies: it reads a scenario with its topologies, and supplies study.Lab on a Fabric
// network of our own or on the reference ledger.
package lab

import (
	"fmt"

	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/network/fabric/daemons"
)

// Plan is a validated scenario with its topologies.
type Plan struct {
	Scenario   scenario.Scenario
	topologies map[scenario.Network]topology.Topology
}

// Read reads a scenario, a shipped name or a file, with overrides as key=value, and the topologies of its
// networks, and refuses whatever the user wrote wrongly before anything starts.
func Read(name string, sets []string) (Plan, error) {
	s, err := scenario.Read(name, sets, Catalog())
	if err != nil {
		return Plan{}, err
	}
	return planOf(s)
}

// planOf validates a scenario that was read.
func planOf(s scenario.Scenario) (Plan, error) {
	p := Plan{Scenario: s, topologies: map[scenario.Network]topology.Topology{}}
	if err := p.target().Check(p); err != nil {
		return Plan{}, err
	}
	if err := checkFE(s); err != nil {
		return Plan{}, err
	}
	return p, p.checkWorkloads()
}

func (p Plan) loadNetworks() error {
	for _, n := range p.Scenario.Networks() {
		t, err := p.Scenario.LoadNetwork(n)
		if err != nil {
			return err
		}
		if err := CheckContracts(t); err != nil {
			return err
		}
		if err := network.CheckCaps(t); err != nil {
			return InputError{err}
		}
		if err := checkChannels(n.Topology, t); err != nil {
			return err
		}
		p.topologies[n] = t
	}
	return nil
}

// InputError is a mistake in what the user wrote, found without a place in a file.
type InputError struct{ error }

// InputErrorf returns an InputError with the text of fmt.Errorf.
func InputErrorf(format string, args ...any) error { return InputError{fmt.Errorf(format, args...)} }

// Unwrap returns the cause.
func (e InputError) Unwrap() error { return e.error }

// New returns the laboratory that measures a plan, whose nodes' logs go below dir. bin is called for the
// daemons of a network, and not at all where there is none.
func New(p Plan, dir string, bin func() (daemons.Binaries, error)) (study.Lab, error) {
	return p.target().New(p, dir, bin)
}
