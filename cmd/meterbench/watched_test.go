package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"meterbench/bench/live"
	"meterbench/bench/result"
)

// A watchedLevel is a level as the page was told of it.
type watchedLevel struct {
	live.Level
	keys   []result.LevelKey // of what ran in it, by the points that followed
	merged bool              // the last second is two, of whose quantiles it has the higher ones
}

// A watchedStudy is a study as the page was told of it, kept by no code of the page's.
type watchedStudy struct {
	live.State
	levels []*watchedLevel
	events []live.Event // all messages of the kind
	passed []live.Progress
}

// watchStudies follows the page of a program until that ends, and returns the studies that it showed, in their order.
func watchStudies(t *testing.T, url string) (all []*watchedStudy) {
	t.Helper()
	for {
		answer, err := http.Get(url + "events")
		if err != nil {
			return all
		}
		kind, lines := "", bufio.NewReader(answer.Body)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				break
			}
			line = strings.TrimSuffix(line, "\n")
			if value, ok := strings.CutPrefix(line, "event: "); ok {
				kind = value
			}
			value, ok := strings.CutPrefix(line, "data: ")
			if !ok {
				continue
			}
			if kind == string(live.KindState) {
				s := &watchedStudy{}
				s.apply(t, live.KindState, value)
				if n := len(all); n > 0 && all[n-1].Run.ID == s.Run.ID {
					if all[n-1].End == nil {
						t.Error("the stream of a study broke")
					}
					continue
				}
				all = append(all, s)
				continue
			}
			all[len(all)-1].apply(t, live.MessageKind(kind), value)
		}
		answer.Body.Close()
		time.Sleep(20 * time.Millisecond)
	}
}

func (s *watchedStudy) apply(t *testing.T, kind live.MessageKind, data string) {
	t.Helper()
	switch kind {
	case live.KindState:
		unmarshal(t, data, &s.State)
		if s.Level != nil {
			s.levels = append(s.levels, &watchedLevel{Level: *s.Level})
		}
	case live.KindRun:
		s.Run = live.Run{}
		unmarshal(t, data, &s.Run)
	case live.KindLevel:
		l := &watchedLevel{}
		unmarshal(t, data, &l.Level)
		s.levels = append(s.levels, l)
	case live.KindSecond:
		var p live.Passed
		unmarshal(t, data, &p)
		l := s.levels[len(s.levels)-1]
		l.Totals = p.Totals
		if p.Replaces {
			l.Seconds, l.merged = l.Seconds[:len(l.Seconds)-1], true
		}
		l.Seconds = append(l.Seconds, p.Second)
		s.passed = append(s.passed, p.Progress)
	case live.KindEvent:
		var e live.Event
		unmarshal(t, data, &e)
		s.events = append(s.events, e)
		l := s.levels[len(s.levels)-1]
		if i := slices.IndexFunc(l.Events, func(o live.Event) bool { return o.At == e.At }); i >= 0 {
			l.Events[i] = e
		} else {
			l.Events = append(l.Events, e)
		}
	case live.KindPoint:
		var p live.Point
		unmarshal(t, data, &p)
		same := func(o live.Point) bool {
			return o.Series == p.Series && o.Load == p.Load && o.Repetition == p.Repetition
		}
		if i := slices.IndexFunc(s.Points, same); i >= 0 {
			s.Points[i] = p
			return
		}
		s.Points = append(s.Points, p)
		l := s.levels[len(s.levels)-1]
		l.keys = append(l.keys, result.LevelKey{Series: p.Series, Repetition: p.Repetition, Load: p.Load})
	case live.KindSaturations:
		s.Saturations = nil
		unmarshal(t, data, &s.Saturations)
	case live.KindWarnings:
		s.Warnings = nil
		unmarshal(t, data, &s.Warnings)
	case live.KindEnd:
		s.End = &live.End{}
		unmarshal(t, data, s.End)
	}
}

