package topology

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"meterbench/internal/strictyaml"
)

// Every limit is kept, and the error names it.
func TestSizeLimits(t *testing.T) {
	many := func(n int, item string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, item, i)
		}
		return b.String()
	}
	at := func(old, new string) string { return strings.Replace(small, old, new, 1) }
	beyond := map[string]string{
		"the file":                            small + "#" + strings.Repeat("x", 64<<10),
		"values in values":                    small + "limits: " + strings.Repeat("[", 40),
		"items of a list":                     small + "    members: [" + strings.Repeat("ptb, ", 1001) + "ptb]\n",
		"characters of a name":                at("name: a", "name: "+strings.Repeat("a", 64)),
		"characters of a channel's name":      at("name: c\n", "name: "+strings.Repeat("c", 250)+"\n"),
		"peers of all organisations together": at("{name: cmi}", "{name: cmi, peers: 100}"),
		"orderers":                            small + "orderers: {count: 101}\n",
		"sites":                               small + "sites: [{name: s}" + many(100, ", {name: s%d}") + "]\n",
		"a link's round trip":                 strings.Replace(apart, "2.6s", "11s", 1),
		"the distance":                        apart + "distance: 11\n",
		"channels":                            small + many(64, "  - name: c%d\n"),
		"chaincodes of a channel":             at("{name: readings}", "{name: readings}"+many(16, ", {name: c%d}")),
		"collections of a chaincode":          at("{name: readings}", "{name: readings, collections: [{name: c}"+many(64, ", {name: c%d}")+"]}"),
		"a batch's timeout":                   small + "    batch: {timeout: 61m}\n",
		"a batch's messages":                  small + "    batch: {messages: 1000001}\n",
		"each of Fabric's concurrency limits": small + "limits: {deliver: 1000001}\n",
		"processors of a cap":                 small + "caps: {peer: {cpus: 1025}}\n",
	}
	for _, limit := range SizeLimits() {
		t.Run(limit.Of, func(t *testing.T) {
			src, ok := beyond[limit.Of]
			if !ok {
				t.Fatal("no topology beyond this limit")
			}
			delete(beyond, limit.Of)
			_, err := Parse("a.yaml", []byte(src))
			if wrong, ok := err.(*strictyaml.Error); !ok || wrong.Line == 0 || !strings.Contains(err.Error(), limit.Most) {
				t.Errorf("got %v, want an error with a place and %s", err, limit.Most)
			}
		})
	}
	for _, of := range slices.Sorted(maps.Keys(beyond)) {
		t.Errorf("there is no limit of %s", of)
	}
}

// A hundred organisations of a hundred peers each are refused where there are too many.
func TestManyPeers(t *testing.T) {
	var src strings.Builder
	src.WriteString("name: t\norganisations:\n")
	for i := range 100 {
		fmt.Fprintf(&src, "  - {name: o%d, peers: 100}\n", i+1)
	}
	src.WriteString("channels:\n  - name: m\n    chaincodes: [{name: readings}]\n")
	_, err := Parse("t.yaml", []byte(src.String()))
	if want := "t.yaml:4:23: organisations[1].peers: the organisations up to o2 have 200 peers, more than 100 together"; fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
	one := make([]string, 101)
	for i := range one {
		one[i] = fmt.Sprintf("{name: o%d}", i)
	}
	_, err = Parse("t.yaml", []byte("name: t\norganisations: ["+strings.Join(one, ",\n")+"]\nchannels: [{name: m}]\n"))
	if want := "t.yaml:102:1: organisations[100].peers: the organisations up to o100 have 101 peers, more than 100 together"; fmt.Sprint(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}
