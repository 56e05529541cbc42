package study

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/race"
)

// Disturb implements Disturber.
func (s *queueSite) Disturb(_ context.Context, e scenario.Event) (result.Event, error) {
	done := result.Event{Nodes: new(reference.Config).Nodes()}
	if e.Kind == result.EventRestart {
		return done, s.ledger.Restart()
	}
	return done, s.ledger.Kill()
}

// Outages of a simulated ledger are found as its own log has them: the first commit, what failed, and when the full rate is
// back.
func TestOutagesAgreeWithTheLog(t *testing.T) {
	if race.Enabled {
		t.Skip("other tests show the race detector as much as so many levels")
	}
	config := reference.Config{
		Endorse: servers(16, expTimes(5*time.Millisecond)), Batch: &reference.Batch{Timeout: 200 * time.Millisecond, Messages: 50},
		Commit: committed(1, fixedTimes(20*time.Millisecond), reference.PerBlock),
	}
	const hold = 24 * time.Second
	loads := map[string]scenario.Series{"poisson": poisson(100, hold), "evenly": evenly(100.7, hold), "closed": clients(30, 100*time.Millisecond, hold)}
	runs := 6
	if testing.Short() {
		runs = 1
	}
	late := 0
	for name, one := range loads {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, uint64(len(name))))
			for run := range runs {
				down := 10*time.Second + time.Duration(rng.IntN(1e9))
				up := down + 1500*time.Millisecond + time.Duration(rng.IntN(4e9))
				one.Events.Events = []scenario.Event{event(down, result.EventKill, reference.NodeName), event(up, result.EventRestart, reference.NodeName)}
				s := series(one)
				s.Seed = uint64(run)
				at := queues(t, config)
				o := conduct(t, s, at, nil)
				if o.err != nil {
					t.Fatal(o.err)
				}
				p := o.summary.Points[0]
				equal(t, "events and recoveries", "2 1", fmt.Sprint(len(p.Events), " ", len(p.Recoveries)))
				row := o.rows[0]
				epoch := at.queue.log[row.TxID].Arrived.Add(-row.Intended)
				first, failed := time.Duration(-1), uint64(0)
				for _, x := range at.queue.log {
					arrived := x.Arrived.Sub(epoch)
					if x.Outcome == result.EndorseUnreachable && arrived < hold {
						failed++
					}
					if done := x.Committed.Sub(epoch); arrived >= down && !x.Committed.IsZero() && (first < 0 || done < first) {
						first = done
					}
				}
				r := p.Recoveries[0]
				between(t, "next commit", *r.NextCommit, (first-down).Seconds()-1e-6, (first-down).Seconds()+1e-6)
				between(t, "failed", float64(r.Outcomes[result.EndorseUnreachable.String()]), float64(failed), float64(failed))
				switch {
				case r.Span == 0: // the rate before is not known well enough
					late++
				case r.FullRate == nil:
					t.Errorf("run %d: the full rate is not back after %s: %+v", run, up-down, r)
				default:
					if off := *r.FullRate - (first - down).Seconds(); off < -0.05 || off > 0.5 {
						t.Logf("run %d: full rate %.2f s after the first commit", run, off)
						late++
					}
				}
			}
		})
	}
	if late > 2 {
		t.Errorf("in %d of %d runs the full rate is not where the outage ended", late, runs*len(loads))
	}
}
