package meterdata

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The days on which the clock is changed, by zone: in spring they have 23 hours, in autumn 25, on Lord Howe Island half
// an hour less or more. In Dublin the winter is what the law calls an exception, in Santiago and Beirut it happens at midnight.
var changes = []struct {
	zone           string
	spring, autumn string
}{
	{"Europe/Lisbon", "2013-03-31", "2013-10-27"},
	{"Europe/Dublin", "2013-03-31", "2013-10-27"},
	{"Europe/Berlin", "2013-03-31", "2013-10-27"},
	{"Australia/Sydney", "2012-10-07", "2013-04-07"},
	{"Australia/Lord_Howe", "2012-10-07", "2013-04-07"},
	{"America/New_York", "2018-03-11", "2018-11-04"},
	{"America/Santiago", "2023-09-03", "2023-04-01"},
	{"Asia/Beirut", "2022-03-27", "2022-10-29"},
}

// instantsOf returns the ends of all intervals of a local day.
func instantsOf(t testing.TB, zone, day string, interval time.Duration) (all []time.Time) {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	begin, err := time.ParseInLocation(time.DateOnly, day, z)
	if err != nil {
		t.Fatal(err)
	}
	next := begin.AddDate(0, 0, 1)
	for at := begin.Add(interval); !at.After(next); at = at.Add(interval) {
		all = append(all, at)
	}
	return all
}

// wallAfter returns what a clock that is not set would show some time after an instant.
func wallAfter(at time.Time, after time.Duration) time.Time {
	return time.Date(at.Year(), at.Month(), at.Day(), at.Hour(), at.Minute(), at.Second(), 0, time.UTC).Add(after)
}

// Both changes of summer time, for values of intervals and of registers, long and wide, stamped at the begin or the end:
// each interval of the day comes back at its instant.
func TestChanges(t *testing.T) {
	for _, zone := range changes {
		for _, day := range []string{zone.spring, zone.autumn} {
			ends := instantsOf(t, zone.zone, day, 30*time.Minute)
			for range 6 { // so that neither the first nor the last is of an hour that comes twice
				ends = append(ends, ends[len(ends)-1].Add(30*time.Minute))
			}
			want := "time,meter,value\n"
			for i, at := range ends {
				want += fmt.Sprintf("%d,m,%d\n", at.Unix(), i+1)
			}
			for _, form := range []string{
				"form: long\ncolumns: {meter: id, time: at, value: m}\nkind: interval\nstamp: end",
				"form: long\ncolumns: {meter: id, time: at, value: m}\nkind: interval\nstamp: start",
				"form: wide\ncolumns: {time: at, values: [m]}\nkind: interval\nstamp: start",
				"form: long\ncolumns: {meter: id, time: at, value: m}\nkind: register",
				"form: wide\ncolumns: {time: at, values: [m]}\nkind: register",
			} {
				for _, order := range []string{"ascending", "descending", "ascending, ends as before the change", "descending, ends as before the change"} {
					before := strings.HasSuffix(order, "change")
					if before && !strings.HasSuffix(form, "end") {
						continue
					}
					t.Run(zone.zone+" "+day+" "+strings.ReplaceAll(form, "\n", " ")+" "+order, func(t *testing.T) {
						l := layoutOf(t, form+"\ntime: DD.MM.YYYY hh:mm\nunit: Wh\ninterval: 30m\nzone: "+zone.zone+"\n")
						register := l.register()
						var rows []string
						if register {
							rows = append(rows, "m,"+ends[0].Add(-30*time.Minute).Format("02.01.2006 15:04")+",1000\n")
						}
						sum := 1000
						for i, at := range ends {
							value := i + 1
							if sum += value; register {
								value = sum
							}
							if l.Stamp == Start {
								at = at.Add(-30 * time.Minute)
							}
							text := at.Format("02.01.2006 15:04")
							if before {
								text = wallAfter(at.Add(-time.Second), time.Second).Format("02.01.2006 15:04")
							}
							rows = append(rows, fmt.Sprintf("m,%s,%d\n", text, value))
						}
						if strings.HasPrefix(order, "descending") {
							slices.Reverse(rows)
						}
						got, _, err := importTexts(t, l, Options{Gaps: Refuse}, "id,at,m\n"+strings.Join(rows, ""))
						if err != nil {
							t.Fatal(err)
						}
						if diff := cmp.Diff(want, got); diff != "" {
							t.Errorf("trace (-want +got):\n%s", diff)
						}
					})
				}
			}
		}
	}
}

