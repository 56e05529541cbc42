package study

import (
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
)

// A halt of the load generator makes a point invalid where it is longer than the lag that is tolerated and a hundredth of
// the window, under every load, and where it can have changed what was measured. That it waits for a processor does not.
func TestHalts(t *testing.T) {
	const ms = time.Millisecond
	endorse, acknowledge := open("a", 4*time.Second, 50), closed("a", 4*time.Second, 4)
	endorse.Load.Wait, acknowledge.Load.Wait = result.WaitEndorse, result.WaitAcknowledge
	early, late := open("a/early", 4*time.Second, 20), open("a/late", 4*time.Second, 30)
	early.Group, late.Group, late.Start = "a", "a", 2*time.Second
	stop := func(at, length time.Duration) []halt { return []halt{{at: at, length: length, halted: length}} }
	const within = "the load generator did not run for 2 s, more than 0.035 s: stopped, or frozen with its control group"
	tests := []struct {
		name   string
		series []scenario.Series // of 4 s, 1 s of them warm-up
		halted []halt
		want   []string // why the points are not valid, empty where they are
		gap    result.ClientGap
	}{
		{"none", []scenario.Series{closed("a", 4*time.Second, 4)}, nil, []string{""}, result.ClientGap{}},
		{"half of a closed level", []scenario.Series{closed("a", 4*time.Second, 1)}, stop(1500*ms, 2*time.Second), []string{within},
			result.ClientGap{Longest: 2, Halted: 2}},
		{"half of an open level", []scenario.Series{open("a", 4*time.Second, 50)}, stop(1500*ms, 2*time.Second), []string{within},
			result.ClientGap{Longest: 2, Halted: 2}},
		{"half of an endorse-only level", []scenario.Series{endorse}, stop(1500*ms, 2*time.Second), []string{within}, result.ClientGap{Longest: 2, Halted: 2}},
		{"half of a level of acknowledgements", []scenario.Series{acknowledge}, stop(1500*ms, 2*time.Second), []string{within},
			result.ClientGap{Longest: 2, Halted: 2}},
		{"waited for a processor", []scenario.Series{closed("a", 4*time.Second, 1)}, []halt{{at: 1500 * ms, length: 2 * time.Second}}, []string{""},
			result.ClientGap{Longest: 2}},
		{"as long as is tolerated", []scenario.Series{open("a", 4*time.Second, 50)}, stop(2*time.Second, 34*ms), []string{""},
			result.ClientGap{Longest: 0.034, Halted: 0.034}},
		{"a little longer", []scenario.Series{open("a", 4*time.Second, 50)}, stop(2*time.Second, 36*ms),
			[]string{"the load generator did not run for 0.036 s, more than 0.035 s: stopped, or frozen with its control group"},
			result.ClientGap{Longest: 0.036, Halted: 0.036}},
		{"suspended", []scenario.Series{open("a", 4*time.Second, 50)}, []halt{{2 * time.Second, time.Hour, time.Hour, true}},
			[]string{"the load generator did not run for 3.6e+03 s, more than 0.035 s: the machine was suspended"},
			result.ClientGap{Longest: 3600, Halted: 3600, Suspended: 3600}},
		{"worked off before the window", []scenario.Series{open("a", 4*time.Second, 50)}, stop(100*ms, 400*ms), []string{""}, result.ClientGap{}},
		{"not worked off before the window", []scenario.Series{open("a", 4*time.Second, 50)}, stop(300*ms, 500*ms),
			[]string{"the load generator did not run for 0.5 s, more than 0.035 s: stopped, or frozen with its control group"},
			result.ClientGap{Longest: 0.5, Halted: 0.5}},
		{"while the last ones end", []scenario.Series{open("a", 4*time.Second, 50)}, stop(4002*ms, time.Second),
			[]string{"the load generator did not run for 1 s, more than 0.035 s: stopped, or frozen with its control group"},
			result.ClientGap{Longest: 1, Halted: 1}},
		{"after the last ones", []scenario.Series{open("a", 4*time.Second, 50)}, stop(4500*ms, time.Second), []string{""}, result.ClientGap{}},
		{"in one phase of two", []scenario.Series{early, late}, stop(5*time.Second, 500*ms),
			[]string{"", "the load generator did not run for 0.5 s, more than 0.035 s: stopped, or frozen with its control group"}, result.ClientGap{}},
		{"in a long window", []scenario.Series{open("a", 10*time.Minute, 20)}, stop(time.Minute, 1100*ms),
			[]string{"the load generator did not run for 1.1 s, more than 1 s: stopped, or frozen with its control group"},
			result.ClientGap{Longest: 1.1, Halted: 1.1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			at := newSite()
			at.mixed, at.halted = true, tt.halted
			o := conduct(t, series(tt.series...), at, nil)
			var got []string
			for _, p := range o.summary.Points {
				reason := ""
				for _, r := range p.Reasons {
					reason = r
				}
				if p.Valid != (reason == "") || p.Valid == p.ClientGap.TooLong() {
					t.Errorf("valid %t, reasons %q, gap %+v", p.Valid, p.Reasons, p.ClientGap)
				}
				got = append(got, reason)
			}
			equal(t, "reasons", tt.want, got)
			gap := *o.summary.Points[0].ClientGap
			gap.Tolerated = 0
			equal(t, "gap", tt.gap, gap)
		})
	}
}
