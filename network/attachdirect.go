package network

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"sync"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/client"
)

// direct reports whether every transaction goes to the endorsers and orderers themselves, so that no gateway service is needed.
func (a *Attached) direct() bool {
	return len(a.Drivers) > 0 && !slices.ContainsFunc(a.Drivers, func(d result.Driver) bool { return d != result.DriverDirect })
}

// order finds the orderers that take transactions, where some are taken to them, and makes sure that enough of them answer.
func (a *Attached) order(ctx context.Context) error {
	if !slices.Contains(a.Drivers, result.DriverDirect) {
		return nil
	}
	all := a.ordering()
	if len(all) == 0 {
		return &AttachError{Part: AttachOrderers, Reason: fmt.Sprintf("client: direct needs the addresses of orderers, which channel %s does not tell", a.Channel),
			Remedy: "write them into the profile under orderers"}
	}
	errs := make([]error, len(all))
	var group sync.WaitGroup
	for i, o := range all {
		group.Go(func() { errs[i] = client.Reach(ctx, o.Address, cmp.Or(o.ServerName, o.Name), o.TLS) })
	}
	group.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	for i, o := range all {
		if errs[i] == nil {
			a.orderers = append(a.orderers, o)
		} else {
			a.Missing = append(a.Missing, fmt.Sprintf("orderer %s: %v", o.Name, errs[i]))
		}
	}
	enough := max(1, a.quorum())
	if len(a.orderers) >= enough {
		return nil
	}
	reason := fmt.Sprintf("client: direct needs %d of the orderers of channel %s, and %d of %d answer", enough, a.Channel, len(a.orderers), len(all))
	if len(a.Missing) > 0 {
		reason += ": " + a.Missing[0]
	}
	return &AttachError{Part: AttachOrderers, Reason: reason,
		Remedy: "write how this machine reaches them into the profile, under orderers and by the hosts that the channel has for them"}
}

// quorum returns how many orderers must have an envelope where that goes to all, 0 where one takes it.
func (a *Attached) quorum() int {
	if a.Agreed.Orderers.Consensus != topology.BFT {
		return 0
	}
	return a.Agreed.Orderers.Quorum()
}

// ordering returns the orderers that the channel's configuration names, each reached as the profile says where it has that
// orderer; only where the configuration names none, those of the profile.
func (a *Attached) ordering() (all []client.Orderer) {
	if len(a.Agreed.Endpoints) == 0 {
		return a.Orderers
	}
	for _, e := range a.Agreed.Endpoints {
		if i := slices.IndexFunc(a.Orderers, func(o client.Orderer) bool { return o.At(e.Address) }); i >= 0 {
			all = append(all, a.Orderers[i])
			continue
		}
		pair := a.Gateways[0].TLS // of a member, which orderers take
		pair.CA = e.TLSCA
		host, _, _ := net.SplitHostPort(e.Address) // an address that is none cannot be reached, which is said then
		all = append(all, client.Orderer{Name: e.Address, Address: e.Address, ServerName: host, TLS: pair})
	}
	return all
}

// withoutGateways adds to the configuration of a client how to take transactions to endorsers and orderers themselves.
func (a *Attached) withoutGateways(cfg *client.Config) (err error) {
	if !slices.Contains(a.Drivers, result.DriverDirect) {
		return nil
	}
	cfg.Orderers, cfg.Quorum, cfg.Direct = a.orderers, a.quorum(), a.direct()
	cfg.Authorities, cfg.Peers = a.Agreed.TLSCAs, slices.Clone(a.Peers)
	for _, all := range [][]client.Gateway{cfg.Gateways, cfg.Peers} {
		for i := range all {
			if all[i].TLS, err = all[i].TLS.Showing(); err != nil {
				return err
			}
		}
	}
	return nil
}
