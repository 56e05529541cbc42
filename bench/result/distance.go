package result

import "math"

// Distance is what lies between two sites, as asked for and as seen by packets of the emulation's own before the load. Times
// are in seconds.
type Distance struct {
	// Network is the network of the run that it was measured on, by the name of its session; empty where the run had one.
	Network string    `json:"network,omitempty"`
	Between [2]string `json:"between"`
	Asked   float64   `json:"asked_s"` // round trip
	P50     float64   `json:"p50_s"`   // of the packets that came back
	P99     float64   `json:"p99_s"`
	Jitter  float64   `json:"jitter_s,omitempty"` // asked: standard deviation of the round trip
	Loss    float64   `json:"loss,omitempty"`     // asked: share of the packets of either direction
	Sent    int       `json:"sent"`               // packets; 0: it was not measured
	Lost    int       `json:"lost"`
}

// How far the median of round trips may be from the one asked for: the larger of the two. With jitter more.
const (
	MostDistanceOff      = 0.001 // seconds
	MostDistanceOffShare = 0.02
)

// unlikely is the probability below which so many lost packets are more than were asked for.
const unlikely = 1e-4

// A DistanceFault is in what a distance differs from the one that was asked for.
type DistanceFault string

// The faults; empty is none.
const (
	DistanceSilent DistanceFault = "silent" // nothing came back
	DistanceWrong  DistanceFault = "wrong"  // another round trip
	DistanceLossy  DistanceFault = "lossy"  // more packets were lost
)

// Fault returns in what a distance differs from the one that was asked for.
func (d Distance) Fault() DistanceFault {
	switch {
	case d.Sent == 0:
		return ""
	case d.Lost >= d.Sent:
		return DistanceSilent
	}
	// The standard error of a median is 1.25 of that of a mean; four of these.
	off := max(MostDistanceOff, MostDistanceOffShare*d.Asked) + 4*1.25*d.Jitter/math.Sqrt(float64(d.Sent-d.Lost))
	switch {
	case math.Abs(d.P50-d.Asked) > off:
		return DistanceWrong
	case atLeast(d.Lost, d.Sent, d.LossThereAndBack()) < unlikely:
		return DistanceLossy
	}
	return ""
}

// LossThereAndBack returns the share of echoes that were asked to be lost.
func (d Distance) LossThereAndBack() float64 { return 1 - (1-d.Loss)*(1-d.Loss) }

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
