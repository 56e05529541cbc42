package result

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"

	"meterbench/internal/race"
)

// logged is a line of a latency.hlog.
type logged struct {
	tag      string
	from, to time.Duration // since 1970
	*hdrhistogram.Histogram
}

// readLog reads a run's latency.hlog with the library of hdrhistogram.org.
func readLog(t *testing.T, w *Writer) (lines []logged) {
	t.Helper()
	f, err := os.Open(w.path(latencyFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for r := hdrhistogram.NewHistogramLogReader(f); ; {
		h, err := r.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			return lines
		}
		lines = append(lines, logged{h.Tag(), time.Duration(h.StartTimeMs()) * time.Millisecond, time.Duration(h.EndTimeMs()) * time.Millisecond, h})
	}
}

// committedParts are the logged parts of a committed transaction.
var committedParts = []Part{PartCommit, PartEndorse, PartOrderCommit}

func TestLatencyLog(t *testing.T) {
	w := create(t)
	record(t, w, closed8, 1*second, 3500*time.Millisecond, committed(1, 1*second), committed(2, 3400*time.Millisecond), committed(3, 0), committed(4, 1900*time.Millisecond))
	record(t, w, LevelKey{Series: "bills, monthly", Repetition: 2, Load: Load{Kind: "open", Offered: 12.5}}, 0, second, committed(4, 0))
	lines := readLog(t, w)
	var got []string
	begin := map[string]time.Duration{} // of the window, by level
	for _, l := range lines {
		level := path.Dir(l.tag)
		if _, known := begin[level]; !known {
			begin[level] = l.from
		}
		if l.SignificantFigures() != 3 {
			t.Errorf("%s: %d digits", l.tag, l.SignificantFigures())
		}
		got = append(got, fmt.Sprintf("%s %v to %v: %d", l.tag, l.from-begin[level], l.to-begin[level], l.TotalCount()))
	}
	var want []string
	for _, line := range []struct {
		tag, span string
		n         int
		parts     []Part
	}{
		{"plain/clients=8/r1", "0s to 1s", 2, committedParts},
		{"plain/clients=8/r1", "2s to 2.5s", 1, committedParts}, // in the second between nothing was intended
		{"plain/clients=8/r1", "0s to 2.5s", 3, []Part{PartLag, PartPrepare, PartSubmit, PartAcknowledge}},
		{"bills__monthly/rate=12.5/r2", "0s to 1s", 1, committedParts},
		{"bills__monthly/rate=12.5/r2", "0s to 1s", 1, []Part{PartLag, PartPrepare, PartSubmit, PartAcknowledge}},
	} {
		for _, p := range line.parts {
			want = append(want, fmt.Sprintf("%s/%s %s: %d", line.tag, p, line.span, line.n))
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// Whatever order transactions end in, the intervals of a part sum to its histogram, and there are at most two of a second
// on average, though memory is bounded.
func TestLatencyLogSumsToTheWindow(t *testing.T) {
	if race.Enabled {
		t.Skip("other tests show the race detector as much as so many records")
	}
	const perSecond, seconds, n = 2000, 60, 2000 * 60
	rng := rand.New(rand.NewPCG(3, 1))
	var records []Record
	for i := range n {
		r := committed(uint64(i), time.Duration(i)*second/perSecond)
		took := time.Duration(rng.ExpFloat64() * float64(400*time.Millisecond))
		if i%1000 == 0 {
			took = 20 * second
		}
		r.Committed = r.Intended + 20*time.Millisecond + took
		records = append(records, r)
	}
	slices.SortFunc(records, func(a, b Record) int { return int(a.Committed - b.Committed) })
	w := create(t)
	window := record(t, w, closed8, 5*second, seconds*second, records...)
	sums, intervals := map[string]*hdrhistogram.Histogram{}, map[string]int{}
	for _, l := range readLog(t, w) {
		if sums[l.tag] == nil {
			sums[l.tag] = newHistogram()
		}
		intervals[l.tag]++
		if dropped := sums[l.tag].Merge(l.Histogram); dropped > 0 {
			t.Fatalf("%s: %d values are lost", l.tag, dropped)
		}
	}
	for _, p := range Parts() {
		want, ok := window.Latency(p)
		got := sums["plain/clients=8/r1/"+p.String()]
		if ok != (got != nil) || ok && !got.Equals(want) {
			t.Errorf("%s: %v, want %v", p, got, want)
		}
		most := 1
		if slices.Contains(loggedParts[:], p) {
			most = 2 * 55
		}
		if k := intervals["plain/clients=8/r1/"+p.String()]; k > most {
			t.Errorf("%s: %d intervals", p, k)
		}
	}
	if info, err := os.Stat(w.path(latencyFile)); err != nil || info.Size() > n*5 {
		t.Errorf("%d bytes, %v", info.Size(), err)
	} else {
		t.Logf("%.1f bytes per transaction", float64(info.Size())/n)
	}
}

func TestIntervalsAreTakenWhole(t *testing.T) {
	w := newWindow(0, 1000*second)
	var s intervals
	full, next := 0, uint32(0)
	for i := range uint64(mostSamples) {
		r := committed(i, time.Duration(i)*time.Millisecond)
		if !s.add(&r, w) {
			continue
		}
		full++
		n := 0
		for _, one := range s.take(spareSamples) {
			if one.number != next {
				t.Fatalf("interval %d after %d", one.number, next-1)
			}
			next++
			for _, took := range one.took {
				n += len(took)
			}
		}
		if n < spareSamples || n > spareSamples+3*1000 || s.n > mostSamples-spareSamples {
			t.Fatalf("%d samples are taken and %d kept", n, s.n)
		}
	}
	if full == 0 {
		t.Error("it was never full")
	}
}

// Beside valid transactions an answer is not in the log.
func TestLatencyLogOfAnswers(t *testing.T) {
	answered := committed(1, second)
	answered.Outcome, answered.Submitted, answered.Committed = Answered, NotReached, NotReached
	for _, tt := range []struct {
		records []Record
		want    []Part
	}{
		{[]Record{answered}, []Part{PartEndorse, PartAnswer}},
		{[]Record{answered, committed(2, second)}, committedParts},
		{[]Record{committed(2, second), answered}, committedParts},
	} {
		w := newWindow(0, 2*second)
		var s intervals
		for _, r := range tt.records {
			s.add(&r, w)
		}
		var got []Part
		for _, one := range s.take(mostSamples) {
			for i, took := range one.took {
				if len(took) > 0 {
					got = append(got, loggedParts[i])
				}
			}
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}
