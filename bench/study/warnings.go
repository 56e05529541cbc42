package study

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// flag adds a warning to a point, with its figures in brackets where there are any, and to the
// run's own list without them.
func (s *study) flag(p *result.Point, code stats.Code, figures, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.note(place(p.Series, p.Load), code, text)
	if figures != "" {
		text = fmt.Sprintf("%s (%s)", text, figures)
	}
	p.Notices = append(p.Notices, result.Warning{Code: code, Text: text})
}

// note keeps a warning for the end of the run's own list, where those of one text become one with
// all the points, or series, that they concern.
func (s *study) note(where string, code stats.Code, text string) {
	at := slices.IndexFunc(s.notes, func(w result.Warning) bool { return w.Text == text })
	if at < 0 {
		at = len(s.notes)
		s.notes = append(s.notes, result.Warning{Code: code, Text: text})
	}
	if note := &s.notes[at]; !slices.Contains(note.Where, where) { // of another repetition
		note.Where = append(note.Where, where)
	}
}

// warn adds a warning about the run to its list.
func (s *study) warn(code stats.Code, format string, args ...any) {
	s.add(result.Warning{Code: code, Text: fmt.Sprintf(format, args...)})
}

// add adds a warning to the run's list, once.
func (s *study) add(w result.Warning) {
	if !slices.ContainsFunc(s.summary.Notices, func(o result.Warning) bool { return o.String() == w.String() }) {
		s.summary.Notices = append(s.summary.Notices, w)
	}
}

// place names a load level of a series.
func place(series string, load result.Load) string { return fmt.Sprintf("%s at %s", series, load) }
