package rank

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// A level of a made-up run.
type madeLevel struct {
	clients  int
	rate     float64
	p50, p99 float64 // 0: not stated
}

// A made-up series: CPU and bytes are the same at every level.
type madeSeries struct {
	name               string
	factors            []result.Factor
	topology           string
	capacity, half     float64 // 0: no saturation
	open               bool    // not reached
	levels             []madeLevel
	peer, orderer      float64 // CPU seconds
	stored, wire, each float64 // bytes; wire among nodes, each by the client
}

// straight has a latency that grows in proportion to the throughput, 1 ms for each 10/s.
func straight() []madeLevel {
	return []madeLevel{{8, 40, 0.04, 0.08}, {16, 50, 0.05, 0.10}, {32, 80, 0.08, 0.16}, {64, 99, 0.3, 0.6}}
}

func folder(all ...madeSeries) *result.Folder {
	f := &result.Folder{Dir: "out", Run: result.Run{ID: "one", Versions: map[string]string{}}, Summary: result.Summary{Target: result.TargetFabric, Complete: true}}
	for _, s := range all {
		for _, l := range s.levels {
			p := result.Point{
				Series: s.name, Repetition: 1, Valid: true, Factors: s.factors, Throughput: l.rate,
				Conditions: result.Conditions{Topology: s.topology, Workload: result.Plain, BatchTimeout: 0.2, BatchMessages: 100, Length: 24},
				Load:       result.Load{Kind: result.LoadClosed, Clients: l.clients},
				Latency:    map[string]stats.Quantiles{},
				Intervals: map[string]stats.Interval{
					"commit_p50_s": {Low: l.p50 * 0.99, High: l.p50 * 1.01, N: 10},
				},
				Costs: &result.Costs{
					CPU: map[result.Role]float64{result.RolePeer: s.peer, result.RoleOrderer: s.orderer, result.RoleClient: 1},
					Wire: []result.WireCost{
						{From: result.RolePeer, To: result.RoleOrderer, Bytes: s.wire}, {From: result.RoleClient, To: result.RolePeer, Bytes: s.each},
					},
					Stored: []result.StoredCost{{Process: "peer0", Role: result.RolePeer, Part: "blocks", Bytes: s.stored, Low: s.stored, High: s.stored}},
				},
			}
			q := stats.Quantiles{N: 5000}
			if l.p50 > 0 {
				q.P50 = &l.p50
			}
			if l.p99 > 0 {
				q.P99 = &l.p99
			}
			p.Latency[result.PartCommit.String()] = q
			f.Summary.Points = append(f.Summary.Points, p)
		}
		if s.capacity > 0 {
			f.Summary.Saturation = append(f.Summary.Saturation, result.Saturation{
				Series: s.name, Reached: !s.open, Clients: 64, Throughput: s.capacity, Low: s.capacity - s.half, High: s.capacity + s.half, N: 10,
			})
		}
	}
	return f
}

// varied returns series of one base that differ in the topology.
func varied(name string, capacity float64, levels []madeLevel) madeSeries {
	return madeSeries{
		name: "plain/topology=" + name, factors: []result.Factor{{Key: "topology", Label: name}}, topology: name,
		capacity: capacity, half: 2, levels: levels, peer: 0.004, orderer: 0.002, stored: 5000, wire: 7000, each: 3000,
	}
}

