package lab

import (
	"context"
	"fmt"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/simulators/fe"
	"meterbench/workloads"
)

// FESpec turns what a scenario says of encryption costs into what is measured.
func FESpec(spec scenario.FE, seed uint64) (workloads.FESpec, error) {
	tables, err := fe.NewTables(fe.DefaultTableConfig())
	if err != nil {
		return workloads.FESpec{}, err
	}
	return workloads.FESpec{FE: spec, Seed: seed, Tables: tables}, nil
}

// MeasureFE measures encryption costs and says what it is working on.
func MeasureFE(ctx context.Context, spec scenario.FE, seed uint64, working func(string)) ([]result.FECost, error) {
	measured, err := FESpec(spec, seed)
	if err != nil {
		return nil, err
	}
	measured.Progress = func(done, total int, cell string) { working(fmt.Sprintf("%d of %d samples: %s", done, total, cell)) }
	return workloads.MeasureFE(ctx, measured)
}
