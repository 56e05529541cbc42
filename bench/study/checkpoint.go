package study

import (
	"slices"
	"time"

	"meterbench/bench/result"
)

// checkpoint stores what is known so far, so that a process that is killed later loses no level that it has measured. The
// points have no parts inside the network, which take all transactions, and no audit. It judges the points of the series
// given, which are new, and keeps what it said of others.
func (s *study) checkpoint(series ...string) {
	c := &study{Config: s.Config, manifest: s.manifest, summary: s.summary, searches: s.searches, cutShort: s.cutShort}
	c.notes = slices.Clone(s.notes)
	c.summary.Notices = slices.Clone(s.summary.Notices)
	c.summary.Points = slices.Clone(s.summary.Points)
	for i, p := range s.stored.Points {
		c.summary.Points[i].Limit, c.summary.Points[i].LimitedBecause = p.Limit, p.LimitedBecause
	}
	for _, t := range s.traces {
		if slices.Contains(series, s.summary.Points[t.point].Series) {
			c.traces = append(c.traces, t)
		}
	}
	c.limits()
	for _, one := range s.Scenario.Series {
		at := slices.IndexFunc(s.stored.Saturation, func(sat result.Saturation) bool { return sat.Series == one.Name })
		switch {
		case slices.Contains(series, one.Name):
			c.saturation(one)
		case at >= 0:
			c.summary.Saturation = append(c.summary.Saturation, s.stored.Saturation[at])
		}
	}
	c.uncertainties()
	for _, w := range c.notes {
		c.add(w)
	}
	c.warn(result.EndedEarly, "the run was killed, or goes on: the figures cover what was measured until %s; there is no audit",
		time.Now().UTC().Format(time.TimeOnly+" MST"))
	c.manifest.Ended = time.Now().UTC()
	s.stored = c.summary
	s.results(c.summary)
	if err := s.writer.Checkpoint(c.manifest, c.summary); err != nil {
		s.warn(result.NotStored, "not stored after a level: %v", err)
	}
}

// seriesOf returns the names of the series that a turn measures.
func seriesOf(t turn) (names []string) {
	for _, l := range t.levels {
		names = append(names, l.series.Name)
	}
	return names
}
