package lab

import (
	"context"
	"fmt"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/simulators/fe"
	"meterbench/workloads"
)

// FESpec returns the measurement of a scenario's table of encryption costs.
func FESpec(spec scenario.FE, seed uint64) (workloads.FESpec, error) {
	tables, err := fe.NewTables(fe.DefaultTableConfig())
	if err != nil {
		return workloads.FESpec{}, err
	}
	return workloads.FESpec{FE: spec, Seed: seed, Tables: tables}, nil
}

// MeasureFE measures encryption costs and reports its progress.
func MeasureFE(ctx context.Context, spec scenario.FE, seed uint64, working func(string)) ([]result.FECost, error) {
	measured, err := FESpec(spec, seed)
	if err != nil {
		return nil, err
	}
	measured.Progress = func(done, total int, cell string) { working(fmt.Sprintf("%d of %d samples: %s", done, total, cell)) }
	return workloads.MeasureFE(ctx, measured)
}
