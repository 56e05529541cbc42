package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/stats"
	"meterbench/bench/study"
	"meterbench/internal/alarm"
)

func feed() *Feed {
	return New(scenario.Scenario{Name: "s", Topology: "minimal", Seed: 7, Series: []scenario.Series{{Name: "a"}, {Name: "b"}}}, "r1")
}

// read reads what a message carries.
func read(t interface{ Fatalf(string, ...any) }, m Message) any {
	as := func(into any) {
		if err := json.Unmarshal(m.Data, into); err != nil {
			t.Fatalf("message %s: %v: %s", m.Kind, err, m.Data)
		}
	}
	switch m.Kind {
	case KindState:
		var c State
		as(&c)
		return c
	case KindRun:
		var c Run
		as(&c)
		return c
	case KindStep:
		var c Step
		as(&c)
		return c
	case KindWorking:
		var c string
		as(&c)
		return c
	case KindLevel:
		var c Level
		as(&c)
		return c
	case KindSecond:
		var c Passed
		as(&c)
		return c
	case KindEvent:
		var c Event
		as(&c)
		return c
	case KindPoint:
		var c Point
		as(&c)
		return c
	case KindSaturations:
		var c []Saturation
		as(&c)
		return c
	case KindWarnings:
		var c []result.Warning
		as(&c)
		return c
	case KindEnd:
		var c End
		as(&c)
		return c
	}
	t.Fatalf("a message of kind %q", m.Kind)
	return nil
}

// replay reads messages to their end and returns the state that they lead to.
func replay(t interface{ Fatalf(string, ...any) }, messages <-chan Message) State {
	m, ok := <-messages
	if !ok || m.Kind != KindState {
		t.Fatalf("the first message is %q", m.Kind)
	}
	s := read(t, m).(State)
	for m := range messages {
		s.apply(read(t, m))
	}
	return s
}

// same returns how two states differ, but for when they were taken.
func same(t interface{ Fatalf(string, ...any) }, want, got State) string {
	text := func(s State) (parsed any) {
		s.Now = time.Time{}
		data, err := json.Marshal(s)
		if err != nil {
			t.Fatalf("%v", err)
		}
		if err := json.Unmarshal(data, &parsed); err != nil {
			t.Fatalf("%v", err)
		}
		return parsed
	}
	return cmp.Diff(text(want), text(got))
}

// second is a state of a level that has run for so long, with what ended by then.
func second(elapsed time.Duration, before bench.Live, offered, valid, conflicts uint64) bench.Live {
	now := bench.Live{Elapsed: elapsed, Hold: 20 * time.Second, Counts: before.Counts, P50: 80 * time.Millisecond, P99: 300 * time.Millisecond}
	now.Counts[result.Valid] += valid
	now.Counts[result.MVCCConflict] += conflicts
	now.InFlight = before.InFlight + offered
	now.InFlight -= min(now.InFlight, valid+conflicts)
	span := (elapsed - before.Elapsed).Seconds()
	now.Offered, now.Valid = float64(offered)/span, float64(valid)/span
	lag := 700 * time.Microsecond
	now.Lag = &lag
	return now
}

