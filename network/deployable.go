package network

import (
	"context"
	"crypto/sha256"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"sync"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// deployable makes sure, as far as that can be told before anything is put on the ledger, that the contract can be deployed
// and then be endorsed: that its peers are there and know the administrators, that these are of organisations enough, and where
// transactions are taken to endorsers, that service discovery answers.
func (a *Attached) deployable(ctx context.Context, member *fabric.Admin) error {
	d := a.Deploy
	wrong := func(remedy, format string, args ...any) error {
		return &AttachError{Part: AttachDeploy, Reason: fmt.Sprintf(format, args...), Remedy: remedy}
	}
	if need := a.endorsing(); len(d.Admins) < need {
		return wrong("give an administrator of each of them, and their peers in the profile",
			"%s would be endorsed by %s of the %d members of channel %s, which takes %d, and administrators of %d are given",
			d.Name, a.Agreed.Endorsement, len(a.Agreed.Members), a.Channel, need, len(d.Admins))
	}
	errs := make([]error, len(d.Peers))
	var group sync.WaitGroup
	for i, p := range d.Peers {
		group.Go(func() { errs[i] = client.Reach(ctx, p.Address, p.ServerName, p.TLS) })
	}
	group.Wait()
	for i, p := range d.Peers {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if u, ok := errors.AsType[*client.Unreachable](errs[i]); ok {
			return wrong(u.Remedy, "peer %s at %s", p.Name, u)
		}
		if err := d.administered(ctx, p); err != nil {
			return wrong("give an administrator of the peer's organisation", "the administrator of %s may not install on peer %s: %s", p.MSP, p.Name, client.Said(err))
		}
	}
	if !slices.Contains(a.Drivers, result.DriverDirect) {
		return nil
	}
	if err := a.discoverable(ctx, member); err != nil {
		return &AttachError{Part: AttachGateway, Name: a.Gateways[0].Name, Remedy: "switch peer.discovery.enabled on, or name another peer first under gateways",
			Reason: fmt.Sprintf("client: direct needs the service discovery of peer %s: %s", a.Gateways[0].Name, client.Said(err))}
	}
	return nil
}

// endorsing returns how many members must endorse what has no policy of its own; 0 where that is not told by number.
func (a *Attached) endorsing() int {
	switch a.Agreed.Endorsement {
	case topology.Any:
		return 1
	case topology.Majority:
		return len(a.Agreed.Members)/2 + 1
	case topology.All:
		return len(a.Agreed.Members)
	}
	return 0
}

// administered asks a peer what only its administrators may ask.
func (d Deployment) administered(ctx context.Context, p DeploymentPeer) error {
	ctx, cancel := context.WithTimeout(ctx, attachTimeout)
	defer cancel()
	id := d.Admins[slices.IndexFunc(d.Admins, func(of client.Identity) bool { return of.MSP == p.MSP })]
	admin, err := fabric.NewAdmin(id.MSP, fabric.Credential{Cert: id.CertPEM, Key: id.KeyPEM})
	if err != nil {
		return err
	}
	conn, err := client.Connect(p.Address, p.ServerName, p.TLS)
	if err != nil {
		return err
	}
	defer conn.Close()
	return admin.MayInstall(ctx, conn)
}

// discoverable asks the first gateway's service discovery for the channel.
func (a *Attached) discoverable(ctx context.Context, member *fabric.Admin) error {
	ctx, cancel := context.WithTimeout(ctx, attachTimeout)
	defer cancel()
	g := a.Gateways[0]
	pair, err := g.TLS.Showing()
	if err != nil {
		return err
	}
	conn, err := client.Connect(g.Address, g.ServerName, pair)
	if err != nil {
		return err
	}
	defer conn.Close()
	shown, _ := pem.Decode(pair.Cert) // which Connect has read
	hash := sha256.Sum256(shown.Bytes)
	_, err = member.Discover(ctx, conn, hash[:], a.Channel, nil)
	return err
}
