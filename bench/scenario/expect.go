package scenario

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/bench/threshold"
	"meterbench/internal/storage"
	"meterbench/internal/strictyaml"
)

// expectations reads and checks what the text expects, of all series and of each. They are those that were expanded.
func (t text) expectations(s *Scenario) *strictyaml.Problem {
	type group struct {
		at, within string
		texts      []string
	}
	groups := []group{{"", "", t.Expect}}
	for i, one := range t.Series {
		groups = append(groups, group{fmt.Sprintf("series[%d].", i), one.Name, one.Expect})
	}
	known := s.Expected()
	for _, g := range groups {
		for i, written := range g.texts {
			expectation, err := threshold.Parse(written)
			if err == nil {
				expectation.Within = g.within
				err = expectation.Check(known)
			}
			if e, wrong := errors.AsType[*threshold.Error](err); wrong {
				return &strictyaml.Problem{Path: fmt.Sprintf("%sexpect[%d]", g.at, i), Msg: e.Msg, Hint: e.Hint, Within: e.At}
			}
			if slices.ContainsFunc(s.Expect, expectation.Repeats) {
				return strictyaml.Problemf("leave one of them out", fmt.Sprintf("%sexpect[%d]", g.at, i), "%s is given twice", written)
			}
			s.Expect = append(s.Expect, expectation)
		}
	}
	return nil
}

// Expected returns the series as thresholds know them.
func (s *Scenario) Expected() (all []threshold.Series) {
	for _, one := range s.Series {
		all = append(all, threshold.Series{Name: one.Name, Loads: one.levels(), Most: one.most(s.WarmupOf), Specimen: s.specimen(one)})
	}
	return all
}

// levels returns the loads of a series, nil where only the run finds them, or arrivals make them.
func (s Series) levels() (all []result.Load) {
	for _, n := range s.Load.Clients {
		all = append(all, result.Load{Kind: result.LoadClosed, Clients: n})
	}
	for _, rate := range s.Load.Rate {
		all = append(all, result.Load{Kind: result.LoadOpen, Offered: rate})
	}
	return all
}

// most returns the most transactions that a window at each of levels can have, +Inf where nothing but the target bounds them.
func (s Series) most(warmup func(Series) time.Duration) (all []float64) {
	for _, n := range s.Load.Clients {
		one, most := s.At(n), math.Inf(1)
		if think := one.Load.Think; think > 0 {
			most = float64(n) * (1 + math.Floor((one.Load.Hold-warmup(one)).Seconds()/think.Seconds()))
		}
		all = append(all, most)
	}
	for _, rate := range s.Load.Rate {
		most := s.expected(rate, warmup(s)) + 1
		if s.Load.Arrivals.random() {
			most += 3 * math.Sqrt(most)
		}
		all = append(all, most)
	}
	return all
}

// specimen returns a point with every figure that a level of the series may have, whatever its value.
func (s *Scenario) specimen(one Series) result.Point {
	some := 1.0
	q := stats.Quantiles{P50: &some, P95: &some, P99: &some, N: 1}
	for _, percent := range s.Quantiles {
		q.More = append(q.More, stats.Quantile{Percent: percent, Value: &some})
	}
	p := result.Point{Scheduled: 1, Latency: map[string]stats.Quantiles{}}
	p.Conditions.Wait = one.Load.Wait
	orders := p.Conditions.Commits()
	asks, encrypts := !orders, false
	for _, w := range one.Workloads() {
		var c result.Conditions
		w.Options.Describe(&c)
		asks, encrypts = asks || w.Traits().Query, encrypts || c.Encryption != ""
	}
	parts := map[result.Part]bool{
		result.PartCommit: orders, result.PartSubmit: orders, result.PartOrderCommit: orders, result.PartAcknowledge: orders,
		result.PartAnswer: asks, result.PartLag: true, result.PartPrepare: true, result.PartEndorse: true, result.PartEncrypt: encrypts,
	}
	for part, has := range parts {
		if has {
			p.Latency[part.String()] = q
		}
	}
	if asks {
		p.Answered = 1
	}
	if one.Objective != 0 {
		p.Satisfaction = &result.Satisfaction{}
	}
	if one.Group != "" { // what phases that run together take is not known of each
		return p
	}
	if !asks {
		p.ClientCPUInSignatures = 1
	}
	if s.Target == nil || s.Target.Others {
		p.Costs = &result.Costs{
			CPU:    map[result.Role]float64{result.RoleClient: 1, result.RolePeer: 1, result.RoleChaincode: 1, result.RoleOrderer: 1},
			Wire:   []result.WireCost{{From: result.RolePeer, To: result.RoleOrderer}},
			Stored: []result.StoredCost{{Part: storage.Blocks}},
		}
	}
	return p
}
