package study

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// The memory of a blockLog: 1.5 MB for the cells of a channel, and as much for the values. That of a site is smaller.
const (
	mostCells  = 1 << 14
	mostValues = 1 << 16
	earlier    = 1 << 10 // blocks that may be recorded after a later one
	siteShare  = 8
)

// answered is the channel of transactions that were only endorsed, which no block holds.
const answered = math.MaxUint16 + 1

// timedParts are those whose mean gets an interval.
var timedParts = [...]result.Part{result.PartEncrypt, result.PartAcknowledge, result.PartCommit, result.PartAnswer}

// whole reports whether a part is the whole latency of a transaction, whose quantiles get an interval too.
func whole(part result.Part) bool { return part == result.PartCommit || part == result.PartAnswer }

// timedQuantiles are those of the whole latency that get one.
var timedQuantiles = [...]struct {
	name  string
	share float64
	of    func(stats.Quantiles) *float64
}{
	{result.SiteP50, 0.50, func(q stats.Quantiles) *float64 { return q.P50 }},
	{result.SiteP95, 0.95, func(q stats.Quantiles) *float64 { return q.P95 }},
	{result.SiteP99, 0.99, func(q stats.Quantiles) *float64 { return q.P99 }},
}

// A blockLog adds up a level's transactions block by block, for the intervals of its window, in bounded memory:
// neighbouring blocks are joined where there are too many. One goroutine at a time may use it.
type blockLog struct {
	from, to time.Duration
	channels map[uint32]*blockCells
	values   []blockValue // whole latencies of every stride-th transaction
	stride   uint64
	share    int // of mostCells and mostValues it has one part in so many
}

// blockCells are the cells of a channel, each of so many blocks from the base on.
type blockCells struct {
	base, size uint64
	cells      []blockCell
	most       int // cells
}

type blockCell struct {
	first, last time.Duration // commits
	commits     float64
	whole       bool // of no transaction that was intended outside the window
	n, sum      [len(timedParts)]float64
}

type blockValue struct {
	channel uint32
	block   uint64
	seconds float64
}

func newBlockLog(from, to time.Duration) *blockLog {
	return &blockLog{from: from, to: to, channels: map[uint32]*blockCells{}, stride: 1, share: 1}
}

// add adds a transaction, the n-th of its level, that ended well.
func (b *blockLog) add(r *result.Record, n uint64) {
	channel, block, done := uint32(r.Channel), r.Block, r.Committed
	if r.Outcome == result.Answered {
		channel, done = answered, r.Endorsed
	}
	if block == 0 {
		block = n
	}
	of := b.channels[channel]
	if of == nil {
		of = &blockCells{base: max(block, earlier) - earlier, size: 1, most: mostCells / b.share}
		b.channels[channel] = of
	}
	c := of.at(block)
	if c.commits == 0 {
		*c = blockCell{first: done, last: done, whole: true}
	}
	c.first, c.last = min(c.first, done), max(c.last, done)
	c.commits++
	if r.Intended < b.from || r.Intended >= b.to {
		c.whole = false
		return
	}
	for i, part := range timedParts {
		if d, ok := r.Span(part); ok {
			c.n[i]++
			c.sum[i] += d.Seconds()
			if whole(part) {
				b.sample(n, blockValue{channel, block, d.Seconds()})
			}
		}
	}
}

// sample keeps the value of every stride-th transaction.
func (b *blockLog) sample(n uint64, v blockValue) {
	if n%b.stride != 0 {
		return
	}
	if most := mostValues / b.share; len(b.values) == most { // every other one in the order in which they ended
		b.stride *= 2
		for i := range most / 2 {
			b.values[i] = b.values[2*i]
		}
		b.values = b.values[:most/2]
	}
	b.values = append(b.values, v)
}

// index returns the place of a block's cell.
func (b *blockCells) index(block uint64) int { return int((max(block, b.base) - b.base) / b.size) }

func (b *blockCells) at(block uint64) *blockCell {
	for b.index(block) >= b.most {
		b.join()
	}
	if missing := b.index(block) + 1 - len(b.cells); missing > 0 {
		b.cells = append(b.cells, make([]blockCell, missing)...)
	}
	return &b.cells[b.index(block)]
}

// join joins every two neighbouring cells.
func (b *blockCells) join() {
	half := (len(b.cells) + 1) / 2
	for i := range half {
		c := b.cells[2*i]
		if j := 2*i + 1; j < len(b.cells) {
			c = c.with(b.cells[j])
		}
		b.cells[i] = c
	}
	b.cells = b.cells[:half]
	b.size *= 2
}

func (c blockCell) with(o blockCell) blockCell {
	switch {
	case c.commits == 0:
		return o
	case o.commits == 0:
		return c
	}
	c.first, c.last, c.commits, c.whole = min(c.first, o.first), max(c.last, o.last), c.commits+o.commits, c.whole && o.whole
	for i := range c.n {
		c.n[i] += o.n[i]
		c.sum[i] += o.sum[i]
	}
	return c
}

