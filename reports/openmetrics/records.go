package openmetrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"meterbench/bench/result"
)

// during says when a transaction was due.
type during uint8

const (
	warmUp during = iota
	window
	runOut
	durings
)

// String returns the value of the label.
func (d during) String() string { return [...]string{"warm_up", "window", "run_out"}[d] }

const (
	outcomes = len(result.Counts{})
	parts    = int(result.PartAnswer) + 1
)

// A tally counts the transactions of a series. One goroutine counts, others read.
type tally struct {
	series  string
	created time.Time

	mu     sync.Mutex
	counts [durings]result.Counts
	spans  [durings][outcomes][]*histogramOf // by part, of outcomes that succeed; nil where there was none
}

// level returns what counts the records of a load whose window is [from, to). It is called by one goroutine.
func (t *tally) level(from, to time.Duration) func(*result.Record) {
	return func(r *result.Record) {
		d := window
		switch {
		case r.Intended < from:
			d = warmUp
		case r.Intended >= to:
			d = runOut
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.counts[d][r.Outcome]++
		if r.Outcome.Class() == result.Succeeded {
			t.observe(&t.spans[d][r.Outcome], r)
		}
	}
}

func (t *tally) observe(spans *[]*histogramOf, r *result.Record) {
	if *spans == nil {
		*spans = make([]*histogramOf, parts)
	}
	for p := range result.Part(parts) {
		took, ok := r.Span(p)
		if !ok {
			continue
		}
		h := (*spans)[p]
		if h == nil {
			h = &histogramOf{}
			(*spans)[p] = h
		}
		h.observe(took)
	}
}

// collect returns what was counted until now. Counters are there from the start of a level on, so that also the first transaction
// that fails shows as an increase.
func (t *tally) collect() (all []prometheus.Metric) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for d := range durings {
		for _, o := range result.Outcomes() {
			all = append(all, prometheus.MustNewConstMetricWithCreatedTimestamp(transactionsDesc, prometheus.CounterValue, float64(t.counts[d][o]), t.created,
				t.series, o.String(), o.Class().String(), d.String()))
			for p, h := range t.spans[d][o] {
				if h != nil {
					one := &dto.Metric{Label: prometheus.MakeLabelPairs(latencyDesc, []string{t.series, result.Part(p).String(), o.String(), d.String()})}
					h.write(one, t.created)
					all = append(all, written{latencyDesc, one})
				}
			}
		}
	}
	return all
}

var transactionsDesc, latencyDesc = transactions.desc(), latency.desc()

// written is a metric in the form of an exposition.
type written struct {
	desc   *prometheus.Desc
	metric *dto.Metric
}

// Desc implements prometheus.Metric.
func (w written) Desc() *prometheus.Desc { return w.desc }

// Write implements prometheus.Metric.
func (w written) Write(to *dto.Metric) error {
	to.Label, to.Histogram = w.metric.Label, w.metric.Histogram
	return nil
}
