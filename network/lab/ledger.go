package lab

import (
	"context"
	"crypto/rand"
	"fmt"
	"iter"
	"strings"
	"sync"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/network/chaincode"
	"meterbench/network/client"
	"meterbench/workloads"
)

// A ledger is a client of each measured channel of a Fabric network, whoever brought that up. It is what a
// study.Site has in common on all of them.
type ledger struct {
	channels  []string                     // names
	clients   client.Channels              // connected to them
	contracts []map[string]client.Contract // by channel and name
	builder   builder
	setUp     []uint64      // by channel: blocks below this number hold set-up only
	begun     []uint64      // by channel: blocks below this number were there before; nil: none was
	semaphore chan struct{} // held by transactions of the set-up: as many as no peer turns away
	begin     time.Time
	first     time.Duration // from begin to the first commit
	committed sync.Once
	mu        sync.Mutex
	put       map[string]int // transactions of the set-up, by contract and function
	told      told           // of blocks, while levels run
}

// add adds a channel to which a client is connected.
func (l *ledger) add(channel network.Channel, connected *client.Client) error {
	contracts := map[string]client.Contract{}
	for _, cc := range channel.Chaincodes {
		contract, err := connected.Contract(cc.Name, topology.MSP(cc.Operator))
		if err != nil {
			return fmt.Errorf("channel %s: contract %s: %w", channel.Name, cc.Name, err)
		}
		contracts[cc.Name] = contract
	}
	l.channels, l.clients, l.contracts = append(l.channels, channel.Name), append(l.clients, connected), append(l.contracts, contracts)
	return nil
}

// prefix returns what the ids of meters begin with on a network that was up before: the number of blocks on its ledgers
// keeps them apart from those of earlier runs, which are registered there, and chance from those of runs that begin at once.
func prefix(heights ...uint64) string {
	blocks := uint64(0)
	for _, height := range heights {
		blocks += height
	}
	return fmt.Sprintf("b%d%s-", blocks, strings.ToLower(rand.Text()[:4]))
}

// with returns the numbers of the channels that have a contract.
func (l *ledger) with(contract string) (numbers []int) {
	for i, deployed := range l.contracts {
		if _, ok := deployed[contract]; ok {
			numbers = append(numbers, i)
		}
	}
	return numbers
}

// Target implements study.Site.
func (l *ledger) Target() bench.Target { return l.clients }

// Calls returns how many requests the clients have sent.
func (l *ledger) Calls() map[result.Call]uint64 { return l.clients.Calls() }

// Series implements study.Site.
func (l *ledger) Series(ctx context.Context, series scenario.Series, need study.Need, working func(string)) (bench.Workload, result.Preparation, error) {
	workload, prepared, err := l.builder.Series(ctx, series, need, working)
	if err == nil {
		err = l.spread(ctx)
	}
	return workload, prepared, err
}

// spread waits until what was set up is at all peers, any of which may endorse what needs it.
func (l *ledger) spread(ctx context.Context) (err error) {
	if l.setUp, err = l.clients.Heights(ctx); err != nil {
		return err
	}
	return l.clients.Spread(ctx, l.setUp)
}

// commit takes a transaction of the set-up to its commit. It may be called for several channels at once.
func (l *ledger) commit(ctx context.Context, tx bench.Transaction) error {
	select {
	case l.semaphore <- struct{}{}:
		defer func() { <-l.semaphore }()
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := l.contracts[tx.Channel][tx.Contract].Invoke(ctx, tx.Function, tx.Args...); err != nil {
		return fmt.Errorf("set up channel %s: %w", l.channels[tx.Channel], err)
	}
	l.committed.Do(func() { l.first = time.Since(l.begin) })
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.put == nil {
		l.put = map[string]int{}
	}
	l.put[tx.Contract+"."+tx.Function]++
	return nil
}

// query asks a contract on a channel.
func (l *ledger) query(ctx context.Context, contract string, channel int, function string, args ...[]byte) ([]byte, error) {
	return l.contracts[channel][contract].Evaluate(ctx, function, args...)
}

// try has a transaction run by a peer of its channel, without changing the ledger.
func (l *ledger) try(ctx context.Context, tx bench.Transaction) error {
	return l.contracts[tx.Channel][tx.Contract].Try(ctx, tx)
}

// owner returns the MSP id of the organisation that commits and queries for a contract on a channel.
func (l *ledger) owner(contract string, channel int) string {
	return l.contracts[channel][contract].Operator()
}

// Ledger implements study.Site.
func (l *ledger) Ledger(ctx context.Context, see func(*result.BlockRow)) iter.Seq2[bench.Entry, error] {
	begun := l.begun
	if begun == nil {
		begun = make([]uint64, len(l.clients))
	}
	return l.clients.Ledger(ctx, l.setUp, begun, see)
}

// Settle implements study.Settler.
func (l *ledger) Settle(ctx context.Context, quiet time.Duration) ([]result.LedgerRead, error) {
	return l.clients.Settle(ctx, quiet)
}

// Seen implements study.Witness.
func (l *ledger) Seen(channel uint16, block uint64) (time.Time, bool) {
	if int(channel) >= len(l.clients) {
		return time.Time{}, false
	}
	return l.clients[channel].Seen(block)
}

var (
	_ study.Settler = (*ledger)(nil)
	_ study.Witness = (*ledger)(nil)
)

// maxCounts is about how many queries count what the meters of a fleet have stored on a channel: one query
// would take longer than a chaincode may.
const maxCounts = 500

// Stored implements study.Site: what the contract of each workload counts of its meters. What was there
// before the load does not count. A workload without meters is not counted.
func (l *ledger) Stored(ctx context.Context) (total uint64, counted bool, err error) {
	for _, w := range l.builder.ledgerWorkloads {
		if counter, ok := w.Workload.(workloads.Counter); ok {
			n, counted, err := counter.Stored(ctx)
			if err != nil || !counted {
				return 0, false, err
			}
			total += n
			continue
		}
		metered, ok := w.Workload.(workloads.Metered)
		if !ok {
			return 0, false, nil
		}
		contract, _ := chaincode.Contracts().Find(w.contract)
		fleet := metered.Meters()
		meters := fleet.Config().Meters
		step := (meters + maxCounts - 1) / maxCounts
		for from := 0; from < meters; from += step {
			first, last := fleet.ID(from), fleet.ID(min(from+step, meters)-1)
			for _, channel := range w.channels {
				n, err := contract.Count.Stored(ctx, l.contracts[channel][w.contract], first, last)
				if err != nil {
					return 0, false, err
				}
				total += n
			}
		}
		total -= metered.Preloaded()
	}
	return total, true, nil
}

// Evaluate implements study.Evaluator.
func (l *ledger) Evaluate(ctx context.Context) (uint64, error) { return l.builder.evaluate(ctx) }
