package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"meterbench/bench/calibration"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/network/fabric/daemons"
	"meterbench/network/lab"
	"meterbench/network/wan"
	"meterbench/reports"
	"meterbench/reports/page"
	"meterbench/workloads"
)

func runCommand() *cobra.Command {
	var r *runner
	var on, past string
	var interleave, dry bool
	cmd := &cobra.Command{
		Use:   "run SCENARIO...",
		Short: "Run scenarios: bring up the network, measure, write a report",
		Long: `Run each SCENARIO (the name of a shipped one, see meterbench scenarios, or a YAML file)
on a network of its own, or with --on on one that is up. Results, figures and report.html go to OUT/<scenario>/<run>/.

Exit codes: 0 done; 1 failed; 2 bad input; 3 a threshold of the scenario is missed (later
scenarios still run); 4 nothing succeeded at a load level, or levels are not as the scenario
requires (likewise, before 3); 130 interrupted, or ended on the page (measurements up to then are stored).`,
		Example: `  meterbench run quickstart
  meterbench run quickstart --set warmup=1s --set 'series[0].load.clients=[1, 8]'
  meterbench run a.yaml b.yaml --interleave --repeat 6`,
		Args: arguments(1, math.MaxInt),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			for _, key := range []string{"seed", "repeat"} {
				if f := cmd.Flag(key); f.Changed {
					r.sets = append(r.sets, key+"="+f.Value.String())
				}
			}
			if past == "" && cmd.Flag("history").Changed { // as of a variable that is not set
				return lab.InputErrorf("--history: the name of the file is empty; give one, or leave the flag out")
			}
			if err := errors.Join(historyFile(past).check(), r.live.check(cmd)); err != nil {
				return err
			}
			plans, err := r.read(on, args...)
			if err != nil {
				return err
			}
			if interleave {
				plans = lab.Interleave(plans)
			}
			if dry {
				return lab.Each(plans, func(p lab.Plan) error { return printPlan(cmd.OutOrStdout(), p.Scenario, r.workers.shares()) })
			}
			if err := r.begin(strings.Join(args, ", ")); err != nil {
				return err
			}
			defer r.end(&err)
			return lab.Each(plans, func(p lab.Plan) error {
				dir, err := r.measure(p)
				err = historyFile(past).add(cmd.ErrOrStderr(), p.Scenario, dir, err)
				err = present(cmd.Context(), cmd.OutOrStdout(), dir, err)
				r.live.ended(cmd.Context(), dir, err)
				return err
			})
		},
	}
	r = newRunner(cmd, "scenario")
	flags := cmd.Flags()
	flags.Uint64("seed", 0, "override the scenario's seed")
	flags.Int("repeat", 0, "override the number of repetitions of each level")
	flags.StringVar(&on, "on", "", "measure on a network of meterbench network up, by its `topology` or folder, and leave it up")
	flags.StringVar(&past, "history", "", "append a line with the run's figures to this CSV `file`, for meterbench history")
	flags.BoolVar(&interleave, "interleave", false, "make every repetition a run of its own and alternate between the scenarios")
	flags.BoolVar(&dry, "dry-run", false, "print what would run, with the events of every level, and start nothing")
	return cmd
}

func scenariosCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "scenarios",
		Short: "List the shipped scenarios",
		Args:  arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			shipped, err := scenario.Shipped(lab.Catalog())
			if err != nil {
				return err
			}
			sign := study.SignTime()
			for _, s := range shipped {
				on := s.Topology
				if s.Target != nil {
					on = "a " + s.Target.Called
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%-16s %s (%s of load on %s)\n",
					s.Name, s.Description, clock(study.Estimated(s, workloads.Schemes(), sign).Load), on)
			}
			return nil
		},
	}
}

// A runner has the flags that run and reproduce share, and measures one plan after the other.
type runner struct {
	cmd     *cobra.Command
	out     string
	sets    []string
	fabric  fabricDaemons
	live    livePage
	workers workersFlag
}

// newRunner adds the flags to a command that measures a scenario or a study.
func newRunner(cmd *cobra.Command, what string) *runner {
	r := &runner{cmd: cmd}
	flags := cmd.Flags()
	flags.StringVar(&r.out, "out", "out", "write the results below this `folder`")
	flags.StringArrayVar(&r.sets, "set", nil, "override a key of the "+what+", `key=value`; may be repeated")
	r.live.add(cmd, "the run")
	r.live.addMetrics(cmd)
	r.fabric.add(cmd)
	r.workers.add(cmd)
	return r
}