// The hour before the clock is set back ends at a time that it never shows then, but may be written so.
func TestEndOfSummer(t *testing.T) {
	const berlin = "form: long\ncolumns: {meter: id, time: at, value: v}\ntime: YYYY-MM-DD hh:mm\nzone: Europe/Berlin\nunit: Wh\n"
	const hour, half, flag = "interval: 1h\n", "interval: 30m\n", "season: {column: s, summer: S, winter: W}\n"
	for _, c := range []struct{ name, layout, text, want string }{
		{"by hours", hour + "kind: interval", "01:00,1,\n02:00,2,\n03:00,3,\n03:00,4,\n04:00,5,\n", "23=1 00=2 01=3 02=4 03=5"},
		{"newest first", hour + "kind: interval", "04:00,5,\n03:00,4,\n03:00,3,\n02:00,2,\n01:00,1,\n", "23=1 00=2 01=3 02=4 03=5"},
		{"as the clock shows", hour + "kind: interval", "01:00,1,\n02:00,2,\n02:00,3,\n03:00,4,\n04:00,5,\n", "23=1 00=2 01=3 02=4 03=5"},
		{"flags, in any order", hour + "kind: interval\n" + flag, "03:00,4,W\n01:00,1,S\n03:00,3,S\n04:00,5,W\n02:00,2,S\n", "23=1 00=2 01=3 02=4 03=5"},
		{"flags of a register", "kind: register\n" + flag, "01:00,1,S\n02:00,3,S\n03:00,6,S\n03:00,10,W\n04:00,15,W\n", "00=2 01=3 02=4 03=5"},
		{"a register", "kind: register\n" + hour, "02:00,0,\n03:00,7,\n04:00,12,\n", "03=5"},
		{"from that time on", half + "kind: interval", "03:00,4,\n03:30,5,\n", "02=4 02.5=5"},
		{"after a gap", half + "kind: interval", "01:30,1,\n03:00,4,\n03:30,5,\n", "23.5=1 02=4 02.5=5"},
		{"a row twice", half + "kind: interval", "03:30,5,\n03:00,4,\n03:00,4,\n", "02=4 02.5=5"},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := "id,at,v,s\n"
			for line := range strings.Lines(c.text) {
				text += "m,2013-10-27 " + line
			}
			got, _, err := importTexts(t, layoutOf(t, berlin+c.layout), Options{}, text)
			if err != nil {
				t.Fatal(err)
			}
			want := "time,meter,value\n"
			for _, item := range strings.Fields(c.want) {
				var hour float64
				var wh int
				if _, err := fmt.Sscanf(strings.Replace(item, "=", " ", 1), "%g %d", &hour, &wh); err != nil {
					t.Fatal(err)
				}
				at := time.Date(2013, 10, 27, 0, 0, 0, 0, time.UTC).Add(time.Duration(hour * float64(time.Hour)))
				if hour > 20 {
					at = at.AddDate(0, 0, -1)
				}
				want += fmt.Sprintf("%d,m,%d\n", at.Unix(), wh)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
		})
	}
}

// Where the numbers of the missing hour are left out, a day of spring begins 1, 4 or 1, 2, 5; one of autumn is counted on.
func TestSkippedNumbers(t *testing.T) {
	for _, c := range []struct {
		zone, day string
		missing   []int
	}{
		{"Europe/Dublin", "2010-03-28", []int{2, 3}}, {"Europe/Dublin", "2010-03-28", []int{3, 4}},
		{"Pacific/Auckland", "2008-09-28", []int{5, 6}}, {"Europe/Dublin", "2010-10-31", nil}, {"Europe/Dublin", "2010-11-01", nil},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			l := layoutOf(t, "form: long\ncolumns: {meter: id, time: at, value: v}\ntime: YYYY-MM-DD PP\nunit: Wh\ninterval: 30m\nkind: interval\nspring: skipped\nzone: "+c.zone)
			text, want, number := "id,at,v\n", "time,meter,value\n", 0
			for i, at := range instantsOf(t, c.zone, c.day, 30*time.Minute) {
				for number++; slices.Contains(c.missing, number); {
					number++
				}
				text += fmt.Sprintf("m,%s %02d,%d\n", c.day, number, i+1)
				want += fmt.Sprintf("%d,m,%d\n", at.Unix(), i+1)
			}
			got, _, err := importTexts(t, l, Options{Gaps: Refuse}, text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("trace (-want +got):\n%s", diff)
			}
			if _, _, err := importTexts(t, l, Options{}, text+"m,"+c.day+" 51,7\n"); err == nil || !strings.Contains(err.Error(), "never showed") {
				t.Errorf("a number beyond the day: %v", err)
			}
		})
	}
}

