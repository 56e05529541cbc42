package lab

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/internal/process"
	"meterbench/network"
)

// A channel is reported once when no block comes though transactions wait for one, and once when one does; not while nothing
// waits, not because the machine slept, and again when it happens again.
func TestHeight(t *testing.T) {
	type change struct {
		At    time.Duration // on the clock below
		Moves bool
	}
	second := time.Second
	h := height{after: 10 * second}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	begin := now
	var got []change
	look := func(tick time.Duration, blocks uint64, waiting bool) {
		now = now.Add(tick)
		if since, until, changed := h.look(now, min(tick, 2*second), blocks, waiting); changed {
			at, moves := since, !until.IsZero()
			if moves {
				at = until
			}
			got = append(got, change{at.Sub(begin), moves})
		}
	}
	for i := range 20 { // blocks come
		look(second, uint64(i), true)
	}
	for range 60 { // nothing waits
		look(second, 19, false)
	}
	for range 9 {
		look(second, 19, true)
	}
	look(time.Hour, 19, true) // all sleep; 11 s by our own clock
	look(second, 20, true)
	for range 30 {
		look(second, 20, true)
	}
	look(second, 21, true)
	for range 12 {
		look(second, 21, true)
	}
	look(second, 21, false) // those that waited have given up
	hour := time.Hour
	want := []change{{80 * second, false}, {hour + 90*second, true}, {hour + 90*second, false}, {hour + 121*second, true},
		{hour + 121*second, false}, {hour + 134*second, true}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// What is said of a process that ended is one line, whatever it logged.
func TestEndOf(t *testing.T) {
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	exit := &process.ExitError{Name: "orderer0", Status: "signal: killed", Code: -1, LogPath: "logs/orderer0.log", Tail: []string{"a", "b"}}
	orderer := result.Process{Role: result.RoleOrderer, Name: "orderer0"}
	want := result.Incident{Process: orderer, Kind: result.Ended, Noticed: result.NoticeExit, Since: at, Status: "signal: killed", Log: exit.LogPath, Tail: exit.Tail}
	if diff := cmp.Diff(want, endOf(&network.NodeEnd{Node: "orderer0", Role: result.RoleOrderer, At: at, Cause: exit}, result.Process{})); diff != "" {
		t.Error(diff)
	}
	device := result.Process{Role: result.RoleDevice, Name: "device"}
	in := endOf(exit, device)
	if want := "device ended: signal: killed; log: logs/orderer0.log"; in.Process != device || in.String() != want {
		t.Errorf("got %+v, want %s", in, want)
	}
	in = endOf(&network.NodeEnd{Node: "orderer0", Role: result.RoleOrderer, At: at, Cause: errors.New("orderer0 ended, of another\nand more")}, result.Process{})
	if want := "orderer0 ended: of another"; in.String() != want {
		t.Errorf("got %s, want %s", in, want)
	}
}
