package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"meterbench/reports"
)

// Markdown writes the report as Markdown with tables (GitHub's dialect).
// Figures are named as files of the run's folder.
func Markdown(w io.Writer, rep reports.Report) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "# %s\n\nRun %s on %s.", escape(rep.Scenario), escape(rep.Run), escape(target(rep)))
	if d := rep.Duration(); d != "" {
		fmt.Fprintf(&b, " It took %s.", d)
	}
	if !rep.Complete {
		fmt.Fprintf(&b, "\n\n**%s**", partial)
	}
	b.WriteString("\n\n## Findings\n\n")
	for _, f := range rep.Findings {
		fmt.Fprintf(&b, "- **%s: %s** %s\n", escape(f.Subject), escape(f.Value), escape(f.Text))
	}
	if len(rep.Warnings) > 0 {
		b.WriteString("\n## Warnings\n\n")
	}
	for _, warning := range rep.Warnings {
		fmt.Fprintf(&b, "- %s\n", escape(warning.String()))
	}
	for _, s := range rep.Sections {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", escape(s.Title), escape(s.Intro))
		for _, f := range s.Figures {
			fmt.Fprintf(&b, "\n![%s](figures/%s.svg)\n", escape(f.Alt), f.ID)
		}
		for _, t := range s.Tables {
			markdownTable(&b, t, "###")
		}
	}
	markdownTable(&b, rep.Manifest, "##")
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing Markdown: %w", err)
	}
	return nil
}

func markdownTable(b *bytes.Buffer, t reports.Table, level string) {
	if len(t.Rows) == 0 && len(t.Notes) == 0 {
		return
	}
	s := newSheet(t, shown)
	fmt.Fprintf(b, "\n%s %s\n\n", level, escape(s.title))
	if len(s.rows) > 0 {
		rule := "|"
		for i, h := range s.heads {
			title := escape(h.title)
			if h.unit != "" {
				title += " (" + h.unit + ")"
			}
			fmt.Fprintf(b, "| %s ", title)
			if s.numbers[i] {
				rule += " ---: |"
			} else {
				rule += " --- |"
			}
		}
		fmt.Fprintf(b, "|\n%s\n", rule)
		for _, row := range s.rows {
			for _, c := range row {
				fmt.Fprintf(b, "| %s ", escape(c))
			}
			b.WriteString("|\n")
		}
	}
	for i, n := range s.notes {
		if i == 0 && len(s.rows) > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "- %s\n", escape(n))
	}
}

// escape makes a string plain text in Markdown, wherever it stands.
func escape(s string) string {
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "<", "&lt;", ">", "&gt;", "&", "&amp;", "`", "\\`",
		"*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "#", `\#`, "~", `\~`).Replace(reports.Printable(s))
}
