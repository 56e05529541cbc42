package study

import (
	"context"
	"fmt"
	"math"

	"meterbench/bench/result"
)

// A Surveyor is a Site whose parts are at sites.
type Surveyor interface {
	// Distances measures what lies between the sites; none where they are not apart.
	Distances(ctx context.Context) ([]result.Distance, error)
}

// How far the median of round trips may be from the one asked for: the larger of the two.
const (
	distanceOff      = 0.001 // seconds
	distanceOffShare = 0.02
)

// unlikely is the probability below which so many lost packets are more than were asked for.
const unlikely = 1e-4

// survey measures the distances of the network before any load and warns of those that are not as asked for.
func (s *session) survey(ctx context.Context) error {
	surveyor, ok := s.site.(Surveyor)
	if !ok {
		return nil
	}
	distances, err := surveyor.Distances(ctx)
	if err != nil {
		return fmt.Errorf("measure distances: %w", cause(ctx, err))
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
	if d.Lost == d.Sent {
		return fmt.Sprintf("no packet of %d came back between %s", d.Sent, between)
	}
	// The standard error of a median is 1.25 of that of a mean; four of these.
	off := max(distanceOff, distanceOffShare*d.Asked) + 4*1.25*d.Jitter/math.Sqrt(float64(d.Sent-d.Lost))
	if got := math.Abs(d.P50 - d.Asked); got > off {
		return fmt.Sprintf("the round trip between %s took %.4g ms (median), asked for were %.4g ms", between, d.P50*1e3, d.Asked*1e3)
	}
	if lost := 1 - (1-d.Loss)*(1-d.Loss); atLeast(d.Lost, d.Sent, lost) < unlikely {
		return fmt.Sprintf("%d of %d packets between %s were lost, asked for was a loss of %.3g %% there and back", d.Lost, d.Sent, between, lost*100)
	}
	return ""
}

// atLeast returns the probability of k or more of n, each by itself with probability p.
func atLeast(k, n int, p float64) float64 {
	if k == 0 {
		return 1
	}
	sum, at := 0.0, math.Pow(1-p, float64(n)) // the probability of none
	for i := range k {
		sum += at
		at *= float64(n-i) / float64(i+1) * p / (1 - p)
	}
	return max(0, 1-sum)
}
