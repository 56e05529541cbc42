package strictyaml

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type shape struct {
	Name  string        `yaml:"name"`
	Hold  time.Duration `yaml:"hold"`
	Size  uint32        `yaml:"size,size"`
	Rate  []float64     `yaml:"rate,rate"`
	Width float64       `yaml:"width,bandwidth"`
	On    bool          `yaml:"on"`
	N     int           `yaml:"n"`
	Seed  uint64        `yaml:"seed"`
	Share float64       `yaml:"share"`
	List  []int         `yaml:"list"`
	Inner *inner        `yaml:"inner"`
	Items []inner       `yaml:"items"`
	Skip  int
}

type inner struct {
	Messages uint32 `yaml:"messages"`
	Mode     mode   `yaml:"mode"`
}

// mode is inline, or {bank: N}.
type mode struct {
	Name string
	Bank int
}

func (m *mode) UnmarshalNode(n *Node) error {
	if text, ok := n.Scalar(); ok {
		if text != "inline" {
			return n.Errorf(Hint(text, []string{"inline"}), "unknown mode %q", text)
		}
		m.Name = text
		return nil
	}
	m.Name = "bank"
	var in struct {
		Bank int `yaml:"bank"`
	}
	err := n.Decode(&in)
	m.Bank = in.Bank
	return err
}

func read(src string, overrides ...string) (shape, error) {
	s := shape{N: 5, On: true}
	d, err := Parse("f.yaml", []byte(src))
	if err != nil {
		return s, err
	}
	for _, o := range overrides {
		if err := d.Set(o); err != nil {
			return s, err
		}
	}
	return s, d.Decode(&s)
}

