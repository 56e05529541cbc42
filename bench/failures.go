package bench

import (
	"slices"
	"strings"
	"sync"

	"meterbench/bench/result"
	"meterbench/internal/printable"
)

// failures collects errors, the first few kinds per outcome: there may be millions, each with its own numbers.
type failures struct {
	mu   sync.Mutex
	kept [len(result.Counts{})][]failureKind
}

// A failureKind is errors that differ in numbers alone. The text is that of the first.
type failureKind struct {
	kind string
	Failure
}

const (
	failureTexts  = 5
	failureLength = 500
	otherFailures = "other errors"
)

func (f *failures) add(o result.Outcome, err error) {
	text := err.Error()
	if len(text) > failureLength {
		text = strings.ToValidUTF8(text[:failureLength], "") + "…"
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.count(o, text, 1)
}

// count adds n failures with a text. The caller holds the lock.
func (f *failures) count(o result.Outcome, text string, n uint64) {
	kind := withoutNumbers(text)
	kept := &f.kept[o]
	i := slices.IndexFunc(*kept, func(k failureKind) bool { return k.kind == kind })
	if i < 0 {
		if len(*kept) < failureTexts {
			*kept = append(*kept, failureKind{kind, Failure{Outcome: o, Text: printable.Plain(text)}})
		} else if len(*kept) == failureTexts {
			*kept = append(*kept, failureKind{otherFailures, Failure{Outcome: o, Text: otherFailures}})
		}
		i = len(*kept) - 1
	}
	(*kept)[i].Count += n
}

// union returns the failures of several loads as those of one.
func union(of [][]Failure) []Failure {
	var all failures
	for _, other := range []bool{false, true} { // those without a text of their own come last
		for _, one := range slices.Concat(of...) {
			if other == (one.Text == otherFailures) {
				all.count(one.Outcome, one.Text, one.Count)
			}
		}
	}
	return all.list()
}

func (f *failures) list() (all []Failure) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, k := range slices.Concat(f.kept[:]...) {
		all = append(all, k.Failure)
	}
	return all
}

// idDigits is the fewest hexadecimal digits in a row that are taken for an id, as of a transaction or a meter.
const idDigits = 6

// withoutNumbers returns a text without its ids: two errors that differ in the transaction alone are of one kind.
func withoutNumbers(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		n, decimal := 0, false
		for n < len(text)-i && strings.IndexByte("0123456789abcdef", text[i+n]) >= 0 {
			decimal = decimal || text[i+n] <= '9'
			n++
		}
		if n >= idDigits && decimal {
			b.WriteByte('#')
		} else {
			n = max(n, 1)
			b.WriteString(text[i : i+n])
		}
		i += n
	}
	return b.String()
}
