package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"meterbench/bench/export"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/internal/proc"
	"meterbench/network/lab"
	"meterbench/reports"
	"meterbench/reports/render"
	"meterbench/simulators/fe"
	"meterbench/workloads"
)

func feCommand() *cobra.Command {
	spec := scenario.FE{}
	var seed uint64
	var out, formatName string
	cmd := &cobra.Command{
		Use:   "fe",
		Short: "Measure the cost of functional encryption by scheme, key size and vector length; no network",
		Long: `Time key generation, key derivation, encryption and decryption for every combination
of scheme, key size, vector length and bound, one at a time. Print medians with their
95 % intervals, and the sizes of ciphertexts and readings. A scheme with a single key
size is measured at that size, the others at those of the sizes that they support.
Tables of discrete logarithms are kept in the user's cache. The Go benchmark format has
one line per timing, so that benchstat can compare machines and versions.`,
		Example: `  meterbench fe
  meterbench fe --schemes ddh,ecddh --bits 3072 --lengths 24 --samples 20
  meterbench fe --format bench
  meterbench fe --bits 1024,1536,2048,3072,4096 --lengths 1,24,96 --out costs`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			at := slices.Index(formatNames(), formatName)
			if at < 0 {
				return lab.InputErrorf("--format: %q is none of %s", formatName, strings.Join(formatNames(), ", "))
			}
			if !cmd.Flags().Changed("bits") { // the default is for schemes that have these sizes
				spec.Bits = spec.SomeHas(workloads.Schemes(), spec.Bits)
			}
			if p := spec.Check(workloads.Schemes(), ""); p != nil {
				return lab.InputErrorf("--%w", p) // its path begins with the flag's name
			}
			measured, err := lab.FESpec(spec, seed)
			if err != nil {
				return err
			}
			cells, err := measured.CountCells()
			if err != nil {
				return lab.InputErrorf("%w", err)
			}
			var folder *feFolder
			if out != "" {
				if folder, err = newFEFolder(out, seed); err != nil {
					return lab.InputErrorf("--out %w", err)
				}
			}
			watch := newProgress(cmd.ErrOrStderr())
			takes := study.Estimated(scenario.Scenario{FE: &spec}, workloads.Schemes(), study.SignTime()).FE
			watch.Step(fmt.Sprintf("measure %d combinations, %d samples each, about %s", cells, spec.Samples, clock(takes)))
			costs, err := lab.MeasureFE(cmd.Context(), spec, seed, watch.Working)
			watch.close()
			if len(costs) == 0 {
				return errors.Join(err, folder.discard(err))
			}
			// Also the costs measured up to an interruption.
			return errors.Join(err, formats()[at].write(cmd.OutOrStdout(), costs), folder.write(cmd.Context(), costs, err == nil))
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&spec.Schemes, "schemes", fe.Names(), "schemes to measure")
	flags.IntSliceVar(&spec.Bits, "bits", []int{2048, 3072}, "key sizes: bits of the modulus")
	flags.IntSliceVar(&spec.Lengths, "lengths", []int{1, 24}, "vector lengths")
	flags.Int64SliceVar(&spec.Bounds, "bounds", []int64{10_000}, "largest values in the vectors")
	flags.IntVar(&spec.Samples, "samples", scenario.MinSamples, "timings of each combination, at least 6")
	flags.Uint64Var(&seed, "seed", 1, "seed of the values")
	flags.StringVar(&out, "out", "", "also write summary.json, tables as CSV, figures, report.html and bench.txt to this new `folder`")
	flags.StringVar(&formatName, "format", formatNames()[0], "output format: "+strings.Join(formatNames(), ", ")+" (the Go benchmark format)")
	return cmd
}

// A format is a way to print encryption costs.
type format struct {
	name  string
	write func(io.Writer, []result.FECost) error
}

// formats returns those of --format, the default first.
func formats() []format {
	return []format{
		{"text", func(w io.Writer, costs []result.FECost) error { return printText(w, reports.FE(costs)) }},
		{"csv", func(w io.Writer, costs []result.FECost) error { return render.CSV(w, reports.FE(costs).Tables()[0]) }},
		{"bench", func(w io.Writer, costs []result.FECost) error {
			_, err := w.Write(feBench(costs))
			return err
		}},
	}
}

// formatNames returns the names of the formats.
func formatNames() (names []string) {
	for _, f := range formats() {
		names = append(names, f.name)
	}
	return names
}

// feBench returns encryption costs in the Go benchmark format.
func feBench(costs []result.FECost) []byte {
	return export.GoBench(result.Run{Host: result.Host{Host: proc.Describe()}}, result.Summary{FE: costs})
}
