package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"meterbench/internal/printable"
)

// Error says what is wrong with a file or an override, in one line.
type Error struct {
	File   string // or "--set key" for an override
	Line   int    // from 1; 0 if there is none, as in an override
	Column int    // from 1, in characters
	Msg    string
	Hint   string // what to do, may be empty
}

// longestMessage is the most characters of a message: what it quotes may be longer than anyone reads.
const longestMessage = 400

// Error returns file:line:column: message; hint. It is one line that can be printed, whatever the file holds.
func (e *Error) Error() string {
	text := e.File
	if e.Line > 0 {
		text += fmt.Sprintf(":%d:%d", e.Line, e.Column)
	}
	text += ": " + shortened(e.Msg, longestMessage)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return printable.Line(text)
}

// shortened returns the first characters of a text.
func shortened(text string, most int) string {
	n := 0
	for at := range text {
		if n++; n > most {
			return text[:at] + "…"
		}
	}
	return text
}

// Problem is about a value that is well formed but makes no sense, such as a load of zero clients.
// Document.Locate turns it into an Error with a position.
type Problem struct {
	Path string // of the value: series[0].load.clients[2]
	Msg  string
	Hint string
	// Within counts the characters of the value's text before what is wrong.
	Within int
}

// Error returns path: message; hint.
func (p *Problem) Error() string {
	e := Error{File: p.Path, Msg: p.Msg, Hint: p.Hint}
	return strings.TrimPrefix(e.Error(), ": ") // without a path
}

// Problemf returns a Problem with a formatted message.
func Problemf(hint, path, format string, args ...any) *Problem {
	return &Problem{Path: path, Msg: fmt.Sprintf(format, args...), Hint: hint}
}

// OneOf returns a problem unless got is one of the options.
func OneOf[T ~string](path string, got T, options ...T) *Problem {
	var all []string
	for _, option := range options {
		if got == option {
			return nil
		}
		all = append(all, string(option))
	}
	if got == "" {
		return Problemf("", path, "is missing: one of %s", strings.Join(all, ", "))
	}
	return Problemf(Hint(string(got), all), path, "there is no %q", got)
}

// Between returns a problem unless least <= got <= most.
func Between[T cmp.Ordered](path string, got, least, most T) *Problem {
	if got < least || got > most {
		return Problemf("", path, "must be %v to %v, got %v", least, most, got)
	}
	return nil
}

// Hint returns a hint for a word that is none of the options: a close one if there is one, else all.
func Hint[S ~string](word S, options []S) string {
	best, distance := "", min(2, len(word)/3)+1
	var words []string
	for _, option := range options {
		if !slices.Contains(words, string(option)) {
			words = append(words, string(option))
		}
		if d := editDistance(strings.ToLower(string(word)), string(option)); d < distance {
			best, distance = string(option), d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf("did you mean %s?", best)
	case len(options) == 0:
		return ""
	}
	return "known are " + strings.Join(words, ", ")
}

// editDistance counts the insertions, deletions, substitutions and swaps of neighbours that turn a into b
// (optimal string alignment). It gives up with a large number on words longer than any key.
func editDistance(a, b string) int {
	const longest = 64
	if len(a) > longest || len(b) > longest {
		return longest
	}
	var d [longest + 1][longest + 1]int
	for i := 0; i <= len(a); i++ {
		for j := 0; j <= len(b); j++ {
			switch {
			case i == 0:
				d[i][j] = j
			case j == 0:
				d[i][j] = i
			default:
				differ := 1
				if a[i-1] == b[j-1] {
					differ = 0
				}
				d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+differ)
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					d[i][j] = min(d[i][j], d[i-2][j-2]+1)
				}
			}
		}
	}
	return d[len(a)][len(b)]
}
