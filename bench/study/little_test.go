package study

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/race"
)

// Little's law holds at every point that it judges, whatever the queues, failures and waits: it makes no point invalid
// that is right (conduct looks for that).
func TestLittlesLawHolds(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	if race.Enabled {
		t.Skip("other tests show the race detector as much as so many levels")
	}
	stage := func(servers int, kind reference.Kind, mean time.Duration) *reference.Stage {
		return &reference.Stage{Servers: servers, Service: reference.Distribution{Kind: kind, Mean: mean}}
	}
	many := reference.Config{
		Endorse: stage(2, reference.Exponential, 5*time.Millisecond), Batch: &reference.Batch{Timeout: 200 * time.Millisecond, Messages: 10},
		Commit: &reference.Commit{Stage: *stage(1, reference.Exponential, 2*time.Millisecond)},
	}
	large := many
	large.Batch = &reference.Batch{Timeout: 2 * time.Second, Messages: 500}
	failing := many
	failing.GiveUp = 2 * time.Second
	failing.Failures = []reference.Failure{
		{Outcome: result.MVCCConflict, Share: 0.05}, {Outcome: result.EndorseRefused, Share: 0.1}, {Outcome: result.Unknown, Share: 0.02},
	}
	with := func(one scenario.Series, change func(l *scenario.Load)) scenario.Series {
		change(&one.Load)
		return one
	}
	hold := 61 * time.Second
	if testing.Short() {
		hold = 21 * time.Second
	}
	for _, tt := range []struct {
		name   string
		config reference.Config
		series scenario.Series
		judged int // at least so many levels
	}{
		{"many blocks", many, closed("a", hold, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512), 8},
		{"large blocks", large, closed("a", hold, 1, 4, 16, 64, 128, 256, 512, 1024), 0},
		{"short windows", many, closed("a", 4*time.Second, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512), 2},
		{"failures", failing, closed("a", hold, 4, 16, 64, 256), 3},
		{"think time", many, with(closed("a", hold, 4, 64, 256), func(l *scenario.Load) { l.Think = 700 * time.Millisecond }), 2},
		{"acknowledgement", many, with(closed("a", hold, 1, 4, 8), func(l *scenario.Load) { l.Wait = result.WaitAcknowledge }), 1},
		{"endorsement", many, with(closed("a", hold, 4, 32), func(l *scenario.Load) { l.Wait = result.WaitEndorse }), 2},
		{"arrivals", failing, with(open("a", hold, 50, 150, 300), func(l *scenario.Load) { l.Arrivals.Kind, l.Slots = scenario.Poisson, 5000 }), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if testing.Short() { // every other level
				tt.series.Load.Clients, tt.series.Load.Rate = everyOther(tt.series.Load.Clients), everyOther(tt.series.Load.Rate)
				tt.judged /= 2
			}
			at := queues(t, tt.config)
			at.block = tt.config.Batch.Timeout // as the site says
			o := conduct(t, series(tt.series), at, nil)
			if o.err != nil {
				t.Fatal(o.err)
			}
			judged := 0
			for _, p := range o.summary.Points {
				if p.Little == nil {
					t.Errorf("%s: no law", p.Load)
					continue
				}
				t.Logf("%s: %+v, %d blocks", p.Load, *p.Little, p.Blocks)
				if p.Little.Judged {
					judged++
				}
				if d := math.Abs(p.Little.Deviation); d > result.LittleLimit && (p.Little.Judged || p.Load.Kind == result.LoadOpen) {
					t.Errorf("%s: a deviation of %.3g", p.Load, d)
				}
			}
			if judged < tt.judged {
				t.Errorf("%d levels are judged, want %d", judged, tt.judged)
			}
		})
	}
}

// everyOther returns the first of the levels, the third, and so on.
func everyOther[T any](levels []T) (kept []T) {
	for pair := range slices.Chunk(levels, 2) {
		kept = append(kept, pair[0])
	}
	return kept
}

// A point in which clients idle though they have nothing to wait for, or whose latencies leave something out, is
// invalid where its window is long enough to tell.
func TestLittlesLawIsBroken(t *testing.T) {
	const from, cycle, clients = 2 * time.Second, 100 * time.Millisecond, 20
	for _, tt := range []struct {
		name  string
		to    time.Duration
		alter func(client int, r *result.Record) bool // false: there is no such transaction
		valid bool
	}{
		{"nothing wrong", 12 * time.Second, func(int, *result.Record) bool { return true }, true},
		{"two of 20 clients do nothing", 12 * time.Second, func(client int, _ *result.Record) bool { return client > 1 }, false},
		{"a tenth of the latency is not seen", 12 * time.Second, func(_ int, r *result.Record) bool { r.Intended += cycle / 10; return true }, false},
		{"too short to tell", 3 * time.Second, func(client int, _ *result.Record) bool { return client > 1 }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			law := little{from: from, to: tt.to}
			for client := range clients {
				for at := time.Duration(client) * cycle / clients; at < tt.to+cycle; at += cycle {
					r := result.Record{Intended: at, Started: at, Prepared: at, Endorsed: at, Submitted: at, Committed: at + cycle, Outcome: result.Valid}
					if tt.alter(client, &r) {
						law.add(&r)
					}
				}
			}
			l := level{series: closed("a", tt.to, clients), load: result.Load{Kind: result.LoadClosed, Clients: clients}}
			p := result.Point{Valid: true, Blocks: 100}
			law.check(&p, l, bench.Result{Held: tt.to})
			if p.Valid != tt.valid || p.Valid != (len(p.Reasons) == 0) || !p.Valid && !strings.Contains(fmt.Sprint(p.Reasons), "Little's law does not hold") {
				t.Errorf("valid: %v, %q, %+v", p.Valid, p.Reasons, *p.Little)
			}
		})
	}
}
