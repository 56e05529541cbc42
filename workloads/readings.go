// Package workloads makes the transactions that are measured.
//
// Data flow: Readings turns the sequence number of a transaction into a meter and a reading number, has the
// fleet measure, pads or encrypts the values or takes a ready ciphertext, has the meter sign, and hands the
// engine a bench.Transaction for the contract "readings". Bills turns it into a meter, a period and a tariff,
// has the gateway read the readings from the ledger, compute the bill and sign it. SetUp and Preload return
// what must be on the ledger before the load. Kinds is the table of all workload kinds.
package workloads

import (
	"context"
	"errors"
	"fmt"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/simulators/authority"
	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// Config says what a workload is made of. Length and bound of the encrypted vectors are those of the fleet;
// under a scheme without an authority the fleet's readings have a single value, and its meters are a multiple
// of Length times Channels.
type Config struct {
	Options
	Fleet    *meter.Fleet
	First    uint64     // sequence number of the first transaction
	Channels int        // over which the meters are spread, index mod Channels; 0 is 1
	Source   Source     // where not nil, says which meter of the fleet reports what
	Device   Device     // where not nil, makes the readings, which are encrypted inline, and the bills
	Ledger   Ledger     // of bills, and of readings that are checked
	Tables   *fe.Tables // of discrete logarithms, likewise
	Duty     Duty       // of this process, where others make parts of the load
	// Equipment, where not nil, is that of a workload in another process, whose keys are on the ledger. Then there is no set-up, and
	// nothing is checked.
	Equipment *Equipment
}

// A Source gives readings that were not simulated.
type Source interface {
	// Reading returns the meter, by its index in the fleet, the number and the values of the transaction at
	// that position, from 0. No meter has a number twice.
	Reading(at uint64) (meter int, number uint64, values reading.Values)
	// Meter returns the id that the source has for the meter with an index in the fleet.
	Meter(index int) string
}

// Readings is the workload in which meters submit readings. Transaction First+i is the Source's reading i, or
// without one reading i/N of meter i mod N, where the fleet has N meters. So no transaction shares a reading
// with another, in whatever order they come.
type Readings struct {
	config Config
	kind   reading.Kind
	params fe.Params // padded and encrypted
	cipher cipher    // encrypted; nil where the keys are another process's
	ready  [][]byte  // ciphertexts made by Prepare; nil for those that it leaves to other processes
	late   late      // of these

	equipment meter.SensorsConfig

	gateway string         // that may bill the meters, by its id
	sensors *meter.Sensors // nil: they are in a device
	maker   meter.Maker    // the sensors, or those in the device
}

var _ Metered = (*Readings)(nil)

// NewReadings checks the configuration and, for an encrypted workload, makes fresh master keys, which takes
// up to seconds at 4096 bits and up to a minute for paillier.
func NewReadings(ctx context.Context, config Config) (*Readings, error) {
	config.Channels = max(1, config.Channels)
	if err := config.Validate(); err != nil {
		return nil, err
	}
	r := &Readings{config: config, params: config.params()}
	if err := r.open(ctx); err != nil {
		return nil, fmt.Errorf("workload %s: %w", config.kind, err)
	}
	return r, nil
}

// open makes the workload's keys and its sensors, here or in the device.
func (r *Readings) open(ctx context.Context) (err error) {
	if e := r.config.Equipment; e != nil {
		r.equipment = e.Sensors
	} else if err := r.equip(ctx); err != nil {
		return err
	}
	r.kind = r.equipment.Kind
	if r.config.Device != nil {
		r.maker, err = r.config.Device.OpenSensors(ctx, r.config.Fleet.Config(), r.equipment)
		return err
	}
	r.sensors, err = r.config.Fleet.Sensors(r.equipment)
	r.maker = r.sensors
	return err
}

// equip makes the workload's keys, and what its sensors hold of them.
func (r *Readings) equip(ctx context.Context) (err error) {
	switch r.config.kind {
	case result.Plain:
		r.equipment.Kind = reading.Plain
		return nil
	case result.Padded:
		r.equipment.Kind, r.equipment.Size = reading.Padded, r.params.CiphertextSize()
		return nil
	}
	r.equipment.Kind = reading.Encrypted
	if r.config.grouped() {
		r.cipher, err = newGroups(ctx, r.params, r.config)
	} else {
		var keys *authority.Authority
		keys, err = authority.New(ctx, authority.Config{Params: r.params, Reveal: r.config.Reveal})
		r.cipher = vectors{keys}
	}
	if err != nil {
		return err
	}
	return r.cipher.seal(&r.equipment)
}

// Transaction returns the transaction with that sequence number: the same reading every time.
func (r *Readings) Transaction(ctx context.Context, seq uint64) (bench.Transaction, error) {
	if err := ctx.Err(); err != nil {
		return bench.Transaction{}, err
	}
	if seq < r.config.First {
		return bench.Transaction{}, fmt.Errorf("transaction %d: the workload begins with %d", seq, r.config.First)
	}
	at := seq - r.config.First
	meter, number, reported := r.reading(at)
	var wire []byte
	var spent time.Duration
	var err error
	if r.kind == reading.Encrypted && r.config.Encryption.Mode != result.EncryptInline {
		var ciphertext []byte
		if ciphertext, spent, err = r.ciphertext(at); err == nil {
			wire, err = r.sensors.Seal(meter, number, ciphertext)
		}
	} else {
		wire, spent, err = r.maker.Reading(ctx, meter, number, reported)
	}
	if err != nil {
		return bench.Transaction{}, fmt.Errorf("transaction %d: %w", seq, err)
	}
	return bench.Transaction{Function: reading.FnPut, Args: [][]byte{wire}, Channel: meter % r.config.Channels, Encrypt: spent, Once: reading.CodeDuplicate}, nil
}

// reading returns which reading the workload's transaction at that position is, and what the source reports,
// nil without one.
func (r *Readings) reading(at uint64) (meter int, number uint64, reported *reading.Values) {
	if r.config.Source != nil {
		meter, number, values := r.config.Source.Reading(at)
		return meter, number, &values
	}
	meters := uint64(r.config.Fleet.Config().Meters)
	return int(at % meters), at / meters, nil
}

// Reading returns what the transaction with that sequence number reports: the meter's id and the energy of
// all its values, in Wh.
func (r *Readings) Reading(seq uint64) (meter string, wh uint64) {
	index, number, reported := r.reading(seq - r.config.First)
	if reported == nil {
		return r.config.Fleet.ID(index), uint64(r.total(index, number))
	}
	for _, value := range reported.Wh {
		wh += uint64(value)
	}
	return r.config.Fleet.ID(index), wh
}

// Recorded returns the id that the source of the transaction with that sequence number has for its meter, which on the
// ledger has the id that Reading returns: none where the meter is simulated.
func (r *Readings) Recorded(seq uint64) (meter string) {
	if r.config.Source == nil {
		return ""
	}
	index, _, _ := r.reading(seq - r.config.First)
	return r.config.Source.Meter(index)
}

// ciphertext returns the ciphertext made before the load for the transaction at that position. Those made ahead
// are used again by transactions beyond what was planned, as a load sends them when it runs out. One that was left to another process is
// made, which takes the time that is returned.
func (r *Readings) ciphertext(at uint64) ([]byte, time.Duration, error) {
	n := uint64(len(r.ready))
	if n == 0 {
		return nil, 0, errors.New("no ciphertexts are ready; prepare the workload first")
	}
	at %= n
	if made := r.ready[at]; made != nil {
		return made, 0, nil
	}
	return r.late.get(at, func() ([]byte, error) {
		meter, number, reported := r.reading(at)
		ciphertext, _, err := r.sensors.Payload(meter, number, reported)
		return ciphertext, err
	})
}

// traceSource is a Source of what the meters of a trace reported. Every load level follows the trace's first
// rows from the beginning.
type traceSource struct {
	trace    *arrival.Trace
	interval time.Duration
	rows     []traceRow
	count    []uint64 // by meter, of its rows
	total    []uint64 // by meter, of its values
}

// A traceRow holds what the rows before it add up to.
type traceRow struct {
	number   uint64 // of the meter's rows
	register uint64 // of the meter's values, this one included
}

// newTraceSource takes the given number of rows, whose values are at least 0.
func newTraceSource(trace *arrival.Trace, rows int, interval time.Duration) *traceSource {
	r := &traceSource{
		trace: trace, interval: interval, rows: make([]traceRow, rows),
		count: make([]uint64, trace.Meters()), total: make([]uint64, trace.Meters()),
	}
	for i := range r.rows {
		row := trace.Row(i)
		r.total[row.Meter] += uint64(row.Wh)
		r.rows[i] = traceRow{number: r.count[row.Meter], register: r.total[row.Meter]}
		r.count[row.Meter]++
	}
	return r
}

// Meter implements Source.
func (r *traceSource) Meter(index int) string { return r.trace.Meter(index) }

// Reading implements Source.
func (r *traceSource) Reading(at uint64) (meter int, number uint64, values reading.Values) {
	level, i := at/uint64(len(r.rows)), at%uint64(len(r.rows))
	row := r.trace.Row(int(i))
	return row.Meter, level*r.count[row.Meter] + r.rows[i].number, reading.Values{
		Interval: r.interval,
		Register: level*r.total[row.Meter] + r.rows[i].register,
		Wh:       []int64{row.Wh},
	}
}
