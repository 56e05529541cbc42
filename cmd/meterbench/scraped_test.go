package main

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"meterbench/bench/result"
)

// scrapedMetrics are what was scraped of the metrics of a program.
type scrapedMetrics struct {
	last  map[string]*dto.Metric            // the newest of each series of samples, by its name and labels
	runs  map[string]map[string]*dto.Metric // the same, of each run by its id
	wrong []string
	n     int
}

const protobufFormat = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"

// scrapeMetrics scrapes until the program ends, or something is over, and then once more.
func scrapeMetrics(url string, over func() bool) *scrapedMetrics {
	s := &scrapedMetrics{last: map[string]*dto.Metric{}, runs: map[string]map[string]*dto.Metric{}}
	for last := false; !last; time.Sleep(50 * time.Millisecond) {
		last = over()
		request, err := http.NewRequest(http.MethodGet, url, nil)
		if err != nil {
			s.wrong = append(s.wrong, err.Error())
			return s
		}
		request.Header.Set("Accept", protobufFormat)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return s
		}
		decoder := expfmt.NewDecoder(answer.Body, expfmt.ResponseFormat(answer.Header))
		now, run := map[string]*dto.Metric{}, ""
		for {
			var family dto.MetricFamily
			if err := decoder.Decode(&family); err != nil {
				break
			}
			for _, m := range family.GetMetric() {
				key := family.GetName()
				labels := map[string]string{}
				for _, l := range m.GetLabel() {
					key += fmt.Sprintf(" %s=%s", l.GetName(), l.GetValue())
					labels[l.GetName()] = l.GetValue()
				}
				now[key] = m
				if family.GetName() == "meterbench_run_info" {
					run = labels["run"]
				}
			}
		}
		answer.Body.Close()
		s.n++
		for key, m := range now {
			s.grows(key, s.last[key], m)
			s.last[key] = m
			if run != "" {
				if s.runs[run] == nil {
					s.runs[run] = map[string]*dto.Metric{}
				}
				s.runs[run][key] = m
			}
		}
	}
	return s
}

// grows notes a counter that goes backwards without a word that it began anew, and a histogram that contradicts itself.
func (s *scrapedMetrics) grows(key string, before, now *dto.Metric) {
	value := func(m *dto.Metric) (float64, float64) {
		if h := m.GetHistogram(); h != nil {
			return float64(h.GetSampleCount()), float64(h.GetCreatedTimestamp().AsTime().UnixNano())
		}
		return m.GetCounter().GetValue(), float64(m.GetCounter().GetCreatedTimestamp().AsTime().UnixNano())
	}
	if before != nil && (now.Counter != nil || now.Histogram != nil) {
		was, from := value(before)
		is, since := value(now)
		if is < was-1e-9 && since <= from {
			s.wrong = append(s.wrong, fmt.Sprintf("%s goes from %g to %g without a mark", key, was, is))
		}
	}
	h := now.GetHistogram()
	if h == nil {
		return
	}
	sum, count := h.GetZeroCount(), int64(0)
	for _, d := range h.GetPositiveDelta() {
		count += d
		sum += uint64(count)
	}
	below := uint64(0)
	for _, b := range h.GetBucket() {
		if b.GetCumulativeCount() < below {
			s.wrong = append(s.wrong, key+" has classic buckets that shrink")
		}
		below = b.GetCumulativeCount()
	}
	if sum != h.GetSampleCount() || below > h.GetSampleCount() {
		s.wrong = append(s.wrong, fmt.Sprintf("%s has %d in native buckets, %d in classic ones, of %d", key, sum, below, h.GetSampleCount()))
	}
}

// nativeQuantile is that of native buckets of a histogram, between the bounds of its bucket.
func nativeQuantile(h *dto.Histogram, q float64) (low, high float64) {
	rank := uint64(max(1, math.Ceil(q*float64(h.GetSampleCount()))))
	seen := h.GetZeroCount()
	if seen >= rank {
		return 0, h.GetZeroThreshold()
	}
	key, count, at := int32(0), int64(0), 0
	for _, span := range h.GetPositiveSpan() {
		key += span.GetOffset()
		for range span.GetLength() {
			count += h.GetPositiveDelta()[at]
			at++
			if seen += uint64(count); seen >= rank {
				base := math.Exp2(math.Exp2(-float64(h.GetSchema())))
				return math.Pow(base, float64(key-1)), math.Pow(base, float64(key))
			}
			key++
		}
	}
	return math.Inf(1), math.Inf(1)
}

