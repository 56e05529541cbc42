package main

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/network/fabric/daemons"
	"meterbench/network/lab"
	"meterbench/reports/publications"
)

func reproduceCommand() *cobra.Command {
	var (
		full      bool
		device    string
		out       string
		sets      []string
		fabricBin string
	)
	cmd := &cobra.Command{
		Use:   "reproduce PUBLICATION",
		Short: "Put a publication's claims under test: run its study, give each claim a verdict",
		Long: fmt.Sprintf(`Run the study of a publication and hold each of its claims against what was
measured: reproduced, not reproduced, depends (on conditions that are named) or
inconclusive, with the evidence. The thresholds stand in the claims, before the run.
The quick study takes under a quarter of an hour, the full one hours: the time is
printed before it starts. Results are those of meterbench run, with the verdicts.

Publications, and the devices that may have to encrypt, the default first:
%s`, listPublications()),
		Example: `  meterbench reproduce closer2020
  meterbench reproduce closer2020 --device 250`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := publications.Find(args[0])
			if err != nil {
				return usageError{err}
			}
			d, err := p.Device(device)
			if err != nil {
				return usageError{fmt.Errorf("--device: %w", err)}
			}
			if err := checkFabricBin(fabricBin); err != nil {
				return err
			}
			name := p.Study
			if full {
				name = p.FullStudy
			}
			plan, err := lab.Read(name, sets)
			if err != nil {
				return err
			}
			bin := sync.OnceValues(func() (daemons.Binaries, error) {
				return binaries(cmd.Context(), fabricBin, cmd.ErrOrStderr())
			})
			dir, err := measure(cmd, plan, out, bin)
			if dir == "" {
				return err
			}
			var attempts *result.Integrity
			_, notValid := err.(*study.NotValidError)
			if p.Forgery && (err == nil || notValid) { // all was measured
				var failed error
				attempts, failed = attempt(cmd, dir, plan.Scenario.Seed, bin)
				err = joined(err, failed)
			}
			if failed := p.JudgeStored(dir, d, attempts); failed != nil {
				return joined(err, failed)
			}
			return present(cmd.OutOrStdout(), dir, err)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&full, "full", false, "the full study: more loads, settings and repetitions, for hours")
	flags.StringVar(&device, "device", "", "what has to encrypt: a `name`, or a factor by which it is slower than this machine")
	flags.StringVar(&out, "out", "out", "folder that takes the results")
	flags.StringArrayVar(&sets, "set", nil, "override a key of the study, `key=value`; may be repeated")
	flags.StringVar(&fabricBin, "fabric-bin", "", "use the peer and orderer in this `folder` instead of building them")
	return cmd
}

// listPublications lists the publications with their devices.
func listPublications() string {
	var lines []string
	for _, p := range publications.All() {
		var names []string
		for _, d := range p.Devices {
			names = append(names, d.Name)
		}
		lines = append(lines, fmt.Sprintf("  %s  %s\n%*s%s", p.ID, p.Source, len(p.ID)+4, "", strings.Join(names, ", ")))
	}
	return strings.Join(lines, "\n")
}

// joined joins two errors and leaves a single one as it is.
func joined(a, b error) error {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return errors.Join(a, b)
}

// attempt tries on a network of its own what the contract and the verifiers of
// bills have to refuse.
func attempt(cmd *cobra.Command, dir string, seed uint64, bin func() (daemons.Binaries, error)) (*result.Integrity, error) {
	binaries, err := bin()
	if err != nil {
		return nil, err
	}
	watch := newProgress(cmd.ErrOrStderr())
	defer watch.close()
	watch.Step("try to forge readings and bills")
	return lab.TryIntegrity(cmd.Context(), dir, seed, binaries, watch.Working)
}
