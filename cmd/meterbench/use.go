package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/internal/printable"
	"meterbench/network"
	"meterbench/network/chaincode"
	"meterbench/network/fabric"
	"meterbench/network/lab"
	"meterbench/simulators/reading"
)

// printUse prints how a network that is up is called from another terminal.
func printUse(ctx context.Context, out io.Writer, r *network.Record) error {
	for _, n := range r.Nodes {
		if n.Role == result.RoleChaincode || n.Role == result.RoleEmulation {
			continue
		}
		fmt.Fprintf(out, "%-19s %s", n.Name, n.Address)
		if n.Admin != "" {
			fmt.Fprintf(out, "  channel participation %s", n.Admin)
		}
		fmt.Fprintf(out, "  operations %s\n", n.Operations)
	}
	ours, as, calls := contracts(r), "", []string(nil)
	for _, channel := range r.Channels {
		for _, cc := range channel.Chaincodes {
			endorsers, err := r.Endorsers(channel, cc.Name)
			if err != nil {
				return err
			}
			if peer := endorsers[0].Name; peer != as {
				as = peer
				calls = append(calls, fmt.Sprintf("eval \"$(meterbench network status --env %s --peer %s)\"\n", quoted(r.Dir), peer))
			}
			at := target{r: r, channel: channel.Name, contract: cc.Name, peers: peerFlags(r, endorsers)}
			i := slices.IndexFunc(ours, func(u usable) bool { return u.Channel == channel.Name && u.Name == cc.Name })
			if i < 0 {
				functions := lab.FunctionsOf(ctx, r, channel.Name, cc.Name)
				printOwn(out, at, functions)
				calls = append(calls, at.ownCalls(functions))
				continue
			}
			printContract(out, ours[i])
			calls = append(calls, at.calls(ours[i]))
		}
	}
	fmt.Fprintf(out, "\nfrom another terminal:\n\n%s%s\n", strings.Join(calls, ""), metricsCommand(r))
	return nil
}

// printContract prints what one of our contracts has.
func printContract(out io.Writer, c usable) {
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
}

// readingForm says how a reading is formed.
const readingForm = `
A reading is ` + reading.Form + `:
binary, big-endian, signed by its registered meter with ECDSA on P-256. meterbench reading make forms one, as the
text that stands for it in any tool, base64:....  See docs/network.md.
`

// printOwn prints what a contract of the user's says that it has.
func printOwn(out io.Writer, at target, functions []string) {
	fmt.Fprintf(out, "\nchannel %s has your contract %s", at.channel, at.contract)
	if functions == nil {
		fmt.Fprintln(out, ", which does not say what functions it has")
		return
	}
	fmt.Fprint(out, ":\n")
	for _, f := range functions {
		fmt.Fprintf(out, "  %s\n", printable.Line(f))
	}
}

// A target is a contract on a channel, as the peer program calls it.
type target struct {
	r                 *network.Record
	channel, contract string
	peers             string // flags that name its endorsers
}

// query and invoke return a command; arguments are in JSON, for a shell's single quotes.
func (t target) query(args string) string {
	return fmt.Sprintf("peer chaincode query -C %s -n %s -c '{\"Args\":%s}'\n", t.channel, t.contract, args)
}

func (t target) invoke(args string) string {
	return fmt.Sprintf(`peer chaincode invoke -o "$ORDERER_ADDRESS" --tls --cafile "$ORDERER_CA" --clientauth \
  --certfile "$CORE_PEER_TLS_CLIENTCERT_FILE" --keyfile "$CORE_PEER_TLS_CLIENTKEY_FILE" \
%s  -C %s -n %s --waitForEvent -c '{"Args":%s}'
`, t.peers, t.channel, t.contract, args)
}

// calls returns what to write in a shell to store a reading and count what is stored, or else to call one of our contracts.
func (t target) calls(c usable) (all string) {
	if c.storesReadings() {
		return t.invoke(fmt.Sprintf(`["%s","'"$(meterbench reading make %s)"'"]`, reading.FnPut, quoted(t.r.Dir))) +
			t.query(fmt.Sprintf(`["%s","",""]`, reading.FnCount))
	}
	known, _ := chaincode.Contracts().Find(c.Name)
	for _, call := range known.Samples {
		args, err := json.Marshal(call)
		if err != nil {
			panic(err) // texts always marshal
		}
		if slices.ContainsFunc(c.Functions, func(u chaincode.Usage) bool { return u.Function == call[0] && u.Asks }) {
			all += t.query(string(args))
		} else {
			all += t.invoke(string(args))
		}
	}
	return all
}

// ownCalls returns how a contract of the user's is asked for its functions, where it tells them, and, as a comment, how one is called.
func (t target) ownCalls(functions []string) (all string) {
	if functions != nil {
		all = t.query(`["` + fabric.FnMetadata + `"]`)
	}
	lines := strings.Split(strings.TrimSuffix(t.invoke(`["FUNCTION","ARGUMENT"]`), "\n"), "\n")
	return all + "# " + strings.Join(lines, "\n# ") + "\n"
}

// peerFlags names the endorsers of a contract where they are more than the peer that the environment is of.
func peerFlags(r *network.Record, endorsers []network.Node) string {
	var peers strings.Builder
	if len(endorsers) > 1 {
		for _, n := range endorsers {
			fmt.Fprintf(&peers, "  --peerAddresses %s --tlsRootCertFiles %s \\\n", n.Address, quoted(r.Access(n.Organisation).TLSCA))
		}
	}
	return peers.String()
}

// metricsCommand reads a node's metrics.
func metricsCommand(r *network.Record) string {
	peer := r.Nodes[slices.IndexFunc(r.Nodes, func(n network.Node) bool { return n.Role == result.RolePeer })]
	as := r.Access(peer.Organisation)
	return fmt.Sprintf("curl --cacert %s --cert %s \\\n  --key %s https://%s/metrics\n",
		quoted(as.TLSCA), quoted(as.Admin.TLSCert), quoted(as.Admin.TLSKey), peer.Operations)
}
