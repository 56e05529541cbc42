package study

import (
	"math"
	"runtime/debug"
	"time"

	"meterbench/bench/result"
)

// timeline stores when blocks were cut and when garbage was collected during a level that has just ended and began at
// epoch. Of the collections the runtime keeps the last 256.
func (s *session) timeline(l level, epoch time.Time, w *result.Window, blocks []result.Block) {
	t := result.LevelTimeline{
		Series: l.series.Name, Repetition: l.repetition, Load: l.load, From: w.From.Seconds(), To: w.To.Seconds(),
		Marks: map[result.MarkKind][]float64{},
	}
	wall := epoch.Round(0) // strips the monotonic reading, which nodes and collector have not
	mark := func(kind result.MarkKind, at time.Time) {
		if after := at.Sub(wall).Seconds(); !at.IsZero() && after >= 0 {
			t.Marks[kind] = append(t.Marks[kind], math.Round(1e3*after)/1e3)
		}
	}
	for i := range blocks {
		mark(blocks[i].Reason.Mark(), blocks[i].Cut)
	}
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	for _, end := range gc.PauseEnd {
		mark(result.MarkCollection, end)
	}
	s.writer.Timeline(t)
}
