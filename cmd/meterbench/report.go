package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"runtime/debug"

	"github.com/spf13/cobra"

	"meterbench/bench/export"
	"meterbench/bench/result"
	"meterbench/internal/printable"
	"meterbench/network/lab"
	"meterbench/reports"
	"meterbench/reports/publications"
	"meterbench/reports/ranking"
	"meterbench/reports/render"
)

func reportCommand() *cobra.Command {
	name := reportForms()[0].name
	cmd := &cobra.Command{
		Use:   "report DIR",
		Short: "Draw the figures, tables and report.html of a run again from its folder",
		Long: `Draw the figures, tables and report.html of a run again from its folder, and print its summary.
With --format dsi nothing is drawn or written: the headline figures are printed with their
uncertainty (about 95 %) as D-SI XML, the form of digital calibration certificates. Nor is it
with --format junit: the thresholds of the run are printed as JUnit XML, a case for each level.`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			form, err := reportFormNamed(name)
			if err != nil {
				return lab.InputErrorf("--format %w", err)
			}
			stored, err := await(cmd.Context(), func() (*result.Folder, error) { return result.Open(args[0]) })
			if err != nil && cmd.Context().Err() == nil { // no folder, none of a run, or a damaged one
				return lab.InputErrorf("%s", printable.Line(err.Error()))
			}
			if err != nil {
				return err
			}
			return form.print(cmd.Context(), cmd.OutOrStdout(), stored, args[0])
		},
	}
	cmd.Flags().StringVar(&name, "format", name, "print as text, dsi or junit")
	return cmd
}

// drawMemory is the memory in bytes from which on the garbage of drawing is collected sooner: images of a figure take up to
// 20 MB each, and what lives is less than half of it with 1,000 series.
const drawMemory = 200 << 20

// redraw writes a stored run into its folder in the formats of other programs, builds its report and writes that too.
func redraw(ctx context.Context, stored *result.Folder) (reports.Report, error) {
	if err := export.Folder(stored.Dir, stored.Run, stored.Summary); err != nil {
		return reports.Report{}, err
	}
	before := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(before, drawMemory))
	defer debug.SetMemoryLimit(before)
	report, err := await(ctx, func() (reports.Report, error) {
		report := reports.Read(stored)
		ranking.Add(&report, stored)
		if section, ok := publications.Section(stored.Run, stored.Summary); ok {
			report.Illustrate(section)
		}
		return report, nil
	})
	if err != nil {
		return report, err
	}
	return report, render.Folder(ctx, stored.Dir, report)
}

// await returns what do returns, or the cause of the context's end, which do is left behind by: only the end of the program
// ends it. do must not write.
func await[T any](ctx context.Context, do func() (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	ended := make(chan outcome, 1)
	go func() {
		value, err := do()
		ended <- outcome{value, err}
	}()
	select {
	case o := <-ended:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}

// printReport prints a report's summary and where the whole of it is.
func printReport(out io.Writer, report reports.Report, dir string) error {
	if err := printText(out, report); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\nreport: %s\n", filepath.Join(dir, "report.html"))
	return err
}

// printText prints a report's summary as wide as the terminal.
func printText(out io.Writer, report reports.Report) error {
	width, _ := terminal(out)
	return render.Text(out, report, width)
}
