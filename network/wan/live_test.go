package wan

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/internal/alarm"
)

// listenUDP returns a socket at a site.
func listenUDP(t testing.TB, e *Emulation, site string) (*net.UDPConn, netip.AddrPort) {
	t.Helper()
	var conn *net.UDPConn
	err := e.Do(site, func() (err error) {
		conn, err = net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(e.Address(site)), 0)))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// holdPackets has a socket keep what comes while this process waits for a processor.
func holdPackets(t testing.TB, conn *net.UDPConn) {
	t.Helper()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	const bytes = 64 << 20
	var refused error
	if err := raw.Control(func(fd uintptr) { refused = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, bytes) }); err != nil {
		t.Fatal(err)
	}
	if refused != nil { // without rights as much as this user may have
		if err := conn.SetReadBuffer(bytes); err != nil {
			t.Fatal(err)
		}
	}
}

// stream sends n numbered packets of some bytes at a rate and returns the numbers that arrive, in their order, and how long each
// took. Nothing comes after three seconds of silence.
func stream(t testing.TB, e *Emulation, from, to string, n, bytes int, rate float64) (numbers []int, took []time.Duration) {
	t.Helper()
	in, at := listenUDP(t, e, to)
	out, _ := listenUDP(t, e, from)
	holdPackets(t, in)
	clock, err := alarm.New()
	if err != nil {
		t.Fatal(err)
	}
	defer clock.Close()
	began := time.Now()
	var sending sync.WaitGroup
	sending.Go(func() {
		packet := make([]byte, bytes)
		for i := range n {
			if wait := time.Duration(float64(i)/rate*float64(time.Second)) - time.Since(began); wait > 0 {
				clock.Sleep(nil, wait)
			}
			binary.BigEndian.PutUint32(packet, uint32(i))
			binary.BigEndian.PutUint64(packet[4:], uint64(time.Since(began)))
			if _, err := out.WriteToUDPAddrPort(packet, at); err != nil {
				t.Error(err)
				return
			}
		}
	})
	packet := make([]byte, mtu)
	for len(numbers) < n {
		in.SetReadDeadline(time.Now().Add(3 * time.Second))
		_, _, err := in.ReadFromUDPAddrPort(packet)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		numbers = append(numbers, int(binary.BigEndian.Uint32(packet)))
		took = append(took, time.Since(began)-time.Duration(binary.BigEndian.Uint64(packet[4:])))
	}
	sending.Wait()
	return numbers, took
}

// countOf returns what has become of the packets of a direction.
func countOf(t testing.TB, e *Emulation, from, to string) Count {
	t.Helper()
	counts, err := e.Counts()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range counts {
		if c.From == from && c.To == to {
			return c
		}
	}
	return Count{}
}

