// Package authority simulates the key authority of a metering system, the market surveillance. It holds the master key
// of functional encryption, hands the public key to sensors, and issues evaluation keys for approved tariffs only.
//
// Data flow: New makes the master key; the public key goes to the ledger and the sensors. Approve turns a tariff into a
// function, whose hash goes to the ledger, and into the key for it, which goes to the gateways.
//
// The authority refuses a key if its holder, who may hold all keys issued so far, could tell a single value of a reading.
// The criterion is structural: it looks at functions alone, so that it holds for values as they are, however small, and
// refusals reveal nothing about readings (Kenthapadi, Mishra and Nissim, "Simulatable auditing", PODS 2005). Two values
// are of one class if every function issued, and the requested one, gives them the same weight; each class with a weight
// must have fe.MinClass values. Then all results, and whatever is computed of them, follow from sums over whole classes,
// within which values may change places: fe.Partition has the proof, and counts the candidates that are left for each
// value. It refuses the key of a single value; functions of which a combination, over the integers or modulo the order of
// a group, leaves one or the difference of two (Chin and Özsoyoğlu, "Auditing and inference control in statistical
// databases", IEEE Transactions on Software Engineering SE-8, 1982, has the first); and weights that keep values apart as
// decimal places keep digits apart, in one function or in several. It refuses more than it must: a price for each hour of
// a day may hide readings well enough, which is hard to decide (Kleinberg, Papadimitriou and Raghavan, "Auditing Boolean
// attributes", PODS 2000) and depends on how large they are.
//
// Keys that were issued count for ever, from whenever their functions are valid: a key evaluates old readings too. So a
// tariff that moves an hour from night to day needs parameters of its own, under which old keys compute nothing. Keys of
// several schemes or sizes count together where the authorities share a Record, as they must if meters encrypt the same
// values under all of them. A Record lives as long as its authorities: master keys are in memory alone, and an authority
// that starts again has another one, whose keys fit no reading from before.
//
// What remains is what a sum tells anybody who knows more: every value of a class whose sum is 0, or as large as it can
// be; the last value, if the others are known; and about how large each is, where they are alike, as at night. How large
// the sums of classes are is what a tariff is meant to tell. Those who approve a tariff must weigh that.
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
	// has fewer than fe.MinClass values.
	Reveal bool
	// Record is that of the other authorities whose keys evaluate the same values; nil: there are none.
	Record *Record
}

// A Record holds what all keys together reveal of the values that they evaluate. Authorities of several schemes and sizes
// may share one. Many goroutines may use it at once.
type Record struct {
	mu     sync.Mutex
	length int // of readings
	issued fe.Partition
}

// NewRecord returns the record of no keys, for readings of so many values.
func NewRecord(length int) *Record { return &Record{length: length, issued: fe.NewPartition(length)} }

// An Authority issues evaluation keys. Many goroutines may use it at once.
type Authority struct {
	config Config
	master fe.Authority
	public []byte
	id     reading.Hash
}

// New makes an authority with a fresh master key. It takes as long as fe.Setup.
func New(ctx context.Context, config Config) (*Authority, error) {
	if r := config.Record; r != nil && r.length != config.Params.Length {
		return nil, fmt.Errorf("key authority: readings of %d values and a record of keys for %d", config.Params.Length, r.length)
	}
	master, err := fe.Setup(ctx, config.Params)
	if err != nil {
		return nil, fmt.Errorf("key authority: %w", err)
	}
	if config.Record == nil {
		config.Record = NewRecord(config.Params.Length)
	}
	public := master.Encryptor().Public()
	return &Authority{config: config, master: master, public: public, id: reading.ParametersID(public)}, nil
}

// Public returns the public key in its wire form, which the ledger keeps.
func (a *Authority) Public() []byte { return slices.Clone(a.public) }

// Parameters returns the id of the parameters on the ledger.
func (a *Authority) Parameters() reading.Hash { return a.id }

// A Tariff is a request for a key.
type Tariff struct {
	Name    string    // as reading.Function has it
	From    time.Time // as reading.Function has it, in whole seconds
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
	record := a.config.Record
	record.mu.Lock()
	defer record.mu.Unlock()
	refined := record.issued.Refine(t.Weights)
	if !a.config.Reveal {
		if err := a.refuse(refined); err != nil {
			return Approval{}, fmt.Errorf("approve tariff %s: it %w", t.Name, err)
		}
	}
	if approval.Key, err = a.master.Derive(t.Weights); err != nil {
		return Approval{}, fmt.Errorf("approve tariff %s: %w", t.Name, err)
	}
	record.issued = refined
	return approval, nil
}

// leastBound is the least bound of values that sums hide: of 0 and 1, sums are too often at an edge.
const leastBound = 2

// refuse returns why there is no key if the functions, the requested one among them, give that partition, or nil.
func (a *Authority) refuse(p fe.Partition) error {
	if bound := a.config.Params.Bound; bound < leastBound {
		return fmt.Errorf("%w: values up to %d have too few candidates; want a bound of at least %d, or allow it with reveal", ErrReveals, bound, leastBound)
	}
	value, size, reveals := p.Reveals()
	if !reveals {
		return nil
	}
	return fmt.Errorf("%w: in this function and those approved before, value %d has the weights of only %d others; want at least %d: "+
		"spread each price over more values, keep to the hours of the tariffs before, or allow it with reveal", ErrReveals, value, size-1, fe.MinClass-1)
}
