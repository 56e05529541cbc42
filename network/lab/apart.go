package lab

import (
	"context"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/network"
)

// checkSites refuses a network whose sites are apart where this machine cannot emulate that, or where peers could not reach
// the user's own chaincode. What events take that change links, checkRights checks.
func (p *Plan) checkSites(n scenario.Network, t topology.Topology) error {
	if p.held != nil {
		return nil // it is up
	}
	if t.Apart() || p.takes(n, scenario.RightEmulation) {
		if err := p.locateChaincode(n, unreachable(t)); err != nil {
			return err
		}
	}
	if err := network.CheckSites(t); err != nil {
		return InputError{err}
	}
	return nil
}

// CheckSites refuses a topology that is to come up, read by its name or path, as runs do.
func CheckSites(nameOrPath string, t topology.Topology) error {
	if t.Apart() {
		if err := LocateChaincode(nameOrPath, unreachable(t)); err != nil {
			return err
		}
	}
	if err := network.CheckSites(t); err != nil {
		return InputError{err}
	}
	return nil
}

// unreachable returns an error where peers at sites would have to call a chaincode that runs already.
func unreachable(t topology.Topology) error {
	for _, channel := range t.Channels {
		for _, c := range channel.Chaincodes {
			if c.Address != "" {
				return &network.ChaincodeError{
					Channel: channel.Name, Chaincode: c.Name, Key: "address", Msg: "cannot be reached from the sites, which are apart",
					Hint: "give source or command in its place, or distance: 0",
				}
			}
		}
	}
	return nil
}

// takes reports whether events on a network of the plan's own take one of some rights.
func (p *Plan) takes(n scenario.Network, rights ...scenario.Right) bool {
	return slices.ContainsFunc(study.PlannedSessions(p.Scenario), func(one study.Planned) bool {
		return one.Network == n && slices.ContainsFunc(one.Events, func(e scenario.Event) bool { return slices.Contains(rights, e.Right()) })
	})
}

// Separates reports whether networks of the plan's own have namespaces of their own, for networks or mounts, to make which
// may take executing the program again.
func (p Plan) Separates() bool {
	return len(p.Own()) > 0 && slices.ContainsFunc(p.Scenario.Networks(), func(n scenario.Network) bool {
		return p.topologies[n].Apart() || p.takes(n, scenario.RightEmulation, scenario.RightMount)
	})
}

// Distances implements study.Surveyor.
func (s *fabricSite) Distances(ctx context.Context) (all []result.Distance, err error) {
	trips, err := s.net.Distances(ctx)
	for _, t := range trips {
		link := s.topology.Between(t.Between[0], t.Between[1])
		all = append(all, result.Distance{
			Between: t.Between, Asked: t.Asked.Seconds(), P50: t.P50.Seconds(), P99: t.P99.Seconds(),
			Jitter: link.Jitter.Seconds(), Loss: link.Loss, Sent: t.Sent, Lost: t.Lost,
		})
	}
	return all, err
}