// Whoever applies the messages to the first state has the later one, whenever he came.
func TestMessagesLeadToTheState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := feed()
		var subscribed []<-chan Message
		var now bench.Live
		var points []result.Point
		begun := time.Now()
		steps := rapid.IntRange(1, 120).Draw(t, "steps")
		for i := range steps {
			if rapid.IntRange(0, 9).Draw(t, "come") == 0 {
				messages, cancel := f.Subscribe()
				defer cancel()
				subscribed = append(subscribed, messages)
			}
			switch rapid.IntRange(0, 8).Draw(t, "what") {
			case 0:
				f.Step(rapid.String().Draw(t, "step"))
			case 1:
				f.Working(rapid.String().Draw(t, "text"))
			case 2:
				f.Network(study.Facts{Target: result.TargetReference, Processes: []result.Process{{Role: result.RolePeer, Name: fmt.Sprint("peer", i%2)}}})
			case 3:
				now = bench.Live{}
				f.Level(study.Live{Series: "a", Load: result.Load{Kind: result.LoadClosed, Clients: i}, Repetition: 1, Level: i})
			case 4, 5:
				now = second(now.Elapsed+time.Duration(rapid.Int64Range(1, 3e9).Draw(t, "span")), now,
					rapid.Uint64Range(0, 5000).Draw(t, "offered"), rapid.Uint64Range(0, 5000).Draw(t, "valid"), rapid.Uint64Range(0, 3).Draw(t, "conflicts"))
				l := study.Live{Now: now, Begun: begun, CPU: map[string]float64{"peer0": rapid.Float64Range(0, 2).Draw(t, "cpu")}}
				for n := range rapid.IntRange(0, 150).Draw(t, "blocks") {
					reason := result.CutReason(rapid.IntRange(0, 5).Draw(t, "reason"))
					l.Blocks = append(l.Blocks, study.Block{Number: uint64(n), Transactions: n, At: begun.Add(now.Elapsed), Reason: reason})
				}
				f.Live(l)
			case 6:
				f.Event(result.Event{Kind: result.EventKill, Asked: "peer0", At: float64(i / 7)}, i%2 == 0)
			case 7:
				p := result.Point{Series: "a", Load: result.Load{Kind: result.LoadClosed, Clients: len(points)}, Throughput: 9, Valid: true}
				points = append(points, p)
				f.Point(p)
				points[0].Valid = i%2 == 0
				f.Results(result.Summary{Points: points, Saturation: []result.Saturation{{Series: "a", Clients: i, Throughput: 3}}})
			case 8:
				f.Warnings([]result.Warning{{Code: stats.FewRepetitions, Text: fmt.Sprint(i), Where: []string{"a"}}})
			}
		}
		messages, cancel := f.Subscribe()
		defer cancel()
		f.End(errors.New("so it is"), "out/report.html")
		for i, of := range append(subscribed, messages) {
			if d := same(t, f.State(), replay(t, of)); d != "" {
				t.Fatalf("reader %d (-feed +reader):\n%s", i, d)
			}
		}
	})
}

// A reader who does not read delays nobody: neither the study nor other readers. He is dropped.
func TestSlowReaderIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := feed()
		slow, cancelSlow := f.Subscribe()
		defer cancelSlow()
		quick, cancel := f.Subscribe()
		defer cancel()
		var read sync.WaitGroup
		got := 0
		read.Go(func() {
			for range quick {
				got++
			}
		})
		const many = 3 * room
		began := time.Now()
		for i := range many {
			f.Step(fmt.Sprint(i))
			synctest.Wait() // the quick one has read it
		}
		if waited := time.Since(began); waited != 0 {
			t.Errorf("the study waited for %v", waited)
		}
		n := 0
		for range slow { // it is closed
			n++
		}
		if n != room {
			t.Errorf("the slow reader got %d messages, want %d", n, room)
		}
		f.End(nil, "")
		read.Wait()
		if got != many+2 {
			t.Errorf("the quick reader got %d messages, want %d", got, many+2)
		}
	})
}

// After the end there is nobody left to wait for, and who comes then is told all the same.
func TestEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := feed()
		before, cancel := f.Subscribe()
		f.Working("a")
		f.Working("b") // told later
		f.End(errors.New("a node ended"), "out/report.html")
		f.Step("too late")
		time.Sleep(time.Second)
		after, cancelAfter := f.Subscribe()
		for name, messages := range map[string]<-chan Message{"before": before, "after": after} {
			s := replay(t, messages)
			if s.End == nil || s.End.Failed != "a node ended" || s.End.Report != "out/report.html" || len(s.Steps) != 0 {
				t.Errorf("%s: %+v", name, s)
			}
		}
		cancel()
		cancel()
		cancelAfter()
		if len(f.readers) != 0 {
			t.Errorf("%d readers are left", len(f.readers))
		}
	})
}

// What goes on inside a step may change a thousand times a second: readers are told of some, and of the last.
func TestWorkingIsThinnedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := feed()
		messages, cancel := f.Subscribe()
		defer cancel()
		for i := range 2000 {
			f.Working(fmt.Sprint(i))
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		if n := len(messages) - 1; n < 8 || n > 10 {
			t.Errorf("%d messages in two seconds", n)
		}
		if s := f.State(); s.Working != "1999" {
			t.Errorf("last told was %s", s.Working)
		}
	})
}

type commits time.Duration

func (commits) Transaction(context.Context, uint64) (bench.Transaction, error) {
	return bench.Transaction{}, nil
}

func (c commits) Submit(context.Context, bench.Transaction) (bench.Receipt, error) {
	time.Sleep(time.Duration(c))
	return bench.Receipt{Committed: time.Now(), Outcome: result.Valid}, nil
}

type discard struct{}

func (discard) Record(result.Record) {}

