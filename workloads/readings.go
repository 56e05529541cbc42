// Package workloads makes the transactions that are measured.
//
// Data flow: Readings turns the sequence number of a transaction into a meter
// and a reading number, has the fleet measure, pads or encrypts the values or
// takes a ciphertext made before, has the meter sign, and hands the engine a
// bench.Transaction for the contract "readings". Billing turns it into a meter,
// a period and a tariff, has the gateway read the readings from the ledger,
// compute the bill and sign it. SetUp and Stock say what has to be on the ledger
// before.
package workloads

import (
	"context"
	"errors"
	"fmt"
	"time"

	"meterbench/bench"
	"meterbench/simulators/authority"
	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// A Config says what a transaction is. Length and bound of the encrypted
// vectors are those of the fleet.
type Config struct {
	Kind   string // plain, padded or encrypted
	Scheme string // padded and encrypted: one of fe.Schemes()
	Bits   int    // padded and encrypted: one of fe.Sizes(Scheme)
	Fleet  *meter.Fleet
	// Group is, for a scheme without an authority, how many meters agree on keys
	// and have their values of an interval added up. The fleet's readings then
	// have a single value, and its meters are a multiple of Group times Channels.
	Group int
	// Reveal lets the key authority, or the members of a group, issue keys that
	// reveal single values.
	Reveal bool
	First  uint64 // sequence number of the first transaction
	// Encryption says when ciphertexts are made (encrypted only): inline, in
	// the transaction; ahead, every one before the load; bank, Bank of them
	// before the load, each used again and again.
	Encryption string
	Bank       int
	Verify     bool // register the meters so that the contract verifies their signatures
	Channels   int  // over which the meters are spread, index mod Channels; 0 is 1
	// Source, where not nil, says which meter of the fleet reports what.
	Source Source
	// Device, where not nil, makes the readings, which are encrypted inline.
	Device Device
}

// A Source gives readings that were not simulated.
type Source interface {
	// Reading returns the meter, by its index in the fleet, the number and the
	// values of the transaction at that position, from 0. No meter has a number
	// twice.
	Reading(at uint64) (meter int, number uint64, values reading.Values)
}

// Readings is the workload in which meters submit readings. Transaction
// First+i is the Source's reading i, or without one reading i/N of meter i mod
// N, where the fleet has N meters. So no transaction shares a reading with
// another, in whatever order they come.
type Readings struct {
	config Config
	kind   reading.Kind
	params fe.Params // padded and encrypted
	cipher cipher    // encrypted
	ready  [][]byte  // ciphertexts made by Prepare
	// sensors make the readings in a device; nil: they are made here.
	sensors Sensors
}

var _ bench.Workload = (*Readings)(nil)

// NewReadings checks the configuration and, for an encrypted workload, makes
// fresh master keys, which takes up to seconds at 4096 bits and up to a minute
// for paillier.
func NewReadings(ctx context.Context, config Config) (*Readings, error) {
	r, err := newReadings(ctx, config)
	if err == nil && config.Device != nil {
		if err = r.open(ctx); err != nil {
			err = fmt.Errorf("workload %s: %w", config.Kind, err)
		}
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// newReadings is NewReadings without a device.
func newReadings(ctx context.Context, config Config) (*Readings, error) {
	config.Channels = max(1, config.Channels)
	if err := config.Validate(); err != nil {
		return nil, err
	}
	r := &Readings{config: config, params: config.params()}
	switch config.Kind {
	case "plain":
		r.kind = reading.Plain
		return r, nil
	case "padded":
		r.kind = reading.Padded
		return r, nil
	}
	r.kind = reading.Encrypted
	var err error
	if config.grouped() {
		r.cipher, err = newGroups(ctx, r.params, config)
	} else {
		r.cipher, err = newVectors(ctx, authority.Config{Params: r.params, Reveal: config.Reveal})
	}
	if err != nil {
		return nil, fmt.Errorf("workload %s: %w", config.Kind, err)
	}
	return r, nil
}

// Transaction returns the transaction with that sequence number: the same
// reading whenever it is asked for.
func (r *Readings) Transaction(ctx context.Context, seq uint64) (bench.Transaction, error) {
	if err := ctx.Err(); err != nil {
		return bench.Transaction{}, err
	}
	if seq < r.config.First {
		return bench.Transaction{}, fmt.Errorf("transaction %d: the workload begins with %d", seq, r.config.First)
	}
	at := seq - r.config.First
	meter, number := r.reading(at)
	fleet := r.config.Fleet
	if number >= fleet.Limit() {
		return bench.Transaction{}, fmt.Errorf("transaction %d: meter %s has made all its %d readings; use more meters", seq, fleet.ID(meter), fleet.Limit())
	}
	var wire []byte
	var spent time.Duration
	var err error
	if r.sensors != nil {
		wire, spent, err = r.sealed(ctx, at)
	} else {
		wire, spent, err = r.wire(at)
	}
	if err != nil {
		return bench.Transaction{}, fmt.Errorf("transaction %d: %w", seq, err)
	}
	return bench.Transaction{Function: reading.FnPut, Args: [][]byte{wire}, Channel: meter % r.config.Channels, Encrypt: spent}, nil
}

// wire returns the signed reading at that position in wire form, and how long
// its encryption took just now.
func (r *Readings) wire(at uint64) (wire []byte, spent time.Duration, err error) {
	meter, number := r.reading(at)
	fleet := r.config.Fleet
	signed := reading.Reading{Kind: r.kind, Meter: fleet.ID(meter), Number: number, Time: fleet.End(meter, number)}
	if signed.Payload, spent, err = r.payload(at); err != nil {
		return nil, 0, err
	}
	if err := fleet.Sign(meter, &signed); err != nil {
		return nil, 0, err
	}
	wire, err = signed.Marshal()
	return wire, spent, err
}

// reading returns which reading the workload's transaction at that position is.
func (r *Readings) reading(at uint64) (meter int, number uint64) {
	if r.config.Source != nil {
		meter, number, _ = r.config.Source.Reading(at)
		return meter, number
	}
	meters := uint64(r.config.Fleet.Config().Meters)
	return int(at % meters), at / meters
}

// Reading returns what the transaction with that sequence number reports: the
// meter's id and the energy of all its values, in Wh.
func (r *Readings) Reading(seq uint64) (meter string, wh uint64) {
	at := seq - r.config.First
	index, _ := r.reading(at)
	for _, value := range r.values(at).Wh {
		wh += uint64(value)
	}
	return r.config.Fleet.ID(index), wh
}

// values returns what was measured for the transaction at that position.
func (r *Readings) values(at uint64) reading.Values {
	if r.config.Source != nil {
		_, _, values := r.config.Source.Reading(at)
		return values
	}
	meter, number := r.reading(at)
	values, _ := r.config.Fleet.Values(meter, number)
	return values
}

// encrypted returns the ciphertext of the values at that position.
func (r *Readings) encrypted(at uint64) ([]byte, error) {
	meter, number := r.reading(at)
	ciphertext, err := r.cipher.encrypt(meter, number, r.values(at).Wh)
	if err != nil {
		return nil, fmt.Errorf("encrypt reading %d of meter %s: %w", number, r.config.Fleet.ID(meter), err)
	}
	return ciphertext, nil
}

// payload returns the payload of the transaction at that position and how long
// its encryption took just now.
func (r *Readings) payload(at uint64) ([]byte, time.Duration, error) {
	switch {
	case r.kind == reading.Plain:
		return r.values(at).Marshal(), 0, nil
	case r.kind == reading.Padded:
		payload, err := r.values(at).MarshalPadded(r.params.CiphertextSize())
		return payload, 0, err
	case r.config.Encryption == "inline":
		start := time.Now()
		ciphertext, err := r.encrypted(at)
		return ciphertext, time.Since(start), err
	case len(r.ready) == 0:
		return nil, 0, errors.New("no ciphertexts are ready; prepare the workload first")
	case r.config.Encryption == "bank":
		return r.ready[at%uint64(len(r.ready))], 0, nil
	case at < uint64(len(r.ready)):
		return r.ready[at], 0, nil
	}
	return nil, 0, fmt.Errorf("only %d ciphertexts were made ahead", len(r.ready))
}
