package meterdata

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/big"
	"time"

	"meterbench/bench/arrival"
	"meterbench/internal/regular"
	"meterbench/internal/strictyaml"
)

// The limits of an import, beside those of a trace.
const (
	MaxFileBytes = 1 << 40 // of a file
	MaxFiles     = 10_000
)

// Options say what to take from the files.
type Options struct {
	Gaps     Gaps
	From, To time.Time // of intervals that lie in between, and of registers with their ends; zero: all
	Meters   int       // the first ones of the files; 0: all
	Folder   string    // of a temporary file, some 80 bytes per value

	sort int // rows that are sorted in memory, 0: sortRows
}

// Import reads files of a layout, in the given order, and writes a trace: interval values in whole Wh, at the end of
// each interval, in seconds since 1970. Where the text is wrong the error is a *strictyaml.Error with the place;
// something may be written by then.
func Import(ctx context.Context, to io.Writer, layout Layout, files []string, o Options) (Summary, error) {
	im, err := newImporter(layout, o)
	if err != nil {
		return Summary{}, err
	}
	defer im.rows.close()
	defer im.ordered.close()
	im.summary.Files = files
	for i, file := range files {
		if err := im.read(ctx, uint32(i), file); err != nil {
			return Summary{}, err
		}
	}
	if err := im.settle(ctx); err != nil {
		return Summary{}, err
	}
	counted := &counter{to: to}
	if err := im.write(ctx, counted); err != nil {
		return Summary{}, err
	}
	im.summary.Bytes = counted.n
	im.summary.Within = im.summary.Written <= arrival.MaxTraceRows && counted.n <= arrival.MaxTraceBytes
	return im.summary, nil
}

// importer holds an import between its steps.
type importer struct {
	layout     Layout
	options    Options
	clock      *clock
	codes      []obis
	interval   int64 // in seconds; 0: not known
	from, to   int64
	file       uint32 // number of the one that is read
	meters     map[string]uint32
	names      []string
	directions []direction
	incomplete []bool // meters with gaps
	firstGap   row    // the one behind it, in the order of the files
	rows       sorter // as read
	ordered    sorter // as written
	summary    Summary
	drops      map[Reason]*dropCount
}

func newImporter(layout Layout, o Options) (*importer, error) {
	c, err := newClock(layout)
	if err != nil {
		return nil, err
	}
	if o.Gaps == "" {
		o.Gaps = Skip
	}
	if o.sort == 0 {
		o.sort = sortRows
	}
	im := &importer{
		layout: layout, options: o, clock: c, codes: layout.obisCodes(), interval: c.interval,
		from: math.MinInt64, to: math.MaxInt64, meters: map[string]uint32{}, drops: map[Reason]*dropCount{},
		rows:    sorter{compare: byMeter, folder: o.Folder, most: o.sort},
		ordered: sorter{compare: byTime, folder: o.Folder, most: o.sort},
		summary: Summary{Format: layout.Name, Kind: layout.Kind, Wh: new(big.Int)},
	}
	if !o.From.IsZero() {
		im.from = o.From.Unix()
	}
	if !o.To.IsZero() {
		im.to = o.To.Unix()
	}
	return im, nil
}

// read reads a file.
func (im *importer) read(ctx context.Context, number uint32, file string) error {
	f, err := regular.Open(file, MaxFileBytes)
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		msg := e.Err.Error()
		if errors.Is(err, fs.ErrNotExist) {
			msg = "there is no such file"
		}
		return &strictyaml.Error{File: file, Msg: msg}
	}
	if err != nil {
		return err
	}
	defer f.Close() // only read
	im.file = number
	return im.readFrom(ctx, file, f)
}

func (im *importer) readFrom(ctx context.Context, file string, from io.Reader) error {
	in := &lines{ctx: ctx, file: file, text: bufio.NewReaderSize(from, MaxLine), separator: im.layout.Separator.char()}
	line, end := im.layout.Form.row().reader(im, in)
	if err := in.each(line); err != nil {
		return err
	}
	return end()
}

