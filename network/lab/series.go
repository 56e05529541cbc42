package lab

import (
	"cmp"
	"context"
	"fmt"
	"iter"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/internal/random"
	"meterbench/workloads"
)

// Series implements study.Site: it makes the workload of a series ready, or the parts of its mix, each with
// meters of its own.
func (b *builder) Series(ctx context.Context, series scenario.Series, need study.Need, working func(string)) (bench.Workload, result.Preparation, error) {
	var made []workloads.Workload
	var all result.Preparation
	for at, spec := range b.specs(series, need) {
		one, preparation, err := b.build(ctx, place{series, at + "."}, spec, need.Planned, working)
		if err != nil {
			return nil, all, err
		}
		made, all = append(made, one), added(all, preparation)
	}
	b.keep(series.Name, made)
	return b.join(series, need, made), all, nil
}

// added returns what was made for a series with what was made for one more of its workloads.
func added(all, preparation result.Preparation) result.Preparation {
	if preparation.Ciphertexts == 0 {
		return all
	}
	return result.Preparation{Ciphertexts: all.Ciphertexts + preparation.Ciphertexts, Total: all.Total + preparation.Total, Encrypt: preparation.Encrypt}
}

// keep keeps the workloads of a series.
func (b *builder) keep(series string, made []workloads.Workload) {
	if b.series == nil {
		b.series = map[string][]workloads.Workload{}
	}
	b.series[series] = made
}

// specs yields how the workloads of a series are made, each with its place in the series.
func (b *builder) specs(series scenario.Series, need study.Need) iter.Seq2[string, workloads.Spec] {
	return func(yield func(string, workloads.Spec) bool) {
		spec := b.site
		spec.Session = need.First
		if series.Mix == nil {
			spec.First, spec.Trace, spec.Rows, spec.Duty.Levels = need.First, series.Load.Arrivals.Trace, need.Rows, need.Levels
		}
		part := 0
		for at, w := range series.Workloads() {
			spec.Workload, spec.Series = w, series.Prefix
			if series.Mix != nil {
				part++
				spec.Series = fmt.Sprintf("%s.%d", series.Prefix, part)
			}
			spec.Prefix = b.prefix + spec.Series
			if !yield(at, spec) {
				return
			}
		}
	}
}

// join returns the workload of a series, of those that were made of its specs.
func (b *builder) join(series scenario.Series, need study.Need, made []workloads.Workload) bench.Workload {
	if series.Mix == nil {
		return made[0]
	}
	var parts []workloads.Part
	for i, w := range series.Mix {
		parts = append(parts, workloads.Part{Weight: w.Weight, Workload: made[i]})
	}
	return workloads.NewMix(random.Stream{Seed: b.site.Seed, Purpose: random.Mix, Series: series.Name}, need.First, parts)
}

// make makes a workload of a contract, and changes nothing on the ledger.
func (b *builder) make(ctx context.Context, spec workloads.Spec) (ledgerWorkload, error) {
	kind := workloads.KindOf(spec.Workload)
	contract := kind.Contract(spec.Workload)
	channels := b.channels(contract)
	spec.Query, spec.Channels = b.asks(contract, channels), nil
	for _, channel := range channels {
		spec.Channels = append(spec.Channels, b.site.Channels[channel])
		if b.owner != nil {
			spec.Owners = append(spec.Owners, b.owner(contract, channel))
		}
	}
	workload, err := kind.New(ctx, spec)
	return ledgerWorkload{workload, contract, cmp.Or(b.deployed[contract], contract), channels}, err
}

// asks returns what asks a contract on its channels, by their numbers among these; nil where there is none.
func (b *builder) asks(contract string, channels []int) query {
	if b.query == nil {
		return nil
	}
	return func(ctx context.Context, channel int, function string, args ...[]byte) ([]byte, error) {
		return b.query(ctx, contract, channels[channel], function, args...)
	}
}
