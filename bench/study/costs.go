package study

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/internal/proc"
	"meterbench/internal/sockets"
	"meterbench/internal/storage"
)

// Sites that know more of what transactions cost. All counts go up from some start.
type (
	// A trafficker knows what the processes of the target and the client have sent each other.
	trafficker interface {
		Traffic() (sockets.Totals, error)
	}
	// A caller knows how many requests the client has sent.
	caller interface{ Calls() map[result.Call]uint64 }
	// A keeper knows how much the processes of the target keep on the disk.
	keeper interface {
		Kept() (map[string]proc.Kept, error)
	}
)

// An account is what has been sent until an instant.
type account struct {
	at      time.Time
	traffic sockets.Totals
	untold  error // why nothing is known of traffic
	calls   map[result.Call]uint64
}

// accountOf takes an account of what a site knows.
func accountOf(site Site) (a account) {
	if t, ok := as[trafficker](site); ok {
		a.traffic, a.untold = t.Traffic()
	}
	if c, ok := as[caller](site); ok {
		a.calls = c.Calls()
	}
	a.at = time.Now()
	return a
}

// A disk is read again until two readings are alike, or so often: peers that nobody waits for may still commit.
const (
	keptReadings = 10
	keptPause    = 30 * time.Millisecond
)

// kept reads how much processes keep on the disk, once they are at rest. Processes that cannot be read are left out.
func kept(site Site) (now map[string]proc.Kept) {
	k, ok := as[keeper](site)
	if !ok {
		return nil
	}
	now, _ = k.Kept()
	for range keptReadings {
		if len(now) == 0 {
			break
		}
		before := now
		time.Sleep(keptPause)
		if now, _ = k.Kept(); maps.EqualFunc(before, now, func(a, b proc.Kept) bool { return maps.Equal(a, b) }) {
			break
		}
	}
	return now
}

// A growth is what processes kept before a level and after it.
type growth struct{ before, after map[string]proc.Kept }

// costs gives a point what a transaction took. Phases that run together have no costs of their own, and a simulated ledger
// has none.
func (s *session) costs(p *result.Point, m bench.Result, accounts []account, g growth) {
	if p.Phase != nil || s.facts.Target == result.TargetReference {
		return
	}
	var c result.Costs
	if rate := p.Rate(); rate > 0 {
		c.CPU = s.cpuCosts(p, rate)
		if len(accounts) > 1 {
			s.sent(&c, p, rate, accounts[0], accounts[len(accounts)-1])
		}
	}
	var counts result.Counts
	for o := range counts {
		counts[o] = m.Counts[o] + m.RunOut[o]
	}
	if n := cmp.Or(counts.OnLedger(), counts[result.Answered]); n > 0 {
		if c.Stored = s.stored(p, n, g); c.Stored != nil {
			c.StoredOver = n
		}
	}
	if c.CPU != nil || c.Calls != nil || c.Wire != nil || c.Stored != nil {
		p.Costs = &c
	}
}

// role returns what a process does, and whether it has a part in the transactions of a point.
func (s *session) role(p *result.Point, name string) (result.Role, bool) {
	for _, one := range append(result.Processes(), s.facts.Processes...) {
		if one.Name == name {
			return one.Role, p.Conditions.CarriedBy(one.Role)
		}
	}
	return "", false
}

// cpuCosts adds up the processors' time of each role, on whatever host.
func (s *session) cpuCosts(p *result.Point, rate float64) map[result.Role]float64 {
	var all map[result.Role]float64
	for _, cores := range []map[string]float64{p.CPU, p.Elsewhere} {
		for _, name := range slices.Sorted(maps.Keys(cores)) {
			if role, ok := s.role(p, name); ok {
				if all == nil {
					all = map[result.Role]float64{}
				}
				all[role] += cores[name] / rate
			}
		}
	}
	return all
}

// sent adds what was sent from one account to a later one.
func (s *session) sent(c *result.Costs, p *result.Point, rate float64, from, to account) {
	transactions := rate * to.at.Sub(from.at).Seconds()
	if !(transactions > 0) {
		return
	}
	for call, n := range to.calls {
		if n > from.calls[call] {
			if c.Calls == nil {
				c.Calls = map[result.Call]float64{}
			}
			c.Calls[call] = float64(n-from.calls[call]) / transactions
		}
	}
	if err := cmp.Or(from.untold, to.untold); err != nil {
		if !errors.Is(err, proc.ErrUnwatched) {
			s.warn(result.TrafficUnseen, "bytes on the wire are not counted: %v", err)
		}
		return
	}
	type pair struct{ from, to result.Role }
	sums := map[pair]sockets.Count{}
	for way, n := range to.traffic.Ways {
		sender, carries := s.role(p, way.From)
		receiver, takes := s.role(p, way.To)
		if carries && takes && !watching(sender, receiver) {
			before, sum := from.traffic.Ways[way], sums[pair{sender, receiver}]
			sums[pair{sender, receiver}] = sockets.Count{
				Bytes: sum.Bytes + n.Bytes - before.Bytes, Segments: sum.Segments + n.Segments - before.Segments,
			}
		}
	}
	for _, way := range slices.SortedFunc(maps.Keys(sums), func(a, b pair) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) }) {
		c.Wire = append(c.Wire, result.WireCost{
			From: way.from, To: way.to, Bytes: float64(sums[way].Bytes) / transactions, Segments: float64(sums[way].Segments) / transactions,
		})
	}
	c.WirePartial = c.Wire != nil && to.traffic.Partial
}

// watching reports whether it is the instrument that one role asks another, whether it still runs: clients call no chaincode.
func watching(a, b result.Role) bool {
	return a == result.RoleClient && b == result.RoleChaincode || a == result.RoleChaincode && b == result.RoleClient
}

// stored returns by how much what each process keeps has grown, over n transactions.
func (s *session) stored(p *result.Point, n uint64, g growth) (all []result.StoredCost) {
	for _, name := range slices.Sorted(maps.Keys(g.after)) {
		before, known := g.before[name]
		role, ok := s.role(p, name)
		if !known || !ok {
			continue
		}
		for _, part := range storage.Parts() {
			now, kept := g.after[name][part]
			if !kept {
				continue
			}
			cost := result.StoredCost{Process: name, Role: role, Part: part}
			cost.Bytes, cost.Low, cost.High = grown(before[part], now)
			for _, of := range []*float64{&cost.Bytes, &cost.Low, &cost.High} {
				*of /= float64(n)
			}
			all = append(all, cost)
		}
	}
	return all
}

// grown returns by how much a size has grown, and bounds of what that comes to once LevelDB has sorted, compressed and merged
// what is in its logs: to something between nothing and as much. Where tables were written meanwhile, they also hold what was
// in the log before.
func grown(before, after storage.Size) (by, low, high float64) {
	by = float64(after.Bytes) - float64(before.Bytes)
	switch {
	case after.Unsettled == 0 && before.Unsettled == 0:
		return by, by, by
	case after.Bytes-after.Unsettled == before.Bytes-before.Unsettled && by >= 0:
		return by, 0, by
	}
	return by, max(by-float64(after.Unsettled), min(0, by)), by + float64(before.Unsettled)
}
