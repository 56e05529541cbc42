package wan

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A trip is the time on the way, without that at the other end.
func TestTrip(t *testing.T) {
	for _, c := range []struct {
		echo
		want time.Duration
	}{
		{echo{sent: 100, arrived: 130, answered: 930, back: 975}, 75},
		{echo{sent: 100, arrived: 100, answered: 100, back: 100}, 0},
		{echo{sent: 100, arrived: 90, answered: 200, back: 150}, 0}, // a clock that was set
	} {
		if got := c.trip(); got != c.want {
			t.Errorf("%+v: %v, want %v", c.echo, got, c.want)
		}
	}
	trip := RoundTrip{Sent: echoes}
	all := make([]echo, echoes)
	for i := range all {
		all[i] = echo{sent: 1, back: int64(i + 2)} // 1 to 100 ns
	}
	if trip.sum(all, 0); trip.P50 != 50 || trip.P99 != 99 || trip.Lost != 0 {
		t.Errorf("%+v", trip)
	}
	if trip.sum(make([]echo, echoes), 0); trip.Lost != echoes {
		t.Errorf("none came back: %+v", trip)
	}
}

// What is measured is what is in force: nothing before Enforce, nothing over a link that is cut, and what slows it.
func TestMeasure(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	e := start(t, Config{Links: between(3, Link{RoundTrip: 20 * ms})})
	if err := errors.Join(e.Cut("a", "b"), e.Slow("c", "a", Link{RoundTrip: 30 * ms})); err != nil {
		t.Fatal(err)
	}
	trips, err := e.Measure(t.Context())
	if err != nil || len(trips) != 3 {
		t.Fatal(trips, err)
	}
	for i, want := range []RoundTrip{
		{Between: [2]string{"a", "b"}, Asked: 20 * ms, Lost: echoes},
		{Between: [2]string{"a", "c"}, Asked: 50 * ms},
		{Between: [2]string{"b", "c"}, Asked: 20 * ms},
	} {
		got := trips[i]
		if got.Between != want.Between || got.Asked != want.Asked || got.Lost != want.Lost || got.Sent != echoes {
			t.Errorf("%+v, want %+v", got, want)
		}
		if got.Lost == 0 && (got.P50 < got.Asked || got.P99 < got.P50) || got.Lost == echoes && got.P50 != 0 {
			t.Errorf("%+v", got)
		}
	}
	ctx, stop := context.WithTimeout(t.Context(), 50*ms)
	defer stop()
	if _, err := e.Measure(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("stopped early: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Measure(t.Context()); err == nil {
		t.Error("measured after the end")
	}
}

// The time that a low bandwidth takes to send what measures a distance is no part of the distance: neither that of a packet
// itself nor that of others before it.
func TestMeasureCapped(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	for _, bandwidth := range []float64{10e3, 100e3, 1e6} { // bit/s
		t.Run(fmt.Sprintf("%gkbit", bandwidth/1e3), func(t *testing.T) {
			t.Parallel()
			e := start(t, Config{Links: between(3, Link{RoundTrip: 40 * ms, Bandwidth: bandwidth})})
			var longest time.Duration // beyond what was asked for; there is one link per pair
			for tries := 0; tries == 0 || tries < 5 && longest > 10*ms; tries++ {
				trips, err := e.Measure(t.Context())
				if err != nil || len(trips) != 3 {
					t.Fatal(trips, err)
				}
				longest = 0
				for _, got := range trips {
					if longest = max(longest, got.P50-got.Asked); got.Lost > 0 || got.Sent < leastEchoes || got.P50 < got.Asked {
						t.Errorf("%+v", got)
					}
				}
			}
			if longest > 10*ms {
				t.Errorf("round trips are %v longer than asked for", longest)
			}
		})
	}
}

// Packets of a pair are as far apart as its bandwidth takes, and not more than can be sent within some seconds.
func TestProbes(t *testing.T) {
	for _, c := range []struct {
		bandwidth float64 // bit/s
		spacing   time.Duration
		count     int
	}{
		{0, echoSpacing, echoes},
		{1e6, echoSpacing, echoes},
		{100e3, 4 * 4240 * time.Microsecond, echoes},
		{10e3, 4 * 42400 * time.Microsecond, 17},
		{1e3, 4 * 424 * time.Millisecond, leastEchoes},
	} {
		p := newPair(0, 1, Link{Bandwidth: c.bandwidth})
		if p.spacing != c.spacing || len(p.echoes) != c.count {
			t.Errorf("%g bit/s: %d packets every %v, want %d every %v", c.bandwidth, len(p.echoes), p.spacing, c.count, c.spacing)
		}
	}
	m := echoer{pairs: []pair{newPair(0, 1, Link{}), newPair(0, 2, Link{Bandwidth: 100e3})}}
	all := m.probes()
	if len(all) != 2*echoes || !slices.IsSortedFunc(all, func(a, b probe) int { return cmp.Compare(a.due, b.due) }) {
		t.Errorf("%d packets: %+v", len(all), all)
	}
}

// Distances are not in force before Enforce.
func TestBeforeEnforce(t *testing.T) {
	t.Parallel()
	e := startAtZero(t, Config{Links: between(2, Link{RoundTrip: time.Second, Loss: 1})})
	trips, err := e.Measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := trips[0]; got.Asked != 0 || got.P50 > 500*time.Millisecond || got.Lost != 0 {
		t.Errorf("%+v", got)
	}
}

// What is no answer ends what can be asked, with one error: commands never take each other's answers.
func TestNoAnswer(t *testing.T) {
	t.Parallel()
	e := startAtZero(t, Config{Links: between(2, Link{})})
	e.decoder = json.NewDecoder(strings.NewReader("no answer"))
	first := e.Enforce()
	e.decoder = json.NewDecoder(e.answers)
	second := e.Cut("a", "b")
	if first == nil || second == nil || strings.Contains(first.Error(), "\n") {
		t.Errorf("errors %v, %v", first, second)
	}
}

// Another process may stand at the sites of an emulation, by the number of its process and those of its files, and measures what
// is asked for. What is no site of it is refused.
func TestAttach(t *testing.T) {
	t.Parallel()
	cfg := Config{Sites: []string{"a", "b"}, Links: between(2, Link{RoundTrip: 20 * time.Millisecond})}
	e := start(t, Config{Links: cfg.Links})
	sites, err := Attach(cfg, e.PID(), e.Files())
	if err != nil {
		t.Fatal(err)
	}
	trips, err := sites.Measure(t.Context())
	if err != nil || len(trips) != 1 || trips[0].Asked != cfg.Links[0][1].RoundTrip || trips[0].P50 < trips[0].Asked || trips[0].Lost > 0 {
		t.Errorf("%+v, %v", trips, err)
	}
	listener, err := e.Listen("b", e.Address("b")+":0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	begin := time.Now()
	conn, err := sites.Dial(t.Context(), "a", listener.Addr().String())
	if err != nil || time.Since(begin) < trips[0].Asked {
		t.Fatalf("connected after %v: %v", time.Since(begin), err)
	}
	conn.Close()
	if err := sites.Close(); err != nil {
		t.Error(err)
	}
	files := e.Files()
	for name, wrong := range map[string][]int{"none": nil, "too few": files[:1], "another site": {files[1], files[0]}, "no namespace": {0, 1}, "no file": {1 << 20, files[1]}} {
		if sites, err := Attach(cfg, e.PID(), wrong); err == nil {
			sites.Close()
			t.Errorf("%s: attached", name)
		}
	}
}

// Packets keep their distance after a stall, and a wait that is slightly too long does not add up.
func TestPutOff(t *testing.T) {
	const ms = time.Millisecond
	var late time.Duration
	for i, c := range []struct{ due, now, wait, late time.Duration }{
		{0, 0, 0, 0}, {10 * ms, 4 * ms, 6 * ms, 0}, {20 * ms, 20*ms + ms/2, -ms / 2, 0},
		{30 * ms, 75 * ms, 0, 45 * ms}, {40 * ms, 75 * ms, 10 * ms, 45 * ms}, {50 * ms, 100 * ms, 0, 50 * ms},
	} {
		var wait time.Duration
		if wait, late = putOff(c.due, late, c.now); wait != c.wait || late != c.late {
			t.Errorf("%d: waits %v, late by %v; want %v and %v", i, wait, late, c.wait, c.late)
		}
	}
}
