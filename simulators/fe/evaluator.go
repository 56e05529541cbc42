package fe

import (
	"context"
	"fmt"
	"math/big"
)

// A cipherGroup is a logGroup that ciphertexts are made in.
type cipherGroup[E any] interface {
	logGroup[E]
	order() *big.Int
	// decode returns an element of a ciphertext, as far as it is one.
	decode(octets []byte) (E, error)
	// combine returns g^(x·y): the product of the values' elements, each to the power of its weight,
	// divided by that of the heads, each to the power of its secret.
	combine(elements []E, key Key) (E, error)
}

// A logEvaluator evaluates the schemes whose ciphertext is a number of heads, one for each secret in
// a key, followed by one element for each value, and whose results are discrete logarithms.
type logEvaluator[E any] struct {
	params Params
	group  cipherGroup[E]
	heads  int
	logs   *logTable[E]
}

func newLogEvaluator[E any](ctx context.Context, p Params, group cipherGroup[E], tables *Tables) (Evaluator, error) {
	logs, err := tableOf(ctx, tables, logGroup[E](group))
	if err != nil {
		return nil, err
	}
	return &logEvaluator[E]{p, group, p.header().Elements() - p.Length, logs}, nil
}

// Table implements Searcher.
func (e *logEvaluator[E]) Table() TableOrigin { return e.logs.origin }

func (e *logEvaluator[E]) Evaluate(ctx context.Context, ciphertext []byte, key Key) (int64, error) {
	if err := e.params.checkKey(key, e.group.order(), e.heads); err != nil {
		return 0, fmt.Errorf("fe: evaluate: key: %w", err)
	}
	if err := e.params.checkReach(key.Function, e.logs.reach()); err != nil {
		return 0, err
	}
	target, err := e.open(ciphertext, key)
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	z, err := e.logs.find(ctx, target, e.params.reach(key.Function))
	if err != nil {
		return 0, fmt.Errorf("fe: evaluate: %w", err)
	}
	return z, nil
}

// open takes a ciphertext apart and returns g^(x·y).
func (e *logEvaluator[E]) open(ciphertext []byte, key Key) (none E, err error) {
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
