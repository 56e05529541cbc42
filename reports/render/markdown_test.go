package render

import (
	"strings"
	"testing"
)

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"commit p99, +12.0 %":    "commit p99, +12.0 %",
		"a|b":                    `a\|b`,
		"<b>*x*</b>":             `&lt;b&gt;\*x\*&lt;/b&gt;`,
		"@all #12 `x`":           "@<!-- -->all #<!-- -->12 \\`x\\`",
		"https://example.org":    "https:<!-- -->//example.org",
		"[x](y) ![z]":            `\[x\](y) \!\[z\]`,
		"two\nlines \x1b[31mred": `two\\nlines \\x1b\[31mred`,
	} {
		if got := plain(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	f.Add("a|b <c> @d #e \\| https://x www.x")
	f.Fuzz(func(t *testing.T, text string) {
		got := strings.ReplaceAll(plain(text), "<!-- -->", "")
		if strings.ContainsAny(got, "<>\n\r") {
			t.Errorf("%q becomes %q", text, got)
		}
		escaped := false
		for _, r := range got {
			if !escaped && strings.ContainsRune("|`*_[]~$!", r) {
				t.Errorf("%q becomes %q: %q is not escaped", text, got, r)
			}
			escaped = r == '\\' && !escaped
		}
	})
}
