// Package lab runs studies: it reads a scenario with its topologies, and supplies study.Lab on a Fabric
// network of our own or on the reference ledger.
package lab

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"

	ledgers "meterbench/bench/ledger"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/internal/random"
	"meterbench/network"
	"meterbench/network/fabric/daemons"
	"meterbench/workloads"
)

// Plan is a validated scenario with its topologies.
type Plan struct {
	Scenario   scenario.Scenario
	topologies map[scenario.Network]topology.Topology
	held       *network.Record // a network that is up, on which all is measured; nil: networks of its own
	attached   *attachment     // a network that others run, likewise
}

// Read reads a scenario, a shipped name or a file, with overrides as key=value, and the topologies of its
// networks, and refuses whatever the user wrote wrongly before anything starts.
func Read(ctx context.Context, name string, sets []string) (Plan, error) {
	s, err := scenario.Read(ctx, name, sets, Catalog())
	if err != nil {
		return Plan{}, err
	}
	return planOf(s, nil)
}

// planOf validates a scenario that was read, to be measured on a network that is up, or nil.
func planOf(s scenario.Scenario, held *network.Record) (Plan, error) {
	p := Plan{Scenario: s, topologies: map[scenario.Network]topology.Topology{}, held: held}
	if err := p.target().Check(&p); err != nil {
		return Plan{}, err
	}
	if held != nil {
		if err := p.checkHeld(); err != nil {
			return Plan{}, err
		}
	}
	if held == nil && s.Target == nil && len(p.Own()) == 0 {
		for _, one := range s.Series {
			if !one.Events.Empty() {
				return Plan{}, s.RefuseEvents(one, "leave them out", "no series uses a ledger, so that there is no network to which events could be done")
			}
		}
	}
	if err := checkFE(s); err != nil {
		return Plan{}, err
	}
	if s.Target == nil {
		if err := p.checkRights(); err != nil {
			return Plan{}, err
		}
	}
	return p, p.checkWorkloads()
}

func (p *Plan) loadNetworks() error {
	for _, n := range p.Scenario.Networks() {
		t, err := p.Scenario.LoadNetwork(n)
		if err != nil {
			return err
		}
		if p.held == nil {
			if err := t.CheckPrograms(); err != nil {
				return err
			}
		}
		if err := p.locateChaincode(n, checkContracts(t)); err != nil {
			return err
		}
		if err := network.CheckCaps(t); err != nil {
			return InputError{err}
		}
		if err := p.checkSites(n, t); err != nil {
			return err
		}
		if err := checkChannels(n.Topology, t, p.contracts()); err != nil {
			return err
		}
		p.topologies[n] = t
	}
	return nil
}

// Own returns the topologies of the networks that the plan brings up, in the order of the series; none where no series uses a
// ledger.
func (p Plan) Own() (all []topology.Topology) {
	if p.held == nil && p.Scenario.Target == nil && len(p.contracts()) > 0 {
		for _, n := range p.Scenario.Networks() {
			all = append(all, p.topologies[n])
		}
	}
	return all
}

// Attached reports whether the plan is measured on a network that others run.
func (p Plan) Attached() bool { return p.attached != nil }

// InputError is a mistake in what the user wrote, found without a place in a file.
type InputError struct{ error }

// InputErrorf returns an InputError with the text of fmt.Errorf.
func InputErrorf(format string, args ...any) error { return InputError{fmt.Errorf(format, args...)} }

// Unwrap returns the cause.
func (e InputError) Unwrap() error { return e.error }

// Programs returns the programs of nodes, built if need be. Each is called only where a plan needs it.
type Programs struct {
	Daemons func(release string) (daemons.Binaries, error) // of Fabric, "" being the default release
	CA      func() (server string, err error)              // of fabric-ca
	// Ledgers is set to the ledgers of each network while it is up, for those who look at them; nil: nobody does.
	Ledgers *ledgers.Switch
}

// New returns the laboratory that measures a plan, whose nodes' logs go below dir.
func New(p Plan, dir string, with Programs) (study.Lab, error) {
	return p.target().New(p, dir, with)
}

