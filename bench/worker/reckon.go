package worker

import (
	"context"
	"fmt"
	"maps"

	"meterbench/bench/result"
	"meterbench/internal/proc"
	"meterbench/internal/sockets"
)

// An Accountant is a Station that knows what became of its transactions.
type Accountant interface {
	// Account returns what a Reckoner has to know of them.
	Account() ([]byte, error)
}

// A Reckoner is a Host that has to know what became of the workers' transactions, to hold its ledger against them.
type Reckoner interface {
	// Reckon takes the account of a station, once, before Stored and Evaluate: nil of a worker that is lost.
	Reckon(account []byte) error
}

// A Caller is a Station that counts the requests that it sends.
type Caller interface {
	// Calls returns how many it has sent since it was opened. It may be called at any time, by any goroutine.
	Calls() map[result.Call]uint64
}

// reckon has the host know what became of the workers' transactions.
func (s *site) reckon(ctx context.Context) error {
	host, ok := s.Host.(Reckoner)
	if !ok || s.reckoned {
		return nil
	}
	for _, m := range s.opened {
		account, err := m.account(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil && m.lost() == nil {
			return err
		}
		if err := host.Reckon(account); err != nil {
			return err
		}
	}
	s.reckoned = true
	return nil
}

// account asks a worker for the account of its station. It is nil with an error.
func (m *member) account(ctx context.Context) ([]byte, error) {
	d, err := m.ask(ctx, nil, &order{Account: true}, nil, nil)
	if err != nil {
		return nil, err
	}
	return d.Account, nil
}

// Calls returns how many requests workers have sent, and the process of the study: those of a worker by its last word.
func (s *site) Calls() map[result.Call]uint64 {
	all := map[result.Call]uint64{}
	if own, ok := s.Host.(Caller); ok {
		all = maps.Clone(own.Calls())
	}
	for _, m := range s.opened {
		if calls := m.calls.Load(); calls != nil {
			for call, n := range *calls {
				all[call] += n
			}
		}
	}
	return all
}

// A watcher is a Host that counts what the client, and processes that count as such, and the target's processes send each other.
type watcher interface {
	CountAsClient(pid int)
	Traffic() (sockets.Totals, error)
}

// watch has the host count what workers of this machine send. What the coordinator's own block streams bring counts as well.
func (s *site) watch() {
	host, ok := s.Host.(watcher)
	for _, m := range s.opened {
		if ok && m.here() {
			host.CountAsClient(m.PID)
		}
	}
}

// Traffic returns what workers and the target's processes have sent each other.
func (s *site) Traffic() (sockets.Totals, error) {
	host, ok := s.Host.(watcher)
	if !ok {
		return sockets.Totals{}, proc.ErrUnwatched
	}
	for _, m := range s.opened {
		if !m.here() {
			return sockets.Totals{}, fmt.Errorf("%s is on another machine than the coordinator, which counts what goes over the wire on its own", m)
		}
	}
	return host.Traffic()
}

// prepared adds what another worker has made before the load. All worked at once: how long it took is what the slowest one took.
func prepared(all, of result.Preparation) result.Preparation {
	sum := all.Ciphertexts + of.Ciphertexts
	if of.Total > all.Total {
		all = of
	}
	all.Ciphertexts = sum
	return all
}
