package workloads

import (
	"errors"
	"fmt"
	"time"

	"meterbench/simulators/authority"
	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// maxTariffs is the greatest number of tariffs of a workload.
const maxTariffs = 1000

// tariff returns one of the tariffs: one price for the middle half of a reading's values, the day, and
// another for the rest, the night. All of them lie in the span of these two, so that their keys together
// reveal no more than the energy of day and night, as long as each has two values at least; shorter
// readings have one price. Prices are small numbers, below the bound.
func tariff(i int, fleet meter.Config) (name string, weights []int64) {
	night := min(1+int64(i%7), fleet.Bound)
	day := min(night+1+int64(i/7%5), fleet.Bound)
	weights = make([]int64, fleet.Length)
	quarter := fleet.Length / 4
	for v := range weights {
		weights[v] = night
		if quarter > 0 && v >= quarter && v < fleet.Length-quarter {
			weights[v] = day
		}
	}
	return fmt.Sprintf("tariff-%04d", i), weights
}

// openTariffs returns tariffs for plaintext.
func openTariffs(fleet meter.Config, count int) ([]gateway.Tariff, error) {
	all := make([]gateway.Tariff, count)
	for i := range all {
		name, weights := tariff(i, fleet)
		all[i].Function = reading.Function{Bound: fleet.Bound, From: fleet.Start.Truncate(time.Second), Tariff: name, Weights: weights}
		var err error
		if all[i].Hash, err = all[i].Function.Hash(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// approveTariffs has an authority approve tariffs, whose results must be within the reach of the tables.
func approveTariffs(keys *authority.Authority, tables *fe.Tables, params fe.Params, fleet meter.Config, count int) ([]gateway.Tariff, error) {
	if tables == nil {
		return nil, errors.New("encrypted readings need tables of discrete logarithms")
	}
	all := make([]gateway.Tariff, count)
	for i := range all {
		name, weights := tariff(i, fleet)
		if err := tables.Check(params, weights); err != nil {
			return nil, err
		}
		approval, err := keys.Approve(authority.Tariff{Name: name, From: fleet.Start.Truncate(time.Second), Weights: weights})
		if err != nil {
			return nil, err
		}
		all[i] = gateway.Tariff{Function: approval.Function, Hash: approval.Hash, Key: approval.Key}
	}
	return all, nil
}
