package explorer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"meterbench/bench/ledger"
	"meterbench/internal/printable"
	"meterbench/network/client"
	"meterbench/network/fabric"
)

// overviews keeps the last overview, which several who look at the same time share.
type overviews struct {
	mu   sync.Mutex
	at   time.Time
	last ledger.Overview
	err  error
}

const (
	overviewAge = time.Second            // how old an overview may be
	again       = time.Second            // the wait for peers that have not answered lately
	hearing     = 500 * time.Millisecond // the wait for others after the first answer: more than around the world and back
)

// Overview implements ledger.Reader. It asks every node; of those that do not answer, Notes say it once that is known: it does not wait
// for them if another one answers.
func (e *Explorer) Overview(ctx context.Context) (ledger.Overview, error) {
	e.overview.mu.Lock()
	defer e.overview.mu.Unlock()
	if time.Since(e.overview.at) < overviewAge {
		return e.overview.last, e.overview.err
	}
	o, err := e.look(ctx)
	if ctx.Err() != nil { // half of it, for one who wants it no more
		return o, context.Cause(ctx)
	}
	e.overview.at, e.overview.last, e.overview.err = time.Now(), o, err
	return o, err
}

// notes collects sentences from several goroutines.
type notes struct {
	mu  sync.Mutex
	all []string
}

func (n *notes) add(format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if text := printable.Cut(fmt.Sprintf(format, args...), ledger.MostText); !slices.Contains(n.all, text) {
		n.all = append(n.all, text)
	}
}

// safely reads what strangers answered, beside whoever asks: a fault in that is said, and must not end the run that is looked at.
func (n *notes) safely(what string, read func()) {
	defer func() {
		if fault := recover(); fault != nil {
			n.add("%s cannot be shown, by a fault of meterbench: %v", what, fault)
		}
	}()
	read()
}

func (e *Explorer) look(ctx context.Context) (ledger.Overview, error) {
	o := ledger.Overview{
		Source: e.source, Name: e.config.Name, Fabric: e.config.Fabric, Organisations: []ledger.Organisation{}, Nodes: []ledger.Node{},
		Channels: make([]ledger.Channel, len(e.channels)),
	}
	said := &notes{}
	seen := make([]channelView, len(e.channels))
	var looking sync.WaitGroup
	for i, c := range e.channels {
		seen[i].Name = c.name
		looking.Go(func() { said.safely("channel "+c.name, func() { seen[i] = e.lookAt(ctx, c, said) }) })
	}
	if e.own != nil {
		asked := e.askLeaders()
		e.lookOwn(ctx, &o)
		looking.Wait()
		e.lookLeaders(ctx, &o, asked, said)
	}
	looking.Wait()
	for i := range seen {
		o.Channels[i] = seen[i].Channel
	}
	if e.own != nil {
		place := func(n *ledger.Node, height map[string]uint64, channel string) {
			if blocks := height[n.Name]; blocks > 0 {
				if n.Heights == nil {
					n.Heights = map[string]uint64{}
				}
				n.Heights[channel] = blocks
			}
		}
		for i := range o.Nodes {
			for j := range seen {
				place(&o.Nodes[i], seen[j].heights, seen[j].Name)
				o.Nodes[i].Answer = cmp.Or(o.Nodes[i].Answer, seen[j].answers[o.Nodes[i].Name])
			}
		}
	} else {
		e.lookAttached(&o, seen)
	}
	if len(e.peers) > 0 {
		o.As = e.peers[0].as
	}
	slices.Sort(said.all)
	o.Notes = said.all
	if len(seen) > 0 && !slices.ContainsFunc(seen, func(v channelView) bool { return len(v.heights) > 0 }) {
		// Nothing that could be shown of any ledger: the page says why.
		return o, seen[0].failed
	}
	return o, nil
}

// A channelView is what was seen of a channel.
type channelView struct {
	ledger.Channel
	heights map[string]uint64        // by peer
	answers map[string]ledger.Answer // likewise
	agreed  *fabric.Agreed           // nil: not known
	found   fabric.Discovered
	failed  error // why no height is known
}

