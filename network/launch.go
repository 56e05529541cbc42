package network

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"syscall"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/cgroup"
	"meterbench/internal/proc"
	"meterbench/internal/process"
	"meterbench/network/fabric"
	"meterbench/network/wan"
)

// launch starts every node and watches over it: one that dies ends the start.
func (n *Network) launch(p *plan, abort context.CancelCauseFunc) error {
	nodes := p.nodes(n.config)
	n.died = make(chan error, len(nodes)+1)
	if p.emulation != nil && n.config.Held {
		if err := n.forward(p, nodes); err != nil {
			return err
		}
	}
	for _, node := range nodes {
		if _, err := n.start(&node, abort); err != nil {
			return err
		}
		n.Nodes = append(n.Nodes, node.Node)
	}
	if p.emulation != nil {
		n.watchEmulation(abort)
	}
	return nil
}

// start starts a node and watches over it, and fills in its PID and log. abort learns why it ends, if it does so unasked.
func (n *Network) start(node *nodePlan, abort context.CancelCauseFunc) (*process.Process, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.over {
		return nil, fmt.Errorf("start %s: %w", node.Name, errClosed)
	}
	of := *node
	if n.emulation != nil {
		of.spec.Enter = n.emulation.Enter(of.Site)
	}
	c, err := newChild(of, abort, n.Logs, n.config)
	if err != nil {
		return nil, named(node.Name, err)
	}
	p, err := n.run(c)
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	n.children = append(n.children, c)
	c.PID, c.Log = p.PID(), p.LogPath()
	*node = c.nodePlan
	return p, nil
}

// errClosed refuses what Close has made too late.
var errClosed = errors.New("the network is closed")

func (n *Network) isOver() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.over
}

// report has Died deliver the end of a node, unless nobody listens: there is room for as many as the network had at its start.
func (n *Network) report(end *NodeEnd) {
	select {
	case n.died <- end:
	default:
	}
}

// nodePlan is a child to start.
type nodePlan struct {
	Node              // without PID and log
	spec process.Spec // without name and log
	cap  topology.Cap
	own  *contractPlan // of the user's own chaincode
}

// explain says of the end of a user's own chaincode what the user can do.
func (n nodePlan) explain(err error) error {
	if end, ok := errors.AsType[*process.ExitError](err); ok && n.own != nil {
		return errors.Join(n.own.ended(end, mustServe), err)
	}
	return err
}

// blame is explain of a chaincode that had come up.
func (n nodePlan) blame(err error) *ChaincodeError {
	if end, ok := errors.AsType[*process.ExitError](err); ok && n.own != nil {
		return n.own.ended(end, "mend it: a function must return an error in place of ending the program")
	}
	return nil
}

// nodes are the children that make up a network, in the order of Nodes.
func (p *plan) nodes(cfg Config) (nodes []nodePlan) {
	for _, peer := range p.peers {
		nodes = append(nodes, nodePlan{
			Node{Name: peer.Name, Role: result.RolePeer, Organisation: peer.organisation, Address: outer(peer.Address), Operations: outer(peer.Operations)},
			process.Spec{Path: cfg.Binaries.Peer, Args: []string{"node", "start"}, Env: peer.Env(), Dir: peer.Dir},
			p.topology.Caps.Peer, nil,
		})
	}
	for i, o := range p.orderers {
		nodes = append(nodes, nodePlan{
			Node{
				Name: o.Name, Role: result.RoleOrderer, Organisation: p.topology.Orderers.Owner(i),
				Address: outer(o.Address), Admin: outer(o.Admin), Operations: outer(o.Operations),
			},
			process.Spec{Path: cfg.Binaries.Orderer, Env: o.Env(), Dir: o.Dir},
			p.topology.Caps.Orderer, nil,
		})
	}
	for _, s := range p.services {
		var own *contractPlan
		if s.contract.Own() {
			own = s.contract
		}
		nodes = append(nodes, nodePlan{
			Node{Name: s.name, Role: result.RoleChaincode, Organisation: s.peer.organisation, Address: outer(s.address)},
			s.spec(cfg.Executable),
			p.topology.Caps.Chaincode, own,
		})
	}
	for i := range nodes {
		node := &nodes[i]
		node.Site = p.topology.SiteOf(node.Name)
		if p.emulation != nil {
			node.Host = p.emulation.Address(node.Site)
		}
	}
	return nodes
}

