package wan

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"meterbench/internal/thread"
)

// runLoop starts a loop between sockets in place of devices, and returns their other ends: one for each site.
func runLoop(t *testing.T, links [][]Link) (*loop, []int) {
	t.Helper()
	var devices, ends []int
	for range links {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		devices, ends = append(devices, pair[0]), append(ends, pair[1])
	}
	lp := newLoop(devices, linksOf(links), 1)
	if err := lp.open(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	thread.Go(func() { ended <- lp.run() })
	t.Cleanup(func() {
		for _, fd := range append(devices, ends...) {
			unix.Close(fd)
		}
		if err := lp.commanded.ring(); err != nil { // wakes it, and it finds a device that fails
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, unix.EBADF) {
			t.Errorf("ended with %v", err)
		}
	})
	return lp, ends
}

// receive returns the last byte of the next packet at an end, -1 where none comes for a while.
func receive(t *testing.T, end int, within time.Duration) int {
	t.Helper()
	packet := make([]byte, mtu)
	for until := time.Now().Add(within); ; time.Sleep(100 * time.Microsecond) {
		n, err := unix.Read(end, packet)
		if err == nil && n > 0 {
			return int(packet[n-1])
		}
		if err != nil && err != unix.EAGAIN {
			t.Fatal(err)
		}
		if time.Now().After(until) {
			return -1
		}
	}
}

// The loop hands packets on to their site, in order and not before they are due, and obeys meanwhile.
func TestLoop(t *testing.T) {
	const delay = 20 * time.Millisecond
	lp, ends := runLoop(t, between(3, Link{RoundTrip: 2 * delay}))
	do := func(c command) answer {
		t.Helper()
		a, err := lp.ask(c)
		if err != nil || a.Error != "" {
			t.Fatal(a, err)
		}
		return a
	}
	put := func(from int, packet []byte) {
		t.Helper()
		for { // a socket keeps a few packets only, until the loop reads them
			_, err := unix.Write(ends[from], packet)
			if err == nil {
				return
			}
			if err != unix.EAGAIN {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Microsecond)
		}
	}
	numbered := func(to, number byte) []byte {
		p := packetTo([4]byte{198, 18, to + 1, 1}, 1)
		p[headerBytes] = number
		return p
	}
	put(0, numbered(1, 42))
	if got := receive(t, ends[1], time.Minute); got != 42 {
		t.Errorf("received %d", got)
	}
	do(command{Do: doEnforce})
	began := time.Now()
	const packets = 100
	for i := range packets {
		put(0, numbered(2, byte(i)))
		put(0, []byte("no packet"))
		put(0, numbered(9, 0)) // to nobody
		put(0, numbered(0, 0)) // to itself
	}
	for i := range packets {
		if got := receive(t, ends[2], time.Minute); got != i {
			t.Fatalf("received packet %d, want %d", got, i)
		}
		if took := time.Since(began); took < delay {
			t.Fatalf("a packet came after %v", took)
		}
	}
	do(command{Do: doCut, Pairs: [][2]int{{2, 0}}})
	put(0, numbered(2, 7))
	put(2, numbered(0, 7))
	put(0, numbered(1, 8))
	if got := receive(t, ends[1], time.Minute); got != 8 {
		t.Errorf("received %d beside the cut", got)
	}
	if got := receive(t, ends[2], 2*delay); got != -1 {
		t.Errorf("received %d over a link that is cut", got)
	}
	bytes := uint64(headerBytes + 1)
	want := []Count{
		{Index: [2]int{0, 1}, Packets: 2, Bytes: 2 * bytes},
		{Index: [2]int{0, 2}, Packets: packets + 1, Bytes: (packets + 1) * bytes, Cut: 1},
		{Index: [2]int{2, 0}, Packets: 1, Bytes: bytes, Cut: 1},
	}
	if diff := cmp.Diff(want, do(command{Do: doCount}).Counts); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	if a, err := lp.ask(command{Do: "undo"}); err != nil || a.Error == "" {
		t.Errorf("an unknown command: %+v, %v", a, err)
	}
}

// What cannot be kept or handed on is counted as the emulation's own loss.
func TestLoopLosesPackets(t *testing.T) {
	lp := newLoop([]int{-1, -1}, linksOf(between(2, Link{})), 1)
	lp.most = 10
	data := packetTo([4]byte{198, 18, 2, 1}, 0)
	one := func() *packet {
		p := lp.blank()
		p.from, p.size = 0, copy(p.data[:], data)
		return p
	}
	lp.send(one())
	lp.handOn() // to no device
	for range lp.most + 3 {
		lp.send(one())
	}
	if c := lp.lines[0][1].count; c.Failed != 1+3 || c.Packets != 1+10+3 || len(lp.due) != lp.most {
		t.Errorf("%+v, %d kept", c, len(lp.due))
	}
}

// What waits for a low bandwidth is sent at the new one as soon as the link is healed, and keeps its order; what comes then
// does not wait for it, and finds room.
func TestLoopHasten(t *testing.T) {
	const packets = 20 // of 1.2 s each
	pair := [][2]int{{0, 1}}
	for _, c := range []struct {
		name string
		link Link
		want time.Duration // at most, from the healing to the arrival of the last packet
	}{
		{"no bound", Link{RoundTrip: 40 * time.Millisecond}, 20 * time.Millisecond},
		{"100 Mbit/s", Link{RoundTrip: 40 * time.Millisecond, Bandwidth: 1e8}, 23 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			lp := newLoop([]int{-1, -1}, linksOf(between(2, c.link)), 1)
			do := func(c command) {
				t.Helper()
				if a := lp.do(c); a.Error != "" {
					t.Fatal(a.Error)
				}
			}
			send := func() {
				data := packetTo([4]byte{198, 18, 2, 1}, mtu-headerBytes)
				p := &packet{size: len(data)}
				copy(p.data[:], data)
				lp.send(p)
			}
			do(command{Do: doEnforce})
			do(command{Do: doSlow, Pairs: pair, More: Link{Bandwidth: 1e4}})
			for range packets {
				send()
			}
			do(command{Do: doHeal, Pairs: pair})
			healed := time.Since(lp.start)
			send()
			if n := len(lp.due); n != packets+1 {
				t.Fatalf("%d packets are under way, want %d", n, packets+1)
			}
			sent := time.Since(lp.start)
			for order := range uint64(packets + 1) {
				item := lp.due.Pop()
				if item.Order != order {
					t.Fatalf("packet %d comes in place of packet %d", item.Order, order)
				}
				if item.At > sent+c.want {
					t.Errorf("packet %d comes %v after the link is healed", order, item.At-healed)
				}
			}
		})
	}
}