// What was told of the seconds of a level adds up to what the engine counted.
func TestSecondsAddUpToTheCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := feed()
		f.Level(study.Live{Series: "a"})
		work := commits(37 * time.Millisecond)
		p := bench.Plan{Clients: 5, Hold: 7300 * time.Millisecond}
		messages, cancel := f.Subscribe()
		defer cancel()
		done, err := bench.RunTogether(t.Context(), alarm.Timers{}, []bench.Load{{Plan: p, Workload: work, Sink: discard{}}}, work,
			bench.Watch{Lag: true, Live: func(now bench.Live) { f.Live(study.Live{Now: now}) }})
		if err != nil {
			t.Fatal(err)
		}
		f.End(nil, "")
		want := done[0].Counts[result.Valid] + done[0].RunOut[result.Valid]
		level := *replay(t, messages).Level
		if got := level.Ended["valid"]; got != want || level.Scheduled != done[0].Scheduled+done[0].RunOut.Total() {
			t.Errorf("%d valid of %d scheduled, the engine counted %d of %d", got, level.Scheduled, want, done[0].Scheduled)
		}
		var offered, valid, outcomes, before float64
		for _, s := range level.Seconds {
			span := s.At - before
			before = s.At
			offered, valid, outcomes = offered+s.Offered*span, valid+s.Valid*span, outcomes+s.Outcomes["valid"]*span
			if span < shortest.Seconds() {
				t.Errorf("a Second of %v s", span)
			}
			if s.Lag == nil || *s.Lag > 0.001 || s.P50 == nil || math.Abs(*s.P50-0.037) > 0.001 {
				t.Errorf("after %v s: lag %v, p50 %v", s.At, s.Lag, s.P50)
			}
		}
		for name, sum := range map[string]float64{"offered": offered, "valid": valid, "outcomes": outcomes} {
			if math.Abs(sum-float64(want)) > 0.005*before+1e-6 { // by rounding
				t.Errorf("%s: seconds add up to %v of %d", name, sum, want)
			}
		}
	})
}

// names are those of ten processes of a network.
func names() (all []string) {
	for i := range 4 {
		all = append(all, fmt.Sprintf("peer%d.org%d", i%2, i/2), fmt.Sprintf("chaincode%d.org%d", i%2, i/2))
	}
	return append(all, "orderer1", "orderer2")
}

// fill tells of a level of so many seconds as one of 128 clients on ten processes has them, with ten blocks a second.
func fill(f *Feed, seconds int) {
	f.Level(study.Live{Series: "a", Load: result.Load{Kind: result.LoadClosed, Clients: 128}, Repetition: 1, Level: 1, Levels: 9, To: time.Duration(seconds) * time.Second})
	begun := time.Now()
	var now bench.Live
	for i := range seconds {
		now = second(now.Elapsed+1000003*time.Microsecond, now, 1021+uint64(i%7), 1013+uint64(i%11), uint64(i%5))
		f.Live(live(begun, now, i))
	}
}

func live(begun time.Time, now bench.Live, i int) study.Live {
	l := study.Live{Series: "a", Level: 1, Levels: 9, Now: now, Begun: begun, CPU: map[string]float64{"client": 0.2345, "other": 0.0456, "steal": 0.0012}}
	for j, name := range names() {
		l.CPU[name] = 0.1234567 * float64(j+1)
	}
	for n := range 10 {
		l.Blocks = append(l.Blocks, study.Block{
			Channel: "metrology", Number: uint64(10*i + n), Transactions: 100, At: begun.Add(now.Elapsed - 100*time.Millisecond*time.Duration(n)), Reason: result.CutCount,
		})
	}
	return l
}

// Who comes late gets the whole level, and it is small.
func TestLateReaderGetsTheWholeLevel(t *testing.T) {
	f := feed()
	fill(f, 300)
	messages, cancel := f.Subscribe()
	defer cancel()
	m := <-messages
	s := read(t, m).(State)
	if n := len(s.Level.Seconds); n != 300 {
		t.Errorf("%d seconds of 300", n)
	}
	if n := len(m.Data); n > 200_000 {
		t.Errorf("a level of five minutes takes %d bytes", n)
	} else {
		t.Logf("%d bytes", n)
	}
	if d := same(t, f.State(), s); d != "" {
		t.Error(d)
	}
	blocks := 0
	for _, second := range s.Level.Seconds {
		blocks += len(second.Blocks)
		if second.Cuts["count"] != 10 || second.Packed != 1000 {
			t.Fatalf("after %v s: %v, %d", second.At, second.Cuts, second.Packed)
		}
	}
	if blocks != MostBlocks {
		t.Errorf("%d blocks are kept", blocks)
	}
}

