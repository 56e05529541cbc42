package study

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/bench/bottleneck"
	"meterbench/bench/result"
)

// explain splits the latency of all points by what happened inside the network, and says what
// limited each. It reads all transactions once; those of a turn lie together.
func (s *study) explain() error {
	var open []*trace // of one turn
	for row, err := range s.writer.Transactions() {
		if err != nil {
			return fmt.Errorf("join transactions and blocks: %w", err)
		}
		at := traceOf(open, &row)
		if at == nil {
			if at = traceOf(s.traces, &row); at == nil {
				continue
			}
			if len(open) > 0 && open[0].report != at.report {
				s.split(open)
				open = nil
			}
			open = append(open, at)
		}
		at.add(&row.Record)
	}
	s.split(open)
	for _, t := range s.traces {
		p := &s.summary.Points[t.point]
		t.evidence.Point = *p
		p.Limit, p.LimitedBecause = bottleneck.Judge(t.evidence)
	}
	return nil
}

func traceOf(among []*trace, row *result.Row) *trace {
	for _, t := range among {
		if t.holds(row) {
			return t
		}
	}
	return nil
}

func (t *trace) holds(row *result.Row) bool {
	return row.Series == t.series && row.Seq >= t.first && row.Seq < t.next
}

// add counts a transaction, by the rule of result.Window.
func (t *trace) add(r *result.Record) {
	if r.Outcome != result.Valid || r.Intended < t.from || r.Intended >= t.to {
		return
	}
	t.valid++
	instants, ok := t.instants[blockID{r.Channel, r.Block}]
	if !ok {
		return
	}
	spans, ok := r.BlockSpans(instants)
	if !ok {
		return
	}
	if t.parts == nil {
		for range spans {
			t.parts = append(t.parts, hdrhistogram.New(1, int64(time.Hour), 3))
		}
		t.totals = make([]time.Duration, len(spans))
	}
	for i, span := range spans {
		if t.parts[i].RecordValue(int64(span)) != nil {
			return // out of range, as its whole is: the point is invalid already
		}
		t.totals[i] += span
	}
	t.joined++
}

// split puts the parts inside the network into the points of traces, if they are known of all their
// transactions: the means of some would not add up to the latency of all. The means are exact, so
// that they do.
func (s *study) split(all []*trace) {
	for _, t := range all {
		p := &s.summary.Points[t.point]
		switch {
		case t.joined < t.valid && t.instants != nil:
			s.flag(p, result.NotSplit, "", "the time inside the network is not split: the nodes' logs lack the blocks of %d of %d transactions",
				t.valid-t.joined, t.valid)
		case t.joined > 0 && t.joined == t.valid:
			for i, part := range result.BlockParts() {
				q := quantiles(t.parts[i])
				q.Mean = t.totals[i].Seconds() / float64(t.joined)
				p.Latency[part.String()] = q
			}
		}
		t.parts = nil // a quarter of a megabyte each
	}
}
