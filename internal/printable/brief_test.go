package printable_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"meterbench/internal/printable"
)

func TestBrief(t *testing.T) {
	long, path := strings.Repeat("x", 5000), "/"+strings.Repeat("folder/", 40)
	for _, c := range []struct{ name, text, want string }{
		{"short", "unknown command \"a\": known are b\n\nmore", "unknown command \"a\": known are b\n\nmore"},
		{"a path", path + ": no such file", path + ": no such file"},
		{"a long word", "unknown command \"" + long + "\": known are b", "unknown command \"" + long[:223] + "…" + long[:73] + "\": known are b"},
		{"long words", strings.Repeat("ab ", 5000) + "; write one\nnext", strings.Repeat("ab ", 500)[:1499] + "…" + strings.Repeat(" ab", 200)[600-488:] + " ; write one\nnext"},
	} {
		if got := printable.Brief(c.text); got != c.want {
			t.Errorf("%s:\ngot  %q\nwant %q", c.name, got, c.want)
		}
	}
}

func FuzzBrief(f *testing.F) {
	f.Add("plain\nlines")
	f.Add(strings.Repeat("é", 400) + "\t\xff\n" + strings.Repeat("a b ", 600))
	f.Fuzz(func(t *testing.T, text string) {
		brief := printable.Brief(text)
		if strings.Count(brief, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q has other lines: %q", text, brief)
		}
		for line := range strings.Lines(brief) {
			if n := utf8.RuneCountInString(line); n > 2001 {
				t.Errorf("a line of %d characters", n)
			}
		}
		if printable.Brief(brief) != brief {
			t.Errorf("%q changes again", brief)
		}
	})
}
