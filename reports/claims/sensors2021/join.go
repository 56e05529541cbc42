package sensors2021

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// answers is the figure of a join.
const answers = "answers after"

// A newcomer is an institute that joined during a level.
type newcomer struct {
	point result.Point
	event result.Event
}

// newcomers returns one for each join in a valid level, those that failed too.
func newcomers(e *claims.Evidence) (all []newcomer) {
	for _, p := range e.Summary.Points {
		for _, event := range p.Events {
			if p.Valid && event.Kind == result.EventJoin {
				all = append(all, newcomer{p, event})
			}
		}
	}
	return all
}

func (n newcomer) String() string {
	return fmt.Sprintf("%s, %s joins from %s", n.point.Conditions.Topology, n.event.Asked, n.from())
}

// from is where the newcomer's ledger comes from, by its steps.
func (n newcomer) from() result.JoinFrom {
	if slices.ContainsFunc(n.event.Steps, func(s result.Step) bool { return s.Name == result.StepSnapshot }) {
		return result.FromSnapshot
	}
	return result.FromBlocks
}

// join asks whether a further institute can join, in both ways, while the others go on.
func join(e *claims.Evidence) claims.Finding {
	all := newcomers(e)
	if len(all) == 0 {
		return e.Missing(joinQuestion, "a level in which an institute joins")
	}
	var rows []result.ClaimRow
	for _, n := range all {
		row := claims.AtMost(joined).Row(n.String(), answers, result.UnitSeconds, claims.Known(n.event.Took, 1))
		if n.event.Failed != "" {
			row.Standing, row.Note = result.Above, "failed: "+n.event.Failed
		}
		rows = append(rows, row, claims.AtLeast(works).Row(n.String(), succeeded, result.UnitShare, claims.Share(n.point.Succeeded(), n.point.Scheduled)))
	}
	for _, from := range result.JoinFroms() {
		if !slices.ContainsFunc(all, func(n newcomer) bool { return n.from() == from || n.event.Failed != "" }) {
			rows = append(rows, nothing(claims.AtMost(joined).Row("join from "+string(from), answers, result.UnitSeconds, claims.Estimate{}), 0))
		}
	}
	return claims.Find(rows, claims.BySetting)
}

// steps are those of a join, in their order.
func steps() []result.StepName {
	return []result.StepName{result.StepUpdate, result.StepStart, result.StepSnapshot, result.StepCatchUp, result.StepApprove, result.StepAnswer}
}

// stepName names a step for readers.
func stepName(s result.StepName) string {
	return map[result.StepName]string{
		result.StepUpdate: "configuration", result.StepStart: "start of the peer", result.StepSnapshot: "snapshot",
		result.StepCatchUp: "catch up", result.StepApprove: "approval", result.StepAnswer: "first answer",
	}[s]
}

// joinTable has the steps of every join.
func joinTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "joins", Title: "An institute joins the running network", Columns: []reports.Column{
		{Key: "topology", Title: "topology"}, {Key: "from", Title: "ledger from"}, {Key: "step", Title: "step"},
		{Key: "took_s", Title: "took", Unit: reports.Seconds}, {Key: "bytes", Title: "bytes", Unit: reports.Bytes},
	}, Notes: []string{"Configuration: the change that makes the institute a member is signed by a majority of the members' administrators, ordered, and " +
		"committed by all peers. Snapshot: a member's peer writes it and commits nothing meanwhile; its folder reaches the newcomer by other ways than the " +
		"network. Catch up: until the newcomer has as many blocks as a member had when it began; bytes of the blocks that it stored."}}
	for _, n := range newcomers(e) {
		row := func(step string, took float64, bytes uint64) {
			t.Rows = append(t.Rows, claims.Row(n.point.Conditions.Topology, string(n.from()), step, took, claims.Unless(bytes == 0, "not counted", bytes)))
		}
		for _, s := range n.event.Steps {
			row(stepName(s.Name), s.Seconds, s.Bytes)
		}
		row("all", n.event.Took, 0)
	}
	return t
}

// aroundTable says what the joins cost the others.
func aroundTable(e *claims.Evidence) reports.Table {
	t := reports.Table{ID: "joins-cost", Title: "What a join costs the others", Columns: []reports.Column{
		{Key: "topology", Title: "topology"}, {Key: "from", Title: "ledger from"}, {Key: "when", Title: "when"},
		{Key: "length_s", Title: "for", Unit: reports.Seconds},
		{Key: "throughput_per_s", Title: "throughput", Unit: reports.PerSecond}, {Key: "mean_s", Title: "mean latency", Unit: reports.Seconds},
	}, Notes: []string{"Of what the members' clients send, before the join, while it is under way, and after it, in one level. Latency: of the " +
		"transactions that were intended then."}}
	for _, n := range newcomers(e) {
		if n.event.Around == nil {
			continue
		}
		for _, part := range []struct {
			when string
			result.Stretch
		}{{"before", n.event.Around.Before}, {"during", n.event.Around.During}, {"after", n.event.Around.After}} {
			t.Rows = append(t.Rows, claims.Row(n.point.Conditions.Topology, string(n.from()), part.when, part.Length, part.Throughput,
				claims.Unless(part.N == 0, "no transaction was intended then", part.Mean)))
		}
	}
	return t
}

// joinFigure stacks the steps of the joins.
func joinFigure(e *claims.Evidence) reports.Figure {
	f := reports.Figure{
		ID: joinFigureID, Title: "What an institute's join takes", Kind: reports.Stacked,
		X: reports.Axis{Label: "where the new peer's ledger comes from"},
		Y: reports.Axis{Label: "time since the join began", Unit: reports.Seconds},
	}
	all := newcomers(e)
	for _, n := range all {
		f.X.Categories = append(f.X.Categories, string(n.from()))
	}
	for hue, step := range steps() {
		s := reports.Series{Name: stepName(step), Hue: hue}
		for i, n := range all {
			for _, of := range n.event.Steps {
				if of.Name == step {
					s.Points = append(s.Points, reports.Point{X: float64(i), Y: of.Seconds})
				}
			}
		}
		f.Series = append(f.Series, s)
	}
	return claims.Finish(f, "No data: no institute joined in this run.")
}
