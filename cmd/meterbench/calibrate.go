package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"meterbench/bench/calibration"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
	"meterbench/network/lab"
	"meterbench/reports"
	"meterbench/reports/render"
)

// errBeyondLimits is a calibration that found more error than is tolerated.
var errBeyondLimits = errors.New("the harness is beyond its limits on this machine; the calibration is kept all the same")

func calibrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "calibrate",
		Short: "Find out how far this machine's harness can be believed, on a simulated ledger; no network",
		Long: `Load a simulated ledger of known service times, stalls and failures in real time (about
a minute) and compare what is measured with what is true, transaction by transaction.
The errors found are kept for this machine and stand, as the instrument's stated
uncertainty, in the manifest and report of every later run.

Exit codes: 0 within the limits, 1 failed, 2 bad input, 3 beyond the limits, 130 interrupted
(the calibration before is kept).`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := calibration.Path()
			if err != nil {
				return err
			}
			load, err := alarm.New()
			if err != nil {
				return err
			}
			defer load.Close()
			reference, err := alarm.New()
			if err != nil {
				return err
			}
			defer reference.Close()
			watch := newProgress(cmd.ErrOrStderr())
			found, err := calibration.Run(cmd.Context(), calibration.Config{Load: load, Reference: reference, Versions: lab.Versions(), Step: func(text string, left time.Duration) {
				watch.Step(fmt.Sprintf("%s, %s left", text, clock(left)))
			}})
			watch.close()
			if err != nil {
				return err
			}
			if err := calibration.Save(path, found); err != nil {
				return err
			}
			return printCalibration(cmd, found, path)
		},
	}
}

// printCalibration prints what was found and where it is kept.
func printCalibration(cmd *cobra.Command, found result.Calibration, path string) error {
	out := cmd.OutOrStdout()
	width, _ := terminal(out)
	if err := render.Text(out, reports.Calibration(found), width); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nkept for later runs on this machine: %s\n", path)
	if !found.Instrument.Within {
		return errBeyondLimits
	}
	return nil
}