// lookAt asks the peers of a channel.
func (e *Explorer) lookAt(ctx context.Context, c *channel, said *notes) channelView {
	v := channelView{Channel: ledger.Channel{Name: c.name}, heights: map[string]uint64{}, answers: map[string]ledger.Answer{}}
	e.hear(ctx, c, func(ctx context.Context, p *endpoint) (uint64, error) { return p.admin.Height(ctx, p.conn, c.name) })
	for i, p := range c.peers {
		last, known, _ := c.heights[i].now()
		v.answers[p.name] = answerOf(last, known)
		switch {
		case !known:
		case last.err == nil:
			v.heights[p.name] = last.answer
		default:
			v.failed = last.err
			said.add("%s", e.cannot(p, c, "tell how many blocks it has", last.err))
		}
	}
	v.Peers = slices.Sorted(maps.Keys(v.heights))
	for _, blocks := range v.heights {
		v.Height = max(v.Height, blocks)
	}
	if len(v.heights) == 0 {
		return v
	}
	agreed, err := ask(ctx, c, func(ctx context.Context, p *endpoint) (fabric.Agreed, error) {
		return p.admin.Agreed(ctx, p.conn, c.name)
	})
	if err != nil {
		said.add("the configuration of channel %s cannot be seen: %s", c.name, client.Said(err))
	} else {
		v.agreed = &agreed
		v.Consensus = string(agreed.Orderers.Consensus)
		v.Batch = ledger.Batch{
			Timeout: agreed.Batch.Timeout.Seconds(), Count: agreed.Batch.Messages, PreferredBytes: agreed.Batch.PreferredBytes,
			AbsoluteBytes: agreed.Batch.AbsoluteBytes,
		}
		for _, o := range agreed.Endpoints {
			v.Orderers = append(v.Orderers, e.ordererAt(o.Address))
		}
	}
	v.Chaincodes = e.lookChaincodes(ctx, c, agreed.Endorsement, said)
	if e.own == nil {
		v.found, err = ask(ctx, c, func(ctx context.Context, p *endpoint) (fabric.Discovered, error) {
			return p.admin.Discover(ctx, p.conn, p.hash, c.name, nil)
		})
		if err != nil {
			said.add("other peers of channel %s cannot be seen: service discovery says %s", c.name, client.Said(err))
		}
	}
	return v
}

// cannot says what a peer does not do for whoever asks.
func (e *Explorer) cannot(p *endpoint, c *channel, what string, err error) string {
	if errors.Is(err, ledger.ErrForbidden) {
		return fmt.Sprintf("an identity of %s may not read channel %s, says peer %s", p.as, c.name, p.name)
	}
	return fmt.Sprintf("peer %s does not %s of channel %s: %s", p.name, what, c.name, client.Said(err))
}

// lookChaincodes asks for the chaincodes that are defined on a channel.
func (e *Explorer) lookChaincodes(ctx context.Context, c *channel, endorsement string, said *notes) (all []ledger.Chaincode) {
	defined, err := ask(ctx, c, func(ctx context.Context, p *endpoint) ([]fabric.Committed, error) {
		return p.admin.Definitions(ctx, p.conn, c.name, endorsement)
	})
	if err != nil {
		said.add("the chaincodes of channel %s cannot be seen: %s", c.name, client.Said(err))
		return nil
	}
	const most = 100
	if len(defined) > most {
		said.add("channel %s has %d chaincodes, of which %d are shown", c.name, len(defined), most)
		defined = defined[:most]
	}
	for _, d := range defined {
		of := ledger.Chaincode{Name: name(d.Name), Version: name(d.Version), Sequence: d.Sequence, Policy: printable.Cut(d.Endorsement, ledger.MostText)}
		approvals, err := ask(ctx, c, func(ctx context.Context, p *endpoint) (map[string]bool, error) {
			return p.admin.Approvals(ctx, p.conn, c.name, d.Name)
		})
		if err != nil {
			said.add("who has approved chaincode %s of channel %s cannot be seen: %s", d.Name, c.name, client.Said(err))
		}
		for _, msp := range slices.Sorted(maps.Keys(approvals)) {
			if approvals[msp] {
				of.Approved = append(of.Approved, name(msp))
			}
		}
		all = append(all, of)
	}
	return all
}