func TestDecode(t *testing.T) {
	tests := []struct {
		name, src string
		set       []string
		want      shape
	}{
		{"byte order mark", "\uFEFFname: a", nil, shape{Name: "a", N: 5, On: true}},
		{"zeros", "n: -0\nseed: 0", nil, shape{On: true}},
		{"defaults stay", "name: a", nil, shape{Name: "a", N: 5, On: true}},
		{"all", `
name: "quoted"          # a comment
hold: 1m30s
size: 2MiB
rate: [100/s, 30/min, 3600/h]
width: 100Mbit
on: false
n: -3
seed: 18446744073709551615
share: 0.25
list: [1, 2]
inner: {messages: 7, mode: inline}
items:
  - messages: 1
    mode: {bank: 20}
  - mode: inline
`, nil, shape{"quoted", 90 * time.Second, 2 << 20, []float64{100, 0.5, 1}, 100e6, false, -3, 1<<64 - 1, 0.25, []int{1, 2},
			&inner{7, mode{"inline", 0}}, []inner{{1, mode{"bank", 20}}, {0, mode{"inline", 0}}}, 0}},
		{"a list of one", "list: 4\nrate: 5/s", nil, shape{N: 5, On: true, List: []int{4}, Rate: []float64{5}}},
		{"block scalar", "name: >\n  two\n  words\n", nil, shape{Name: "two words\n", N: 5, On: true}},
		{"bits per second", "width: 1.5Mbit", nil, shape{Width: 1.5e6, N: 5, On: true}},
		{"bytes", "size: 512", nil, shape{Size: 512, N: 5, On: true}},
		{"set", "name: a\nlist: [1, 2]", []string{"name=b c", "list[1]=9", "inner.messages=3", "inner.mode={bank: 2}", "hold= 2s"},
			shape{Name: "b c", N: 5, On: true, Hold: 2 * time.Second, List: []int{1, 9}, Inner: &inner{3, mode{"bank", 2}}}},
		{"set a value anew", "n: 1", []string{"n=2", "n=3"}, shape{N: 3, On: true}},
		{"set null removes", "n: 1\nname: a", []string{"n=null"}, shape{Name: "a", N: 5, On: true}},
		{"set a list", "list: [1]", []string{"list=[3, 4]"}, shape{List: []int{3, 4}, N: 5, On: true}},
		{"set an item's key", "items: [{messages: 1}]", []string{"items[0].messages=8"}, shape{Items: []inner{{Messages: 8}}, N: 5, On: true}},
		{"set text with =", "n: 1", []string{"name=a=b"}, shape{Name: "a=b", N: 1, On: true}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := read(test.src, test.set...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	tests := []struct {
		src  string
		set  string
		want string
	}{
		{"", "", "f.yaml:1:1: the file is empty"},
		{"# only a comment\n", "", "f.yaml:1:1: the file is empty"},
		{"name: a\nmessages: 1", "", "f.yaml:2:1: unknown key messages; known are name, hold, size, rate, width, on, n, seed, share, list, inner, items"},
		{"name: a\nsede: 1", "", "f.yaml:2:1: unknown key sede; did you mean seed?"},
		{"Name: a", "", "f.yaml:1:1: unknown key Name; did you mean name?"},
		{"Skip: 1", "", "f.yaml:1:1: unknown key Skip; known are name, hold, size, rate, width, on, n, seed, share, list, inner, items"},
		{"inner:\n  mesages: 1", "", "f.yaml:2:3: unknown key inner.mesages; did you mean messages?"},
		{"items:\n  - messages: 1\n  - {massages: 2}", "", "f.yaml:3:6: unknown key items[1].massages; did you mean messages?"},
		{"n: 1\nn: 2", "", `f.yaml:2:1: mapping key "n" already defined at [1:1]`},
		{"n: many", "", `f.yaml:1:4: n: want a whole number, got "many"`},
		{"n: 1.5", "", `f.yaml:1:4: n: want a whole number, got "1.5"`},
		{"n: '1'", "", "f.yaml:1:4: n: want a number, got text; remove the quotes"},
		{"n: 0x10", "", `f.yaml:1:4: n: want a whole number, got "0x10"`},
		{"n: 010", "", `f.yaml:1:4: n: want a whole number without leading zeros, got "010"`},
		{"on: 'true'", "", "f.yaml:1:5: on: want true or false, got text; remove the quotes"},
		{"'': 1", "", `f.yaml:1:1: unknown key ""; known are name, hold, size, rate, width, on, n, seed, share, list, inner, items`},
		{"{n: 1, n: 2}", "", `f.yaml:1:8: mapping key "n" already defined at [1:2]`},
		{"n: 99999999999999999999", "", `f.yaml:1:4: n: want a whole number of at most 64 bits, got "99999999999999999999"`},
		{"seed: -1", "", `f.yaml:1:7: seed: want a whole number from 0, got "-1"`},
		{"n:", "", "f.yaml:1:1: n: no value given"},
		{"name: ''", "", "f.yaml:1:7: name: want a text, got an empty one; give one, or leave the key out"},
		{"n: 1", "name=''", "--set name: name: want a text, got an empty one; give one, or leave the key out"},
		{"n: null", "", "f.yaml:1:1: n: no value given"},
		{"n: [1]", "", "f.yaml:1:4: n: want a single value, got a list"},
		{"n: {a: 1}", "", "f.yaml:1:4: n: want a single value, got a mapping"},
		{"on: yes", "", `f.yaml:1:5: on: want true or false, got "yes"`},
		{"share: .nan", "", `f.yaml:1:8: share: want a number, got ".nan"`},
		{"hold: 5", "", `f.yaml:1:7: hold: want a duration such as 200ms, 2s or 15m, got "5"`},
		{"size: 2MB", "", `f.yaml:1:7: size: want a size such as 512KiB or 2MiB, got "2MB"`},
		{"size: 4GiB", "", `f.yaml:1:7: size: want a size below 4GiB, got "4GiB"`},
		{"rate: 100", "", `f.yaml:1:7: rate: want a rate such as 100/s or 30/min, got "100"`},
		{"width: 100MB", "", `f.yaml:1:8: width: want a bandwidth such as 512kbit or 100Mbit, got "100MB"`},
		{"width: 1_0Mbit", "", `f.yaml:1:8: width: want a bandwidth such as 512kbit or 100Mbit, got "1_0Mbit"`},
		{"rate: 1_0/s", "", `f.yaml:1:7: rate: want a rate such as 100/s or 30/min, got "1_0/s"`},
		{"rate: 0x1p4/s", "", `f.yaml:1:7: rate: want a rate such as 100/s or 30/min, got "0x1p4/s"`},
		{"share: 1_0", "", `f.yaml:1:8: share: want a number, got "1_0"`},
		{"rate: [1/s, 2/d]", "", `f.yaml:1:13: rate[1]: want a rate such as 100/s or 30/min, got "2/d"`},
		{"list: [1, x]", "", `f.yaml:1:11: list[1]: want a whole number, got "x"`},
		{"list: {a: 1}", "", "f.yaml:1:7: list: want a list, got a mapping; begin each item with a dash"},
		{"items:\n  messages: 1", "", "f.yaml:2:3: items: want a list, got a mapping; begin each item with a dash"},
		{"inner: 7", "", "f.yaml:1:8: inner: want a mapping with keys such as messages, mode, got a value"},
		{"- n: 1", "", "f.yaml:1:1: want a mapping with keys such as name, hold, size, rate, width, on, n, seed, share, list, inner, items, got a list"},
		{"inner: {mode: outline}", "", `f.yaml:1:15: inner.mode: unknown mode "outline"; known are inline`},
		{"inner: {mode: inlin}", "", `f.yaml:1:15: inner.mode: unknown mode "inlin"; did you mean inline?`},
		{"inner: {mode: {bnk: 1}}", "", "f.yaml:1:16: unknown key inner.mode.bnk; did you mean bank?"},
		{"n: &a 1", "", "f.yaml:1:4: anchors, aliases and merge keys are not supported; write the value out, or put it in quotes"},
		{"n: *a", "", "f.yaml:1:4: anchors, aliases and merge keys are not supported; write the value out, or put it in quotes"},
		{"n: !!int 1", "", "f.yaml:1:4: tags and directives are not supported; put the value in quotes"},
		{"? n\n: 1", "", "f.yaml:1:1: complex keys are not supported; put the value in quotes"},
		{"n: 1\n---\nn: 2", "", "f.yaml:3:1: a second document begins here, only one is read"},
		{"n: [1", "", "f.yaml:1:4: sequence end token ']' not found"},
		{"name: \"a", "", "f.yaml:1:7: could not find end character of double-quoted text"},
		{"n: 1\n\tname: b", "", `f.yaml:2:1: found character '\t' that cannot start any token`},
		{"name: a\x1b[31m", "", "f.yaml:1:8: the character U+001B cannot be printed; remove it"},
		{"name: \"a\\e[31m\"", "", "f.yaml:1:7: the character U+001B cannot be printed; remove it"},
		{"name: \"a\\u202eb\"", "", "f.yaml:1:7: the character U+202E cannot be printed; remove it"},
		{"\"a\\0\": 1", "", "f.yaml:1:1: the character U+0000 cannot be printed; remove it"},
		{"n: 1 # \u009b2J", "", "f.yaml:1:8: the character U+009B cannot be printed; remove it"},
		{"n: 1\r\nname: \"ä\"\r\nlist: a\rb", "", "f.yaml:3:8: the character U+000D cannot be printed; remove it"},
		{"n: 1", "na\x1bme=b", "--set na\\x1bme: the character U+001B cannot be printed; remove it"},
		{"n: 1", "name=\"\\e\"", "--set name: the character U+001B cannot be printed; remove it"},
		{"list: [" + strings.Repeat("1, ", 1001) + "1]", "", "f.yaml:1:7: the list has 1002 items, more than 1000"},
		{"n: 1", "list=[" + strings.Repeat("1, ", 1001) + "1]", "--set list: the list has 1002 items, more than 1000"},
		{strings.Repeat("a", 2000) + ": 1", "", "f.yaml:1:1: unknown key " + strings.Repeat("a", 388) + "…; known are name, hold, size, rate, width, on, n, seed, share, list, inner, items"},
		{"name: \xff", "", "f.yaml:1:1: not UTF-8 text"},
		{"name: " + strings.Repeat("a", MaxBytes), "", "f.yaml:1:1: larger than 64 KiB"},
		{strings.Repeat("[", 60000), "", "f.yaml:1:33: nested more than 32 deep"},
		{strings.Repeat("- ", 30000), "", "f.yaml:1:65: nested more than 32 deep"},
		{"a:" + nested(40), "", "f.yaml:34:35: nested more than 32 deep"},

		{"n: 1", "n", "--set n: want key=value, for example warmup=1s"},
		{"n: 1", "=1", "--set =1: want key=value, for example warmup=1s"},
		{"n: 1", "n=", "--set n: no value given; null removes the key"},
		{"n: 1", "n=---", "--set n: no value given; null removes the key"},
		{"n: 1", "n=# two", "--set n: no value given; null removes the key"},
		{"n: 1", "a\nb=2", "--set a b: unknown key \"a\\nb\"; known are name, hold, size, rate, width, on, n, seed, share, list, inner, items"},
		{"inner: {messages: 1}", "inner[0]=2", "--set inner[0]: inner is a mapping, not a list"},
		{"n: 1", "n[0]=2", "--set n[0]: n is a value, not a list"},
		{"n: 1", "n=[", "--set n: sequence end token ']' not found"},
		{"n: 1", "n=x", `--set n: n: want a whole number, got "x"`},
		{"n: 1", "sede=4", "--set sede: unknown key sede; did you mean seed?"},
		{"n: 1", "inner.mesages=4", "--set inner.mesages: unknown key inner.mesages; did you mean messages?"},
		{"n: 1", "n.x=4", "--set n.x: n is a value, it has no key x"},
		{"items: []", "items.x=4", "--set items.x: items is a list, want for example items[0].x"},
		{"items: []", "items[0].messages=4", "--set items[0].messages: items has 0 items; the first is [0]"},
		{"items: [{}]", "items[0]=null", "--set items[0]: an item cannot be removed; set the list as a whole"},
		{"n: 1", "itms[0]=4", "--set itms[0]: there is no list itms"},
		{"n: 1", "a..b=4", `--set a..b: "a..b" is not a key, want for example warmup or series[0].load.hold`},
		{"n: 1", "a[x]=4", `--set a[x]: "a[x]" is not a key, want for example warmup or series[0].load.hold`},
		{"- 1", "n=4", "--set n: the file has no keys"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprintf("%.40q %s", test.src, test.set), func(t *testing.T) {
			var set []string
			if test.set != "" {
				set = []string{test.set}
			}
			_, err := read(test.src, set...)
			if got := fmt.Sprint(err); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func nested(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("\n" + strings.Repeat(" ", i+1) + "a:")
	}
	return b.String() + " 1"
}

func TestLocate(t *testing.T) {
	d, err := Parse("f.yaml", []byte("n: 1\nitems:\n  - messages: 1\n    mode: inline\n  - messages: 2\nlist: [1, 2]\n"))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Set("inner.messages=0"); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ path, want string }{
		{"n", "f.yaml:1:4: n: bad; do good"},
		{"list[1]", "f.yaml:6:11: list[1]: bad; do good"},
		{"items[0].mode", "f.yaml:4:11: items[0].mode: bad; do good"},
		{"items[1].mode", "f.yaml:5:5: items[1].mode: bad; do good"}, // not given: where its item begins
		{"seed", "f.yaml:1:1: seed: bad; do good"},
		{"", "f.yaml:1:1: bad; do good"},
		{"inner.messages", "--set inner.messages: inner.messages: bad; do good"},
	}
	for _, test := range tests {
		p := &Problem{Path: test.path, Msg: "bad", Hint: "do good"}
		if got := d.Locate(p).Error(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
	for path, want := range map[string]bool{"n": true, "seed": false, "items[1].messages": true, "items[2]": false, "inner": true, "n.x": false} {
		if d.Has(path) != want {
			t.Errorf("Has(%s) = %v", path, !want)
		}
	}
}

// A text that may be empty says so.
func TestEmptyText(t *testing.T) {
	d, err := Parse("f.yaml", []byte("sign: ''\nmissing: ['', n/a]\n"))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Sign    string   `yaml:"sign,empty"`
		Missing []string `yaml:"missing,empty"`
	}
	got.Sign = "."
	if err := d.Decode(&got); err != nil || got.Sign != "" || len(got.Missing) != 2 || got.Missing[0] != "" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestEditDistance(t *testing.T) {
	tests := []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"seed", "sede", 1}, {"kitten", "sitting", 3}, {strings.Repeat("a", 65), "a", 64}}
	for _, test := range tests {
		if got := editDistance(test.a, test.b); got != test.want {
			t.Errorf("editDistance(%s, %s) = %d, want %d", test.a, test.b, got, test.want)
		}
		if got := editDistance(test.b, test.a); got != test.want {
			t.Errorf("editDistance(%s, %s) = %d, want %d", test.b, test.a, got, test.want)
		}
	}
}

// An override gives the same as the value in the file, and the text that String returns reads as
// the document it came from.
func TestSetEqualsFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 1000).Draw(t, "n")
		hold := time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "hold"))
		name := quote(rapid.String().Filter(func(s string) bool { return s != "" && !strings.ContainsFunc(s, hidden) }).Draw(t, "name"), rapid.Bool().Draw(t, "plain"))
		list := rapid.SliceOfN(rapid.Int(), 1, 5).Draw(t, "list")
		lists := strings.Join(strings.Fields(fmt.Sprint(list)), ", ")

		whole := fmt.Sprintf("name: %s\nn: %d\nhold: %s\nlist: %s\ninner: {messages: %d}\n", name, n, hold, lists, n)
		want, err := read(whole)
		if err != nil {
			t.Fatal(err)
		}
		d, err := Parse("f.yaml", []byte("n: 2\nlist: [7]\n"))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range []string{"name=" + name, fmt.Sprint("n=", n), "hold=" + hold.String(), "list=" + lists, fmt.Sprint("inner.messages=", n)} {
			if err := d.Set(o); err != nil {
				t.Fatal(err)
			}
		}
		for _, text := range []string{d.String(), whole} {
			got, err := read(text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("(-want +got):\n%s\nfrom\n%s", diff, text)
			}
		}
	})
}