// A level of hours stays as small, with the last minute second by second, and adds up to the same.
func TestLongLevelIsCoarser(t *testing.T) {
	f := feed()
	const long = 3 * 3600
	fill(f, long)
	s := f.State().Level
	if n := len(s.Seconds); n != MostSeconds {
		t.Errorf("%d Seconds", n)
	}
	var valid, before, longest float64
	packed := 0
	for i, one := range s.Seconds {
		valid += one.Valid * (one.At - before)
		packed += one.Packed
		longest = max(longest, one.At-before)
		if i >= MostSeconds-LastSeconds && one.At-before > 1.001 {
			t.Errorf("one of the last takes %v s", one.At-before)
		}
		before = one.At
	}
	if want := s.Ended["valid"]; math.Abs(valid/float64(want)-1) > 1e-4 || packed != 1000*long {
		t.Errorf("%v valid of %d, %d in blocks", valid, want, packed)
	}
	if math.Abs(before-1.000003*long) > 0.001 || longest > 60 {
		t.Errorf("until %v s, by up to %v s", before, longest)
	}
}

// A block of which nobody says why it was cut says so, and one of before the level is none of it.
func TestBlocksOfWhichLittleIsKnown(t *testing.T) {
	f := feed()
	f.Level(study.Live{Series: "a"})
	begun := time.Now()
	f.Live(study.Live{Now: second(time.Second, bench.Live{}, 5, 5, 0), Begun: begun, Blocks: []study.Block{
		{Channel: "c", Number: 4, Transactions: 1, At: begun.Add(-time.Millisecond), Reason: result.CutTimer},
		{Channel: "c", Number: 5, Transactions: 3, At: begun.Add(time.Millisecond).Round(0)},
	}})
	s := f.State().Level.Seconds[0]
	want := []Block{{At: 0.001, Channel: "c", Number: 5, Transactions: 3}}
	if len(s.Blocks) == 1 {
		s.Blocks[0].At = math.Round(s.Blocks[0].At*1e3) / 1e3
	}
	if d := cmp.Diff(want, s.Blocks); d != "" || s.Cuts["unknown"] != 1 || len(s.Cuts) != 1 {
		t.Errorf("%v\n%s", s.Cuts, d)
	}
}

// What a State says stays as it is while the study goes on.
func TestStateIsACopy(t *testing.T) {
	f := feed()
	fill(f, 30)
	s := f.State()
	before, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	fill(f, 700)
	f.Event(result.Event{At: 1}, false)
	f.Event(result.Event{At: 1}, true)
	after, err := json.Marshal(s)
	if err != nil || !slices.Equal(before, after) {
		t.Errorf("it has changed: %v", err)
	}
}

// Readers may come and go while the study goes on.
func TestReadersComeAndGo(t *testing.T) {
	f := feed()
	var readers sync.WaitGroup
	for i := range 8 {
		readers.Go(func() {
			for range 20 {
				messages, cancel := f.Subscribe()
				for n := range i + 1 {
					if _, ok := <-messages; !ok || n == i {
						break
					}
				}
				cancel()
				f.State()
			}
		})
	}
	over := make(chan struct{})
	go func() {
		readers.Wait()
		close(over)
	}()
	for running := true; running; {
		select {
		case <-over:
			running = false
		default:
			fill(f, 3)
			f.Working("x")
		}
	}
	f.End(nil, "")
}

// BenchmarkSecond is one second's message at 128 clients on ten processes, with ten blocks, to so many readers.
func BenchmarkSecond(b *testing.B) {
	for _, readers := range []int{0, 1, 3, 64} {
		b.Run(fmt.Sprintf("readers=%d", readers), func(b *testing.B) {
			f := feed()
			fill(f, 300)
			var last atomic.Int64
			for range readers {
				messages, cancel := f.Subscribe()
				defer cancel()
				go func() {
					for m := range messages {
						last.Store(int64(len(m.Data)))
					}
				}()
			}
			begun, now := time.Now(), f.last
			var spent time.Duration
			for i := range b.N {
				now = second(now.Elapsed+time.Second, now, 1021, 1013, 3)
				l := live(begun, now, i)
				began := time.Now()
				f.Live(l)
				spent += time.Since(began)
			}
			b.ReportMetric(float64(spent.Nanoseconds())/float64(b.N)/1e3, "us/second")
			if readers == 1 {
				time.Sleep(10 * time.Millisecond)
				b.ReportMetric(float64(last.Load()), "B/message")
			}
		})
	}
}

// BenchmarkSubscribe is what a reader costs who comes late, each after another change.
func BenchmarkSubscribe(b *testing.B) {
	f := feed()
	fill(f, 300)
	for b.Loop() {
		f.Step("x")
		messages, cancel := f.Subscribe()
		<-messages
		cancel()
	}
}
