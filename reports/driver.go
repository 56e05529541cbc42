package reports

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
)

// onNetwork reports whether the series was measured on a Fabric network.
func onNetwork(s series) bool { return s.conditions.Fabric != "" }

// driverNotes say by what clients see their commits, and what that hides.
func driverNotes(all []series) []string {
	if !slices.ContainsFunc(all, func(s series) bool { return onNetwork(s) && !s.answers() }) {
		return nil
	}
	return notes("series with a block stream")
}

// uncounted reports whether more clients wait for their commit at a point than a peer's gateway takes calls at a time:
// with commit-status calls it would have to refuse some.
func uncounted(r pointRow) bool {
	limit := r.Conditions.Limits.Gateway
	waits := r.Conditions.Wait == result.WaitCommit || r.Conditions.Wait == ""
	return onNetwork(r.of) && waits && limit > 0 && r.Load.Kind == result.LoadClosed && r.Load.Clients > limit
}

// driverWarnings name the points whose figures an ordinary client would not have.
func driverWarnings(all []series) (ws []Warning) {
	rows := rowsWhere(all, uncounted)
	for _, group := range GroupBy(rows, func(r pointRow) int { return r.Conditions.Limits.Gateway }) {
		where := distinct(each(group, func(r pointRow) string { return fmt.Sprintf("%s at %s", r.of.name, r.Load) }))
		ws = append(ws, Warning{places(where), fmt.Sprintf("the gateway limit of %d does not count clients that wait for their commit here, because they "+
			"see it on a block stream: with a commit-status call each, as ordinary clients make, a peer would refuse some", group[0].Conditions.Limits.Gateway)})
	}
	return ws
}
