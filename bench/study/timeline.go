package study

import (
	"math"
	"runtime/debug"
	"time"

	"meterbench/bench/result"
)

// timeline stores when blocks were cut and when garbage was collected, where the load is made, during a level that has just ended and began
// at epoch.
func (s *session) timeline(l level, epoch time.Time, w *result.Window, blocks []result.Block, collections []time.Duration) {
	t := result.LevelTimeline{
		Series: l.series.Name, Repetition: l.repetition, Load: l.load, From: w.From.Seconds(), To: w.To.Seconds(),
		Marks: map[result.MarkKind][]float64{},
	}
	wall := epoch.Round(0) // strips the monotonic reading, which nodes have not
	mark := func(kind result.MarkKind, after time.Duration) {
		if after >= 0 {
			t.Marks[kind] = append(t.Marks[kind], math.Round(1e3*after.Seconds())/1e3)
		}
	}
	for i := range blocks {
		if cut := blocks[i].Cut; !cut.IsZero() {
			mark(blocks[i].Reason.Mark(), cut.Sub(wall))
		}
	}
	for _, after := range collections {
		mark(result.MarkCollection, after)
	}
	s.writer.Timeline(t)
}

// Collections returns when garbage was collected in this process since an instant, as offsets from it. The runtime keeps the last 256.
func Collections(since time.Time) (all []time.Duration) {
	wall := since.Round(0) // strips the monotonic reading, which the collector has not
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	for _, end := range gc.PauseEnd {
		if after := end.Sub(wall); after >= 0 {
			all = append(all, after)
		}
	}
	return all
}
