package main

import (
	"fmt"
	"io"
	"strings"

	"meterbench/bench/scenario"
	"meterbench/bench/study"
)

// printPlan prints what a run of a scenario would do: networks, load levels, and what is done to them on purpose.
func printPlan(out io.Writer, s scenario.Scenario) error {
	var w strings.Builder
	fmt.Fprintf(&w, "%s: %s, seed %d\n", s.Name, expected(s, study.SignTime()), s.Seed)
	for _, one := range study.PlannedSessions(s) {
		fmt.Fprintf(&w, "network %d of %d: %s\n", one.Number, one.Of, one.Network)
		for _, l := range one.Levels {
			fmt.Fprintf(&w, "  %s for %v", l, l.Hold)
			if s.Repeat > 1 {
				fmt.Fprintf(&w, ", repetition %d", l.Repetition)
			}
			fmt.Fprintf(&w, "\n")
		}
		for _, series := range one.Searched {
			fmt.Fprintf(&w, "  %s, whose load is searched for\n", series)
		}
		for _, e := range one.Events {
			fmt.Fprintf(&w, "    %v %v\n", e.At, e)
		}
	}
	_, err := io.WriteString(out, w.String())
	return err
}