func rankOf(t *testing.T, factor string, prices *Prices, runs ...*result.Folder) *Ranking {
	t.Helper()
	r, err := Rank(runs, Options{Factor: factor, Prices: prices})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func setting(t *testing.T, r *Ranking, level string) *Setting {
	t.Helper()
	for i := range r.Groups {
		for j := range r.Groups[i].Settings {
			if s := &r.Groups[i].Settings[j]; s.Level == level {
				return s
			}
		}
	}
	t.Fatalf("no setting %s in %+v", level, r)
	return nil
}

// The reciprocal of latency at 60 % of the capacity lies on the line between those of the two levels around it: at 60/s, between
// 50/s with 50 ms and 80/s with 80 ms, 20/s less a third of 7.5/s.
func TestInterpolation(t *testing.T) {
	r := rankOf(t, "topology", nil, folder(varied("small", 100, straight()), varied("large", 80, straight())))
	g := r.Groups[0]
	s := setting(t, r, "small")
	p50, p99 := g.Figure(s, "commit.p50"), g.Figure(s, "commit.p99")
	if !near(p50.Value.Value, 1/17.5) || !near(p99.Value.Value, 2/17.5) {
		t.Errorf("p50 %v, p99 %v; want 57.1 ms and 114.3 ms", p50.Value.Value, p99.Value.Value)
	}
	if i := p50.Interval; i == nil || !near(i.Low, 0.99/17.5) || !near(i.High, 1.01/17.5) || i.N != 10 {
		t.Errorf("interval %+v; want 56.6 to 57.7 ms", i)
	}
	if p99.Interval != nil {
		t.Errorf("p99 has an interval that no level has: %+v", p99.Interval)
	}
	if want := [2]result.Load{{Kind: result.LoadClosed, Clients: 16}, {Kind: result.LoadClosed, Clients: 32}}; s.Around != want {
		t.Errorf("around %v", s.Around)
	}
	// At 48/s: between 40 with 25/s and 50 with 20/s.
	if v := g.Figure(setting(t, r, "large"), "commit.p50").Value.Value; !near(v, 1/21.0) {
		t.Errorf("large: %v; want 47.6 ms", v)
	}
	if c := s.Capacity; c.Value.Value != 100 || c.Interval.Low != 98 || c.AtLeast {
		t.Errorf("capacity %+v", c)
	}
}

// A figure is read between levels as it is where it is that of a queue, or of what a second has once, and where it is a sum of
// such parts and a constant it is not below what it is, nor farther above than a straight line.
func TestInterpolationOfQueues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := func(name string) float64 { return rapid.Float64Range(0.001, 1).Draw(t, name) }
		constant, queue, shared := part("constant"), part("queue"), part("shared")
		which := rapid.SampledFrom([]string{"queue", "shared", "all"}).Draw(t, "which")
		figure := func(u float64) float64 {
			switch which {
			case "queue":
				return queue / (1 - u)
			case "shared":
				return shared / u
			}
			return constant + queue/(1-u) + shared/u
		}
		low, high := rapid.Float64Range(0.3, 0.59).Draw(t, "low"), rapid.Float64Range(0.61, 0.9).Draw(t, "high")
		capacity := rapid.Float64Range(10, 1000).Draw(t, "capacity")
		var levels []madeLevel
		for i, u := range []float64{low, high, 0.95} {
			levels = append(levels, madeLevel{i + 1, u * capacity, figure(u), 2 * figure(u)})
		}
		f := folder(varied("a", capacity, levels), varied("b", capacity, levels))
		r, err := Rank([]*result.Folder{f}, Options{Factor: "topology"})
		if err != nil {
			t.Fatal(err)
		}
		got := r.Groups[0].Figure(&r.Groups[0].Settings[0], "commit.p50").Value.Value
		is, line := figure(Share), ((high-Share)*figure(low)+(Share-low)*figure(high))/(high-low)
		if got < is*(1-1e-9) || got > line*(1+1e-9) || which != "all" && got > is*(1+1e-9) {
			t.Errorf("%v where it is %v, and on the line %v", got, is, line)
		}
	})
}

// What takes nothing at one of the levels takes nothing between them, and the bound of an interval that cannot be is none.
func TestInterpolationOfNothing(t *testing.T) {
	for _, c := range []struct{ a, b float64 }{{0, 0}, {0, 1}, {1, 0}, {-1, 1}, {1, -1}, {-1, -1}} {
		if got := interpolate(c.a, c.b, 0.5); got != 0 {
			t.Errorf("%v and %v: %v", c.a, c.b, got)
		}
	}
}

