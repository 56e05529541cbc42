package lab

import (
	"context"
	"fmt"
	"strconv"

	"meterbench/bench/scenario"
	"meterbench/network/client"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
	"meterbench/workloads"
)

// billing returns the workload that bills a fleet's readings.
func (f *fleets) billing(ctx context.Context, w scenario.Workload, fleet *meter.Fleet, first uint64) (*workloads.Billing, error) {
	config := billsOf(w, fleet, f.channels)
	config.First, config.Ledger, config.Tables, config.Device = first, f.ledger, f.tables, f.device
	return workloads.NewBilling(ctx, config)
}

// stock puts the readings that are to be billed on the ledger.
func (f *fleets) stock(ctx context.Context, bills *workloads.Billing, working func(string)) error {
	for channel := range f.channels {
		err := f.commitAll(ctx, bills.Stock(ctx, channel), func(n int) {
			working(fmt.Sprintf("%d transactions of readings to bill", n))
		})
		if err != nil {
			return fmt.Errorf("readings to bill: %w", err)
		}
	}
	f.stocked += bills.Stocked()
	return nil
}

// A readingsLedger reads readings from the contract of each channel.
type readingsLedger struct{ channels client.Channels }

// Readings implements workloads.Ledger. One answer of the contract holds only
// so many.
func (l readingsLedger) Readings(ctx context.Context, channel int, meter string, from, to uint64) (all []reading.Reading, err error) {
	for from < to {
		answer, err := l.channels[channel].Evaluate(ctx, reading.FnRange, []byte(meter), strconv.AppendUint(nil, from, 10), strconv.AppendUint(nil, to, 10))
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

// drawn is how many ciphertexts of each workload are evaluated after the load.
const drawn = 10

// evaluate compares ciphertexts on the ledger with what their meters measured.
func (f *fleets) evaluate(ctx context.Context) (compared uint64, err error) {
	for _, readings := range f.encrypted {
		n, err := readings.Check(ctx, f.ledger, f.tables, drawn)
		if compared += uint64(n); err != nil {
			return compared, err
		}
	}
	return compared, nil
}
