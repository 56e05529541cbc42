package wan

import (
	"cmp"
	"fmt"
	"slices"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"meterbench/internal/heap"
	"meterbench/internal/random"
)

// A packet is under way, or spare.
type packet struct {
	from, to int
	size     int
	sent     time.Duration // when its line has sent it, by the bandwidth
	data     [mtu]byte
}

const (
	// keptPackets bounds the memory for packets under way to 400 MB: a second of 3 Gbit/s.
	keptPackets = 1 << 18
	// turn is the number of packets that are read from a device before others have their turn.
	turn = 32
)

// A loop hands packets on, on one thread: it waits until a device has a packet, one under way is due, or there is a command.
//
// It never waits for another thread of this process, which has no priority on a busy machine: there is no lock, and its system
// calls do not tell Go's scheduler that they may block. So the world of this process cannot be stopped: it collects no garbage.
type loop struct {
	devices []int // descriptors, by site
	polled  []unix.PollFd
	start   time.Time
	links   *links
	lines   [][]line
	due     heap.Heap[*packet]
	order   uint64 // of the next packet
	spare   []*packet
	most    int // packets under way

	commanded, answered mailbox
	command             atomic.Pointer[command]
	answer              atomic.Pointer[answer]
}

// newLoop returns a loop between devices.
func newLoop(devices []int, l *links, seed uint64) *loop {
	lp := &loop{devices: devices, start: time.Now(), links: l, lines: make([][]line, len(devices)), most: keptPackets}
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

// open prepares run and ask.
func (lp *loop) open() (err error) {
	if lp.commanded, err = newMailbox(unix.EFD_NONBLOCK); err != nil {
		return err
	}
	if lp.answered, err = newMailbox(0); err != nil {
		return err
	}
	lp.polled = append(lp.polled, unix.PollFd{Fd: int32(lp.commanded), Events: unix.POLLIN})
	return nil
}

// ask has the loop carry out a command. One may be asked at a time.
func (lp *loop) ask(c command) (answer, error) {
	lp.command.Store(&c)
	if err := lp.commanded.ring(); err != nil {
		return answer{}, err
	}
	if err := lp.answered.wait(); err != nil {
		return answer{}, err
	}
	return *lp.answer.Load(), nil
}

// obey carries out the command that there is.
func (lp *loop) obey() error {
	if err := lp.commanded.wait(); err != nil {
		return err
	}
	a := lp.do(*lp.command.Load())
	lp.answer.Store(&a)
	return lp.answered.ring()
}

// do carries out a command.
func (lp *loop) do(c command) (a answer) {
	if err := lp.links.apply(c); err != nil {
		return answer{Error: err.Error()}
	}
	now := time.Since(lp.start)
	for i := range lp.lines {
		for j := range lp.lines[i] {
			l := &lp.lines[i][j]
			if i != j {
				before := l.link
				l.link, l.cut = lp.links.now(i, j)
				lp.hasten(l, before, now)
			}
			if c.Do == doCount && l.count.Packets > 0 {
				a.Counts = append(a.Counts, l.count)
			}
		}
	}
	return a
}

// hasten has packets that still wait for the bandwidth of a line as it was before wait no longer than at the one it has now, so
// that a link which was slow is as it should be at once. A link that gets slower sends what it took in as it was.
func (lp *loop) hasten(l *line, before Link, now time.Duration) {
	factor := 0.0
	if l.link.Bandwidth > 0 {
		factor = before.Bandwidth / l.link.Bandwidth
	}
	if before.Bandwidth == 0 || factor >= 1 {
		return
	}
	sooner := func(sent time.Duration) time.Duration {
		return min(sent, now+time.Duration(factor*float64(max(0, sent-now))))
	}
	var own []*heap.Item[*packet]
	for i := range lp.due {
		if p := lp.due[i].Value; [2]int{p.from, p.to} == l.count.Index {
			own = append(own, &lp.due[i])
		}
	}
	slices.SortFunc(own, func(a, b *heap.Item[*packet]) int { return cmp.Compare(a.Order, b.Order) })
	l.free, l.last = sooner(l.free), 0
	for _, item := range own {
		sent := sooner(item.Value.sent)
		l.last = max(l.last, item.At-item.Value.sent+sent)
		item.At, item.Value.sent = l.last, sent
	}
	lp.due.Init()
}

// run hands packets on until something fails. The calling thread should be locked, and ahead of others.
func (lp *loop) run() error {
	for {
		if err := lp.wait(); err != nil {
			return fmt.Errorf("wait for packets: %w", err)
		}
		for i, device := range lp.devices {
			if lp.polled[i].Revents != 0 {
				if err := lp.take(i, device); err != nil {
					return fmt.Errorf("read packets of site %d: %w", i+1, err)
				}
			}
			lp.handOn()
		}
		if lp.polled[len(lp.devices)].Revents != 0 {
			if err := lp.obey(); err != nil {
				return fmt.Errorf("take a command: %w", err)
			}
		}
	}
}

// wait waits for a packet of a device or a command, or until a packet is due.
func (lp *loop) wait() error {
	var timeout *unix.Timespec
	if len(lp.due) > 0 {
		t := unix.NsecToTimespec(int64(max(0, lp.due[0].At-time.Since(lp.start))))
		timeout = &t
	}
	_, _, err := unix.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(unsafe.SliceData(lp.polled))), uintptr(len(lp.polled)),
		uintptr(unsafe.Pointer(timeout)), 0, 0, 0)
	switch err {
	case 0:
		return nil
	case unix.EINTR:
		for i := range lp.polled {
			lp.polled[i].Revents = 0
		}
		return nil
	}
	return err
}

// take takes in packets of a site.
func (lp *loop) take(from, device int) error {
	for range turn {
		p := lp.blank()
		n, err := transfer(unix.SYS_READ, device, p.data[:])
		if err == unix.EAGAIN || err == unix.EINTR {
			lp.spare = append(lp.spare, p)
			return nil
		}
		if err != 0 {
			return err
		}
		p.from, p.size = from, n
		lp.send(p)
	}
	return nil
}

// transfer reads from or writes to a device, which never blocks.
func transfer(trap uintptr, device int, data []byte) (int, unix.Errno) {
	n, _, err := unix.RawSyscall(trap, uintptr(device), uintptr(unsafe.Pointer(unsafe.SliceData(data))), uintptr(len(data)))
	return int(n), err
}

// send puts a packet on its line.
func (lp *loop) send(p *packet) {
	to, ok := destination(p.data[:p.size], len(lp.devices))
	if ok && to != p.from {
		p.to = to
		l := &lp.lines[p.from][to]
		if at, ok := l.pass(time.Since(lp.start), p.size); ok && len(lp.due) < lp.most {
			p.sent = l.free
			lp.due.Push(heap.Item[*packet]{At: at, Order: lp.order, Value: p})
			lp.order++
			return
		} else if ok {
			l.count.Failed++
		}
	}
	lp.spare = append(lp.spare, p)
}

// handOn hands on what is due.
func (lp *loop) handOn() {
	for len(lp.due) > 0 && lp.due[0].At <= time.Since(lp.start) {
		p := lp.due.Pop().Value
		if _, err := transfer(unix.SYS_WRITE, lp.devices[p.to], p.data[:p.size]); err != 0 {
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
