package saturation_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/bench/saturation"
	"meterbench/bench/stats"
)

// closed makes valid points of one repetition each from clients and throughput in turn.
func closed(pairs ...float64) []result.Point {
	var points []result.Point
	for p := range slices.Chunk(pairs, 2) {
		points = append(points, result.Point{
			Series: "plain", Repetition: 1, Valid: true,
			Load:       result.Load{Kind: "closed", Clients: int(p[0])},
			Throughput: p[1], Scheduled: 1000, Outcomes: map[string]uint64{"valid": 1000},
			Intervals: map[string]stats.Interval{"throughput_per_s": {Low: p[1] - 1, High: p[1] + 1, N: 20, Method: "batch means"}},
		})
	}
	return points
}

func TestClosed(t *testing.T) {
	for _, c := range []struct {
		name                string
		points              []result.Point
		reached             bool
		clients             int
		throughput, plateau float64
		warnings            []stats.Code
	}{
		{"plateau", closed(1, 10, 2, 20, 4, 40, 8, 80, 16, 96, 32, 99, 64, 100), true, 16, 96, 99.5, nil},
		{"order does not matter", closed(64, 100, 8, 80, 1, 10, 32, 99, 16, 96), true, 16, 96, 99.5, nil},
		{"flat from the start", closed(1, 100, 2, 101, 4, 102), true, 1, 100, 101, nil},
		{"retrograde", closed(1, 50, 2, 100, 4, 90, 8, 60, 16, 30), true, 2, 100, 100, nil},
		{"a dip is no growth", closed(4, 50, 8, 100, 16, 93, 32, 99, 64, 100), true, 8, 100, 99.5, nil},
		{"a dip hides growth", closed(4, 50, 8, 100, 16, 90, 32, 99), false, 8, 100, 99, []stats.Code{saturation.NotConfirmed}},
		{"still growing", closed(1, 10, 2, 20, 4, 40, 8, 80), false, 8, 80, 80, []stats.Code{saturation.NotConfirmed}},
		{"one doubling is not enough", closed(1, 10, 2, 50, 4, 98, 8, 100), false, 8, 100, 100, []stats.Code{saturation.NotConfirmed}},
		{"a shelf on the way up", closed(8, 100, 16, 101, 32, 102, 64, 200, 128, 204), false, 128, 204, 204, []stats.Code{saturation.NotConfirmed}},
		{"creeping growth is no plateau", closed(1, 60, 2, 64, 4, 68, 8, 72, 16, 77), false, 16, 77, 77, []stats.Code{saturation.NotConfirmed}},
		{"small steps are no doublings", closed(8, 98, 9, 99, 10, 100, 11, 100, 12, 100), false, 10, 100, 100, []stats.Code{saturation.NotConfirmed}},
		{"larger steps than doublings", closed(1, 10, 10, 98, 40, 99, 100, 100), true, 10, 98, 99, nil},
		{"single point", closed(8, 80), false, 8, 80, 80, []stats.Code{saturation.NotConfirmed}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, warnings, err := saturation.Closed(c.points)
			if err != nil {
				t.Fatal(err)
			}
			differ(t, result.Saturation{
				Series: "plain", Reached: c.reached, Clients: c.clients, Throughput: c.throughput, Plateau: c.plateau,
				Low: c.throughput - 1, High: c.throughput + 1, N: 20,
			}, s)
			if got := codes(warnings); !slices.Equal(got, c.warnings) {
				t.Errorf("warnings %v, want %v", warnings, c.warnings)
			}
		})
	}
}

// differ reports where a saturation is not the wanted one, but for its method, and the plateau's noise.
func differ(t testing.TB, want, got result.Saturation) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(want, "Method", "Gain", "PlateauLow", "PlateauHigh", "ClientsLow", "ClientsHigh")); diff != "" {
		t.Errorf("saturation (-want +got):\n%s", diff)
	}
}

func codes(warnings []stats.Warning) (of []stats.Code) {
	for _, w := range warnings {
		of = append(of, w.Code)
	}
	return of
}

