package lab

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"meterbench/bench/scenario"
	"meterbench/bench/topology"
	"meterbench/internal/strictyaml"
	"meterbench/network"
	"meterbench/network/client"
	"meterbench/network/profile"
	"meterbench/simulators/reading"
)

// An attachment is what a plan needs to attach to a network that others run.
type attachment struct {
	network.Attachment
	name string // of the network, in results
}

// loadAttachment reads profile and identities of the plan's target.
func (p *Plan) loadAttachment() error {
	s, t := p.Scenario, p.Scenario.Target.Options.(*AttachedTarget)
	if s.Fresh {
		return s.Refuse(scenario.Series{}, "fresh", "leave it out", "a network that others run cannot be a fresh one for every repetition")
	}
	path := p.beside(t.Profile)
	read, err := profile.Read(path, os.Getenv)
	switch {
	case err != nil && !exists(path):
		return p.refuseTarget("profile", "", "there is no file %s", path)
	case err != nil:
		return err
	}
	a := &attachment{name: cmp.Or(read.Name, filepath.Base(t.Profile))}
	for _, n := range s.Networks() {
		if err := network.CheckCaps(topology.Topology{Name: a.name, Caps: n.Caps}); err != nil {
			return InputError{err}
		}
	}
	if a.Channel, err = p.channel(t, read); err != nil {
		return err
	}
	if a.Gateways, err = p.gateways(t, read, a.Channel); err != nil {
		return err
	}
	if err := s.CheckSites(a.Members()); err != nil {
		return err
	}
	if a.Identities, err = p.identities(t, read); err != nil {
		return err
	}
	if n := len(a.Gateways) * len(a.Identities); n > mostTurns {
		return p.refuseTarget("identities", "give fewer, or fewer gateways", "%d identities at %d gateways take %d connections, more than %d",
			len(a.Identities), len(a.Gateways), n, mostTurns)
	}
	for _, series := range s.Series {
		for _, w := range series.Workloads() {
			contract := contractOf(w)
			of := network.Deployed{Contract: contract, Name: cmp.Or(t.Contracts[contract], contract)}
			if contract != "" && !slices.Contains(a.Contracts, of) {
				a.Contracts = append(a.Contracts, of)
			}
		}
	}
	for contract := range t.Contracts {
		if !slices.ContainsFunc(a.Contracts, func(of network.Deployed) bool { return of.Contract == contract }) {
			return p.refuseTarget("contracts", "", "no workload calls %s", contract)
		}
	}
	if err := cmp.Or(p.checkNodes("operations", t.Operations, read), p.checkNodes("logs", t.Logs, read)); err != nil {
		return err
	}
	a.Logs = map[string]string{}
	for name, path := range t.Logs {
		a.Logs[name] = p.beside(path)
	}
	a.Drivers = driversOf(p.Scenario)
	for _, peer := range read.Peers {
		a.Peers = append(a.Peers, gatewayOf(peer))
	}
	for _, o := range read.Orderers {
		a.Orderers = append(a.Orderers, client.Orderer{Name: o.Name, Address: o.Address, ServerName: o.ServerName, TLS: o.TLS})
	}
	p.attached = a
	if a.Operations, err = p.operations(t, read); err == nil && t.Deploy != nil {
		a.Deploy, err = p.deployment(t, read)
	}
	return err
}

// deployment returns how readings is deployed.
func (p *Plan) deployment(t *AttachedTarget, read *profile.Profile) (*network.Deployment, error) {
	name := cmp.Or(t.Contracts[reading.ContractName], reading.ContractName)
	d := &network.Deployment{Deployed: network.Deployed{Contract: reading.ContractName, Name: name}, Address: t.Deploy.Address}
	if !slices.Contains(p.attached.Contracts, d.Deployed) {
		return nil, p.refuseTarget("deploy", "leave it out", "no workload calls %s", reading.ContractName)
	}
	var err error
	if d.Admins, err = p.load("deploy.admins", t.Deploy.Admins); err != nil {
		return nil, err
	}
	for i, id := range d.Admins {
		if slices.ContainsFunc(d.Admins[:i], func(of client.Identity) bool { return of.MSP == id.MSP }) {
			return nil, p.refuseTarget(fmt.Sprintf("deploy.admins[%d]", i), "one approves for each organisation", "there is an administrator of %s already", id.MSP)
		}
		before := len(d.Peers)
		for _, peer := range read.Peers {
			if peer.MSPID == id.MSP {
				d.Peers = append(d.Peers, network.DeploymentPeer{MSP: id.MSP, Gateway: gatewayOf(peer)})
			}
		}
		if len(d.Peers) == before {
			return nil, p.refuseTarget(fmt.Sprintf("deploy.admins[%d]", i), "add its peers to the profile", "the profile has no peer of %s to install on", id.MSP)
		}
	}
	return d, nil
}

// operations returns where metrics are. By https a node is known by the profile's authority and name.
func (p *Plan) operations(t *AttachedTarget, read *profile.Profile) (all []network.Operations, err error) {
	for _, name := range slices.Sorted(maps.Keys(t.Operations)) {
		u, err := operationsURL(t.Operations[name])
		if err != nil {
			return nil, err // Check refuses it
		}
		of := network.Operations{Node: name, URL: u.String()}
		node, known := nodeOf(read, name)
		if u.Scheme == "https" && !known {
			return nil, p.refuseTarget("operations", "name it as the profile does, which has the authority of its certificate", "%s is no node of the profile", name)
		}
		of.TLS, of.ServerName = node.TLS, node.ServerName
		all = append(all, of)
	}
	return all, nil
}

