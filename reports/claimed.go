package reports

import (
	"cmp"
	"fmt"
	"math"
	"path"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/group"
)

// An Answer is what is said about one question: a few lines, and a figure beside a table.
type Answer struct {
	ID      string // letters, digits and -
	Title   string
	Verdict Verdict
	Value   string // the answer in a word or two
	Lines   []string
	Asked   string  // id of the figure that shows it, empty where there is none
	Figure  *Figure // that figure; nil where it stands elsewhere in the report
	Table   Table
}

// Illustrate moves the figures that answers ask for from the section to them, and appends the section with the rest.
func (r *Report) Illustrate(section Section) {
	section.Figures = slices.DeleteFunc(slices.Clone(section.Figures), func(f Figure) bool { return f.Empty != "" })
	section.Tables = slices.DeleteFunc(slices.Clone(section.Tables), func(t Table) bool { return len(t.Rows) == 0 })
	for i := range r.Sections {
		for j := range r.Sections[i].Answers {
			a := &r.Sections[i].Answers[j]
			if at := slices.IndexFunc(section.Figures, func(f Figure) bool { return f.ID == a.Asked }); at >= 0 {
				a.Figure = &section.Figures[at]
			}
		}
	}
	section.Figures = slices.DeleteFunc(slices.Clone(section.Figures), func(f Figure) bool {
		return slices.ContainsFunc(r.Figures(), func(taken Figure) bool { return taken.ID == f.ID })
	})
	if len(section.Figures)+len(section.Tables) > 0 {
		r.Sections = append(r.Sections, section)
	}
	there := r.elements()
	for i := range r.Sections {
		for j := range r.Sections[i].Answers {
			if a := &r.Sections[i].Answers[j]; !there[FigureAnchor(a.Asked)] {
				a.Asked = ""
			}
		}
	}
}

// claimsSection lists the verdicts on published claims, nil for a run without claims.
func claimsSection(claims []result.Claim) []Section {
	if len(claims) == 0 {
		return nil
	}
	judged := func(n func(result.Claim) int) func(result.Claim) Cell {
		return func(c result.Claim) Cell {
			if c.Rows == nil {
				return Cell{}
			}
			return count(n(c))
		}
	}
	s := Section{
		ID: "claims", Title: "Claims", Intro: intro("section claims"),
		Tables: []Table{tabulate(Table{ID: "claims", Title: "Claims", Notes: notes("claims")}, claims, []field[result.Claim]{
			{Column{Key: "claim", Title: "claim", CSVOnly: true}, func(c result.Claim) Cell { return text(c.ID) }},
			{Column{Key: "name", Title: "claim"}, func(c result.Claim) Cell { return Cell{Text: path.Base(c.ID), Link: answerID(c)} }},
			{Column{Key: "verdict", Title: "verdict"}, func(c result.Claim) Cell { return text(string(c.Verdict)) }},
			{Column{Key: "holds", Title: "holds", Unit: Count}, judged(func(c result.Claim) int { return c.Holds })},
			{Column{Key: "breaks", Title: "breaks", Unit: Count}, judged(func(c result.Claim) int { return c.Breaks })},
			{Column{Key: "undecided", Title: "undecided", Unit: Count}, judged(func(c result.Claim) int { return c.Undecided })},
			{Column{Key: "words", Title: "published claim, in our words", Rank: 2}, func(c result.Claim) Cell { return text(c.Claim) }},
			{Column{Key: "published", Title: "published figure", Rank: 1}, func(c result.Claim) Cell { return text(c.Published) }},
			{Column{Key: "threshold", Title: "criterion", CSVOnly: true}, func(c result.Claim) Cell { return text(c.Threshold) }},
			{Column{Key: "evidence", Title: "evidence", CSVOnly: true}, func(c result.Claim) Cell { return text(c.Evidence) }},
			{Column{Key: "conditions", Title: "conditions", CSVOnly: true}, func(c result.Claim) Cell { return text(c.Conditions) }},
			{Column{Key: "figure", Title: "figure", Rank: 3}, func(c result.Claim) Cell { return figureLink(c.Figure) }},
		})},
	}
	for _, c := range claims {
		s.Answers = append(s.Answers, claimAnswer(c))
	}
	return []Section{s}
}

func answerID(c result.Claim) string { return "claim-" + slug(c.ID) }

// figureLink makes a cell that leads to a figure.
func figureLink(id string) Cell {
	if id == "" {
		return Cell{}
	}
	return Cell{Text: id, Link: FigureAnchor(id)}
}

// FigureAnchor returns the fragment by which a page leads to a figure.
func FigureAnchor(id string) string { return "figure-" + id }

// claimVerdict says how a verdict is to be taken.
func claimVerdict(v result.Verdict) Verdict {
	return cmp.Or(map[result.Verdict]Verdict{result.Reproduced: Good, result.NotReproduced: Bad}[v], Caution)
}

// claimAnswer is one claim in full. What runs of older versions found is a text.
func claimAnswer(c result.Claim) Answer {
	a := Answer{ID: answerID(c), Title: c.ID, Verdict: claimVerdict(c.Verdict), Value: string(c.Verdict), Asked: c.Figure}
	if c.Rows == nil {
		a.Table = Table{ID: a.ID, Title: fmt.Sprintf("%s: %s", c.ID, c.Verdict), Detail: true,
			Columns: []Column{{Key: "what", Title: "what"}, {Key: "text", Title: c.Claim}}}
		a.Table.add("published", c.Published)
		a.Table.add("criterion", c.Threshold)
		a.Table.add("evidence", c.Evidence)
		a.Table.add("conditions", c.Conditions)
		return a
	}
	a.Lines = []string{
		fmt.Sprintf("%s Published figure: %s.", c.Claim, c.Published),
		"Asked for: " + c.Threshold,
		fmt.Sprintf("Found: %s %s", c.Evidence, c.Conditions),
	}
	a.Table = rowsTable(a.ID, c)
	return a
}

