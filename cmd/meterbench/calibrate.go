package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"meterbench/bench/calibration"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
	"meterbench/network/lab"
	"meterbench/reports"
)

// errBeyondLimits reports a calibration that found more error than is tolerated.
var errBeyondLimits = errors.New("the harness exceeds its error limits on this machine; the calibration was kept all the same")

func calibrateCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "calibrate",
		Short: "Measure the harness's own error on this machine, on a simulated ledger; no network",
		Long: `Load a simulated ledger with known service times, stalls and failures in real time, and a
peer of known delays through the client of real networks (a minute and a half in all), and
compare the measured times with the true ones, transaction by transaction.
The errors are kept for this machine. Every later run states them, as the uncertainty of
the instrument, in its manifest and report.

Exit codes: 0 within the limits, 1 failed, 2 bad input, 3 beyond the limits, 130 interrupted
(the previous calibration is kept).`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := calibration.Path()
			if err != nil {
				return err
			}
			var alarms [2]*alarm.Alarm
			for i := range alarms {
				if alarms[i], err = alarm.New(); err != nil {
					return err
				}
				defer alarms[i].Close()
			}
			watch := newProgress(cmd.ErrOrStderr())
			measured, err := calibration.Run(cmd.Context(), lab.CalibrationOf(calibration.Config{
				Load: alarms[0], Reference: alarms[1], Versions: lab.Versions(),
				Step: func(text string, left time.Duration) { watch.Step(fmt.Sprintf("%s, %s left", text, clock(left))) },
			}))
			watch.close()
			if err != nil {
				return err
			}
			return keepCalibration(cmd.OutOrStdout(), path, measured)
		},
	}
}

// keepCalibration prints a calibration and then keeps it: what took so long is not lost where it cannot be kept.
func keepCalibration(out io.Writer, path string, measured result.Calibration) error {
	if err := printText(out, reports.Calibration(measured)); err != nil {
		return err
	}
	if err := calibration.Save(path, measured); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nkept for later runs on this machine: %s\n", path)
	if !measured.Instrument.Within {
		return errBeyondLimits
	}
	return nil
}
