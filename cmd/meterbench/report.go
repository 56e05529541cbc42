package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"meterbench/bench/result"
	"meterbench/network/lab"
	"meterbench/reports"
	"meterbench/reports/publications"
	"meterbench/reports/render"
)

func reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report DIR",
		Short: "Draw the figures, tables and report.html of a run again from its folder",
		Args:  arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := redraw(args[0])
			if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // no folder, or none of a run
				return lab.InputErrorf("%w", err)
			}
			if err != nil {
				return err
			}
			return printReport(cmd.OutOrStdout(), report, args[0])
		},
	}
}

// redraw builds the report of the run in dir and writes it there.
func redraw(dir string) (reports.Report, error) {
	stored, err := result.Open(dir)
	if err != nil {
		return reports.Report{}, err
	}
	report := reports.Read(stored)
	if section, ok := publications.Section(stored.Run, stored.Summary); ok {
		report.Illustrate(section)
	}
	return report, render.Folder(dir, report)
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
