package rank

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"meterbench/bench/metric"
	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// figureOf is a value with an interval of half a width to both sides, none where it is below 0.
func figureOf(v, half float64) Figure {
	f := Figure{Value: metric.Value{Value: v}}
	if half >= 0 {
		f.Interval = &stats.Interval{Low: v - half, High: v + half}
	}
	return f
}

func TestJudge(t *testing.T) {
	least := func(f Figure) Figure { f.AtLeast = true; return f }
	for _, c := range []struct {
		what string
		a, b Figure
		want standing
	}{
		{"above, beyond the intervals", figureOf(100, 5), figureOf(80, 5), better},
		{"above, within the intervals", figureOf(100, 15), figureOf(80, 15), alike},
		{"above, without intervals", figureOf(100, -1), figureOf(80, 5), alike},
		{"below, beyond the intervals", figureOf(80, 5), figureOf(100, 5), against},
		{"below, within the intervals, by much", figureOf(80, 15), figureOf(100, 15), against},
		{"below, within the intervals, by little", figureOf(98, 15), figureOf(100, 15), alike},
		{"below by little, beyond the intervals", figureOf(98, 0.5), figureOf(100, 0.5), against},
		{"below by much, without intervals", figureOf(80, -1), figureOf(100, -1), against},
		{"unknown", missing(NotMeasured), figureOf(1, 0), against},
		{"of an unknown", figureOf(1, 0), missing(NotMeasured), against},
		{"both unknown", missing(NotMeasured), missing(NoSaturation), alike},
		{"at least, above", least(figureOf(100, 5)), figureOf(80, 5), better},
		{"of at least", figureOf(100, 5), least(figureOf(80, 5)), against},
	} {
		t.Run(c.what, func(t *testing.T) {
			if got := judge(c.a, c.b, metric.Higher); got != c.want {
				t.Errorf("%d, want %d", got, c.want)
			}
			turned := func(f Figure) Figure {
				f.Value.Value *= -1
				if i := f.Interval; i != nil {
					f.Interval = &stats.Interval{Low: -i.High, High: -i.Low}
				}
				return f
			}
			if got := judge(turned(c.a), turned(c.b), metric.Lower); got != c.want {
				t.Errorf("turned round: %d, want %d", got, c.want)
			}
		})
	}
}

// Who dominates whom, of settings whose figures are known: each at a capacity, with a latency and bytes stored.
func TestDominated(t *testing.T) {
	type made struct {
		level            string
		capacity, half   float64
		latency, storage float64
	}
	for _, c := range []struct {
		what string
		all  []made
		want map[string][]string
	}{
		{"better in all", []made{{"a", 200, 5, 1, 10}, {"b", 100, 5, 2, 20}}, map[string][]string{"b": {"a"}}},
		{"each better in one", []made{{"a", 200, 5, 2, 10}, {"b", 100, 5, 1, 10}}, nil},
		{"better in one, equal in others", []made{{"a", 200, 5, 1, 10}, {"b", 100, 5, 1, 10}}, map[string][]string{"b": {"a"}}},
		{"all alike", []made{{"a", 101, 5, 1, 10}, {"b", 100, 5, 1, 10}}, nil},
		{"better within the intervals", []made{{"a", 120, 50, 1, 10}, {"b", 100, 50, 1, 10}}, nil},
		{"a chain", []made{{"a", 300, 5, 1, 10}, {"b", 200, 5, 1, 10}, {"c", 100, 5, 1, 10}}, map[string][]string{"b": {"a"}, "c": {"a", "b"}}},
	} {
		t.Run(c.what, func(t *testing.T) {
			g := Group{Whole: result.PartCommit, Metrics: metrics(result.PartCommit)}
			for _, m := range c.all {
				s := Setting{Level: m.level, Capacity: figureOf(m.capacity, m.half)}
				for _, metric := range g.Metrics {
					f := missing(NotMeasured)
					switch metric.Name {
					case "commit.p50":
						f = figureOf(m.latency, 0.01)
					case "stored":
						f = figureOf(m.storage, -1)
					}
					s.Figures = append(s.Figures, f)
				}
				g.Settings = append(g.Settings, s)
			}
			g.dominate()
			for _, s := range g.Settings {
				if !slices.Equal(s.DominatedBy, c.want[s.Level]) {
					t.Errorf("%s is dominated by %v, want %v", s.Level, s.DominatedBy, c.want[s.Level])
				}
			}
		})
	}
}

// No two settings dominate each other, and none itself.
func TestNeverBoth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := Group{Whole: result.PartCommit, Metrics: metrics(result.PartCommit)}
		draw := func(what string) Figure {
			if rapid.IntRange(0, 9).Draw(t, what+" is known") == 0 {
				return missing(NotMeasured)
			}
			f := figureOf(float64(rapid.IntRange(1, 6).Draw(t, what)), rapid.Float64Range(-0.5, 2).Draw(t, what+" half"))
			f.AtLeast = rapid.IntRange(0, 9).Draw(t, what+" bound") == 0
			return f
		}
		settings := make([]Setting, 2)
		for i := range settings {
			settings[i].Capacity = draw("capacity")
			for _, m := range g.Metrics {
				settings[i].Figures = append(settings[i].Figures, draw(m.Name))
			}
		}
		if g.dominates(&settings[0], &settings[1]) && g.dominates(&settings[1], &settings[0]) || g.dominates(&settings[0], &settings[0]) {
			t.Errorf("%+v", settings)
		}
	})
}
