// Package printable escapes what others wrote before it is printed: names and messages of stored runs, of nodes and of
// files may hold sequences that drive a terminal, characters that reorder a line, or bytes that are no text at all.
package printable

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line returns s as one line of a terminal, a text report or an error. Whatever is not graphic is written as Go's
// escape for it: control characters (C0 and C1) and line ends such as \n, characters that reorder or hide text such as
// \u202e, and bytes that are no UTF-8 such as \xff. Other text, a backslash included, stays as it is, so that escaping
// twice changes nothing.
func Line(s string) string { return escape(s, "") }

// Cut is Line for the beginning of s, of most bytes as they are shown, with an ellipsis where that is not all of it.
func Cut(s string, most int) string {
	line := Line(s[:min(len(s), most+utf8.UTFMax)])
	if len(line) <= most {
		return line
	}
	for most > 0 && !utf8.RuneStart(line[most]) { // half a character
		most--
	}
	return line[:most] + "…"
}

// Lines is Line for a text of several lines: line feeds and tabs stay.
func Lines(s string) string { return escape(s, "\n\t") }

// Field returns s with what would end it in a list of fields replaced by _: spaces, control characters and a separator.
func Field(s string, separator rune) string {
	return strings.Map(func(r rune) rune {
		if r == separator || unicode.IsSpace(r) || unicode.IsControl(r) {
			return '_'
		}
		return r
	}, s)
}

func escape(s, but string) string {
	keep := func(r rune) bool { return unicode.IsGraphic(r) || strings.ContainsRune(but, r) }
	if utf8.ValidString(s) && strings.IndexFunc(s, func(r rune) bool { return !keep(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[i]), 16))
		case keep(r):
			b.WriteRune(r)
		default:
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
		i += size
	}
	return b.String()
}
