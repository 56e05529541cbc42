package wan

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"meterbench/internal/random"
)

func newLine(l Link) *line {
	return &line{link: l, random: random.Stream{Seed: 1, Purpose: random.Links}.Rand()}
}

// Known answers: when the packets of a line arrive that come at the given instants.
func TestLine(t *testing.T) {
	const ms = time.Millisecond
	type arrival struct {
		at, want time.Duration // want: -1 where it does not arrive
		bytes    int
	}
	for _, c := range []struct {
		name    string
		link    Link
		packets []arrival
	}{
		{"nothing", Link{}, []arrival{{0, 0, 40}, {3 * ms, 3 * ms, 1500}}},
		{"delay", Link{RoundTrip: 50 * ms}, []arrival{{0, 25 * ms, 40}, {3 * ms, 28 * ms, 1500}}},
		{"bandwidth", Link{Bandwidth: 1e6}, []arrival{{0, 12 * ms, 1500}, {0, 13 * ms, 125}, {20 * ms, 21 * ms, 125}}},
		{"bandwidth and delay", Link{RoundTrip: 50 * ms, Bandwidth: 1e6}, []arrival{{0, 37 * ms, 1500}, {0, 38 * ms, 125}, {20 * ms, 46 * ms, 125}}},
		{"all lost", Link{Loss: 1}, []arrival{{0, -1, 40}, {ms, -1, 40}}},
		{"lost packets take bandwidth", Link{Loss: 1, Bandwidth: 1e6}, []arrival{{0, -1, 1500}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLine(c.link)
			for _, p := range c.packets {
				at, ok := l.pass(p.at, p.bytes)
				if ok != (p.want >= 0) || ok && at != p.want {
					t.Errorf("the packet of %v arrives at %v, %v; want %v", p.at, at, ok, p.want)
				}
			}
		})
	}
	l := newLine(Link{Loss: 1, Bandwidth: 1e6})
	if l.pass(0, 1500); l.free != 12*ms {
		t.Errorf("after a lost packet the line is free at %v", l.free)
	}
}

// So many bytes wait as the line carries within the bound of its queue, and no more.
func TestLineQueue(t *testing.T) {
	for _, c := range []struct {
		link Link
		want time.Duration
	}{
		{Link{Bandwidth: 1e8}, 100 * time.Millisecond},
		{Link{Bandwidth: 1e8, RoundTrip: 300 * time.Millisecond}, 300 * time.Millisecond},
		{Link{Bandwidth: 1e6}, 384 * time.Millisecond},
	} {
		l := newLine(c.link)
		passed := 0
		for range 100_000 {
			if _, ok := l.pass(0, 1500); ok {
				passed++
			}
		}
		want := int(c.want.Seconds()*c.link.Bandwidth/8/1500) + 1
		if passed != want || l.count.Full != 100_000-uint64(passed) || l.count.Packets != 100_000 || l.count.Bytes != 150_000_000 {
			t.Errorf("%+v: %d packets passed, want %d; %+v", c.link, passed, want, l.count)
		}
	}
}

// What is under way when a link changes arrives as it would have; what comes later does not overtake it.
func TestLineChanges(t *testing.T) {
	l := newLine(Link{RoundTrip: 200 * time.Millisecond})
	if at, _ := l.pass(0, 40); at != 100*time.Millisecond {
		t.Error(at)
	}
	l.link = Link{RoundTrip: 20 * time.Millisecond}
	if at, _ := l.pass(time.Millisecond, 40); at != 100*time.Millisecond {
		t.Errorf("the second arrives at %v, want with the first", at)
	}
	if at, _ := l.pass(95*time.Millisecond, 40); at != 105*time.Millisecond {
		t.Errorf("the third arrives at %v", at)
	}
	l.cut = true
	if _, ok := l.pass(time.Second, 40); ok || l.count.Cut != 1 {
		t.Error("a packet passes a link that is cut")
	}
	l.cut = false
	if at, ok := l.pass(2*time.Second, 40); !ok || at != 2010*time.Millisecond {
		t.Errorf("after healing, %v, %v", at, ok)
	}
}

