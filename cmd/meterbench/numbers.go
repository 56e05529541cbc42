package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"meterbench/bench/topology"
)

// flagError says which numbers a flag takes where one was not given, in place of what the strconv package says.
func flagError(_ *cobra.Command, err error) error {
	number, ok := errors.AsType[*strconv.NumError](err)
	if !ok {
		return err
	}
	want, ok := map[string]string{
		"Atoi": "a whole number", "ParseInt": "a whole number", "ParseUint": "a whole number from 0", "ParseFloat": "a number", "ParseBool": "true or false",
	}[number.Func]
	if !ok {
		return err
	}
	if errors.Is(number, strconv.ErrRange) {
		want += " of at most 64 bits"
	}
	return fmt.Errorf("%swant %s", strings.TrimSuffix(err.Error(), number.Error()), want)
}

// distanceFlag adds a flag of the factor on all round trips.
func distanceFlag(cmd *cobra.Command, factor *float64) {
	const usage = "multiply the round trips between the topology's sites with this `factor`; 0: nothing lies between them"
	cmd.Flags().Func("distance", usage, func(text string) (err error) {
		*factor, err = strconv.ParseFloat(text, 64)
		if err != nil || topology.CheckDistance("", *factor) != nil {
			return fmt.Errorf("want a number from 0 to %g", topology.MaxDistance)
		}
		return nil
	})
}
