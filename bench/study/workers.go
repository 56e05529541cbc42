package study

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/proc"
)

// A shareLog sees the transactions of a level by the worker that sent them. A nil one, where this process makes the load, sees nothing.
// One goroutine at a time may use it.
type shareLog struct {
	from, to time.Duration
	of       map[uint16]*workerLog
}

// A workerLog are the transactions of one worker that were intended within a window.
type workerLog struct {
	scheduled uint64
	lag       *hdrhistogram.Histogram // in nanoseconds
}

// newShareLog returns that of a level's window.
func (s *session) newShareLog(from, to time.Duration) *shareLog {
	if _, manned := as[Crew](s.site); !manned {
		return nil
	}
	return &shareLog{from, to, map[uint16]*workerLog{}}
}

func (l *shareLog) add(r *result.Record) {
	if l == nil || r.Intended < l.from || r.Intended >= l.to {
		return
	}
	w := l.worker(r.Worker)
	w.scheduled++
	if r.Started != result.NotReached {
		w.lag.RecordValue(min(max(0, r.Started-r.Intended), time.Hour).Nanoseconds()) // within range, so that there is no error
	}
}

func (l *shareLog) worker(rank uint16) *workerLog {
	w := l.of[rank]
	if w == nil {
		w = &workerLog{lag: hdrhistogram.New(1, time.Hour.Nanoseconds(), 3)}
		l.of[rank] = w
	}
	return w
}

const (
	// mostMisplaced is the part of a window by which that of a worker may lie beside it.
	mostMisplaced = 0.01
	// mostDrift is the part by which a worker's clock may be faster or slower than the coordinator's: oscillators are off by a tenth
	// of it at most, and the worker's latencies by as much.
	mostDrift = 0.001
)

// judgeWorkers puts what workers did of a level into its point, which is invalid where one of them did not do its part.
func judgeWorkers(p *result.Point, workers []WorkerLevel, load int, e *exposure, log *shareLog) {
	window := e.to - e.from
	for _, w := range workers {
		m, seen := w.Results[load], log.worker(uint16(w.Rank))
		one := result.WorkerPoint{
			Rank: w.Rank, Host: w.Host, Scheduled: seen.scheduled, ScheduleLag: stats.Summarize(seen.lag, 1e-9), Valid: true,
			GC:     result.GC{Cycles: m.GC.Cycles, PauseTotal: m.GC.PauseTotal.Seconds(), PauseMax: m.GC.PauseMax.Seconds()},
			Gap:    e.gap(p, m, w.Gaps),
			Stalls: w.Stalls[load],
			Clock: result.ClockPoint{
				Half: w.Clock.Half.Seconds(), Drift: w.Clock.Drift.Seconds(), Wall: w.Clock.Wall.Seconds(), Misplaced: w.Clock.Misplaced().Seconds(),
			},
		}
		if cores, ok := w.Cores(e.from, e.to); ok {
			one.CPU = &cores
		}
		if lost := w.Lost; lost != nil {
			one.Lost = &result.LossPoint{Why: lost.Why, Until: lost.Until.Seconds(), Scheduled: lost.Scheduled, Received: lost.Received}
		}
		one.Reasons = workerFaults(p, w, one, seen, window)
		one.Valid = len(one.Reasons) == 0
		for _, reason := range one.Reasons {
			p.Valid = false
			p.Reasons = append(p.Reasons, fmt.Sprintf("worker %d on %s %s", w.Rank, w.Host, reason))
		}
		p.Workers = append(p.Workers, one)
	}
}

// workerFaults says why a worker did not do its part of a level, as the rest of sentences that begin with the worker.
//
// Its lag is judged by the quantile that there are enough transactions of all workers for: where that of all is too late, that of one
// of them is.
func workerFaults(p *result.Point, w WorkerLevel, one result.WorkerPoint, seen *workerLog, window time.Duration) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	limit := tolerated(p)
	if lost := one.Lost; lost != nil {
		fault("was lost %.3g s after the level's start (%s): %.3g %% of its transactions until then are not on record", lost.Until, lost.Why, 100*lost.Share())
	}
	name, _ := highest(p.ScheduleLag)
	percent, _ := strconv.ParseFloat(strings.TrimPrefix(name, "p"), 64) // 0 where there are too few for any
	crowded := slices.ContainsFunc(p.Notices, func(n result.Warning) bool { return n.Code == result.Crowded })
	if lag := float64(seen.lag.ValueAtQuantile(percent)) / 1e9; percent > 0 && lag > limit && !crowded {
		fault("was late: schedule lag %s %.1f ms, more than %.1f ms", name, lag*1e3, limit*1e3)
	}
	if one.GC.PauseMax > limit {
		fault("was stopped by garbage collection for %.1f ms, more than %.1f ms", one.GC.PauseMax*1e3, limit*1e3)
	}
	if one.Stalls > 0 {
		fault("waited %d times for the coordinator to take what it recorded", one.Stalls)
	}
	if one.Gap.TooLong() {
		fault("%s", halted(one.Gap))
	}
	if one.Clock.Misplaced > mostMisplaced*window.Seconds() {
		fault("may have had its window %.3g s beside that of the level, more than %.3g s: half a round trip of %.3g s, and a drift of %.3g s",
			one.Clock.Misplaced, mostMisplaced*window.Seconds(), one.Clock.Half, one.Clock.Drift)
	} else if drift := w.Clock.Drift; w.Clock.Drifted() && drift.Abs().Seconds() > mostDrift*window.Seconds() {
		fault("has a clock that is %.2g %% off the coordinator's, so that its latencies may be", 100*drift.Seconds()/window.Seconds())
	}
	return faults
}

// clientCores returns how many cores the workers used from one instant of the level to another, on this machine and on others, false
// where there are none or one did not tell.
func clientCores(workers []WorkerLevel, from, to time.Duration) (here, elsewhere float64, ok bool) {
	for _, w := range workers {
		cores, told := w.Cores(from, to)
		switch {
		case !told:
			return 0, 0, false
		case w.Here:
			here += cores
		default:
			elsewhere += cores
		}
	}
	return here, elsewhere, len(workers) > 0
}

// setClient sets the CPU of the client to that of workers by their own samples: those that came during the level are up to a second old,
// and end with it, so that there may be none at the end of a window.
func setClient(p *result.Point, here, elsewhere float64) {
	p.CPU[proc.Other] = max(0, p.CPU[proc.Other]+p.CPU[proc.Client]-here)
	delete(p.CPU, proc.Client)
	if here > 0 {
		p.CPU[proc.Client] = here
	}
	if elsewhere > 0 {
		if p.Elsewhere == nil {
			p.Elsewhere = map[string]float64{}
		}
		p.Elsewhere[proc.Client] = elsewhere
	}
}
