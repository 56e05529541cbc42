package threshold_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/bench/threshold"
)

func closed(clients int) result.Load { return result.Load{Kind: result.LoadClosed, Clients: clients} }

func open(rate float64) result.Load {
	return result.Load{Kind: result.LoadOpen, Offered: rate, Slots: 2000}
}

// point has a throughput within 10 % of 100/s, and a median of a second without an interval.
func point(series string, load result.Load, rate float64) result.Point {
	second := 1.0
	return result.Point{Series: series, Load: load, Repetition: 1, Valid: true, Throughput: rate,
		Latency:   map[string]stats.Quantiles{"commit": {P50: &second, N: 100}},
		Intervals: map[string]stats.Interval{result.ThroughputKey: {Low: 0.9 * rate, High: 1.1 * rate, N: 20}}}
}

// planned is a series as it is before the run. Without loads they are not known.
func planned(name string, loads ...result.Load) threshold.Series {
	second := 1.0
	return threshold.Series{Name: name, Loads: loads, Specimen: result.Point{Latency: map[string]stats.Quantiles{
		"commit": {P50: &second, P95: &second, P99: &second, N: 1},
	}}}
}

func summary(points ...result.Point) *result.Summary { return &result.Summary{Points: points} }

func parse(t *testing.T, text string) threshold.Threshold {
	t.Helper()
	got, err := threshold.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestCheck(t *testing.T) {
	all := []threshold.Series{
		planned("plain/batch=1s", closed(1), closed(8)), planned("plain/batch=2s", closed(1), closed(8)),
		planned("encrypted/batch=1s", closed(8)), planned("encrypted/batch=2s", closed(8)), planned("encrypted/batch=4s", closed(8)),
		planned("waits/wait=commit", closed(8)), planned("open", open(100.0/3)), planned("searched"),
	}
	for _, tt := range []struct {
		text, within string
		at           int // -1: nothing is wrong
		want         string
	}{
		{"throughput > 1/s", "", -1, ""},
		{"throughput of plain > 1/s at clients=8", "", -1, ""},
		{"throughput of plain/batch=2s > 1/s", "", -1, ""},
		{"series plain / series encrypted > 1", "", -1, ""},
		{"series plain / series encrypted > 1 at clients=8", "", -1, ""},
		{"throughput of searched > 1/s", "", -1, ""},
		{"throughput of open > 1/s at offered=33.3333/s", "", -1, ""},
		{"throughput > 1/s at clients=8", "plain", -1, ""},

		{"throughput of plian > 1/s", "", 14, `there is no series "plian"; did you mean plain?`},
		{"1/s < series plain/batch=3s", "", 13, `there is no series "plain/batch=3s"; did you mean plain/batch=1s?`},
		{"valid.share > 0.9", "", 0, "no series has valid.share; docs/scenario.md lists them all"},
		{"commit.p99.9 of open < 1s", "", 0, "series open has no commit.p99.9; did you mean commit.p99?"},
		{"throughput > 1/s at clients=9", "", 20, "no level has the load clients=9; there are clients=1, clients=8, offered=33.3333/s"},
		{"throughput of encrypted > 1/s at clients=1", "", 33, "no level has the load clients=1; there are clients=8"},
		{"series plain / series encrypted > 1 at clients=1", "", 39, "series encrypted/batch=2s has no level of the load clients=1, as another side has; both sides have clients=8"},
		{"series plain / series encrypted > 1 at clients=9", "", 39, "no level has the load clients=9; both sides have clients=8"},
		{"series plain / series searched > 1 at clients=1", "", 38, "series searched has no level of the load clients=1, as another side has; the run finds the loads: leave it out"},
		{"series open / series plain > 1 at clients=1", "", 34, "series open has no level of the load clients=1, as another side has; give both series the same loads"},
		{"throughput of searched > 1/s at clients=1", "", 32, "no level has the load clients=1; the run finds the loads: leave it out"},
		{"throughput > 1/s at offered=33.3333/s", "plain", 20, "no level has the load offered=33.3333/s; there are clients=1, clients=8"},
		{"series plain / series open > 1", "", 0, "its sides have no load in common; give both series the same loads"},
		{"series plain / series waits > 1", "", 0, "its sides have no series in common; name a series on each side"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			expectation := parse(t, tt.text)
			expectation.Within = tt.within
			err := expectation.Check(all)
			e, wrong := errors.AsType[*threshold.Error](err)
			if wrong != (tt.at >= 0) || wrong && (e.Error() != tt.want || e.At != tt.at) {
				t.Errorf("got  %+v\nwant %s at %d", e, tt.want, tt.at)
			}
		})
	}
}

// judged is what matters of a verdict.
type judged struct {
	Series  string
	Load    string
	Verdict result.ThresholdVerdict
	Met     bool
	Reason  result.ThresholdReason
}

