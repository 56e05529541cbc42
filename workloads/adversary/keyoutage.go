package adversary

import (
	"context"
	"errors"
	"time"

	"meterbench/bench/result"
	"meterbench/simulators/pki"
)

// KeyOutages tries what is done with meters' keys on a ledger while processes of its network are down. Meters are
// registered before, as many as all outages take.
type KeyOutages struct {
	stage *keyStage
	next  uint64 // attempt
}

// The meters of outages, by what becomes of them.
const (
	turned = "turned" // rotated
	ended  = "ended"  // revoked
)

// NewKeyOutages registers meters for so many outages.
func NewKeyOutages(ctx context.Context, config KeysConfig, outages int) (*KeyOutages, error) {
	s := &keyStage{KeysConfig: config}
	var list []pki.Registration
	for i := range uint64(outages * config.Attempts) {
		for _, role := range []string{turned, ended} {
			r, err := s.registration(role, i)
			if err != nil {
				return nil, err
			}
			if list = append(list, r); len(list) < pki.MaxBatch {
				continue
			}
			if _, err := register(ctx, s.As.Registrar, list...); err != nil {
				return nil, err
			}
			list = nil
		}
	}
	if len(list) > 0 {
		if _, err := register(ctx, s.As.Registrar, list...); err != nil {
			return nil, err
		}
	}
	return &KeyOutages{stage: s}, nil
}

// Try does all that is done with keys while processes of that role are down, or none.
func (o *KeyOutages) Try(ctx context.Context, down result.Role, nodes ...string) []result.Outage {
	s := o.stage
	first := o.next
	o.next += uint64(s.Attempts)
	return Without(ctx, result.SystemLedger, down, nodes, []Deed{
		{result.OpLookup, 0, func(ctx context.Context, i uint64) error {
			_, err := s.lookUp(ctx, s.id(turned, i))
			return err
		}},
		{result.OpVerifyQuery, 0, s.signed(turned, time.Time{})},
		{result.OpVerifySubmit, 0, s.verifySubmit},
		{result.OpRegister, 0, s.registerNew},
		{result.OpRotate, 0, s.turn},
		{result.OpRevoke, 0, s.revokeFirst(s.As.Registrar, ended)},
	}, first, s.Attempts)
}

// registerNew registers a meter and asks for nothing more.
func (s *keyStage) registerNew(ctx context.Context, i uint64) error {
	r, err := s.registration("new", i)
	if err == nil {
		_, err = register(ctx, s.As.Registrar, r)
	}
	return err
}

// verifySubmit has a signature verified by a transaction.
func (s *keyStage) verifySubmit(ctx context.Context, i uint64) error {
	key, err := s.signer(turned, i, 1)
	if err != nil {
		return err
	}
	args, err := verifyArgs(s.id(turned, i), key, message, time.Time{})
	if err != nil {
		return err
	}
	return invoke(ctx, s.As.Registrar, pki.FnVerify, args...)
}

// turn replaces a meter's key as its owner.
func (s *keyStage) turn(ctx context.Context, i uint64) error {
	old, err1 := s.signer(turned, i, 1)
	next, err2 := s.signer(turned, i, 2)
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	_, err := s.rotate(ctx, s.As.Registrar, s.id(turned, i), 1, old, next)
	return err
}
