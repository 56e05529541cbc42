// Package authority simulates the key authority of a metering system, the market surveillance. It holds the master key
// of functional encryption, hands the public key to sensors, and issues evaluation keys for approved tariffs only.
//
// Data flow: New makes the master key; the public key goes to the ledger and the sensors. Approve turns a tariff into a
// function, whose hash goes to the ledger, and into the key for it, which goes to the gateways.
//
// The authority refuses a key if the holder of all issued keys would learn a single value of a reading. They learn of a
// reading x the result y·x of each function y issued, and what follows from these results: any combination of keys,
// over the integers or modulo the order of a group, gives a combination of the results. So two readings with the same
// results look the same to them. The schemes promise no more: in the game that defines their security, keys are for
// functions on which the two vectors agree (Abdalla, Bourse, De Caro and Pointcheval, PKC 2015).
//
// Therefore, before it issues a key, the authority finds for each value j a change z: integers with z_j other than 0
// and y·z = 0 for every function y issued and the requested one, none of them over h, a tenth of the bound B. If all
// values of a reading x lie between h and B-h, then x-z, x and x+z are readings within 0 to B that differ in value j
// and have the same results. If only larger changes are left, or none, the authority refuses the key: that of a single
// value, of functions that leave one when combined, and of weights, in one function or in several, that separate a
// value from the rest of a result as decimal places separate digits. The classical criterion, that no combination of
// functions is a single value (Chin and Özsoyoğlu, "Auditing and inference control in statistical databases", IEEE
// Transactions on Software Engineering SE-8, 1982), misses the last.
//
// Deciding whether there is a change is hard in general, as it is for values of 0 and 1 (Kleinberg, Papadimitriou and
// Raghavan, "Auditing Boolean attributes", PODS 2000). A change that the search does not find within limits counts as
// absent: the authority refuses some functions without need, but issues no key that it should not. A value always has a
// change if another one has the same weight in every function, as within the day and within the night. The authority
// does not look at readings, so that refusals reveal nothing about them either (Kenthapadi, Mishra and Nissim,
// "Simulatable auditing", PODS 2005).
//
// There is no other check of a function. Here bounds and functions are all that is known of readings: anybody who knows
// that values are far smaller than the bound, or lie at its ends, or what they were on other days, may infer more, as
// from a sum of 0. Those who approve a tariff must weigh that.
package authority

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"meterbench/simulators/fe"
	"meterbench/simulators/reading"
)

// ErrReveals is the error of Approve for a function that would reveal single values of a reading.
var ErrReveals = errors.New("would reveal single values")

// Config describes an authority.
type Config struct {
	Params fe.Params // of a scheme with an authority
	// Reveal lets Approve issue keys that reveal single values of readings, as every key does if a reading
	// has one value only.
	Reveal bool
}

// An Authority issues evaluation keys. Many goroutines may use it at once.
type Authority struct {
	config Config
	master fe.Authority
	public []byte
	id     reading.Hash

	mu    sync.Mutex
	known knowledge // stays empty if keys may reveal values
}

// New makes an authority with a fresh master key. It takes as long as fe.Setup.
func New(ctx context.Context, config Config) (*Authority, error) {
	master, err := fe.Setup(ctx, config.Params)
	if err != nil {
		return nil, fmt.Errorf("key authority: %w", err)
	}
	public := master.Encryptor().Public()
	return &Authority{
		config: config, master: master, public: public, id: reading.ParametersID(public),
		known: newKnowledge(config.Params.Length, config.Params.Bound),
	}, nil
}

// Public returns the public key in its wire form, which the ledger keeps.
func (a *Authority) Public() []byte { return slices.Clone(a.public) }

// Parameters returns the id of the parameters on the ledger.
func (a *Authority) Parameters() reading.Hash { return a.id }

// A Tariff is a request for a key.
type Tariff struct {
	Name    string    // as reading.Function has it
	From    time.Time // it is valid for intervals from then on, in whole seconds
	Weights []int64   // one for each value of a reading, none over the bound
}

// An Approval is an approved function: what goes to the ledger, and the key that goes to the gateways.
type Approval struct {
	Function reading.Function
	Hash     reading.Hash // of the function
	Key      fe.Key
}

// Approve issues the key of a tariff. It refuses weights that are malformed or all zero and, unless the
// configuration allows them, with ErrReveals, weights that would reveal single values to the holder of all
// issued keys, as the package describes.
func (a *Authority) Approve(t Tariff) (Approval, error) {
	p := a.config.Params
	t.Weights = slices.Clone(t.Weights) // the caller may change its own
	approval := Approval{Function: reading.Function{
		Parameters: a.id, Bound: p.Bound, From: t.From, Tariff: t.Name, Weights: slices.Clone(t.Weights),
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
	grown, value := a.known, -1
	if !a.config.Reveal {
		grown, value = grown.with(t.Weights)
	}
	if value >= 0 {
		return Approval{}, fmt.Errorf("approve tariff %s: it %w: no two readings with the same results are found that differ in value %d "+
			"by steps of at most %d; spread weights over more values, bring them closer together, or allow it with reveal", t.Name, ErrReveals, value, grown.limit)
	}
	if approval.Key, err = a.master.Derive(t.Weights); err != nil {
		return Approval{}, fmt.Errorf("approve tariff %s: %w", t.Name, err)
	}
	a.known = grown
	return approval, nil
}
