package wan

import (
	"cmp"
	"slices"
	"time"
)

// How packets that measure keep out of each other's way where the bandwidth is low.
const (
	leastEchoes = 10              // of a pair
	echoRoom    = 4               // at least so many packets could be sent by the bandwidth between two of the same pair
	echoWithin  = 3 * time.Second // all are sent, unless they are leastEchoes

	headersBytes = 28 // of IPv4 and UDP
)

// A pair is two sites between which packets are sent.
type pair struct {
	sites   [2]int
	sending time.Duration // of one packet, one way, by the bandwidth
	spacing time.Duration // between two packets
	echoes  []echo
}

// newPair returns a pair whose packets never queue behind each other.
func newPair(i, j int, link Link) pair {
	p := pair{sites: [2]int{i, j}, sending: link.sending(headersBytes + echoBytes)}
	p.spacing = max(echoSpacing, echoRoom*p.sending)
	p.echoes = make([]echo, min(echoes, max(leastEchoes, int(echoWithin/p.spacing))))
	return p
}

// A probe is a packet that is to be sent.
type probe struct {
	due          time.Duration // since the start
	pair, number int
}

// probes returns all packets in the order in which they are due, those of the pairs spread over the time between two of the
// same pair.
func (m *echoer) probes() (all []probe) {
	for i, p := range m.pairs {
		first := echoSpacing * time.Duration(i) / time.Duration(len(m.pairs))
		for k := range p.echoes {
			all = append(all, probe{first + p.spacing*time.Duration(k), i, k})
		}
	}
	slices.SortFunc(all, func(a, b probe) int { return cmp.Compare(a.due, b.due) })
	return all
}