// FE implements study.Lab.
func (p Plan) FE(ctx context.Context, spec scenario.FE, working func(string)) ([]result.FECost, error) {
	return MeasureFE(ctx, spec, p.Scenario.Seed, working)
}

// Interleave turns A with n repetitions and B with n into A B A B ..., each a run of its own, so that drift
// of the machine meets both alike. Each repetition has a seed of its own, the first that of the scenario: equal arrivals
// would make repetitions agree more than they should.
func Interleave(plans []Plan) []Plan {
	var order []Plan
	for round := 0; ; round++ {
		before := len(order)
		for _, p := range plans {
			if round < p.Scenario.Repeat {
				p.Scenario.Repeat = 1
				if round > 0 { // below 2^53, so that whoever reads run.json has it whole
					p.Scenario.Seed = random.Stream{Seed: p.Scenario.Seed, Purpose: random.Runs, Index: uint64(round)}.Seed64() >> 11
				}
				order = append(order, p)
			}
		}
		if len(order) == before {
			return order
		}
	}
}

// Each runs plans one after the other until one fails. Points that are not valid, and thresholds that are missed, do not
// keep later plans from running: the error names them in the end, thresholds where all points are valid.
func Each(plans []Plan, run func(Plan) error) error {
	notValid, missed := &study.NotValidError{}, &study.MissedError{}
	var verdict error
	for _, p := range plans {
		err := run(p)
		if len(plans) == 1 {
			return err
		}
		switch is := err.(type) { // and nothing else is wrong
		case *study.NotValidError:
			notValid.Add(p.Scenario.Name, is)
			verdict = notValid
		case *study.MissedError:
			missed.Add(p.Scenario.Name, is)
			if verdict == nil {
				verdict = missed
			}
		case nil:
		default:
			if verdict == nil {
				return err
			}
			return errors.Join(verdict, err)
		}
	}
	return verdict
}

// target is a row of the table of what a study can run on.
type target struct {
	scenario.TargetKind
	// Check reads what the plan needs of the target, and refuses what it cannot be.
	Check func(*Plan) error
	// New returns the laboratory.
	New func(p Plan, dir string, with Programs) (study.Lab, error)
}

// targets returns the table: a Fabric network of our own, which a scenario names by its topology, and what
// can replace it.
func targets() []target {
	return []target{
		{Check: (*Plan).loadNetworks, New: newFabricLab},
		{scenario.TargetKind{Name: result.TargetReference, Called: "simulated ledger", New: func() scenario.TargetOptions { return new(reference.Config) }},
			func(*Plan) error { return nil }, newReferenceLab},
		{scenario.TargetKind{
			Name: result.TargetFabric, Called: "network that others run", Keeps: true, Others: true, New: func() scenario.TargetOptions { return new(AttachedTarget) },
		}, (*Plan).loadAttachment, newAttachedLab},
	}
}

// target returns the row of what the plan runs on.
func (p Plan) target() target {
	all := targets()
	for _, t := range all {
		if p.Scenario.Target != nil && t.Name == p.Scenario.Target.Name {
			return t
		}
	}
	return all[0]
}

// Catalog returns the tables in which the words of scenarios are looked up.
func Catalog() scenario.Catalog {
	c := scenario.Catalog{Factors: workloads.Factors(), Schemes: workloads.Schemes(), Releases: network.Releases(), Contract: contractOf}
	for _, k := range workloads.Kinds() {
		c.Workloads = append(c.Workloads, k.WorkloadKind)
	}
	for _, t := range targets()[1:] {
		c.Targets = append(c.Targets, t.TargetKind)
	}
	return c
}

// Versions returns the versions of the program and the libraries that shape a result.
func Versions() map[string]string {
	v := map[string]string{"meterbench": "unknown", "go": runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	v["meterbench"] = info.Main.Version
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v["revision"] = s.Value
		}
		if s.Key == "vcs.modified" && s.Value == "true" {
			v["modified"] = "true"
		}
	}
	for _, dep := range info.Deps {
		switch dep.Path {
		case "github.com/hyperledger/fabric-gateway":
			v["fabric-gateway"] = dep.Version
		case "github.com/fentec-project/gofe":
			v["gofe"] = dep.Version
		}
	}
	return v
}
