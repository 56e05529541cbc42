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
	one := &referenceStation{station: s}
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
		s.entries = append(s.entries, bench.Entry{TxID: x.TxID, Block: x.Block, Outcome: x.Outcome})
	}
}

// Target implements worker.Station.
func (s *referenceStation) Target() bench.Target { return s.simulated }

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