// Whatever the link, packets keep their order, none arrives before it was sent, and every one is accounted for.
func TestLineKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		link := rapid.Custom(func(t *rapid.T) Link {
			return Link{
				RoundTrip: time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "round trip")),
				Jitter:    time.Duration(rapid.Int64Range(0, int64(time.Second)).Draw(t, "jitter")),
				Loss:      rapid.Float64Range(0, 1).Draw(t, "loss"),
				Bandwidth: rapid.SampledFrom([]float64{0, minBandwidth, 1e6, 1e9, maxBandwidth}).Draw(t, "bandwidth"),
			}
		})
		l := newLine(link.Draw(t, "link"))
		l.random = random.Stream{Seed: rapid.Uint64().Draw(t, "seed"), Purpose: random.Links}.Rand()
		var now, last time.Duration
		arrived := uint64(0)
		n := rapid.IntRange(0, 200).Draw(t, "packets")
		for range n {
			now += time.Duration(rapid.Int64Range(0, int64(10*time.Millisecond)).Draw(t, "gap"))
			if rapid.IntRange(0, 9).Draw(t, "change") == 0 {
				l.link, l.cut = link.Draw(t, "new link"), rapid.Bool().Draw(t, "cut")
			}
			at, ok := l.pass(now, rapid.IntRange(headerBytes, mtu).Draw(t, "bytes"))
			if !ok {
				continue
			}
			if arrived++; at < last || at < now {
				t.Fatalf("a packet of %v arrives at %v, the one before at %v", now, at, last)
			}
			last = at
		}
		if c := l.count; c.Packets != uint64(n) || arrived+c.Cut+c.Lost+c.Full != c.Packets {
			t.Fatalf("%d of %d arrived, counted %+v", arrived, n, c)
		}
	})
}

// Losses are as many as asked for, one independent of the next, and jitter has its mean and its standard deviation.
func TestLineStatistics(t *testing.T) {
	const n = 100_000
	for _, loss := range []float64{0.001, 0.01, 0.2} {
		l := newLine(Link{Loss: loss})
		lost, both, before := 0, 0, false
		for i := range n {
			_, ok := l.pass(time.Duration(i), 40)
			if !ok {
				if lost++; before {
					both++
				}
			}
			before = !ok
		}
		// Four standard deviations of a binomial count, and of pairs that are nearly independent.
		if got, sd := float64(lost)/n, math.Sqrt(loss*(1-loss)/n); math.Abs(got-loss) > 4*sd {
			t.Errorf("lost %v of the packets, want %v", got, loss)
		}
		if want := n * loss * loss; math.Abs(float64(both)-want) > 4*math.Sqrt(want)+4 {
			t.Errorf("loss %v: %d times two in a row, want %v", loss, both, want)
		}
	}
	for _, jitter := range []time.Duration{time.Millisecond, 10 * time.Millisecond} {
		there, back := newLine(Link{RoundTrip: 100 * time.Millisecond, Jitter: jitter}), newLine(Link{RoundTrip: 100 * time.Millisecond, Jitter: jitter})
		back.random = random.Stream{Seed: 2, Purpose: random.Links}.Rand()
		var sum, squares float64
		for i := range n {
			sent := time.Duration(i) * time.Second
			at, _ := there.pass(sent, 40)
			came, _ := back.pass(at, 40)
			trip := (came - sent - 100*time.Millisecond).Seconds() / jitter.Seconds()
			sum, squares = sum+trip, squares+trip*trip
		}
		mean := sum / n
		if sd := math.Sqrt(squares/n - mean*mean); math.Abs(mean) > 4/math.Sqrt(n) || math.Abs(sd-1) > 4/math.Sqrt(2*n) {
			t.Errorf("jitter %v: a mean of %v and a standard deviation of %v of it", jitter, mean, sd)
		}
	}
}

// Equal seeds repeat, and no two lines share their numbers.
func TestLineSeeds(t *testing.T) {
	course := func(seed uint64, from, to int) (at []time.Duration) {
		l := newLoop(make([]int, 3), linksOf(between(3, Link{RoundTrip: time.Second, Jitter: 100 * time.Millisecond})), seed)
		l.do(command{Do: doEnforce})
		for i := range 20 {
			one, _ := l.lines[from][to].pass(time.Duration(i)*time.Minute, 40)
			at = append(at, one)
		}
		return at
	}
	if !slices.Equal(course(1, 0, 1), course(1, 0, 1)) {
		t.Error("a seed does not repeat")
	}
	for _, other := range [][]time.Duration{course(2, 0, 1), course(1, 1, 0), course(1, 0, 2)} {
		if slices.Equal(course(1, 0, 1), other) {
			t.Error("two lines have the same numbers")
		}
	}
}
