package reports

import (
	"fmt"
	"slices"
)

// saturationTable has one row per series.
func saturationTable(all []series) Table {
	t := Table{ID: "saturation", Title: "Saturation", Columns: []Column{
		{Key: "series", Title: "series"},
		{Key: "reached", Title: "reached"},
		{Key: "at", Title: "at"},
		{Key: "throughput_per_s", Title: "throughput there", Unit: PerSecond},
		{Key: "throughput_per_s_interval", Title: "95 % interval", Unit: PerSecond, Interval: true, Rank: 1},
		{Key: "plateau_per_s", Title: "plateau", Unit: PerSecond, Rank: 2},
		{Key: "limited_by", Title: "limited by", Rank: 3},
		{Key: "method", Title: "how it was found", CSVOnly: true},
	}}
	spread := slices.ContainsFunc(all, func(s series) bool { return s.saturation != nil && s.saturation.Spread > 0 })
	if spread {
		t.Columns = append(t.Columns,
			Column{Key: "spread_share", Title: "spread", Unit: Share, Rank: 4},
			Column{Key: "spread_normalised_share", Title: "normalised", Unit: Share, Rank: 4},
			Column{Key: "repetitions", Title: "n", Unit: Count, Rank: 4})
	}
	for _, s := range all {
		sat := s.saturation
		if sat == nil && !s.undetermined() {
			continue // too few load levels to say
		}
		if sat == nil {
			t.Rows = append(t.Rows, append([]Cell{text(s.name), text("not determined")}, make([]Cell, len(t.Columns)-2)...))
			continue
		}
		reached := "yes"
		if !sat.Reached {
			reached = "no: at least"
		}
		row := []Cell{text(s.name), text(reached), text(at(saturationLoad(sat))), number(sat.Throughput),
			saturationInterval(s), number(sat.Plateau), text(sat.LimitedBy), text(sat.Method)}
		if spread {
			row = append(row, positive(sat.Spread), positive(sat.SpreadNormalised), positive(float64(sat.Repetitions)))
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) == 0 {
		return t
	}
	t.Notes = append(slices.Concat(methods(all), laws(all)), "plateau: the highest throughput of the series among the load levels that count.")
	if spread {
		t.Notes = append(t.Notes, "spread: how much what n repeated searches found differs, or where clients were searched for, n measurements at their number, as the coefficient of variation (standard deviation over mean). normalised: the same after multiplying each finding by the time of one P-256 signature taken right before it. What is left of the spread then is not the machine's own pace.")
	}
	return t
}

// positive makes a cell of a number that is only stored where it is above 0.
func positive(v float64) Cell {
	if !(v > 0) {
		return Cell{}
	}
	return number(v)
}

// methods says how the saturation points were found, series with the same
// method together.
func methods(all []series) []string {
	var order []string
	of := map[string][]string{}
	for _, s := range all {
		if s.saturation == nil || s.saturation.Method == "" {
			continue
		}
		method := s.saturation.Method
		if of[method] == nil {
			order = append(order, method)
		}
		of[method] = append(of[method], s.name)
	}
	var notes []string
	for _, method := range order {
		notes = append(notes, fmt.Sprintf("%s: %s.", listed(fewOf(of[method])), method))
	}
	return notes
}

// saturationInterval is the interval at the saturation point with the n of the
// load level it comes from.
func saturationInterval(s series) Cell {
	if !(s.saturation.High > 0) || !finite(s.saturation.High) || !finite(s.saturation.Low) {
		return Cell{Why: whyInterval}
	}
	i := Interval{Low: s.saturation.Low, High: s.saturation.High, N: s.saturation.N}
	if i.N > 0 {
		return Cell{Interval: &i}
	}
	for _, l := range s.levels {
		if amount(l.load) != amount(saturationLoad(s.saturation)) {
			continue
		}
		i.N = len(l.points)
		if stored := throughputInterval(l.points[0]); i.N == 1 && stored != nil {
			i.N = stored.N
		}
	}
	return Cell{Interval: &i}
}
