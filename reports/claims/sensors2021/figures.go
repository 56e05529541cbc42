package sensors2021

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// The figures' names.
const (
	sitesFigureID     = "claim-latency-by-site"
	leaderFigureID    = "claim-latency-by-leader"
	policyFigureID    = "claim-latency-by-policy"
	consensusFigureID = "claim-latency-by-consensus"
	lossFigureID      = "claim-losses"
	joinFigureID      = "claim-joins"
)

// open returns the points of a question under an open load to whose network nothing was done.
func open(e *claims.Evidence, question string) (all []result.Point) {
	for _, s := range e.Question(question) {
		for _, l := range s.Levels {
			for _, p := range l.Points {
				if l.Load.Kind == result.LoadOpen && !p.Disturbed() {
					all = append(all, p)
				}
			}
		}
	}
	return all
}

// atDistance returns those of the points at zero distance, or those at the institutes' own.
func atDistance(points []result.Point, apart bool) []result.Point {
	return slices.DeleteFunc(slices.Clone(points), func(p result.Point) bool { return p.Conditions.Distance > 0 != apart })
}

// bySites draws the mean latency of each institute's clients over categories, of points at the institutes' distances.
func bySites(points []result.Point, category func(result.Conditions) string) (categories []string, all []reports.Series) {
	for _, p := range points {
		if name := category(p.Conditions); !slices.Contains(categories, name) {
			categories = append(categories, name)
		}
	}
	for hue, site := range institutes() {
		s := reports.Series{Name: "clients at " + site, Hue: hue}
		for i, name := range categories {
			if x := latencyAt(points, func(c result.Conditions) bool { return category(c) == name }, site); x.Value > 0 {
				s.Points = append(s.Points, claims.Point(float64(i), x))
			}
		}
		all = append(all, s)
	}
	return categories, all
}

// latencyAt returns the mean commit latency of a site's clients under some conditions: of the first such point that has it.
func latencyAt(points []result.Point, is func(result.Conditions) bool, site string) claims.Estimate {
	for _, p := range points {
		if !is(p.Conditions) {
			continue
		}
		for _, s := range p.Sites {
			if s.Site == site && s.Latency.N > 0 {
				x := claims.Exactly(s.Latency.Mean)
				if i, ok := s.Intervals["mean"]; ok {
					x.Interval = i
				}
				return x
			}
		}
	}
	return claims.Estimate{}
}

const siteNote = "Mean time from the intended start to the commit as seen at the clients' own peer, under a low open load of Poisson arrivals. Bars: " +
	"95 % intervals within the window."

// sitesFigure shows each institute's latency at distance zero and at its own, and what is expected.
func sitesFigure(e *claims.Evidence) reports.Figure {
	f := reports.Figure{
		ID: sitesFigureID, Title: "Commit latency by the institute whose clients send", Kind: reports.Dots,
		X:     reports.Axis{Label: "where the clients stand", Categories: institutes()},
		Y:     reports.Axis{Label: "mean commit latency", Unit: reports.Seconds},
		Notes: []string{siteNote + " Expected: computed from the round trips between the institutes, before the load, and the latency at distance zero."},
	}
	points := open(e, siteQuestion)
	expected := reports.Series{Name: "expected", Hue: 2}
	for hue, apart := range []bool{false, true} {
		s := reports.Series{Name: map[bool]string{false: "distance 0", true: "distance 1"}[apart], Hue: hue}
		for i, site := range institutes() {
			is := func(c result.Conditions) bool { return c.Site == site }
			of := atDistance(points, apart)
			if x := latencyAt(of, is, site); x.Value > 0 {
				s.Points = append(s.Points, claims.Point(float64(i), x))
			}
			for _, p := range of {
				if is(p.Conditions) && p.Expected != nil && p.Expected.Total > 0 {
					expected.Points = append(expected.Points, reports.Point{X: float64(i), Y: p.Expected.Total})
					break
				}
			}
		}
		f.Series = append(f.Series, s)
	}
	f.Series = append(f.Series, expected)
	return claims.Finish(f, "No data: the run holds no valid points of clients at one site.")
}

// dots draws a question by the conditions that it varies.
func dots(e *claims.Evidence, question, id, title, label string, category func(result.Conditions) string) reports.Figure {
	f := reports.Figure{
		ID: id, Title: title, Kind: reports.Dots,
		X:     reports.Axis{Label: label},
		Y:     reports.Axis{Label: "mean commit latency", Unit: reports.Seconds},
		Notes: []string{siteNote},
	}
	f.X.Categories, f.Series = bySites(atDistance(open(e, question), true), category)
	return claims.Finish(f, "No data: the run holds no valid points of this question.")
}

func leaderFigure(e *claims.Evidence) reports.Figure {
	return dots(e, leaderQuestion, leaderFigureID, "Commit latency by the institute whose orderer leads", "whose orderer leads",
		func(c result.Conditions) string { return c.Leader })
}

func policyFigure(e *claims.Evidence) reports.Figure {
	return dots(e, policyQuestion, policyFigureID, "Commit latency by endorsement policy", "who must endorse",
		func(c result.Conditions) string { return policyName(c.Policy) })
}

func consensusFigure(e *claims.Evidence) reports.Figure {
	return dots(e, consensusQuestion, consensusFigureID, "Commit latency by consensus", "topology", func(c result.Conditions) string { return c.Topology })
}

// lossFigure shows, network by network, when each institute that was not cut off saw its next commit.
func lossFigure(e *claims.Evidence) reports.Figure {
	f := reports.Figure{
		ID: lossFigureID, Title: "Next commit after institutes fall silent", Kind: reports.Dots,
		X:     reports.Axis{Label: "cut off from all others"},
		Y:     reports.Axis{Label: "time since the loss", Unit: reports.Seconds},
		Notes: []string{"By the institute whose clients sent the transaction. Return: what was cut off is back."},
	}
	var unseen []string
	for _, network := range networks() {
		panel := reports.Panel{Title: network}
		back := reports.Series{Name: "return", Hue: len(institutes())}
		all := slices.DeleteFunc(slices.Concat(losses(e, 1), losses(e, 2)), func(l loss) bool { return l.point.Conditions.Topology != network })
		for i, l := range all {
			panel.Categories = append(panel.Categories, strings.Join(l.cut, ", "))
			back.Points = append(back.Points, reports.Point{X: float64(i), Y: l.back})
		}
		for hue, site := range institutes() {
			s := reports.Series{Name: "clients at " + site, Hue: hue}
			for i, l := range all {
				if next, ok := l.next[site]; ok {
					s.Points = append(s.Points, reports.Point{X: float64(i), Y: next})
				}
			}
			panel.Series = append(panel.Series, s)
		}
		panel.Series = append(panel.Series, back)
		f.Panels = append(f.Panels, panel)
		unseen = append(unseen, withoutCommit(all)...)
	}
	if unseen != nil {
		f.Notes = append(f.Notes, "No mark: no commit was seen until the level ended. "+strings.Join(unseen, "; ")+".")
	}
	f = f.Settle("No data: no institute was cut off in this run.")
	f.Alt = f.Title + ", by network: " + strings.Join(networks(), ", ") + "."
	return f
}

// withoutCommit names the institutes that were not cut off, and yet saw no commit, with the loss.
func withoutCommit(all []loss) (named []string) {
	for _, l := range all {
		missing := slices.DeleteFunc(l.others(), func(site string) bool {
			_, seen := l.next[site]
			return seen
		})
		if len(missing) > 0 {
			named = append(named, fmt.Sprintf("%s: %s", l, strings.Join(missing, ", ")))
		}
	}
	return named
}
