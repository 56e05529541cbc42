package worker

import (
	"context"
	"maps"

	"meterbench/bench/result"
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

// prepared adds what another worker has made before the load. All worked at once: how long it took is what the slowest one took.
func prepared(all, of result.Preparation) result.Preparation {
	sum := all.Ciphertexts + of.Ciphertexts
	if of.Total > all.Total {
		all = of
	}
	all.Ciphertexts = sum
	return all
}
