package fe

import (
	"context"
	"fmt"

	"meterbench/simulators/fe/codec"
)

// A scheme is one row of the table of schemes.
type scheme struct {
	id       codec.Scheme
	searches bool // for discrete logarithms, in Tables
	// A scheme without an authority leaves the rest nil. Parameters are valid
	// and keys have the size that follows from them, but are not validated.
	setup     func(context.Context, Params) (Authority, error)
	encryptor func(p Params, key []byte) (Encryptor, error)
	evaluator func(ctx context.Context, p Params, key []byte, tables *Tables) (Evaluator, error)
}

func (s scheme) name() string { return s.id.String() }

func schemes() []scheme {
	return []scheme{
		{codec.DDH, true, setupDDH, newDDHEncryptor, newDDHEvaluator},
		{codec.Damgard, true, setupDamgard, newDamgardEncryptor, newDamgardEvaluator},
		{codec.ECDDH, true, setupECDDH, newECDDHEncryptor, newECDDHEvaluator},
		{codec.Paillier, false, setupPaillier, newPaillierEncryptor, newPaillierEvaluator},
		{id: codec.DMCFE, searches: true},
	}
}

func schemeNamed(name string) (scheme, error) {
	for _, s := range schemes() {
		if s.name() == name {
			return s, nil
		}
	}
	return scheme{}, fmt.Errorf("fe: scheme %q is unknown; choose one of %v", name, Schemes())
}

func schemeWithAuthority(name string) (scheme, error) {
	s, err := schemeNamed(name)
	if err == nil && s.setup == nil {
		return scheme{}, fmt.Errorf("fe: scheme %s has no authority; its meters agree on keys themselves", name)
	}
	return s, err
}