// A map takes whatever keys there are, and says in which one a value is wrong.
func TestDecodeMap(t *testing.T) {
	type names struct {
		Contracts map[string]string `yaml:"contracts"`
	}
	for _, tt := range []struct {
		src  string
		want map[string]string
		err  string
	}{
		{"contracts: {readings: meters, peer0.org1.example.com: b}", map[string]string{"readings": "meters", "peer0.org1.example.com": "b"}, ""},
		{"contracts: {}", map[string]string{}, ""},
		{"contracts: [a]", nil, "a.yaml:1:12: contracts: want a mapping of names, got a list"},
		{"contracts: {a: [b]}", nil, "a.yaml:1:16: contracts.a: want a single value, got a list"},
		{"contracts: {a: }", nil, "a.yaml:1:13: contracts.a: no value given"},
	} {
		doc, err := Parse("a.yaml", []byte(tt.src))
		var got names
		if err == nil {
			err = doc.Decode(&got)
		}
		if diff := cmp.Diff(tt.want, got.Contracts); diff != "" && tt.err == "" {
			t.Errorf("%s: %s", tt.src, diff)
		}
		if tt.err != "" && fmt.Sprint(err) != tt.err || tt.err == "" && err != nil {
			t.Errorf("%s: %v, want %s", tt.src, err, tt.err)
		}
	}
}