// agrees compares what was scraped last of a run with what it stored.
func (s *scrapedMetrics) agrees(t *testing.T, stored *result.Folder) {
	t.Helper()
	last := s.runs[stored.Run.ID]
	if last == nil {
		t.Errorf("run %s was not scraped", stored.Run.ID)
		return
	}
	counts := map[string]uint64{}
	values := map[string][]float64{}
	for row, err := range stored.Transactions() {
		if err != nil {
			t.Fatal(err)
		}
		if row.Repetition == 0 {
			continue // of no load, as what looks whether the target is idle
		}
		counts[row.Series+" "+row.Outcome.String()]++
		if row.Outcome.Class() != result.Succeeded {
			continue
		}
		for _, p := range result.Parts() {
			if d, ok := row.Span(p); ok {
				key := fmt.Sprintf("%s %s %s", row.Series, p, row.Outcome)
				values[key] = append(values[key], d.Seconds())
			}
		}
	}
	got := map[string]uint64{}
	merged := map[string][]*dto.Histogram{}
	inWindow := map[string]uint64{}
	for key, m := range last {
		labels := map[string]string{}
		for _, l := range m.GetLabel() {
			labels[l.GetName()] = l.GetValue()
		}
		switch name, _, _ := strings.Cut(key, " "); name {
		case "meterbench_transactions_total":
			if n := uint64(m.GetCounter().GetValue()); n > 0 {
				got[labels["series"]+" "+labels["outcome"]] += n
				if labels["during"] == "window" {
					inWindow[labels["series"]+" "+labels["outcome"]] += n
				}
			}
		case "meterbench_latency_seconds":
			k := fmt.Sprintf("%s %s %s", labels["series"], labels["part"], labels["outcome"])
			merged[k] = append(merged[k], m.GetHistogram())
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(counts) {
		t.Errorf("transactions by outcome: %v, stored %v", got, counts)
	}
	points := map[string]uint64{}
	for _, p := range stored.Summary.Points {
		for o, n := range p.Outcomes {
			if n > 0 {
				points[p.Series+" "+o] += n
			}
		}
	}
	if fmt.Sprint(inWindow) != fmt.Sprint(points) {
		t.Errorf("transactions in windows by outcome: %v, stored %v", inWindow, points)
	}
	for k, all := range values {
		sort.Float64s(all)
		n, sum := uint64(0), 0.0
		for _, h := range merged[k] {
			n, sum = n+h.GetSampleCount(), sum+h.GetSampleSum()
		}
		want := 0.0
		for _, v := range all {
			want += v
		}
		if n != uint64(len(all)) || math.Abs(sum-want) > 1e-6*float64(len(all)) {
			t.Errorf("%s: %d with a sum of %g, stored %d with %g", k, n, sum, len(all), want)
		}
		if len(merged[k]) == 1 {
			for _, q := range []float64{0.5, 0.9, 0.99} {
				low, high := nativeQuantile(merged[k][0], q)
				v := all[max(0, int(math.Ceil(q*float64(len(all))))-1)]
				if v < low*(1-1e-9) && v > 1e-6 || v > high*(1+1e-9) {
					t.Errorf("%s: quantile %g from %g to %g, stored %g", k, q, low, high, v)
				}
			}
		}
		for _, h := range merged[k] {
			for _, b := range h.GetBucket() {
				if len(merged[k]) > 1 {
					break
				}
				below, _ := slices.BinarySearch(all, math.Nextafter(b.GetUpperBound(), 2*b.GetUpperBound()))
				if b.GetCumulativeCount() != uint64(below) {
					t.Errorf("%s: %d not above %g, stored %d", k, b.GetCumulativeCount(), b.GetUpperBound(), below)
				}
			}
		}
	}
	// Blocks of the load.
	if stored.Run.Blocks != (result.File{}) && stored.Summary.Points[0].Phase == nil {
		told, kept := 0.0, 0
		for key, m := range last {
			if strings.HasPrefix(key, "meterbench_blocks_total") {
				told += m.GetCounter().GetValue()
			}
		}
		for row, err := range stored.Blocks() {
			if err != nil {
				t.Fatal(err)
			}
			if row.Series != "" {
				kept++
			}
		}
		if math.Abs(told-float64(kept)) > 0 {
			t.Errorf("%g blocks, stored %d within levels", told, kept)
		}
	}
}
