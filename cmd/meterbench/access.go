package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/network/chaincode"
	"meterbench/network/lab"
	"meterbench/simulators/reading"
)

// An accessFormat says in which form a network is described to other tools.
type accessFormat struct {
	json, env bool
	peer      string // whose environment it is; empty: the first
}

// add adds the flags that choose the form.
func (f *accessFormat) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.json, "json", false, "print one JSON object per network, with every path and port")
	flags.BoolVar(&f.env, "env", false, `print the environment of Fabric's peer program and every port, for eval "$(...)"`)
	flags.StringVar(&f.peer, "peer", "", "with --env: act as the administrator of this `peer`'s organisation, at that peer (default the first)")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if f.json && f.env {
			return lab.InputErrorf("--json and --env are two forms of the same: give one")
		}
		return nil
	}
}

// heldNetwork is a network that is up, as other tools read it.
type heldNetwork struct {
	*network.Record
	Organisations []network.Access `json:"organisations"`
	Contracts     []usable         `json:"contracts"`
	State         *state           `json:"state,omitempty"`
}

// usable is a contract on a channel with its functions.
type usable struct {
	Channel   string            `json:"channel"`
	Name      string            `json:"name"`
	Operator  string            `json:"operator"`
	Functions []chaincode.Usage `json:"functions"`
}

// storesReadings reports whether the contract takes what meterbench reading make forms.
func (u usable) storesReadings() bool {
	return slices.ContainsFunc(u.Functions, func(f chaincode.Usage) bool { return f.Function == reading.FnPut })
}

// state is how a network is at one moment.
type state struct {
	Nodes    []nodeState    `json:"nodes"`
	Channels []channelState `json:"channels"`
}

type nodeState struct {
	Name    string  `json:"name"`
	Running bool    `json:"running"`
	CPU     float64 `json:"cpu_s"`
	RSS     uint64  `json:"rss_bytes"`
}

type channelState struct {
	Name    string            `json:"name"`
	Leader  string            `json:"leader"`         // empty: none is known
	View    *uint64           `json:"view,omitempty"` // in which it leads; nil: unknown, or the consensus has none
	Heights map[string]uint64 `json:"heights"`        // in blocks, by peer; those that do not answer are missing
}

func stateOf(s network.Status) *state {
	var all state
	for _, n := range s.Nodes {
		all.Nodes = append(all.Nodes, nodeState{n.Name, n.Running, n.CPU, n.RSS})
	}
	for _, c := range s.Channels {
		channel := channelState{c.Name, c.Leader, c.View, map[string]uint64{}}
		for _, h := range c.Heights {
			if h.Blocks > 0 {
				channel.Heights[h.Peer] = h.Blocks
			}
		}
		all.Channels = append(all.Channels, channel)
	}
	return &all
}

// contracts returns the contracts of a network that this program serves.
func contracts(r *network.Record) (all []usable) {
	for _, channel := range r.Channels {
		for _, cc := range channel.Chaincodes {
			if known, ok := chaincode.Contracts().Find(cc.Name); ok && !ownContract(r, channel.Name, cc.Name) {
				all = append(all, usable{channel.Name, cc.Name, cc.Operator, known.Usage})
			}
		}
	}
	return all
}

// ownContract reports whether a contract is the user's, also where it has the name of one of ours.
func ownContract(r *network.Record, channel, contract string) bool {
	i := slices.IndexFunc(r.Topology.Channels, func(c topology.Channel) bool { return c.Name == channel })
	return i >= 0 && slices.ContainsFunc(r.Topology.Channels[i].Chaincodes, func(cc topology.Chaincode) bool { return cc.Name == contract && cc.Own() })
}

func printAccessJSON(out io.Writer, r *network.Record, at *state) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(heldNetwork{r, r.Organisations(), contracts(r), at})
}

// printEnvironment prints what Fabric's peer program reads as commands of a shell.
func printEnvironment(ctx context.Context, out io.Writer, r *network.Record, peer string) error {
	variables, err := r.Environment(ctx, peer)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, v := range variables {
		fmt.Fprintf(&text, "export %s=%s\n", v.Name, quoted(v.Value))
	}
	if r.Peer != "" {
		fmt.Fprintf(&text, "export PATH=%s:\"$PATH\"\n", quoted(filepath.Dir(r.Peer)))
	}
	_, err = io.WriteString(out, text.String())
	return err
}
