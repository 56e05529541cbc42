package sensors2021

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// The figures of the first claims.
const (
	slowest   = "slowest reading"
	succeeded = "succeeded"
)

// A place is an institute on one of the networks.
type place struct{ network, site string }

func (p place) String() string { return fmt.Sprintf("%s, %s", p.network, p.site) }

// places are all of the claim.
func places() (all []place) {
	for _, network := range networks() {
		for _, site := range institutes() {
			all = append(all, place{network, site})
		}
	}
	return all
}

// seen adds up what the clients of a place saw at low load.
type seen struct {
	good, all uint64
	slowest   float64 // seconds, of those that were committed
}

// low are the questions whose open load is low, so that the distances make the latency.
func low() []string {
	return []string{siteQuestion, leaderQuestion, policyQuestion, consensusQuestion, batchQuestion, keysQuestion}
}

// atPlaces adds up the points of the questions at the institutes' distances.
func atPlaces(points []result.Point) map[place]seen {
	all := map[place]seen{}
	for _, p := range points {
		if p.Load.Kind != result.LoadOpen {
			continue
		}
		for _, s := range p.Sites {
			at := place{p.Conditions.Topology, s.Site}
			of := all[at]
			of.all += s.Scheduled
			of.good += s.Succeeded()
			of.slowest = max(of.slowest, s.Latency.Max)
			all[at] = of
		}
	}
	return all
}

// inTimeAtAll asks whether every institute's readings are committed in a small part of the metering interval, on every
// network.
func inTimeAtAll(e *claims.Evidence) claims.Finding {
	points := slices.DeleteFunc(undisturbed(e, siteQuestion, consensusQuestion), func(p result.Point) bool { return p.Load.Kind != result.LoadOpen })
	if len(points) == 0 {
		return e.Missing(consensusQuestion, "readings at the institutes' distances")
	}
	at := atPlaces(points)
	var rows []result.ClaimRow
	for _, p := range places() {
		row := claims.AtMost(interval*inTime).Row(p.String(), slowest, result.UnitSeconds, claims.Known(at[p].slowest, int(at[p].good)))
		if at[p].good == 0 {
			row = nothing(row, at[p].all)
		}
		rows = append(rows, row)
	}
	return claims.Find(rows, claims.BySetting)
}

// nothing makes a row of a place of which nothing was committed: undecided where nothing was sent.
func nothing(row result.ClaimRow, sent uint64) result.ClaimRow {
	row.Value, row.Low, row.High, row.N = nil, nil, nil, 0
	row.Standing, row.Note = result.Unsettled, "not measured"
	if sent > 0 {
		row.Standing, row.Note = result.Above, fmt.Sprintf("none of %d was committed", sent)
	}
	return row
}

// succeeds asks whether what the institutes send is committed, wherever who leads and whoever endorses: by institute on all
// networks, and by network.
func succeeds(e *claims.Evidence) claims.Finding {
	at := atPlaces(undisturbed(e, low()...))
	if len(at) == 0 {
		return e.Missing(siteQuestion, "transactions at the institutes' distances")
	}
	var rows []result.ClaimRow
	add := func(setting string, is func(place) bool) {
		var good, all uint64
		for p, of := range at {
			if is(p) {
				good, all = good+of.good, all+of.all
			}
		}
		if all == 0 {
			rows = append(rows, nothing(claims.AtLeast(works).Row(setting, succeeded, result.UnitShare, claims.Estimate{}), 0))
			return
		}
		rows = append(rows, claims.AtLeast(works).Row(setting, succeeded, result.UnitShare, claims.Share(good, all)))
	}
	for _, site := range institutes() {
		add("clients at "+site, func(p place) bool { return p.site == site })
	}
	for _, network := range networks() {
		add(network, func(p place) bool { return p.network == network })
	}
	return claims.Find(rows, claims.BySetting)
}
