package printable

import (
	"regexp"
	"strings"
)

// The most characters of a message that Brief leaves as they are: a word may be a path or an address, and a line a sentence with
// some of them.
const (
	longestWord = 300
	longestLine = 2000
)

// Brief returns a message with the middle of its overlong words and lines left out, for what it quotes may be longer than
// anyone reads: the begin of a line says where and what, and the end what to do.
func Brief(text string) string {
	lines := strings.SplitAfter(text, "\n")
	for i, line := range lines {
		line = words.ReplaceAllStringFunc(line, func(word string) string { return withoutMiddle(word, longestWord) })
		body := strings.TrimSuffix(line, "\n")
		lines[i] = withoutMiddle(body, longestLine) + line[len(body):]
	}
	return strings.Join(lines, "")
}

var words = regexp.MustCompile(`[^\s]+`)

// withoutMiddle returns a text in at most so many characters, an ellipsis for those left out.
func withoutMiddle(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	end := most / 4
	return string(runes[:most-end-1]) + "…" + string(runes[len(runes)-end:])
}
