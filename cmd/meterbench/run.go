package main

import (
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/network/lab"
	"meterbench/workloads"
)

func runCommand() *cobra.Command {
	var r *runner
	var interleave bool
	cmd := &cobra.Command{
		Use:   "run SCENARIO...",
		Short: "Run scenarios: bring up the network, measure, write a report",
		Long: `Run each SCENARIO (the name of a shipped one, see meterbench scenarios, or a YAML file)
on a network of its own. Results, figures and report.html go to OUT/<scenario>/<run>/.

Exit codes: 0 done; 1 failed; 2 bad input; 4 the scenario says require: valid, and a point
below saturation is not valid (later scenarios still run); 130 interrupted (measurements
up to then are stored).`,
		Example: `  meterbench run quickstart
  meterbench run quickstart --set warmup=1s --set 'series[0].load.clients=[1, 8]'
  meterbench run a.yaml b.yaml --interleave --repeat 6`,
		Args: arguments(1, math.MaxInt),
		RunE: func(cmd *cobra.Command, args []string) error {
			for _, key := range []string{"seed", "repeat"} {
				if f := cmd.Flag(key); f.Changed {
					r.sets = append(r.sets, key+"="+f.Value.String())
				}
			}
			plans, err := r.read(args...)
			if err != nil {
				return err
			}
			if interleave {
				plans = lab.Interleave(plans)
			}
			return lab.Each(plans, func(p lab.Plan) error {
				dir, err := r.measure(p)
				return present(cmd.OutOrStdout(), dir, err)
			})
		},
	}
	r = newRunner(cmd, "scenario")
	flags := cmd.Flags()
	flags.Uint64("seed", 0, "override the scenario's seed")
	flags.Int("repeat", 0, "override the number of repetitions of each level")
	flags.BoolVar(&interleave, "interleave", false, "make every repetition a run of its own and alternate between the scenarios")
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
