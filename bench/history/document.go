package history

import (
	"time"

	"meterbench/bench/result"
)

// A Document is an Analysis for programs, in base units. Keys are only ever added.
type Document struct {
	Schema       int              `json:"schema"`
	Alpha        float64          `json:"alpha"`
	Level        float64          `json:"level"`
	Permutations int              `json:"permutations"`
	Segment      int              `json:"segment"`
	Last         int              `json:"last"`
	Seed         uint64           `json:"seed"`
	Tested       int              `json:"tested"`
	Repeated     int              `json:"repeated_lines,omitempty"`
	Disordered   int              `json:"disordered_lines,omitempty"`
	Series       []DocumentSeries `json:"series"`
}

// A DocumentSeries is a Series.
type DocumentSeries struct {
	Scenario    string            `json:"scenario"`
	Column      string            `json:"column"`
	Metric      string            `json:"metric"`
	Unit        string            `json:"unit"`
	Better      string            `json:"better"`
	Series      string            `json:"series,omitempty"`
	Load        *result.Load      `json:"load,omitempty"`
	Runs        int               `json:"runs"`
	Left        int               `json:"left,omitempty"`
	Tested      bool              `json:"tested"`
	Correlation float64           `json:"correlation,omitempty"`
	Warnings    []string          `json:"warnings,omitempty"`
	Segments    []DocumentSegment `json:"segments"`
	Changes     []DocumentChange  `json:"changes"`
}

// A DocumentSegment is a Stretch: its first run, how many it has, and their mean.
type DocumentSegment struct {
	Run  string    `json:"run"`
	Time time.Time `json:"time"`
	Runs int       `json:"runs"`
	Mean float64   `json:"mean"`
}

// A DocumentChange is a Change, at the run after it.
type DocumentChange struct {
	Run      string           `json:"run"`
	Time     time.Time        `json:"time"`
	Line     int              `json:"line"` // of the file
	Last     string           `json:"last_run_before"`
	Before   float64          `json:"before"`
	After    float64          `json:"after"`
	Change   *float64         `json:"change"` // share of before; null where that is 0
	P        float64          `json:"p"`
	Adjusted float64          `json:"p_adjusted"`
	Verdict  Verdict          `json:"verdict"`
	Unlike   []DocumentUnlike `json:"unlike,omitempty"`
}

// A DocumentUnlike is a condition that changed.
type DocumentUnlike struct {
	Key    string `json:"key"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// Document returns the analysis of a history for programs.
func (a *Analysis) Document(h *History) Document {
	d := Document{Schema: 1, Alpha: a.Alpha, Level: a.Level, Permutations: a.Orders, Segment: a.Segment, Last: a.Last, Seed: a.Seed,
		Tested: a.Tested, Repeated: h.Repeated, Disordered: h.Disordered, Series: []DocumentSeries{}}
	for i := range a.Series {
		d.Series = append(d.Series, a.Series[i].document())
	}
	return d
}

func (s *Series) document() DocumentSeries {
	m := s.Column.Metric
	d := DocumentSeries{Scenario: s.Scenario, Column: s.Column.String(), Metric: m.Name, Unit: string(m.Unit), Better: string(m.Better), Series: s.Column.Series,
		Runs: len(s.Runs), Left: s.Left, Tested: s.Tested, Correlation: s.Correlation, Changes: []DocumentChange{}}
	if s.Column.Load != (result.Load{}) {
		d.Load = &s.Column.Load
	}
	for _, w := range s.Warnings {
		d.Warnings = append(d.Warnings, w.String())
	}
	for _, g := range s.Segments {
		first := s.Runs[g.From]
		d.Segments = append(d.Segments, DocumentSegment{first.Run, first.Time, g.To - g.From, g.Mean})
	}
	for _, c := range s.Changes {
		at := s.Runs[c.Index]
		change := DocumentChange{Run: at.Run, Time: at.Time, Line: at.Number, Last: s.Runs[c.Index-1].Run, Before: c.Before, After: c.After,
			P: c.P, Adjusted: c.Adjusted, Verdict: c.Verdict}
		if share, ok := c.Share(); ok {
			change.Change = &share
		}
		for _, u := range c.Unlike {
			change.Unlike = append(change.Unlike, DocumentUnlike(u))
		}
		d.Changes = append(d.Changes, change)
	}
	return d
}
