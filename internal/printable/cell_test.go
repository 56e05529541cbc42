package printable_test

import (
	"regexp"
	"strings"
	"testing"

	"meterbench/internal/printable"
)

func TestCell(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "plain": "plain", "-1.5": "-1.5", "+3e-9": "+3e-9", "a-b": "a-b",
		"=1+1": "'=1+1", "-1+1": "'-1+1", "@SUM(1)": "'@SUM(1)", "\uff1d1": "'\uff1d1", "a;=1": "a;'=1", "\t=1": `\t=1`, "'=1": "''=1",
	} {
		if got := printable.Cell(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func FuzzCell(f *testing.F) {
	for _, text := range []string{"plain", "=1+1", "a,@x", "-12", "+1e5", "\x00-1"} {
		f.Add(text)
	}
	begins := regexp.MustCompile(`^[=+\-@]`)
	number := regexp.MustCompile(`^[+-]?[0-9.]+([eE][+-]?[0-9]+)?$`)
	f.Fuzz(func(t *testing.T, text string) {
		cell := printable.Cell(text)
		if begins.MatchString(cell) && !number.MatchString(cell) {
			t.Errorf("%q became %q, a formula", text, cell)
		}
		if strings.ContainsAny(cell, "\n\r\t\x00\x1b") {
			t.Errorf("%q became %q, with control characters", text, cell)
		}
	})
}
