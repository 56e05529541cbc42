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

	"golang.org/x/sys/unix"

	"meterbench/internal/alarm"
)

// RoundTrip is how long packets took between two sites and back, without the time that it takes to send them by the bandwidth.
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

	receiveBuffer = 4 << 20 // bytes: what comes in while this process waits to run is not lost
)

// An echo is one packet on its way there and back, by the four instants of NTP (RFC 5905, section 8) in nanoseconds since 1970.
// A socket's own come from the kernel, so that no time is counted in which this process waited to run.
type echo struct {
	sent, arrived int64 // at the other end
	answered      int64 // there
	back          int64 // 0: not yet
}

// trip returns how long the packet was on its way.
func (e echo) trip() time.Duration {
	return time.Duration(max(0, e.back-e.sent-(e.answered-e.arrived)))
}

// An echoPacket is what packets carry.
type echoPacket struct {
	Answer            bool
	Pair, Number      uint32
	Arrived, Answered int64 // of an answer
}

var echoBytes = binary.Size(echoPacket{})

// echoer sends packets between all sites and answers them.
type echoer struct {
	sites []*net.UDPConn
	at    []netip.AddrPort // of the sockets
	pairs []pair
	start time.Time

	mu   sync.Mutex // of their echoes, too
	open int        // that have not come back
	all  chan struct{}
}

// Measure sends 100 UDP packets between each two sites and back, from both ends in turn, all pairs at the same time. It takes
// a second, and half a second more and the longest round trip where packets are lost. Links of less than about 170 kbit/s, over
// which packets would queue behind each other, get them further apart, for up to three seconds, and then fewer.
func (s *Sites) Measure(ctx context.Context) ([]RoundTrip, error) {
	trips, err := s.measure(ctx)
	if err != nil {
		return nil, fmt.Errorf("measure round trips: %w", err)
	}
	return trips, nil
}

