package network

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/internal/proc"
)

// A node hangs that the kernel says is stopped, or that is silent and idle for long enough; one that is silent because it has
// much to do does not, nor does any of a machine that was suspended as a whole.
func TestHang(t *testing.T) {
	// A stretch of time, of ticks of healthPeriod unless the machine sleeps through it.
	type stretch struct {
		length  time.Duration
		answers bool    // every probePeriod
		cores   float64 // that the node uses
		stopped bool
		asleep  bool // this process too
	}
	healthy := stretch{length: 10 * time.Second, answers: true, cores: 0.3}
	type change struct {
		Notice  result.Notice
		Hung    time.Duration // since, from the start of the stretch
		Working bool
	}
	tests := []struct {
		name      string
		deaf      bool // it cannot be asked
		stretches []stretch
		want      []change
		within    time.Duration // of the last stretch but one, until the first change is seen
	}{
		{"healthy", false, []stretch{healthy, healthy}, nil, 0},
		{"silent and idle", false, []stretch{healthy, {length: 8 * time.Second}}, []change{{result.NoticeHealth, 0, false}}, 6 * time.Second},
		{"silent, idle, answers again", false, []stretch{healthy, {length: 8 * time.Second}, healthy},
			[]change{{result.NoticeHealth, 0, false}, {result.NoticeHealth, 0, true}}, 6 * time.Second},
		{"silent for a moment", false, []stretch{healthy, {length: 4 * time.Second}, healthy}, nil, 0},
		{"silent and busy", false, []stretch{healthy, {length: time.Minute, cores: 0.05}, healthy}, nil, 0},
		{"stopped", false, []stretch{healthy, {length: 3 * time.Second, stopped: true}, healthy},
			[]change{{result.NoticeState, 0, false}, {result.NoticeState, 0, true}}, 2 * time.Second},
		{"stopped, cannot be asked", true, []stretch{healthy, {length: 3 * time.Second, stopped: true}, healthy},
			[]change{{result.NoticeState, 0, false}, {result.NoticeState, 0, true}}, 2 * time.Second},
		{"stopped for a moment, again and again", true, []stretch{healthy, {length: 500 * time.Millisecond, stopped: true}, {length: time.Second},
			{length: 500 * time.Millisecond, stopped: true}, healthy}, nil, 0},
		{"idle, cannot be asked", true, []stretch{healthy, {length: time.Minute}}, nil, 0},
		{"the machine sleeps", false, []stretch{healthy, {length: time.Hour, asleep: true}, healthy}, nil, 0},
		{"the machine sleeps, all are stopped", false, []stretch{healthy, {length: time.Hour, asleep: true, stopped: true}, healthy}, nil, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			w := watch{answer: now}
			if !tt.deaf {
				w.Ask = func(context.Context) error { return nil }
			}
			var got []change
			var usage proc.Usage
			begin := now
			for _, s := range tt.stretches {
				if !s.answers || s.stopped || s.asleep {
					begin = now
				}
				tick := healthPeriod
				if s.asleep {
					tick = s.length
				}
				for end := now.Add(s.length); now.Before(end); {
					now = now.Add(tick)
					usage.CPU += s.cores * tick.Seconds()
					usage.Stopped = s.stopped
					if s.answers && now.Sub(begin)%probePeriod == 0 {
						w.silent, w.answer = 0, now
					}
					if h, changed := w.look(now, min(tick, 2*healthPeriod), usage, true); changed {
						if len(got) == 0 && now.Sub(begin) > tt.within {
							t.Errorf("seen after %v", now.Sub(begin))
						}
						got = append(got, change{h.Notice, h.Since.Sub(begin).Truncate(probePeriod), !h.Until.IsZero()})
					}
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
