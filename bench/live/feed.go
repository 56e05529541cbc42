package live

import (
	"cmp"
	"encoding/json"
	"reflect"
	"slices"
	"sync"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/internal/printable"
)

// Feed is an Observer of a study that keeps its State and tells who subscribed of every change. Any goroutine may use it.
type Feed struct {
	began time.Time

	mu      sync.Mutex
	state   State
	readers map[*subscription]struct{}
	first   Message     // the state as it was at encoded
	encoded time.Time   // zero: it has changed since
	last    bench.Live  // of the level under way
	text    string      // the newest of what is going on inside the step
	pause   *time.Timer // until the next one may be told; nil: at once
}

// workingEvery is the least time between two messages of what goes on inside a step, which may be called often.
const workingEvery = 250 * time.Millisecond

// shortest is the least time that makes a Second of its own: the last one of a level may be much shorter than any other, and
// its rates say little.
const shortest = 500 * time.Millisecond

// mostInSecond is how many blocks of a second are told one by one.
const mostInSecond = 100

// New returns the Feed of a study of a scenario, whose run has an id. The study is about to begin.
func New(s scenario.Scenario, id string) *Feed {
	now := time.Now()
	f := &Feed{began: now, readers: map[*subscription]struct{}{}}
	run := Run{Scenario: s.Name, ID: id, Topology: s.Topology, Seed: s.Seed, Started: now.UTC(), Series: []string{}, Processes: result.Processes()}
	for _, series := range s.Series {
		run.Series = append(run.Series, series.Name)
	}
	for _, o := range result.Outcomes() {
		run.Outcomes = append(run.Outcomes, Outcome{o.String(), o.Class().String()})
	}
	f.state = State{Run: run, Steps: []Step{}, Points: []Point{}, Saturations: []Saturation{}, Warnings: []result.Warning{}}
	return f
}

// State returns what is known by now. It stays as it is.
func (f *Feed) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now()
}

// now returns a copy of the state.
func (f *Feed) now() State {
	s := f.state
	s.Now = time.Now().UTC()
	s.Steps, s.Points = slices.Clone(s.Steps), slices.Clone(s.Points)
	if s.Level != nil {
		level := *s.Level
		level.Seconds, level.Events = slices.Clone(level.Seconds), slices.Clone(level.Events)
		s.Level = &level
	}
	return s
}

// since returns the seconds since the study began.
func (f *Feed) since() float64 { return round(time.Since(f.began).Seconds(), micros) }

// tell changes the state and tells all who subscribed, unless the study has ended. Who has no room for the message is dropped.
func (f *Feed) tell(kind MessageKind, change any) {
	if f.state.End != nil {
		return
	}
	f.state.apply(change)
	f.encoded = time.Time{}
	if len(f.readers) == 0 {
		return
	}
	m, ok := encode(kind, change)
	for reader := range f.readers {
		select {
		case reader.messages <- m:
			if ok {
				continue
			}
		default:
		}
		f.drop(reader)
	}
}

// encode makes a Message. It is false where the change cannot be encoded, which no reader may miss without knowing.
func encode(kind MessageKind, change any) (Message, bool) {
	data, err := json.Marshal(change)
	return Message{Kind: kind, Data: data}, err == nil
}

// Step implements study.Observer.
func (f *Feed) Step(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text = ""
	f.tell(KindStep, Step{At: f.since(), Text: text})
}

// Working implements study.Observer.
func (f *Feed) Working(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.text = text
	if f.pause == nil {
		f.work()
	}
}

// work tells the newest of what goes on inside the step, if it was not told yet, and then pauses.
func (f *Feed) work() {
	f.pause = nil
	if f.text == f.state.Working || f.state.End != nil {
		return
	}
	f.tell(KindWorking, f.text)
	f.pause = time.AfterFunc(workingEvery, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.work()
	})
}

// Network implements study.Follower.
func (f *Feed) Network(facts study.Facts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	run := f.state.Run
	run.Topology, run.Target = cmp.Or(facts.Conditions.Topology, run.Topology), facts.Target
	run.Simulated = facts.Target == result.TargetReference
	run.Processes = append(result.Processes(), facts.Processes...)
	if !reflect.DeepEqual(run, f.state.Run) {
		f.tell(KindRun, run)
	}
}

// Level implements study.Follower.
func (f *Feed) Level(l study.Live) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = bench.Live{}
	level := Level{
		Number: l.Level, Series: l.Series, Load: l.Load, Repetition: l.Repetition, Phases: l.Phases,
		From: seconds(l.From), To: seconds(l.To), Totals: Totals{Ended: map[string]uint64{}}, Seconds: []Second{},
	}
	if l.Phases == 0 {
		level.Words = l.Load.String()
	}
	f.tell(KindLevel, level)
}

// Live implements study.Observer.
func (f *Feed) Live(l study.Live) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state.Level == nil {
		return
	}
	p := passed(l, f.last)
	f.last = l.Now
	if known := f.state.Level.Seconds; len(known) > 0 && p.At-known[len(known)-1].At < shortest.Seconds() {
		before, last := 0.0, known[len(known)-1]
		if len(known) > 1 {
			before = known[len(known)-2].At
		}
		p.Second, p.Replaces = merge(before, last, p.Second), true
	}
	f.tell(KindSecond, p)
}

// Event implements study.Follower.
func (f *Feed) Event(e result.Event, over bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.state.Level != nil {
		f.tell(KindEvent, Event{Event: e, Underway: !over})
	}
}

// Point implements study.Observer.
func (f *Feed) Point(p result.Point) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tell(KindPoint, pointOf(&p))
}

// Results implements study.Follower.
func (f *Feed) Results(s result.Summary) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range s.Points {
		p := pointOf(&s.Points[i])
		if i >= len(f.state.Points) || !reflect.DeepEqual(p, f.state.Points[i]) {
			f.tell(KindPoint, p)
		}
	}
	if all := saturationsOf(s.Saturation); !reflect.DeepEqual(all, f.state.Saturations) {
		f.tell(KindSaturations, all)
	}
}

// Warnings implements study.Follower.
func (f *Feed) Warnings(all []result.Warning) {
	f.mu.Lock()
	defer f.mu.Unlock()
	own := make([]result.Warning, len(all))
	for i, w := range all {
		own[i] = w
		own[i].Where = slices.Clone(w.Where)
	}
	if !reflect.DeepEqual(own, f.state.Warnings) {
		f.tell(KindWarnings, own)
	}
}

// End ends the feed: err is why the study did not end well, report the path of its report, empty where there is none. It
// closes all subscriptions. Whatever is observed afterwards is not told.
func (f *Feed) End(err error, report string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	end := End{At: f.since(), Report: report}
	if err != nil {
		end.Failed = printable.Plain(err.Error())
	}
	f.tell(KindEnd, end)
	for reader := range f.readers {
		f.drop(reader)
	}
	if f.pause != nil {
		f.pause.Stop()
	}
}

var _ study.Follower = (*Feed)(nil)
