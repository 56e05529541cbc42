package printable_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"meterbench/internal/printable"
)

func TestLine(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", `plain é × 5 ✓ C:\dir 'quoted'`, `plain é × 5 ✓ C:\dir 'quoted'`},
		{"colour", "\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"window title", "\x1b]0;title\x07", `\x1b]0;title\a`},
		{"C1 introducer", "\u009b31m", `\u009b31m`},
		{"C1 as a byte", "\x9b31m", `\x9b31m`},
		{"several lines", "one\ntwo\r\tthree\u2028four\u0085five", `one\ntwo\r\tthree\u2028four\u0085five`},
		{"reordered", "turn\u202eed\u2066", `turn\u202eed\u2066`},
		{"hidden", "zero\u200bwidth\ufeff\u00ad", `zero\u200bwidth\ufeff\u00ad`},
		{"no UTF-8", "bad \xff\x00\x7f\xc0\x80", `bad \xff\x00\x7f\xc0\x80`},
		{"no character", "\ufffe\U0010ffff", `\ufffe\U0010ffff`},
		{"replacement", "\ufffd", "\ufffd"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := printable.Line(c.text); got != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
	if got, want := printable.Lines("one\n\ttwo\r\x1b[2J"), "one\n\ttwo"+`\r\x1b[2J`; got != want {
		t.Errorf("several lines: got %q, want %q", got, want)
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"", 0, ""}, {"abc", 3, "abc"}, {"abcd", 3, "abc…"}, {"aé", 2, "a…"}, {"a\x1bb", 5, `a\x1b…`}, {"a\x1bb", 6, `a\x1bb`}, {"\xff\xff\xff", 4, `\xff…`},
		{"x", 0, "…"}, {"ééé", 4, "éé…"}, {"éé", 4, "éé"}, {"日本日", 6, "日本…"},
	} {
		if got := printable.Cut(c.text, c.most); got != c.want {
			t.Errorf("%q of %d bytes became %q, want %q", c.text, c.most, got, c.want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b[31m\xff\u202e\n'\\'")
	f.Fuzz(func(t *testing.T, text string) {
		line, lines := printable.Line(text), printable.Lines(text)
		bad := func(s, but string) bool {
			return !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) && !strings.ContainsRune(but, r) })
		}
		if bad(line, "") || bad(lines, "\n\t") {
			t.Errorf("%q became %q and %q", text, line, lines)
		}
		if printable.Line(line) != line || printable.Line(lines) != line {
			t.Errorf("%q: escaping again changes %q", text, line)
		}
	})
}
