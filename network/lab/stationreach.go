package lab

import (
	"cmp"
	"context"
	"errors"
	"net"
	"slices"

	"golang.org/x/sync/errgroup"

	"meterbench/bench/worker"
	"meterbench/network/client"
)

// reach makes sure that a worker reaches every gateway that its clients use, and says which it does not.
func reach(ctx context.Context, o worker.Opening, all []client.Config) error {
	group, reaching := errgroup.WithContext(ctx)
	var asked []string
	for _, cfg := range all {
		for _, g := range cfg.Gateways {
			if slices.Contains(asked, g.Address) {
				continue
			}
			asked = append(asked, g.Address)
			group.Go(func() error {
				err := g.Dial.Reach(reaching, g.Address, cmp.Or(g.ServerName, g.Name), g.TLS)
				if u, ok := errors.AsType[*client.Unreachable](err); ok {
					return unreached(o, g, u)
				}
				return err
			})
		}
	}
	return group.Wait()
}

// unreached says what keeps a worker from a gateway, and what to do.
func unreached(o worker.Opening, g client.Gateway, why *client.Unreachable) error {
	if host, _, err := net.SplitHostPort(g.Address); err == nil && net.ParseIP(host).IsLoopback() {
		return worker.InputErrorf("%s does not reach %s at %s: a network on loopback takes workers of its own machine only; use --workers local:N, or attach "+
			"to a network with addresses that other machines reach (%s)", named(o), g.Name, g.Address, why.Reason)
	}
	return worker.InputErrorf("%s does not reach %s at %s: it %s; %s", named(o), g.Name, g.Address, why.Reason, why.Remedy)
}
