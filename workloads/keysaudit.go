package workloads

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"

	"meterbench/bench/result"
	"meterbench/internal/readjson"
	"meterbench/simulators/pki"
)

// A Checked is a Workload that can compare what it has put on the ledger with what is there.
type Checked interface {
	Workload
	// Check draws up to k items of the workload after the load and compares each. It returns how many it compared; the
	// error names the first that is wrong.
	Check(ctx context.Context, k int) (compared int, err error)
}

// A Counter is a Workload that can have its transactions counted on the ledger.
type Counter interface {
	Workload
	// Stored returns how many of its transactions left something there, by the contract's own count; false where they
	// leave nothing that can be counted.
	Stored(ctx context.Context) (transactions uint64, counted bool, err error)
}

// endings keeps what became of transactions that were to change keys.
type endings struct {
	mu          sync.Mutex
	draw        *rand.Rand
	valid, lost uint64
	most        int       // meters from this number on have no key on the ledger
	drawn       []changed // some of the valid ones, each with the same chance
	unknown     bool      // another process, which is lost, ended more
}

// An Account is what became of the transactions that one of several processes sent, as far as their workload has to know that for Check
// and Stored.
type Account struct {
	Valid, Lost uint64
	Most        int       // meters from this number on have no key on the ledger
	Changed     []changed // some of the valid ones
}

// An Accountant is a Workload that has to know what became of its transactions, whoever sent them.
type Accountant interface {
	Workload
	// Account returns what became of those that this process sent.
	Account() Account
	// Add adds those that another process sent: nil where it is lost, so that nothing is known of them.
	Add(*Account)
}

var _ Accountant = (*Keys)(nil)

// Account implements Accountant.
func (k *Keys) Account() Account {
	e := &k.ended
	e.mu.Lock()
	defer e.mu.Unlock()
	return Account{e.valid, e.lost, e.most, slices.Clone(e.drawn)}
}

// Add implements Accountant.
func (k *Keys) Add(a *Account) {
	e := &k.ended
	e.mu.Lock()
	defer e.mu.Unlock()
	if a == nil {
		e.unknown = true
		return
	}
	e.valid, e.lost, e.most, e.drawn = e.valid+a.Valid, e.lost+a.Lost, max(e.most, a.Most), append(e.drawn, a.Changed...)
	// Check takes the first ones, of whichever process.
	e.draw.Shuffle(len(e.drawn), func(i, j int) { e.drawn[i], e.drawn[j] = e.drawn[j], e.drawn[i] })
}

// changed is a key as a transaction has left it on the ledger, where others may have changed it again.
type changed struct {
	Meter   int
	Version uint32
	Revoked bool
}

// drawnChanges is the number of valid changes that are kept to be checked.
const drawnChanges = 32

// add adds a transaction that ended. It was about meters below a number.
func (e *endings) add(o result.Outcome, is changed, most int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case o.Class() == result.Lost:
		e.lost++
	case o != result.Valid && o != result.Confirmed:
		return
	default:
		e.valid++
		if len(e.drawn) < drawnChanges {
			e.drawn = append(e.drawn, is)
		} else if at := e.draw.Uint64N(e.valid); at < drawnChanges {
			e.drawn[at] = is
		}
	}
	e.most = max(e.most, most)
}

// Stored implements Counter: by the versions of keys that the contract counts beyond those before the load.
func (k *Keys) Stored(ctx context.Context) (transactions uint64, counted bool, err error) {
	stores := map[result.Operation]int{result.OpRegister: k.Batch, result.OpRotate: 1}[k.Operation]
	if k.published() || stores == 0 && !k.Traits().Query {
		return 0, k.Traits().Query, nil // a query leaves nothing, and nothing is expected
	}
	more, err := k.count(ctx)
	if err != nil || k.Traits().Query && more == 0 {
		return 0, err == nil, err
	}
	if stores == 0 || more%uint64(stores) != 0 {
		return 0, false, fmt.Errorf("%d keys on the ledger come from no transactions of %s", more, k)
	}
	return more / uint64(stores), true, nil
}

