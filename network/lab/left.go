package lab

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"meterbench/bench/result"
)

// leftThere is what set-ups have put on a ledger, where it stays.
type leftThere struct {
	put         map[string]int // transactions, by contract and function
	deployments int
}

// with returns what is left there with that of another set-up.
func (l leftThere) with(put map[string]int, deployments int) leftThere {
	all := leftThere{put: maps.Clone(l.put), deployments: l.deployments + deployments}
	if all.put == nil {
		all.put = map[string]int{}
	}
	for function, n := range put {
		all.put[function] += n
	}
	return all
}

// there returns what set-ups have put on the ledger until now.
func (s *attachedSite) there() leftThere {
	s.mu.Lock()
	defer s.mu.Unlock()
	deployments := 0
	if s.lab.attached.Deploy != nil && s.prepared {
		deployments = 1
	}
	return s.lab.before.with(s.put, deployments)
}

// left says what set-ups have put on the ledger, where it stays.
func (s *attachedSite) left() []result.Warning {
	var all []string
	there := s.there()
	if d := s.lab.attached.Deploy; d != nil && there.deployments > 0 {
		times := ""
		if there.deployments > 1 {
			times = fmt.Sprintf("%d times ", there.deployments)
		}
		all = append(all, fmt.Sprintf("the contract readings as %s, which is installed %son %d peers and no longer served", d.Name, times, len(d.Peers)))
	}
	for _, function := range slices.Sorted(maps.Keys(there.put)) {
		all = append(all, fmt.Sprintf("%d x %s", there.put[function], function))
	}
	if all == nil {
		return nil
	}
	return []result.Warning{{
		Code: result.LeftOnLedger, Text: fmt.Sprintf("beside the load, the set-up put on the ledger of %s: %s", s.net.Channel, strings.Join(all, ", ")),
	}}
}
