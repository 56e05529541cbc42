package explorer

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"meterbench/bench/ledger"
	"meterbench/bench/result"
	"meterbench/internal/proc"
	"meterbench/network/client"
)

// A usage is what nodes had used of processors when they were last looked at.
type usage struct {
	mu sync.Mutex
	at map[string]used
}

// used is what a process had used at an instant.
type used struct {
	at      time.Time
	process uint64  // when it started: another one has another number
	cpu     float64 // seconds
}

// The times between two looks at a process from which its use follows: CPU times have a resolution of 10 ms.
const (
	usageLeast = 200 * time.Millisecond
	usageMost  = 30 * time.Second
)

// rate returns how many cores a node has used since it was looked at before, nil where that is not known or too long ago.
func (u *usage) rate(node string, now used) *float64 {
	u.mu.Lock()
	defer u.mu.Unlock()
	before, ok := u.at[node]
	passed := now.at.Sub(before.at)
	if u.at == nil {
		u.at = map[string]used{}
	}
	if !ok || before.process != now.process || passed >= usageLeast {
		u.at[node] = now
	}
	if !ok || before.process != now.process || passed < usageLeast || passed > usageMost || now.cpu < before.cpu {
		return nil
	}
	cores := (now.cpu - before.cpu) / passed.Seconds()
	return &cores
}

// lookOwn describes a network of our own, but for what its peers tell.
func (e *Explorer) lookOwn(ctx context.Context, o *ledger.Overview) {
	r := e.own
	o.Name, o.Fabric = r.Topology.Name, r.Fabric
	o.Organisations = organisations(r)
	o.Nodes = e.processes()
	if !slices.ContainsFunc(o.Nodes, func(n ledger.Node) bool { return n.CPU != nil }) { // the first look
		select {
		case <-ctx.Done():
		case <-time.After(usageLeast):
			o.Nodes = e.processes()
		}
	}
}

// askLeaders asks who leads the channels of a network of our own.
func (e *Explorer) askLeaders() <-chan struct{} {
	return e.leaders.put(func() ([]result.Leader, error) { return e.own.Leaders(e.life) })
}

// lookLeaders adds who leads, as it is known soon after all else is: who leads is asked of all orderers, of which one may be silent.
func (e *Explorer) lookLeaders(ctx context.Context, o *ledger.Overview, asked <-chan struct{}, said *notes) {
	select {
	case <-asked:
	case <-ctx.Done():
	case <-time.After(hearing):
	}
	last, _, _ := e.leaders.now()
	if last.err != nil {
		said.add("who leads is not known from all orderers: %s", client.Said(last.err))
	}
	for _, l := range last.answer {
		for i := range o.Nodes {
			if l.Orderer != "" && o.Nodes[i].Name == l.Orderer {
				o.Nodes[i].Leads = append(o.Nodes[i].Leads, l.Channel)
			}
		}
	}
}

// processes describes the processes of a network of our own.
func (e *Explorer) processes() (all []ledger.Node) {
	pids := map[string]int{}
	if e.config.Watched != nil {
		for _, n := range e.config.Watched() {
			if pids[n.Name] = n.PID; n.Life != nil {
				pids[n.Name] = n.Life().PID
			}
		}
	}
	for _, n := range e.own.Nodes {
		node := ledger.Node{Process: result.Process{Role: n.Role, Name: n.Name}, Organisation: n.Organisation, Address: n.Address}
		pid, watched := pids[n.Name]
		if !watched {
			pid = n.PID
		}
		at := time.Now()
		u, err := proc.Process(pid)
		running := pid > 0 && err == nil
		if running || pid == 0 || errors.Is(err, proc.ErrEnded) {
			node.Running = &running
		}
		if running {
			node.Memory = &u.RSS
			node.CPU = e.usage.rate(n.Name, used{at, u.Started, u.CPU})
		}
		all = append(all, node)
	}
	return all
}

// ordererAt returns the name of the orderer at an address, or the address where it has none.
func (e *Explorer) ordererAt(address string) string {
	_, port, err := net.SplitHostPort(address)
	if e.own != nil && err == nil {
		for _, n := range e.own.Nodes {
			_, at, err := net.SplitHostPort(n.Address)
			if n.Role == result.RoleOrderer && err == nil && at == port {
				return n.Name
			}
		}
	}
	if e.attached != nil {
		for _, o := range e.attached.Orderers {
			if o.Address == address {
				return o.Name
			}
		}
	}
	return name(address)
}

// lookAttached describes the nodes of a network that others run: the peers that are asked, those that they know of, and the orderers of
// the channel's configuration.
func (e *Explorer) lookAttached(o *ledger.Overview, seen []channelView) {
	var cpu map[string]float64
	var memory map[string]uint64
	at := time.Now()
	if e.config.Used != nil {
		cpu, memory = e.config.Used(at)
	}
	for _, p := range e.peers {
		n := ledger.Node{Process: result.Process{Role: result.RolePeer, Name: p.name}, Organisation: p.member, Address: p.address}
		for _, v := range seen {
			if blocks, ok := v.heights[p.name]; ok {
				n.Heights = map[string]uint64{v.Name: blocks}
			}
		}
		if n.Answer = seen[0].answers[p.name]; n.Answer == ledger.AnswerGiven {
			n.Running = new(true) // of one that is silent that is not known
		}
		e.measure(&n, at, cpu, memory)
		o.Nodes = append(o.Nodes, n)
	}
	for _, v := range seen {
		for _, of := range v.found.Peers {
			if slices.ContainsFunc(e.peers, func(p *endpoint) bool {
				return client.Gateway{Name: p.name, Address: p.address}.At(of.Address)
			}) {
				continue
			}
			running := true // gossip says so
			o.Nodes = append(o.Nodes, ledger.Node{
				Process: result.Process{Role: result.RolePeer, Name: name(of.Address)}, Organisation: name(of.MSPID), Address: name(of.Address),
				Running: &running, Heights: map[string]uint64{v.Name: of.Height},
			})
		}
		if v.agreed == nil {
			continue
		}
		for _, id := range v.agreed.Members {
			o.Organisations = append(o.Organisations, ledger.Organisation{Name: name(id), MSP: name(id)})
		}
		for i, of := range v.agreed.Endpoints {
			n := ledger.Node{Process: result.Process{Role: result.RoleOrderer, Name: v.Orderers[i]}, Address: name(of.Address)}
			e.measure(&n, at, cpu, memory)
			o.Nodes = append(o.Nodes, n)
		}
	}
}

// measure adds what a node that others run uses, where its metrics are read.
func (e *Explorer) measure(n *ledger.Node, at time.Time, cpu map[string]float64, memory map[string]uint64) {
	seconds, ok := cpu[n.Name]
	if !ok {
		return
	}
	n.CPU = e.usage.rate(n.Name, used{at: at, cpu: seconds})
	if bytes := memory[n.Name]; bytes > 0 {
		n.Memory = &bytes
	}
}
