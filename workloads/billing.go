package workloads

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/simulators/authority"
	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// What is on the ledger before the load.
const (
	// periods is the number of billing periods of a meter, one after the other.
	periods = 2
	// minBills is the least number of bills, unless tariffs run out.
	minBills = 100_000
	// preloadedCiphertexts is the number of ciphertexts that the readings before the load share: each reading is signed
	// afresh under its own meter and number.
	preloadedCiphertexts = 32
)

// Bills is the workload in which the gateway bills the readings of its meters. A transaction reads the
// readings of one meter and period from the ledger, computes the tariff's function of each, adds the results
// up, and signs and submits the bill. Its preparation is all of that; what it spends on evaluating
// ciphertexts counts as its encryption time, which is 0 for plaintext.
//
// Transaction First+i bills meter i mod N, where the fleet has N meters, for one of its periods and tariffs, each
// combination once: all tariffs of the first period come before those of the second, because a block takes one bill only
// of a meter by a tariff. The readings are on the ledger before the load, as Preload has them: the bank of
// ciphertexts that they share makes this a matter of seconds and changes nothing about what computing a bill
// costs, because every reading is evaluated by itself.
type Bills struct {
	config   Config
	readings *Readings // that are billed
	gateway  *gateway.Gateway
	serves   gateway.Config // of the gateway
	biller   gateway.Biller // the gateway, or the same in the device
}

var _ Metered = (*Bills)(nil)

// NewBilling checks the configuration, has the tariffs approved, and for an encrypted workload makes master keys and
// the table of discrete logarithms, which takes up to seconds unless it is kept from before, and then needs not be made
// by a device with a cap. It fails where results might be beyond the reach of the table.
func NewBilling(ctx context.Context, config Config) (*Bills, error) {
	config.Channels = max(1, config.Channels)
	if err := config.Validate(); err != nil {
		return nil, err
	}
	b := &Bills{config: config}
	if err := b.open(ctx); err != nil {
		return nil, fmt.Errorf("billing: %w", err)
	}
	return b, nil
}

// open makes the readings' keys, the tariffs and the gateway, here or in the device.
func (b *Bills) open(ctx context.Context) (err error) {
	if b.readings, err = NewReadings(ctx, b.config.billed()); err != nil {
		return err
	}
	if e := b.config.Equipment; e != nil {
		b.serves = *e.Gateway
	} else if err := b.equip(); err != nil {
		return err
	}
	b.gateway, err = gateway.New(ctx, b.serves, b.config.Tables) // which also keeps the table for a device
	b.biller = b.gateway
	if err == nil && b.config.Device != nil {
		b.biller, err = b.config.Device.OpenGateway(ctx, b.serves)
	}
	return err
}

// equip has the tariffs approved that the gateway bills by.
func (b *Bills) equip() (err error) {
	fleet := b.config.Fleet.Config()
	b.serves = gateway.Config{ID: fleet.Prefix + "-gw", Seed: fleet.Seed}
	b.readings.gateway = b.serves.ID
	var keys *authority.Authority
	if b.readings.kind == reading.Encrypted {
		keys = b.readings.cipher.(vectors).authority
		b.serves.Public = keys.Public()
	}
	b.serves.Tariffs, err = b.config.makeTariffs(keys, b.readings.params)
	return err
}

// SetUp returns the transactions that must be on the ledger of a channel before any other, each committed
// before the next: those of the readings, the gateway and the approved functions.
func (b *Bills) SetUp(channel int) ([]bench.Transaction, error) {
	all, err := b.readings.SetUp(channel)
	if err != nil {
		return nil, err
	}
	registration, err := b.gateway.Registration()
	if err != nil {
		return nil, err
	}
	wire, err := registration.Marshal()
	if err != nil {
		return nil, err
	}
	all = append(all, bench.Transaction{Function: reading.FnRegisterGateway, Args: [][]byte{wire}, Channel: channel})
	encoded := make([][]byte, len(b.serves.Tariffs))
	for i := range b.serves.Tariffs {
		if encoded[i], err = b.serves.Tariffs[i].Function.Marshal(); err != nil {
			return nil, err
		}
	}
	return append(all, lists(reading.FnApprove, channel, encoded)...), nil
}

// Prepare makes the ciphertexts that the preloaded readings share. It comes before Preload.
func (b *Bills) Prepare(ctx context.Context, _ int, progress func(done, total int)) (result.Preparation, error) {
	if b.config.Equipment != nil {
		return result.Preparation{}, nil // another process preloads
	}
	return b.readings.Prepare(ctx, 0, progress)
}

// Preload implements Workload: it puts the readings to be billed on the ledger.
func (b *Bills) Preload(ctx context.Context, channel int) iter.Seq2[bench.Transaction, error] {
	return func(yield func(bench.Transaction, error) bool) {
		var wires [][]byte
		size := 0
		flush := func() bool {
			tx := bench.Transaction{Function: reading.FnPutList, Args: [][]byte{reading.MarshalList(wires)}, Channel: channel}
			wires, size = nil, 0
			return yield(tx, nil)
		}
		meters := b.config.Fleet.Config().Meters
		for number := range b.perMeter() {
			for m := channel; m < meters; m += b.readings.config.Channels {
				tx, err := b.readings.Transaction(ctx, number*uint64(meters)+uint64(m))
				if err != nil {
					yield(bench.Transaction{}, fmt.Errorf("readings to bill: %w", err))
					return
				}
				wires, size = append(wires, tx.Args[0]), size+len(tx.Args[0])
				if (len(wires) == maxBatch || size >= maxBatchBytes) && !flush() {
					return
				}
			}
		}
		if len(wires) > 0 {
			flush()
		}
	}
}