func TestJudge(t *testing.T) {
	invalid := point("a", closed(8), 100)
	invalid.Valid = false
	searched := summary(point("s", closed(1), 50), point("s", closed(4), 100), point("s", closed(16), 10))
	searched.Saturation = []result.Saturation{{Series: "s", Reached: true, Clients: 4}}
	two := []threshold.Series{planned("a", closed(1), closed(8)), planned("b", closed(8))}
	both := summary(point("a", closed(1), 100), point("a", closed(8), 200), point("b", closed(8), 100))
	met, missed, undecided := result.ThresholdMet, result.ThresholdMissed, result.ThresholdUndecided
	for _, tt := range []struct {
		text, within string
		all          []threshold.Series
		sum          *result.Summary
		want         []judged
	}{
		{"throughput > 80/s", "", two, both, []judged{{"a", "1 client", met, true, ""}, {"a", "8 clients", met, true, ""}, {"b", "8 clients", met, true, ""}}},
		{"throughput > 80/s", "b", two, both, []judged{{"b", "8 clients", met, true, ""}}},
		{"throughput > 80/s at clients=1", "", two, both, []judged{{"a", "1 client", met, true, ""}}},
		{"80/s < throughput of b", "", two, both, []judged{{"b", "8 clients", met, true, ""}}},
		{"throughput of b > 120/s", "", two, both, []judged{{"b", "8 clients", missed, false, ""}}},
		{"throughput of b > 95/s", "", two, both, []judged{{"b", "8 clients", undecided, true, ""}}},
		{"throughput of b > 105/s", "", two, both, []judged{{"b", "8 clients", undecided, false, ""}}},
		{"strict throughput of b > 95/s", "", two, both, []judged{{"b", "8 clients", undecided, false, ""}}},
		{"throughput of b > 95/s strict", "", two, both, []judged{{"b", "8 clients", undecided, false, ""}}},
		{"strict throughput of b > 89/s", "", two, both, []judged{{"b", "8 clients", met, true, ""}}},
		{"throughput of b <= 110.0001/s", "", two, both, []judged{{"b", "8 clients", met, true, ""}}},
		{"throughput of b < 111/s", "", two, both, []judged{{"b", "8 clients", met, true, ""}}},
		{"throughput of b < 89/s", "", two, both, []judged{{"b", "8 clients", missed, false, ""}}},
		{"commit.p50 of b <= 1s", "", two, both, []judged{{"b", "8 clients", met, true, ""}}},
		{"commit.p50 of b < 1s", "", two, both, []judged{{"b", "8 clients", missed, false, ""}}},
		{"strict commit.p50 of b < 2s", "", two, both, []judged{{"b", "8 clients", undecided, false, result.ThresholdNoInterval}}},
		{"commit.p99 of b < 2s", "", two, both, []judged{{"b", "8 clients", undecided, false, result.ThresholdTooFew}}},
		// Fieller's interval of the ratio 2 is 1.74 to 2.31, that of the difference 100 is 78 to 122.
		{"series a / series b > 1.73", "", two, both, []judged{{"a", "8 clients", met, true, ""}}},
		{"series a / series b > 1.75", "", two, both, []judged{{"a", "8 clients", undecided, true, ""}}},
		{"throughput of a > throughput of b", "", two, both, []judged{{"a", "8 clients", met, true, ""}}},
		{"throughput of a / 100/s > 1.7", "", two, both, []judged{{"a", "1 client", missed, false, ""}, {"a", "8 clients", met, true, ""}}},
		{"throughput > 80/s", "", two[:1], summary(invalid), []judged{{"a", "1 client", missed, false, result.ThresholdNotMeasured}, {"a", "8 clients", missed, false, result.ThresholdNotValid}}},
		{"throughput of a < throughput of b", "", two, summary(point("a", closed(8), 1)), []judged{{"a", "8 clients", missed, false, result.ThresholdNotMeasured}}},
		{"throughput > 20/s", "", []threshold.Series{planned("s")}, searched, []judged{{"s", "1 client", met, true, ""}, {"s", "4 clients", met, true, ""}}},
		{"throughput > 20/s", "", []threshold.Series{planned("s")}, summary(), []judged{{"s", "0 clients", missed, false, result.ThresholdNotMeasured}}},
	} {
		t.Run(tt.text, func(t *testing.T) {
			expectation := parse(t, tt.text)
			expectation.Within = tt.within
			if err := expectation.Check(tt.all); err != nil {
				t.Fatal(err)
			}
			var got []judged
			for _, v := range expectation.Judge(tt.all, tt.sum) {
				got = append(got, judged{v.Series, v.Load.String(), v.Verdict, v.Met, v.Reason})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// Series that vary a factor alike are compared setting by setting.
func TestJudgePairs(t *testing.T) {
	var all []threshold.Series
	var points []result.Point
	for i, name := range []string{"plain/batch=1s", "plain/batch=2s", "encrypted/batch=2s", "encrypted/batch=1s"} {
		all = append(all, planned(name, closed(8)))
		points = append(points, point(name, closed(8), []float64{100, 200, 150, 40}[i]))
	}
	var got []float64
	for _, v := range parse(t, "series encrypted / series plain > 0.5").Judge(all, summary(points...)) {
		got = append(got, *v.Value)
	}
	if diff := cmp.Diff([]float64{0.75, 0.4}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	one := threshold.Series{Name: "base", Loads: all[0].Loads, Specimen: all[0].Specimen}
	got = nil
	for _, v := range parse(t, "0.9 < series base / series plain").Judge(append(all, one), summary(append(points, point("base", closed(8), 100))...)) {
		got = append(got, *v.Value)
	}
	if diff := cmp.Diff([]float64{1, 0.5}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
