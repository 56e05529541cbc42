package result

import (
	"fmt"
	"testing"
)

// A recovery is one from an event of its point.
func TestRecoveryIsOfAnEvent(t *testing.T) {
	for at, want := range map[int]string{
		0: "<nil>", 1: "point 1 (plain/clients=8/r1): a recovery is of event 1, and there are 1", -1: "point 1 (plain/clients=8/r1): a recovery is of event -1, and there are 1",
	} {
		p := Point{Series: "plain", Repetition: 1, Load: Load{Kind: LoadClosed, Clients: 8}, Events: []Event{{Kind: EventKill}}, Recoveries: []Recovery{{Event: at}}}
		s := Summary{Schema: Schema, Points: []Point{p}}
		if got := fmt.Sprint(s.fill()); got != want {
			t.Errorf("event %d: %s, want %s", at, got, want)
		}
	}
}

// What harms is among the kinds of events.
func TestEventKinds(t *testing.T) {
	harmful := 0
	for _, k := range EventKinds() {
		if k.Harms() {
			harmful++
		}
	}
	if harmful != 5 {
		t.Errorf("%d kinds harm, want 5", harmful)
	}
}