func TestClosedTakesMediansOfRepetitions(t *testing.T) {
	var points []result.Point
	for _, run := range [][]float64{
		{1, 10, 2, 20, 4, 97, 8, 99, 16, 100},
		{1, 11, 2, 20, 4, 40, 8, 100, 16, 98}, // a hiccup at 4 clients
		{1, 10, 2, 21, 4, 96, 8, 180, 16, 99}, // and an outlier at 8
	} {
		points = append(points, closed(run...)...)
	}
	s, _, err := saturation.Closed(points)
	if err != nil {
		t.Fatal(err)
	}
	differ(t, result.Saturation{Series: "plain", Clients: 4, Throughput: 96, Plateau: 99, Low: 95, High: 97, N: 20}, s)
	if s.Gain.Growth() != result.Undecided { // in noise of such outliers
		t.Errorf("throughput is %s beyond the knee: %+v", s.Gain.Growth(), s.Gain)
	}
	if want := "within the middle one of 3 repetitions: batch means"; !strings.HasSuffix(s.Method, want) {
		t.Errorf("method %q, want suffix %q", s.Method, want)
	}

	points = nil
	for _, x := range []float64{98, 99, 100, 101, 102, 103} {
		points = append(points, closed(4, x, 8, 101, 16, 101)...)
	}
	if s, _, err = saturation.Closed(points); err != nil {
		t.Fatal(err)
	}
	differ(t, result.Saturation{Series: "plain", Reached: true, Clients: 4, Throughput: 100.5, Plateau: 101, Low: 98, High: 103, N: 6}, s)
}

// Noise of 5 % does not move a knee at 8 clients: the highest of all levels as the plateau found it in 43 to 50 %.
func TestClosedInNoise(t *testing.T) {
	const series = 2000
	found, held := 0, 0
	for i := range uint64(series) {
		rng := rand.New(rand.NewPCG(79, i))
		var points []result.Point
		for n := 1.0; n <= 128; n *= 2 {
			p := closed(n, min(10*n, 80)*(1+0.05*rng.NormFloat64()))
			p[0].Intervals = nil
			points = append(points, p...)
		}
		s, _, err := saturation.Closed(points)
		if err != nil {
			t.Fatal(err)
		}
		if s.Clients == 8 {
			found++
		}
		if s.ClientsLow <= 8 && 8 <= s.ClientsHigh {
			held++
		}
	}
	t.Logf("of %d: found at 8 %d, 8 in the interval %d", series, found, held)
	if found < series*8/10 || held < series*95/100 {
		t.Errorf("of %d: found at 8 %d, 8 in the interval %d", series, found, held)
	}
}

func TestClosedLeavesOut(t *testing.T) {
	points := closed(1, 10, 2, 20, 4, 40, 8, 99, 16, 100, 32, 100, 64, 500, 128, 50)
	points[6].Valid, points[6].Reasons = false, []string{"schedule lag"}
	points[7].Outcomes = map[string]uint64{"valid": 500, "limited": 500}
	s, warnings, err := saturation.Closed(points)
	if err != nil {
		t.Fatal(err)
	}
	differ(t, result.Saturation{Series: "plain", Reached: true, Clients: 8, Throughput: 99, Plateau: 100, Low: 98, High: 100, N: 20}, s)
	want := []string{
		"points that are not valid do not count for saturation: 64 [invalid-points]",
		"128 clients do not count: 50.0 % of their transactions were valid [failures]",
	}
	if len(warnings) != 2 || warnings[0].String() != want[0] || warnings[1].String() != want[1] {
		t.Errorf("got %v", warnings)
	}

	for i := range points {
		points[i].Valid, points[i].Reasons = false, []string{"lag"}
	}
	if _, _, err = saturation.Closed(points[:1]); err == nil || err.Error() != "saturation of series plain: none of its 1 points is valid" {
		t.Errorf("got %v", err)
	}
}

func TestClosedNothingCommits(t *testing.T) {
	points := closed(1, 0)
	points[0].Outcomes = map[string]uint64{"answered": 900, "mvcc_conflict": 100}
	points[0].MarkFailed()
	s, warnings, err := saturation.Closed(points)
	if err != nil {
		t.Fatal(err)
	}
	differ(t, result.Saturation{Series: "plain"}, s)
	if len(warnings) != 1 {
		t.Errorf("warnings %v", warnings)
	}
}

