package result

import (
	"slices"

	"meterbench/bench/stats"
)

// A WorkerPoint is what one of several workers did of a level whose load they made together. Times are in seconds.
type WorkerPoint struct {
	Rank int    `json:"rank"`
	Host string `json:"host"` // its name
	// Scheduled are its transactions intended within the window that are on record.
	Scheduled   uint64          `json:"scheduled"`
	CPU         *float64        `json:"cpu_cores,omitempty"` // mean over the window; nil where it did not tell
	ScheduleLag stats.Quantiles `json:"schedule_lag_s"`      // of its transactions intended within the window
	GC          GC              `json:"gc"`
	Gap         ClientGap       `json:"client_gap_s"`
	Stalls      uint64          `json:"stalls,omitempty"` // how often recording waited for the connection to the coordinator
	Clock       ClockPoint      `json:"clock_s"`
	Lost        *LossPoint      `json:"lost,omitempty"` // nil: it was there until the end
	Valid       bool            `json:"valid"`          // it did its part; false: see Reasons
	Reasons     []string        `json:"reasons,omitempty"`
}

// A ClockPoint is what is known of a worker's clock, in seconds. No latency crosses machines: it only places the worker's window.
type ClockPoint struct {
	// Half is half of the shortest of the round trips before the level: by so much the worker began it too early or too late, at most.
	Half float64 `json:"half_round_trip"`
	// Drift is by how much its monotonic clock was faster than the coordinator's over the level; negative: slower.
	Drift float64 `json:"drift"`
	// Wall is by how much its wall clock was ahead of the coordinator's before the level. No figure depends on it.
	Wall float64 `json:"wall_ahead"`
	// Misplaced is by how much its window may lie beside that of the level, at most.
	Misplaced float64 `json:"misplaced"`
}

// LostWorker reports whether one of those that made the load of the point was lost.
func (p *Point) LostWorker() bool {
	return slices.ContainsFunc(p.Workers, func(w WorkerPoint) bool { return w.Lost != nil })
}

// LostWorker reports whether the run lost a worker that left something: a point, or transactions that it had not told of.
func (s *Summary) LostWorker() bool {
	return s.Audit != nil && s.Audit.Untold != nil || slices.ContainsFunc(s.Points, func(p Point) bool { return p.LostWorker() })
}

// A LossPoint is how a level lost a worker.
type LossPoint struct {
	Why       string  `json:"why"`       // a sentence without its full stop
	Until     float64 `json:"until_s"`   // the last instant of the level of which the worker had told
	Scheduled uint64  `json:"scheduled"` // its transactions until then
	Received  uint64  `json:"received"`  // of these, those on record
}

// Share returns the part of the worker's transactions that are not on record, from 0 to 1.
func (l LossPoint) Share() float64 {
	if l.Scheduled == 0 {
		return 0
	}
	return 1 - float64(min(l.Received, l.Scheduled))/float64(l.Scheduled)
}
