package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/network/fabric/daemons"
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

Exit codes: 0 done, 1 failed, 2 bad input, 130 interrupted (what was measured is written).`,
		Example: `  meterbench run quickstart
  meterbench run quickstart --set warmup=1s --set 'series[0].load.clients=[1, 8]'
  meterbench run a.yaml b.yaml --interleave --repeat 6`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("seed") {
				sets = append(sets, fmt.Sprintf("seed=%d", seed))
			}
			if cmd.Flags().Changed("repeat") {
				sets = append(sets, fmt.Sprintf("repeat=%d", repeat))
			}
			// Everything that the user wrote is checked before anything starts.
			runs := make([]prepared, len(args))
			for i, name := range args {
				var err error
				if runs[i], err = prepare(name, sets); err != nil {
					return err
				}
			}
			if interleave {
				runs = alternate(runs)
			}
			bin, err := binaries(cmd.Context(), fabricBin, cmd.ErrOrStderr())
			if err != nil {
				return err
			}
			for _, p := range runs {
				if err := runOne(cmd, p, out, bin); err != nil {
					return err
				}
			}
			return nil
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

// alternate turns A with n repetitions and B with n into A B A B ..., each a
// run of its own, so that drift of the machine meets both alike.
func alternate(runs []prepared) []prepared {
	rounds := 0
	for _, p := range runs {
		rounds = max(rounds, p.scenario.Repeat)
	}
	var order []prepared
	for round := range rounds {
		for _, p := range runs {
			if round < p.scenario.Repeat {
				p.scenario.Repeat = 1
				order = append(order, p)
			}
		}
	}
	return order
}

// runOne runs one scenario and leaves its folder complete, also when the
// study was interrupted or failed on the way.
func runOne(cmd *cobra.Command, p prepared, out string, bin daemons.Binaries) error {
	ctx, stdout := cmd.Context(), cmd.OutOrStdout()
	dir, id, err := newRunFolder(filepath.Join(out, p.scenario.Name))
	if err != nil {
		return err
	}
	watch := newProgress(cmd.ErrOrStderr())
	lab := &fabricLab{prepared: p, binaries: bin, logs: filepath.Join(dir, "logs")}
	watch.Step(fmt.Sprintf("%s: about %s of load in %d levels, seed %d, results in %s",
		p.scenario.Name, clock(study.LoadTime(p.scenario)), study.Levels(p.scenario), p.scenario.Seed, dir))
	studyErr := study.Run(ctx, study.Config{Scenario: p.scenario, Lab: lab, Dir: dir, ID: id, Versions: versions(), Observer: watch})
	watch.close()
	if errors.Is(studyErr, study.ErrNothingMeasured) {
		return studyErr
	}
	report, err := redraw(dir)
	if err != nil {
		return errors.Join(studyErr, err)
	}
	if err := printReport(stdout, report, dir); err != nil {
		return errors.Join(studyErr, err)
	}
	return studyErr
}

// newRunFolder makes a folder for a run below parent, named after the time.
func newRunFolder(parent string) (dir, id string, err error) {
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", "", fmt.Errorf("make the results' folder: %w; choose another with --out", err)
	}
	base := time.Now().UTC().Format("20060102-150405")
	for n := 1; ; n++ {
		id = base
		if n > 1 {
			id = fmt.Sprintf("%s-%d", base, n)
		}
		dir = filepath.Join(parent, id)
		err := os.Mkdir(dir, 0o755)
		if err == nil {
			return dir, id, nil
		}
		if !errors.Is(err, os.ErrExist) {
			return "", "", fmt.Errorf("make the run's folder: %w; choose another with --out", err)
		}
	}
}

// scenariosCommand lists what is shipped.
func scenariosCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "scenarios",
		Short: "List the shipped scenarios",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			shipped, err := scenario.Shipped()
			if err != nil {
				return err
			}
			for _, s := range shipped {
				fmt.Fprintf(cmd.OutOrStdout(), "%-12s %s (%s of load on %s)\n", s.Name, s.Description, clock(study.LoadTime(s)), s.Topology)
			}
			return nil
		},
	}
}