// perMeter returns how many readings of each meter are on the ledger before the load.
func (b *Bills) perMeter() uint64 { return uint64(b.config.Readings * periods) }

// Preloaded implements Workload: the readings on the ledgers of all channels.
func (b *Bills) Preloaded() uint64 { return b.perMeter() * uint64(b.config.Fleet.Config().Meters) }

// bill returns what the transaction at a position bills.
func (b *Bills) bill(at uint64) (meter int, from uint64, tariff uint64) {
	meters, tariffs := uint64(b.config.Fleet.Config().Meters), uint64(len(b.serves.Tariffs))
	round := at / meters
	return int(at % meters), round / tariffs * uint64(b.config.Readings), round % tariffs
}

// Transaction returns the transaction with that sequence number: the same bill every time.
func (b *Bills) Transaction(ctx context.Context, seq uint64) (bench.Transaction, error) {
	if seq < b.config.First {
		return bench.Transaction{}, fmt.Errorf("transaction %d: the workload begins with %d", seq, b.config.First)
	}
	meter, from, tariff := b.bill(seq - b.config.First)
	if from >= b.perMeter() {
		sent := &bench.ExhaustedError{What: fmt.Sprintf("all %d bills were sent", b.config.Most()), Remedy: "use more meters"}
		return bench.Transaction{}, fmt.Errorf("transaction %d: %w", seq, sent)
	}
	id, channel := b.config.Fleet.ID(meter), meter%b.readings.config.Channels
	wire, spent, err := b.compute(ctx, channel, id, from, int(tariff))
	if err != nil {
		return bench.Transaction{}, fmt.Errorf("transaction %d: %w", seq, err)
	}
	return bench.Transaction{Function: reading.FnPutBill, Args: [][]byte{wire}, Channel: channel, Encrypt: spent, Once: reading.CodeBillDuplicate}, nil
}

func (b *Bills) compute(ctx context.Context, channel int, meter string, from uint64, tariff int) (wire []byte, spent time.Duration, err error) {
	readings, err := b.config.Ledger.Readings(ctx, channel, meter, from, from+uint64(b.config.Readings))
	if err != nil {
		return nil, 0, fmt.Errorf("read readings of meter %s: %w", meter, err)
	}
	if len(readings) != b.config.Readings {
		return nil, 0, fmt.Errorf("%d of %d readings of meter %s are on the ledger", len(readings), b.config.Readings, meter)
	}
	return b.biller.Bill(ctx, tariff, readings)
}

// Reading returns what the bill with that sequence number is about: the meter's id and the energy of the simulated
// readings that it covers, in Wh. With a bank of ciphertexts that is not the energy that they encrypt.
func (b *Bills) Reading(seq uint64) (meter string, wh uint64) {
	index, from, _ := b.bill(seq - b.config.First)
	meters := uint64(b.config.Fleet.Config().Meters)
	for number := from; number < from+uint64(b.config.Readings); number++ {
		_, energy := b.readings.Reading(number*meters + uint64(index))
		wh += energy
	}
	return b.config.Fleet.ID(index), wh
}

// Recorded returns the meter's id in the trace that bills do not follow: none.
func (b *Bills) Recorded(uint64) (meter string) { return "" }

// Meters implements Workload.
func (b *Bills) Meters() *meter.Fleet { return b.config.Fleet }

// Check implements Workload: the contract has compared each bill with the ledger.
func (b *Bills) Check(context.Context, int) (compared int, err error) { return 0, nil }

// maxTariffs is the greatest number of tariffs of a workload.
const maxTariffs = 4000

// tariff returns one of the tariffs: one price for the middle half of a reading's values, the day, and another for the
// rest, the night; readings too short for fe.MinClass values of each have one price. All tariffs have the same hours, so
// that their keys together reveal no more than the energy of day and night. Prices are small numbers, below the bound.
func tariff(i int, fleet meter.Config) (name string, weights []int64) {
	night := min(1+int64(i%7), fleet.Bound)
	day := min(night+1+int64(i/7%5), fleet.Bound)
	weights = make([]int64, fleet.Length)
	quarter := fleet.Length / 4
	if min(2*quarter, fleet.Length-2*quarter) < fe.MinClass {
		quarter = 0
	}
	for v := range weights {
		weights[v] = night
		if quarter > 0 && v >= quarter && v < fleet.Length-quarter {
			weights[v] = day
		}
	}
	return fmt.Sprintf("tariff-%04d", i), weights
}

// makeTariffs returns the tariffs of the workload. An authority, nil for plaintext, approves them, and their
// results must be within the reach of the tables.
func (c Config) makeTariffs(keys *authority.Authority, params fe.Params) (all []gateway.Tariff, err error) {
	if keys != nil && c.Tables == nil {
		return nil, errors.New("encrypted readings need tables of discrete logarithms")
	}
	fleet := c.Fleet.Config()
	all = make([]gateway.Tariff, c.tariffs())
	for i := range all {
		name, weights := tariff(i, fleet)
		from := fleet.Start.Truncate(time.Second)
		if keys == nil {
			all[i].Function = reading.Function{Bound: fleet.Bound, From: from, Tariff: name, Weights: weights}
			all[i].Hash, err = all[i].Function.Hash()
		} else if err = c.Tables.Check(params, weights); err == nil {
			var approval authority.Approval
			approval, err = keys.Approve(authority.Tariff{Name: name, From: from, Weights: weights})
			all[i] = gateway.Tariff(approval)
		}
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