// agrees compares all that the page was told of a study with what the run stored of it.
func (s *watchedStudy) agrees(t *testing.T, dir string) {
	t.Helper()
	stored, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s.Run.ID == "" || !strings.HasSuffix(dir, s.Run.ID) || s.End == nil {
		t.Errorf("the page showed run %q to its end %v, stored is %s", s.Run.ID, s.End, dir)
	}
	s.agreesPoints(t, stored)
	rows := map[result.LevelKey][]result.Row{}
	for row, err := range stored.Transactions() {
		if err != nil {
			t.Fatal(err)
		}
		rows[row.LevelKey] = append(rows[row.LevelKey], row)
	}
	blocks := map[result.LevelKey][]result.BlockRow{}
	if stored.Run.Blocks != (result.File{}) {
		for row, err := range stored.Blocks() {
			if err != nil {
				t.Fatal(err)
			}
			blocks[row.LevelKey] = append(blocks[row.LevelKey], row)
		}
	}
	told, seconds := 0, 0
	var odd []string // seconds
	for i, l := range s.levels {
		name := fmt.Sprintf("level %d (%s %s, repetition %d)", l.Number, l.Series, l.Words, l.Repetition)
		if i > 0 && l.Number <= s.levels[i-1].Number {
			t.Errorf("%s comes after level %d", name, s.levels[i-1].Number)
		}
		var all []result.Row
		for _, key := range l.keys {
			all = append(all, rows[key]...)
			told++
		}
		if len(l.keys) == 0 {
			t.Logf("%s has no point", name)
			continue
		}
		odd = append(odd, l.agreesRows(t, name, all)...)
		seconds += len(l.Seconds)
		l.agreesPoint(t, name, stored)
		if stored.Run.Blocks != (result.File{}) && len(l.keys) == 1 {
			l.agreesBlocks(t, name, blocks[l.keys[0]], all[0].LevelStart)
		}
	}
	// A process that waits for a processor counts what it met to a later second, and at a wrong time: the seconds on both sides of a
	// stall are odd. What is wrong as such is so in all of them.
	if len(odd) > max(2, seconds/4) {
		t.Errorf("%d of %d seconds differ from what is stored:\n%s", len(odd), seconds, strings.Join(odd, "\n"))
	}
	if told != len(stored.Summary.Points) {
		t.Errorf("the page was told of %d levels, stored are %d", told, len(stored.Summary.Points))
	}
}

// agreesPoints compares what is told of the levels that are over, and of the run as a whole.
func (s *watchedStudy) agreesPoints(t *testing.T, stored *result.Folder) {
	t.Helper()
	var want []live.Point
	for i := range stored.Summary.Points {
		p := &stored.Summary.Points[i]
		q := live.Point{Series: p.Series, Load: p.Load, Words: p.Load.String(), Repetition: p.Repetition, Rate: p.Throughput, Scheduled: p.Scheduled,
			Valid: p.Valid, Reasons: p.Reasons}
		whole, key := p.Latency["commit"], "throughput_per_s"
		switch _, answers := p.Latency["answer"]; {
		case answers && p.Throughput == 0:
			whole, q.Rate, q.Answers, key = p.Latency["answer"], p.Answered, true, "answered_per_s"
		case answers: // a mix
			q.Rate, key = p.Throughput+p.Answered, p.RateKey()
		}
		q.P50, q.P99 = whole.P50, whole.P99
		if i, ok := p.Intervals[key]; ok {
			q.Interval = &i
		}
		for _, o := range result.Outcomes() {
			if o.Class() == result.Succeeded {
				q.Succeeded += p.Outcomes[o.String()]
			}
		}
		want = append(want, q)
	}
	order := func(a, b live.Point) int {
		return cmp.Or(cmp.Compare(a.Series, b.Series), cmp.Compare(a.Words, b.Words), cmp.Compare(a.Repetition, b.Repetition))
	}
	got := slices.Clone(s.Points)
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	normal := func(all []live.Point) (text string) {
		for _, p := range all {
			if len(p.Reasons) == 0 {
				p.Reasons = nil
			}
			line, _ := json.Marshal(p)
			text += string(line) + "\n"
		}
		return text
	}
	if diff := gocmp.Diff(normal(want), normal(got)); diff != "" {
		t.Errorf("points: -stored +told:\n%s", diff)
	}
	var found []live.Saturation
	for _, one := range stored.Summary.Saturation {
		found = append(found, live.Saturation{
			Series: one.Series, Reached: one.Reached, Load: max(float64(one.Clients), one.Offered), Open: one.Offered > 0, Rate: one.Throughput, Answers: one.Answers,
		})
	}
	if diff := gocmp.Diff(found, s.Saturations, gocmp.Transformer("empty", func(all []live.Saturation) string { return fmt.Sprint(all) })); diff != "" {
		t.Errorf("saturations: -stored +told:\n%s", diff)
	}
	var warned, notices []string
	for _, w := range s.Warnings {
		warned = append(warned, w.Text)
	}
	for _, w := range stored.Summary.Notices {
		notices = append(notices, w.Text)
	}
	if diff := gocmp.Diff(notices, warned); diff != "" {
		t.Errorf("warnings: -stored +told:\n%s", diff)
	}
	if n := len(s.passed); n > 0 {
		last := s.passed[n-1]
		if last.Level != s.levels[len(s.levels)-1].Number || last.Remaining > 0 && last.Level == last.Levels && stored.Summary.Complete {
			t.Errorf("the last progress is %+v", last)
		}
	}
}

