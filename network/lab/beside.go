package lab

import (
	"context"
	"fmt"

	"meterbench/bench/result"
	"meterbench/workloads"
)

// beside makes a workload ready of which nothing is on a ledger.
func beside(ctx context.Context, kind workloads.Kind, spec workloads.Spec, planned int, working func(string)) (workloads.Workload, result.Preparation, error) {
	w, err := kind.New(ctx, spec)
	if err != nil {
		return nil, result.Preparation{}, err
	}
	preparation, err := w.Prepare(ctx, planned, func(done, total int) { working(fmt.Sprintf("%d of %d certificates", done, total)) })
	return w, preparation, err
}
