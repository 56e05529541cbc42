package lab

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// checkDrivers makes sure that the network can be used by the drivers of a scenario's loads.
func (l *ledger) checkDrivers(ctx context.Context, s scenario.Scenario) error {
	if !slices.ContainsFunc(s.Series, func(of scenario.Series) bool { return of.Load.Driver == result.DriverDirect }) {
		return nil
	}
	for i, c := range l.clients {
		if err := c.CheckDirect(ctx, slices.Sorted(maps.Keys(l.contracts[i]))...); err != nil {
			return fmt.Errorf("channel %s: %w", l.channels[i], err)
		}
	}
	return nil
}
