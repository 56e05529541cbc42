package page_test

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/live"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
	"meterbench/bench/study"
	"meterbench/internal/race"
)

// kindsOfGo returns the values of the constants of live.MessageKind.
func kindsOfGo(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../bench/live/live.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok {
			if of, ok := spec.Type.(*ast.Ident); ok && of.Name == "MessageKind" {
				kind, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				kinds = append(kinds, kind)
			}
		}
		return true
	})
	slices.Sort(kinds)
	return kinds
}

// A followed is what a stream says of a study, with the state that it leads to.
type followed struct {
	Messages []message
	Want     live.State
}

type message struct {
	Kind live.MessageKind
	Data json.RawMessage
}

// follow reads a subscription into messages.
func follow(messages <-chan live.Message, done chan<- []message) {
	var all []message
	for m := range messages {
		all = append(all, message{m.Kind, m.Data})
	}
	done <- all
}

// observe has a feed observe so many random things of a study, long: of one level, and returns what it told a reader from some
// moment on. It runs in virtual time: a reader has read before the next thing comes, so that none is too slow.
func observe(random *rand.Rand, things int, long bool) followed {
	f := live.New(scenario.Scenario{Name: "s", Topology: "minimal", Series: []scenario.Series{{Name: "a"}, {Name: "b"}}}, "r1")
	begun := time.Now()
	from, done := random.IntN(things), make(chan []message, 1)
	var now bench.Live
	var points []result.Point
	float := func(below float64) float64 { return random.Float64() * below }
	f.Level(study.Live{Series: "b", Load: result.Load{Kind: result.LoadClosed, Clients: 1}, Repetition: 1})
	for i := range things {
		synctest.Wait()
		if i == from {
			messages, cancel := f.Subscribe()
			defer cancel()
			go follow(messages, done)
		}
		switch what := random.IntN(24); what {
		case 0:
			f.Step(fmt.Sprint("step ", i))
		case 1:
			f.Working(fmt.Sprint("text ", i))
			time.Sleep(time.Millisecond)
		case 2:
			f.Network(study.Facts{Target: result.TargetFabric, Processes: []result.Process{{Role: result.RolePeer, Name: fmt.Sprint("peer", i%2)}}})
		case 3:
			if long {
				continue
			}
			now = bench.Live{}
			f.Level(study.Live{Series: "a", Load: result.Load{Kind: result.LoadClosed, Clients: i}, Repetition: 1, Level: i})
		case 4:
			f.Event(result.Event{Kind: result.EventKill, Asked: "peer0", At: float64(i / 7)}, i%2 == 0)
		case 5:
			points = append(points, result.Point{Series: "a", Load: result.Load{Kind: result.LoadClosed, Clients: len(points)}, Throughput: 9, Valid: true})
			f.Point(points[len(points)-1])
			points[random.IntN(len(points))].Valid = i%2 == 0
			f.Results(result.Summary{Points: points, Saturation: []result.Saturation{{Series: "a", Clients: i, Throughput: 3}}})
		case 6:
			f.Warnings([]result.Warning{{Code: stats.FewRepetitions, Text: fmt.Sprint(i), Where: []string{"a"}}})
		default:
			now.Elapsed += time.Duration(1 + random.Int64N(3e9))
			now.Counts[result.Valid] += random.Uint64N(5000)
			now.Counts[result.MVCCConflict] += random.Uint64N(3)
			now.Offered, now.Valid, now.InFlight = float(5000), float(5000), random.Uint64N(100)
			now.P50, now.P99 = time.Duration(random.Int64N(3)*random.Int64N(1e9)), time.Duration(random.Int64N(1e9))
			l := study.Live{Now: now, Begun: begun, CPU: map[string]float64{fmt.Sprint("peer", i%2): float(2)}, Level: 1, Levels: 2}
			if what%2 == 0 {
				lag := time.Duration(random.Int64N(1e7))
				l.Now.Lag = &lag
			}
			for n := range random.IntN(1 + random.IntN(60)) {
				l.Blocks = append(l.Blocks, study.Block{Number: uint64(n), Transactions: n, At: begun.Add(now.Elapsed), Reason: result.CutReason(random.IntN(6))})
			}
			f.Live(l)
		}
	}
	f.End(nil, "out/report.html")
	return followed{<-done, f.State()}
}

