package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/internal/printable"
	"meterbench/network/lab"
	"meterbench/reports"
	"meterbench/reports/dsi"
	"meterbench/reports/junit"
	"meterbench/reports/render"
)

// A reportForm is one in which the report of a stored run is printed. dir is its folder as the user named it.
type reportForm struct {
	name  string
	print func(ctx context.Context, out io.Writer, stored *result.Folder, dir string) error
}

// reportForms are all of them, the usual one first.
func reportForms() []reportForm {
	return []reportForm{{"text", drawReport}, {"dsi", printDSI}, {"junit", printJUnit}}
}

// reportFormNamed returns the form of a name, or an error with those that there are.
func reportFormNamed(name string) (reportForm, error) {
	all := reportForms()
	if i := slices.IndexFunc(all, func(f reportForm) bool { return f.name == name }); i >= 0 {
		return all[i], nil
	}
	var known []string
	for _, f := range all {
		known = append(known, f.name)
	}
	return reportForm{}, fmt.Errorf("%q is none of %s", name, strings.Join(known, ", "))
}

// drawReport draws the report again in the run's folder and prints its summary.
func drawReport(ctx context.Context, out io.Writer, stored *result.Folder, dir string) error {
	report, err := redraw(ctx, stored)
	if errors.Is(err, render.ErrNoFolder) {
		return lab.InputErrorf("%s", printable.Line(err.Error()))
	}
	if err != nil {
		return err
	}
	return printReport(out, report, dir)
}

// printDSI prints the headline figures with their uncertainty.
func printDSI(_ context.Context, out io.Writer, stored *result.Folder, dir string) error {
	err := dsi.Write(out, &stored.Run, &stored.Summary)
	if errors.Is(err, dsi.ErrNone) {
		return lab.InputErrorf("%s: %w", printable.Line(dir), err)
	}
	return err
}

// printJUnit prints what became of the thresholds of the run, a case for each at each level.
func printJUnit(_ context.Context, out io.Writer, stored *result.Folder, dir string) error {
	if stored.Summary.Thresholds == nil {
		return lab.InputErrorf("%s: the run has no thresholds; give its scenario what to expect", printable.Line(dir))
	}
	return junit.Write(out, reports.ThresholdCases(stored.Run, stored.Summary))
}