// rowsBetween returns the rows of which an instant lies in a stretch.
func rowsBetween(rows []result.Row, from, to float64, at func(*result.Row) float64) (some []result.Row) {
	for i := range rows {
		if v := at(&rows[i]); v > from && v <= to {
			some = append(some, rows[i])
		}
	}
	return some
}

// agreesRows compares a level, second by second, with the transactions that were stored of it, and returns how seconds differ.
func (l *watchedLevel) agreesRows(t *testing.T, name string, rows []result.Row) (odd []string) {
	t.Helper()
	counts := map[string]uint64{}
	for i := range rows {
		counts[rows[i].Outcome.String()]++
	}
	if diff := gocmp.Diff(counts, l.Ended); diff != "" || l.Scheduled != uint64(len(rows)) {
		t.Errorf("%s: scheduled %d, stored %d; outcomes: -stored +told:\n%s", name, l.Scheduled, len(rows), diff)
	}
	due := func(r *result.Row) float64 { return r.Intended.Seconds() }
	end := func(r *result.Row) float64 { return (r.Intended + r.Lasted()).Seconds() }
	sums := map[string]float64{}
	before := 0.0
	for i, s := range l.Seconds {
		span := s.At - before
		var said []string
		differs := func(format string, args ...any) { said = append(said, fmt.Sprintf(format, args...)) }
		// What happened within some milliseconds of the second's ends may be counted to either side; the machine is busy.
		const edge = 0.030
		near := func(at func(*result.Row) float64) float64 {
			return float64(len(rowsBetween(rows, before-edge, before+edge, at))+len(rowsBetween(rows, s.At-edge, s.At+edge, at))) + 1
		}
		if want, got := float64(len(rowsBetween(rows, before, s.At, due))), s.Offered*span; math.Abs(want-got) > near(due) {
			differs("%s, second %d at %.3f s: %.1f offered, stored %g", name, i, s.At, got, want)
		}
		ended := rowsBetween(rows, before, s.At, end)
		by := map[string]float64{}
		for j := range ended {
			by[ended[j].Outcome.String()]++
		}
		for _, o := range result.Outcomes() {
			got := s.Outcomes[o.String()] * span
			sums[o.String()] += got
			if want := by[o.String()]; math.Abs(want-got) > near(end) {
				differs("%s, second %d at %.3f s: %.1f %v, stored %g", name, i, s.At, got, o, want)
			}
		}
		if s.Valid != s.Outcomes["valid"] || s.Answered != s.Outcomes["answered"] {
			t.Errorf("%s, second %d: valid %g, answered %g, outcomes %v", name, i, s.Valid, s.Answered, s.Outcomes)
		}
		flying := 0.0
		for j := range rows {
			if due(&rows[j]) <= s.At && end(&rows[j]) > s.At {
				flying++
			}
		}
		if math.Abs(flying-float64(s.InFlight)) > near(due)+near(end) {
			differs("%s, second %d at %.3f s: %d in flight, stored %g", name, i, s.At, s.InFlight, flying)
		}
		l.agreesQuantiles(differs, fmt.Sprintf("%s, second %d at %.3f s", name, i, s.At), s, rows, before, end)
		before = s.At
		if said != nil {
			odd = append(odd, strings.Join(said, "\n"))
		}
	}
	for o, n := range counts {
		if math.Abs(sums[o]-float64(n)) > 0.01*float64(len(l.Seconds))+1 {
			t.Errorf("%s: the seconds have %.2f %s, stored are %d", name, sums[o], o, n)
		}
	}
	var last time.Duration
	for i := range rows {
		last = max(last, rows[i].Intended+rows[i].Lasted())
	}
	if n := len(l.Seconds); n > 0 && l.Seconds[n-1].At < last.Seconds()-0.05 {
		t.Errorf("%s: the last second ends at %.3f s, the last transaction at %v", name, l.Seconds[n-1].At, last)
	}
	return odd
}