func TestCannotTell(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(*madeSeries)
		want   Reason
	}{
		{"no saturation", func(s *madeSeries) { s.capacity = 0 }, NoSaturation},
		{"lowest level too high", func(s *madeSeries) { s.levels = s.levels[2:] }, AllAbove},
		{"nothing between", func(s *madeSeries) { s.levels = []madeLevel{{1, 10, .1, .1}, {64, 99, .3, .6}} }, TooCoarse},
		{"near saturation only", func(s *madeSeries) { s.levels = []madeLevel{{16, 50, .1, .1}, {64, 99, .3, .6}} }, TooCoarse},
		{"no level as high", func(s *madeSeries) { s.levels = s.levels[:2] }, TooCoarse},
		{"too few samples", func(s *madeSeries) { s.levels[1].p50 = 0 }, NotMeasured},
	} {
		t.Run(c.what, func(t *testing.T) {
			changed := varied("a", 100, straight())
			c.change(&changed)
			r := rankOf(t, "topology", nil, folder(changed, varied("b", 100, straight())))
			if got := r.Groups[0].Figure(setting(t, r, "a"), "commit.p50"); got.Missing != c.want {
				t.Errorf("got %+v, want %s", got, c.want)
			}
			if s := setting(t, r, "b"); len(s.DominatedBy) > 0 {
				t.Errorf("b is dominated by one of which less is known: %v", s.DominatedBy)
			}
		})
	}
}

// A load that was not kept up with at all has no capacity, and a series that still grows has at least so much.
func TestCapacity(t *testing.T) {
	none, least := varied("none", 50, straight()), varied("least", 150, straight())
	least.open = true
	f := folder(none, least, varied("b", 100, straight()))
	f.Summary.Saturation[0].Throughput = 0
	r := rankOf(t, "topology", nil, f)
	if s := setting(t, r, "none"); s.Capacity.Missing != NothingKept {
		t.Errorf("%+v", s.Capacity)
	}
	if s := setting(t, r, "least"); !s.Capacity.AtLeast || slices.Contains(s.DominatedBy, "b") {
		t.Errorf("%+v", s)
	}
}

// The cost of a million readings, by hand: (0.004 + 0.002) s of CPU are 1.667e-6 core-hours at 0.05, 5000 B are 5e-6 GB at
// 0.30, and 7000 B among nodes 7e-6 GB at 0.09: 8.333e-8 + 1.5e-6 + 6.3e-7 each, 2.2133 in all.
func TestCost(t *testing.T) {
	f := folder(varied("a", 100, straight()), varied("b", 100, straight()))
	r := rankOf(t, "topology", &Prices{CoreHour: 0.05, Kept: 0.30, Sent: 0.09, Currency: "EUR"}, f)
	if c := setting(t, r, "a").Cost; math.Abs(c.Value.Value-2.213333) > 1e-6 || c.Interval != nil {
		t.Errorf("cost %+v", c)
	}
	r = rankOf(t, "topology", &Prices{CoreHour: 0.05}, f)
	if c := setting(t, r, "a").Cost; math.Abs(c.Value.Value-0.0833333) > 1e-6 {
		t.Errorf("of CPU alone: %+v", c)
	}
	for i := range f.Summary.Points {
		f.Summary.Points[i].Costs.Stored = nil
	}
	if c := setting(t, rankOf(t, "topology", &Prices{CoreHour: 0.05, Kept: 0.3}, f), "a").Cost; c.Missing != NotMeasured {
		t.Errorf("without disks: %+v", c)
	}
}

// Several runs give one value each, and an interval over them.
func TestSeveralRuns(t *testing.T) {
	runs := []*result.Folder{
		folder(varied("a", 96, straight())), folder(varied("a", 100, straight())), folder(varied("a", 104, straight())), folder(varied("b", 50, straight())),
	}
	r := rankOf(t, "topology", nil, runs...)
	s := setting(t, r, "a")
	// Student's t(0.975, 2) is 4.303, the standard error 4/√3.
	if i := s.Capacity.Interval; s.Runs != 3 || s.Capacity.Value.Value != 100 || i == nil || math.Abs(i.High-100-4.303*4/math.Sqrt(3)) > 0.01 {
		t.Errorf("%d runs: %+v %+v", s.Runs, s.Capacity, i)
	}
}

// Student's interval of two runs that differ much would begin below 0.
func TestBoundsThatCanBe(t *testing.T) {
	slow := straight()
	for i := range slow {
		slow[i].p50, slow[i].p99 = 5*slow[i].p50, 5*slow[i].p99
	}
	r := rankOf(t, "topology", nil, folder(varied("a", 100, straight()), varied("b", 100, straight())), folder(varied("a", 1000, slow), varied("b", 100, slow)))
	for i := range r.Groups {
		g := &r.Groups[i]
		s := setting(t, r, "b")
		p99 := g.Figure(s, "commit.p99")
		if p99.Interval == nil || p99.Interval.Low != 0 || p99.Interval.High < p99.Value.Value {
			t.Errorf("the interval of a p99 of two runs is %+v", p99.Interval)
		}
		if a := setting(t, r, "a"); a.Capacity.Interval.Low != 0 {
			t.Errorf("that of a throughput is %+v", a.Capacity.Interval)
		}
	}
}

