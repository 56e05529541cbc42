// Package adversary plays those who try to cheat a metering system whose readings are encrypted, signed by
// meters and billed from the ledger: someone between meter and ledger, a meter that went astray, and a
// gateway that bills another function or another amount than was approved, bills readings twice or too early, or
// asks for keys that would tell single values.
//
// Data flow: Probe makes a key authority, a gateway and meters of its own on a ledger, has them do honestly
// what they are there for, tries every kind of forgery in between, and counts what the contract, and of bills
// a verifier, made of it. ProbeKeys does likewise with the keys of meters on a ledger that is their public-key infrastructure,
// and KeyOutages with what works while a part of its network is down. Try and Without count attempts on any system.
package adversary

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/refusal"
	"meterbench/simulators/authority"
	"meterbench/simulators/fe"
	"meterbench/simulators/gateway"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
	"meterbench/simulators/verifier"
)

// A Ledger is the live network: one channel with the contract "readings", used as the operator.
type Ledger interface {
	// Invoke submits a transaction and returns once it is committed as valid. The error of one that the
	// contract refused holds a *refusal.Refusal.
	Invoke(ctx context.Context, function string, args ...[]byte) error
	// Evaluate asks the contract and changes nothing.
	Evaluate(ctx context.Context, function string, args ...[]byte) ([]byte, error)
}

// A Config describes the attempts.
type Config struct {
	Ledger   Ledger
	Channel  string     // of the ledger
	Seed     uint64     // of meters, readings and signing keys
	Params   fe.Params  // of a scheme with an authority, for vectors of a multiple of 2*fe.MinClass values
	Tables   *fe.Tables // where discrete logarithms are looked up
	Attempts int        // of each kind, at least 1
	Prefix   string     // of the ids of its meters and gateway, unique on the ledger
	Start    time.Time  // when its meters begin to measure, in whole seconds
}

// The meters.
const (
	own       = iota // whose readings are billed
	neighbour        // registered as well
	unknown          // the first that is not registered
	meters
)

// A stage is the network and the parties of the attempts.
type stage struct {
	Config
	authority *authority.Authority
	fleet     *meter.Fleet
	sensors   *meter.Sensors
	gateway   *gateway.Gateway  // computes and signs bills
	stranger  *ecdsa.PrivateKey // belongs to no one on the ledger
	day, peak gateway.Tariff    // both approved
	later     gateway.Tariff    // approved, and valid from a moment within the first reading on
	verifier  verifier.Verifier
	accepted  [][]byte // readings on the ledger, in wire form
	next      uint64   // the first reading that no bill covers
	billed    []uint64 // the first reading of each honest bill
}

// Probe tries every kind of forgery. Its error is that of a ledger that did not answer, or of an impossible
// configuration; the result of all earlier attempts comes along.
func Probe(ctx context.Context, config Config) (result.Integrity, error) {
	s := &stage{Config: config}
	if err := s.prepare(ctx); err != nil {
		return result.Integrity{}, fmt.Errorf("integrity: prepare: %w", err)
	}
	return Try(ctx, result.SystemLedger, s.kinds(), Design{}, config.Attempts)
}

// prepare sets the stage: parameters, functions, the gateway and the meters are put on the ledger by the operator.
func (s *stage) prepare(ctx context.Context) (err error) {
	if s.authority, err = authority.New(ctx, authority.Config{Params: s.Params}); err != nil {
		return err
	}
	public := s.authority.Public()
	s.fleet, err = meter.NewFleet(meter.Config{
		Seed: s.Seed, Meters: meters, Prefix: s.Prefix, Channels: []string{s.Channel},
		Interval: 15 * time.Minute, Start: s.Start, Length: s.Params.Length, Bound: s.Params.Bound,
	})
	if err != nil {
		return err
	}
	if s.sensors, err = s.fleet.Sensors(meter.SensorsConfig{Kind: reading.Encrypted, Public: public}); err != nil {
		return err
	}
	if s.gateway, err = gateway.New(ctx, gateway.Config{ID: s.Prefix + "-gw", Seed: s.Seed, Public: public}, s.Tables); err != nil {
		return err
	}
	if s.stranger, err = meter.DeriveKey(s.Seed, "adversary stranger"); err != nil {
		return err
	}
	functions := make([][]byte, 3)
	if s.day, functions[0], err = s.approve("day", s.Start, 1); err != nil {
		return err
	}
	if s.peak, functions[1], err = s.approve("peak", s.Start, 1, 2); err != nil {
		return err
	}
	within := s.fleet.End(own, 0).Add(-time.Second)
	if s.later, functions[2], err = s.approve("later", within, 3); err != nil {
		return err
	}
	s.verifier.Ledger, s.verifier.Channel, s.verifier.Key = ledgerView{s.Ledger}, s.Channel, s.day.Key
	if s.verifier.Evaluator, err = fe.NewEvaluator(ctx, public, s.Tables); err != nil {
		return err
	}
	return s.register(ctx, functions)
}