// claimUnits prints the units of figures of claims.
var claimUnits = map[result.ClaimUnit]Unit{
	result.UnitNone: Plain, result.UnitCount: Count, result.UnitSeconds: Seconds, result.UnitPerSecond: PerSecond,
	result.UnitShare: Share, result.UnitRatio: Times,
}

// rowsTable has a row for each setting of a claim, and columns for each quantity that was found under it.
func rowsTable(id string, c result.Claim) Table {
	t := Table{ID: id, Title: fmt.Sprintf("%s: %s", c.ID, c.Verdict)}
	settings := group.By(c.Rows, func(r result.ClaimRow) string { return r.Setting })
	fields := []field[[]result.ClaimRow]{{Column{Key: "setting", Title: "setting"}, func(rows []result.ClaimRow) Cell { return text(rows[0].Setting) }}}
	for _, of := range group.By(c.Rows, func(r result.ClaimRow) string { return r.Quantity }) {
		fields = append(fields, quantityFields(of)...)
	}
	if slices.ContainsFunc(c.Rows, func(r result.ClaimRow) bool { return r.Limit.Kind != "" }) {
		fields = append(fields, field[[]result.ClaimRow]{Column{Key: "limited_by", Title: "limited by", Rank: 3},
			func(rows []result.ClaimRow) Cell { return text(rows[0].Limit.String()) }})
	}
	if slices.ContainsFunc(c.Rows, func(r result.ClaimRow) bool { return r.Note != "" }) {
		fields = append(fields, field[[]result.ClaimRow]{Column{Key: "note", Title: "note", Rank: 4}, func(rows []result.ClaimRow) Cell {
			at := slices.IndexFunc(rows, func(r result.ClaimRow) bool { return r.Note != "" })
			return text(rows[max(0, at)].Note)
		}})
	}
	return tabulate(t, settings, fields)
}

// quantityFields are the columns of a quantity, of which these are the rows. What decides nothing goes first where
// there is little space.
func quantityFields(of []result.ClaimRow) []field[[]result.ClaimRow] {
	key, unit, rank := slug(of[0].Quantity), claimUnits[of[0].Unit], 0
	decides := slices.ContainsFunc(of, func(r result.ClaimRow) bool { return r.Standing != result.Context })
	if !decides {
		rank = 2
	}
	cell := func(make func(result.ClaimRow) Cell) func([]result.ClaimRow) Cell {
		return func(rows []result.ClaimRow) Cell {
			if at := slices.IndexFunc(rows, func(r result.ClaimRow) bool { return r.Quantity == of[0].Quantity }); at >= 0 {
				return make(rows[at])
			}
			return Cell{}
		}
	}
	fields := []field[[]result.ClaimRow]{
		{Column{Key: key, Title: of[0].Quantity, Unit: unit, Rank: rank}, cell(func(r result.ClaimRow) Cell { return found(r.Value) })},
		{Column{Key: key + "_interval", Title: "95 % interval", Unit: unit, Interval: true, Rank: max(1, rank)}, cell(rowInterval)},
		{Column{Key: key + "_n", Title: "n", Unit: Count, CSVOnly: true}, cell(func(r result.ClaimRow) Cell { return optional(float64(r.N), r.N > 0) })},
	}
	if decides {
		fields = append(fields, field[[]result.ClaimRow]{Column{Key: key + "_verdict", Title: "verdict" + asked(of)}, cell(func(r result.ClaimRow) Cell {
			if r.Standing == result.Context {
				return Cell{}
			}
			return text(string(r.Standing))
		})})
	}
	return fields
}

// asked names the range that the rows are held against, if it is one.
func asked(of []result.ClaimRow) string {
	var ranges []string
	for _, r := range of {
		u := claimUnits[r.Unit]
		switch {
		case r.From == nil && r.To != nil && *r.To == 0 && r.Unit == result.UnitShare:
			ranges = append(ranges, ": none of n") // of attempts, which are counted: no interval could be inside of nothing
		case r.From != nil && r.To != nil:
			ranges = append(ranges, fmt.Sprintf(": %s to %s", u.Tick(*r.From), u.Tick(*r.To)))
		case r.From != nil:
			ranges = append(ranges, ": at least "+u.Tick(*r.From))
		case r.To != nil:
			ranges = append(ranges, ": at most "+u.Tick(*r.To))
		}
	}
	if ranges = distinct(ranges); len(ranges) == 1 {
		return ranges[0]
	}
	return ""
}

// found makes a cell of a figure that may not have been found.
func found(v *float64) Cell {
	if v == nil {
		return Cell{}
	}
	return number(*v)
}

// rowInterval makes a cell of the interval of a row, one of whose ends may be open.
func rowInterval(r result.ClaimRow) Cell {
	if r.N == 0 {
		return Cell{}
	}
	i := stats.Interval{Low: math.Inf(-1), High: math.Inf(1)} // n has a column of its own
	if r.Low != nil {
		i.Low = *r.Low
	}
	if r.High != nil {
		i.High = *r.High
	}
	return Cell{Interval: &i}
}

// claimFindings are the verdicts.
func claimFindings(claims []result.Claim) (fs []Finding) {
	for _, c := range claims {
		fs = append(fs, Finding{Subject: "Claim " + c.ID, Value: string(c.Verdict), Text: c.Claim, Verdict: claimVerdict(c.Verdict), To: answerID(c)})
	}
	return fs
}
