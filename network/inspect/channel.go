package inspect

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// channels asks for the channels that are named, or those that the profile names or the peers have joined.
func (s *session) channels(ctx context.Context) {
	var names []string
	add := func(name string) {
		if !slices.Contains(names, name) && len(names) < mostChannels {
			names = append(names, name)
		}
	}
	if s.Channel != "" {
		add(s.Channel)
	} else {
		for _, c := range s.Profile.Channels {
			add(c.Name)
		}
		for _, n := range s.report.Nodes {
			for _, name := range n.Channels {
				add(name)
			}
		}
	}
	slices.Sort(names)
	s.report.Channels = make([]Channel, len(names))
	each(len(names), func(i int) { s.report.Channels[i] = s.channel(ctx, names[i]) })
}

// errNobody says that no peer could be asked.
var errNobody = errors.New("no peer that is reached has the channel")

// channel asks every peer that may have a channel for its height, and the first that has it for the rest.
func (s *session) channel(ctx context.Context, name string) Channel {
	c := Channel{Name: name, Unknown: errNobody, Hidden: errNobody, Rights: make([]Right, len(s.as))}
	heights, refused := make([]uint64, len(s.peers)), make([]error, len(s.peers))
	each(len(s.peers), func(i int) {
		p := s.peers[i]
		if p.Told && !slices.Contains(p.Channels, name) {
			refused[i] = errNobody
			return
		}
		heights[i], refused[i] = p.as.Height(ctx, p.conn, name)
	})
	var first *peer
	for i, p := range s.peers {
		if refused[i] != nil {
			continue
		}
		c.Peers = append(c.Peers, Ledger{p.Name, heights[i]})
		if first == nil {
			first = p
		}
	}
	if first == nil {
		for i := range s.peers {
			if p := s.peers[i]; refused[i] != errNobody {
				first = p // which refuses one identity, perhaps not the others
			}
		}
	}
	if first == nil {
		for i := range c.Rights {
			c.Rights[i] = Right{errNobody, errNobody}
		}
		return c
	}
	s.describe(ctx, &c, first)
	return c
}

// describe asks one peer for the rights of every identity, and as one that may read for what the members have agreed on.
func (s *session) describe(ctx context.Context, c *Channel, p *peer) {
	each(len(s.as), func(i int) {
		_, c.Rights[i].Read = s.as[i].Height(ctx, p.conn, c.Name)
		// Who may ask for the chaincodes is who may write (Fabric's default access control).
		_, c.Rights[i].Write = s.as[i].Definitions(ctx, p.conn, c.Name, "")
	})
	i := slices.IndexFunc(c.Rights, func(r Right) bool { return r.Read == nil })
	if i < 0 {
		c.Unknown, c.Hidden = c.Rights[0].Read, c.Rights[0].Read
		return
	}
	if j := slices.IndexFunc(c.Rights, func(r Right) bool { return r.Read == nil && r.Write == nil }); j >= 0 {
		i = j
	}
	if c.Agreed, c.Unknown = s.as[i].Agreed(ctx, p.conn, c.Name); c.Unknown != nil {
		return
	}
	if c.Contracts, c.Unknown = s.as[i].Definitions(ctx, p.conn, c.Name, c.Agreed.Endorsement); c.Unknown != nil {
		return
	}
	var names []string
	for _, contract := range c.Contracts {
		names = append(names, contract.Name)
	}
	slices.SortFunc(c.Peers, func(a, b Ledger) int { return strings.Compare(a.Peer, b.Peer) })
	c.Found, c.Hidden = s.as[i].Discover(ctx, p.conn, p.hash, c.Name, names)
}

// clocks compares the clock of every peer with this machine's, through a channel that it lets be read.
func (s *session) clocks(ctx context.Context) {
	each(len(s.peers), func(i int) {
		p := s.peers[i]
		for _, c := range s.report.Channels {
			if slices.ContainsFunc(c.Peers, func(l Ledger) bool { return l.Peer == p.Name }) {
				var err error
				p.Ahead, err = p.as.ClockAhead(ctx, p.conn, p.hash, c.Name)
				p.Timed = err == nil
				return
			}
		}
	})
}
