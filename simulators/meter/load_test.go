package meter

import (
	"testing"
	"time"
)

// Check values printed in VDEW M-05/2000.
func TestSeason(t *testing.T) {
	for day, want := range map[int64]uint64{1: 12420, 202: 7847, 365: 12572, 366: 12597} {
		if got := season(day); got != want {
			t.Errorf("season(%d) = %d; want %d", day, got, want)
		}
	}
}

func TestCalendar(t *testing.T) {
	kinds := map[time.Weekday]int{time.Saturday: saturday, time.Sunday: sunday}
	for date, day := time.Unix(0, 0).UTC(), uint64(0); date.Year() < 2100; date, day = date.AddDate(0, 0, 1), day+1 {
		if got := dayOfYear(day); got != int64(date.YearDay()) {
			t.Fatalf("%v: day of year %d; want %d", date, got, date.YearDay())
		}
		if got := dayType(day); got != kinds[date.Weekday()] {
			t.Fatalf("%v: type %d", date, got)
		}
	}
}

// average returns the mean load in W per hour of the day, over the whole
// fleet and a number of days.
func average(t *testing.T, start time.Time, days uint64) (load [24]float64) {
	t.Helper()
	const meters = 300
	f := fleet(t, func(c *Config) { c.Start, c.Meters = start, meters })
	for meter := range meters {
		for day := range days {
			values := f.Values(meter, day)
			for hour, wh := range values.Wh {
				load[hour] += float64(wh) / meters / float64(days)
			}
		}
	}
	return load
}

func sum(load [24]float64) (total float64) {
	for _, w := range load {
		total += w
	}
	return total
}

func TestLoadHasTheShapeOfHouseholds(t *testing.T) {
	winter := average(t, monday, 5)
	if night, morning, noon, evening := winter[2], winter[6], winter[13], winter[18]; !(evening > morning && morning > noon && noon > 2*night) {
		t.Errorf("workday: night %.0f W, morning %.0f W, noon %.0f W, evening %.0f W", night, morning, noon, evening)
	}
	// Six months on, on a Monday too; then the weekend.
	if summer := average(t, monday.AddDate(0, 0, 26*7), 5); sum(summer) > 0.75*sum(winter) || sum(summer) < 0.55*sum(winter) {
		t.Errorf("July %.0f Wh a day, January %.0f Wh a day", sum(summer), sum(winter))
	}
	weekend := average(t, monday.AddDate(0, 0, 5), 2)
	if !(weekend[10] > 1.2*winter[10] && weekend[5] < 0.8*winter[5] && sum(weekend) > sum(winter)) {
		t.Errorf("weekend %.0f, workday %.0f", weekend, winter)
	}
}

func TestHouseholdsDifferAndVary(t *testing.T) {
	f := fleet(t, func(c *Config) { c.Interval, c.Length, c.Bound = 24*time.Hour, 365, 1<<40 })
	least, most := int64(1<<62), int64(0)
	for meter := range f.Config().Meters {
		values := f.Values(meter, 0)
		var year int64
		for _, wh := range values.Wh {
			year += wh
		}
		if year < leastYearly*99/100 || year > mostYearly*101/100 {
			t.Errorf("meter %d uses %d Wh a year", meter, year)
		}
		least, most = min(least, year), max(most, year)
	}
	if most < 3*least {
		t.Errorf("households use %d to %d Wh a year", least, most)
	}

	hourly := fleet(t, nil)
	phases, changes := map[time.Time]bool{}, 0
	for meter := range 100 {
		first, end := hourly.Values(meter, 0), hourly.End(meter, 0)
		second := hourly.Values(meter, 1)
		phases[end] = true
		for hour := range first.Wh {
			if a, b := first.Wh[hour], second.Wh[hour]; 10*b > 12*a || 10*b < 8*a {
				changes++
			}
		}
	}
	if len(phases) < 90 {
		t.Errorf("100 meters have %d phases", len(phases))
	}
	if changes < 1000 {
		t.Errorf("only %d of 2400 hours differ by a fifth from the day before", changes)
	}
}

// A bound that the largest household could reach scales the fleet down, not
// further than needed.
func TestBoundScalesTheFleet(t *testing.T) {
	for _, bound := range []int64{2, 3, 10, 100, 1000} {
		f := fleet(t, func(c *Config) { c.Bound, c.Meters = bound, 300 })
		var most int64
		for meter := range 300 {
			for number := range uint64(30) {
				values := f.Values(meter, number)
				for _, wh := range values.Wh {
					most = max(most, wh)
				}
			}
		}
		if most >= bound || 3*(most+2) < bound {
			t.Errorf("bound %d: largest value %d", bound, most)
		}
	}
}
