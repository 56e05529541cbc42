package wan

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"meterbench/internal/alarm"
)

// RoundTrip is how long packets took between two sites and back.
type RoundTrip struct {
	Between  [2]string
	Asked    time.Duration // round trip of the link as it is in force
	P50, P99 time.Duration // of the packets that came back; 0: none did
	Sent     int
	Lost     int // on either way
}

// How round trips are measured.
const (
	echoes      = 100 // between each two sites, from both ends in turn
	echoSpacing = 10 * time.Millisecond
	echoLate    = 500 * time.Millisecond // how much later than asked a packet may come back
	echoBytes   = 9                      // a question or an answer, pair and number
)

// An echo is one packet on its way there and back.
type echo struct {
	sent, came time.Duration // since the start
	back       bool
}

// echoer sends packets between all sites and answers them.
type echoer struct {
	sites []*net.UDPConn
	at    []netip.AddrPort // of the sockets
	pairs [][2]int         // of sites
	start time.Time

	mu     sync.Mutex
	echoes [][]echo // by pair
	open   int      // that have not come back
	all    chan struct{}
}

// Measure sends 100 UDP packets between each two sites and back, from both ends in turn, all pairs at the same time. It takes
// a second, and half a second more and the longest round trip where packets are lost.
func (e *Emulation) Measure(ctx context.Context) ([]RoundTrip, error) {
	trips, err := e.measure(ctx)
	if err != nil {
		return nil, fmt.Errorf("measure round trips: %w", err)
	}
	return trips, nil
}

func (e *Emulation) measure(ctx context.Context) (trips []RoundTrip, err error) {
	clock, err := alarm.New()
	if err != nil {
		return nil, err
	}
	defer clock.Close()
	m := &echoer{start: time.Now(), all: make(chan struct{})}
	var reading sync.WaitGroup
	defer reading.Wait()
	defer func() {
		for _, s := range m.sites {
			s.Close() // ends the reading
		}
	}()
	for i, name := range e.cfg.Sites {
		err := e.Do(name, func() error {
			s, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addressOf(i), 0)))
			if err == nil {
				m.sites, m.at = append(m.sites, s), append(m.at, s.LocalAddr().(*net.UDPAddr).AddrPort())
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var longest time.Duration
	e.mu.Lock()
	for i := range m.sites {
		for j := i + 1; j < len(m.sites); j++ {
			link, _ := e.effects.now(i, j)
			m.pairs = append(m.pairs, [2]int{i, j})
			trips = append(trips, RoundTrip{Between: [2]string{e.cfg.Sites[i], e.cfg.Sites[j]}, Asked: link.RoundTrip, Sent: echoes})
			m.echoes = append(m.echoes, make([]echo, echoes))
			longest = max(longest, link.RoundTrip)
		}
	}
	e.mu.Unlock()
	m.open = len(m.pairs) * echoes
	for i := range m.sites {
		reading.Go(func() { m.read(i) })
	}
	if err := m.send(ctx, clock); err != nil {
		return nil, err
	}
	if m.open > 0 {
		select {
		case <-m.all:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(longest + echoLate):
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range trips {
		trips[i].sum(m.echoes[i])
	}
	return trips, nil
}

// send sends all packets, those of the pairs spread over the time between two of the same pair.
func (m *echoer) send(ctx context.Context, clock alarm.Clock) error {
	packet := make([]byte, echoBytes)
	for k := range echoes {
		for i, pair := range m.pairs {
			due := echoSpacing*time.Duration(k) + echoSpacing*time.Duration(i)/time.Duration(len(m.pairs))
			if wait := due - time.Since(m.start); wait > 0 && !clock.Sleep(ctx.Done(), wait) {
				return context.Cause(ctx)
			}
			from, to := pair[k%2], pair[1-k%2]
			binary.BigEndian.PutUint32(packet[1:], uint32(i))
			binary.BigEndian.PutUint32(packet[5:], uint32(k))
			m.mu.Lock()
			m.echoes[i][k].sent = time.Since(m.start)
			m.mu.Unlock()
			if _, err := m.sites[from].WriteToUDPAddrPort(packet, m.at[to]); err != nil {
				return err
			}
		}
	}
	return nil
}

// read answers what comes to a site, and notes what comes back, until its socket is closed.
func (m *echoer) read(site int) {
	packet := make([]byte, echoBytes+1)
	for {
		n, from, err := m.sites[site].ReadFromUDPAddrPort(packet)
		now := time.Since(m.start)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil || n != echoBytes: // not ours, or an answer of the kernel's to one of ours that is lost
		case packet[0] == 0:
			packet[0] = 1
			_, _ = m.sites[site].WriteToUDPAddrPort(packet[:n], from) // lost where it fails
		default:
			m.note(packet[:n], now)
		}
	}
}

// note notes that a packet came back.
func (m *echoer) note(packet []byte, now time.Duration) {
	pair, k := binary.BigEndian.Uint32(packet[1:]), binary.BigEndian.Uint32(packet[5:])
	if pair >= uint32(len(m.pairs)) || k >= echoes {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if one := &m.echoes[pair][k]; one.sent > 0 && !one.back {
		one.came, one.back = now, true
		if m.open--; m.open == 0 {
			close(m.all)
		}
	}
}

// sum fills in what has become of the packets of a pair.
func (t *RoundTrip) sum(all []echo) {
	var took []time.Duration
	for _, one := range all {
		if one.back {
			took = append(took, one.came-one.sent)
		}
	}
	t.Lost = t.Sent - len(took)
	if len(took) > 0 {
		slices.Sort(took)
		rank := func(p float64) time.Duration { return took[int(math.Ceil(p*float64(len(took))))-1] }
		t.P50, t.P99 = rank(0.5), rank(0.99)
	}
}