func (s *Sites) measure(ctx context.Context) (trips []RoundTrip, err error) {
	clock, err := alarm.New()
	if err != nil {
		return nil, err
	}
	defer clock.Close()
	m := &echoer{start: time.Now(), all: make(chan struct{})}
	var reading sync.WaitGroup
	defer reading.Wait()
	defer func() {
		for _, socket := range m.sites {
			socket.Close() // ends the reading
		}
	}()
	for i, name := range s.names {
		err := s.Do(name, func() error {
			socket, err := listenStamped(addressOf(i))
			if err == nil {
				m.sites, m.at = append(m.sites, socket), append(m.at, socket.LocalAddr().(*net.UDPAddr).AddrPort())
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	var longest time.Duration
	for i := range m.sites {
		for j := i + 1; j < len(m.sites); j++ {
			link := s.link(i, j)
			p := newPair(i, j, link)
			m.pairs = append(m.pairs, p)
			trips = append(trips, RoundTrip{Between: [2]string{s.names[i], s.names[j]}, Asked: link.RoundTrip, Sent: len(p.echoes)})
			m.open += len(p.echoes)
			longest = max(longest, link.RoundTrip+2*p.sending)
		}
	}
	if m.open == 0 {
		close(m.all)
	}
	for i := range m.sites {
		reading.Go(func() { m.read(i) })
	}
	if err := m.send(ctx, clock); err != nil {
		return nil, err
	}
	select {
	case <-m.all:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-time.After(longest + echoLate):
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range trips {
		trips[i].sum(m.pairs[i].echoes, 2*m.pairs[i].sending)
	}
	return trips, nil
}

// listenStamped returns a socket on which the kernel says when a packet came.
func listenStamped(at netip.Addr) (*net.UDPConn, error) {
	s, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(at, 0)))
	if err != nil {
		return nil, err
	}
	raw, err := s.SyscallConn()
	if err == nil {
		var failed error
		err = raw.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
			if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, receiveBuffer) != nil { // it takes a right over the host
				_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, receiveBuffer) // what the host allows will do
			}
		})
		err = errors.Join(err, failed)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// send sends all packets.
func (m *echoer) send(ctx context.Context, clock alarm.Clock) error {
	var late time.Duration // by which all that is left is put off
	for _, one := range m.probes() {
		var wait time.Duration
		if wait, late = putOff(one.due, late, time.Since(m.start)); wait > 0 && !clock.Sleep(ctx.Done(), wait) {
			return context.Cause(ctx)
		}
		p := &m.pairs[one.pair]
		from, to := p.sites[one.number%2], p.sites[1-one.number%2]
		packet := echoPacket{Pair: uint32(one.pair), Number: uint32(one.number)}.append(nil)
		m.mu.Lock()
		p.echoes[one.number].sent = time.Now().UnixNano()
		_, err := m.sites[from].WriteToUDPAddrPort(packet, m.at[to])
		m.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// putOff returns how long to wait at the instant now for what is due, where all is late by some time already, and the time by
// which the rest is late. What a busy machine delays puts off all that follows: sent one right after the other, packets would
// queue where bandwidth is capped.
func putOff(due, late, now time.Duration) (wait, later time.Duration) {
	if wait = due + late - now; wait < -time.Millisecond {
		return 0, late - wait
	}
	return wait, late
}

// append appends the packet in wire form.
func (p echoPacket) append(b []byte) []byte {
	b, err := binary.Append(b, binary.BigEndian, p)
	if err != nil {
		panic(err) // its size is fixed
	}
	return b
}

// parseEcho returns a packet from its wire form, false where it is none.
func parseEcho(data []byte) (p echoPacket, ok bool) {
	n, err := binary.Decode(data, binary.BigEndian, &p)
	return p, err == nil && n == len(data)
}

// read answers what comes to a site, and notes what comes back, until its socket is closed.
func (m *echoer) read(site int) {
	data, control := make([]byte, echoBytes+1), make([]byte, 128)
	for {
		n, controlled, _, from, err := m.sites[site].ReadMsgUDPAddrPort(data, control)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		p, ours := parseEcho(data[:n])
		came, stamped := stamp(control[:controlled])
		switch {
		case err != nil || !ours || !stamped: // or the kernel's answer to one of ours that is lost
			continue
		case p.Answer:
			m.note(p, came)
			continue
		}
		p.Answer, p.Arrived, p.Answered = true, came, time.Now().UnixNano()
		_, _ = m.sites[site].WriteToUDPAddrPort(p.append(data[:0]), from) // lost where it fails
	}
}

// stamp returns when a packet came by the kernel's clock, from what came with it.
func stamp(control []byte) (at int64, ok bool) {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0, false
	}
	for _, m := range messages {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SCM_TIMESTAMPNS && len(m.Data) >= 16 {
			return int64(binary.NativeEndian.Uint64(m.Data))*int64(time.Second) + int64(binary.NativeEndian.Uint64(m.Data[8:])), true
		}
	}
	return 0, false
}

// note notes that a packet came back.
func (m *echoer) note(p echoPacket, came int64) {
	if int(p.Pair) >= len(m.pairs) || int(p.Number) >= len(m.pairs[p.Pair].echoes) {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if one := &m.pairs[p.Pair].echoes[p.Number]; one.sent > 0 && one.back == 0 {
		one.arrived, one.answered, one.back = p.Arrived, p.Answered, came
		if m.open--; m.open == 0 {
			close(m.all)
		}
	}
}

// sum fills in what has become of the packets of a pair, which take sending by the bandwidth, there and back.
func (t *RoundTrip) sum(all []echo, sending time.Duration) {
	var took []time.Duration
	for _, one := range all {
		if one.back > 0 {
			took = append(took, max(0, one.trip()-sending))
		}
	}
	t.Lost = t.Sent - len(took)
	if len(took) > 0 {
		slices.Sort(took)
		rank := func(p float64) time.Duration { return took[int(math.Ceil(p*float64(len(took))))-1] }
		t.P50, t.P99 = rank(0.5), rank(0.99)
	}
}
