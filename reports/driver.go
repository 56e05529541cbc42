package reports

import (
	"cmp"
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/internal/group"
)

// driver returns the driver by which the series was measured, empty where there was no network for one.
func driver(c result.Conditions) result.Driver {
	if c.Fabric == "" {
		return ""
	}
	return cmp.Or(c.Driver, result.DriverWire)
}

// driverNotes say how clients learned of their commits, and what that hides.
func driverNotes(all []series) (said []string) {
	hides := map[result.Driver][]string{
		result.DriverWire:    notes("series with the wire driver"),
		result.DriverGateway: notes("series with the gateway driver"),
		result.DriverDirect:  notes("series with the direct driver"),
	}
	for _, of := range result.Drivers() {
		if slices.ContainsFunc(all, func(s series) bool { return driver(s.conditions) == of && !s.answers() }) {
			said = append(said, hides[of]...)
		}
	}
	return said
}

// uncounted reports whether more clients wait for their commit at a point than a peer's gateway takes calls at a time, and
// do so on a block stream: with commit-status calls it would have to refuse some.
func uncounted(r pointRow) bool {
	limit := r.Conditions.Limits.Gateway
	waits := r.Conditions.Wait == result.WaitCommit || r.Conditions.Wait == ""
	return driver(r.Conditions) == result.DriverWire && waits && limit > 0 && r.Load.Kind == result.LoadClosed && r.Load.Clients > limit
}

// driverWarnings name the points whose figures an ordinary client would not have.
func driverWarnings(all []series) (ws []Warning) {
	rows := rowsWhere(all, uncounted)
	for _, group := range group.By(rows, func(r pointRow) int { return r.Conditions.Limits.Gateway }) {
		where := distinct(each(group, func(r pointRow) string { return fmt.Sprintf("%s at %s", r.of.name, r.Load) }))
		ws = append(ws, Warning{places(where), fmt.Sprintf("the gateway limit of %d does not count clients that wait for their commit here, because they "+
			"see it on a block stream: with a commit-status call each, as ordinary clients make (client: %s), a peer would refuse some",
			group[0].Conditions.Limits.Gateway, result.DriverGateway)})
	}
	return ws
}
