package network

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/grpc"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/internal/process"
	"meterbench/internal/storage"
	"meterbench/network/fabric"
)

// CheckJoin returns why an organisation cannot join networks of a topology; nil where it can.
func CheckJoin(t topology.Topology, organisation string) error {
	taken := func(o topology.Organisation) bool {
		return o.Name == organisation || o.MSP() == topology.MSP(organisation)
	}
	if organisation == topology.Ordering || slices.ContainsFunc(t.Organisations, taken) {
		return fmt.Errorf("topology %s has an organisation %s already: one that joins has a name of its own", t.Name, organisation)
	}
	return nil
}

// Join has an organisation join every channel of the network while it runs: a change of the configuration, to which the
// administrators of a majority of the members consent, makes it a member; its peer starts, catches up and takes the
// contracts, whose endorsement policies stay. The peer's ledger comes from its blocks or from a snapshot that the first
// member's peer makes. Join returns the new peer and how long the steps took, those before a failure too. The peer and its
// chaincodes run until Close, or the failure.
func (n *Network) Join(ctx context.Context, organisation string, from result.JoinFrom) (_ Node, steps []result.Step, err error) {
	err = CheckJoin(n.Topology, organisation)
	if err == nil && n.isOver() {
		err = errClosed
	}
	if err != nil {
		return Node{}, nil, err
	}
	j := &joining{network: n, from: from}
	defer func() {
		if err != nil {
			err = fmt.Errorf("join of %s: %w", organisation, err)
			for _, p := range j.processes {
				p.Stop(stopGrace)
			}
		}
	}()
	if j.plan, err = n.plan.joining(organisation, n.config); err != nil {
		return Node{}, nil, err
	}
	if j.members, err = newBringUp(n.plan); err == nil {
		j.own, err = newBringUp(j.plan)
	}
	defer j.close()
	for _, step := range []struct {
		name result.StepName
		do   func(ctx context.Context) (bytes uint64, err error)
	}{
		{result.StepUpdate, j.update}, {result.StepStart, j.start}, {result.StepSnapshot, j.snapshot},
		{result.StepCatchUp, j.catchUp}, {result.StepApprove, j.approve}, {result.StepAnswer, j.answer},
	} {
		if err != nil || step.name == result.StepSnapshot && from != result.FromSnapshot {
			continue
		}
		begin, bytes := time.Now(), uint64(0)
		if bytes, err = step.do(ctx); err == nil {
			steps = append(steps, result.Step{Name: step.name, Seconds: time.Since(begin).Seconds(), Bytes: bytes})
		}
	}
	return j.node, steps, err
}

// A joining is an organisation on its way into a network. Its methods are the steps, each of all channels.
type joining struct {
	network      *Network
	plan         *plan // of the organisation, its peer and the chaincodes of that
	from         result.JoinFrom
	members, own *bringUp
	node         Node
	processes    []*process.Process
	snapshots    map[string]string // folders of the new peer, by channel
}

// guest returns which nodes an organisation brings that joins: one peer that is on all channels, and the chaincodes of that.
func (p *plan) guest(organisation string, cfg Config) (*plan, error) {
	o := topology.Organisation{Name: organisation, Peers: 1}
	guest := &plan{
		topology: p.topology, emulation: p.emulation, dialect: p.dialect, dir: p.dir, patience: p.patience, channels: p.channels,
		organisations: maps.Clone(p.organisations),
	}
	guest.topology.Organisations = append(slices.Clone(p.topology.Organisations), o) // which stands at the site of its name
	peer := guest.newPeer(o, 0, cfg)
	peer.channels = p.channels
	guest.peers = []*peerPlan{peer}
	return guest, guest.addServices()
}

// joining returns the plan of an organisation that joins a network that runs.
func (p *plan) joining(organisation string, cfg Config) (*plan, error) {
	guest, err := p.guest(organisation, cfg)
	if err == nil {
		err = guest.assignPorts(cfg.ports)
	}
	if err != nil {
		return nil, err
	}
	if err := guest.prepareOrganisation(guest.topology.Organisations[len(guest.topology.Organisations)-1]); err != nil {
		return nil, err
	}
	return guest, guest.preparePeer(guest.peers[0], guest.organisations[organisation], cfg.Executable)
}

// Newcomers returns the nodes that organisations of Config.Joining bring, with as much as is known before they join: name,
// role, organisation and site.
func (n *Network) Newcomers() (nodes []Node) {
	for _, organisation := range n.config.Joining {
		guest, err := n.plan.guest(organisation, n.config)
		if err != nil { // which Join returns
			continue
		}
		add := func(name string, role result.Role) {
			nodes = append(nodes, Node{Name: name, Role: role, Organisation: organisation, Site: guest.topology.SiteOf(name)})
		}
		add(guest.peers[0].Name, result.RolePeer)
		for _, s := range guest.services {
			add(s.name, result.RoleChaincode)
		}
	}
	return nodes
}