// TestStateOnPage has the page apply what a feed tells: it has all kinds, and its state becomes that of the feed.
func TestStateOnPage(t *testing.T) {
	if race.Enabled {
		t.Skip("the tests of the feed show the race detector as much")
	}
	var studies []followed
	random := rand.New(rand.NewPCG(1, 2))
	synctest.Test(t, func(*testing.T) {
		for range 40 {
			studies = append(studies, observe(random, 1+random.IntN(120), false))
		}
		studies = append(studies, observe(random, 6000, true)) // of more seconds and steps than are kept
	})
	var got struct {
		Kinds  []string
		States []live.State
	}
	runModule(t, `
import {readFileSync} from "node:fs";
import {apply, begin, kinds} from "./state.js";
const states = JSON.parse(readFileSync("input.json", "utf8")).map(({Messages: [first, ...rest]}) => {
  const s = begin(first.Data);
  for (const m of rest) apply(s, m.Kind, m.Data);
  return s;
});
console.log(JSON.stringify({kinds, states}));`, studies, &got)
	slices.Sort(got.Kinds)
	if d := cmp.Diff(kindsOfGo(t), got.Kinds); d != "" {
		t.Errorf("kinds (-Go +page):\n%s", d)
	}
	told := map[live.MessageKind]bool{}
	for i, one := range studies {
		for _, m := range one.Messages {
			told[m.Kind] = true
		}
		if d := cmp.Diff(plain(t, one.Want), plain(t, got.States[i])); d != "" {
			t.Fatalf("study %d (-Go +page):\n%s", i, d)
		}
	}
	last := studies[len(studies)-1].Want
	if len(told) != len(got.Kinds) || len(last.Level.Seconds) != live.MostSeconds || len(last.Steps) != live.MostSteps {
		t.Errorf("only %v were told, and %d seconds and %d steps in a long level", told, len(last.Level.Seconds), len(last.Steps))
	}
}

// plain returns a state as JSON has it, but for when it was taken.
func plain(t *testing.T, s live.State) (parsed any) {
	t.Helper()
	s.Now = time.Time{}
	data, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed
}

// TestCurvesOnPage has the page make curves of points, and say how far the axis of a level goes.
func TestCurvesOnPage(t *testing.T) {
	p99 := 0.4
	closed := func(n int) result.Load { return result.Load{Kind: result.LoadClosed, Clients: n} }
	point := live.Point{Series: "plain", Load: closed(8), Repetition: 1, Rate: 100, P99: &p99, Interval: &stats.Interval{Low: 98, High: 102}, Valid: true}
	again := point
	again.Repetition, again.Rate, again.Valid = 2, 110, false
	other := live.Point{Series: "plain", Load: closed(1), Repetition: 1, Rate: 20, Valid: true}
	type at struct {
		Load     float64
		Rate     float64
		Interval *stats.Interval
		P99      *float64
		Valid    bool
	}
	type line struct {
		Name string
		At   []at
	}
	type results struct {
		Closed, Open            []line
		Within, Beyond, Endless float64
	}
	var got results
	runModule(t, `
import {readFileSync} from "node:fs";
import {curves, extent} from "./state.js";
const points = JSON.parse(readFileSync("input.json", "utf8"));
const until = (at_s, to_s) => extent({to_s, seconds: [{at_s}]});
console.log(JSON.stringify({
  closed: curves(points, "closed"), open: curves(points, "open"), within: until(3, 30), beyond: until(33, 30), endless: until(33, 0),
}));`, []live.Point{other, point, again}, &got)
	want := results{[]line{{"plain", []at{{1, 20, nil, nil, true}, {8, 105, nil, &p99, false}}}}, []line{}, 30, 35, 60}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