// checkNodes makes sure that what a key of the target says by node is said of nodes of the profile. One that names no
// orderers may leave out those of the channel, which Attach knows.
func (p *Plan) checkNodes(key string, of map[string]string, read *profile.Profile) error {
	if len(read.Orderers) == 0 {
		return nil
	}
	var known []string
	for _, peer := range read.Peers {
		known = append(known, peer.Name)
	}
	for _, o := range read.Orderers {
		known = append(known, o.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(of)) {
		if !slices.Contains(known, name) {
			return p.refuseTarget(key, "name it as the profile does, or add it there: "+strictyaml.Hint(name, known), "%s is no node of the profile", name)
		}
	}
	return nil
}

func nodeOf(read *profile.Profile, name string) (profile.Node, bool) {
	if peer, ok := read.Peer(name); ok {
		return peer.Node, true
	}
	i := slices.IndexFunc(read.Orderers, func(o profile.Orderer) bool { return o.Name == name })
	if i < 0 {
		return profile.Node{}, false
	}
	return read.Orderers[i].Node, true
}

// gatewayOf returns how a peer of a profile is reached.
func gatewayOf(p profile.Peer) client.Gateway {
	return client.Gateway{Name: p.Name, Address: p.Address, ServerName: p.ServerName, TLS: p.TLS, Member: p.MSPID}
}

// refuseTarget returns an error about a key of the target.
func (p *Plan) refuseTarget(key, hint, format string, args ...any) error {
	return p.Scenario.Refuse(scenario.Series{}, "target."+key, hint, format, args...)
}

// beside returns the path of a file that the target names: in the folder of the scenario or, where it is not there, in the
// working directory.
func (p *Plan) beside(name string) string {
	path := filepath.Join(p.Scenario.Dir(), name)
	if filepath.IsAbs(name) || !exists(path) && exists(name) {
		return name
	}
	return path
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// channel returns the channel that is measured.
func (p *Plan) channel(t *AttachedTarget, read *profile.Profile) (string, error) {
	switch {
	case t.Channel != "":
		return t.Channel, nil
	case len(read.Channels) == 1:
		return read.Channels[0].Name, nil
	case len(read.Channels) == 0:
		return "", p.refuseTarget("channel", "for example channel: mychannel", "is missing, and the profile names none")
	}
	return "", p.refuseTarget("channel", "", "is missing, and the profile names %d; which one?", len(read.Channels))
}

// gateways returns the peers that take transactions.
func (p *Plan) gateways(t *AttachedTarget, read *profile.Profile, channel string) ([]client.Gateway, error) {
	names := slices.Clone([]string(t.Gateways))
	if len(names) == 0 || len(names) == 1 && (names[0] == gatewaysAll || names[0] == gatewaysOne) {
		names = peersOn(read, channel)
		if len(t.Gateways) == 1 && t.Gateways[0] == gatewaysOne {
			names = names[:1]
		}
	}
	var all []client.Gateway
	for i, name := range names {
		peer, ok := read.Peer(name)
		if !ok {
			var known []string
			for _, peer := range read.Peers {
				known = append(known, peer.Name)
			}
			return nil, p.refuseTarget(fmt.Sprintf("gateways[%d]", i), strictyaml.Hint(name, append(known, gatewaysAll, gatewaysOne)),
				"the profile has no peer %s", name)
		}
		all = append(all, gatewayOf(peer))
	}
	return all, nil
}

// peersOn returns the peers of a channel, those of the profile's own organisation first: all, where it does not say.
func peersOn(read *profile.Profile, channel string) (names []string) {
	if i := slices.IndexFunc(read.Channels, func(c profile.Channel) bool { return c.Name == channel }); i >= 0 {
		names = slices.Clone(read.Channels[i].Peers)
	}
	if len(names) == 0 {
		for _, peer := range read.Peers {
			names = append(names, peer.Name)
		}
	}
	own, _ := read.Client()
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Compare(foreign(own.Peers, a), foreign(own.Peers, b))
	})
	return names
}

func foreign(own []string, peer string) int {
	if slices.Contains(own, peer) {
		return 0
	}
	return 1
}

// identities loads those who transact.
func (p *Plan) identities(t *AttachedTarget, read *profile.Profile) (all []client.Identity, err error) {
	if len(t.Identities) == 0 {
		own, ok := read.Client()
		if !ok || len(own.Identities) == 0 {
			return nil, p.refuseTarget("identities", "for example identities: [{mspid: Org1MSP, msp: users/User1@org1.example.com/msp}]",
				"are missing, and the profile has no users of its client's organisation")
		}
		id, err := own.Identities[0].Load("")
		return []client.Identity{id}, err
	}
	return p.load("identities", t.Identities)
}

// load loads the identities under a key of the target.
func (p *Plan) load(under string, texts []identityText) (all []client.Identity, err error) {
	for i, text := range texts {
		id := profile.Identity{MSPID: text.MSPID, MSP: text.MSP, Certificate: text.Certificate, Key: text.Key}
		loaded, err := id.Load(p.Scenario.Dir())
		if problem, ok := errors.AsType[*strictyaml.Problem](err); ok {
			key := fmt.Sprintf("%s[%d]", under, i)
			if problem.Path != "" {
				key += "." + problem.Path
			}
			return nil, p.refuseTarget(key, problem.Hint, "%s", problem.Msg)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, loaded)
	}
	return all, nil
}
