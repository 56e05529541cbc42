package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"meterbench/bench/result"
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
			if known, ok := chaincode.Contracts().Find(cc.Name); ok {
				all = append(all, usable{channel.Name, cc.Name, cc.Operator, known.Usage})
			}
		}
	}
	return all
}

func printAccessJSON(out io.Writer, r *network.Record, at *state) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	return encoder.Encode(heldNetwork{r, r.Organisations(), contracts(r), at})
}

// printEnvironment prints what Fabric's peer program reads as commands of a shell.
func printEnvironment(out io.Writer, r *network.Record, peer string) error {
	variables, err := r.Environment(peer)
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

// printUse prints how a network that is up is called from another terminal.
func printUse(out io.Writer, r *network.Record) error {
	for _, n := range r.Nodes {
		if n.Role == result.RoleChaincode {
			continue
		}
		fmt.Fprintf(out, "%-19s %s", n.Name, n.Address)
		if n.Admin != "" {
			fmt.Fprintf(out, "  channel participation %s", n.Admin)
		}
		fmt.Fprintf(out, "  operations %s\n", n.Operations)
	}
	all := contracts(r)
	if len(all) == 0 {
		return nil
	}
	c := all[max(0, slices.IndexFunc(all, usable.storesReadings))]
	fmt.Fprintf(out, "\nchannel %s has the contract %s:\n", c.Channel, c.Name)
	for _, u := range c.Functions {
		note := ""
		if u.Operator {
			note = "  (by " + c.Operator + " only)"
		}
		fmt.Fprintf(out, "  %s(%s)%s\n", u.Function, u.Args, note)
	}
	if c.storesReadings() {
		fmt.Fprint(out, readingForm)
	}
	commands, err := useCommands(r, c)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nfrom another terminal:\n\n%s\n", commands)
	return nil
}

// readingForm says how a reading is formed.
const readingForm = `
A reading is ` + reading.Form + `:
binary, big-endian, signed by its registered meter with ECDSA on P-256. meterbench reading make forms one, as the
text that stands for it in any tool, base64:....  See docs/network.md.
`

// useCommands returns what to write in a shell to store a reading and count what is stored, where the contract does so, and to
// read a node's metrics.
func useCommands(r *network.Record, c usable) (string, error) {
	dir, peer := quoted(r.Dir), r.Nodes[slices.IndexFunc(r.Nodes, func(n network.Node) bool { return n.Role == result.RolePeer })]
	as := r.Access(peer.Organisation)
	readings := ""
	if c.storesReadings() {
		var err error
		if readings, err = readingCommands(r, c); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf(`eval "$(meterbench network status --env %s)"
%scurl --cacert %s --cert %s \
  --key %s https://%s/metrics
`, dir, readings, quoted(as.TLSCA), quoted(as.Admin.TLSCert), quoted(as.Admin.TLSKey), peer.Operations), nil
}

// readingCommands returns the commands of useCommands that store a reading and count what is stored.
func readingCommands(r *network.Record, c usable) (string, error) {
	channel := r.Channels[slices.IndexFunc(r.Channels, func(one network.Channel) bool { return one.Name == c.Channel })]
	endorsers, err := r.Endorsers(channel, c.Name)
	if err != nil {
		return "", err
	}
	var peers strings.Builder
	if len(endorsers) > 1 {
		for _, n := range endorsers {
			fmt.Fprintf(&peers, "  --peerAddresses %s --tlsRootCertFiles %s \\\n", n.Address, quoted(r.Access(n.Organisation).TLSCA))
		}
	}
	return fmt.Sprintf(`peer chaincode invoke -o "$ORDERER_ADDRESS" --tls --cafile "$ORDERER_CA" --clientauth \
  --certfile "$CORE_PEER_TLS_CLIENTCERT_FILE" --keyfile "$CORE_PEER_TLS_CLIENTKEY_FILE" \
%s  -C %s -n %s --waitForEvent -c '{"Args":["%s","'"$(meterbench reading make %s)"'"]}'
peer chaincode query -C %s -n %s -c '{"Args":["%s","",""]}'
`, peers.String(), c.Channel, c.Name, reading.FnPut, quoted(r.Dir), c.Channel, c.Name, reading.FnCount), nil
}
