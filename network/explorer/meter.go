package explorer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"

	"meterbench/bench/ledger"
	"meterbench/network/blockcheck"
)

// The bounds of one part of a search: after which time it ends, and how much of a ledger is asked for without a look at the clock.
const (
	searchTime   = 500 * time.Millisecond
	searchPiece  = 100 * time.Millisecond
	searchAtOnce = 256
)

// A position is that of a transaction on a ledger, by which a search goes on: below 2^53, so that JavaScript has it whole, as long as
// there are fewer than 2^33 blocks.
type position uint64

const positionBits = 20 // of the index

func positionOf(block uint64, index int) position {
	return position(block<<positionBits | uint64(index))
}

func (p position) split() (block uint64, index int) {
	return uint64(p) >> positionBits, int(p & (1<<positionBits - 1))
}

// Meter implements ledger.Reader: it looks at the transactions before a position, the newest first, for half a second. A transaction
// concerns a meter if a document in it does, or an argument is the meter's id, or a key that it read or wrote has it between slashes.
func (e *Explorer) Meter(ctx context.Context, channel, meter string, after uint64) (ledger.Found, error) {
	c, end, err := e.begin(ctx, channel)
	if err != nil {
		return ledger.Found{}, err
	}
	defer end()
	found := ledger.Found{Transactions: []ledger.Head{}}
	if meter == "" || len(meter) > mostKey {
		return found, fmt.Errorf("%w: a meter's id has 1 to %d characters", ledger.ErrNotFound, mostKey)
	}
	before, err := e.begins(ctx, c, position(after))
	if err != nil {
		return found, err
	}
	until, atOnce := time.Now().Add(searchTime), uint64(1)
	for before > positionOf(1, 0) { // the first block is a configuration
		began := time.Now()
		s := search{meter: meter, id: []byte(meter), named: c.contracts, before: before}
		last, index := before.split()
		if index == 0 {
			last--
		}
		first := last - min(last-1, atOnce-1)
		err := e.stream(ctx, c, first, last, func(b *block) error {
			s.look(channel, b)
			return nil
		})
		if errors.Is(err, ledger.ErrNotFound) && after == 0 && len(found.Transactions) == 0 && last > first {
			atOnce = 1 // the height was that of another peer
			continue
		}
		if err != nil && found.Searched == 0 {
			return found, err
		}
		if err != nil {
			break // which the next part says, if it is still so
		}
		found.Searched += last - first + 1
		slices.Reverse(s.found)
		before = positionOf(first, 0)
		if room := ledger.MostPerPage - len(found.Transactions); len(s.found) > room {
			s.found = s.found[:room]
		}
		found.Transactions = append(found.Transactions, s.found...)
		if len(found.Transactions) == ledger.MostPerPage {
			oldest := found.Transactions[ledger.MostPerPage-1]
			before = positionOf(oldest.Block, oldest.Index)
			break
		}
		if time.Now().After(until) {
			break
		}
		took := max(time.Since(began), time.Millisecond)
		atOnce = min(max(1, atOnce*uint64(searchPiece)/uint64(took)), searchAtOnce, 4*atOnce)
	}
	if before > positionOf(1, 0) {
		found.Next = uint64(before)
	}
	return found, nil
}

// begins returns the position before which a search begins that was asked to go on at one: the ledger's end for 0.
func (e *Explorer) begins(ctx context.Context, c *channel, after position) (position, error) {
	if after > 0 {
		return after, nil
	}
	height, err := e.height(ctx, c)
	if err != nil {
		return 0, fmt.Errorf("height of channel %s: %w", c.name, err)
	}
	return positionOf(height, 0), nil
}

// A search looks for a meter in blocks.
type search struct {
	meter  string
	id     []byte
	named  map[string]string
	before position
	found  []ledger.Head // in the order of the ledger
}

// look looks at a block. An envelope in which the meter's id does not stand does not concern it: what came as base64 is written under a
// key that has the id.
func (s *search) look(channel string, b *block) {
	for i, envelope := range b.envelopes() {
		if positionOf(b.number(), i) >= s.before {
			return
		}
		if !bytes.Contains(envelope, s.id) {
			continue
		}
		if t := b.read(channel, i); t.concerns(s.meter, s.named) {
			s.found = append(s.found, t.head())
		}
	}
}

// concerns reports whether a transaction is about a meter.
func (t *transaction) concerns(meter string, named map[string]string) bool {
	for _, d := range t.documents(named) {
		if slices.Contains(d.meters, meter) {
			return true
		}
	}
	if args := t.args(); len(args) > 1 && slices.ContainsFunc(args[1:], func(a []byte) bool { return string(a) == meter }) {
		return true
	}
	has := func(key string) bool { return strings.Contains("/"+key+"/", "/"+meter+"/") }
	for _, of := range t.results.GetNsRwset() {
		var set kvrwset.KVRWSet
		if blockcheck.Unmarshal(of.GetRwset(), &set) != nil {
			continue
		}
		if slices.ContainsFunc(set.GetReads(), func(r *kvrwset.KVRead) bool { return has(r.GetKey()) }) ||
			slices.ContainsFunc(set.GetWrites(), func(w *kvrwset.KVWrite) bool { return has(w.GetKey()) }) {
			return true
		}
	}
	return false
}