// countedMeters is the number of meters that one query counts: a chaincode may not take long.
const countedMeters = 20_000

// count returns how many versions of keys are on the ledger beyond those before the load.
func (k *Keys) count(ctx context.Context) (more uint64, err error) {
	before, meters := uint64(k.Meters), max(k.Meters, k.ended.most)
	for channel := range k.spec.Channels {
		for first := 0; first < meters; first += countedMeters {
			last := min(first+countedMeters, meters) - 1
			answer, err := k.spec.Query(ctx, channel, pki.FnCount, []byte(k.ID(first)), []byte(k.ID(last)))
			if err != nil {
				return 0, fmt.Errorf("count the keys of %s: %w", k, err)
			}
			n, err := strconv.ParseUint(string(answer), 10, 64)
			if err != nil {
				return 0, fmt.Errorf("count the keys of %s: the contract answered %q: %w", k, answer, err)
			}
			more += n
		}
	}
	if more < before {
		return 0, fmt.Errorf("%d keys of %s are on the ledger; %d were before the load", more, k, before)
	}
	return more - before, nil
}

// Check implements Checked: the drawn meters' entries have the keys that the meters hold, and there are as many versions as
// were registered.
func (k *Keys) Check(ctx context.Context, n int) (compared int, err error) {
	if k.published() || k.spec.Query == nil {
		return 0, nil // the published contract shows no key
	}
	all := k.ended.drawn
	if len(all) == 0 {
		for i := 0; i < k.Meters; i += max(1, k.Meters/n) {
			all = append(all, changed{Meter: i, Version: 1})
		}
	}
	for _, is := range all[:min(n, len(all))] {
		if err := k.compare(ctx, is); err != nil {
			return compared, fmt.Errorf("meter %s: %w", k.ID(is.Meter), err)
		}
		compared++
	}
	return compared, k.compareCount(ctx)
}

// compareCount compares the contract's count with what is known to be registered; of lost transactions it is not known.
func (k *Keys) compareCount(ctx context.Context) error {
	stores := map[result.Operation]int{result.OpRegister: k.Batch, result.OpRotate: 1}[k.Operation]
	more, err := k.count(ctx)
	least, most := k.ended.valid*uint64(stores), (k.ended.valid+k.ended.lost)*uint64(stores)
	if k.ended.unknown {
		most = math.MaxUint64
	}
	if err == nil && (more < least || more > most) {
		err = fmt.Errorf("%d keys on the ledger come from the load of %s; %d to %d were expected", more, k, least, most)
	}
	return err
}

// compare compares the entry of a meter with a change that was committed.
func (k *Keys) compare(ctx context.Context, is changed) error {
	answer, err := k.spec.Query(ctx, k.channel(is.Meter), pki.FnLookup, []byte(k.ID(is.Meter)))
	if err != nil {
		return err
	}
	var entry pki.Entry
	if err := readjson.Unmarshal(answer, &entry); err != nil {
		return fmt.Errorf("entry %.80q: %w", answer, err)
	}
	signer, err := k.signer(is.Meter, entry.Version)
	switch {
	case err != nil:
		return err
	case entry.Version < is.Version:
		return fmt.Errorf("the ledger has version %d of the key; version %d was committed", entry.Version, is.Version)
	case !bytes.Equal([]byte(entry.Key), signer.Public()):
		return errors.New("the key on the ledger is not the meter's")
	case entry.Owner != k.spec.owner(k.channel(is.Meter)):
		return fmt.Errorf("the key belongs to %s on the ledger", entry.Owner)
	case (entry.Status == pki.Revoked) != is.Revoked:
		return fmt.Errorf("the key is %s on the ledger", entry.Status)
	}
	return nil
}
