package network

import (
	"context"
	"fmt"

	"meterbench/bench/result"
	"meterbench/network/fabric"
)

// leadership is an orderer's report of who leads a channel.
type leadership struct {
	leads  bool   // the orderer itself does
	leader uint64 // else: the number of the one that does, from 1 in the order of the configuration
	view   *uint64
}

// leadership returns what an orderer reports of its channels.
func (f families) leadership(report fabric.OrdererReport) map[string]leadership {
	all := map[string]leadership{}
	for _, m := range f[report.Leader].GetMetric() {
		all[label(m, "channel")] = leadership{leads: m.GetGauge().GetValue() == 1}
	}
	for _, m := range f[report.LeaderID].GetMetric() {
		all[label(m, "channel")] = leadership{leader: uint64(m.GetGauge().GetValue())}
	}
	for _, m := range f[report.View].GetMetric() {
		if of, ok := all[label(m, "channel")]; ok {
			view := uint64(m.GetGauge().GetValue())
			of.view = &view
			all[label(m, "channel")] = of
		}
	}
	return all
}

// take takes an orderer's report of a channel's leader. Where there are views, the latest counts: an orderer that fell behind
// still reports one before.
func take(l *result.Leader, by string, of leadership, orderers []string) {
	switch {
	case of.leads:
		l.Orderer = by
	case of.view != nil && (l.View == nil || *of.view >= *l.View) && 1 <= of.leader && of.leader <= uint64(len(orderers)):
		l.Orderer, l.View = orderers[of.leader-1], of.view
	}
}

// Leaders asks every orderer who leads the channels, and returns one answer for each channel. What could be learned is right
// also when the error names orderers that did not answer.
func (r *Record) Leaders(ctx context.Context) ([]result.Leader, error) {
	dialect, err := r.dialect()
	if err != nil {
		return nil, err
	}
	var q inquiry
	leaders := r.askLeaders(ctx, &q, dialect, nil)
	return leaders, q.wait()
}

// askLeaders asks beside other questions those orderers that can answer, nil being all; the answers are there once all are
// answered.
func (r *Record) askLeaders(ctx context.Context, q *inquiry, dialect fabric.Dialect, can func(orderer string) bool) []result.Leader {
	leaders, orderers := make([]result.Leader, len(r.Channels)), r.orderers()
	listed := make([][]string, len(r.Channels)) // orderers in the order of each channel's configuration
	for i, c := range r.Channels {
		leaders[i].Channel = c.Name
		for _, number := range dialect.Consensus.Order(r.Topology.Orderers, c.Name) {
			listed[i] = append(listed[i], fmt.Sprintf("orderer%d", number))
		}
	}
	for _, name := range orderers {
		if can != nil && !can(name) {
			continue
		}
		q.ask(ctx, name, func(ctx context.Context) error {
			f, err := r.families(ctx, r.node(name))
			reports := f.leadership(dialect.Orderer)
			q.mu.Lock()
			defer q.mu.Unlock()
			for i := range leaders {
				if of, ok := reports[leaders[i].Channel]; ok {
					take(&leaders[i], name, of, listed[i])
				}
			}
			return err
		})
	}
	return leaders
}

// orderers returns the names of the orderers.
func (r *Record) orderers() (names []string) {
	for _, n := range r.Nodes {
		if n.Role == result.RoleOrderer {
			names = append(names, n.Name)
		}
	}
	return names
}