// measure measures round trips, which must be as asked for within a millisecond or 2 %, and none lost. A machine that
// stood still for a while has more tries.
func measure(t *testing.T, e *Emulation) []RoundTrip {
	t.Helper()
	for tries := 10; ; tries-- {
		trips, err := e.Measure(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var wrong []string
		for _, r := range trips {
			if off := r.P50 - r.Asked; off.Abs() > max(time.Millisecond, r.Asked/50) || r.Lost > 0 || r.Sent != echoes {
				wrong = append(wrong, fmt.Sprintf("%v: %v at p50, %v at p99, asked were %v; %d of %d lost", r.Between, r.P50, r.P99, r.Asked, r.Lost, r.Sent))
			}
		}
		if len(wrong) == 0 {
			return trips
		}
		t.Logf("%d of %d pairs are not as asked for, as %s", len(wrong), len(trips), wrong[0])
		if tries == 1 {
			t.Fatal("given up")
		}
	}
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// Round trips are as asked for while thousands of other packets are under way.
func TestAccuracy(t *testing.T) {
	asked := []time.Duration{0, 1, 10, 50, 150, 300} // ms
	links := between(len(asked)+1, Link{})
	for i, ms := range asked {
		links[0][i+1].RoundTrip, links[i+1][0].RoundTrip = ms*time.Millisecond, ms*time.Millisecond
	}
	e := start(t, Config{Links: links})
	stop := make(chan struct{})
	var load sync.WaitGroup
	load.Go(func() {
		const packets = 2500
		for !closed(stop) {
			if numbers, _ := stream(t, e, "b", "g", packets, 500, 2500); len(numbers) != packets {
				t.Errorf("%d of %d packets of the load arrived", len(numbers), packets)
			}
		}
	})
	trips := measure(t, e)
	close(stop)
	load.Wait()
	for _, r := range trips[:len(asked)] {
		t.Logf("%6v asked: p50 %8v, p99 %8v", r.Asked, r.P50.Round(time.Microsecond), r.P99.Round(time.Microsecond))
	}
}

// What applications see of it: echoes over a TCP connection, of which a quarter at least met no busy processor, perhaps not at once.
func TestTCPEcho(t *testing.T) {
	for _, asked := range []time.Duration{0, 10 * time.Millisecond, 50 * time.Millisecond} {
		t.Run(asked.String(), func(t *testing.T) {
			e := start(t, Config{Links: between(2, Link{RoundTrip: asked})})
			listener, err := e.Listen("b", net.JoinHostPort(e.Address("b"), "0"))
			if err != nil {
				t.Fatal(err)
			}
			defer listener.Close()
			go func() {
				if conn, err := listener.Accept(); err == nil {
					io.Copy(conn, conn)
					conn.Close()
				}
			}()
			conn, err := e.Dial(t.Context(), "a", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			quarter := func() time.Duration {
				t.Helper()
				var trips []time.Duration
				message := make([]byte, 100)
				for range 20 {
					began := time.Now()
					if _, err := conn.Write(message); err != nil {
						t.Fatal(err)
					}
					if _, err := io.ReadFull(conn, message); err != nil {
						t.Fatal(err)
					}
					trips = append(trips, time.Since(began))
				}
				slices.Sort(trips)
				t.Logf("p25 %v, p50 %v", trips[4], trips[9])
				return trips[4]
			}
			off := quarter() - asked
			for tries := 1; tries < 20 && off > max(time.Millisecond, asked/50); tries++ {
				off = quarter() - asked
			}
			if off < 0 || off > max(time.Millisecond, asked/50) {
				t.Errorf("a quarter of the echoes took %v", asked+off)
			}
		})
	}
}

func TestSixteenSites(t *testing.T) {
	const sites = 16
	links := between(sites, Link{})
	for i := range links {
		for j := range links {
			links[i][j].RoundTrip = time.Duration(i^j) * 10 * time.Millisecond
		}
	}
	began := time.Now()
	e := start(t, Config{Links: links})
	t.Logf("up within %v", time.Since(began))
	if trips := measure(t, e); len(trips) != sites*(sites-1)/2 {
		t.Errorf("%d pairs", len(trips))
	}
}

// A link loses as many packets as asked for, in each direction, and keeps their order whatever its jitter.
func TestLossAndJitter(t *testing.T) {
	t.Parallel()
	const n, loss, jitter = 4000, 0.1, 4 * time.Millisecond
	e := start(t, Config{Links: between(2, Link{RoundTrip: 20 * time.Millisecond, Loss: loss, Jitter: jitter}), Seed: 7})
	numbers, took := stream(t, e, "a", "b", n, 100, 4000)
	for i := range numbers[1:] {
		if numbers[i] >= numbers[i+1] {
			t.Fatalf("packet %d arrives before %d", numbers[i], numbers[i+1])
		}
	}
	c := countOf(t, e, "a", "b")
	if want := uint64(n - len(numbers)); c.Lost != want || c.Packets != n || c.Bytes != n*128 {
		t.Errorf("counts %+v, want %d lost", c, want)
	}
	// Four standard deviations of a binomial count.
	if sd := math.Sqrt(n * loss * (1 - loss)); math.Abs(float64(c.Lost)-n*loss) > 4*sd {
		t.Errorf("%d of %d lost", c.Lost, n)
	}
	// Packets that are 0.25 ms apart wait for the slowest of those before: the median is above 10 ms by a few standard deviations
	// of one way. It says nothing of those for which this process had no processor for a while, as a mean would.
	slices.Sort(took)
	if median := took[len(took)/2]; median < 10*time.Millisecond || median > 10*time.Millisecond+6*jitter {
		t.Errorf("half of the packets took more than %v", median)
	}
	if c := countOf(t, e, "b", "a"); c.Packets != 0 {
		t.Errorf("the other direction has %+v", c)
	}
}

// send sends bytes over a TCP connection between two sites and returns how long that took, from the first byte that arrives to the
// last.
func send(t testing.TB, e *Emulation, from, to string, bytes int) time.Duration {
	t.Helper()
	listener, err := e.Listen(to, net.JoinHostPort(e.Address(to), "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var sending sync.WaitGroup
	sending.Go(func() {
		conn, err := e.Dial(t.Context(), from, listener.Addr().String())
		if err == nil {
			_, err = conn.Write(make([]byte, bytes))
			err = errors.Join(err, conn.Close())
		}
		if err != nil {
			t.Error(err)
			listener.Close()
		}
	})
	defer sending.Wait()
	conn, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.ReadFull(conn, make([]byte, 1)); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if n, err := io.Copy(io.Discard, conn); err != nil || n != int64(bytes-1) {
		t.Fatalf("%d of %d bytes arrived, %v", n, bytes, err)
	}
	return time.Since(began)
}

// A connection fills a link with a bandwidth, and not more; without one it is far faster.
func TestBandwidth(t *testing.T) {
	links := between(3, Link{RoundTrip: 50 * time.Millisecond})
	links[0][1].Bandwidth, links[1][0].Bandwidth = 20e6, 20e6
	e := start(t, Config{Links: links})
	rate := func(to string, bytes int) float64 { return float64(bytes) * 8 / send(t, e, "a", to, bytes).Seconds() }
	bounded, free := rate("b", 4_000_000), rate("c", 40_000_000)
	for tries := 1; tries < 5 && (bounded < 12e6 || free < 40e6); tries++ { // others may have taken the processors
		bounded, free = max(bounded, rate("b", 4_000_000)), max(free, rate("c", 40_000_000))
	}
	t.Logf("%.1f Mbit/s of 20, %.0f Mbit/s without a bound", bounded/1e6, free/1e6)
	// Of 1,500 bytes of a packet 1,448 are the connection's.
	if bounded > 20e6 || bounded < 12e6 {
		t.Errorf("%.1f Mbit/s over a link of 20 Mbit/s", bounded/1e6)
	}
	if free < 40e6 {
		t.Errorf("%.1f Mbit/s over a link without a bound", free/1e6)
	}
	if c := countOf(t, e, "a", "c"); c.Full+c.Lost+c.Failed+c.Cut > 0 {
		t.Errorf("packets are lost: %+v", c)
	}
}

// Links are cut, healed and slowed at once, alone or all of a site; what else there is stays as it was.
func TestCutHealSlow(t *testing.T) {
	t.Parallel()
	const ms = time.Millisecond
	e := start(t, Config{Links: between(3, Link{RoundTrip: 10 * ms})})
	conns, at := map[string]*net.UDPConn{}, map[string]netip.AddrPort{}
	for _, site := range []string{"a", "b", "c"} {
		conns[site], at[site] = listenUDP(t, e, site)
	}
	// trip returns how long a packet takes there and back, -1 where none comes.
	trip := func(from, to string) time.Duration {
		t.Helper()
		began, number, packet := time.Now(), byte(time.Now().UnixNano()), make([]byte, 10)
		for _, way := range [][2]string{{from, to}, {to, from}} {
			if _, err := conns[way[0]].WriteToUDPAddrPort([]byte{number}, at[way[1]]); err != nil {
				t.Fatal(err)
			}
			conns[way[1]].SetReadDeadline(time.Now().Add(300 * ms))
			for packet[0] = number + 1; packet[0] != number; {
				_, _, err := conns[way[1]].ReadFromUDPAddrPort(packet)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					return -1
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		return time.Since(began)
	}
	for _, step := range []struct {
		name  string
		do    func() error
		trips [3]time.Duration // between a and b, a and c, b and c; -1: none
	}{
		{"nothing", func() error { return nil }, [3]time.Duration{10 * ms, 10 * ms, 10 * ms}},
		{"cut a pair", func() error { return e.Cut("b", "a") }, [3]time.Duration{-1, 10 * ms, 10 * ms}},
		{"heal it", func() error { return e.Heal("a", "b") }, [3]time.Duration{10 * ms, 10 * ms, 10 * ms}},
		{"cut a site", func() error { return e.Cut("a", "") }, [3]time.Duration{-1, -1, 10 * ms}},
		{"heal one of its links", func() error { return e.Heal("c", "a") }, [3]time.Duration{-1, 10 * ms, 10 * ms}},
		{"heal the site", func() error { return e.Heal("a", "") }, [3]time.Duration{10 * ms, 10 * ms, 10 * ms}},
		{"slow a pair", func() error { return e.Slow("a", "b", Link{RoundTrip: 50 * ms}) }, [3]time.Duration{60 * ms, 10 * ms, 10 * ms}},
		{"slow it more", func() error { return e.Slow("b", "a", Link{RoundTrip: 30 * ms}) }, [3]time.Duration{90 * ms, 10 * ms, 10 * ms}},
		{"heal a site of it", func() error { return e.Heal("b", "") }, [3]time.Duration{10 * ms, 10 * ms, 10 * ms}},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		for i, pair := range [][2]string{{"a", "b"}, {"a", "c"}, {"b", "c"}} {
			got, want := trip(pair[0], pair[1]), step.trips[i]
			for tries := 0; tries < 20 && (got < 0 || got > want+40*ms) && want >= 0; tries++ { // this process may have waited to run
				got = trip(pair[0], pair[1])
			}
			if (got < 0) != (want < 0) || want >= 0 && (got < want || got > want+40*ms) {
				t.Errorf("%s: %v takes %v, want %v", step.name, pair, got, want)
			}
		}
	}
	if err := e.Cut("a", "x"); err == nil || err.Error() != `emulation of distances: there is no site "x"` {
		t.Errorf("error %v", err)
	}
}

// A connection outlives a cut, over which nothing comes.
func TestConnectionOutlivesCut(t *testing.T) {
	t.Parallel()
	e := start(t, Config{Links: between(2, Link{RoundTrip: 10 * time.Millisecond})})
	listener, err := e.Listen("b", net.JoinHostPort(e.Address("b"), "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	client, err := e.Dial(t.Context(), "a", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	if err := e.Cut("a", ""); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprint(client, "hello"); err != nil {
		t.Fatal(err)
	}
	server.SetReadDeadline(time.Now().Add(300 * time.Millisecond))
	if n, err := server.Read(make([]byte, 5)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%d bytes came over a link that is cut, %v", n, err)
	}
	if err := e.Heal("a", ""); err != nil {
		t.Fatal(err)
	}
	server.SetReadDeadline(time.Now().Add(time.Minute))
	if _, err := io.ReadFull(server, make([]byte, 5)); err != nil {
		t.Errorf("after healing: %v", err)
	}
}
