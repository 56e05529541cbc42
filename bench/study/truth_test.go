package study

import (
	"cmp"
	"context"
	"iter"
	"math"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/alarm"
	"meterbench/internal/race"
)

// A queueSite is a site with the reference ledger in place of its own target.
type queueSite struct {
	*site
	ledger  *reference.Ledger
	entries []bench.Entry
	log     map[[32]byte]reference.True
}

// queues returns a site that is the reference ledger of a configuration, in virtual time.
func queues(t *testing.T, c reference.Config) *site {
	s := newSite()
	s.as = func(s *site) Site {
		at := &queueSite{site: s, log: map[[32]byte]reference.True{}}
		s.queue = at
		c.Seed = s.sessions[len(s.sessions)-1].Seed
		var err error
		at.ledger, err = reference.New(c, alarm.Timers{}, func(x reference.True) {
			at.log[x.TxID] = x
			if !x.Committed.IsZero() {
				at.entries = append(at.entries, bench.Entry{TxID: x.TxID, Outcome: x.Outcome})
			}
		})
		if err != nil {
			t.Error(err)
		}
		return at
	}
	return s
}

func (s *queueSite) Target() bench.Target { return s.ledger }

func (s *queueSite) Ledger(context.Context, func(*result.BlockRow)) iter.Seq2[bench.Entry, error] {
	s.ledger.Close()
	return func(yield func(bench.Entry, error) bool) {
		for _, e := range s.entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (s *queueSite) Stored(ctx context.Context) (n uint64, counted bool, err error) {
	for e := range s.Ledger(ctx, nil) {
		if e.Outcome == result.Valid {
			n++
		}
	}
	return n, true, nil
}

func (s *queueSite) Close() error {
	s.ledger.Close()
	return s.site.Close()
}

// Poisson arrivals and exponential service times, whichever stage has them, are a queue whose latency is known: it is
// exponential with the rate mu - lambda (Kleinrock, Queueing Systems, volume 1, 1975). That holds only while arrivals
// and service times are independent.
func TestStudyOfMM1(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	if race.Enabled {
		t.Skip("other tests show the race detector as much as so many levels")
	}
	const mean = 5 * time.Millisecond
	hold, utilisation := 2000*time.Second, 0.7
	if testing.Short() {
		hold, utilisation = 150*time.Second, 0.5 // which takes less to settle
	}
	stage := &reference.Stage{Servers: 1, Service: reference.Distribution{Kind: reference.Exponential, Mean: mean}}
	for name, c := range map[string]reference.Config{
		"endorse": {Endorse: stage}, "order": {Order: stage}, "commit": {Commit: &reference.Commit{Stage: *stage}},
	} {
		t.Run(name, func(t *testing.T) {
			one := open("mm1", hold, utilisation/mean.Seconds())
			one.Load.Arrivals.Kind, one.Load.Slots = scenario.Poisson, 10_000
			o := conduct(t, series(one), queues(t, c), nil)
			if o.err != nil {
				t.Fatal(o.err)
			}
			latency := o.summary.Points[0].Latency[result.PartCommit.String()]
			truth := mean.Seconds() / (1 - utilisation)
			between(t, "mean", latency.Mean/truth, 0.9, 1.1)
			between(t, "p99", *latency.P99/(-math.Log(0.01)*truth), 0.8, 1.2)
		})
	}
}

// A run shares no random numbers with that of the next seed, whatever the repetition, or its levels with its ledger.
func TestStudiesShareNoNumbers(t *testing.T) {
	from := map[uint64]string{}
	for seed := range uint64(3) {
		s := scenario.Scenario{Seed: seed, Repeat: 3, Fresh: true, Series: []scenario.Series{open("a", time.Second, 1, 2), open("b", time.Second, 1)}}
		for _, one := range sessions(s) {
			for _, turn := range one.turns {
				for _, l := range turn.levels {
					first := plan(s.Seed, l, 0).Random.Rand().Uint64()
					if other, taken := from[first]; taken {
						t.Errorf("seed %d, %s, repetition %d draws as %s", seed, l, l.repetition, other)
					}
					from[first] = cmp.Or(l.String(), "a level")
				}
			}
		}
	}
	equal(t, "streams", 27, len(from))
}