// A file whose days all have 24 hours: nothing in the hour that is missing, the sum of both in the doubled one.
func TestSummedHour(t *testing.T) {
	for _, zone := range changes[:6] { // in the others a day has no begin
		for _, stamp := range []string{"start", "end"} {
			for _, form := range []string{"long", "days"} {
				t.Run(zone.zone+" "+stamp+" "+form, func(t *testing.T) {
					text := "form: long\ncolumns: {time: at, value: v}\ntime: YYYY-MM-DD hh:mm\n"
					if form == "days" {
						text = "form: days\ncolumns: {time: at, values: v*}\ntime: YYYY-MM-DD\n"
					}
					l := layoutOf(t, text+"unit: Wh\nkind: interval\ninterval: 30m\nautumn: sum\nstamp: "+stamp+"\nzone: "+zone.zone)
					z, err := time.LoadLocation(zone.zone)
					if err != nil {
						t.Fatal(err)
					}
					in, want, energy := "at,v\n", "time,meter,value\n", 0
					if form == "days" {
						in = "at"
						for i := range 48 {
							in += fmt.Sprintf(",v%d", i)
						}
						in += "\n"
					}
					for _, day := range slices.Sorted(slices.Values([]string{zone.spring, zone.autumn})) {
						values := map[string]int{} // by the local begin
						for i, at := range instantsOf(t, zone.zone, day, 30*time.Minute) {
							begin := at.Add(-30 * time.Minute).In(z).Format("15:04")
							values[begin] += 2 * (i + 1)
						}
						if form == "days" {
							in += day
						}
						begin, _ := time.Parse(time.DateOnly, day)
						for i := range 48 {
							local := begin.Add(time.Duration(i) * 30 * time.Minute)
							value := values[local.Format("15:04")]
							if stamp == "end" {
								local = local.Add(30 * time.Minute)
							}
							if form == "days" {
								in += fmt.Sprintf(",%d", value)
							} else {
								in += fmt.Sprintf("%s,%d\n", local.Format("2006-01-02 15:04"), value)
							}
							energy += value
						}
						in += "\n"
						// Both hours get half of their sum.
						count := map[string]int{}
						for _, at := range instantsOf(t, zone.zone, day, 30*time.Minute) {
							count[at.Add(-30*time.Minute).In(z).Format("15:04")]++
						}
						for _, at := range instantsOf(t, zone.zone, day, 30*time.Minute) {
							b := at.Add(-30 * time.Minute).In(z).Format("15:04")
							want += fmt.Sprintf("%d,a,%d\n", at.Unix(), values[b]/count[b])
						}
					}
					got, sum, err := importTexts(t, l, Options{}, in)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("trace (-want +got):\n%s", diff)
					}
					if sum.Wh.Int64() != int64(energy) {
						t.Errorf("%v Wh, want %d", sum.Wh, energy)
					}
				})
			}
		}
	}
}

// Local clock and instant belong together, over all zones and times.
func TestInstants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"UTC", "Asia/Kathmandu", "Africa/Casablanca", "Pacific/Apia"}).Draw(t, "zone")
		if i := rapid.IntRange(-1, len(changes)-1).Draw(t, "change"); i >= 0 {
			zone = changes[i].zone
		}
		z, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		c := &clock{zone: z, to: -1}
		at := time.Unix(rapid.Int64Range(0, 2_000_000_000).Draw(t, "at"), 0).In(z)
		_, offset := at.Zone()
		found, n := c.instants(at.Unix() + int64(offset))
		if !slices.Contains(found[:n], at.Unix()) {
			t.Errorf("%v: instants %v", at, found[:n])
		}
		for _, f := range found[:n] {
			if got := time.Unix(f, 0).In(z).Format(time.DateTime); got != at.Format(time.DateTime) {
				t.Errorf("%v: at %d the clock shows %s", at, f, got)
			}
		}
	})
}

