package proc

import "time"

// Throttle counts what the kernel did to a process to hold it to a CPU quota.
// The kernel counts only periods in which the process wanted to run.
type Throttle struct {
	Periods   uint64  `json:"periods"`   // of the quota
	Throttled uint64  `json:"throttled"` // of those, in which the quota was used up
	Time      float64 `json:"time_s"`    // that its threads were held back, summed over processors
}

// Throttled returns what happened between the first and the last snapshot taken
// from one instant to another, both included, by the nodes that both of them
// tell of. It is nil where there are fewer than two snapshots, or none tells of
// a quota.
func (s Series) Throttled(from, to time.Time) map[string]Throttle {
	within := s.within(from, to)
	if len(within) < 2 {
		return nil
	}
	var between map[string]Throttle
	first, last := within[0].Throttle, within[len(within)-1].Throttle
	for name, end := range last {
		begin, ok := first[name]
		if !ok {
			continue
		}
		if between == nil {
			between = make(map[string]Throttle)
		}
		between[name] = Throttle{end.Periods - begin.Periods, end.Throttled - begin.Throttled, end.Time - begin.Time}
	}
	return between
}