// A placedCell is one among those of all channels.
type placedCell struct {
	blockCell
	channel uint32
	index   int
}

// sorted returns the cells of all blocks, and of the answered transactions, in the order of their commits and answers.
func (b *blockLog) sorted() (all []placedCell) {
	for channel, of := range b.channels {
		for i, c := range of.cells {
			if c.commits > 0 {
				all = append(all, placedCell{c, channel, i})
			}
		}
	}
	slices.SortFunc(all, func(x, y placedCell) int {
		return cmp.Or(cmp.Compare(x.last, y.last), cmp.Compare(x.channel, y.channel), cmp.Compare(x.index, y.index))
	})
	return all
}

// rates returns the commits of the blocks, and the answers, that lie within the window, each over the seconds since those
// before.
func (b *blockLog) rates(sorted []placedCell) (of stats.Sequence) {
	before := time.Duration(-1)
	for _, c := range sorted {
		if c.first < b.from || c.last >= b.to {
			continue
		}
		if before >= 0 {
			of = append(of, stats.Cell{Sum: c.commits, Weight: (c.last - before).Seconds()})
		}
		before = c.last
	}
	return of
}

// latencies returns the sums of a part over the blocks that hold only transactions of the window: what the window cuts
// off from one at its ends would make it differ from the others.
func (b *blockLog) latencies(sorted []placedCell, part int) (of stats.Sequence) {
	for _, c := range sorted {
		if c.whole && c.n[part] > 0 {
			of = append(of, stats.Cell{Sum: c.sum[part], Weight: c.n[part]})
		}
	}
	return of
}

// wholes returns the whole latencies kept, in ascending order, with their places in latencies of their part.
func (b *blockLog) wholes(sorted []placedCell, part int) (values []stats.Value) {
	type key struct {
		channel uint32
		index   int
	}
	places := map[key]int{}
	for _, c := range sorted {
		if c.whole && c.n[part] > 0 {
			places[key{c.channel, c.index}] = len(places)
		}
	}
	for _, v := range b.values {
		if at, whole := places[key{v.channel, b.channels[v.channel].index(v.block)}]; whole {
			values = append(values, stats.Value{Value: v.seconds, Cell: at})
		}
	}
	slices.SortFunc(values, func(x, y stats.Value) int { return cmp.Compare(x.Value, y.Value) })
	return values
}

// noInterval is what the run's own list says of points of which some figures have no interval.
const noInterval = "the window is too short, or holds too few blocks, for an interval of every figure"

// intervals gives the figures of a point their intervals, and warns of those that get none. A load that changes has no
// mean but that of its plan.
func (s *session) intervals(p *result.Point, l level, b *blockLog) {
	if l.changing() {
		return
	}
	missing := map[stats.Warning][]string{}
	give := func(key string, figure, least float64) func(*stats.Interval, *stats.Warning) {
		return func(i *stats.Interval, why *stats.Warning) {
			if i == nil {
				missing[*why] = append(missing[*why], key)
				return
			}
			// The figure is that of all that the window holds, not of its whole blocks only.
			i.Low, i.High = max(0, min(i.Low, figure-least)), max(i.High, figure+least)
			p.Intervals[key] = *i
		}
	}
	units := func(n uint64) int { return int(n) / max(1, p.Load.Clients) } // latencies of a closed load: one of each client
	sorted := b.sorted()
	if rate := p.Rate(); rate > 0 {
		give(p.RateKey(), rate, 1/p.Window)(b.rates(sorted).Ratio(math.MaxInt))
	}
	for i, part := range timedParts {
		q := p.Latency[part.String()]
		if q.N == 0 {
			continue
		}
		of := b.latencies(sorted, i)
		give(part.String()+"_s", q.Mean, 0)(of.Mean(units(q.N)))
		if !whole(part) {
			continue
		}
		values := b.wholes(sorted, i)
		for _, t := range timedQuantiles {
			if value := t.of(q); value != nil {
				give(fmt.Sprintf("%s_%s_s", part, t.name), *value, 0)(of.Quantile(values, t.share, units(q.N)))
			}
		}
	}
	for _, why := range slices.SortedFunc(maps.Keys(missing), func(a, b stats.Warning) int { return cmp.Compare(a.Text, b.Text) }) {
		text := fmt.Sprintf("no interval within the window for some figures: %s (%s)", why.Text, strings.Join(missing[why], ", "))
		p.Notices = append(p.Notices, result.Warning{Code: why.Code, Text: text})
		s.note(place(p.Series, p.Load), stats.FewBatches, noInterval) // one for the run, whatever the reasons
	}
}
