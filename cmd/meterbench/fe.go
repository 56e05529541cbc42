package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

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
	var (
		seed        uint64
		out, format string
	)
	cmd := &cobra.Command{
		Use:   "fe",
		Short: "Measure the cost of functional encryption by scheme, key size and vector length; no network",
		Long: `Time key generation, key derivation, encryption and decryption of every combination
of scheme, key size, vector length and bound, one at a time, and print medians with
their 95 % intervals and the sizes of ciphertexts and readings. A scheme with one size
is measured once, at that size; the others at those of the sizes that they come in.
Tables of discrete logarithms are kept in the user's cache. The Go benchmark format has
a line for each timing, so that benchstat compares machines and versions.`,
		Example: `  meterbench fe
  meterbench fe --schemes ddh,ecddh --bits 3072 --lengths 24 --samples 20
  meterbench fe --format bench
  meterbench fe --bits 1024,1536,2048,3072,4096 --lengths 1,24,96 --out costs`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			write, err := feWriter(format)
			if err != nil {
				return usageError{err}
			}
			if !cmd.Flags().Changed("bits") { // the default is for schemes that have these sizes
				spec.Bits = spec.SomeHas(spec.Bits)
			}
			if err := spec.Validate(); err != nil {
				return usageError{fmt.Errorf("--%w", err)} // its path begins with the flag's name
			}
			measured, err := lab.FESpec(spec, seed)
			if err != nil {
				return err
			}
			cells, err := measured.Cells()
			if err != nil {
				return usageError{err}
			}
			if out != "" {
				if err := os.MkdirAll(out, 0o755); err != nil {
					return elsewhere(err)
				}
			}
			watch := newProgress(cmd.ErrOrStderr())
			takes := study.Estimated(scenario.Scenario{FE: &spec}).FE
			watch.Step(fmt.Sprintf("measure %d combinations, %d samples each, about %s", cells, spec.Samples, clock(takes)))
			costs, err := lab.MeasureFE(cmd.Context(), spec, seed, watch.Working)
			watch.close()
			if len(costs) == 0 {
				return err
			}
			// Also what was measured until an interruption.
			if written := write(cmd.OutOrStdout(), costs); err == nil {
				err = written
			}
			if out != "" {
				if written := feFolder(out, costs); err == nil {
					err = written
				}
			}
			return err
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&spec.Schemes, "schemes", fe.Names(), "schemes")
	flags.IntSliceVar(&spec.Bits, "bits", []int{2048, 3072}, "key sizes in bits: of the modulus")
	flags.IntSliceVar(&spec.Lengths, "lengths", []int{1, 24}, "vector lengths")
	flags.Int64SliceVar(&spec.Bounds, "bounds", []int64{10_000}, "largest values in the vectors")
	flags.IntVar(&spec.Samples, "samples", workloads.MinFESamples, "timed repetitions of each combination, at least 6")
	flags.Uint64Var(&seed, "seed", 1, "seed of the values")
	flags.StringVar(&out, "out", "", "folder for tables as CSV, figures, report.html and bench.txt")
	flags.StringVar(&format, "format", "text", "what is printed: text, csv or bench (the Go benchmark format)")
	return cmd
}

// feWriter returns what prints encryption costs in a format.
func feWriter(format string) (func(io.Writer, []result.FECost) error, error) {
	formats := []struct {
		name  string
		write func(io.Writer, []result.FECost) error
	}{
		{"text", func(w io.Writer, costs []result.FECost) error {
			width, _ := terminal(w)
			return render.Text(w, reports.FE(costs), width)
		}},
		{"csv", func(w io.Writer, costs []result.FECost) error { return render.CSV(w, reports.FE(costs).Tables()[0]) }},
		{"bench", func(w io.Writer, costs []result.FECost) error {
			_, err := w.Write(feBench(costs))
			return err
		}},
	}
	var names []string
	for _, f := range formats {
		if f.name == format {
			return f.write, nil
		}
		names = append(names, f.name)
	}
	return nil, fmt.Errorf("--format: %q is none of %s", format, strings.Join(names, ", "))
}

// feBench returns encryption costs in the Go benchmark format.
func feBench(costs []result.FECost) []byte {
	return result.BenchText(result.Run{Host: result.Host{Host: proc.Describe()}}, result.Summary{FE: costs})
}

// feFolder writes encryption costs in every form.
func feFolder(dir string, costs []result.FECost) error {
	if err := render.Folder(dir, reports.FE(costs)); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "bench.txt"), feBench(costs), 0o644)
}
