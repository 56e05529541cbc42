package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"meterbench/bench/scenario"
	"meterbench/reports"
	"meterbench/reports/render"
)

func feCommand() *cobra.Command {
	spec := scenario.FE{}
	var seed uint64
	cmd := &cobra.Command{
		Use:   "fe",
		Short: "Measure the cost of functional encryption by scheme, key size and vector length; no network",
		Long: `Time key generation, key derivation, encryption and decryption of every combination
of scheme, key size and vector length, one at a time, and print medians with their
95 % intervals and the ciphertexts' sizes.`,
		Example: `  meterbench fe
  meterbench fe --schemes ddh --bits 2048,3072 --lengths 24 --samples 20`,
		Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := spec.Validate(); err != nil {
				return usageError{fmt.Errorf("--%w", err)} // its path begins with the flag's name
			}
			watch := newProgress(cmd.ErrOrStderr())
			watch.Step(fmt.Sprintf("measure %d combinations, %d samples each", len(spec.Schemes)*len(spec.Bits)*len(spec.Lengths), spec.Samples))
			costs, err := measureFE(cmd.Context(), spec, seed, watch.Working)
			watch.close()
			if err != nil {
				return err
			}
			width, _ := terminal(cmd.OutOrStdout())
			return render.Text(cmd.OutOrStdout(), reports.FE(costs), width)
		},
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&spec.Schemes, "schemes", []string{"ddh", "damgard"}, "schemes")
	flags.IntSliceVar(&spec.Bits, "bits", []int{1024, 1536, 2048, 3072, 4096}, "key sizes, bits of the modulus")
	flags.IntSliceVar(&spec.Lengths, "lengths", []int{1, 24, 96}, "vector lengths")
	flags.Int64SliceVar(&spec.Bounds, "bounds", []int64{10_000}, "largest value in the vectors")
	flags.IntVar(&spec.Samples, "samples", 6, "timed repetitions of each combination, at least 6")
	flags.Uint64Var(&seed, "seed", 1, "seed of the values")
	return cmd
}
