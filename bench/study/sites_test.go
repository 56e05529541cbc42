package study

import (
	"context"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/result"
)

// A sited target has gateways at two sites, which take transactions in turn. The far one's peer has every block later.
type sited struct {
	*traced
	turn    atomic.Uint64
	timeout atomic.Int64 // of the last transaction
}

// farther is by how much the far peer of a traced target commits later than the near one.
const farther = 46 * ms

func (s *sited) Facts() Facts {
	f := s.traced.Facts()
	f.Sites = []string{"near", "far", "idle"}
	f.Observers = []ObservingPeer{{0, "", "peer0"}, {0, "far", "peer1"}}
	return f
}

func (s *sited) Target() bench.Target { return s }

func (s *sited) Submit(ctx context.Context, tx bench.Transaction) (bench.Receipt, error) {
	s.timeout.Store(int64(tx.Timeout))
	at := tx.Site
	if at == 0 {
		at = uint16(s.turn.Add(1)%2 + 1)
	}
	r, err := s.traced.Submit(ctx, tx)
	if r.Site = at; at == 2 && !r.Committed.IsZero() {
		time.Sleep(farther)
		r.Committed = r.Committed.Add(farther)
	}
	return r, err
}

// What the clients of each site saw adds up to the point, with the latency of its own site and an interval for it; and
// latency is split by what the peer of each site reports.
func TestSites(t *testing.T) {
	in := open("in turn", 30*time.Second, 40)
	there := open("there", 3*time.Second, 40)
	there.Load.Site, there.Load.Timeout = "far", 7*time.Second
	var at *sited
	target := newSite()
	target.as = func(s *site) Site {
		at = &sited{traced: &traced{site: s, reason: byTimer}}
		return at
	}
	o := conduct(t, series(in, there), target, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	both, far := o.summary.Points[0], o.summary.Points[1]
	equal(t, "timeout of the transactions", 7*time.Second, time.Duration(at.timeout.Load()))
	equal(t, "site of all", "", both.Conditions.Site)
	equal(t, "site", "far", far.Conditions.Site)
	names := func(p result.Point) (all []string) {
		for _, s := range p.Sites {
			all = append(all, s.Site)
			if s.Latency.N != s.Scheduled || s.Outcomes["valid"] != s.Scheduled {
				t.Errorf("%s, %s: %d scheduled, %v, %d latencies", p.Series, s.Site, s.Scheduled, s.Outcomes, s.Latency.N)
			}
		}
		return all
	}
	if diff := cmp.Diff([][]string{{"near", "far"}, {"far"}}, [][]string{names(both), names(far)}); diff != "" {
		t.Errorf("sites (-want +got):\n%s", diff)
	}
	if a, b := both.Sites[0], both.Sites[1]; math.Abs(float64(a.Scheduled)-float64(b.Scheduled)) > 1 ||
		math.Abs(b.Latency.Mean-a.Latency.Mean-farther.Seconds()) > 1e-3 {
		t.Errorf("near %d, %g s; far %d, %g s", a.Scheduled, a.Latency.Mean, b.Scheduled, b.Latency.Mean)
	}
	for _, s := range both.Sites {
		for key, value := range map[string]float64{result.SiteMean: s.Latency.Mean, result.SiteP50: *s.Latency.P50, result.SiteP95: *s.Latency.P95} {
			if i, ok := s.Intervals[key]; !ok || i.Low > value || i.High < value {
				t.Errorf("%s: interval of %s %v is none of %g", s.Site, key, i, value)
			}
		}
	}
	for _, p := range o.summary.Points {
		var sum float64
		for _, part := range result.BlockParts() {
			sum += p.Latency[part.String()].Mean
		}
		if whole := p.Latency[result.PartOrderCommit.String()].Mean; math.Abs(sum-whole) > whole/500 {
			t.Errorf("%s: the parts sum to %g s, not %g s", p.Series, sum, whole)
		}
	}
	// The far peer commits for 10 ms, and the near one is done when half of the transactions are acknowledged.
	if got := far.Latency["state_commit"].Mean; got < 3e-3 {
		t.Errorf("the far peer committed for %g s", got)
	}
	for _, row := range o.rows {
		if row.SiteName == "" || row.Series == "there" && row.SiteName != "far" {
			t.Fatalf("%s: row of site %q", row.Series, row.SiteName)
		}
	}
}