// begin serves the page of what is measured, if it is wanted, and has workers started, likewise. Call it when all that the user wrote is
// checked, and end then.
func (r *runner) begin(title string) error {
	if err := r.live.serve(r.cmd, r.cmd.ErrOrStderr(), page.Config{Mode: page.ModeRun, Title: title}); err != nil {
		return err
	}
	if err := r.workers.start(r.cmd, r.out); err != nil {
		r.live.close()
		return err
	}
	return nil
}

// end ends what begin began.
func (r *runner) end(err *error) {
	if failed := r.workers.close(); failed != nil {
		*err = errors.Join(*err, failed)
	}
	r.live.close()
}

// read returns the plans of scenarios, to be measured on the network that is held under a name, or without one on networks
// of their own. It checks everything that the user wrote, so call it before anything starts.
func (r *runner) read(on string, names ...string) ([]lab.Plan, error) {
	read := func(name string) (lab.Plan, error) { return lab.Read(r.cmd.Context(), name, r.sets) }
	if on != "" {
		held, err := oneHeld(on)
		if err != nil {
			return nil, err
		}
		read = func(name string) (lab.Plan, error) { return lab.ReadOn(r.cmd.Context(), name, r.sets, held) }
	}
	plans := make([]lab.Plan, len(names))
	for i, name := range names {
		var err error
		if plans[i], err = read(name); err != nil {
			return nil, err
		}
	}
	var networks []topology.Topology
	for _, p := range plans {
		networks = append(networks, p.Own()...)
	}
	if err := r.fabric.check(r.cmd.Context(), networks...); err != nil {
		return nil, err
	}
	if err := r.workers.check(r.cmd, plans); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(plans, lab.Plan.Separates) {
		return plans, wan.Reexec()
	}
	return plans, nil
}

// daemons returns the daemons of a release, built if need be.
func (r *runner) daemons(release string) (daemons.Binaries, error) {
	return r.fabric.of(r.cmd.Context(), r.cmd.ErrOrStderr(), release)
}

// ca returns the program of fabric-ca, built if need be.
func (r *runner) ca() (server string, err error) {
	return r.fabric.ca(r.cmd.Context(), r.cmd.ErrOrStderr())
}

// measure runs one plan and returns the folder of its results, or none where nothing was measured.
func (r *runner) measure(p lab.Plan) (string, error) {
	// Before the daemons are built, which can take minutes.
	parent := filepath.Join(r.out, p.Scenario.Name)
	dir, discard, err := result.NewFolder(parent)
	if err != nil {
		return "", tryAnotherFolder(parent, err)
	}
	site, err := lab.New(p, dir, lab.Programs{Daemons: r.daemons, CA: r.ca, Ledgers: r.live.ledgers})
	if err == nil {
		site, err = r.workers.lab(site, p)
	}
	if err != nil {
		discard()
		return "", err
	}
	watch := newProgress(r.cmd.ErrOrStderr())
	watch.Step(fmt.Sprintf("%s: %s, seed %d, results in %s", p.Scenario.Name, expected(p.Scenario, study.SignTime()), p.Scenario.Seed, dir))
	for _, line := range reports.LeftOut(p.Scenario.LeftOut) {
		watch.Step(line)
	}
	cfg := study.Config{Scenario: p.Scenario, Lab: site, Dir: dir, ID: filepath.Base(dir), Versions: lab.Versions(), Observer: watch}
	if instrument, err := calibration.Stated(); err != nil {
		cfg.Uncalibrated = err.Error()
	} else {
		cfg.Instrument = &instrument
	}
	r.live.watch(&cfg)
	err = study.Run(r.cmd.Context(), cfg)
	watch.close()
	if errors.Is(err, study.ErrNothingMeasured) {
		discard()
		return "", err
	}
	return dir, err
}

// present draws and prints the report of the run in dir, which ended with runErr, also where it was interrupted.
func present(ctx context.Context, stdout io.Writer, dir string, runErr error) error {
	if runErr != nil && (dir == "" || !exists(filepath.Join(dir, "summary.json"))) {
		return runErr // which says why there is nothing to draw
	}
	if ctx.Err() != nil {
		ctx = context.WithoutCancel(ctx)
	}
	var report reports.Report
	stored, err := result.Open(dir)
	if err == nil {
		report, err = redraw(ctx, stored)
	}
	if err != nil {
		return errors.Join(runErr, fmt.Errorf("%w; the measurements are stored, and meterbench report %s draws them", err, dir))
	}
	if err := printReport(stdout, report, dir); err != nil {
		return errors.Join(runErr, err)
	}
	return runErr
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// tryAnotherFolder says what to do about a folder for results that cannot be made.
func tryAnotherFolder(dir string, err error) error {
	return fmt.Errorf("make the folder %s for results: %w; choose another with --out", dir, err)
}
