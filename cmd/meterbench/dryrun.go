package main

import (
	"fmt"
	"io"
	"strings"

	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/topology"
)

// printPlan prints what a run of a scenario would do: networks, load levels, and what is done to them on purpose, and
// what is expected of the figures. shares says how the load is split, or nothing.
func printPlan(out io.Writer, s scenario.Scenario, shares string) error {
	var w strings.Builder
	fmt.Fprintf(&w, "%s: %s, seed %d\n%s", s.Name, expected(s, study.SignTime()), s.Seed, shares)
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
		if err := printEvents(&w, s, one); err != nil {
			return err
		}
	}
	for _, expectation := range s.Expect {
		fmt.Fprintf(&w, "expect %s\n", expectation)
	}
	_, err := io.WriteString(out, w.String())
	return err
}

// printEvents prints what is done to a network on purpose, and after what too few orderers are left.
func printEvents(w io.Writer, s scenario.Scenario, one study.Planned) error {
	if len(one.Events) == 0 {
		return nil
	}
	var orderers topology.Orderers
	var left []int
	if s.Target == nil {
		t, err := s.LoadNetwork(one.Network)
		if err != nil {
			return err
		}
		orderers, left = t.Orderers, scenario.OrderersLeft(t, one.Events)
	}
	for i, e := range one.Events {
		fmt.Fprintf(w, "    %v %v", e.At, e)
		if quorum := orderers.Quorum(); left != nil && left[i] < quorum {
			fmt.Fprintf(w, " (orderers left: %d of %d, %s takes %d)", left[i], orderers.Count, orderers.Consensus, quorum)
		}
		fmt.Fprintln(w)
	}
	return nil
}
