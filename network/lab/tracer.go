package lab

import (
	"cmp"
	"context"
	"time"

	"meterbench/bench/bottleneck"
	"meterbench/bench/result"
	"meterbench/bench/study"
)

// Blocks implements study.Tracer.
func (s *fabricSite) Blocks(since time.Time) (all []result.Block, failed error) {
	for i, channel := range s.channels {
		blocks, err := s.net.Blocks(channel, since, s.clients[i].Seen())
		failed = cmp.Or(failed, err) // a log that cannot be read fails every channel
		for j := range blocks {
			blocks[j].Channel = uint16(i)
		}
		all = append(all, blocks...)
	}
	return all, failed
}

// Counters implements study.Tracer.
func (s *fabricSite) Counters(ctx context.Context) (study.Counters, error) {
	nodes, err := s.net.Metrics(ctx)
	c := study.Counters{Refused: map[string]bottleneck.Refused{}}
	for name, m := range nodes {
		c.Refused[name] = bottleneck.Refused{Gateway: m.Gateway, Endorser: m.Endorser}
		c.Cuts += m.BlockFill.Count
		c.Open += m.BlockFill.Total
	}
	return c, err
}
