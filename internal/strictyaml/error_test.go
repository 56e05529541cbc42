package strictyaml

import (
	"fmt"
	"testing"
	"time"
)

func TestChecks(t *testing.T) {
	type word string
	for _, tt := range []struct {
		problem *Problem
		want    string
	}{
		{OneOf("kind", word("open"), "closed", "open"), "<nil>"},
		{OneOf("kind", word("opem"), "closed", "open"), `kind: there is no "opem"; did you mean open?`},
		{OneOf("kind", word("half"), "closed", "open"), `kind: there is no "half"; known are closed, open`},
		{OneOf("kind", word(""), "closed", "open"), "kind: is missing: one of closed, open"},
		{Between("hold", time.Second, time.Second, time.Minute), "<nil>"},
		{Between("hold", time.Hour, time.Second, time.Minute), "hold: must be 1s to 1m0s, got 1h0m0s"},
		{Between("n", 0, 1, 9), "n: must be 1 to 9, got 0"},
		{Problemf("do good", "n", "%d is bad", 3), "n: 3 is bad; do good"},
	} {
		t.Run(tt.want, func(t *testing.T) {
			got := "<nil>"
			if tt.problem != nil {
				got = tt.problem.Error()
			}
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// located refuses itself, with the place of its key.
type located struct{}

func (located) UnmarshalNode(n *Node) error {
	return n.Locate(Problemf("", "key", "is refused"))
}

// Fields of an embedded struct are keys, and a value that reads itself can name a place within it.
func TestEmbeddedAndLocate(t *testing.T) {
	type base struct {
		N int `yaml:"n"`
	}
	var got struct {
		base
		In located `yaml:"in"`
	}
	d, err := Parse("f.yaml", []byte("n: 3\nin: {key: 1}\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := fmt.Sprint(d.Decode(&got)); err != "f.yaml:2:11: in.key: is refused" {
		t.Errorf("got %s", err)
	}
	if got.N != 3 {
		t.Errorf("n is %d, want 3", got.N)
	}
}

// A problem within a text has the column of the character, where the file has that text as it is.
func TestWithin(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"key: größe < x\n", "f.yaml:1:14: key: bad"},
		{`key: "größe < x"` + "\n", "f.yaml:1:15: key: bad"},
		{"key: 'größe < x'\n", "f.yaml:1:15: key: bad"},
		{"list:\n  - größe < x\n", "f.yaml:2:13: list[0]: bad"},
		{"list: [a, größe < x]\n", "f.yaml:1:19: list[1]: bad"},
		{"key: \"gr\\u00f6\\u00dfe < x\"\n", "f.yaml:1:6: key: bad"}, // as written it has other columns
		{"key: größe\n  < x\n", "f.yaml:1:6: key: bad"},
		{"key: >\n  größe < x\n", "f.yaml:1:6: key: bad"},
	} {
		t.Run(tt.src, func(t *testing.T) {
			d, err := Parse("f.yaml", []byte(tt.src))
			if err != nil {
				t.Fatal(err)
			}
			path := "key"
			if items := d.Get("list"); items != nil {
				path = fmt.Sprintf("list[%d]", len(items.Items())-1)
			}
			p := Problemf("", path, "bad")
			p.Within = len([]rune("größe < x")) - 1
			if got := d.Locate(p).Error(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}
