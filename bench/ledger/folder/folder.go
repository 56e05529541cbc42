// Package folder is the ledger.Reader of a finished run: it looks blocks and transactions up in the run's folder, when the network
// is gone. What a run does not store, as arguments, reads and writes, it says that it does not have.
package folder

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"

	"meterbench/bench/ledger"
	"meterbench/bench/result"
	"meterbench/internal/printable"
)

// A Reader reads the folder of one run. Its methods may be called by several goroutines at once.
type Reader struct {
	Folder *result.Folder

	find     *result.Finder
	channels []channel
	byName   map[string]int // of channels
	overview ledger.Overview
	notes    []string // what is missing of the run
	why      string   // there are no blocks
}

// A channel is a channel of one of the run's networks. Every network has ledgers of its own, so that blocks and transactions of
// different ones never mix.
type channel struct {
	name    string // unique in the run: of several networks the second one's metrology is metrology@2
	session int
	number  int                    // as result.Record.Channel; -1: no load was on it, as far as is known
	chains  []result.ChainOfBlocks // in the order of their first blocks
	network *network               // nil: not known
	agreed  networkChannel         // by the network's topology
}

// Open opens the folder of a run. One that did not finish opens with what there is of it, which its Overview says. That there is
// no run, or that what is stored of it is damaged, is an error of one line that says what to do.
func Open(dir string) (*Reader, error) {
	stored, err := result.Open(dir)
	if errors.Is(err, result.ErrUnfinished) {
		why := err
		if stored, err = result.OpenUnfinished(dir); err == nil {
			r := &Reader{Folder: stored, find: &result.Finder{}, why: "the run did not finish"}
			r.notes = append(r.notes, printable.Cut(fmt.Sprintf("The run did not finish: %v.", why), ledger.MostText))
			r.overview = r.describe(censusOf(&stored.Run, &stored.Summary))
			return r, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return New(stored)
}

// New returns the Reader of an open folder.
func New(stored *result.Folder) (*Reader, error) {
	find, err := stored.Find()
	if err != nil {
		return nil, err
	}
	r := &Reader{Folder: stored, find: find}
	switch {
	case !stored.Run.Recorded():
		r.why = "the run was killed before its blocks and transactions were stored"
		r.notes = append(r.notes, "The run was killed before its blocks and transactions were stored.")
	case stored.Run.Blocks == (result.File{}):
		r.why = "the run kept no blocks, as those of older versions and of ledgers without blocks"
		r.notes = append(r.notes, "The run kept no blocks: that of an older version, or a ledger without blocks. Transactions are found by their id.")
	}
	known := censusOf(&stored.Run, &stored.Summary)
	r.addChannels(known.networks)
	r.overview = r.describe(known)
	return r, nil
}

// Close closes the files of the run.
func (r *Reader) Close() error { return r.find.Close() }

// simulated is the name of the only channel of a reference ledger.
const simulated = "simulated"

// addChannels adds the channels of all networks: those that have blocks, and those of topologies.
func (r *Reader) addChannels(networks []network) {
	r.byName = map[string]int{}
	add := func(session, number int, plain string) *channel {
		name := plain
		if len(networks) > 1 {
			name = fmt.Sprintf("%s@%d", plain, session)
		}
		if i, ok := r.byName[name]; ok {
			return &r.channels[i]
		}
		c := channel{name: name, session: session, number: number}
		if session <= len(networks) {
			c.network = &networks[session-1]
			if i := slices.IndexFunc(c.network.channels, func(of networkChannel) bool { return of.name == plain }); i >= 0 {
				c.agreed = c.network.channels[i]
			}
		}
		r.byName[name] = len(r.channels)
		r.channels = append(r.channels, c)
		return &r.channels[len(r.channels)-1]
	}
	for _, chain := range r.find.Chains() {
		c := add(chain.Session, int(chain.Channel), cmp.Or(shown(chain.ChannelName), simulated))
		c.chains = append(c.chains, chain)
	}
	least, most := r.loaded()
	for i := range networks {
		for number, of := range networks[i].channels {
			// Only where the load was on all of a topology's channels their order is that of the numbers in records.
			if all := len(networks[i].channels); len(r.find.Chains()) > 0 || all < most || all > least {
				number = -1
			}
			add(i+1, number, of.name)
		}
	}
	if len(r.channels) == 0 && r.Folder.Run.Target == result.TargetReference && len(r.Folder.Summary.Points) > 0 {
		for i := range networks { // without blocks and a topology, which the transactions have all the same
			add(i+1, 0, simulated)
		}
	}
	for i := range r.channels {
		slices.SortFunc(r.channels[i].chains, func(a, b result.ChainOfBlocks) int { return cmp.Compare(a.First, b.First) })
	}
	slices.SortStableFunc(r.channels, func(a, b channel) int { return cmp.Compare(a.session, b.session) })
	for i := range r.channels {
		r.byName[r.channels[i].name] = i
	}
}

// loaded returns on how many channels the load was, by what the run's points say: at the least, and at most.
func (r *Reader) loaded() (least, most int) {
	least = math.MaxInt
	for i := range r.Folder.Summary.Points {
		channels := max(1, r.Folder.Summary.Points[i].Conditions.Channels)
		least, most = min(least, channels), max(most, channels)
	}
	return least, most
}

func (r *Reader) channel(name string) (*channel, error) {
	if i, ok := r.byName[name]; ok {
		return &r.channels[i], nil
	}
	return nil, fmt.Errorf("channel %.100q: %w in this run", name, ledger.ErrNotFound)
}

// next returns the number after the channel's last block.
func (c *channel) next() uint64 {
	if len(c.chains) == 0 {
		return 0
	}
	last := c.chains[len(c.chains)-1]
	return last.First + last.Blocks
}

// Blocks implements ledger.Reader.
func (r *Reader) Blocks(_ context.Context, channel string, before uint64, n int) ([]ledger.Block, error) {
	c, err := r.channel(channel)
	if err != nil {
		return nil, err
	}
	if r.why != "" {
		return nil, fmt.Errorf("blocks are %w: %s", ledger.ErrNotKept, r.why)
	}
	if before == 0 {
		before = c.next()
	}
	n = min(n, ledger.MostPerPage)
	all := []ledger.Block{}
	for _, chain := range slices.Backward(c.chains) {
		end := min(before, chain.First+chain.Blocks)
		if len(all) >= n || end <= chain.First {
			continue
		}
		want := min(uint64(n-len(all)), end-chain.First)
		rows, err := r.find.Blocks(chain, end-want, int(want))
		if err != nil {
			return nil, err
		}
		for i := range slices.Backward(rows) {
			all = append(all, blockOf(c.name, &rows[i]))
		}
	}
	return all, nil
}

// row returns the row of a block.
func (r *Reader) row(c *channel, number uint64) (*result.BlockRow, error) {
	for _, chain := range c.chains {
		rows, err := r.find.Blocks(chain, number, 1)
		if err != nil {
			return nil, err
		}
		if len(rows) == 1 {
			return &rows[0], nil
		}
	}
	return nil, nil
}

// Block implements ledger.Reader.
func (r *Reader) Block(ctx context.Context, channel string, number uint64, from, n int) (page ledger.BlockPage, err error) {
	c, err := r.channel(channel)
	if err != nil {
		return page, err
	}
	if r.why != "" {
		return page, fmt.Errorf("blocks are %w: %s", ledger.ErrNotKept, r.why)
	}
	row, err := r.row(c, number)
	if err != nil {
		return page, err
	}
	if row == nil {
		return page, fmt.Errorf("block %d of %.100q: %w; the run stored blocks %s", number, channel, ledger.ErrNotFound, c.stored())
	}
	from = max(0, from)
	rows, all, err := r.find.InBlock(ctx, c.session, c.number, number, from, min(n, ledger.MostPerPage))
	if err != nil {
		return page, err
	}
	page = ledger.BlockPage{Block: blockOf(c.name, row), From: from, Heads: []ledger.Head{}}
	for i := range rows {
		page.Heads = append(page.Heads, r.head(c, &rows[i]))
	}
	switch other := int(row.Transactions) - all; {
	case other > 0 && row.Transactions == 1:
		page.Note = fmt.Sprintf("Its transaction was none of the load%s: the folder does not keep it.", r.orLost())
	case other > 0:
		page.Note = fmt.Sprintf("%d of its %d transactions were none of the load%s: the folder does not keep them.", other, row.Transactions, r.orLost())
	}
	return page, nil
}

// orLost says which transactions of the load the run has no record of, empty where it has one of all.
func (r *Reader) orLost() string {
	if r.Folder.Summary.LostWorker() {
		return ", or of a worker that was lost before it told of it"
	}
	return ""
}

// stored says which blocks of the channel the run stored.
func (c *channel) stored() string {
	if len(c.chains) == 0 {
		return "of other channels"
	}
	return fmt.Sprintf("%d to %d", c.chains[0].First, c.next()-1)
}

// Transaction implements ledger.Reader.
func (r *Reader) Transaction(ctx context.Context, channel, id string) (t ledger.Transaction, err error) {
	c, err := r.channel(channel)
	if err != nil {
		return t, err
	}
	var key [32]byte
	if n, err := hex.Decode(key[:], []byte(id[:min(len(id), 2*len(key))])); err != nil || n != len(key) || len(id) != 2*len(key) {
		return t, fmt.Errorf("transaction %.100q: %w; an id has 64 hexadecimal digits", id, ledger.ErrNotFound)
	}
	row, err := r.find.Transaction(ctx, key)
	if err != nil {
		return t, err
	}
	// Runs of older versions do not say on which of their networks a transaction was.
	if row == nil || int(row.Channel) != c.number || row.Session != c.session && row.Session != 0 {
		return t, fmt.Errorf("transaction %s: %w on %.100q; the folder keeps those of the load, without set-up and others'%s",
			id, ledger.ErrNotFound, channel, r.orLost())
	}
	var block *result.BlockRow
	if row.Block > 0 {
		if block, err = r.row(c, row.Block); err != nil {
			return t, err
		}
	}
	return r.transaction(c, row, block), nil
}

// Meter implements ledger.Reader.
func (r *Reader) Meter(_ context.Context, channel, _ string, _ uint64) (ledger.Found, error) {
	if _, err := r.channel(channel); err != nil {
		return ledger.Found{}, err
	}
	return ledger.Found{}, fmt.Errorf("which meter a transaction concerns is %w: the folder of a run stores no arguments; look for its id or its block",
		ledger.ErrNotKept)
}

var _ ledger.Reader = (*Reader)(nil)