// A rendering is a way to write a truth, and the layout that reads it.
type rendering struct {
	zone, unit, separator, decimal, thousands string
	kind, form, stamp, mark                   string
	reverse, byMeter                          bool
	interval                                  time.Duration
}

func drawRendering(t *rapid.T) rendering {
	one := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	r := rendering{
		zone: changes[rapid.IntRange(0, len(changes)-1).Draw(t, "zone")].zone, unit: one("unit", "Wh", "kWh", "MWh", "W", "kW"),
		separator: one("separator", "comma", "semicolon", "tab", "bar"), decimal: one("decimal", ".", ","),
		kind: one("kind", "interval", "register"), form: one("form", "long", "wide"), stamp: one("stamp", "start", "end"),
		mark: one("mark", "order", "offset", "season"), reverse: rapid.Bool().Draw(t, "reverse"), byMeter: rapid.Bool().Draw(t, "by meter"),
		interval: time.Duration(rapid.SampledFrom([]int{5, 15, 30}).Draw(t, "interval")) * time.Minute,
	}
	r.thousands = rapid.SampledFrom([]string{"", " ", "'", map[string]string{".": ",", ",": "."}[r.decimal]}).Draw(t, "thousands")
	if r.kind == "register" {
		r.stamp = "end"
		r.unit = one("register's unit", "Wh", "kWh", "MWh")
	}
	return r
}

func (r rendering) layout() string {
	text := fmt.Sprintf("form: %s\nseparator: %s\ndecimal: %q\nthousands: %q\nzone: %s\nunit: %s\nkind: %s\nstamp: %s\ninterval: %v\n",
		r.form, r.separator, r.decimal, r.thousands, r.zone, r.unit, r.kind, r.stamp, r.interval)
	columns := "columns: {meter: id, time: at, value: v}\n"
	if r.form == "wide" {
		columns = "columns: {time: at, values: m*}\n"
	}
	pattern := "YYYY-MM-DD hh:mm:ss"
	switch r.mark {
	case "offset":
		pattern += "Z"
	case "season":
		columns += "season: {column: dst, summer: \"1\", winter: \"0\"}\n"
	}
	return text + columns + "time: " + pattern + "\n"
}

func (r rendering) number(wh int64) string {
	text := ""
	switch r.unit {
	case "Wh":
		text = fmt.Sprintf("%d.0", wh)
	case "kWh":
		text = fmt.Sprintf("%d.%03d", wh/1000, wh%1000)
	case "MWh":
		text = fmt.Sprintf("%d.%06d", wh/1_000_000, wh%1_000_000)
	case "W":
		text = fmt.Sprintf("%d.00", wh*int64(time.Hour/r.interval))
	case "kW":
		w := wh * int64(time.Hour/r.interval)
		text = fmt.Sprintf("%d.%03d", w/1000, w%1000)
	}
	whole, decimals, _ := strings.Cut(text, ".")
	if r.thousands != "" {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + r.thousands + whole[i:]
		}
	}
	return `"` + whole + r.decimal + decimals + `"`
}

