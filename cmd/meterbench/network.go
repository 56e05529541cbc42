package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"meterbench/bench/topology"
	"meterbench/internal/printable"
	"meterbench/network"
	"meterbench/network/lab"
	"meterbench/network/wan"
	"meterbench/reports/page"
)

func networkCommand() *cobra.Command {
	return group("network", "Keep a network up for other tools", networkUpCommand(), networkDownCommand(), networkStatusCommand())
}

func networkUpCommand() *cobra.Command {
	var dir, ports string
	var fabric fabricDaemons
	var format accessFormat
	var oneWay bool
	var distance float64
	var live livePage
	cmd := &cobra.Command{
		Use:   "up TOPOLOGY",
		Short: "Bring up a network and keep it up until Ctrl-C or meterbench network down",
		Long: fmt.Sprintf(`Bring up TOPOLOGY (%s, or a YAML file), print how other
tools call it, and keep the network up until Ctrl-C or meterbench network down.`, strings.Join(topology.Names(), ", ")),
		Example: `  meterbench network up minimal
  meterbench network up minimal --ports 7050- --dir net
  meterbench network up inter-nmi --distance 0
  eval "$(meterbench network status minimal --env)"   # in another terminal`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := live.check(cmd); err != nil {
				return err
			}
			t, err := topology.Load(args[0], network.Releases()...)
			if err != nil {
				return err
			}
			if err := lab.CheckContracts(args[0], t); err != nil {
				return err
			}
			if cmd.Flag("distance").Changed {
				t.Distance = distance
				if err := t.Validate(); err != nil {
					return lab.InputErrorf("--%w", err)
				}
			}
			if err := network.CheckCaps(t); err != nil {
				return lab.InputErrorf("%w", err)
			}
			if err := lab.CheckSites(args[0], t); err != nil {
				return err
			}
			if err := fabric.check(cmd.Context(), t); err != nil {
				return err
			}
			config := network.Config{Dir: dir, OneWayTLS: oneWay, Held: true, Progress: cmd.ErrOrStderr()}
			if config.FirstPort, err = firstPort(ports); err != nil {
				return err
			}
			if t.Apart() {
				if err := wan.Reexec(); err != nil { // for rights over networks
					return err
				}
			}
			if err := live.serve(cmd, cmd.ErrOrStderr(), page.Config{Mode: page.ModeNetwork, Title: t.Name}); err != nil {
				return err
			}
			defer live.close()
			return lab.LocateChaincode(args[0], hold(cmd, t, config, &fabric, &live, format))
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "keep keys, ledgers and logs in this `folder` instead of a temporary one; what a network before left there goes")
	cmd.Flags().StringVar(&ports, "ports", "", "give the nodes the ports from `FIRST-` on, always in the same order, instead of any that are free")
	cmd.Flags().BoolVar(&oneWay, "one-way-tls", false, "take clients without a TLS certificate, as Caliper's gateway connector is")
	distanceFlag(cmd, &distance)
	live.add(cmd, "the network and its ledgers")
	live.addMetrics(cmd)
	format.add(cmd)
	fabric.add(cmd)
	return cmd
}

// firstPort reads a range of ports without an end, as 7050-; empty is none.
func firstPort(ports string) (int, error) {
	if ports == "" {
		return 0, nil
	}
	first, ok := strings.CutSuffix(ports, "-")
	port, err := strconv.ParseUint(first, 10, 16)
	if !ok || err != nil || port == 0 {
		return 0, lab.InputErrorf("--ports must be the first port and a hyphen, for example 7050-, got %q", ports)
	}
	return int(port), nil
}

func hold(cmd *cobra.Command, t topology.Topology, config network.Config, fabric *fabricDaemons, live *livePage, format accessFormat) (err error) {
	ctx, out, progress := cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr()
	if config.Binaries, err = fabric.of(ctx, progress, t.Fabric); err != nil {
		return err
	}
	net, err := network.Start(ctx, t, config)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, net.Close()) }()
	defer live.show(&net.Record)()
	if err := printUp(ctx, out, &net.Record, format); err != nil {
		return err
	}
	select {
	case <-ctx.Done(): // which is how this command succeeds
		fmt.Fprintf(progress, "taking network %s down\n", t.Name)
		return nil
	case err := <-net.Died():
		return err
	}
}

// printUp describes a network that has come up.
func printUp(ctx context.Context, out io.Writer, r *network.Record, format accessFormat) error {
	switch {
	case format.json:
		return printAccessJSON(out, r, nil)
	case format.env:
		return printEnvironment(ctx, out, r, format.peer)
	}
	fmt.Fprintf(out, "network %s is up in %s\n", r.Topology.Name, r.Dir)
	fmt.Fprintf(out, "connection profile  %s\n", r.Profile)
	if err := printUse(ctx, out, r); err != nil {
		return err
	}
	fmt.Fprintln(out, "Ctrl-C or meterbench network down takes it down")
	return nil
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
	var format accessFormat
	cmd := &cobra.Command{
		Use:   "status [TOPOLOGY|DIR]",
		Short: "Show height, leader, CPU and memory of the networks that are up",
		Args:  arguments(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if format.env {
				one, err := oneHeld(args...)
				if err != nil {
					return err
				}
				return printEnvironment(cmd.Context(), cmd.OutOrStdout(), one, format.peer)
			}
			return eachHeld(args, func(n *network.Record) error {
				status, err := n.Status(cmd.Context())
				if format.json {
					return errors.Join(printAccessJSON(cmd.OutOrStdout(), n, stateOf(status)), err)
				}
				printStatus(cmd.OutOrStdout(), n, status) // which is incomplete where a node does not answer
				return err
			})
		},
	}
	format.add(cmd)
	return cmd
}

// oneHeld returns the only network that is up, or the only one of the topology or folder in args.
func oneHeld(args ...string) (*network.Record, error) {
	held, err := network.Find(strings.Join(args, ""))
	if err != nil {
		return nil, err
	}
	if len(held) > 1 {
		var folders []string
		for _, n := range held {
			folders = append(folders, n.Dir)
		}
		return nil, lab.InputErrorf("%d networks are up; name the folder of one: %s", len(held), strings.Join(folders, ", "))
	}
	return held[0], nil
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
		if c.View != nil {
			fmt.Fprintf(out, " in view %d (%s)", *c.View, n.Topology.Orderers.Consensus)
		}
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
