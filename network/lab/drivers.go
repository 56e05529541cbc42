package lab

import (
	"context"
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// driversOf returns the drivers of a scenario's loads, each once.
func driversOf(s scenario.Scenario) (all []result.Driver) {
	for _, series := range s.Series {
		if !slices.Contains(all, series.Load.Driver) {
			all = append(all, series.Load.Driver)
		}
	}
	return all
}

// checkDrivers makes sure that the network can be used by the drivers of a scenario's loads.
func (l *ledger) checkDrivers(ctx context.Context, s scenario.Scenario) error {
	if !slices.Contains(driversOf(s), result.DriverDirect) {
		return nil
	}
	for i, c := range l.clients {
		var names []string
		for _, contract := range l.contracts[i] {
			names = append(names, contract.Name())
		}
		slices.Sort(names)
		if err := c.CheckDirect(ctx, names...); err != nil {
			return fmt.Errorf("channel %s: %w", l.channels[i], err)
		}
	}
	return nil
}