func TestMissingInterval(t *testing.T) {
	points := closed(1, 100, 2, 100, 4, 100)
	points[0].Intervals = nil
	s, warnings, err := saturation.Closed(points)
	if err != nil {
		t.Fatal(err)
	}
	differ(t, result.Saturation{Series: "plain", Reached: true, Clients: 1, Throughput: 100, Plateau: 100}, s)
	if diff := cmp.Diff([]stats.Code{saturation.MissingInterval}, codes(warnings)); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestRefusesMixedPoints(t *testing.T) {
	other := closed(1, 10, 2, 10)
	other[1].Series = "padded"
	open := closed(1, 10)
	open[0].Load = result.Load{Kind: "open", Offered: 10}
	for _, points := range [][]result.Point{nil, other, open} {
		if _, _, err := saturation.Closed(points); err == nil {
			t.Errorf("no error for %v", points)
		}
	}
}

func TestOpen(t *testing.T) {
	type p struct {
		offered, throughput float64
		dropped, failed     uint64
		steady              stats.State
	}
	for _, c := range []struct {
		name                string
		points              []p
		reached             bool
		offered, throughput float64
		warnings            []stats.Code
	}{
		{"reached", []p{{100, 100, 0, 0, ""}, {200, 196, 0, 10, ""}, {400, 250, 0, 0, ""}}, true, 200, 196, nil},
		{"a drop fails a load", []p{{100, 100, 0, 0, ""}, {200, 199, 1, 0, ""}}, true, 100, 100, nil},
		{"failures fail a load", []p{{100, 100, 0, 0, ""}, {200, 199, 0, 11, ""}}, true, 100, 100, nil},
		{"a growing backlog fails a load", []p{{100, 100, 0, 0, "drifting"}, {200, 199, 0, 0, "overloaded"}}, true, 100, 100, nil},
		{"one of two repetitions is overloaded", []p{{100, 100, 0, 0, ""}, {200, 199, 0, 0, "overloaded"}, {200, 199, 0, 0, "steady"}}, true, 100, 100, nil},
		{"one of three repetitions is overloaded", []p{{200, 199, 0, 0, "overloaded"}, {200, 199, 0, 0, "steady"}, {200, 199, 0, 0, "steady"}, {400, 250, 0, 0, ""}}, true, 200, 199, nil},
		{"not reached", []p{{100, 100, 0, 0, ""}, {200, 190, 0, 0, ""}}, false, 200, 190, []stats.Code{saturation.NotConfirmed}},
		{"none kept up with", []p{{100, 90, 0, 0, ""}, {200, 90, 0, 0, ""}}, false, 0, 0, []stats.Code{saturation.NotConfirmed}},
		{"not monotonic", []p{{100, 100, 0, 0, ""}, {200, 100, 0, 0, ""}, {300, 290, 0, 0, ""}, {400, 290, 0, 0, ""}}, true, 300, 290, []stats.Code{saturation.NotMonotonic}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var points []result.Point
			for _, p := range c.points {
				points = append(points, result.Point{
					Series: "bills", Repetition: 1, Valid: true, Load: result.Load{Kind: "open", Offered: p.offered},
					Throughput: p.throughput, Scheduled: 1000, Window: 1000 / p.offered, Steady: p.steady,
					Outcomes:  map[string]uint64{"valid": 1000 - p.dropped - p.failed, "dropped": p.dropped, "unknown": p.failed},
					Intervals: map[string]stats.Interval{"throughput_per_s": {Low: 1, High: 2, N: 20, Method: "batch means"}},
				})
			}
			s, warnings, err := saturation.Open(points)
			if err != nil {
				t.Fatal(err)
			}
			want := result.Saturation{Series: "bills", Reached: c.reached, Offered: c.offered, Throughput: c.throughput, Plateau: s.Plateau}
			if c.offered > 0 {
				want.Low, want.High, want.N = s.Low, s.High, s.N
			}
			differ(t, want, s)
			if !slices.Equal(codes(warnings), c.warnings) {
				t.Errorf("warnings %v, want %v", warnings, c.warnings)
			}
		})
	}
}

