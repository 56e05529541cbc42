package strictyaml

import (
	"reflect"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	f.Add("name: a\nlist: [1, 2]\nitems:\n  - messages: 1\n    mode: {bank: 2}\n", "inner.messages=3")
	f.Add("hold: 2s\nsize: 2MiB\nrate: 100/s\n# comment\nname: >\n  text\n", "list[0]=1")
	f.Add("a: \"\\u0000\"\n---\n...\n%YAML\n&a *a <<: !b", "items={}")
	f.Add(strings.Repeat("[{a: ", 10), "name='")
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
		if !reflect.DeepEqual(set, again) {
			t.Fatalf("%+v became %+v by\n%s", set, again, text)
		}
	})
}

func wantError(t *testing.T, err error) {
	t.Helper()
	if e, ok := err.(*Error); !ok || e == nil || e.File == "" || e.Msg == "" {
		t.Fatalf("got %#v, want an *Error that says where and what", err)
	}
}
