package client

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A Policy says whose endorsements a chaincode needs: those of so many organisations, of one peer each.
type Policy struct {
	Need int
	Of   []string // MSP ids
}

// A selection chooses endorsers whose endorsements satisfy the policy of a chaincode.
type selection interface {
	// choose returns other endorsers each time, so that those that can replace each other do equal work, of those that are
	// usable; nil where these are too few.
	choose(usable func(*endpoint) bool) []*endpoint
}

// A group is endorsers of which each can stand for any other.
type group struct {
	peers []*endpoint
	next  atomic.Uint64
}

// newGroup returns a group without endorsers, whose turns begin with that of a number.
func newGroup(first uint64) *group {
	g := &group{}
	g.next.Store(first)
	return g
}

// add appends n usable endorsers of the group to those chosen, and reports whether there were so many.
func (g *group) add(chosen []*endpoint, n int, usable func(*endpoint) bool) ([]*endpoint, bool) {
	at := g.next.Add(uint64(n)) - uint64(n)
	for i := range uint64(len(g.peers)) {
		if n == 0 {
			break
		}
		if p := g.peers[(at+i)%uint64(len(g.peers))]; usable(p) {
			chosen = append(chosen, p)
			n--
		}
	}
	return chosen, n == 0
}

// An outOf selects one endorser each of so many groups. In what order groups take turns shows in nothing but who is
// passed over.
type outOf struct {
	need   int
	groups []*group
	next   atomic.Uint64
}

func (o *outOf) choose(usable func(*endpoint) bool) []*endpoint {
	chosen := make([]*endpoint, 0, o.need)
	at := o.next.Add(1) - 1
	for i := range uint64(len(o.groups)) {
		if len(chosen) == o.need {
			break
		}
		chosen, _ = o.groups[(at+i)%uint64(len(o.groups))].add(chosen, 1, usable)
	}
	if len(chosen) < o.need {
		return nil
	}
	return chosen
}

// A layout is numbers of endorsers by group that satisfy a policy together.
type layout []quantity

type quantity struct {
	of *group
	n  int
}

// layouts select the endorsers of one layout after the other.
type layouts struct {
	all  []layout
	next atomic.Uint64
}

func (l *layouts) choose(usable func(*endpoint) bool) []*endpoint {
	at := l.next.Add(1) - 1
next:
	for i := range uint64(len(l.all)) {
		var chosen []*endpoint
		for _, q := range l.all[(at+i)%uint64(len(l.all))] {
			var enough bool
			if chosen, enough = q.of.add(chosen, q.n, usable); !enough {
				continue next
			}
		}
		return chosen
	}
	return nil
}

// selections has the selection of each chaincode, once it is known.
type selections struct {
	mu  sync.Mutex
	of  sync.Map // by chaincode
	ask func(ctx context.Context, chaincode string) (selection, error)
}

// choose returns endorsers for a transaction of a chaincode; those that cannot be reached only where others do not
// satisfy the policy. The first call for a chaincode may ask the network.
func (s *selections) choose(ctx context.Context, chaincode string) ([]*endpoint, error) {
	known, ok := s.of.Load(chaincode)
	if !ok {
		var err error
		if known, err = s.learn(ctx, chaincode); err != nil {
			return nil, err
		}
	}
	if chosen := known.(selection).choose((*endpoint).reachable); chosen != nil {
		return chosen, nil
	}
	// Those that are being connected to may soon be there, and the calls of others say why they are not.
	return known.(selection).choose(func(*endpoint) bool { return true }), nil
}

// learn finds out about a chaincode's policy, once for all who ask meanwhile.
func (s *selections) learn(ctx context.Context, chaincode string) (selection, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, ok := s.of.Load(chaincode); ok {
		return known.(selection), nil
	}
	learnt, err := s.ask(ctx, chaincode)
	if err != nil {
		return nil, err
	}
	s.of.Store(chaincode, learnt)
	return learnt, nil
}

// selection returns how endorsers of a chaincode are chosen: by the policy that the configuration has of it, or by what a
// peer's discovery service says.
func (p *place) selection(ctx context.Context, chaincode string) (selection, error) {
	policy, ok := p.client.config.Policies[chaincode]
	if !ok {
		return p.client.discover(ctx, chaincode)
	}
	o := &outOf{need: policy.Need}
	o.next.Store(p.client.config.Turn)
	for _, member := range policy.Of {
		g := newGroup(p.client.config.Turn)
		for _, e := range p.called {
			if e.signer.MSP == member && !slices.ContainsFunc(g.peers, e.same) {
				g.peers = append(g.peers, e)
			}
		}
		if len(g.peers) > 0 {
			o.groups = append(o.groups, g)
		}
	}
	if len(o.groups) < o.need {
		return nil, status.Errorf(codes.FailedPrecondition, "%s needs endorsements of %d of %d organisations, and this client knows peers of %d of them",
			chaincode, o.need, len(policy.Of), len(o.groups))
	}
	return o, nil
}

// same reports whether two endpoints are of one peer, used by different identities.
func (p *endpoint) same(other *endpoint) bool { return p.conn.Target() == other.conn.Target() }
