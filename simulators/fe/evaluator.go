package fe

import (
	"context"
	"errors"
	"fmt"
	"math/big"
)

// A cipherGroup is the group of a scheme's ciphertexts, with elements E and a generator g.
type cipherGroup[E any] interface {
	// decode decodes an element of a ciphertext. It refuses what is visibly none.
	decode(octets []byte) (E, error)
	// checkSecret checks that a number may be a secret of a key.
	checkSecret(k *big.Int) error
	// combine returns g^(x·y): the product of the values' elements, each to the power of its weight, divided
	// by that of the heads, each to the power of its secret.
	combine(elements []E, key Key) (E, error)
}

// A solver finds the exponents of g.
type solver[E any] interface {
	// find returns the z with g^z = target and |z| <= bound, ErrNoResult if there is none, or the context's error.
	find(ctx context.Context, target E, bound int64) (int64, error)
	reach() int64        // the largest bound that find may be asked for
	origin() TableOrigin // of its table; zero without one
}

// A cipherEvaluator evaluates the schemes whose ciphertext is a number of heads, one for each secret in a
// key, followed by one element for each value.
type cipherEvaluator[E any] struct {
	params Params
	group  cipherGroup[E]
	solver solver[E]
}

// newLogEvaluator makes the evaluator of a scheme whose results are discrete logarithms.
func newLogEvaluator[E any](ctx context.Context, p Params, group interface {
	cipherGroup[E]
	logGroup[E]
}, tables *Tables) (Evaluator, error) {
	logs, err := tableOf(ctx, tables, logGroup[E](group))
	if err != nil {
		return nil, err
	}
	return &cipherEvaluator[E]{p, group, logs}, nil
}

func (e *cipherEvaluator[E]) Table() TableOrigin { return e.solver.origin() }

func (e *cipherEvaluator[E]) Evaluate(ctx context.Context, ciphertext []byte, key Key) (int64, error) {
	if err := e.checkKey(key); err != nil {
		return 0, fmt.Errorf("fe: evaluate: key: %w", err)
	}
	if err := e.params.checkReach(key.Function, e.solver.reach()); err != nil {
		return 0, err
	}
	if err := ctx.Err(); err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	target, err := e.open(ciphertext, key)
	var z int64
	if err == nil {
		z, err = e.solver.find(ctx, target, e.params.reach(key.Function))
	}
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	return z, nil
}

// checkKey checks a key against the parameters, and its secrets against the group.
func (e *cipherEvaluator[E]) checkKey(key Key) error {
	if p := e.params; key.Params != p {
		return fmt.Errorf("made for %v with bound %d, the evaluator for %v with bound %d", key.Params, key.Params.Bound, p, p.Bound)
	}
	if err := e.params.checkVector(key.Function); err != nil {
		return err
	}
	if heads := e.params.header().Elements() - e.params.Length; len(key.Secrets) != heads {
		return fmt.Errorf("%d secrets; %s has %d", len(key.Secrets), e.params.Scheme, heads)
	}
	for i, k := range key.Secrets {
		if k == nil {
			return fmt.Errorf("secret %d is missing", i)
		}
		if err := e.group.checkSecret(k); err != nil {
			return fmt.Errorf("secret %d is %w", i, err)
		}
	}
	return nil
}

// open decodes a ciphertext and returns g^(x·y).
func (e *cipherEvaluator[E]) open(ciphertext []byte, key Key) (none E, err error) {
	octets, err := e.params.open(ciphertext)
	if err != nil {
		return none, err
	}
	elements := make([]E, len(octets))
	for i := range octets {
		if elements[i], err = e.group.decode(octets[i]); err != nil {
			return none, fmt.Errorf("element %d of the ciphertext: %w", i, err)
		}
	}
	return e.group.combine(elements, key)
}

// checkBelow checks that a secret is a number modulo the order of a group.
func checkBelow(k, order *big.Int) error {
	if k.Sign() < 0 || k.Cmp(order) >= 0 {
		return errors.New("negative or not below the order of the group")
	}
	return nil
}
