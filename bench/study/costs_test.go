package study

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/internal/proc"
	"meterbench/internal/sockets"
	"meterbench/internal/storage"
)

// A countedSite sends so many bytes, and keeps as many more, for every transaction that it takes.
type countedSite struct {
	*site
	untold error
}

func (s countedSite) count() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(s.taken)
}

func (s countedSite) Facts() Facts {
	f := s.site.Facts()
	f.Target = result.TargetFabric
	f.Processes = append(f.Processes, result.Process{Role: result.RolePeer, Name: "peer1"}, result.Process{Role: result.RoleCA, Name: "ca"})
	return f
}

func (s countedSite) Traffic() (sockets.Totals, error) {
	n := s.count()
	return sockets.Totals{Partial: true, Ways: map[sockets.Way]sockets.Count{
		{From: "client", To: "peer0"}:  {Bytes: 7000 + 300*n, Segments: 3 * n},
		{From: "client", To: "peer1"}:  {Bytes: 100 * n, Segments: n},
		{From: "peer0", To: "idle"}:    {Bytes: 50 * n, Segments: n},
		{From: "client", To: "ca"}:     {Bytes: 1000 * n, Segments: n},
		{From: "client", To: "nobody"}: {Bytes: 1000 * n, Segments: n},
	}}, s.untold
}

func (s countedSite) Calls() map[result.Call]uint64 {
	return map[result.Call]uint64{result.CallEndorse: 5 + 2*s.count(), result.CallDeliver: 1}
}

func (s countedSite) Kept() (map[string]proc.Kept, error) {
	n := s.count()
	return map[string]proc.Kept{
		"peer0": {storage.Blocks: {Bytes: 100 + 40*n}, storage.State: {Bytes: 10 + 6*n, Unsettled: 6 * n}},
		"ca":    {storage.Database: {Bytes: 9 * n}},
	}, errors.New("peer1 cannot be read")
}

// What a transaction took is what was used, sent and kept over the number of transactions: of the window, or of the level.
func TestCosts(t *testing.T) {
	s := series(open("c", 3*time.Second, 50))
	s.Warmup = time.Second
	at := newSite()
	at.as = func(s *site) Site { return countedSite{s, nil} }
	o := conduct(t, s, at, nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	c := o.summary.Points[0].Costs
	if c == nil {
		t.Fatal("no costs")
	}
	// Transactions are taken up to 24 ms before they end, of 50 per second.
	about := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got/want-1) > 0.03 {
			t.Errorf("%s: %v, want %v", what, got, want)
		}
	}
	about("calls", c.Calls[result.CallEndorse], 2)
	equal(t, "kinds of calls", 1, len(c.Calls))
	equal(t, "ways", 2, len(c.Wire))
	about("bytes from client to peers", c.Wire[0].Bytes, 400)
	about("segments", c.Wire[0].Segments, 4)
	about("bytes among nodes", c.Wire[1].Bytes, 50)
	equal(t, "from", result.RolePeer, c.Wire[1].From)
	equal(t, "to", result.RoleOrderer, c.Wire[1].To)
	equal(t, "partial", true, c.WirePartial)
	p := o.summary.Points[0]
	equal(t, "CPU of the client", p.ClientCPU, c.CPU[result.RoleClient])
	about("CPU of peers", c.CPU[result.RolePeer]*p.Throughput, p.CPU["peer0"])
	if _, known := c.CPU[result.RoleOther]; known {
		t.Errorf("others cost %v", c.CPU)
	}
	equal(t, "stored", []result.StoredCost{
		{Process: "peer0", Role: result.RolePeer, Part: storage.Blocks, Bytes: 40, Low: 40, High: 40},
		{Process: "peer0", Role: result.RolePeer, Part: storage.State, Bytes: 6, Low: 0, High: 6},
	}, c.Stored)
	equal(t, "over", uint64(at.taken), c.StoredOver)
}

// Where the kernel says nothing of sockets, that is said once.
func TestTrafficUnseen(t *testing.T) {
	for _, tt := range []struct {
		err  error
		said int
	}{{errors.New("operation not permitted"), 1}, {proc.ErrUnwatched, 0}} {
		s := series(open("c", 2*time.Second, 50), open("d", 2*time.Second, 50))
		s.Warmup = time.Second
		at := newSite()
		at.as = func(s *site) Site { return countedSite{s, tt.err} }
		o := conduct(t, s, at, nil)
		if o.err != nil {
			t.Fatal(o.err)
		}
		said := 0
		for _, w := range o.summary.Notices {
			if w.Code == result.TrafficUnseen && strings.Contains(w.Text, tt.err.Error()) {
				said++
			}
		}
		equal(t, "warnings", tt.said, said)
		for _, p := range o.summary.Points {
			if p.Costs == nil || p.Costs.Wire != nil || len(p.Costs.Stored) != 2 || len(p.Costs.Calls) != 1 {
				t.Errorf("costs %+v", p.Costs)
			}
		}
	}
}

// Phases that run together share what is used.
func TestPhasesHaveNoCosts(t *testing.T) {
	p := result.Point{Phase: &result.LoadPhase{}, Throughput: 1, CPU: map[string]float64{"client": 1}}
	(&session{study: &study{}}).costs(&p, bench.Result{}, nil, growth{})
	if p.Costs != nil {
		t.Errorf("costs %+v", p.Costs)
	}
}

// A growth is within its bounds, and so is what a level's own part of the tables comes to, however much of the log was
// written to tables, and to whatever size.
func TestGrown(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		logged, tables := rapid.Uint64Range(0, 5000).Draw(t, "log before"), rapid.Uint64Range(0, 50_000).Draw(t, "tables before")
		wrote := rapid.Uint64Range(0, 20_000).Draw(t, "written")
		ratio := rapid.Float64Range(0, 1).Draw(t, "compressed")
		settle := func(n uint64) uint64 { return uint64(ratio * float64(n)) }
		before := storage.Size{Bytes: logged + tables, Unsettled: logged}
		after := storage.Size{Bytes: before.Bytes + wrote, Unsettled: logged + wrote}
		if rapid.Bool().Draw(t, "flushed") {
			rest := rapid.Uint64Range(0, wrote).Draw(t, "log after")
			after = storage.Size{Bytes: tables + settle(logged) + settle(wrote-rest) + rest, Unsettled: rest}
		}
		own := float64(settle(wrote))
		by, low, high := grown(before, after)
		const rounding = 3
		if own < low-rounding || own > high+rounding {
			t.Errorf("the level's own %v, bounds %v to %v", own, low, high)
		}
		if low > by || by > high {
			t.Errorf("growth %v, bounds %v to %v", by, low, high)
		}
	})
}
