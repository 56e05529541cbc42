package study

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/bench/topology"
)

// apart is a topology of two institutes 80 ms apart, with an orderer each and one more at the first.
func apart(t *testing.T) topology.Topology {
	t.Helper()
	top, err := topology.Parse("apart.yaml", []byte(`
name: apart
sites: [{name: ptb}, {name: nmij}]
links: [{between: [ptb, nmij], round_trip: 80ms}]
distance: 1
organisations: [{name: ptb}, {name: nmij}]
orderers: {owners: [ptb, nmij, ptb]}
channels: [{name: metrology, batch: {timeout: 200ms}, chaincodes: [{name: readings}]}]
`))
	if err != nil {
		t.Fatal(err)
	}
	return top
}

// far is a point of a low open load, measured at distance 1.
func far() result.Point {
	return result.Point{
		Series: "far", Repetition: 1, Valid: true, Throughput: 9.9, Scheduled: 100, Outcomes: map[string]uint64{"valid": 100},
		Load:       result.Load{Kind: result.LoadOpen, Offered: 10},
		Conditions: result.Conditions{Topology: "apart", Policy: "all", Distance: 1, Driver: result.DriverWire, Arrivals: "poisson"},
		Latency:    map[string]stats.Quantiles{"commit": {N: 100, Mean: 0.44}},
		Intervals:  map[string]stats.Interval{"commit_s": {Low: 0.42, High: 0.46, N: 16}},
		Leaders:    []result.Leader{{Channel: "metrology", Orderer: "orderer0"}},
		BlockSources: []result.BlockSource{
			{Channel: "metrology", Peer: "peer0.ptb", Orderer: "orderer2"}, {Channel: "metrology", Peer: "peer0.nmij", Orderer: "orderer1", Changed: true},
		},
	}
}

func near(p result.Point) result.Point {
	p.Series, p.Conditions.Distance = "near", 0
	p.Latency = map[string]stats.Quantiles{"commit": {N: 100, Mean: 0.2}}
	p.Intervals = map[string]stats.Interval{"commit_s": {Low: 0.19, High: 0.21, N: 16}}
	return p
}

// From ptb: the other endorses within 80; a third of the orderers is 40 away, whose forward takes 40; orderers 0 and 2 agree at
// once; orderer 2 is at the peer's site. From nmij: endorsed within 80, submitted within 2/3 of 40, forwarded 1/3 of 40, and
// then from one of the orderers: 40 from those at ptb, 40 to the one at nmij itself.
func TestExpected(t *testing.T) {
	p := far()
	slow := [][]time.Duration{{0, 80 * time.Millisecond}, {80 * time.Millisecond, 0}} // twice as slow as asked for
	got := expected(apart(t), &p, slow)
	const third = 0.04 / 3
	want := &result.Expected{
		Parts: map[string]float64{
			"endorse": 0.08, "submit": (third + 2*third) / 2, "forward": third, "turn": 0, "agree": 0, "deliver": 0.02,
		},
		Distance: 0.08 + 1.5*third + third + 0.02, Low: 0.08, High: 0.08 + 0.04 + 0.04,
		Sites:   []result.ExpectedSite{{Site: "ptb", Gateways: 1, Distance: 0.08 + 2*third}, {Site: "nmij", Gateways: 1, Distance: 0.08 + 3*third + 0.04}},
		Unknown: []string{"peer0.nmij"}, Measured: 0.44, MeasuredInterval: &stats.Interval{Low: 0.42, High: 0.46, N: 16},
		Seen: &result.ExpectedSeen{Distance: 2 * (0.08 + 1.5*third + third + 0.02)},
	}
	if diff := cmp.Diff(want, got, approximate); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	p.Conditions.Site = "nmij"
	if got := expected(apart(t), &p, nil); got == nil || len(got.Sites) != 1 || math.Abs(got.Distance-0.16) > 1e-9 || got.Seen != nil {
		t.Errorf("clients at one site: %+v", got)
	}
}

var approximate = cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })

// Nothing is expected where it is not known how transactions went.
func TestExpectedOfWhatIsNotKnown(t *testing.T) {
	for name, change := range map[string]func(*result.Point, *topology.Topology){
		"no leader":     func(p *result.Point, _ *topology.Topology) { p.Leaders = nil },
		"policies":      func(p *result.Point, _ *topology.Topology) { p.Conditions.Policy = "all, any" },
		"queries":       func(p *result.Point, _ *topology.Topology) { p.Conditions.Query = true },
		"direct":        func(p *result.Point, _ *topology.Topology) { p.Conditions.Driver = result.DriverDirect },
		"by the key":    func(p *result.Point, _ *topology.Topology) { p.Conditions.Operation = result.OpRotate },
		"without peers": func(p *result.Point, _ *topology.Topology) { p.Conditions.Site = "cmi" },
		"channels":      func(_ *result.Point, t *topology.Topology) { t.Channels = append(t.Channels, t.Channels[0]) },
	} {
		t.Run(name, func(t *testing.T) {
			p, top := far(), apart(t)
			change(&p, &top)
			if got := expected(top, &p, nil); got != nil {
				t.Errorf("expected %+v", got)
			}
		})
	}
}

