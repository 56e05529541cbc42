package meterdata

import (
	"path/filepath"
	"strings"
)

// meterOf returns the meter of a row, and whether its values are taken.
func (t *table) meterOf(fields []field) (meter uint32, ok bool, err error) {
	if len(t.meter) == 0 {
		if !t.onlyKnown {
			if t.onlyMeter, t.onlyOK, err = t.fileMeter(); err != nil {
				return 0, false, err
			}
			t.onlyKnown = true
		}
		return t.onlyMeter, t.onlyOK, nil
	}
	t.meterName = t.meterName[:0]
	for i, at := range t.meter {
		if i > 0 {
			t.meterName = append(t.meterName, '-')
		}
		t.meterName = append(t.meterName, fields[at].text...)
	}
	if meter, ok, err = t.im.meter(t.meterName); err != nil {
		return 0, false, t.in.wrong(fields[t.meter[0]], "", "%v", err)
	}
	return meter, ok, nil
}

// fileMeter returns the meter that a file is named after.
func (t *table) fileMeter() (uint32, bool, error) {
	name := filepath.Base(t.in.file)
	name = strings.TrimSuffix(name, filepath.Ext(name))
	meter, ok, err := t.im.meter([]byte(name))
	if err != nil {
		return 0, false, t.in.wrong(field{}, "rename the file: its meter is named after it", "%v", err)
	}
	return meter, ok, nil
}

// columnMeter returns the meter of a column of a wide file, and whether its values are taken.
func (t *table) columnMeter(fields []field, c *valueColumn) (meter uint32, ok bool, err error) {
	switch {
	case c.known:
		return c.meter, c.ok, nil
	case len(t.meter) == 0:
		if c.meter, c.ok, err = t.im.meter(c.name); err != nil {
			return 0, false, t.in.wrong(fields[c.index], "choose columns with columns.values", "column %d: %v", c.index+1, err)
		}
		c.known = true
		return c.meter, c.ok, nil
	case len(t.values) == 1:
		return t.meterOf(fields)
	}
	t.meterName = t.meterName[:0]
	for _, at := range t.meter {
		t.meterName = append(append(t.meterName, fields[at].text...), '-')
	}
	t.meterName = append(t.meterName, c.name...)
	if meter, ok, err = t.im.meter(t.meterName); err != nil {
		return 0, false, t.in.wrong(fields[t.meter[0]], "", "%v", err)
	}
	return meter, ok, nil
}