// env is the whole environment of a process that serves one of this program's contracts.
func (s *servicePlan) env() []string {
	tls := fabric.TLSFiles(s.dir)
	return []string{
		"CHAINCODE_ID=" + s.contract.pkg.ID,
		"CHAINCODE_NAME=" + s.contract.Name,
		"CHAINCODE_SERVER_ADDRESS=" + s.address.String(),
		"CHAINCODE_TLS_CERT_FILE=" + tls.Cert,
		"CHAINCODE_TLS_KEY_FILE=" + tls.Key,
		"CHAINCODE_TLS_CLIENT_CA_FILE=" + tls.CA,
		"METERBENCH_OPERATOR=" + topology.MSP(s.contract.Operator),
	}
}

// chaincodeArgv0 is the name under which the program serves a chaincode.
const chaincodeArgv0 = "meterbench-chaincode"

// Dispatch does what a network has started this program for, if it has: serve a chaincode, act as the external builder of a
// peer, emulate distances, or remove what a process that was killed left. args is the whole argument list. The main of a
// program that calls Start, and the TestMain of a test that does, calls Dispatch before anything else and exits with the code
// if it was handled. serve runs a chaincode, set by its environment, until the context ends.
func Dispatch(args []string, serve func(ctx context.Context, getenv func(string) string) error) (code int, handled bool) {
	if code, handled := fabric.Builder(args); handled {
		return code, true
	}
	if code, handled := process.Reap(args, func() error { return cgroup.Sweep(process.Abandoned) }); handled {
		return code, true
	}
	if code, handled := wan.Dispatch(args); handled {
		return code, true
	}
	if len(args) == 0 || args[0] != chaincodeArgv0 {
		return 0, false
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, os.Getenv); err != nil {
		fmt.Fprintf(os.Stderr, "chaincode: %v\n", err)
		return 1, true
	}
	return 0, true
}

// refuseChild keeps a program whose main has forgotten to call Dispatch from starting networks without end.
func refuseChild(args []string) error {
	if len(args) > 0 && (args[0] == chaincodeArgv0 || fabric.IsBuilder(args) || process.IsReaper(args) || wan.IsChild(args)) {
		return errors.New("this program is a network's own child; its main must call network.Dispatch first")
	}
	return nil
}

// CheckCaps makes sure that this machine and this user can hold processes to a topology's caps, those of the
// device included. It starts nothing; the error says what is missing and what to do.
func CheckCaps(t topology.Topology) error {
	var all topology.Cap
	for role, c := range t.Caps.Each {
		if cores := runtime.NumCPU(); c.CPUs > float64(cores) {
			return fmt.Errorf("topology %s: caps.%s.cpus: a cap of %v processors has no effect: this machine has %d; leave it out", t.Name, role, c.CPUs, cores)
		}
		all.CPUs, all.Memory = max(all.CPUs, c.CPUs), max(all.Memory, c.Memory)
	}
	if all == (topology.Cap{}) {
		return nil
	}
	group, err := newGroup("check", all)
	if err == nil {
		err = group.Close()
	}
	if err != nil {
		return fmt.Errorf("topology %s: caps: %w; or leave caps out", t.Name, err)
	}
	return nil
}

// newGroup makes a control group that tells its owner: this process.
func newGroup(node string, c topology.Cap) (*cgroup.Group, error) {
	name, err := process.Mark(node)
	if err != nil {
		return nil, err
	}
	return cgroup.Create(name, c)
}

// Watched returns the network's nodes as a proc.Sampler takes them, in the order of Nodes and Newcomers.
func (n *Network) Watched() []proc.Node {
	children := n.all()
	var nodes []proc.Node
	for _, one := range n.Nodes {
		node := n.watched(one)
		if i := slices.IndexFunc(children, func(c *child) bool { return c.Name == one.Name }); i >= 0 {
			children[i].watched(&node)
		}
		nodes = append(nodes, node)
	}
	for _, one := range n.Newcomers() {
		nodes = append(nodes, n.newcomer(one))
	}
	return nodes
}
