package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/network/lab"
	"meterbench/reports/publications"
)

func reproduceCommand() *cobra.Command {
	var (
		r      *runner
		full   bool
		device string
	)
	cmd := &cobra.Command{
		Use:   "reproduce PUBLICATION",
		Short: "Test the claims of a publication: run its study, give each claim a verdict",
		Long: fmt.Sprintf(`Run the study of a publication and test each of its claims on the results: reproduced,
not reproduced, depends (on the conditions that it names) or inconclusive, with the
evidence. The thresholds are part of the claims and fixed before the run. The quick
study takes less than a quarter of an hour, the full one hours; the expected time is
printed first. Results are those of meterbench run, with the verdicts.

Publications, with the devices that can be asked to encrypt, the default first, where a
claim is about one:
%s`, listPublications()),
		Example: `  meterbench reproduce closer2020
  meterbench reproduce closer2020 --device 250
  meterbench reproduce metroind2020
  meterbench reproduce sensors2021`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := r.live.check(cmd); err != nil {
				return err
			}
			p, err := publications.Find(args[0])
			if err != nil {
				return lab.InputErrorf("%w", err)
			}
			d, err := p.Device(device)
			if err != nil {
				return lab.InputErrorf("--device: %w", err)
			}
			name := p.Study
			if full {
				if name = p.FullStudy; name == "" {
					return lab.InputErrorf("--full: %s has no full study", p.ID)
				}
			}
			plans, err := r.read("", name)
			if err != nil {
				return err
			}
			if err := r.begin(p.ID); err != nil {
				return err
			}
			defer r.end(&err)
			dir, err := r.measure(plans[0])
			defer func() { r.live.ended(cmd.Context(), dir, err) }()
			if dir == "" {
				return err
			}
			var attempts *result.Integrity
			if trial, ok := lab.FindTrial(p.Attack); ok && !plans[0].Attached() && study.Judged(err) {
				var failed error
				if attempts, failed = r.try(trial, dir, plans[0].Scenario.Seed); failed != nil {
					err = errors.Join(err, failed)
				}
			}
			if failed := p.JudgeStored(dir, d, attempts); failed != nil {
				return errors.Join(err, failed)
			}
			return present(cmd.Context(), cmd.OutOrStdout(), dir, err)
		},
	}
	r = newRunner(cmd, "study")
	cmd.Flags().BoolVar(&full, "full", false, "run the full study: more loads, settings and repetitions; takes hours")
	cmd.Flags().StringVar(&device, "device", "", "the device that has to encrypt: its `name`, or how many times slower than this machine it is")
	return cmd
}

// listPublications lists the publications with their devices.
func listPublications() string {
	var lines []string
	for _, p := range publications.All() {
		var devices []string
		for _, d := range p.Devices {
			devices = append(devices, d.Name)
		}
		lines = append(lines, fmt.Sprintf("  %-12s  %s", p.ID, p.Source))
		if devices != nil {
			lines = append(lines, fmt.Sprintf("%16s%s", "", strings.Join(devices, ", ")))
		}
	}
	return strings.Join(lines, "\n")
}

// try carries out a trial, on a network of its own.
func (r *runner) try(trial lab.Trial, dir string, seed uint64) (*result.Integrity, error) {
	binaries, err := r.daemons("")
	if err != nil {
		return nil, err
	}
	shown := newProgress(r.cmd.ErrOrStderr())
	defer shown.close()
	watch := r.live.beside(shown)
	watch.Step(trial.Step)
	return trial.Try(r.cmd.Context(), lab.TrialConfig{Dir: dir, Seed: seed, Binaries: binaries, CA: r.ca, Working: watch.Working})
}