// agreesQuantiles compares a second's quantiles with those of what ended in it, some milliseconds more or less.
func (l *watchedLevel) agreesQuantiles(
	differs func(string, ...any), name string, s live.Second, rows []result.Row, before float64, end func(*result.Row) float64,
) {
	succeeded := func(r *result.Row) (float64, bool) {
		return r.Lasted().Seconds(), r.Outcome == result.Valid || r.Outcome == result.Answered
	}
	late := func(r *result.Row) (float64, bool) {
		return max(0, (r.Started - r.Intended).Seconds()), r.Started != result.NotReached
	}
	for _, q := range []struct {
		what string
		told *float64
		of   func(*result.Row) (float64, bool)
		at   float64
	}{{"p50", s.P50, succeeded, 0.5}, {"p99", s.P99, succeeded, 0.99}, {"lag p99", s.Lag, late, 0.99}} {
		least, most := math.Inf(1), math.Inf(-1)
		n := 0
		for _, from := range []float64{-0.03, 0, 0.03} {
			for _, to := range []float64{-0.03, 0, 0.03} {
				var values []float64
				for _, r := range rowsBetween(rows, before+from, s.At+to, end) {
					if v, ok := q.of(&r); ok {
						values = append(values, v)
					}
				}
				if len(values) == 0 {
					least = math.Inf(-1) // there may be none
					continue
				}
				n = len(values)
				slices.Sort(values)
				v := values[max(1, int(q.at*float64(len(values))+0.5))-1] // as a histogram ranks
				least, most = min(least, v), max(most, v)
			}
		}
		if l.merged && s.At == l.Seconds[len(l.Seconds)-1].At && !math.IsInf(most, -1) {
			least, most = least/3, math.Inf(1) // which may be that of the few in the smaller part
		}
		switch {
		case q.told == nil && !math.IsInf(least, -1):
			differs("%s: no %s, stored %g of %d", name, q.what, least, n)
		case q.told != nil && math.IsInf(most, -1):
			differs("%s: %s %g of none", name, q.what, *q.told)
		case q.told != nil && (*q.told < least*0.985-2e-6 && !math.IsInf(least, -1) || *q.told > most*1.015+2e-6):
			differs("%s: %s %.6f, stored %.6f to %.6f of %d", name, q.what, *q.told, least, most, n)
		}
	}
}