// A throughput whose interval reaches 95 % of what was due does not show that the load was too much; a backlog that grew
// or a drop does.
func TestOpenIsUndecided(t *testing.T) {
	for _, c := range []struct {
		name    string
		high    float64 // of the interval of the throughput at 200/s
		steady  stats.State
		reached bool
	}{
		{"the interval reaches it", 192, "", false},
		{"the interval does not", 188, "", true},
		{"the backlog grew", 192, stats.Overloaded, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			point := func(offered, throughput, high float64, steady stats.State) result.Point {
				return result.Point{
					Series: "a", Valid: true, Load: result.Load{Kind: result.LoadOpen, Offered: offered}, Window: 10, Throughput: throughput,
					Scheduled: uint64(10 * offered), Outcomes: map[string]uint64{"valid": uint64(10 * offered)}, Steady: steady,
					Intervals: map[string]stats.Interval{"throughput_per_s": {Low: throughput - 5, High: high, N: 20}},
				}
			}
			s, warnings, err := saturation.Open([]result.Point{point(100, 100, 101, ""), point(200, 186, c.high, c.steady)})
			if err != nil {
				t.Fatal(err)
			}
			if s.Reached != c.reached || s.Offered != 100 || slices.Contains(codes(warnings), saturation.NotConfirmed) == c.reached {
				t.Errorf("reached %v at %g/s, %v", s.Reached, s.Offered, warnings)
			}
		})
	}
}

// What an open load is held against is what it sent, which at random arrivals is
// not exactly its rate, and one block may lie beyond the window's end.
func TestOpenHoldsAgainstWhatWasDue(t *testing.T) {
	for _, c := range []struct {
		name       string
		scheduled  uint64
		throughput float64
		blocks     uint64
		reached    bool
	}{
		{"all of few arrivals came", 185, 18.4, 0, false}, // of 200 at 20/s in 10 s
		{"part of many arrivals came", 230, 20, 0, true},
		{"a block is missing", 200, 18, 20, false},
		{"more than a block is missing", 200, 17.9, 20, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			point := func(offered float64, scheduled uint64, throughput float64, blocks uint64) result.Point {
				return result.Point{
					Series: "a", Repetition: 1, Valid: true, Load: result.Load{Kind: "open", Offered: offered}, Window: 10,
					Scheduled: scheduled, Throughput: throughput, Blocks: blocks, Outcomes: map[string]uint64{"valid": scheduled},
				}
			}
			s, _, err := saturation.Open([]result.Point{point(10, 100, 10, 0), point(20, c.scheduled, c.throughput, c.blocks)})
			if err != nil {
				t.Fatal(err)
			}
			if want := map[bool]float64{false: 20, true: 10}[c.reached]; s.Reached != c.reached || s.Offered != want {
				t.Errorf("reached %v at %g/s, want %v at %g/s", s.Reached, s.Offered, c.reached, want)
			}
		})
	}
}

// Whatever the throughputs, the saturation point is one of the levels, has at
// least 95 % of a plateau unless throughput grows, and nothing before it has.
func TestClosedProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var pairs []float64
		for i, x := range rapid.SliceOfN(rapid.Float64Range(1, 1000), 1, 10).Draw(t, "throughput") {
			pairs = append(pairs, float64(int(1)<<i), x)
		}
		s, _, err := saturation.Closed(closed(pairs...))
		if err != nil {
			t.Fatal(err)
		}
		if growth := s.Gain.Growth(); growth == result.Growing || s.Gain == nil {
			if s.Throughput != s.Plateau {
				t.Fatalf("a lower bound that is not the highest throughput: %g/s of %g/s", s.Throughput, s.Plateau)
			}
			return
		}
		if s.Throughput < 0.95*s.Plateau || s.ClientsLow > s.Clients || s.ClientsHigh < s.Clients || s.PlateauLow > s.Plateau || s.PlateauHigh < s.Plateau {
			t.Fatalf("below the plateau, or not in its intervals: %+v", s)
		}
		after := 0
		for p := range slices.Chunk(pairs, 2) {
			switch {
			case p[0] < float64(s.Clients) && p[1] >= 0.95*s.Plateau:
				t.Fatalf("%v is on the plateau before %d clients", p, s.Clients)
			case p[0] > float64(s.Clients):
				after++
			}
		}
		if s.Reached && after < 2 {
			t.Fatalf("%d clients are confirmed by %d levels", s.Clients, after)
		}
	})
}
