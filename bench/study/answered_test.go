package study

import (
	"testing"
	"time"

	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/internal/race"
)

// Where clients wait for the endorsement alone, the rate of answers and their latency take the place of throughput and of
// the commit latency, and saturation, search, objective, limit and uncertainty are of these. The truth: two endorsers of
// 5 ms answer 400/s, which two clients reach.
func TestAnswersHaveRateLatencyAndSaturation(t *testing.T) {
	if race.Enabled {
		t.Skip("other tests show the race detector as much as so many levels")
	}
	ledger := reference.Config{Endorse: &reference.Stage{Servers: 2, Service: reference.Distribution{Kind: reference.Constant, Mean: 5 * time.Millisecond}}}
	answered := func(one scenario.Series) scenario.Series {
		one.Load.Wait, one.Objective = result.WaitEndorse, 12*time.Millisecond
		return one
	}
	searched := closed("search", 10*time.Second)
	searched.Load.Clients, searched.Load.Search = nil, &scenario.Search{From: 1, To: 64}
	loads := series(answered(closed("clients", 10*time.Second, 1, 2, 4, 8, 16)), answered(open("rates", 10*time.Second, 100, 300, 800)), answered(searched))
	o := conduct(t, loads, queues(t, ledger), nil)
	if o.err != nil {
		t.Fatal(o.err)
	}
	for _, p := range o.summary.Points {
		rate, latency, kept := 400.0, 0.005, result.LimitUnknown
		switch {
		case p.Load.Kind == result.LoadOpen && p.Load.Offered < 400:
			rate, kept = p.Load.Offered, result.LimitNone
		case p.Load.Kind == result.LoadOpen:
			latency, kept = 0, result.LimitSlots // grows until all are taken
		case p.Load.Clients < 2:
			rate, kept = 200, result.LimitNone
		case p.Load.Clients > 2:
			latency = float64(p.Load.Clients) / 400
		}
		at := place(p.Series, p.Load)
		between(t, at+": answers", p.Answered, 0.97*rate, 1.03*rate)
		equal(t, at+": throughput", 0.0, p.Throughput)
		if in, there := p.Intervals[result.AnsweredKey]; !there || in.Low > 1.001*rate || in.High < 0.999*rate {
			t.Errorf("%s: answered %v, interval %+v", at, rate, in)
		}
		if q := p.Latency[result.PartAnswer.String()]; latency > 0 && (q.P50 == nil || *q.P50 < 0.97*latency || *q.P50 > 1.03*latency) {
			t.Errorf("%s: latency of answers %+v, want %v", at, q, latency)
		}
		if p.Series == "clients" && p.Load.Clients == 2 || p.Series == "search" {
			continue // at the knee both are right; a search has few levels to compare with
		}
		equal(t, at+": limit", kept, p.Limit.Kind)
		if s := p.Satisfaction; s == nil || latency > 0 && (s.Satisfied > 0.99) != (latency <= 0.012) {
			t.Errorf("%s: satisfaction %+v of latencies of %v", at, s, latency)
		}
	}
	found := 0
	for _, s := range o.summary.Saturation {
		found++
		if !s.Answers || !s.Reached {
			t.Errorf("%s: answers %v, reached %v: %s", s.Series, s.Answers, s.Reached, s.Method)
		}
		if s.Series == "rates" {
			equal(t, s.Series+": offered", 300.0, s.Offered)
			between(t, s.Series+": throughput", s.Throughput, 290, 310)
			continue
		}
		equal(t, s.Series+": clients", 2, s.Clients)
		between(t, s.Series+": throughput", s.Throughput, 390, 410)
		if s.Low > 400.4 || s.High < 399.6 {
			t.Errorf("%s: interval %v to %v misses 400", s.Series, s.Low, s.High)
		}
	}
	equal(t, "series with a saturation", 3, found)
	stated := map[string]int{}
	for _, b := range o.summary.Uncertainty {
		stated[b.Figure]++
	}
	for _, figure := range []string{result.AnsweredKey, "answer_p50_s", "answer_p99_s"} {
		equal(t, "budgets of "+figure, 3, stated[figure])
	}
}