// meter returns the index of a meter, and whether its values are taken.
func (im *importer) meter(id []byte) (index uint32, ok bool, err error) {
	if index, ok := im.meters[string(id)]; ok {
		return index, true, nil
	}
	if im.options.Meters > 0 && len(im.names) >= im.options.Meters {
		return 0, false, nil
	}
	if err := arrival.CheckMeter(string(id)); err != nil {
		return 0, false, err
	}
	if len(im.names) == arrival.MaxTraceMeters {
		return 0, false, fmt.Errorf("there are more than %d meters, the most of a trace; take fewer with --meters", arrival.MaxTraceMeters)
	}
	index = uint32(len(im.names))
	name := string(id)
	im.meters[name] = index
	im.names = append(im.names, name)
	im.directions = append(im.directions, direction{})
	return index, true, nil
}

// cell takes the value of a field.
func (im *importer) cell(meter uint32, m moment, in *lines, f field, unit Unit, flagged bool) error {
	place := Place{in.file, in.line, f.column}
	var value energy
	missing := im.layout.isMissing(f.text)
	if !missing && !flagged {
		var err error
		value, err = im.layout.parse(f.text, unit)
		switch {
		case errors.Is(err, errNegative) && im.layout.Negative == Missing:
			missing = true
		case errors.Is(err, errNegative) && im.layout.Negative == Zero:
			value = energy{}
		case errors.Is(err, errNegative):
			return in.wrong(f, "choose a column of consumption, or --set negative=missing or zero",
				"the value %.40q is negative: a reading is energy in one direction", f.text)
		case err != nil:
			return in.wrong(f, "name what stands for a missing value with --set missing=[...]", "%v", err)
		}
	}
	switch {
	case m.n == 0 && (missing || flagged || value.isZero()):
		im.drop(NoSuchTime, 1, place)
		return nil
	case m.n == 0:
		return in.wrong(f, "if it is in UTC or has no summer time, give --set zone=UTC or as Etc/GMT-1",
			"there is a value at a time that the clock of %s never showed", im.layout.Zone)
	case missing:
		im.drop(MissingValue, 1, place)
		return nil
	case flagged:
		im.drop(BadQuality, 1, place)
		return nil
	}
	if unit.power() {
		value = value.over(im.interval)
	}
	at := m.at[:1]
	im.summary.Values++
	if m.both {
		at = m.at[:2]
		im.summary.Split++
	}
	for i, at := range at {
		part := value
		if m.both {
			half := value.part(1, 2)
			if part = half; i == 1 {
				part = value.minus(half)
			}
		}
		if err := im.add(row{at, part, meter, im.file, uint32(in.line), uint32(f.column)}); err != nil {
			return err
		}
	}
	return nil
}

func (im *importer) add(r row) error {
	covered := r.at - im.interval
	if im.layout.register() {
		covered = r.at
	}
	if covered < im.from || r.at > im.to || im.interval == 0 && !im.layout.register() && r.at <= im.from {
		im.dropped(OutsidePeriod, r)
		return nil
	}
	return im.rows.add(r)
}

// drop counts values of the file that is read which are dropped, the first at a place.
func (im *importer) drop(why Reason, n int64, place Place) {
	im.summary.Values += n
	im.count(why, n, im.file, place)
}

// dropped counts a value that is dropped.
func (im *importer) dropped(why Reason, r row) { im.count(why, 1, r.file, im.place(r)) }

// count counts values that are dropped. Rows come in another order than that of the files.
func (im *importer) count(why Reason, n int64, file uint32, place Place) {
	d := im.drops[why]
	if d == nil {
		d = &dropCount{Drop{Reason: why, First: place}, file}
		im.drops[why] = d
	}
	d.Values += n
	if cmp.Or(cmp.Compare(file, d.file), cmp.Compare(place.Line, d.First.Line), cmp.Compare(place.Column, d.First.Column)) < 0 {
		d.First, d.file = place, file
	}
}

// A dropCount is a Drop with the number of the first one's file.
type dropCount struct {
	Drop
	file uint32
}

func (im *importer) place(r row) Place {
	return Place{im.summary.Files[r.file], int(r.line), int(r.column)}
}

// settle makes the rows of the trace from those of each meter.
func (im *importer) settle(ctx context.Context) error {
	im.incomplete = make([]bool, len(im.names))
	s := series{im: im}
	for r, err := range im.rows.sorted(ctx) {
		if err == nil {
			err = s.add(r)
		}
		if err != nil {
			return err
		}
	}
	if err := s.checkSpacing(); err != nil {
		return err
	}
	return im.rows.close()
}
