package wan

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"time"
)

// maxSites is the most sites there may be: each has a number in one byte of its address.
const maxSites = 254

// The bounds of a link, within which nothing overflows.
const (
	maxRoundTrip = 10 * time.Minute
	minBandwidth = 1e3  // bit/s: a packet takes up to 12 s
	maxBandwidth = 1e12 // bit/s
)

// addressOf returns the address of a site by its index, in the range for measurements of networks (RFC 2544, section C.2.2).
func addressOf(site int) netip.Addr { return netip.AddrFrom4([4]byte{198, 18, byte(site + 1), 1}) }

// prefix is the range that all sites are in.
var prefix = netip.PrefixFrom(netip.AddrFrom4([4]byte{198, 18, 0, 0}), 15)

// check returns what is wrong with a link.
func (l Link) check() error {
	switch {
	case l.RoundTrip < 0 || l.RoundTrip > maxRoundTrip:
		return fmt.Errorf("a round trip of %v is not between 0 and %v", l.RoundTrip, maxRoundTrip)
	case l.Jitter < 0 || l.Jitter > maxRoundTrip:
		return fmt.Errorf("a jitter of %v is not between 0 and %v", l.Jitter, maxRoundTrip)
	case !(l.Loss >= 0 && l.Loss <= 1):
		return fmt.Errorf("a loss of %v is not between 0 and 1", l.Loss)
	case l.Bandwidth != 0 && !(l.Bandwidth >= minBandwidth && l.Bandwidth <= maxBandwidth):
		return fmt.Errorf("a bandwidth of %v bit/s is not between %v and %v", l.Bandwidth, minBandwidth, maxBandwidth)
	}
	return nil
}

// and returns a link with what another adds to it.
func (l Link) and(more Link) Link {
	sum := Link{
		RoundTrip: l.RoundTrip + more.RoundTrip,
		Jitter:    time.Duration(math.Hypot(float64(l.Jitter), float64(more.Jitter))),
		Loss:      1 - (1-l.Loss)*(1-more.Loss),
		Bandwidth: min(l.Bandwidth, more.Bandwidth),
	}
	if l.Bandwidth == 0 || more.Bandwidth == 0 {
		sum.Bandwidth = max(l.Bandwidth, more.Bandwidth)
	}
	return sum
}

// checkLinks returns what is wrong with a matrix of links. called names sites in messages.
func checkLinks(all [][]Link, called func(site int) string) error {
	if len(all) == 0 || len(all) > maxSites {
		return fmt.Errorf("%d sites are not between 1 and %d", len(all), maxSites)
	}
	for i, row := range all {
		if len(row) != len(all) {
			return fmt.Errorf("site %s has %d links to %d sites", called(i), len(row), len(all))
		}
	}
	for i, row := range all {
		for j, l := range row {
			if i == j && l != (Link{}) {
				return fmt.Errorf("site %s has a link to itself", called(i))
			}
			if l != all[j][i] {
				return fmt.Errorf("the links from %s to %s and back differ: %+v, %+v", called(i), called(j), l, all[j][i])
			}
			if err := l.check(); err != nil {
				return fmt.Errorf("between %s and %s: %w", called(i), called(j), err)
			}
		}
	}
	return nil
}

// links is what all links are like: as configured, and what commands have made of them.
type links struct {
	configured [][]Link
	enforced   bool
	more       [][]Link
	cut        [][]bool
}

// newLinks returns the links of a configuration that is as it should be.
func newLinks(cfg Config) (*links, error) {
	for i, name := range cfg.Sites {
		switch {
		case name == "":
			return nil, fmt.Errorf("site %d has no name", i+1)
		case slices.Contains(cfg.Sites[:i], name):
			return nil, fmt.Errorf("there are two sites %s", name)
		}
	}
	if len(cfg.Links) != len(cfg.Sites) {
		return nil, fmt.Errorf("there are links of %d sites, not %d", len(cfg.Links), len(cfg.Sites))
	}
	if err := checkLinks(cfg.Links, func(i int) string { return cfg.Sites[i] }); err != nil {
		return nil, err
	}
	return linksOf(cfg.Links), nil
}

// linksOf returns links that are not yet in force.
func linksOf(configured [][]Link) *links {
	l := &links{configured: configured, more: make([][]Link, len(configured)), cut: make([][]bool, len(configured))}
	for i := range configured {
		l.more[i], l.cut[i] = make([]Link, len(configured)), make([]bool, len(configured))
	}
	return l
}

// apply changes the links as a command says, or none where it returns an error.
func (l *links) apply(c command) error {
	for _, p := range c.Pairs {
		if min(p[0], p[1]) < 0 || max(p[0], p[1]) >= len(l.cut) || p[0] == p[1] {
			return fmt.Errorf("there is no link %v", p)
		}
		if c.Do == doSlow {
			if err := l.more[p[0]][p[1]].and(c.More).check(); err != nil {
				return err
			}
		}
	}
	if err := c.More.check(); err != nil {
		return err
	}
	switch c.Do {
	case doEnforce:
		l.enforced = true
	case doCut, doHeal, doSlow:
		for _, p := range c.Pairs {
			for _, d := range [][2]int{p, {p[1], p[0]}} {
				more, cut := &l.more[d[0]][d[1]], &l.cut[d[0]][d[1]]
				switch c.Do {
				case doCut:
					*cut = true
				case doHeal:
					*more, *cut = Link{}, false
				case doSlow:
					*more = more.and(c.More)
				}
			}
		}
	case doCount:
	default:
		return fmt.Errorf("there is no command %q", c.Do)
	}
	return nil
}

// now returns a link as it is in force, and whether it is cut.
func (l *links) now(from, to int) (Link, bool) {
	link := l.more[from][to]
	if l.enforced {
		link = l.configured[from][to].and(link)
	}
	return link, l.cut[from][to]
}
