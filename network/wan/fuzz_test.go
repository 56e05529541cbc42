package wan

import (
	"encoding/json"
	"slices"
	"testing"
	"time"
)

// packetTo returns an IPv4 packet without options, and with zero checksums, of the payload's size.
func packetTo(to [4]byte, payload int) []byte {
	size := headerBytes + payload
	p := make([]byte, size)
	p[0], p[2], p[3] = 0x45, byte(size>>8), byte(size)
	copy(p[16:], to[:])
	return p
}

func TestDestination(t *testing.T) {
	const sites = 5
	change := func(at int, to byte) []byte {
		p := packetTo([4]byte{198, 18, 3, 1}, 8)
		p[at] = to
		return p
	}
	for _, c := range []struct {
		name   string
		packet []byte
		want   int // -1: of no site
	}{
		{"first site", packetTo([4]byte{198, 18, 1, 1}, 0), 0},
		{"last site", packetTo([4]byte{198, 18, 5, 1}, 1480), 4},
		{"no such site", packetTo([4]byte{198, 18, 6, 1}, 8), -1},
		{"network", packetTo([4]byte{198, 18, 0, 1}, 8), -1},
		{"another host", packetTo([4]byte{198, 18, 1, 2}, 8), -1},
		{"second half of the range", packetTo([4]byte{198, 19, 1, 1}, 8), -1},
		{"broadcast", packetTo([4]byte{198, 19, 255, 255}, 8), -1},
		{"multicast", packetTo([4]byte{224, 0, 0, 1}, 8), -1},
		{"options", change(0, 0x46), 2},
		{"IPv6", change(0, 0x60), -1},
		{"short header", change(0, 0x44), -1},
		{"longer than it is", change(3, 29), -1},
		{"cut off", packetTo([4]byte{198, 18, 3, 1}, 8)[:19], -1},
		{"empty", nil, -1},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, ok := destination(c.packet, sites); ok != (c.want >= 0) || ok && got != c.want {
				t.Errorf("%d, %v, want %d", got, ok, c.want)
			}
		})
	}
}

// Whatever a device reads, only packets of IPv4 to a site's address have a destination.
func FuzzDestination(f *testing.F) {
	f.Add(packetTo([4]byte{198, 18, 3, 1}, 8), 5)
	f.Add(packetTo([4]byte{198, 18, 0, 1}, 0), 254)
	f.Add([]byte{0x60, 0, 0, 0}, 1)
	f.Fuzz(func(t *testing.T, packet []byte, n int) {
		site, ok := destination(packet, n)
		if !ok {
			return
		}
		if site < 0 || site >= n || len(packet) < headerBytes || packet[0]>>4 != 4 {
			t.Fatalf("site %d of %d", site, n)
		}
		if to := addressOf(site).As4(); !slices.Equal(packet[16:20], to[:]) {
			t.Fatalf("site %d is not at %v", site, packet[16:20])
		}
	})
}

// Whatever is asked of the process, it answers, and its links stay as they may be.
func FuzzRequest(f *testing.F) {
	for _, c := range []command{
		{Do: doEnforce}, {Do: doCount}, {Do: doCut, Pairs: [][2]int{{0, 1}, {1, 2}}}, {Do: doHeal, Pairs: [][2]int{{2, 0}}},
		{Do: doSlow, Pairs: [][2]int{{0, 1}}, More: Link{RoundTrip: time.Second, Jitter: time.Millisecond, Loss: 0.1, Bandwidth: 1e6}},
	} {
		line, err := json.Marshal(c)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Add([]byte(`{"Do":"cut","Pairs":[[0,99]]}`))
	f.Add([]byte(`{"Do":"slow","Pairs":[[0,1]],"More":{"Loss":1e308}}`))
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, line []byte) {
		lp := newLoop(make([]int, 3), linksOf(between(3, Link{RoundTrip: time.Millisecond})), 1)
		before := lp.links.more[0][1]
		do := func() answer {
			a, err := request(line, func(c command) (answer, error) { return lp.do(c), nil })
			if err != nil {
				t.Fatal(err)
			}
			return a
		}
		a := do()
		if again := do(); a.Error != "" && again.Error != a.Error {
			t.Fatalf("answers %q, then %q", a.Error, again.Error)
		}
		if a.Error != "" && lp.links.more[0][1] != before {
			t.Fatal("a refused request changed a link")
		}
		for i := range lp.lines {
			for j := range lp.lines[i] {
				there, cutThere := lp.links.now(i, j)
				back, cutBack := lp.links.now(j, i)
				if there != back || cutThere != cutBack {
					t.Fatalf("the link of %d and %d is not symmetric", i, j)
				}
				if err := there.check(); err != nil && a.Error == "" {
					t.Fatal(err)
				}
				if i == j && (there != (Link{}) || cutThere) {
					t.Fatalf("site %d has a link to itself", i)
				}
			}
		}
	})
}

// Whatever comes to a socket that measures, only an answer to a packet that was sent counts, once.
func FuzzEcho(f *testing.F) {
	f.Add(echoPacket{Answer: true, Pair: 1, Number: 99, Arrived: 5, Answered: 6}.append(nil), []byte(nil))
	f.Add(echoPacket{Answer: true, Pair: 3, Number: 100}.append(nil), make([]byte, 32))
	f.Add([]byte{1, 2}, []byte{3})
	f.Fuzz(func(t *testing.T, data, control []byte) {
		at, ok := stamp(control)
		if !ok {
			at = 7
		}
		p, ok := parseEcho(data)
		if !ok {
			return
		}
		m := &echoer{open: 2, all: make(chan struct{})}
		for i := range 3 {
			m.pairs = append(m.pairs, newPair(i, i+1, Link{}))
		}
		m.pairs[1].echoes[99].sent = 1
		m.note(p, at)
		m.note(p, at)
		if counted := m.open == 1; counted != (p.Pair == 1 && p.Number == 99) {
			t.Fatalf("%+v: %d are open", p, m.open)
		}
		if trip := m.pairs[1].echoes[99].trip(); trip < 0 {
			t.Fatalf("%+v: a trip of %v", p, trip)
		}
	})
}

// FuzzSetup decodes what is to be emulated; what is accepted can be emulated.
func FuzzSetup(f *testing.F) {
	line, err := json.Marshal(setup{Links: between(2, Link{RoundTrip: time.Second}), Seed: 1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add([]byte(`{"Links":[[{}],[{}]]}`))
	f.Add([]byte(`{"Links":[[{}]]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		var s setup
		if decode(line, &s) != nil || checkLinks(s.Links, func(int) string { return "" }) != nil {
			return
		}
		lp := newLoop(make([]int, len(s.Links)), linksOf(s.Links), s.Seed)
		if a := lp.do(command{Do: doEnforce}); a.Error != "" {
			t.Fatal(a.Error)
		}
		for i := range s.Links {
			for j := range s.Links[i] {
				if at, ok := lp.lines[i][j].pass(time.Hour, mtu); ok && at < time.Hour {
					t.Fatalf("%+v: a packet arrives before it was sent", s.Links[i][j])
				}
			}
		}
	})
}
