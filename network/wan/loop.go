package wan

import (
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"meterbench/internal/heap"
	"meterbench/internal/random"
)

// A packet is under way, or spare.
type packet struct {
	from, to int
	size     int
	data     [mtu]byte
}

const (
	// keptPackets bounds the memory for packets under way to 400 MB: a second of 2 Gbit/s.
	keptPackets = 1 << 18
	// turn is the number of packets that are read from a device before others have their turn.
	turn = 32
)

// A loop hands packets on, on one thread: it waits until a device has a packet or one under way is due.
type loop struct {
	devices []int // descriptors, by site
	polled  []unix.PollFd
	start   time.Time

	mu    sync.Mutex // of what follows, held whenever the loop does not wait
	links *links
	lines [][]line
	due   heap.Heap[*packet]
	order uint64 // of the next packet
	spare []*packet
}

func newLoop(devices []int, l *links, seed uint64) *loop {
	lp := &loop{devices: devices, start: time.Now(), links: l, lines: make([][]line, len(devices))}
	for i, device := range devices {
		lp.polled = append(lp.polled, unix.PollFd{Fd: int32(device), Events: unix.POLLIN})
		lp.lines[i] = make([]line, len(devices))
		for j := range lp.lines[i] {
			stream := random.Stream{Seed: seed, Purpose: random.Links, Index: uint64(i*maxSites + j)}
			lp.lines[i][j] = line{random: stream.Rand(), count: Count{Index: [2]int{i, j}}}
		}
	}
	return lp
}

// do carries out a command.
func (lp *loop) do(c command) (a answer) {
	lp.mu.Lock()
	defer lp.mu.Unlock()
	if err := lp.links.apply(c); err != nil {
		return answer{Error: err.Error()}
	}
	for i := range lp.lines {
		for j := range lp.lines[i] {
			l := &lp.lines[i][j]
			if i != j {
				l.link, l.cut = lp.links.now(i, j)
			}
			if c.Do == doCount && l.count.Packets > 0 {
				a.Counts = append(a.Counts, l.count)
			}
		}
	}
	return a
}

// run hands packets on until a device fails. The calling thread should be locked, and ahead of others.
func (lp *loop) run() error {
	lp.mu.Lock()
	defer lp.mu.Unlock()
	for {
		if err := lp.wait(); err != nil {
			return fmt.Errorf("wait for packets: %w", err)
		}
		for i := range lp.polled {
			if lp.polled[i].Revents != 0 {
				if err := lp.take(i); err != nil {
					return fmt.Errorf("read packets of site %d: %w", i+1, err)
				}
			}
			lp.handOn()
		}
	}
}

// wait waits for a packet of a device, or until one is due.
func (lp *loop) wait() error {
	var timeout *unix.Timespec
	if len(lp.due) > 0 {
		t := unix.NsecToTimespec(int64(max(0, lp.due[0].At-time.Since(lp.start))))
		timeout = &t
	}
	lp.mu.Unlock()
	_, err := unix.Ppoll(lp.polled, timeout, nil)
	lp.mu.Lock()
	if err == unix.EINTR {
		for i := range lp.polled {
			lp.polled[i].Revents = 0
		}
		return nil
	}
	return err
}

// take takes in packets of a site.
func (lp *loop) take(from int) error {
	for range turn {
		p := lp.blank()
		n, err := unix.Read(lp.devices[from], p.data[:])
		if err == unix.EAGAIN || err == unix.EINTR {
			lp.spare = append(lp.spare, p)
			return nil
		}
		if err != nil {
			return err
		}
		p.from, p.size = from, n
		lp.send(p)
	}
	return nil
}

// send puts a packet on its line.
func (lp *loop) send(p *packet) {
	to, ok := destination(p.data[:p.size], len(lp.devices))
	if ok && to != p.from {
		p.to = to
		l, now := &lp.lines[p.from][to], time.Since(lp.start)
		if len(lp.due) >= keptPackets {
			l.count.Packets++
			l.count.Bytes += uint64(p.size)
			l.count.Failed++
		} else if at, ok := l.pass(now, p.size); ok {
			lp.due.Push(heap.Item[*packet]{At: at, Order: lp.order, Value: p})
			lp.order++
			return
		}
	}
	lp.spare = append(lp.spare, p)
}

// handOn hands on what is due.
func (lp *loop) handOn() {
	for len(lp.due) > 0 && lp.due[0].At <= time.Since(lp.start) {
		p := lp.due.Pop().Value
		if _, err := unix.Write(lp.devices[p.to], p.data[:p.size]); err != nil {
			lp.lines[p.from][p.to].count.Failed++
		}
		lp.spare = append(lp.spare, p)
	}
}

// blank returns a packet to read into.
func (lp *loop) blank() *packet {
	n := len(lp.spare)
	if n == 0 {
		return new(packet)
	}
	p := lp.spare[n-1]
	lp.spare = lp.spare[:n-1]
	return p
}
