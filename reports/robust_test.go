package reports

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// sound holds what every report must be, whatever the run: nothing that is not a finite number, no
// empty figure without its reason, cells for every column.
func sound(t interface{ Errorf(string, ...any) }, r Report) {
	for _, f := range r.Figures() {
		if f.Map != nil {
			soundMap(t, *f.Map)
			continue
		}
		if (len(f.Legend()) == 0) != (f.Empty != "") {
			t.Errorf("figure %s: %d series, empty because %q", f.ID, len(f.Legend()), f.Empty)
		}
		if len(f.Panels) > mostPanels || f.Panels != nil && f.Series != nil {
			t.Errorf("figure %s: %d panels, %d series apart from them", f.ID, len(f.Panels), len(f.Series))
		}
		for _, panel := range f.All() {
			soundPanel(t, f.ID, panel)
		}
	}
	for _, table := range r.Tables() {
		for _, row := range table.Rows {
			if len(row) != len(table.Columns) {
				t.Errorf("table %s: %d cells for %d columns", table.ID, len(row), len(table.Columns))
			}
			for _, c := range row {
				if c.Number != nil && !finite(*c.Number) {
					t.Errorf("table %s holds %v", table.ID, *c.Number)
				}
			}
		}
	}
}

func soundMap(t interface{ Errorf(string, ...any) }, m Map) {
	if len(m.Sites) < 2 {
		t.Errorf("a map of %d sites", len(m.Sites))
	}
	for _, l := range m.Links {
		if min(l.From, l.To) < 0 || max(l.From, l.To) >= len(m.Sites) {
			t.Errorf("a way between sites %d and %d of %d", l.From, l.To, len(m.Sites))
		}
	}
}

func soundPanel(t interface{ Errorf(string, ...any) }, id string, panel Panel) {
	for _, s := range panel.Series {
		for _, p := range append(s.Points, s.Singles...) {
			values := []float64{p.X, p.Y}
			if i := p.Interval; i != nil {
				values = append(values, i.Low, i.High)
			}
			for _, v := range values {
				if !finite(v) {
					t.Errorf("figure %s, %s: a point at %g, %g has %g", id, s.Name, p.X, p.Y, v)
				}
			}
		}
	}
}

func TestThinRuns(t *testing.T) {
	run, whole := fixture(t)
	one := whole
	one.Points, one.Saturation, one.FE, one.Audit = whole.Points[:1], nil, nil, nil
	feOnly := result.Summary{FE: whole.FE}
	partial := whole
	partial.Complete, partial.Points, partial.Saturation = false, whole.Points[:3], nil
	bare := result.Summary{Points: []result.Point{{Series: "s"}}}
	for name, sum := range map[string]result.Summary{
		"empty": {}, "one point": one, "costs only": feOnly, "partial": partial, "a point without anything": bare,
	} {
		r := Build(run, sum)
		sound(t, r)
		sound(t, Build(result.Run{}, sum))
		onlyWhatIsThere(t, name, r)
	}
	sound(t, FE(nil))
	sound(t, FE(whole.FE))
	onlyWhatIsThere(t, "no costs", FE(nil))
}

// onlyWhatIsThere checks that every section, figure and table has something in it, and that no finding leads to another.
func onlyWhatIsThere(t *testing.T, name string, r Report) {
	t.Helper()
	for _, s := range r.Sections {
		if len(s.Figures)+len(s.Tables)+len(s.Answers) == 0 {
			t.Errorf("%s: section %s is empty", name, s.ID)
		}
		for _, f := range s.Figures {
			if f.Empty != "" || len(f.Legend()) == 0 && f.Map == nil {
				t.Errorf("%s: figure %s is empty: %s", name, f.ID, f.Empty)
			}
		}
		for _, table := range s.Tables {
			if len(table.Rows) == 0 {
				t.Errorf("%s: table %s has no rows", name, table.ID)
			}
		}
	}
	there := r.elements()
	for _, f := range r.Findings {
		if f.To != "" && !there[f.To] {
			t.Errorf("%s: finding %s leads to %s, which is not there", name, f.Subject, f.To)
		}
	}
}

