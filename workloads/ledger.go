package workloads

import (
	"context"
	"fmt"
	"strconv"

	"meterbench/simulators/reading"
)

// A Ledger is where readings are read from.
type Ledger interface {
	// Readings returns all of a meter's readings with numbers in [from, to) that are on the ledger of a
	// channel, the lowest numbers first.
	Readings(ctx context.Context, channel int, meter string, from, to uint64) ([]reading.Reading, error)
}

// contractLedger reads readings from their contract, of which one answer holds only so many.
type contractLedger struct{ Spec }

// Readings implements Ledger.
func (l contractLedger) Readings(ctx context.Context, channel int, meter string, from, to uint64) (all []reading.Reading, err error) {
	for from < to {
		answer, err := l.Query(ctx, channel, reading.FnRange, []byte(meter), strconv.AppendUint(nil, from, 10), strconv.AppendUint(nil, to, 10))
		if err != nil {
			return nil, err
		}
		some, err := reading.UnmarshalList(answer)
		if err != nil {
			return nil, fmt.Errorf("readings of meter %s: %w", meter, err)
		}
		if len(some) == 0 {
			break
		}
		all, from = append(all, some...), some[len(some)-1].Number+1
	}
	return all, nil
}
