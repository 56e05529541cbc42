package lab

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"meterbench/bench"
	"meterbench/bench/reference"
	"meterbench/bench/worker"
	"meterbench/internal/alarm"
)

// A referenceStation is a station with a simulated ledger of its own, of which the others know nothing.
type referenceStation struct {
	*station
	simulated *reference.Ledger
	clock     *alarm.Alarm
	share     bench.Share
	entries   []bench.Entry
}

// openReference opens the station of a worker for a simulated ledger.
func openReference(s *station, o worker.Opening) (worker.Station, error) {
	if s.scenario.Target == nil {
		return nil, fmt.Errorf("%s: the coordinator handed no channels over", named(o))
	}
	given, ok := s.scenario.Target.Options.(*reference.Config)
	if !ok {
		return nil, fmt.Errorf("%s: the coordinator handed no channels over", named(o))
	}
	config := *given
	config.Seed = o.Seed
	s.builder.site.Channels = []string{""}
	one := &referenceStation{station: s, share: o.Share}
	var err error
	if one.clock, err = alarm.New(); err != nil {
		return nil, err
	}
	if one.simulated, err = reference.New(config, one.clock, one.log); err != nil {
		return nil, errors.Join(err, one.clock.Close())
	}
	return one, nil
}

// log takes what really became of a transaction.
func (s *referenceStation) log(x reference.True) {
	if !x.Committed.IsZero() {
		s.entries = append(s.entries, bench.Entry{TxID: x.TxID, Block: s.number(x.Block), Outcome: x.Outcome})
	}
}

// number returns the number of a block among those of all workers' ledgers, of which no two share one. 0 is none.
func (s *referenceStation) number(block uint64) uint64 {
	if block == 0 {
		return 0
	}
	return (block-1)*uint64(max(1, s.share.Of)) + uint64(s.share.Rank) + 1
}

// Target implements worker.Station.
func (s *referenceStation) Target() bench.Target { return s }

// Submit implements bench.Target.
func (s *referenceStation) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	r, err := s.simulated.Submit(ctx, tx)
	r.Block = s.number(r.Block)
	return r, err
}

// Entries implements worker.Keeper.
func (s *referenceStation) Entries(context.Context) iter.Seq2[bench.Entry, error] {
	s.simulated.Close() // transactions whose clients have gone are committed as well
	return func(yield func(bench.Entry, error) bool) {
		for _, e := range s.entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Close implements worker.Station.
func (s *referenceStation) Close() error {
	s.simulated.Close()
	return errors.Join(s.clock.Close(), s.station.Close())
}

var (
	_ worker.Station = (*referenceStation)(nil)
	_ worker.Keeper  = (*referenceStation)(nil)
)