// approve has the authority issue the key of a function with these weights, over and over, that is valid from then on. It
// also returns the function in wire form.
func (s *stage) approve(name string, from time.Time, weights ...int64) (t gateway.Tariff, wire []byte, err error) {
	weights = slices.Repeat(weights, s.Params.Length)[:s.Params.Length]
	approval, err := s.authority.Approve(authority.Tariff{Name: name, From: from, Weights: weights})
	if err == nil {
		wire, err = approval.Function.Marshal()
	}
	return gateway.Tariff(approval), wire, err
}

// register puts on the ledger what must be there before a reading.
func (s *stage) register(ctx context.Context, functions [][]byte) error {
	registered, err := s.gateway.Registration()
	if err != nil {
		return err
	}
	wire, err := registered.Marshal()
	if err != nil {
		return err
	}
	registrations := make([]reading.Registration, unknown)
	for m := range registrations {
		if registrations[m], err = s.fleet.Registration(m); err != nil {
			return err
		}
		registrations[m].Verify, registrations[m].Gateway, registrations[m].Parameters = true, registered.ID, s.authority.Parameters()
	}
	batch, err := reading.MarshalRegistrations(registrations)
	if err != nil {
		return err
	}
	if s.verifier.Meter, err = reading.ParseKey(registrations[own].Key); err != nil {
		return err
	}
	s.verifier.Span = registrations[own].Span
	if s.verifier.Gateway, err = reading.ParseKey(registered.Key); err != nil {
		return err
	}
	for _, step := range []struct {
		function string
		arg      []byte
	}{
		{reading.FnSetParameters, reading.MarshalList([][]byte{s.authority.Public()})},
		{reading.FnApprove, reading.MarshalList(functions)},
		{reading.FnRegisterGateway, wire},
		{reading.FnRegister, batch},
	} {
		if err := s.Ledger.Invoke(ctx, step.function, step.arg); err != nil {
			return err
		}
	}
	return nil
}

// ledgerView shows a Ledger to a verifier.
type ledgerView struct{ ledger Ledger }

func (v ledgerView) Readings(ctx context.Context, meter string, from, to uint64) ([]reading.Reading, error) {
	list, err := v.ledger.Evaluate(ctx, reading.FnRange, []byte(meter), strconv.AppendUint(nil, from, 10), strconv.AppendUint(nil, to, 10))
	if err != nil {
		return nil, err
	}
	return reading.UnmarshalList(list)
}

func (v ledgerView) Function(ctx context.Context, hash reading.Hash) ([]byte, error) {
	return v.lookUp(ctx, reading.FnGetFunction, hash)
}

func (v ledgerView) Parameters(ctx context.Context, id reading.Hash) ([]byte, error) {
	return v.lookUp(ctx, reading.FnGetParameters, id)
}

// lookUp returns what the ledger has under a hash, or nil.
func (v ledgerView) lookUp(ctx context.Context, function string, hash reading.Hash) ([]byte, error) {
	value, err := v.ledger.Evaluate(ctx, function, []byte(hash.String()))
	refused, ok := errors.AsType[*refusal.Refusal](err)
	if ok && (refused.Code == reading.CodeNotApproved || refused.Code == reading.CodeNoParameters) {
		return nil, nil
	}
	return value, err
}

// submit hands a transaction to the ledger.
func (s *stage) submit(ctx context.Context, function string, wire []byte) error {
	return invoke(ctx, s.Ledger, function, wire)
}
