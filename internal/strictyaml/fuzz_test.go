package strictyaml

import (
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
)

func FuzzParse(f *testing.F) {
	f.Add("name: a\nlist: [1, 2]\nitems:\n  - messages: 1\n    mode: {bank: 2}\n", "inner.messages=3")
	f.Add("hold: 2s\nsize: 2MiB\nrate: 100/s\n# comment\nname: >\n  text\n", "list[0]=1")
	f.Add("a: \"\\u0000\"\n---\n...\n%YAML\n&a *a <<: !b", "items={}")
	f.Add(strings.Repeat("[{a: ", 10), "name='")
	f.Add("name: \"\\e[31m\" # \u202e\n", "na\x1bme=x")
	f.Add("list: ["+strings.Repeat("1, ", 1200)+"]", "list=["+strings.Repeat("1,", 1200)+"1]")
	f.Add(strings.Repeat("a", 5000)+": 1", strings.Repeat("b", 5000)+"=1")
	f.Add("n: +5\nshare: -.5\n", "seed=+7")
	f.Fuzz(func(t *testing.T, src, override string) {
		d, err := Parse("f.yaml", []byte(src))
		if err != nil {
			wantError(t, err)
			return
		}
		var plain shape
		if err := d.Decode(&plain); err != nil {
			wantError(t, err)
		}
		if err := d.Set(override); err != nil {
			wantError(t, err)
			return
		}
		var set, again shape
		if err := d.Decode(&set); err != nil {
			wantError(t, err)
			return
		}
		text := d.String()
		d, err = Parse("again.yaml", []byte(text))
		if err != nil {
			if len(d.String()) == 0 {
				return // the override has removed the only key
			}
			t.Fatalf("%v in\n%s", err, text)
		}
		if err := d.Decode(&again); err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if diff := cmp.Diff(set, again); diff != "" {
			t.Fatalf("written out and read again (-before +after):\n%s\nby\n%s", diff, text)
		}
	})
}

func wantError(t *testing.T, err error) {
	t.Helper()
	e, ok := err.(*Error)
	if !ok || e == nil {
		t.Fatalf("got a %T, want an *Error: %v", err, err)
	}
	if e.File == "" || e.Msg == "" {
		t.Fatalf("the error does not say where or what: %v", err)
	}
	if text := e.Error(); strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsGraphic(r) }) || len(text) > 3000 {
		t.Fatalf("the error has %d bytes or cannot be printed: %.3000q", len(text), text)
	}
	if !strings.HasPrefix(e.File, "--set ") && (e.Line < 1 || e.Column < 1) {
		t.Fatalf("the error has no place: %v", err)
	}
}