// What is expected is compared with the load at distance zero, of the same repetition if there is one.
func TestExpectations(t *testing.T) {
	first, second := far(), far()
	second.Repetition = 2
	for _, p := range []*result.Point{&first, &second} {
		p.Expected = expected(apart(t), p, nil)
	}
	before, after := near(far()), near(far())
	after.Throughput = 9 // fewer transactions were due than on average
	after.Repetition, after.Series = 2, "later"
	other := near(far())
	other.Conditions.Policy = "any"
	s := &study{summary: result.Summary{Points: []result.Point{first, second, other, before, after}}}
	s.expectations()
	for i, series := range []string{"near", "later"} {
		e := s.summary.Points[i].Expected
		if e.Baseline == nil || e.Baseline.Series != series || e.Baseline.Repetition != i+1 {
			t.Fatalf("baseline %+v, want %s", e.Baseline, series)
		}
		if math.Abs(e.Total-0.2-e.Distance) > 1e-9 || math.Abs(e.Sites[1].Total-0.36) > 1e-9 || math.Abs(*e.Ratio-0.44/e.Total) > 1e-9 {
			t.Errorf("%+v", e)
		}
		if r := e.RatioInterval; r == nil || r.Low >= *e.Ratio || r.High <= *e.Ratio || r.High-r.Low > 0.2 {
			t.Errorf("ratio %v, interval %+v", *e.Ratio, r)
		}
	}
	for _, p := range s.summary.Points[2:] {
		if p.Expected != nil {
			t.Errorf("%s at distance zero: %+v", p.Series, p.Expected)
		}
	}
}

// Where the latency at distance zero cannot be added, what distance adds stands alone; with events nothing does.
func TestExpectationsWithoutBaseline(t *testing.T) {
	for name, change := range map[string]func(far, near *result.Point){
		"closed load":   func(far, _ *result.Point) { far.Load = result.Load{Kind: result.LoadClosed, Clients: 8} },
		"constant":      func(far, _ *result.Point) { far.Conditions.Arrivals = "constant" },
		"overloaded":    func(far, _ *result.Point) { far.Steady = stats.Overloaded },
		"dropped":       func(far, _ *result.Point) { far.Outcomes["dropped"] = 1 },
		"not valid":     func(far, _ *result.Point) { far.Valid = false },
		"failing":       func(far, _ *result.Point) { far.Outcomes = map[string]uint64{"valid": 94, "unknown": 6} },
		"other load":    func(_, near *result.Point) { near.Load.Offered = 11 },
		"not far apart": func(_, near *result.Point) { near.Conditions.Distance = 0.5 },
		"disturbed":     func(_, near *result.Point) { near.Events = make([]result.Event, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			f := far()
			f.Expected = expected(apart(t), &f, nil)
			n := near(far())
			change(&f, &n)
			s := &study{summary: result.Summary{Points: []result.Point{f, n}}}
			s.expectations()
			if e := s.summary.Points[0].Expected; e == nil || e.Distance == 0 || e.Baseline != nil || e.Ratio != nil || e.Total != 0 {
				t.Errorf("%+v", e)
			}
		})
	}
	f := far()
	f.Expected, f.Events = &result.Expected{}, make([]result.Event, 1)
	s := &study{summary: result.Summary{Points: []result.Point{f}}}
	if s.expectations(); s.summary.Points[0].Expected != nil {
		t.Error("something is expected of a level with events")
	}
}

func TestSeen(t *testing.T) {
	sites := []topology.Site{{Name: "ptb"}, {Name: "cmi"}, {Name: "nmij"}}
	distance := func(network, a, b string, p50 float64, lost int) result.Distance {
		return result.Distance{Network: network, Between: [2]string{a, b}, P50: p50, Sent: 100, Lost: lost}
	}
	all := []result.Distance{
		distance("", "ptb", "cmi", 1, 0), // of another network
		distance("far", "cmi", "ptb", 0.02, 99), distance("far", "ptb", "nmij", 0.3, 0), distance("far", "nmij", "cmi", 0.32, 0),
	}
	const ms = time.Millisecond
	want := [][]time.Duration{{0, 10 * ms, 150 * ms}, {10 * ms, 0, 160 * ms}, {150 * ms, 160 * ms, 0}}
	if diff := cmp.Diff(want, seen(sites, all, "far")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := seen(sites, all[:3], "far"); got != nil {
		t.Errorf("of two pairs of three: %v", got)
	}
	if all[1].Lost++; seen(sites, all, "far") != nil {
		t.Error("between two sites that nothing passed")
	}
}