func TestFactors(t *testing.T) {
	one := madeSeries{name: "one", topology: "minimal", capacity: 100, half: 1, levels: straight()}
	other := one
	other.name, other.topology = "other", "five-org"
	batch := func(name string) madeSeries {
		s := one
		s.name, s.factors = name+"/batch=10ms", []result.Factor{{Key: "batch", Label: "10ms"}}
		return s
	}
	for _, c := range []struct {
		what, factor string
		runs         []*result.Folder
		want         [][]string // levels by group
	}{
		{"series of a run", BySeries, []*result.Folder{folder(one, other)}, [][]string{{"one", "other"}}},
		{"runs of other words", "topology", []*result.Folder{folder(one), folder(other)}, [][]string{{"minimal", "five-org"}}},
		{"another factor apart", "topology", []*result.Folder{folder(
			varied("a", 100, straight()), varied("b", 100, straight()),
			madeSeries{name: "encrypted/topology=a", factors: []result.Factor{{Key: "topology", Label: "a"}}, levels: straight()},
			madeSeries{name: "encrypted/topology=b", factors: []result.Factor{{Key: "topology", Label: "b"}}, levels: straight()},
		)}, [][]string{{"a", "b"}, {"a", "b"}}},
		{"a level from the conditions", "batch", []*result.Folder{folder(one), folder(batch("one"))}, [][]string{{"200ms,100", "10ms"}}},
	} {
		t.Run(c.what, func(t *testing.T) {
			var got [][]string
			for _, g := range rankOf(t, c.factor, nil, c.runs...).Groups {
				var levels []string
				for _, s := range g.Settings {
					levels = append(levels, s.Level)
				}
				got = append(got, levels)
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestWrongFactor(t *testing.T) {
	f := folder(varied("a", 100, straight()), varied("b", 100, straight()))
	for _, c := range []struct {
		factor string
		run    *result.Folder
		want   string
	}{
		{"topologie", f, `--by "topologie" is no factor of these runs: did you mean topology?`},
		{"wait", f, "no series of these runs has a level of wait; name runs of several levels of it, or rank by series, topology"},
		{"length", f, "all series have the same level of length, 24; name runs of several levels of it, or rank by series, topology"},
		{"topology", folder(varied("a", 100, straight())), "all series have the same level of topology, a; name runs of several levels of it"},
		{"series", folder(varied("a", 100, straight())), "all series have the same level of series, plain/topology=a; name runs of several levels of it"},
		{"series", folder(), "no load level was measured; name the folders of runs with load levels"},
	} {
		_, err := Rank([]*result.Folder{c.run}, Options{Factor: c.factor})
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v\nwant %s", c.factor, err, c.want)
		}
	}
}

// What differs beside the factor is named, by the settings it differs between, and only where they are of several runs.
func TestDifferences(t *testing.T) {
	a, b := folder(varied("a", 100, straight())), folder(varied("b", 90, straight()))
	b.Run.Host.Cores, b.Run.Host.Memory, b.Run.Seed = 4, 8<<30, 9
	b.Summary.Points[0].Conditions.BatchTimeout = 2
	r := rankOf(t, "topology", nil, a, b)
	want := []Difference{
		{"batch_timeout_s", [][]string{{"0.2"}, {"2"}}}, {"host.cores", [][]string{{"0"}, {"4"}}}, {"host.memory_gib", [][]string{{"0"}, {"8"}}},
		{"seed", [][]string{{"0"}, {"9"}}},
	}
	if d := cmp.Diff(want, r.Groups[0].Differences); d != "" {
		t.Error(d)
	}
	if d := rankOf(t, "topology", nil, folder(varied("a", 100, straight()), varied("b", 90, straight()))).Groups[0].Differences; d != nil {
		t.Errorf("in one run: %v", d)
	}
}

// Points with events, and phases, take no part.
func TestLeftOut(t *testing.T) {
	f := folder(varied("a", 100, straight()), varied("b", 100, straight()), varied("c", 100, straight()))
	for i := range f.Summary.Points {
		switch p := &f.Summary.Points[i]; {
		case strings.HasSuffix(p.Series, "=b"):
			p.Phase = &result.LoadPhase{Group: "day"}
		case p.Load.Clients == 16 && strings.HasSuffix(p.Series, "=a"):
			p.Events = []result.Event{{}}
		}
	}
	g := rankOf(t, "topology", nil, f).Groups[0]
	if len(g.Settings) != 2 {
		t.Fatalf("%d settings", len(g.Settings))
	}
	if want := [2]int{8, 32}; [2]int{g.Settings[0].Around[0].Clients, g.Settings[0].Around[1].Clients} != want {
		t.Errorf("around %v", g.Settings[0].Around)
	}
}

func TestVaried(t *testing.T) {
	one := folder(varied("a", 100, straight()), varied("b", 90, straight())).Summary
	if factor, ok := Varied(&one); factor != "topology" || !ok {
		t.Errorf("%q, %v", factor, ok)
	}
	two := one
	two.Points = slices.Clone(one.Points)
	for i := range two.Points {
		two.Points[i].Factors = append(slices.Clone(two.Points[i].Factors), result.Factor{Key: "bits", Label: two.Points[i].Load.String()})
	}
	if factor, ok := Varied(&two); ok {
		t.Errorf("two factors: %q", factor)
	}
	if _, ok := Varied(&result.Summary{}); ok {
		t.Error("nothing is varied in an empty run")
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

// Where clients found the capacity and an open load ran under the same conditions, latency at 60 % is that of the open load.
func TestPaired(t *testing.T) {
	crowd := func(name string) madeSeries {
		s := varied(name, 100, []madeLevel{{64, 99, 0.6, 0.8}})
		s.name = "crowd/topology=" + name
		return s
	}
	rates := func(name, base string, levels ...madeLevel) *result.Folder {
		s := varied(name, 0, levels)
		s.name = base + "/topology=" + name
		f := folder(s)
		for i := range f.Summary.Points {
			p := &f.Summary.Points[i]
			p.Load, p.Conditions.Arrivals = result.Load{Kind: result.LoadOpen, Offered: p.Throughput}, "poisson"
		}
		return f
	}
	f := folder(crowd("a"), crowd("b"))
	for _, more := range []*result.Folder{
		rates("a", "slow", madeLevel{0, 50, 0.1, 0.2}), rates("a", "fast", madeLevel{0, 70, 0.3, 0.4}), rates("b", "slow", madeLevel{0, 20, 0.1, 0.2}),
	} {
		f.Summary.Points = append(f.Summary.Points, more.Summary.Points...)
	}
	f.Summary.Saturation = append(f.Summary.Saturation, result.Saturation{
		Series: "fast/topology=a", Reached: true, Offered: 70, Throughput: 70, // of a coarse grid
	})
	f.Summary.Saturation[0].Reached = false
	r := rankOf(t, "topology", nil, f)
	if len(r.Groups) != 1 || len(r.Groups[0].Settings) != 2 {
		t.Fatalf("%+v", r.Groups)
	}
	g, a := r.Groups[0], setting(t, r, "a")
	if p50 := g.Figure(a, "commit.p50"); !near(p50.Value.Value, 0.15) || a.Capacity.Value.Value != 100 || a.Around[0].Offered != 50 {
		t.Errorf("p50 %+v, capacity %+v, around %v", p50, a.Capacity, a.Around)
	}
	if p50 := g.Figure(setting(t, r, "b"), "commit.p50"); p50.Missing != TooCoarse {
		t.Errorf("b: %+v", p50)
	}
	for i := range f.Summary.Points { // of other arrivals, which are no one load
		if p := &f.Summary.Points[i]; strings.HasPrefix(p.Series, "slow") {
			p.Conditions.Arrivals = "constant"
		}
	}
	if n := len(rankOf(t, "topology", nil, f).Groups); n != 3 {
		t.Errorf("%d groups of arrivals that differ, want crowd, slow and fast apart", n)
	}
}