// newcomer returns a node that is to join as a proc.Sampler takes it. How much it keeps on the disk is not read: nothing would
// be left out where it has nothing yet.
func (n *Network) newcomer(of Node) proc.Node {
	node := proc.Node{Name: of.Name, Life: func() proc.Life {
		n.mu.Lock()
		defer n.mu.Unlock()
		i := n.child(of.Name)
		if i < 0 {
			return proc.Life{}
		}
		c := n.children[i]
		life, is := c.life(), n.watched(c.Node)
		life.Serves, life.Aside = is.Serves, is.Aside
		return life
	}}
	if n.sites != nil && of.Site != "" {
		node.Network = n.sites.Namespace(of.Site)
	}
	return node
}

func (j *joining) peer() *peerPlan { return j.plan.peers[0] }

func (j *joining) organisation() *fabric.Organisation {
	return j.plan.organisations[j.peer().organisation]
}

// admin returns the administrator of an organisation.
func (j *joining) admin() *fabric.Admin { return j.own.admins[j.peer().organisation] }

func (j *joining) close() {
	for _, b := range []*bringUp{j.members, j.own} {
		if b != nil {
			b.close()
		}
	}
}

// update makes the organisation a member of the channels, with the consent of so many of the first members as are a majority.
func (j *joining) update(ctx context.Context) (uint64, error) {
	for _, channel := range j.plan.channels {
		first := channel.peers[0]
		admin := j.members.admins[first.organisation]
		member := fabric.Member{Organisation: j.organisation(), Anchors: []fabric.Endpoint{j.peer().Address}}
		change, err := admin.AddMember(ctx, first.conn, channel.Name, member)
		if err != nil {
			return 0, err
		}
		var consent []*fabric.Admin
		for _, name := range channel.Members[:min(change.Members/2+1, len(channel.Members))] {
			consent = append(consent, j.members.admins[name])
		}
		if err := admin.Reconfigure(ctx, first.conn, change, consent); err != nil {
			return 0, err
		}
		for _, peer := range channel.peers {
			if err := j.members.admins[peer.organisation].Reconfigured(ctx, peer.conn, change); err != nil {
				return 0, named(peer.Name, err)
			}
		}
	}
	return 0, nil
}

// start starts the peer and its chaincodes.
func (j *joining) start(ctx context.Context) (uint64, error) {
	for _, node := range j.plan.nodes(j.network.config) {
		child, err := j.network.start(&node, func(error) {})
		if err != nil {
			return 0, err
		}
		j.processes = append(j.processes, child)
		if node.Role == result.RolePeer {
			j.node = node.Node
		}
	}
	return 0, j.admin().MayInstall(ctx, j.peer().conn)
}

// snapshot has the first member's peer of each channel write one, and gives it to the new peer.
func (j *joining) snapshot(ctx context.Context) (bytes uint64, err error) {
	j.snapshots = map[string]string{}
	for _, channel := range j.plan.channels {
		of := channel.peers[0]
		written, err := j.members.admins[of.organisation].Snapshot(ctx, of.conn, of.Dir, channel.Name)
		if err != nil {
			return 0, named(of.Name, err)
		}
		folder, size, err := fabric.CopySnapshot(written, j.peer().Dir)
		if err != nil {
			return 0, err
		}
		j.snapshots[channel.Name] = folder
		bytes += size
	}
	return bytes, nil
}

// catchUp joins the peer to the channels and waits until it is as high as the first member's was then.
func (j *joining) catchUp(ctx context.Context) (uint64, error) {
	peer := j.peer()
	for _, channel := range j.plan.channels {
		of := channel.peers[0]
		height, err := j.members.admins[of.organisation].Height(ctx, of.conn, channel.Name)
		if err != nil {
			return 0, named(of.Name, err)
		}
		if folder := j.snapshots[channel.Name]; folder != "" {
			err = j.admin().JoinPeerBySnapshot(ctx, peer.conn, folder)
		} else {
			err = j.admin().JoinPeer(ctx, peer.conn, channel.genesis)
		}
		if err == nil {
			err = j.admin().AwaitHeight(ctx, peer.conn, channel.Name, height)
		}
		if err != nil {
			return 0, err
		}
	}
	parts, err := fabric.PeerStore(peer.Dir).Read()
	return parts[storage.Blocks].Bytes, err
}

// approve installs the contracts and approves their definitions as they are in force.
func (j *joining) approve(ctx context.Context) (uint64, error) {
	peer := j.peer()
	if err := j.own.install(ctx, peer); err != nil {
		return 0, err
	}
	for _, channel := range j.plan.channels {
		for _, contract := range channel.contracts {
			tx, _, err := j.admin().Approve(ctx, channel.Name, contract.definition, []grpc.ClientConnInterface{peer.conn})
			j.network.sent(tx)
			if err != nil {
				return 0, err
			}
		}
	}
	return 0, nil
}

// sent notes a transaction of the network's own by its id, empty for none.
func (n *Network) sent(tx string) {
	id, err := hex.DecodeString(tx)
	if err != nil || len(id) != sha256.Size {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.own = append(n.own, [sha256.Size]byte(id))
}

// Sent returns the ids of the transactions that the network itself has put on its ledgers since it was ready: approvals of
// organisations that joined.
func (n *Network) Sent() [][sha256.Size]byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.own)
}

func (j *joining) answer(ctx context.Context) (uint64, error) {
	for _, channel := range j.plan.channels {
		for _, contract := range channel.contracts {
			if err := j.own.ping(ctx, channel, contract, j.peer()); err != nil {
				return 0, err
			}
		}
	}
	return 0, nil
}
