package client

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"meterbench/bench/result"
)

// The times of the watch over nodes: between two questions, for an answer, and how many in a row without one make a node
// unreachable. One is not enough: this process may have been stopped meanwhile.
const (
	askPeriod  = time.Second
	askTimeout = 2500 * time.Millisecond
	askMisses  = 2
)

// A Loss is a node that cannot be reached, from an instant on, or until one.
type Loss struct {
	Process result.Process
	Notice  result.Notice // NoticeConnection or NoticeSilence
	Since   time.Time
	Until   time.Time // zero: it cannot be reached still
}

// Watch asks every node that transactions are taken to whether it is there, until ctx ends, and reports to losses those that
// cannot be connected to or do not answer, and when they answer again. One that does not answer is passed over meanwhile, as
// others are that cannot be connected to.
func (c *Client) Watch(ctx context.Context, losses chan<- Loss) {
	c.meeting.Lock()
	all := slices.Concat(c.peers, c.found)
	c.meeting.Unlock()
	for _, p := range c.places {
		all = append(all, p.called...)
	}
	peers := map[string][]*endpoint{} // by address; one for each identity and place, that of its own site first
	for _, p := range all {
		peers[p.conn.Target()] = append(peers[p.conn.Target()], p)
	}
	for _, same := range peers {
		of := Loss{Process: result.Process{Role: result.RolePeer, Name: same[0].name}}
		go watchNode(ctx, of, asking(same[0].conn), losses, func(answers bool) {
			for _, p := range same {
				p.answers(answers)
			}
		})
	}
	for i, o := range c.home.orderers.nodes {
		of := Loss{Process: result.Process{Role: result.RoleOrderer, Name: o.name}}
		go watchNode(ctx, of, asking(o.conn), losses, func(answers bool) {
			for _, p := range c.places {
				p.orderers.nodes[i].silent.Store(!answers)
			}
		})
	}
}

// watchNode watches one node, whose absence ask notices, and calls answers when it is lost and when it is back.
func watchNode(ctx context.Context, of Loss, ask func(context.Context) result.Notice, losses chan<- Loss, answers func(bool)) {
	var loss *Loss
	report := func(l Loss) {
		select {
		case losses <- l:
		case <-ctx.Done():
		}
	}
	for misses := 0; ctx.Err() == nil; {
		asked := time.Now()
		notice := ask(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case notice == "" && loss != nil && misses >= askMisses:
			answers(true)
			loss.Until = time.Now()
			report(*loss)
			fallthrough
		case notice == "":
			misses, loss = 0, nil
		case loss == nil:
			misses, loss = 1, &Loss{Process: of.Process, Notice: notice, Since: asked}
		default:
			if misses++; misses == askMisses {
				loss.Notice = notice
				answers(false)
				report(*loss)
			}
		}
		select {
		case <-ctx.Done():
		case <-time.After(askPeriod):
		}
	}
}

// asking returns a function that asks a node for its health, and returns how its absence is noticed, or nothing: that it does
// not know the question, as Fabric's nodes, is an answer.
func asking(conn *grpc.ClientConn) func(context.Context) result.Notice {
	return func(ctx context.Context) result.Notice {
		ctx, cancel := context.WithTimeout(ctx, askTimeout)
		defer cancel()
		_, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
		switch status.Code(err) {
		case codes.Unavailable:
			return result.NoticeConnection
		case codes.DeadlineExceeded:
			return result.NoticeSilence
		}
		return ""
	}
}

// A presence lasts while a peer answers.
type presence struct {
	context.Context
	end context.CancelFunc
}

func newPresence() *presence {
	ctx, cancel := context.WithCancel(context.Background())
	return &presence{ctx, cancel}
}

// answers takes whether a peer does. Streams of one that does not end.
func (p *endpoint) answers(does bool) {
	if does {
		p.present.Store(newPresence())
		return
	}
	p.present.Load().end()
}
