package study

import (
	"meterbench/bench/result"
	"meterbench/bench/saturation"
)

// scale fits the scalability law to the points of a closed load, and where it does not apply, says
// why. Points that are not valid, or at which many transactions failed, say nothing about work
// done.
func scale(found *result.Saturation, points []result.Point) {
	var of []saturation.Scaling
	for i := range points {
		p := &points[i]
		if p.Valid && p.Throughput > 0 && float64(p.Outcomes[result.Valid.String()]) >= workedShare*float64(p.Scheduled) {
			of = append(of, saturation.Scaling{Clients: float64(p.Load.Clients), Throughput: p.Throughput, TimerLimited: timerLimited(p)})
		}
	}
	fitted, err := saturation.FitUSL(of)
	if err != nil {
		found.USLReason = err.Error()
		return
	}
	found.USL = &fitted
}

// workedShare is the least share of valid transactions of a point that counts.
const workedShare = 0.99

// timerLimited reports whether clients waited for the batch timer, mostly.
func timerLimited(p *result.Point) bool {
	return p.Limit.Kind == result.LimitBatchTimer || p.BlockCut != nil && 2*p.BlockCut.Timer > p.BlockCut.Total()
}