// A run of plain readings at a single load has no word of encryption, no curve, and the rest.
func TestPlainRunOfOneLevel(t *testing.T) {
	run, sum := fixture(t)
	sum.FE, sum.Saturation, run.Preparation = nil, nil, nil
	sum.Points = slices.DeleteFunc(sum.Points, func(p result.Point) bool { return p.Series != "plain" || p.Load.Clients != 8 })
	r := Build(run, sum)
	onlyWhatIsThere(t, "plain", r)
	var found []string
	for _, s := range r.Sections {
		found = append(found, s.ID)
	}
	for _, f := range r.Figures() {
		found = append(found, f.ID)
	}
	for _, table := range r.Tables() {
		found = append(found, table.ID)
	}
	want := []string{"throughput", "latency", "resources", "checks", "phases-clients", "cpu-clients", "levels"}
	for _, id := range want {
		if !slices.Contains(found, id) {
			t.Errorf("%s is missing among %q", id, found)
		}
	}
	for _, id := range []string{"encryption", "encryption-time", "encryption-costs", "preparation", "throughput-clients", "latency-throughput-clients", "latency-clients"} {
		if slices.Contains(found, id) {
			t.Errorf("%s is there", id)
		}
	}
}

// The axis of clients goes from the fewest to the most, with labels there.
func TestLoadAxisFitsTheData(t *testing.T) {
	for _, c := range []struct{ levels, ticks []int }{
		{[]int{40, 60, 100}, []int{40, 60, 100}},
		{[]int{400, 600, 1000}, []int{400, 600, 1000}},
		{[]int{1, 2, 16}, []int{1, 2, 4, 8, 16}},
		{[]int{8, 64, 256}, []int{8, 16, 32, 64, 128, 256}},
		{[]int{100, 200}, []int{100, 200}},
	} {
		var sum result.Summary
		for _, n := range c.levels {
			sum.Points = append(sum.Points, closed("s", n, 10, 0.1))
		}
		var got []int
		for _, tick := range figure(t, Build(result.Run{}, sum), "throughput-clients").X.Ticks {
			got = append(got, int(tick))
		}
		if diff := cmp.Diff(c.ticks, got); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.levels, diff)
		}
	}
}

// TestAnyRun builds reports of arbitrary summaries, numbers that are not numbers included.
func TestAnyRun(t *testing.T) {
	number := rapid.OneOf(rapid.Float64Range(0, 1e4), rapid.SampledFrom([]float64{0, -1, math.NaN(), math.Inf(1), math.MaxFloat64, math.SmallestNonzeroFloat64}))
	maybe := rapid.Ptr(number, true)
	quantiles := rapid.Custom(func(t *rapid.T) stats.Quantiles {
		return stats.Quantiles{P50: maybe.Draw(t, "p50"), P95: maybe.Draw(t, "p95"), P99: maybe.Draw(t, "p99"),
			Max: number.Draw(t, "max"), Mean: number.Draw(t, "mean"), N: rapid.Uint64Range(0, 3).Draw(t, "n")}
	})
	point := rapid.Custom(func(t *rapid.T) result.Point {
		return result.Point{
			Series: rapid.SampledFrom([]string{"", "a", "A", "b/../c", "é<b>"}).Draw(t, "series"), Repetition: rapid.IntRange(0, 3).Draw(t, "repetition"),
			Valid: rapid.Bool().Draw(t, "valid"),
			Load: result.Load{Kind: rapid.SampledFrom([]result.LoadKind{result.LoadClosed, result.LoadOpen, ""}).Draw(t, "kind"),
				Clients: rapid.IntRange(-1, 600).Draw(t, "clients"), Offered: number.Draw(t, "offered")},
			Throughput: number.Draw(t, "throughput"), Scheduled: rapid.Uint64Range(0, 5).Draw(t, "scheduled"),
			Latency:   rapid.MapOf(rapid.SampledFrom([]string{"commit", "lag", "prepare", "encrypt", "endorse", "acknowledge", "other"}), quantiles).Draw(t, "latency"),
			Intervals: map[string]stats.Interval{"throughput_per_s": {Low: number.Draw(t, "low"), High: number.Draw(t, "high")}},
			CPU:       rapid.MapOf(rapid.SampledFrom([]string{"client", "peer0.a", "peer0.b", "orderer0", "other"}), number).Draw(t, "cpu"),
		}
	})
	cost := rapid.Custom(func(t *rapid.T) result.FECost {
		return result.FECost{Scheme: "ddh", Bits: rapid.SampledFrom([]int{-1, 0, 1024, 2048}).Draw(t, "bits"), Length: rapid.IntRange(0, 2).Draw(t, "length"),
			Encrypt: result.Cost{P50: number.Draw(t, "encrypt"), Low: maybe.Draw(t, "low"), High: maybe.Draw(t, "high")}, Bytes: rapid.IntRange(-1, 9).Draw(t, "bytes")}
	})
	rapid.Check(t, func(t *rapid.T) {
		sum := result.Summary{Points: rapid.SliceOfN(point, 0, 6).Draw(t, "points"), FE: rapid.SliceOfN(cost, 0, 4).Draw(t, "fe"),
			Saturation: []result.Saturation{{Series: "a", Reached: rapid.Bool().Draw(t, "reached"), Throughput: number.Draw(t, "at"), High: number.Draw(t, "up to")}}}
		r := Build(result.Run{}, sum)
		sound(t, r)
		ids := map[string]bool{}
		for _, f := range r.Figures() {
			if ids[f.ID] {
				t.Errorf("two figures %q", f.ID)
			}
			ids[f.ID] = true
		}
	})
}