// agreesPoint compares a level with its points: CPU, events, the window.
func (l *watchedLevel) agreesPoint(t *testing.T, name string, stored *result.Folder) {
	t.Helper()
	for i := range stored.Summary.Points {
		p := &stored.Summary.Points[i]
		if !slices.Contains(l.keys, result.LevelKey{Series: p.Series, Repetition: p.Repetition, Load: p.Load}) {
			continue
		}
		if len(l.keys) > 1 {
			continue
		}
		shortened := slices.ContainsFunc(p.Notices, func(w result.Warning) bool { return w.Code == result.Shortened })
		if math.Abs(l.To-l.From-p.Window) > 1e-6 && !shortened {
			t.Errorf("%s: a window from %g to %g s, stored %g s", name, l.From, l.To, p.Window)
		}
		for process, cores := range p.CPU {
			least, most, n := math.Inf(1), 0.0, 0
			for _, s := range l.Seconds {
				if v, ok := s.CPU[process]; ok && s.At > l.From+0.3 && s.At <= l.From+p.Window+1 {
					least, most, n = min(least, v), max(most, v), n+1
				}
			}
			// Each is of about a second, more where the machine stalls, and together they cover the window.
			if n >= 3 && (cores < 0.75*least-0.05 || cores > 1.25*most+0.05) {
				t.Errorf("%s: %s used %.3f to %.3f cores by the seconds, stored %.3f", name, process, least, most, cores)
			}
		}
		for _, s := range l.Seconds {
			for process := range s.CPU {
				if _, known := p.CPU[process]; !known && p.Elsewhere[process] == 0 && s.CPU[process] > 0 {
					t.Errorf("%s: CPU of %s, which the point does not have", name, process)
				}
			}
		}
		if len(p.Events) != len(l.Events) {
			t.Errorf("%s: events %+v, stored %+v", name, l.Events, p.Events)
			continue
		}
		for j, e := range p.Events {
			e.Around, e.Ended = nil, nil // known later
			told := l.Events[j]
			a, _ := json.Marshal(e)
			b, _ := json.Marshal(told.Event)
			if !bytes.Equal(a, b) || told.Underway {
				t.Errorf("%s: event %s (under way %t), stored %s", name, b, told.Underway, a)
			}
		}
	}
}

// agreesBlocks compares the blocks of a level.
func (l *watchedLevel) agreesBlocks(t *testing.T, name string, rows []result.BlockRow, epoch time.Time) {
	t.Helper()
	type key struct {
		channel string
		number  uint64
	}
	told := map[key]live.Block{}
	cuts, packed, listed := map[string]int{}, 0, 0
	for _, s := range l.Seconds {
		packed += s.Packed
		for reason, n := range s.Cuts {
			cuts[reason] += n
		}
		for _, b := range s.Blocks {
			if _, twice := told[key{b.Channel, b.Number}]; twice {
				t.Errorf("%s: block %d of %s is told twice", name, b.Number, b.Channel)
			}
			told[key{b.Channel, b.Number}] = b
			listed++
		}
	}
	all, inAll := 0, 0
	for i := range rows {
		row := &rows[i]
		at := row.Cut
		if at.IsZero() {
			at = row.Committed
		}
		if at.Before(epoch) {
			continue
		}
		all++
		inAll += int(row.Transactions)
		b, ok := told[key{row.ChannelName, row.Number}]
		delete(told, key{row.ChannelName, row.Number})
		switch {
		case !ok:
			t.Errorf("%s: block %d of %s (%d transactions, %v, at %v) is not told", name, row.Number, row.ChannelName, row.Transactions, row.Reason, at.Sub(epoch))
		case b.Transactions != int(row.Transactions) || b.Cut == "" && row.Reason != result.CutUnknown ||
			b.Cut != "" && b.Cut != row.Reason.String() && b.Cut != result.CutTimerOrBytes.String() ||
			math.Abs(b.At-at.Sub(epoch).Seconds()) > 0.002:
			t.Errorf("%s: block %+v, stored %d transactions, %v, at %v", name, b, row.Transactions, row.Reason, at.Sub(epoch))
		}
	}
	for k, b := range told {
		t.Errorf("%s: told of block %v, %+v, which is not stored of the level", name, k, b)
	}
	sum := 0
	for _, n := range cuts {
		sum += n
	}
	if sum != listed || packed != inAll && sum == all {
		t.Errorf("%s: %d blocks by reason, %d one by one, %d stored; %d transactions in them, stored %d", name, sum, listed, all, packed, inAll)
	}
}