func TestOverridden(t *testing.T) {
	for _, tt := range []struct {
		src, set, path string
		want           bool
	}{
		{"a: 1", "b.c=2", "b", true},
		{"a: 1", "b.c=2", "b.c", true},
		{"a: 1", "b.c=2", "a", false},
		{"a: 1", "a=2", "a", true},
		{"a: {b: 1}", "a.b=2", "a", false},
		{"a: {b: 1}", "a.b=2", "a.b", true},
		{"a: 1", "a=null", "a", false},
	} {
		doc, err := Parse("a.yaml", []byte(tt.src))
		if err == nil {
			err = doc.Set(tt.set)
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := doc.Overridden(tt.path); got != tt.want {
			t.Errorf("%s with %s: %s is overridden: %t", tt.src, tt.set, tt.path, got)
		}
	}
}

// A value that is removed leaves the rest with its positions, and items after it with new paths.
func TestRemove(t *testing.T) {
	d, err := Parse("a.yaml", []byte("a: 1\nlist:\n  - {name: x}\n  - {name: y, of: {z: 1}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"b", "list[2]", "a.c", "", "a", "list[0]"} {
		d.Remove(path)
	}
	if text := d.String(); strings.Contains(text, "a: 1") || strings.Contains(text, "x") {
		t.Error(text)
	}
	if got := d.Locate(Problemf("", "list[0].of.z", "is wrong")).Error(); got != "a.yaml:4:23: list[0].of.z: is wrong" {
		t.Error(got)
	}
	if got := d.Get("list").Items()[0].Get("of").Errorf("", "is wrong").Error(); got != "a.yaml:4:19: list[0].of: is wrong" {
		t.Error(got)
	}
	if err := d.Set("list[0].of.z=2"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{"list": true, "list[0].of": true, "list[0].name": false, "b": false} {
		if d.OverriddenIn(path) != want {
			t.Errorf("%s: overridden %v", path, !want)
		}
	}
}
