package wan

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// What is wrong with a configuration is said before anything starts.
func TestBadConfig(t *testing.T) {
	good := func() Config {
		return Config{Sites: []string{"ptb", "cmi", "nmij"}, Links: between(3, Link{RoundTrip: time.Millisecond})}
	}
	many := make([]string, maxSites+1)
	for i := range many {
		many[i] = strings.Repeat("x", i+1)
	}
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"good", func(*Config) {}, ""},
		{"no sites", func(c *Config) { *c = Config{} }, "0 sites are not between 1 and 254"},
		{"too many sites", func(c *Config) { *c = Config{Sites: many, Links: between(len(many), Link{})} }, "255 sites are not between 1 and 254"},
		{"no name", func(c *Config) { c.Sites[1] = "" }, "site 2 has no name"},
		{"the same name", func(c *Config) { c.Sites[2] = "ptb" }, "there are two sites ptb"},
		{"a site without links", func(c *Config) { c.Links = c.Links[:2] }, "there are links of 2 sites, not 3"},
		{"an incomplete row", func(c *Config) { c.Links[2] = c.Links[2][:1] }, "site nmij has 1 links to 3 sites"},
		{"a link to itself", func(c *Config) { c.Links[1][1].Loss = 0.1 }, "site cmi has a link to itself"},
		{"asymmetric", func(c *Config) { c.Links[0][2].RoundTrip++ }, "the links from ptb to nmij and back differ"},
		{"before it was sent", func(c *Config) { c.Links = between(3, Link{RoundTrip: -1}) }, "between ptb and cmi: a round trip of -1ns is not between 0 and 10m0s"},
		{"beyond the moon", func(c *Config) { c.Links = between(3, Link{RoundTrip: time.Hour}) }, "between ptb and cmi: a round trip of 1h0m0s"},
		{"jitter", func(c *Config) { c.Links = between(3, Link{Jitter: -1}) }, "a jitter of -1ns"},
		{"loss", func(c *Config) { c.Links = between(3, Link{Loss: 1.01}) }, "a loss of 1.01 is not between 0 and 1"},
		{"no number", func(c *Config) { c.Links = between(3, Link{Loss: math.NaN()}) }, "differ"},
		{"bandwidth", func(c *Config) { c.Links = between(3, Link{Bandwidth: 10}) }, "a bandwidth of 10 bit/s is not between 1000 and 1e+12"},
		{"negative bandwidth", func(c *Config) { c.Links = between(3, Link{Bandwidth: -1e6}) }, "a bandwidth of -1e+06 bit/s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := good()
			c.change(&cfg)
			_, err := newLinks(cfg)
			if (err == nil) != (c.want == "") || err != nil && (!strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n")) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

// Commands add up, and healing takes back all but the distance.
func TestCommands(t *testing.T) {
	const ms = time.Millisecond
	base := Link{RoundTrip: 50 * ms, Jitter: 3 * ms, Loss: 0.5, Bandwidth: 1e8}
	pair := [][2]int{{1, 0}}
	type state struct {
		Link
		Cut bool
	}
	for _, c := range []struct {
		name     string
		commands []command
		want     state // of 0 and 1, both ways
	}{
		{"not in force", nil, state{}},
		{"enforce", []command{{Do: doEnforce}}, state{base, false}},
		{"slow before", []command{{Do: doSlow, Pairs: pair, More: Link{RoundTrip: ms}}}, state{Link{RoundTrip: ms}, false}},
		{"slow", []command{{Do: doEnforce}, {Do: doSlow, Pairs: pair, More: Link{RoundTrip: 100 * ms, Jitter: 4 * ms, Loss: 0.5, Bandwidth: 1e6}}},
			state{Link{RoundTrip: 150 * ms, Jitter: 5 * ms, Loss: 0.75, Bandwidth: 1e6}, false}},
		{"slow by more bandwidth", []command{{Do: doEnforce}, {Do: doSlow, Pairs: pair, More: Link{Bandwidth: 1e9}}}, state{base, false}},
		{"slow twice, then enforce", []command{{Do: doSlow, Pairs: pair, More: Link{RoundTrip: ms}}, {Do: doSlow, Pairs: pair, More: Link{RoundTrip: ms}}, {Do: doEnforce}},
			state{base.and(Link{RoundTrip: 2 * ms}), false}},
		{"cut", []command{{Do: doEnforce}, {Do: doCut, Pairs: pair}}, state{base, true}},
		{"heal", []command{{Do: doEnforce}, {Do: doCut, Pairs: pair}, {Do: doSlow, Pairs: pair, More: Link{Loss: 0.1}}, {Do: doHeal, Pairs: pair}}, state{base, false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := linksOf(between(3, base))
			for _, one := range c.commands {
				if err := l.apply(one); err != nil {
					t.Fatal(err)
				}
			}
			for _, d := range [][2]int{{0, 1}, {1, 0}} {
				var got state
				got.Link, got.Cut = l.now(d[0], d[1])
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Errorf("%v (-want +got):\n%s", d, diff)
				}
			}
			others := state{}
			if l.enforced {
				others.Link = base
			}
			var got state
			if got.Link, got.Cut = l.now(0, 2); got != others {
				t.Errorf("the other link is %+v", got)
			}
		})
	}
}

// A command that cannot be carried out changes nothing.
func TestBadCommands(t *testing.T) {
	long := Link{RoundTrip: maxRoundTrip}
	for _, c := range []command{
		{}, {Do: "undo"}, {Do: doCut, Pairs: [][2]int{{0, 1}, {0, 2}}}, {Do: doCut, Pairs: [][2]int{{0, 1}, {1, 1}}}, {Do: doCut, Pairs: [][2]int{{0, -1}}},
		{Do: doSlow, Pairs: [][2]int{{0, 1}}, More: Link{RoundTrip: -1}}, {Do: doSlow, Pairs: [][2]int{{0, 1}}, More: long},
	} {
		l := linksOf(between(2, Link{}))
		if err := l.apply(command{Do: doSlow, Pairs: [][2]int{{0, 1}}, More: Link{RoundTrip: time.Second}}); err != nil {
			t.Fatal(err)
		}
		if err := l.apply(c); err == nil {
			t.Errorf("%+v: no error", c)
		}
		if got, cut := l.now(0, 1); got != (Link{RoundTrip: time.Second}) || cut {
			t.Errorf("%+v left %+v, %v", c, got, cut)
		}
	}
}

// A site of the emulation is a pair of indexes, or all pairs that one is in.
func TestPairs(t *testing.T) {
	e := &Emulation{Sites: Sites{names: []string{"ptb", "cmi", "nmij"}}}
	for _, c := range []struct {
		a, b  string
		want  [][2]int
		wrong string
	}{
		{"cmi", "ptb", [][2]int{{1, 0}}, ""},
		{"cmi", "", [][2]int{{1, 0}, {1, 2}}, ""},
		{"cmi", "cmi", nil, "no link leads from site cmi to itself"},
		{"cmi", "nist", nil, `there is no site "nist"`},
		{"", "cmi", nil, `there is no site ""`},
	} {
		got, err := e.pairs(c.a, c.b)
		if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s, %s: error %v, want %q", c.a, c.b, err, c.wrong)
		}
		if err == nil && !slices.Equal(got, c.want) {
			t.Errorf("%s, %s: %v, want %v", c.a, c.b, got, c.want)
		}
	}
}
