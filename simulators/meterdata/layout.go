// Package meterdata imports meter data that others published into traces that a load follows.
//
// A Layout says in YAML how a family of files is written; the shipped ones are embedded. Data flow of Import: a reader of
// the layout's form (forms.go) turns lines into cells, whose times become instants (clock.go) and whose values become
// energy (energy.go); a sort brings each meter's values together, in order of time (sort.go); a series per meter takes
// differences of registers, finds gaps and rounds to whole Wh (series.go); a second sort brings all of them into the
// order of time, in which they are written. Memory does not grow with the number of rows, only with that of meters.
package meterdata

import (
	"embed"
	"fmt"
	"strings"
	"time"

	"meterbench/bench/arrival"
	"meterbench/internal/strictyaml"
)

// A Layout is how files of meter data are written.
type Layout struct {
	Name string // a shipped one's name, or the file

	Title     string         `yaml:"title"`           // what the files are, and who publishes them
	Source    string         `yaml:"source"`          // where that is described
	Form      Form           `yaml:"form"`            // long: a value per line; wide: a column per meter; days: a line per day; nem12
	Separator Separator      `yaml:"separator"`       // between columns
	Header    bool           `yaml:"header"`          // a line names the columns; without one they are #1, #2, …
	Columns   Columns        `yaml:"columns"`         // which column holds what
	Time      string         `yaml:"time"`            // how a time is written, as YYYY-MM-DD hh:mm:ss
	Epoch     string         `yaml:"epoch"`           // the date of day 1, where days are counted (NNN in time)
	Zone      string         `yaml:"zone"`            // IANA name of the time zone of times without an offset
	Stamp     Stamp          `yaml:"stamp"`           // whether a time is the begin or the end of its interval
	Interval  time.Duration  `yaml:"interval"`        // time that a value covers, or between two readings of a register
	Unit      Unit           `yaml:"unit"`            // of the values; with power they are means over the interval
	Kind      arrival.Values `yaml:"kind"`            // interval: the energy of each interval; register: readings of a register that grows
	Decimal   string         `yaml:"decimal"`         // sign before the decimals
	Thousands string         `yaml:"thousands,empty"` // sign between groups of three digits
	Missing   []string       `yaml:"missing,empty"`   // what stands in place of a value that is missing, in any case of letters
	Where     []Filter       `yaml:"where"`           // rows to take, by the text of a column
	Quality   Quality        `yaml:"quality"`         // rows whose values count as missing, by a flag
	Season    Season         `yaml:"season"`          // what tells the two hours of autumn apart
	OBIS      []string       `yaml:"obis"`            // codes of the rows, or of wide columns, to take, as 1-0:1.8.0*255 or 1.8.0
	Autumn    Autumn         `yaml:"autumn"`          // the doubled hour comes twice, or once with the sum of both
	Spring    Spring         `yaml:"spring"`          // where intervals of a day have numbers: counted on, or those of the missing hour skipped
	Negative  Negative       `yaml:"negative"`        // what is done with a negative value
	Rollover  string         `yaml:"rollover"`        // at which reading a register begins again at 0, in the unit of the values
}

// Columns says which column holds what, by its name in the header or by its place, as #1.
type Columns struct {
	Meter  []string `yaml:"meter"`  // the meter's id, of several joined by -; default: the file's name
	Time   []string `yaml:"time"`   // the time, of several joined by a blank
	Value  string   `yaml:"value"`  // of a long file
	Values []string `yaml:"values"` // of a wide file or of days, with * and ? for any characters
	Unit   string   `yaml:"unit"`   // the unit of each row
	OBIS   string   `yaml:"obis"`   // the OBIS code of each row
}

// A Filter takes the rows in which a column holds one of some texts.
type Filter struct {
	Column string   `yaml:"column"`
	Is     []string `yaml:"is,empty"`
}

// Quality makes values of a row missing unless its flag is one of keep, or where it is one of drop.
type Quality struct {
	Column string   `yaml:"column"`
	Keep   []string `yaml:"keep,empty"`
	Drop   []string `yaml:"drop,empty"`
}

// Season says by a flag whether a local time is of summer time.
type Season struct {
	Column string   `yaml:"column"`
	Summer []string `yaml:"summer,empty"`
	Winter []string `yaml:"winter,empty"`
}

// The words of a layout.
type (
	Form      string
	Separator string
	Stamp     string
	Autumn    string
	Spring    string
	Negative  string
)

// The values of these words.
const (
	Comma     Separator = "comma"
	Semicolon Separator = "semicolon"
	Tab       Separator = "tab"
	Bar       Separator = "bar"
	Space     Separator = "space" // one or more

	Start Stamp = "start"
	End   Stamp = "end"

	Twice Autumn = "twice"
	Sum   Autumn = "sum"

	Counted Spring = "counted"
	Skipped Spring = "skipped"

	RefuseNegative Negative = "refuse"
	Missing        Negative = "missing"
	Zero           Negative = "zero"
)

func (s Separator) char() byte {
	return map[Separator]byte{Comma: ',', Semicolon: ';', Tab: '\t', Bar: '|', Space: ' '}[s]
}

//go:embed library/*.yaml
var files embed.FS

func library() strictyaml.Library {
	return strictyaml.Library{Kind: "format", Files: files, Dir: "library"}
}

// Names returns the names of the shipped layouts, sorted.
func Names() []string { return library().Names() }

// ReadLayout returns a shipped layout by its name, or that of a file, with overrides, key=value. The error is a
// *strictyaml.Error with the place.
func ReadLayout(nameOrPath string, sets ...string) (Layout, error) {
	src, file, _, err := library().Read(nameOrPath)
	if err != nil {
		return Layout{}, err
	}
	return parseLayout(nameOrPath, file, src, sets...)
}

func parseLayout(name, file string, src []byte, sets ...string) (Layout, error) {
	doc, err := strictyaml.Parse(file, src)
	if err != nil {
		return Layout{}, err
	}
	for _, set := range sets {
		if err := doc.Set(set); err != nil {
			return Layout{}, err
		}
	}
	l := Layout{
		Separator: Comma, Header: true, Stamp: End, Decimal: ".", Autumn: Twice, Spring: Counted, Negative: RefuseNegative,
		Missing: []string{"", "-", "nan", "null", "na", "n/a", "none"},
	}
	if err := doc.Decode(&l); err != nil {
		return Layout{}, err
	}
	l.Name = name
	if p := l.check(); p != nil {
		return Layout{}, doc.Locate(p)
	}
	return l, nil
}

// register reports whether the values are readings of registers.
func (l Layout) register() bool { return l.Kind == arrival.Register }

// isMissing reports whether a text stands for a value that is missing.
func (l Layout) isMissing(text []byte) bool {
	for _, m := range l.Missing {
		if len(m) == len(text) && strings.EqualFold(m, string(text)) {
			return true
		}
	}
	return false
}

// FindsGaps reports whether it is known which time a value covers, so that gaps are found.
func (l Layout) FindsGaps() bool { return l.Interval > 0 || l.Form == NEM12 }

// ParseTime reads a date, which begins in the zone of the layout, or a time in RFC 3339. It is zero for an empty text.
func (l Layout) ParseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	zone, err := l.location()
	if err != nil {
		return time.Time{}, err
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return t, nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return t, fmt.Errorf("%.40q is neither a date, as 2013-01-31, nor in RFC 3339", text)
	}
	return t, nil
}
