package meterdata

import (
	"meterbench/internal/strictyaml"
)

// The forms of files.
const (
	Long  Form = "long"
	Wide  Form = "wide"
	Days  Form = "days"
	NEM12 Form = "nem12"
)

// A form is a row of the table of forms.
type form struct {
	name  Form
	date  bool // the time of a line is a date
	check func(Layout) *strictyaml.Problem
	// reader returns what takes the lines of a file, and what is called at its end.
	reader func(*importer, *lines) (line func(line []byte, fields []field) error, end func() error)
}

// forms is the table of forms.
func forms() []form {
	return []form{
		{Long, false, checkLong, newLong},
		{Wide, false, checkWide, newWide},
		{Days, true, checkDays, newDays},
		{NEM12, true, checkNEM12, newNEM12},
	}
}

// Forms returns the names of all forms.
func Forms() (all []Form) {
	for _, f := range forms() {
		all = append(all, f.name)
	}
	return all
}

func (f Form) row() form {
	for _, row := range forms() {
		if row.name == f {
			return row
		}
	}
	return form{}
}

// needs returns a problem about the first column that is not given, or not of this form.
func needs(l Layout, value, values bool) *strictyaml.Problem {
	switch c := l.Columns; {
	case len(c.Time) == 0:
		return strictyaml.Problemf("", "columns.time", "the column of the time is needed")
	case value && c.Value == "":
		return strictyaml.Problemf("", "columns.value", "the column of the values is needed")
	case !value && c.Value != "":
		return strictyaml.Problemf("give columns: {values: ...}", "columns.value", "a %s file has several columns of values", l.Form)
	case values && len(c.Values) == 0:
		return strictyaml.Problemf("as MT_* or [a, b]", "columns.values", "the columns of the values are needed")
	case !values && len(c.Values) > 0:
		return strictyaml.Problemf("give columns: {value: ...}", "columns.values", "a %s file has one column of values", l.Form)
	}
	return nil
}

func checkLong(l Layout) *strictyaml.Problem { return needs(l, true, false) }

func checkWide(l Layout) *strictyaml.Problem { return needs(l, false, true) }

func checkDays(l Layout) *strictyaml.Problem { return needs(l, false, true) }

// newLong reads a value per line.
func newLong(im *importer, in *lines) (func([]byte, []field) error, func() error) {
	t := newTable(im, in)
	return t.reader(func(fields []field) error {
		if !t.takes(fields) {
			im.drop(Filtered, 1, t.place(fields[t.value]))
			return nil
		}
		meter, ok, err := t.meterOf(fields)
		if err != nil {
			return err
		}
		unit, err := t.unitOf(fields)
		if err != nil {
			return err
		}
		if !ok {
			im.drop(MoreMeters, 1, t.place(fields[t.value]))
			return nil
		}
		m, err := t.moment(fields, 0)
		if err != nil {
			return err
		}
		dir := &im.directions[meter]
		dir.season = t.seasonOf(fields)
		return t.cell(meter, m.resolve(dir), fields[t.value], unit, t.flagged(fields))
	}), t.end
}

// newWide reads a line per time, with a column per meter.
func newWide(im *importer, in *lines) (func([]byte, []field) error, func() error) {
	t := newTable(im, in)
	dir := &direction{}
	return t.reader(func(fields []field) error {
		if !t.takes(fields) {
			im.drop(Filtered, int64(len(t.values)), t.place(fields[t.values[0].index]))
			return nil
		}
		unit, err := t.unitOf(fields)
		if err != nil {
			return err
		}
		m, err := t.moment(fields, 0)
		if err != nil {
			return err
		}
		dir.season = t.seasonOf(fields)
		m = m.resolve(dir)
		flagged := t.flagged(fields)
		for i := range t.values {
			f := fields[t.values[i].index]
			meter, ok, err := t.columnMeter(fields, &t.values[i])
			if err != nil {
				return err
			}
			if !ok {
				im.drop(MoreMeters, 1, t.place(f))
				continue
			}
			if err := t.cell(meter, m, f, unit, flagged); err != nil {
				return err
			}
		}
		return nil
	}), t.end
}

// newDays reads a line per day, with a column per interval.
func newDays(im *importer, in *lines) (func([]byte, []field) error, func() error) {
	t := newTable(im, in)
	return t.reader(func(fields []field) error {
		n := int64(len(t.values))
		if !t.takes(fields) {
			im.drop(Filtered, n, t.place(fields[t.values[0].index]))
			return nil
		}
		meter, ok, err := t.meterOf(fields)
		if err != nil {
			return err
		}
		if !ok {
			im.drop(MoreMeters, n, t.place(fields[t.values[0].index]))
			return nil
		}
		unit, err := t.unitOf(fields)
		if err != nil {
			return err
		}
		flagged := t.flagged(fields)
		for i, c := range t.values {
			m, err := t.moment(fields, i+1)
			if err != nil {
				return err
			}
			if err := t.cell(meter, m, fields[c.index], unit, flagged); err != nil {
				return err
			}
		}
		return nil
	}), t.end
}