// A known truth that is written in any layout, zone, unit and order comes back exactly, and its energy is kept.
func TestProperty(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		r := drawRendering(rt)
		z, err := time.LoadLocation(r.zone)
		if err != nil {
			rt.Fatal(err)
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 1))
		c := changes[slices.IndexFunc(changes, func(c struct{ zone, spring, autumn string }) bool { return c.zone == r.zone })]
		day := rapid.SampledFrom([]string{c.spring, c.autumn}).Draw(rt, "day")
		first := instantsOf(t, r.zone, day, r.interval)[0].Add(time.Duration(rapid.IntRange(-30, 0).Draw(rt, "first")) * r.interval)
		meters, n := rapid.IntRange(1, 3).Draw(rt, "meters"), rapid.IntRange(2, 60).Draw(rt, "intervals")
		if r.kind == "register" {
			n++
		}
		firstStamp := first
		if r.reverse {
			firstStamp = first.Add(time.Duration(n-1) * r.interval)
		}
		if r.stamp == "start" {
			firstStamp = firstStamp.Add(-r.interval)
		}
		_, offset := firstStamp.In(z).Zone()
		if _, n := (&clock{zone: z, to: -1}).instants(firstStamp.Unix() + int64(offset)); n > 1 && r.mark == "order" {
			rt.Skip("nothing tells which hour the first row is of")
		}
		sep := map[string]string{"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|"}[r.separator]
		type truth struct {
			at    int64
			meter int
			wh    int64
		}
		var rows []string
		var want []truth
		register := make([]int64, meters)
		for i := range n {
			end := first.Add(time.Duration(i) * r.interval)
			stamp := end
			if r.stamp == "start" {
				stamp = end.Add(-r.interval)
			}
			at := stamp.In(z).Format(time.DateTime)
			if r.mark == "offset" {
				at = stamp.In(z).Format("2006-01-02 15:04:05-07:00")
			}
			// Of the two instants of an autumn hour the first is summer's.
			dst := "0"
			if later := stamp.Add(3 * time.Hour).In(z); later.Format("-0700") != stamp.In(z).Format("-0700") {
				dst = "1"
			}
			line := []string{at, dst}
			for m := range meters {
				wh := random.Int64N(5_000_000)
				value := wh
				if register[m] += wh; r.kind == "register" {
					value = register[m]
				}
				if r.kind == "interval" || i > 0 {
					want = append(want, truth{end.Unix(), m, wh})
				}
				if r.form == "wide" {
					line = append(line, r.number(value))
				} else {
					rows = append(rows, strings.Join([]string{fmt.Sprintf("m%d", m), at, r.number(value), dst}, sep)+"\n")
				}
			}
			if r.form == "wide" {
				rows = append(rows, strings.Join(line, sep)+"\n")
			}
		}
		head := strings.Join([]string{"id", "at", "v", "dst"}, sep) + "\n"
		if r.form == "wide" {
			head = strings.Join([]string{"at", "dst", "m0", "m1", "m2"}[:2+meters], sep) + "\n"
		}
		if r.byMeter && r.form == "long" {
			slices.SortStableFunc(rows, func(a, b string) int { return strings.Compare(a[:2], b[:2]) })
		}
		if r.reverse {
			slices.Reverse(rows)
		}
		l, err := parseLayout("own", "own.yaml", []byte(r.layout()))
		if err != nil {
			rt.Fatal(err)
		}
		got, sum, err := importTexts(t, l, Options{Gaps: Refuse, sort: rapid.SampledFrom([]int{0, 7}).Draw(rt, "sort")}, head+strings.Join(rows, ""))
		if err != nil {
			rt.Fatalf("%v\n%s%s", err, head, strings.Join(rows, ""))
		}
		lines := strings.Split(strings.TrimSpace(got), "\n")[1:]
		gave, expected := lines, []string(nil)
		total := int64(0)
		for _, w := range want {
			expected = append(expected, fmt.Sprintf("%d,m%d,%d", w.at, w.meter, w.wh))
			total += w.wh
		}
		slices.Sort(gave)
		slices.Sort(expected)
		if diff := cmp.Diff(expected, gave); diff != "" {
			rt.Errorf("trace (-want +got):\n%s\n%s%s", diff, head, strings.Join(rows, ""))
		}
		if sum.Wh.Int64() != total {
			rt.Errorf("%v Wh, want %d", sum.Wh, total)
		}
	})
}

// A line of a day has as many values as the day has intervals: 46, 48 or 50 half-hours of 50 columns.
func TestDaysOfEachLength(t *testing.T) {
	l := layoutOf(t, "form: days\ncolumns: {meter: id, time: at, values: h*}\ntime: DD/MM/YYYY\nzone: Europe/London\nunit: Wh\nkind: interval\ninterval: 30m\n")
	text, want := "id,at", "time,meter,value\n"
	for i := range 50 {
		text += fmt.Sprintf(",h%d", i+1)
	}
	for _, day := range []string{"2013-03-31", "2013-04-01", "2013-10-27"} {
		date, _ := time.Parse(time.DateOnly, day)
		text += "\nm," + date.Format("02/01/2006")
		ends := instantsOf(t, "Europe/London", day, 30*time.Minute)
		for i, at := range ends {
			text += fmt.Sprintf(",%d", i+1)
			want += fmt.Sprintf("%d,m,%d\n", at.Unix(), i+1)
		}
		text += strings.Repeat(",", 50-len(ends))
	}
	got, sum, err := importTexts(t, l, Options{}, text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("trace (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"6 no_such_time a.csv:2:143"}, dropsOf(sum)); diff != "" {
		t.Errorf("dropped (-want +got):\n%s", diff)
	}
}
