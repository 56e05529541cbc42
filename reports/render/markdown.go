package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"meterbench/internal/printable"
	"meterbench/reports"
)

// Markdown writes the summary of a report for a comment on a pull request, as GitHub and GitLab show it: the findings, the
// warnings and the tables, details folded. Whatever a text holds, it is shown as it is: it formats, links and calls nothing.
func Markdown(w io.Writer, rep reports.Report) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "### %s\n\n", plain(heading(rep)))
	if rep.Lead != "" {
		fmt.Fprintf(&b, "%s\n\n", plain(rep.Lead))
	}
	for _, f := range rep.Findings {
		fmt.Fprintf(&b, "- %s **%s: %s.** %s\n", mark(f.Verdict), plain(f.Subject), plain(f.Value), plain(f.Text))
	}
	for i, warning := range rep.Warnings {
		if i == warningsShown {
			fmt.Fprintf(&b, "- ! and %d more warnings\n", len(rep.Warnings)-i)
			break
		}
		fmt.Fprintf(&b, "- ! %s\n", plain(warning.String()))
	}
	for _, s := range rep.Sections {
		for _, t := range s.AllTables() {
			if !t.Data && len(t.Rows) > 0 {
				markdownTable(&b, t)
			}
		}
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing the report as Markdown: %w", err)
	}
	return nil
}

// markdownTable writes a table with its title and notes, as many rows as the terminal shows.
func markdownTable(b *bytes.Buffer, t reports.Table) {
	hidden := max(0, len(t.Rows)-rowsShown)
	t.Rows = t.Rows[:len(t.Rows)-hidden]
	s := newSheet(t, visible)
	if t.Detail {
		fmt.Fprintf(b, "\n<details><summary>%s: %d rows</summary>\n", plain(s.Title), len(t.Rows)+hidden)
	} else {
		fmt.Fprintf(b, "\n**%s**\n", plain(s.Title))
	}
	line := func(cells []string) { fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | ")) }
	var titles, rules []string
	for _, h := range s.Heads {
		title := plain(h.Title)
		if h.Unit != "" {
			title += " (" + plain(h.Unit) + ")"
		}
		titles = append(titles, title)
		rules = append(rules, map[bool]string{true: "---:", false: "---"}[h.Number])
	}
	b.WriteByte('\n')
	line(titles)
	line(rules)
	for _, row := range s.Rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = plain(c)
		}
		line(cells)
	}
	if hidden > 0 {
		s.Notes = append([]string{fmt.Sprintf("and %d more rows", hidden)}, s.Notes...)
	}
	b.WriteByte('\n')
	for _, n := range s.Notes {
		fmt.Fprintf(b, "- %s\n", plain(n))
	}
	if t.Detail {
		b.WriteString("\n</details>\n")
	}
}

// markdown replaces what formats a text, begins an element or ends a cell of a table, and what sites make links of within a
// text: mentions, references and addresses.
var markdown = strings.NewReplacer(
	"\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]", "|", "\\|", "~", "\\~", "$", "\\$", "!", "\\!",
	"<", "&lt;", ">", "&gt;", "&", "&amp;",
	"@", "@<!-- -->", "#", "#<!-- -->", "://", ":<!-- -->//", "www.", "www<!-- -->.",
)

// plain is a text that Markdown shows as it is, in one line.
func plain(s string) string { return markdown.Replace(printable.Line(s)) }
