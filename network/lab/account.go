package lab

import (
	"fmt"

	"meterbench/workloads"
)

// accounts are what became of the transactions of a station, by series and part of a mix; zero where a workload need not know that.
type accounts struct {
	Series map[string][]workloads.Account
}

// Account implements worker.Accountant.
func (s *station) Account() ([]byte, error) {
	all := accounts{Series: map[string][]workloads.Account{}}
	for name, made := range s.builder.series {
		for _, w := range made {
			var of workloads.Account
			if accountant, ok := accounting(w); ok {
				of = accountant.Account()
			}
			all.Series[name] = append(all.Series[name], of)
		}
	}
	return pack(all)
}

// accounting returns a workload that has to know what became of its transactions.
func accounting(w workloads.Workload) (workloads.Accountant, bool) {
	if of, ok := w.(ledgerWorkload); ok {
		w = of.Workload
	}
	a, ok := w.(workloads.Accountant)
	return a, ok
}

// Reckon implements worker.Reckoner.
func (b *builder) Reckon(account []byte) error {
	var all accounts
	if account != nil {
		if err := unpack(account, &all); err != nil {
			return err
		}
	}
	for name, made := range b.series {
		if theirs := all.Series[name]; account != nil && len(theirs) != len(made) {
			return fmt.Errorf("series %s: a worker accounts for %d of %d workloads", name, len(theirs), len(made))
		}
		for i, w := range made {
			accountant, ok := accounting(w)
			switch {
			case !ok:
			case account == nil:
				accountant.Add(nil)
			default:
				accountant.Add(&all.Series[name][i])
			}
		}
	}
	return nil
}

// Reckon implements worker.Reckoner.
func (l *ledger) Reckon(account []byte) error { return l.builder.Reckon(account) }
