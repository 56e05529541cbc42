package network

import (
	"context"
	"fmt"
	"slices"

	"google.golang.org/grpc"

	"meterbench/internal/strictyaml"
	"meterbench/network/chaincode"
	"meterbench/network/client"
	"meterbench/network/fabric"
	"meterbench/simulators/reading"
)

// tryAll tries contracts through every gateway.
func (a *Attached) tryAll(ctx context.Context, members []*fabric.Admin, conns []*grpc.ClientConn, contracts []Deployed) error {
	for _, of := range contracts {
		for i, conn := range conns {
			if err := a.try(ctx, members, i, conn, of); err != nil {
				return err
			}
		}
	}
	return nil
}

// try makes sure that a contract is on the channel, is the one that it is taken for, and is endorsed through a gateway.
func (a *Attached) try(ctx context.Context, members []*fabric.Admin, gateway int, conn *grpc.ClientConn, of Deployed) error {
	wrong := func(remedy, format string, args ...any) error {
		return &AttachError{Part: AttachContract, Name: of.Contract, Reason: fmt.Sprintf(format, args...), Remedy: remedy}
	}
	if !slices.ContainsFunc(a.Defined, func(c fabric.Committed) bool { return c.Name == of.Name }) {
		return wrong(a.hint(of), "channel %s has no contract %s", a.Channel, of.Name)
	}
	function := reading.FnPing
	_, ours := chaincode.Contracts().Find(of.Contract)
	if !ours && a.direct() {
		return nil // the peer's own word and the contract's cannot be told apart here
	}
	if !ours {
		function = fabric.FnMetadata // which one may refuse that is not written with the contract API
	}
	answers := func(err error) bool { return err == nil || !ours && client.Refused(err) }
	ctx, cancel := context.WithTimeout(ctx, attachTimeout)
	defer cancel()
	peer := a.Gateways[gateway].Name
	ask := members[0].Ask
	if a.direct() {
		ask = members[0].Answer
	}
	answer, err := ask(ctx, conn, a.Channel, of.Name, []byte(function))
	switch {
	case ctx.Err() != nil && context.Cause(ctx) != context.DeadlineExceeded:
		return context.Cause(ctx)
	case !answers(err):
		return wrong("start its chaincode, or name another under contracts", "contract %s does not answer through peer %s: %s", of.Name, peer, client.Said(err))
	case ours && string(answer) != of.Contract:
		return wrong("name the right one under contracts", "contract %s on channel %s is not meterbench's %s", of.Name, a.Channel, of.Contract)
	}
	if a.direct() {
		return nil // CheckDirect tries it
	}
	if err := members[0].Endorse(ctx, conn, a.Channel, of.Name, []byte(function)); !answers(err) {
		return wrong("start peers of enough organisations, and install it there; anchor peers let gateways find them",
			"contract %s cannot be endorsed%s through peer %s: %s", of.Name, a.policy(of.Name), peer, client.Said(err))
	}
	return nil
}

// hint names the contracts that the channel has.
func (a *Attached) hint(of Deployed) string {
	var names []string
	for _, c := range a.Defined {
		names = append(names, c.Name)
	}
	if len(names) == 0 {
		return "it has none; deploy one"
	}
	return strictyaml.Hint(of.Name, names)
}

// policy says who must endorse a contract, where that is known.
func (a *Attached) policy(name string) string {
	if d, ok := a.Definition(name); ok && d.Endorsement != "" {
		return ", which takes " + d.Endorsement + ","
	}
	return ""
}

// Definition returns the definition of a contract by the name under which it is deployed.
func (a *Attached) Definition(name string) (fabric.Committed, bool) {
	i := slices.IndexFunc(a.Defined, func(c fabric.Committed) bool { return c.Name == name })
	if i < 0 {
		return fabric.Committed{}, false
	}
	return a.Defined[i], true
}
