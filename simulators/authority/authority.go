// Package authority simulates the key authority of a metering system: the
// market surveillance. It holds the master key of functional encryption, hands
// the public key to sensors, and issues evaluation keys for approved tariffs
// only.
//
// Data flow: New makes the master key; the public key goes to the ledger and
// the sensors; Approve turns a tariff into a function, whose hash goes to the
// ledger, and into the key for it, which goes to the gateways.
//
// A key is not issued if its holder would then learn a single value of a
// reading. Whoever holds keys can combine them, so keys are judged together: no
// linear combination of all functions issued may be a function of one value
// alone. It may not be one over the rational numbers, in which results add up,
// nor modulo the order of the scheme's group, in which keys do: such a
// combination of keys is the key of that function, although the same
// combination of results is none of its results. Neither implies the other,
// because a denominator may be a multiple of the order. The integer keys of
// paillier add up like results.
//
// Nor is a key issued whose weights keep a value apart from the rest of a
// result, as 1 and 10000 do with values up to 10000: see packed. That is asked
// of each function by itself. Combinations of several functions are not searched
// for one that packs values. Values are taken to lie between 0 and the bound: if
// they are far smaller, weights can keep them apart that are not refused.
//
// That is all that is held against a function: what may be inferred from sums
// of few values, or from many readings, is for those to weigh who approve a
// tariff.
package authority

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"meterbench/workloads/fe"
	"meterbench/workloads/reading"
)

// ErrReveals is the error of Approve for a function that would reveal single
// values of a reading.
var ErrReveals = errors.New("would reveal single values")

// A Config says what an authority is responsible for.
type Config struct {
	Params fe.Params // of a scheme with an authority
	// Reveal lets Approve issue keys that reveal single values of readings, as
	// every key does where a reading has one value only.
	Reveal bool
}

// An Authority issues evaluation keys. Many goroutines may use it at once.
type Authority struct {
	config Config
	master fe.Authority
	public []byte
	id     reading.Hash

	mu sync.Mutex
	// The spans of the functions whose keys were issued: over the rational
	// numbers, and modulo the order of the group if there is one.
	results, keys span
}

// New makes an authority with a fresh master key, which takes as long as
// fe.Setup does.
func New(ctx context.Context, config Config) (*Authority, error) {
	master, err := fe.Setup(ctx, config.Params)
	if err != nil {
		return nil, fmt.Errorf("key authority: %w", err)
	}
	order, err := fe.Order(config.Params)
	if err != nil {
		return nil, fmt.Errorf("key authority: %w", err)
	}
	a := &Authority{config: config, master: master, public: master.Encryptor().Public(), keys: span{modulus: order}}
	a.id = reading.ParametersID(a.public)
	return a, nil
}

// Encryptor returns what encrypts under the authority's public key.
func (a *Authority) Encryptor() fe.Encryptor { return a.master.Encryptor() }

// Public returns the public key in its wire form, which the ledger keeps.
func (a *Authority) Public() []byte { return a.public }

// Parameters returns the id of the parameters on the ledger.
func (a *Authority) Parameters() reading.Hash { return a.id }

// A Tariff is what an authority is asked to approve.
type Tariff struct {
	Name    string    // as reading.Function has it
	From    time.Time // it is valid for intervals from then on, in whole seconds
	Weights []int64   // one for each value of a reading, none over the bound
}

// An Approval is an approved function: what goes to the ledger, and the key
// that goes to the gateways.
type Approval struct {
	Function reading.Function
	Hash     reading.Hash // of the function
	Key      fe.Key
}

// Approve issues the key of a tariff. It refuses weights that are malformed or
// all zero, and unless the configuration allows it, with ErrReveals, those that
// would reveal single values to who holds all keys issued, as the package says.
func (a *Authority) Approve(t Tariff) (Approval, error) {
	p := a.config.Params
	approval := Approval{Function: reading.Function{
		Parameters: a.id, Bound: p.Bound, From: t.From, Tariff: t.Name, Weights: append([]int64(nil), t.Weights...),
	}}
	var err error
	if approval.Hash, err = approval.Function.Hash(); err != nil {
		return Approval{}, fmt.Errorf("approve tariff %s: %w", t.Name, err)
	}
	if len(t.Weights) != p.Length {
		return Approval{}, fmt.Errorf("approve tariff %s: %d weights; readings have %d values", t.Name, len(t.Weights), p.Length)
	}
	if !slices.ContainsFunc(t.Weights, func(w int64) bool { return w != 0 }) {
		return Approval{}, fmt.Errorf("approve tariff %s: all weights are zero", t.Name)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	results, keys := a.results.with(t.Weights), a.keys.with(t.Weights)
	if !a.config.Reveal {
		value := results.revealed()
		if value < 0 {
			value = keys.revealed()
		}
		if value >= 0 {
			return Approval{}, fmt.Errorf("approve tariff %s: it %w: value %d of each reading follows from the keys issued; spread weights over more values, or allow it with reveal", t.Name, ErrReveals, value)
		}
		if value = packed(t.Weights, p.Bound); value >= 0 {
			return Approval{}, fmt.Errorf("approve tariff %s: it %w: value %d of each reading follows from the result alone, so far apart are the weights; bring them closer together, or allow it with reveal", t.Name, ErrReveals, value)
		}
	}
	if approval.Key, err = a.master.Derive(t.Weights); err != nil {
		return Approval{}, fmt.Errorf("approve tariff %s: %w", t.Name, err)
	}
	a.results, a.keys = results, keys
	return approval, nil
}
