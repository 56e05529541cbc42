package reports

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

// notes.txt holds the sentences above sections and below tables and figures that hold for every
// run: paragraphs under headings.
//
//go:embed notes.txt
var noteText string

// notes returns the paragraphs under a heading of notes.txt.
func notes(heading string) []string { return slices.Clone(noteTable()[heading]) }

// intro returns the paragraphs as one.
func intro(heading string) string { return strings.Join(notes(heading), " ") }

var noteTable = sync.OnceValue(func() map[string][]string {
	table := map[string][]string{}
	heading := ""
	for paragraph := range strings.SplitSeq(strings.TrimSpace(noteText), "\n\n") {
		if found, ok := strings.CutPrefix(paragraph, "== "); ok {
			heading = found
		} else {
			table[heading] = append(table[heading], strings.Join(strings.Fields(paragraph), " "))
		}
	}
	return table
})
