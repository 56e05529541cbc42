package rank

import (
	"meterbench/bench/metric"
	"meterbench/bench/stats"
)

// Prices are in one currency, whichever it is.
type Prices struct {
	CoreHour float64 // of a core for an hour
	Kept     float64 // of a gigabyte (10^9 bytes) on a node's disk, for as long as it is to be kept
	Sent     float64 // of a gigabyte sent from node to node
	Currency string
}

// Million is the number of transactions that a cost is of.
const Million = 1e6

// price fills in what a million transactions cost at Share of the capacity:
//
//	10^6 (t / 3600 s CoreHour + k / 10^9 Kept + w / 10^9 Sent)
//
// where t is the CPU time of all nodes per transaction in seconds, k the bytes by which the disks of all nodes grow and w those
// that nodes send each other. What has no price needs no measurement. The interval, where all parts have one, is between the
// sums of the lower and of the upper bounds, and so is too wide rather than too narrow.
func (s *Setting) price(metrics []metric.Metric, p *Prices) {
	if p == nil {
		return
	}
	sum := Figure{Value: metric.Value{Interval: &stats.Interval{Method: "sum of the bounds of its parts"}}}
	for _, part := range []struct {
		name  string
		price float64 // per unit and transaction
	}{
		{metric.NodesCPU, p.CoreHour / 3600}, {metric.Stored, p.Kept / 1e9}, {metric.NodesWire, p.Sent / 1e9},
	} {
		if part.price == 0 {
			continue
		}
		f := missing(NotMeasured)
		for i, m := range metrics {
			if m.Name == part.name {
				f = s.Figures[i]
			}
		}
		if !f.Known() {
			s.Cost = f
			return
		}
		sum.Value.Value += Million * part.price * f.Value.Value
		if i := sum.Interval; f.Interval == nil {
			sum.Interval = nil
		} else if i != nil {
			i.Low, i.High, i.N = i.Low+Million*part.price*f.Interval.Low, i.High+Million*part.price*f.Interval.High, fewer(i.N, f.Interval.N)
		}
	}
	s.Cost = sum
}

// fewer is the smaller of two numbers of values, of which 0 says that there is none yet.
func fewer(a, b int) int {
	if a == 0 {
		return b
	}
	return min(a, b)
}
