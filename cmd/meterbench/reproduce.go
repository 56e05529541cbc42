package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/strictyaml"
	"meterbench/network/fabric/daemons"
	"meterbench/network/lab"
	"meterbench/reports/claims/closer2020"
)

func reproduceCommand() *cobra.Command {
	var (
		full      bool
		device    string
		out       string
		sets      []string
		fabricBin string
	)
	var devices []string
	for _, d := range closer2020.Devices() {
		devices = append(devices, d.Name)
	}
	cmd := &cobra.Command{
		Use:   "reproduce PUBLICATION",
		Short: "Put a publication's claims under test: run its study, give each claim a verdict",
		Long: fmt.Sprintf(`Run the study of a publication (%s) and hold each of its claims against what
was measured: reproduced, not reproduced, depends (on conditions that are named) or
inconclusive, with the evidence. The thresholds stand in the claims, before the run.
The quick study takes under a quarter of an hour, the full one hours: the time is
printed before it starts. Results are those of meterbench run, with the verdicts.

The device is what has to encrypt: one of %s, or how many
times slower than a core of this machine it is.`, strings.Join(closer2020.Publications(), ", "), strings.Join(devices, ", ")),
		Example: `  meterbench reproduce closer2020
  meterbench reproduce closer2020 --device 250`,
		Args: arguments(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			publication := args[0]
			if known := closer2020.Publications(); !slices.Contains(known, publication) {
				return usageError{fmt.Errorf("no claims of a publication %q are held; %s", publication, strictyaml.Hint(publication, known))}
			}
			d, err := parseDevice(device, devices)
			if err != nil {
				return err
			}
			if err := checkFabricBin(fabricBin); err != nil {
				return err
			}
			name := publication
			if full {
				name += "-full"
			}
			p, err := lab.Read(name, sets)
			if err != nil {
				return err
			}
			bin := sync.OnceValues(func() (daemons.Binaries, error) {
				return binaries(cmd.Context(), fabricBin, cmd.ErrOrStderr())
			})
			dir, err := measure(cmd, p, out, bin)
			if dir == "" {
				return err
			}
			var tried *result.Integrity
			if _, notValid := err.(*study.NotValidError); err == nil || notValid { // all was measured
				var failed error
				tried, failed = attempt(cmd, dir, p.Scenario.Seed, bin)
				err = joined(err, failed)
			}
			if failed := judge(dir, publication, d, tried); failed != nil {
				return joined(err, failed)
			}
			return present(cmd.OutOrStdout(), dir, err)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&full, "full", false, "the full study: more loads, settings and repetitions, for hours")
	flags.StringVar(&device, "device", devices[0], "what has to encrypt: a `name`, or a factor by which it is slower than this machine")
	flags.StringVar(&out, "out", "out", "folder that takes the results")
	flags.StringArrayVar(&sets, "set", nil, "override a key of the study, `key=value`; may be repeated")
	flags.StringVar(&fabricBin, "fabric-bin", "", "use the peer and orderer in this `folder` instead of building them")
	return cmd
}

// parseDevice reads a device's name or a factor.
func parseDevice(text string, names []string) (closer2020.Device, error) {
	all := closer2020.Devices()
	if i := slices.IndexFunc(all, func(d closer2020.Device) bool { return d.Name == text }); i >= 0 {
		return all[i], nil
	}
	factor, err := strconv.ParseFloat(text, 64)
	switch {
	case err != nil:
		return closer2020.Device{}, usageError{fmt.Errorf("--device: %q is neither a device nor a factor such as 250; %s", text, strictyaml.Hint(text, names))}
	case !(factor > 0 && factor <= 1e6):
		return closer2020.Device{}, usageError{fmt.Errorf("--device: a factor is over 0 and at most 1000000, not %s", text)}
	}
	return closer2020.Slower(factor), nil
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

// judge stores in the summary of the run in dir what was tried, and what the
// run says about the publication's claims.
func judge(dir, publication string, device closer2020.Device, tried *result.Integrity) error {
	stored, err := result.Open(dir)
	if err != nil {
		return err
	}
	stored.Summary.Integrity = tried
	judged, err := closer2020.Judge(publication, stored.Run, stored.Summary, device)
	if err != nil {
		return err
	}
	return result.UpdateSummary(dir, func(s *result.Summary) {
		s.Claims, s.Feasibility, s.Integrity = judged.Claims, judged.Feasibility, tried
	})
}
