package study

import (
	"context"
	"fmt"
	"slices"

	"meterbench/bench/result"
)

// A Surveyor is a Site whose parts are at sites.
type Surveyor interface {
	// Distances measures what lies between the sites; none where they are not apart.
	Distances(ctx context.Context) ([]result.Distance, error)
}

// survey measures the distances of the network before any load and warns of those that are not as asked for.
func (s *session) survey(ctx context.Context) error {
	surveyor, ok := as[Surveyor](s.site)
	if !ok {
		return nil
	}
	distances, err := surveyor.Distances(ctx)
	if err != nil {
		return fmt.Errorf("measure distances: %w", cause(ctx, err))
	}
	if slices.ContainsFunc(distances, func(d result.Distance) bool { return d.Sent == 0 }) {
		s.add(result.Warning{Code: result.DistanceUnseen, Text: "the round trips between sites were not measured, as this process may not " +
			"enter the sites of the network, which another one holds: those asked for are stored, and clients reach all nodes without distance"})
	}
	for _, d := range distances {
		d.Network = s.networkName()
		s.summary.Distances = append(s.summary.Distances, d)
		if text := wrongDistance(d); text != "" {
			s.add(result.Warning{Code: result.DistanceOff, Text: text})
		}
	}
	return nil
}

// wrongDistance says how a distance that was measured differs from the one that was asked for; empty where it does not.
func wrongDistance(d result.Distance) string {
	between := d.Between[0] + " and " + d.Between[1]
	switch d.Fault() {
	case result.DistanceSilent:
		return fmt.Sprintf("no packet of %d came back between %s", d.Sent, between)
	case result.DistanceWrong:
		return fmt.Sprintf("the round trip between %s took %.4g ms (median), asked for were %.4g ms", between, d.P50*1e3, d.Asked*1e3)
	case result.DistanceLossy:
		return fmt.Sprintf("%d of %d packets between %s were lost, asked for was a loss of %.3g %% there and back", d.Lost, d.Sent, between, d.LossThereAndBack()*100)
	}
	return ""
}
