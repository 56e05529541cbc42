package meterdata

import (
	"fmt"
	"slices"
	"time"

	"meterbench/bench/arrival"
	"meterbench/internal/strictyaml"
)

// MaxInterval is the longest time that one value may cover: as long as a reading of a meter may say.
const MaxInterval = 744 * time.Hour

// check returns the first problem of a layout.
func (l Layout) check() *strictyaml.Problem {
	one := func(path string, ok bool, msg string) *strictyaml.Problem {
		if ok {
			return nil
		}
		return strictyaml.Problemf("", path, "%s", msg)
	}
	row := l.Form.row()
	for _, p := range []*strictyaml.Problem{
		strictyaml.OneOf("form", l.Form, Forms()...),
		strictyaml.OneOf("separator", l.Separator, Comma, Semicolon, Tab, Bar, Space),
		strictyaml.OneOf("kind", l.Kind, arrival.ValueKinds()...),
		strictyaml.OneOf("stamp", l.Stamp, Start, End),
		strictyaml.OneOf("autumn", l.Autumn, Twice, Sum),
		strictyaml.OneOf("spring", l.Spring, Counted, Skipped),
		strictyaml.OneOf("negative", l.Negative, RefuseNegative, Missing, Zero),
		strictyaml.OneOf("decimal", l.Decimal, ".", ","),
		one("thousands", slices.Contains([]string{"", ".", ",", " ", "'"}, l.Thousands), `want . or , or ' or a blank`),
		one("thousands", l.Thousands != l.Decimal, "the sign is that of decimals too"),
	} {
		if p != nil {
			return p
		}
	}
	if p := row.check(l); p != nil {
		return p
	}
	if p := l.checkTime(row); p != nil {
		return p
	}
	return l.checkValues()
}

func (l Layout) checkTime(row form) *strictyaml.Problem {
	pattern, err := compilePattern(l.Time)
	if err != nil {
		return strictyaml.Problemf("", "time", "%v", err)
	}
	if row.date && (pattern.has(periodOfDay) || pattern.has(hour) || pattern.has(unixTime)) {
		return strictyaml.Problemf("its columns are the times of the day", "time", "the time of a line of days is a date")
	}
	if pattern.absolute() && (row.date || pattern.has(periodOfDay)) {
		return strictyaml.Problemf("", "time", "a time with an offset, or in seconds, has no intervals of a day")
	}
	if pattern.has(dayCount) {
		if _, err := time.Parse(time.DateOnly, l.Epoch); err != nil {
			return strictyaml.Problemf("", "epoch", "the date of day 1 is needed, as 2009-01-01")
		}
	}
	if l.Zone == "" && !pattern.absolute() {
		return strictyaml.Problemf("as Europe/Berlin, UTC, or Etc/GMT-1 for UTC+1 all the year", "zone",
			"the time zone of the times is needed, as they have no offset")
	}
	if _, err := l.location(); err != nil {
		return strictyaml.Problemf("give an IANA name, as Europe/Berlin, UTC, or Etc/GMT-1 for UTC+1 all the year", "zone", "there is no time zone %.40q", l.Zone)
	}
	switch {
	case l.Interval == 0 && l.Form != NEM12:
		reason := ""
		switch {
		case l.Stamp == Start:
			reason = "times are those of its begin"
		case l.Unit.power():
			reason = "values are power"
		case row.date || pattern.has(periodOfDay):
			reason = "times are numbers of it in a day"
		case l.Autumn == Sum:
			reason = "hours are summed"
		}
		if reason != "" {
			return strictyaml.Problemf("as 15m, 30m or 1h", "interval", "the time that a value covers is needed, as %s", reason)
		}
	case l.Interval != 0 && (l.Interval < time.Second || l.Interval > MaxInterval || l.Interval%time.Second != 0):
		return strictyaml.Problemf("", "interval", "want whole seconds, 1s to %v", MaxInterval)
	}
	if (row.date || pattern.has(periodOfDay) || l.Autumn == Sum) && l.Interval > 0 && 24*time.Hour%l.Interval != 0 {
		return strictyaml.Problemf("", "interval", "%v is no part of a day", l.Interval)
	}
	return nil
}

func (l Layout) checkValues() *strictyaml.Problem {
	if l.Unit != "" || l.Columns.Unit == "" && l.Form != NEM12 {
		if p := strictyaml.OneOf("unit", l.Unit, Units()...); p != nil {
			return p
		}
	}
	if l.register() {
		switch {
		case l.Unit.power():
			return strictyaml.Problemf("", "unit", "a register counts energy, and %s is power", l.Unit)
		case l.Autumn == Sum:
			return strictyaml.Problemf("", "autumn", "readings of a register have no sum")
		case l.Form == Days || l.Form == NEM12:
			return strictyaml.Problemf("", "kind", "a line of a day holds the energy of intervals")
		}
	}
	if l.Rollover != "" {
		if _, err := l.parse([]byte(l.Rollover), l.Unit); err != nil || !l.register() {
			return strictyaml.Problemf("", "rollover", "want a number, as 100000, of a layout of registers")
		}
	}
	for i, f := range l.Where {
		if f.Column == "" {
			return strictyaml.Problemf("", fmt.Sprintf("where[%d]", i), "a column and what it is are needed")
		}
	}
	if q := l.Quality; q.Column == "" && len(q.Keep)+len(q.Drop) > 0 {
		return strictyaml.Problemf("", "quality", "the column of the flags is needed")
	} else if q.Column != "" && (len(q.Keep) > 0) == (len(q.Drop) > 0) {
		return strictyaml.Problemf("", "quality", "give keep or drop, the flags whose values are taken or not")
	}
	if s := l.Season; s.Column == "" && len(s.Summer)+len(s.Winter) > 0 {
		return strictyaml.Problemf("", "season", "the column of the flags is needed")
	} else if s.Column != "" && (len(s.Summer) == 0 || len(s.Winter) == 0) {
		return strictyaml.Problemf("", "season", "give summer and winter, the flags of each")
	}
	return l.checkOBIS()
}

func (l Layout) checkOBIS() *strictyaml.Problem {
	for i, text := range l.OBIS {
		at := fmt.Sprintf("obis[%d]", i)
		code, ok := parseOBIS(text)
		if !ok {
			return strictyaml.Problemf("as 1-0:1.8.0*255 or 1.8.0", at, "%.40q is no OBIS code", text)
		}
		if code.register() && !l.register() {
			return strictyaml.Problemf("give kind: register", at, "%s is a register", text)
		}
	}
	if l.Columns.OBIS != "" && len(l.OBIS) == 0 {
		return strictyaml.Problemf("as 1.8.0", "obis", "the codes to take are needed")
	}
	if len(l.OBIS) > 0 && l.Columns.OBIS == "" && l.Form != Wide {
		return strictyaml.Problemf("give columns: {obis: ...}", "obis", "no column holds the codes")
	}
	return nil
}