// TestSameRunSameReport catches an order that a map decides.
func TestSameRunSameReport(t *testing.T) {
	run, sum := fixture(t)
	first := Build(run, sum)
	for range 20 {
		if !reflect.DeepEqual(first, Build(run, sum)) {
			t.Fatal("two reports of one run differ")
		}
	}
}

// FuzzBuild builds reports of whatever a summary.json may hold.
func FuzzBuild(f *testing.F) {
	seed, err := os.ReadFile("testdata/summary.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed[:0])
	f.Add([]byte(`{"points":[{"series":"s","load":{"kind":"open","offered_per_s":1e308}}]}`))
	f.Add([]byte(`{"points":[{"latency_all_s":{"n":0,"missing":{"lost":3},"quantiles":[{"percent":1e300,"beyond":-1}]},"satisfaction":{},"commit_at_peers_s":{"peers":{"a":{},"":{}}}}]}`))
	f.Add([]byte(`{"fe":[{"bits":-5,"encrypt_s":{"p50":1e-300}}],"saturation":[{"series":"x","reached":true}]}`))
	f.Add(seed)
	apart, err := os.ReadFile("testdata/apart/summary.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(apart)
	f.Add([]byte(`{"distances":[{"between":["ptb","cmi"],"p50_s":1e308,"asked_s":-1e308}],"points":[{"series":"loss","load":{"kind":"open","offered_per_s":1},
		"conditions":{"distance":1},"events":[{"kind":"cut","at_s":1e308}],"recoveries":[{"event":7},{"event":-1},{"event":0,"before_per_s":1}],
		"expected":{"measured_s":1e308,"total_s":1e-308,"ratio":1e308,"sites":[{"site":"ptb"},{"site":"ptb","distance_s":1e308}]},
		"sites":[{"site":"ptb","latency_s":{"n":1,"mean":1e308}},{"site":"","scheduled":1}],"in_doubt":{"total":3,"for_s":{"committed":{"n":1}}}}]}`))
	run, _ := fixtureOf(f, "testdata/apart")
	f.Fuzz(func(t *testing.T, data []byte) {
		var sum result.Summary
		if json.Unmarshal(data, &sum) != nil {
			t.Skip()
		}
		sound(t, Build(result.Run{}, sum))
		sound(t, Build(run, sum))
	})
}
