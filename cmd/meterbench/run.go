package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"

	"github.com/spf13/cobra"

	"meterbench/bench/calibration"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/network/fabric/daemons"
	"meterbench/network/lab"
)

func runCommand() *cobra.Command {
	var (
		out        string
		sets       []string
		seed       uint64
		repeat     int
		interleave bool
		fabricBin  string
	)
	cmd := &cobra.Command{
		Use:   "run SCENARIO...",
		Short: "Run scenarios: bring the network up, measure, leave a report",
		Long: `Run each SCENARIO (a shipped name, see meterbench scenarios, or a YAML file) on a
network of its own and leave results, figures and report.html in OUT/<scenario>/<run>/.

Exit codes: 0 done, 1 failed, 2 bad input, 4 the scenario says require: valid and a
point below saturation is not (later scenarios run all the same), 130 interrupted (what
was measured is written).`,
		Example: `  meterbench run quickstart
  meterbench run quickstart --set warmup=1s --set 'series[0].load.clients=[1, 8]'
  meterbench run a.yaml b.yaml --interleave --repeat 6`,
		Args: arguments(1, math.MaxInt),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("seed") {
				sets = append(sets, fmt.Sprintf("seed=%d", seed))
			}
			if cmd.Flags().Changed("repeat") {
				sets = append(sets, fmt.Sprintf("repeat=%d", repeat))
			}
			// Everything that the user wrote is checked before anything starts.
			if err := checkFabricBin(fabricBin); err != nil {
				return err
			}
			runs := make([]lab.Plan, len(args))
			for i, name := range args {
				var err error
				if runs[i], err = lab.Read(name, sets); err != nil {
					return err
				}
			}
			if interleave {
				runs = lab.Interleave(runs)
			}
			bin := sync.OnceValues(func() (daemons.Binaries, error) {
				return binaries(cmd.Context(), fabricBin, cmd.ErrOrStderr())
			})
			return each(runs, func(p lab.Plan) error { return runOne(cmd, p, out, bin) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&out, "out", "out", "folder that takes the results")
	flags.StringArrayVar(&sets, "set", nil, "override a key of the scenario, `key=value`; may be repeated")
	flags.Uint64Var(&seed, "seed", 0, "override the scenario's seed")
	flags.IntVar(&repeat, "repeat", 0, "override how often the levels are repeated")
	flags.BoolVar(&interleave, "interleave", false, "make every repetition a run of its own and alternate between the scenarios")
	flags.StringVar(&fabricBin, "fabric-bin", "", "use the peer and orderer in this `folder` instead of building them")
	return cmd
}

// each runs scenarios one after the other until one fails. Points that are not
// valid keep no later scenario from running: they are told of in the end.
func each(runs []lab.Plan, run func(lab.Plan) error) error {
	var found error
	all := &study.NotValidError{}
	for _, p := range runs {
		err := run(p)
		notValid, ok := err.(*study.NotValidError) // and nothing else is wrong
		switch {
		case ok:
			for _, point := range notValid.Points {
				if len(runs) > 1 {
					point = p.Scenario.Name + ": " + point
				}
				all.Points = append(all.Points, point)
			}
			found = all
		case err != nil && found == nil:
			return err
		case err != nil:
			return errors.Join(found, err)
		}
	}
	return found
}

// runOne runs one scenario and leaves its folder complete, also when the
// study was interrupted or failed on the way.
func runOne(cmd *cobra.Command, p lab.Plan, out string, bin func() (daemons.Binaries, error)) error {
	dir, err := measure(cmd, p, out, bin)
	if dir == "" {
		return err
	}
	return present(cmd.OutOrStdout(), dir, err)
}

// measure runs one scenario and returns the folder that holds what was
// measured, or none where nothing was.
func measure(cmd *cobra.Command, p lab.Plan, out string, bin func() (daemons.Binaries, error)) (string, error) {
	// Before the daemons are built, which can take minutes.
	dir, discard, err := result.NewFolder(filepath.Join(out, p.Scenario.Name))
	if err != nil {
		return "", elsewhere(err)
	}
	site, err := lab.New(p, dir, bin)
	if err != nil {
		discard()
		return "", err
	}
	watch := newProgress(cmd.ErrOrStderr())
	watch.Step(fmt.Sprintf("%s: %s, seed %d, results in %s", p.Scenario.Name, expected(p.Scenario), p.Scenario.Seed, dir))
	cfg := study.Config{Scenario: p.Scenario, Lab: site, Dir: dir, ID: filepath.Base(dir), Versions: lab.Versions(), Observer: watch}
	if instrument, err := calibration.Stated(); err != nil {
		cfg.Uncalibrated = err.Error()
	} else {
		cfg.Instrument = &instrument
	}
	err = study.Run(cmd.Context(), cfg)
	watch.close()
	if errors.Is(err, study.ErrNothingMeasured) {
		discard()
		return "", err
	}
	return dir, err
}

// present draws and prints the report of the run in dir, which ended with
// studyErr.
func present(stdout io.Writer, dir string, studyErr error) error {
	if studyErr != nil && !exists(filepath.Join(dir, "summary.json")) {
		return studyErr // which says why there is nothing to draw
	}
	report, err := redraw(dir)
	if err != nil {
		return errors.Join(studyErr, fmt.Errorf("%w; what was measured is there, and meterbench report %s draws it", err, dir))
	}
	if err := printReport(stdout, report, dir); err != nil {
		return errors.Join(studyErr, err)
	}
	return studyErr
}

// elsewhere says what to do about a folder that cannot be made.
func elsewhere(err error) error { return fmt.Errorf("%w; choose another with --out", err) }

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// scenariosCommand lists what is shipped.
func scenariosCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "scenarios",
		Short: "List the shipped scenarios",
		Args:  arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			shipped, err := scenario.Shipped()
			if err != nil {
				return err
			}
			for _, s := range shipped {
				fmt.Fprintf(cmd.OutOrStdout(), "%-16s %s (%s of load on %s)\n", s.Name, s.Description, clock(study.Estimated(s).Load), on(s))
			}
			return nil
		},
	}
}

// on names what a scenario runs on.
func on(s scenario.Scenario) string {
	if s.Target != nil {
		return "a simulated ledger"
	}
	return s.Topology
}
