package proc

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Processes outside of the run are found by what they used, neither the run's own nor those that came and went, and with
// whatever names they have.
func TestStrangers(t *testing.T) {
	self, at := os.Getpid(), time.Now()
	from := Everyone{at, map[int]stranger{
		self: {"meterbench", 1, 1, "5"}, 7: {"peer", self, 0, "6"}, 8: {"chaincode", 7, 0, "7"},
		10: {"busy", 1, 5, "1"}, 11: {"busier\x1b]", 1, 5, "1"}, 12: {"idle", 1, 5, "1"}, 13: {"before", 1, 5, "1"}, 14: {"round", 15, 0, "1"}, 15: {"round", 14, 0, "1"},
	}}
	to := Everyone{at.Add(10 * time.Second), map[int]stranger{
		self: {"meterbench", 1, 9, "5"}, 7: {"peer", self, 9, "6"}, 8: {"chaincode", 7, 9, "7"},
		10: {"busy", 1, 10, "1"}, 11: {"busier\x1b]", 1, 14, "1"}, 12: {"idle", 1, 5.1, "1"}, 13: {"after", 1, 9, "2"}, 14: {"round", 15, 1, "1"}, 15: {"round", 14, 0, "1"},
		16: {"new", 1, 9, "9"},
	}}
	want := []Stranger{{11, "busier\x1b]", 0.9}, {10, "busy", 0.5}, {14, "round", 0.1}}
	if diff := cmp.Diff(want, from.Strangers(to)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := (Everyone{}).Strangers(Everyone{}); got != nil {
		t.Errorf("of nothing: %v", got)
	}
}

// The host's processes are read, this one among them.
func TestOthersOfThisHost(t *testing.T) {
	var s Sampler
	e := s.Others()
	if _, there := e.all[os.Getpid()]; !there || !e.ours(os.Getpid()) || e.ours(os.Getppid()) {
		t.Errorf("%d processes without this one, or its parent among its own", len(e.all))
	}
	for _, stat := range []string{"", "1 (a", "1 (a) R", "1 (a b) c) S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 77 0"} {
		got, ok := parseStranger([]byte(stat))
		if want := len(stat) > 20; ok != want || ok && (got.name != "a b) c" || got.started != "77" || got.cpu != 0.02) {
			t.Errorf("%q: %+v, %v", stat, got, ok)
		}
	}
}
