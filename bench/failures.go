package bench

import (
	"slices"
	"strings"
	"sync"

	"meterbench/bench/result"
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
	kind := withoutNumbers(text)
	f.mu.Lock()
	defer f.mu.Unlock()
	kept := &f.kept[o]
	i := slices.IndexFunc(*kept, func(k failureKind) bool { return k.kind == kind })
	if i < 0 {
		if len(*kept) < failureTexts {
			*kept = append(*kept, failureKind{kind, Failure{Outcome: o, Text: text}})
		} else if len(*kept) == failureTexts {
			*kept = append(*kept, failureKind{otherFailures, Failure{Outcome: o, Text: otherFailures}})
		}
		i = len(*kept) - 1
	}
	(*kept)[i].Count++
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
