package inspect

import (
	"fmt"
	"maps"
	"slices"

	"meterbench/bench/result"
)

// Code is a kind of fault.
type Code string

// The kinds of faults.
const (
	Unreachable   Code = "unreachable"   // a node
	NoGateway     Code = "no gateway"    // a peer without the gateway service
	ClockApart    Code = "clock apart"   // a peer whose clock differs from this machine's
	NoChannel     Code = "no channel"    // none is known
	NotJoined     Code = "not joined"    // no peer that is reached has the channel
	MayNotRead    Code = "may not read"  // an identity
	MayNotWrite   Code = "may not write" // an identity
	NoContract    Code = "no contract"   // a channel without one
	Unsatisfiable Code = "unsatisfiable" // the endorsement policy of a contract, by the peers that are up
	NoDiscovery   Code = "no discovery"  // a channel's peer does not answer
	Incomplete    Code = "incomplete"    // a channel's peer does not say what the members have agreed on
)

// Fault is one thing that is wrong, or that keeps the report from saying more.
type Fault struct {
	Code     Code
	Node     string // name
	Channel  string
	Contract string
	Identity int   // index in Config.Identities, of a right that it lacks
	Cause    error // may be nil
}

// Faults returns what is wrong, in the order of the report.
func (r Report) Faults() (all []Fault) {
	for _, n := range r.Nodes {
		switch {
		case n.Unreachable != nil:
			all = append(all, Fault{Code: Unreachable, Node: n.Name, Cause: n.Unreachable})
		case n.Role == result.RolePeer && !n.Gateway:
			all = append(all, Fault{Code: NoGateway, Node: n.Name})
		}
		if n.Timed && n.Ahead != 0 {
			all = append(all, Fault{Code: ClockApart, Node: n.Name})
		}
	}
	if !slices.ContainsFunc(r.Nodes, func(n Node) bool { return n.Role == result.RolePeer && n.Unreachable == nil }) {
		return all // of which the rest would only follow
	}
	if len(r.Channels) == 0 {
		all = append(all, Fault{Code: NoChannel})
	}
	for _, c := range r.Channels {
		all = append(all, c.faults()...)
	}
	return all
}

func (c Channel) faults() (all []Fault) {
	add := func(code Code, cause error) { all = append(all, Fault{Code: code, Channel: c.Name, Cause: cause}) }
	if c.Unknown == errNobody {
		add(NotJoined, nil)
		return all
	}
	for i, r := range c.Rights {
		switch {
		case r.Read != nil:
			all = append(all, Fault{Code: MayNotRead, Channel: c.Name, Identity: i, Cause: r.Read})
		case r.Write != nil:
			all = append(all, Fault{Code: MayNotWrite, Channel: c.Name, Identity: i, Cause: r.Write})
		}
	}
	if len(all) == len(c.Rights) {
		return all // nobody could ask for more
	}
	switch {
	case c.Unknown != nil:
		add(Incomplete, c.Unknown)
	case len(c.Contracts) == 0:
		add(NoContract, nil)
	case c.Hidden != nil:
		add(NoDiscovery, c.Hidden)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Found.Unsatisfiable)) {
		all = append(all, Fault{Code: Unsatisfiable, Channel: c.Name, Contract: name, Cause: fmt.Errorf("%s", c.Found.Unsatisfiable[name])})
	}
	return all
}

// Gateways returns the names of the peers through which transactions of a channel can go.
func (r Report) Gateways(c Channel) (names []string) {
	for _, n := range r.Nodes {
		if n.Gateway && slices.ContainsFunc(c.Peers, func(l Ledger) bool { return l.Peer == n.Name }) {
			names = append(names, n.Name)
		}
	}
	return names
}

// Direct reports whether transactions of a channel can only be taken to the endorsers themselves: no peer that has it has
// the gateway service, and discovery tells who endorses.
func (r Report) Direct(c Channel) bool {
	return len(c.Peers) > 0 && len(r.Gateways(c)) == 0 && c.Hidden == nil
}

// Usable reports whether a scenario could run on a channel: a peer with the gateway service has it, or Direct holds; every
// identity may read and write, and there is a contract whose endorsement policy can be satisfied, as far as that is known.
func (r Report) Usable(c Channel) bool {
	for _, right := range c.Rights {
		if right.Read != nil || right.Write != nil {
			return false
		}
	}
	return (len(r.Gateways(c)) > 0 || r.Direct(c)) && len(c.Found.Unsatisfiable) < len(c.Contracts)
}
