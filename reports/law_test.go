package reports

import (
	"math"
	"slices"
	"strings"
	"testing"

	"meterbench/bench/result"
)

func TestLaw(t *testing.T) {
	run, sum := fixture(t)
	for i := range sum.Saturation {
		switch sum.Saturation[i].Series {
		case "plain":
			sum.Saturation[i].USL = &result.USL{Lambda: 10, Sigma: 0.01, Kappa: 0.0001}
		default:
			sum.Saturation[i].USLReason = "scalability law: not applicable: why"
		}
	}
	r := Build(run, sum)
	f := figure(t, r, "throughput-clients")
	c := f.Series[0].Curve
	if len(c) < 10 {
		t.Fatalf("a curve of %d points", len(c))
	}
	same(t, "start of the curve", Point{X: 1, Y: 10}, c[0])
	if math.Abs(c[len(c)-1].X-512) > 1e-6 {
		t.Errorf("curve %v", c)
	}
	if f.Series[1].Curve != nil || !strings.Contains(strings.Join(f.Notes, " "), "Dashed curves") {
		t.Errorf("%v, notes %q", f.Series[1].Curve, f.Notes)
	}
	notes := saturationTable(seriesOf(sum)).Notes
	for _, want := range []string{
		"plain: the Universal Scalability Law fits with lambda = 10 tx/s, sigma = 0.01, kappa = 0.0001; it predicts the highest throughput at 99 clients, 336 tx/s.",
		"encrypted-bank and encrypted-inline: scalability law: not applicable: why.",
	} {
		if !slices.Contains(notes, want) {
			t.Errorf("%q is not among %q", want, notes)
		}
	}
	if f := figure(t, Build(fixture(t)), "throughput-clients"); f.Series[0].Curve != nil {
		t.Error("a curve without a law")
	}
}

// A law is named with the intervals of its parameters, and a table shows what it leaves unexplained.
func TestLawWithIntervals(t *testing.T) {
	run, sum := fixture(t)
	sum.Saturation[0].USL = &result.USL{
		Law: result.Amdahl, Lambda: 10, Sigma: 0.01, LambdaInterval: &result.Bounds{Low: 9, High: 11}, SigmaInterval: &result.Bounds{Low: 0, High: 0.02},
		Residuals: []result.Residual{{Clients: 1, Measured: 11, Fitted: 10}, {Clients: 2, Measured: 19, Fitted: 20}},
	}
	series := sum.Saturation[0].Series
	r := Build(run, sum)
	want := series + ": Amdahl's law fits with lambda = 10 (9 to 11) tx/s, sigma = 0.01 (0 to 0.02); kappa does not differ significantly from 0."
	if notes := tableOf(t, r, "saturation").Notes; !slices.Contains(notes, want) {
		t.Errorf("%q is not among %q", want, notes)
	}
	rows := "series=" + series + " clients=1 throughput_per_s=11 fitted_per_s=10 residual_share=0.1 \n" +
		"series=" + series + " clients=2 throughput_per_s=19 fitted_per_s=20 residual_share=-0.05 \n"
	if got := printed(tableOf(t, r, "scaling")); got != rows {
		t.Errorf("got\n%swant\n%s", got, rows)
	}
}

func columnKeys(t Table) (keys []string) {
	for _, c := range t.Columns {
		keys = append(keys, c.Key)
	}
	return keys
}

func TestUndecidedSaturation(t *testing.T) {
	run, sum := fixture(t)
	s := &sum.Saturation[0]
	s.Reached, s.ClientsLow, s.ClientsHigh = false, 9, 64
	s.Gain = &result.Gain{PerDoubling: 0.02, Low: -0.03, High: 0.07}
	r := Build(run, sum)
	if rows := printed(tableOf(t, r, "saturation")); !strings.Contains(rows, "reached=undecided: at least ") || !strings.Contains(strings.Join(columnKeys(tableOf(t, r, "saturation")), " "), "at clients_interval throughput_per_s") {
		t.Errorf("%s", rows)
	}
	f, _ := finding(r, "Saturation, "+s.Series)
	for _, want := range []string{"undecided at ", "(95 % interval 9 to 64 clients)", "grows by 2.00 % for each doubling (95 % interval -3.00 % to 7.00 %)"} {
		if !strings.Contains(f.Text, want) {
			t.Errorf("%q is not in %q", want, f.Text)
		}
	}
}

func TestStateOfLevels(t *testing.T) {
	_, sum := fixture(t)
	has := func() bool {
		return slices.ContainsFunc(levelTable(seriesOf(sum)).Columns, func(c Column) bool { return c.Key == "steady" })
	}
	if has() {
		t.Error("a column without a verdict")
	}
	sum.Points[0].Steady = "drifting"
	if !has() {
		t.Error("no column")
	}
}

// The interval of a search is that over its repetitions.
func TestRepeatedSearch(t *testing.T) {
	_, sum := fixture(t)
	sum.Saturation = []result.Saturation{{Series: "plain", Reached: true, Offered: 500, Throughput: 498, Low: 490, High: 505, N: 6, OfferedLow: 492, OfferedHigh: 507}}
	s := seriesOf(sum)[0]
	if i := s.saturationInterval(); i == nil || i.N != 6 {
		t.Errorf("interval %v, want one over 6 repetitions", i)
	}
	if f := saturationFinding(s); !strings.Contains(f.Text, "500/s, in repeated searches 492 to 507 (95 % interval 490 to 505, n = 6)") {
		t.Error(f.Text)
	}
}
