package wan

import (
	"math"
	"math/rand/v2"
	"time"
)

// A line is one direction of a link. Packets leave it in the order in which they came.
type line struct {
	link   Link
	cut    bool
	random *rand.Rand
	free   time.Duration // when all packets before are sent, by the bandwidth if there is one
	last   time.Duration // when the last packet arrives
	count  Count
}

// mtu is the greatest size of a packet in bytes.
const mtu = 1500

// The bound of the queue in which packets wait for the bandwidth is what the link carries within a round trip, the rule by
// which one TCP connection can fill it (Villamizar and Song, 1994), but 100 ms at least, and 32 packets, for short or slow links.
const (
	queueTime    = 100 * time.Millisecond
	queuePackets = 32
)

// queue returns how long a packet may have to wait for those before it.
func (l *line) queue() time.Duration {
	return max(queueTime, l.link.RoundTrip, l.link.sending(queuePackets*mtu))
}

// sending returns how long it takes to send bytes by the bandwidth; 0 where that has no bound.
func (l Link) sending(bytes int) time.Duration {
	if l.Bandwidth == 0 {
		return 0
	}
	return time.Duration(float64(bytes) * 8 / l.Bandwidth * float64(time.Second))
}

// pass takes in a packet and returns when it arrives, or false where it does not.
func (l *line) pass(now time.Duration, bytes int) (at time.Duration, ok bool) {
	l.count.Packets++
	l.count.Bytes += uint64(bytes)
	if l.cut {
		l.count.Cut++
		return 0, false
	}
	at = now
	if l.link.Bandwidth > 0 {
		at = max(now, l.free)
		if at-now > l.queue() {
			l.count.Full++
			return 0, false
		}
		at += l.link.sending(bytes)
	}
	l.free = at
	if l.link.Loss > 0 && l.random.Float64() < l.link.Loss {
		l.count.Lost++
		return 0, false
	}
	delay := l.link.RoundTrip / 2
	if l.link.Jitter > 0 { // the variance of a round trip is that of two ways
		delay = max(0, delay+time.Duration(l.random.NormFloat64()*float64(l.link.Jitter)/math.Sqrt2))
	}
	l.last = max(l.last, at+delay)
	return l.last, true
}
