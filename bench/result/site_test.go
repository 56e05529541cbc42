package result

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench/stats"
)

// Whatever the transactions of a level, each one of the window is in one site's counts, and in no other's latency: the sites
// add up to the window.
func TestSitesAddUp(t *testing.T) {
	names := []string{"ptb", "inmetro", "nmij"}
	rapid.Check(t, func(t *rapid.T) {
		const second = time.Second
		w := newWindow(second, 3*second)
		instant := func(label string, least, most time.Duration) time.Duration {
			return time.Duration(rapid.Int64Range(int64(least), int64(most)).Draw(t, label))
		}
		wantN := map[string]uint64{}
		sum := map[string]time.Duration{}
		for range rapid.IntRange(0, 60).Draw(t, "transactions") {
			r := Record{Intended: instant("intended", 0, 4*second), Committed: NotReached, Submitted: NotReached, Endorsed: NotReached}
			r.Started, r.Prepared = r.Intended, r.Intended
			r.Outcome = rapid.SampledFrom(Outcomes()).Draw(t, "outcome")
			r.Site = uint16(rapid.IntRange(0, len(names)).Draw(t, "site"))
			switch r.Outcome {
			case Valid:
				r.Site = max(r.Site, 1)
				r.Endorsed, r.Submitted = r.Intended, r.Intended
				r.Committed = r.Intended + instant("took", 0, second)
			case Answered:
				r.Site = max(r.Site, 1)
				r.Endorsed = r.Intended
			}
			w.add(&r)
			if r.Outcome == Valid && r.Intended >= w.From && r.Intended < w.To {
				wantN[names[r.Site-1]]++
				sum[names[r.Site-1]] += r.Committed - r.Intended
			}
		}
		w.finish(w.To, 0)
		p := Point{Scheduled: w.Scheduled(), Outcomes: w.Counts.Map(), Sites: w.Sites(names, nil)}
		if err := p.checkSites(); err != nil {
			t.Fatal(err)
		}
		gotN := map[string]uint64{}
		for _, s := range p.Sites {
			if s.Scheduled == 0 {
				t.Fatalf("site %+v", s)
			}
			if s.Latency.N == 0 || w.Counts[Valid] == 0 {
				continue
			}
			gotN[s.Site] = s.Latency.N
			if mean := sum[s.Site].Seconds() / float64(s.Latency.N); (s.Latency.Mean-mean)/max(mean, 1e-6) > 2e-3 {
				t.Fatalf("%s: mean %g, want %g", s.Site, s.Latency.Mean, mean)
			}
		}
		if w.Counts[Valid] > 0 && !maps.Equal(gotN, wantN) {
			t.Fatalf("latencies of %v transactions, want %v", gotN, wantN)
		}
	})
}

// Sites come in the order of their names, and what no gateway took comes last. A target without sites has none.
func TestSitesInOrder(t *testing.T) {
	w := newWindow(0, time.Second)
	for _, site := range []uint16{0, 3, 1, 3} {
		w.add(&Record{Outcome: Answered, Site: site, Endorsed: 20 * time.Millisecond, Committed: NotReached})
	}
	got := w.Sites([]string{"ptb", "cmi", "nmij"}, nil)
	n := func(n uint64) map[string]uint64 { return map[string]uint64{"answered": n} }
	want := []SitePoint{{Site: "ptb", Scheduled: 1, Outcomes: n(1)}, {Site: "nmij", Scheduled: 2, Outcomes: n(2)}, {Site: "", Scheduled: 1, Outcomes: n(1)}}
	for i, latencies := range []uint64{1, 2, 0} {
		if got[i].Latency.N != latencies {
			t.Errorf("%q: %d latencies, want %d", got[i].Site, got[i].Latency.N, latencies)
		}
		got[i].Latency, got[i].Intervals = stats.Quantiles{}, nil
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := w.Sites(nil, nil); got != nil {
		t.Errorf("without sites: %v", got)
	}
}

// A summary whose sites do not add up to their point is refused.
func TestSitesThatDoNotAddUp(t *testing.T) {
	valid := func(n uint64) map[string]uint64 { return map[string]uint64{"valid": n} }
	for name, tt := range map[string]struct {
		sites []SitePoint
		want  string
	}{
		"right":                   {[]SitePoint{{Site: "ptb", Scheduled: 2, Outcomes: valid(2)}, {Site: "cmi", Scheduled: 1, Outcomes: valid(1)}}, ""},
		"none":                    {nil, ""},
		"one is missing":          {[]SitePoint{{Site: "ptb", Scheduled: 2, Outcomes: valid(2)}}, "its sites have 2 transactions, but 3 were scheduled"},
		"another outcome":         {[]SitePoint{{Site: "ptb", Scheduled: 3, Outcomes: map[string]uint64{"unknown": 3}}}, `site "ptb" has 3 of outcome "unknown", and all together have 0`},
		"outcomes that are fewer": {[]SitePoint{{Site: "ptb", Scheduled: 3, Outcomes: valid(2)}}, `site "ptb": the outcome classes sum to 2, but 3 transactions were scheduled`},
		"one that wraps round": {[]SitePoint{{Site: "ptb", Scheduled: 1<<64 - 1, Outcomes: valid(1<<64 - 1)}, {Site: "cmi", Scheduled: 4, Outcomes: valid(4)}},
			`site "ptb" has 18446744073709551615 of outcome "valid", and all together have 3`},
	} {
		t.Run(name, func(t *testing.T) {
			s := Summary{Points: []Point{{Series: "a", Load: Load{Kind: LoadClosed, Clients: 1}, Scheduled: 3, Outcomes: valid(3), Sites: tt.sites}}}
			err := s.fill()
			if (err == nil) != (tt.want == "") || err != nil && !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
