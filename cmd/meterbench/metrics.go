package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/network"
	"meterbench/network/lab"
	"meterbench/reports/openmetrics"
	"meterbench/reports/page"
)

// addMetrics adds the flag of the metrics.
func (l *livePage) addMetrics(cmd *cobra.Command) {
	cmd.Flags().StringVar(&l.scraped, "metrics", "", "serve OpenMetrics for Prometheus at this `address`, HOST:PORT or a port of this machine only; "+
		"another host takes --live-token")
}

// serveMetrics begins to serve the metrics at an address of theirs.
func (l *livePage) serveMetrics(cmd *cobra.Command, out io.Writer, token string) (err error) {
	l.metrics = openmetrics.New(lab.Versions())
	config := page.Config{Mode: page.ModeMetrics, Address: l.scraped, Token: token, Metrics: l.metrics}
	if l.endpoint, err = listen(cmd, "metrics", config, saying(cmd.ErrOrStderr(), "metrics")); err != nil {
		return err
	}
	how := ""
	if token != "" {
		how = " with the header Authorization: Bearer TOKEN"
	}
	fmt.Fprintf(out, "metrics: %smetrics%s\n", l.endpoint.URL(), how)
	return nil
}

// measure has the metrics, if there are any, follow a study that is about to begin.
func (l *livePage) measure(config *study.Config) {
	if l.metrics == nil {
		return
	}
	followed := l.metrics.Study(openmetrics.Run{Scenario: config.Scenario.Name, ID: config.ID, Started: time.Now()})
	config.Observer, config.Records = study.Observers(config.Observer, followed), followed.Records
}

// measureNetwork has the metrics, if there are any, show a network that is up.
func (l *livePage) measureNetwork(r *network.Record) {
	if l.metrics != nil {
		l.metrics.Network(func(ctx context.Context) openmetrics.Network { return stateForMetrics(ctx, r) })
	}
}

// stateForMetrics asks a network how it is. What does not answer is left out: its process may be all that is known.
func stateForMetrics(ctx context.Context, r *network.Record) openmetrics.Network {
	status, _ := r.Status(ctx)
	m := openmetrics.Network{Topology: r.Topology.Name, Fabric: r.Fabric}
	for _, node := range status.Nodes {
		m.Nodes = append(m.Nodes, openmetrics.Node{
			Process: result.Process{Role: node.Role, Name: node.Name}, Running: node.Running, Started: node.Since(), CPU: node.CPU, Memory: node.RSS,
		})
	}
	for _, c := range status.Channels {
		heights := map[string]uint64{}
		for _, h := range c.Heights {
			if h.Blocks > 0 { // the first block makes a channel
				heights[h.Peer] = h.Blocks
			}
		}
		m.Channels = append(m.Channels, openmetrics.Channel{Name: c.Name, Leader: c.Leader, Heights: heights})
	}
	return m
}
