package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/printable"
	"meterbench/network"
	"meterbench/network/lab"
)

func networkCommand() *cobra.Command {
	return group("network", "Keep a network up for other tools", networkUpCommand(), networkDownCommand(), networkStatusCommand())
}

func networkUpCommand() *cobra.Command {
	var dir, fabricBin string
	var oneWay bool
	cmd := &cobra.Command{
		Use:   "up TOPOLOGY",
		Short: "Bring up a network and keep it up until Ctrl-C or meterbench network down",
		Long: fmt.Sprintf(`Bring up TOPOLOGY (%s, or a YAML file), print the path
of its connection profile, and keep the network up until Ctrl-C or meterbench network down.`, strings.Join(topology.Names(), ", ")),
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			t, err := topology.Load(args[0])
			if err != nil {
				return err
			}
			if err := lab.CheckContracts(t); err != nil {
				return err
			}
			if err := network.CheckCaps(t); err != nil {
				return lab.InputErrorf("%w", err)
			}
			return hold(cmd, t, network.Config{Dir: dir, OneWayTLS: oneWay}, fabricBin)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "keep keys, ledgers and logs in this `folder` instead of a temporary one")
	cmd.Flags().BoolVar(&oneWay, "one-way-tls", false, "take clients without a TLS certificate, as Caliper's gateway connector is")
	addFabricBin(cmd, &fabricBin)
	return cmd
}

func hold(cmd *cobra.Command, t topology.Topology, cfg network.Config, fabricBin string) (err error) {
	ctx, out, progress := cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	if cfg.Binaries, err = fabricDaemons(ctx, fabricBin, progress); err != nil {
		return err
	}
	cfg.Held, cfg.Progress = true, progress
	net, err := network.Start(ctx, t, cfg)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, net.Close()) }()
	fmt.Fprintf(out, "network %s is up\n", t.Name)
	fmt.Fprintf(out, "connection profile  %s\n", net.Profile)
	for _, n := range net.Nodes {
		if n.Role != result.RoleChaincode {
			fmt.Fprintf(out, "%-19s %s\n", n.Name, n.Address)
		}
	}
	fmt.Fprintln(out, "Ctrl-C or meterbench network down takes it down")
	select {
	case <-ctx.Done(): // which is how this command succeeds
		fmt.Fprintf(progress, "taking network %s down\n", t.Name)
		return nil
	case err := <-net.Died():
		return err
	}
}

func networkDownCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "down [TOPOLOGY|DIR]",
		Short: "Take down the networks of meterbench network up: all, or those of a topology or folder",
		Args:  arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), time.Minute)
			defer cancel()
			return eachHeld(args, func(n *network.Record) error {
				if err := n.Down(ctx); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "network %s is down\n", n.Topology.Name)
				return nil
			})
		},
	}
}

func networkStatusCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "status [TOPOLOGY|DIR]",
		Short: "Show height, leader, CPU and memory of the networks that are up",
		Args:  arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return eachHeld(args, func(n *network.Record) error {
				status, err := n.Status(cmd.Context())
				printStatus(cmd.OutOrStdout(), n, status) // which is incomplete where a node does not answer
				return err
			})
		},
	}
}

// eachHeld calls do with the networks that are up, or those of the topology or folder in args.
func eachHeld(args []string, do func(*network.Record) error) error {
	held, err := network.Find(strings.Join(args, ""))
	if err != nil {
		return err
	}
	var failed []error
	for _, n := range held {
		failed = append(failed, do(n))
	}
	return errors.Join(failed...)
}

// printStatus prints a network's nodes and channels.
func printStatus(out io.Writer, n *network.Record, s network.Status) {
	fmt.Fprintf(out, "network %s (Fabric %s), held by process %d in %s\n", n.Topology.Name, printable.Line(n.Fabric), n.Holder, printable.Line(n.Dir))
	nodes := table.NewWriter()
	nodes.SetStyle(table.StyleLight)
	nodes.AppendHeader(table.Row{"node", "pid", "address", "state", "CPU s", "memory MB"})
	for _, node := range s.Nodes {
		state := "running"
		if !node.Running {
			state = "ended"
		}
		nodes.AppendRow(table.Row{node.Name, node.PID, node.Address, state, fmt.Sprintf("%.1f", node.CPU), fmt.Sprintf("%.0f", float64(node.RSS)/1e6)})
	}
	fmt.Fprintln(out, nodes.Render())
	for _, c := range s.Channels {
		fmt.Fprintf(out, "channel %s: leader %s", c.Name, cmp.Or(c.Leader, "none"))
		for _, h := range c.Heights {
			if h.Blocks == 0 { // the first block makes a channel
				fmt.Fprintf(out, ", %s does not answer", h.Peer)
				continue
			}
			fmt.Fprintf(out, ", %s has %d blocks", h.Peer, h.Blocks)
		}
		fmt.Fprintln(out)
	}
}
