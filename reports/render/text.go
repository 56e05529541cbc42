package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"meterbench/bench/result"
	"meterbench/internal/printable"
	"meterbench/reports"
)

// The terminal shows as much and counts the rest; the page folds it.
const (
	warningsShown = 12
	rowsShown     = 40 // of a table
)

const (
	minWidth = 60 // the narrowest page that Text writes for
	more     = "Latency by part, CPU and memory, outcomes, the audit and the manifest are in report.html; every table is in csv/, every figure in figures/."
	partial  = "PARTIAL: the run, or a level of it, ended early; this report covers only what was measured."
)

// Text writes a summary for a terminal of the given width in columns: what was run, the findings, the
// warnings and the main tables.
func Text(w io.Writer, rep reports.Report, width int) error {
	width = max(width, minWidth)
	var b bytes.Buffer
	paragraph(&b, heading(rep), "", width)
	if rep.Lead != "" {
		paragraph(&b, rep.Lead, "", width)
	}
	if !rep.Complete {
		paragraph(&b, partial, "", width)
	}
	if len(rep.Findings) > 0 {
		b.WriteString("\nFINDINGS\n")
	}
	for _, f := range rep.Findings {
		paragraph(&b, f.Subject+": "+f.Value, mark(f.Verdict)+" ", width)
		paragraph(&b, f.Text, "    ", width)
	}
	if len(rep.Warnings) > 0 {
		b.WriteString("\nWARNINGS\n")
	}
	for i, warning := range rep.Warnings {
		if i == warningsShown {
			fmt.Fprintf(&b, "! and %d more%s\n", len(rep.Warnings)-i, in(rep, "report.html"))
			break
		}
		paragraph(&b, warning.String(), "! ", width)
	}
	for _, s := range rep.Sections {
		for _, t := range s.AllTables() {
			if !t.Detail && !t.Data && len(t.Rows) > 0 {
				fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(printable.Line(t.Title)))
				writeTable(&b, t, width, in(rep, "csv/"+t.ID+".csv"))
			}
		}
	}
	if rep.Run != "" {
		b.WriteString("\n")
		paragraph(&b, more, "", width)
	}
	if _, err := io.WriteString(w, printable.Lines(b.String())); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	return nil
}

// in says where the rest of something is, if the report has a folder.
func in(rep reports.Report, file string) string {
	if rep.Run == "" {
		return ""
	}
	return " in " + file
}

// heading says what was run, where and for how long.
func heading(rep reports.Report) string {
	line := rep.Scenario
	switch {
	case rep.Run != "":
		line += fmt.Sprintf(", run %s, on %s", rep.Run, target(rep))
	case rep.Simulated: // of several runs
		line += ", on " + target(rep)
	}
	if d := rep.Duration(); d != "" {
		line += ", took " + d
	}
	return line
}

func target(rep reports.Report) string {
	switch {
	case rep.Simulated:
		return "a SIMULATED ledger (no blockchain)"
	case rep.Target == result.TargetFabric:
		return "a real Fabric network started for it"
	case rep.Target == "" && rep.Complete:
		return "no network"
	case rep.Target == result.TargetHeld:
		return "a real Fabric network that was up before"
	case rep.Target == result.TargetAlone:
		return "certification authorities, without a ledger"
	case rep.Target == result.TargetAttached:
		return "a real Fabric network that others run"
	case rep.Target == "":
		return "no network (the run ended before one was up)"
	}
	return rep.Target
}

// paragraph wraps a text behind a lead, which the further lines indent.
func paragraph(b *bytes.Buffer, s, lead string, width int) {
	indent := utf8.RuneCountInString(lead)
	wrapped := text.WrapSoft(printable.Line(s), width-indent)
	for line := range strings.SplitSeq(wrapped, "\n") {
		fmt.Fprintf(b, "%s%s\n", lead, strings.TrimRight(line, " "))
		lead = strings.Repeat(" ", indent)
	}
}

// writeTable sets a table in at most width columns: where it is too wide, columns go by rank, and a line says
// so. So it does of rows beyond those visible, which are where rest says.
func writeTable(b *bytes.Buffer, t reports.Table, width int, rest string) {
	hidden := max(0, len(t.Rows)-rowsShown)
	t.Rows = t.Rows[:len(t.Rows)-hidden]
	rank := 0
	for _, c := range t.Columns {
		rank = max(rank, c.Rank)
	}
	keep := func(c reports.Column) bool { return visible(c) && c.Rank <= rank }
	widest := 32 // of a cell
	s := newSheet(t, keep)
	lines := setTable(s, 0, widest)
	for text.LongestLineLen(lines) > width && (rank > 0 || widest > 12) {
		if rank > 0 {
			rank--
			s = newSheet(t, keep)
		} else {
			widest -= 4
		}
		lines = setTable(s, 0, widest)
	}
	if text.LongestLineLen(lines) > width {
		lines = setTable(s, width, widest)
	}
	b.WriteString(lines + "\n")
	if hidden > 0 {
		fmt.Fprintf(b, "  and %d more rows%s\n", hidden, rest)
	}
	for _, n := range s.Notes {
		paragraph(b, n, "  ", width)
	}
	if names := omitted(t, keep); len(names) > 0 {
		paragraph(b, "Omitted to save space: "+strings.Join(names, ", ")+".", "  ", width)
	}
}

// omitted names the visible columns of a table that are not kept; those of one title together, with their number.
func omitted(t reports.Table, keep func(reports.Column) bool) (names []string) {
	var titles []string
	count := map[string]int{}
	for _, c := range t.Columns {
		if visible(c) && !keep(c) {
			title := printable.Line(c.Title)
			if count[title]++; count[title] == 1 {
				titles = append(titles, title)
			}
		}
	}
	for _, title := range titles {
		if n := count[title]; n > 1 {
			title += fmt.Sprintf(" (%d columns)", n)
		}
		names = append(names, title)
	}
	return names
}

// setTable sets a sheet, its cells broken where they are wider than widest; a limit above 0 cuts its lines.
func setTable(s sheet, limit, widest int) string {
	w := table.NewWriter()
	w.SetStyle(table.StyleLight)
	w.SuppressTrailingSpaces()
	w.Style().Options = table.Options{SeparateHeader: true}
	w.Style().Format.Header = text.FormatDefault
	w.Style().Box.PaddingLeft, w.Style().Box.PaddingRight = " ", " "
	w.Style().Size.WidthMax = limit
	var header table.Row
	var configs []table.ColumnConfig
	for i, h := range s.Heads {
		// A heading is broken rather than let it set the width of its column.
		least := 0
		for _, word := range strings.Fields(h.Title) {
			least = max(least, text.StringWidthWithoutEscSequences(word))
		}
		for _, row := range s.Rows {
			least = max(least, text.StringWidthWithoutEscSequences(row[i]))
		}
		title := text.WrapSoft(h.Title, least)
		if h.Unit != "" {
			title += "\n(" + h.Unit + ")"
		}
		header = append(header, title)
		align := map[bool]text.Align{true: text.AlignRight, false: text.AlignLeft}[h.Number]
		configs = append(configs, table.ColumnConfig{Number: i + 1, Align: align, AlignHeader: align, WidthMax: widest, WidthMaxEnforcer: text.WrapText})
	}
	w.AppendHeader(header)
	w.SetColumnConfigs(configs)
	for _, row := range s.Rows {
		cells := make(table.Row, len(row))
		for i, c := range row {
			cells[i] = text.WrapSoft(c, widest)
		}
		w.AppendRow(cells)
	}
	return w.Render()
}
