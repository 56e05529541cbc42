package meterdata

import (
	"context"
	"fmt"
	"io"
	"iter"
	"math"
	"math/big"
	"time"

	"meterbench/bench/arrival"
	"meterbench/internal/strictyaml"
)

// A counter counts what is written.
type counter struct {
	to io.Writer
	n  int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.to.Write(b)
	c.n += int64(n)
	return n, err
}

// write writes the trace.
func (im *importer) write(ctx context.Context, to io.Writer) error {
	sum := &im.summary
	if len(im.ordered.memory) == 0 && len(im.ordered.runs) == 0 {
		return im.nothing()
	}
	var total int64
	meters := make([]bool, len(im.names))
	rows := func(yield func(arrival.Row, error) bool) {
		for r, err := range im.ordered.sorted(ctx) {
			if err != nil {
				yield(arrival.Row{}, err)
				return
			}
			if im.options.Gaps == Whole && im.incomplete[r.meter] {
				im.dropped(Incomplete, r)
				continue
			}
			if sum.Written++; sum.Written == 1 {
				sum.First = time.Unix(r.at, 0).UTC()
			}
			sum.Last = time.Unix(r.at, 0).UTC()
			if !meters[r.meter] {
				meters[r.meter] = true
				sum.Meters++
			}
			if total += r.value.wh; total > math.MaxInt64/2 {
				sum.Wh.Add(sum.Wh, big.NewInt(total))
				total = 0
			}
			sum.Rounded += r.value.pico
			if !yield(arrival.Row{At: time.Duration(r.at) * time.Second, Meter: int(r.meter), Wh: r.value.wh}, nil) {
				return
			}
		}
	}
	err := arrival.WriteTrace(to, func(i int) string { return im.names[i] }, iter.Seq2[arrival.Row, error](rows))
	sum.Wh.Add(sum.Wh, big.NewInt(total))
	sum.Seconds = im.interval
	sum.Dropped = []Drop{}
	for _, why := range Reasons() {
		if d := im.drops[why]; d != nil {
			sum.Dropped = append(sum.Dropped, d.Drop)
		}
	}
	for _, gaps := range im.incomplete {
		if gaps {
			sum.Gaps.Meters++
		}
	}
	if err != nil && sum.Written == 0 && ctx.Err() == nil {
		return im.nothing()
	}
	return err
}

// nothing says why there is no row.
func (im *importer) nothing() error {
	why := "they have no values"
	most := int64(0)
	for _, reason := range Reasons() {
		if d := im.drops[reason]; d != nil && d.Values > most {
			most = d.Values
			why = fmt.Sprintf("%d values were dropped as %s, the first at %s:%d:%d", d.Values, reason, d.First.File, d.First.Line, d.First.Column)
		}
	}
	return &strictyaml.Error{File: im.summary.Files[0], Msg: "nothing of the files is left for a trace: " + why, Hint: "see the reasons in docs/traces.md"}
}
