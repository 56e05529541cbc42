package main

import (
	"context"
	"time"

	"meterbench/bench/bottleneck"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/network"
)

// Blocks implements study.Tracer.
func (s *fabricSite) Blocks(since time.Time) ([]result.Block, error) {
	return s.net.Blocks(s.channel().Name, since)
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

// channel is the one that is measured.
func (s *fabricSite) channel() network.Channel { return s.net.Record().Channels[0] }
