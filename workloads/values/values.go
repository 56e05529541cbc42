// Package values makes the arguments of transactions, of literals and of seeded generators.
//
// Data flow: a Value is read from strict YAML, a literal with the names of other values in it or one of the Generators;
// Check refuses what makes no sense, Bind gives it what it needs of its workload, and the Maker that results writes
// the value of one Turn after the other. A value follows from the Binding and the Turn alone, and but for time and for
// sequences per client, from the number of the transaction: that comes again with the same value.
package values

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"meterbench/internal/random"
	"meterbench/internal/strictyaml"
)

// MaxSize is the most bytes of a generated value.
const MaxSize = 4 << 20

// MaxKeys is the most keys of a space.
const MaxKeys = 1_000_000_000

// MaxRows is the most rows of a CSV file, MaxCSVBytes the most bytes of it.
const (
	MaxRows     = 1_000_000
	MaxCSVBytes = 64 << 20
)

// SizeLimits returns the most that values may ask for.
func SizeLimits() []strictyaml.Limit {
	return []strictyaml.Limit{
		{Of: "bytes of a generated value", Most: fmt.Sprint(MaxSize)},
		{Of: "keys of a space", Most: fmt.Sprint(MaxKeys)},
		{Of: "bytes of a CSV file of values", Most: fmt.Sprint(MaxCSVBytes)},
		{Of: "rows of a CSV file of values", Most: fmt.Sprint(MaxRows)},
	}
}

// A Value is a literal or a generator, as written.
type Value struct {
	literal   []piece
	generator *Generators
}

// A piece of a literal is text, or the name of a value that stands in its place.
type piece struct{ text, name string }

// Generators are those that a Value may be: one of them.
type Generators struct {
	Sequence *Sequence `yaml:"sequence"` // never twice in a run; with keys, the keys of a space in turn
	UUID     *UUID     `yaml:"uuid"`     // version 4, {}
	Uniform  *Uniform  `yaml:"uniform"`  // keys of a space, each as often
	Zipf     *Zipf     `yaml:"zipf"`     // keys of a space, the first most often
	Integer  *Integer  `yaml:"integer"`  // whole numbers of a range, each as often
	Text     *Text     `yaml:"text"`     // random letters, digits, - and _
	Bytes    *Bytes    `yaml:"bytes"`    // random bytes
	Choice   *Choice   `yaml:"choice"`   // one of a list, or by weights: {red: 3, blue: 1}
	CSV      *CSV      `yaml:"csv"`      // a column of a file; all of one file are of the same row
	Time     *Time     `yaml:"time"`     // of the transaction's intended start, in UTC
}

// A generator is one of the Generators.
type generator interface {
	// check returns the first mistake, with its path after at.
	check(at string, d Defaults) *strictyaml.Problem
	// bind returns what makes its values. place tells the generator from others of the workload.
	bind(place string, b Binding) Maker
	// most is the most bytes of a value.
	most(d Defaults) int
	String() string
}

// all returns the generators with their keys, nil for those that are not given.
func (g *Generators) all() []struct {
	key string
	generator
} {
	type row = struct {
		key string
		generator
	}
	var rows []row
	add := func(key string, given bool, of generator) {
		if given {
			rows = append(rows, row{key, of})
		}
	}
	add("sequence", g.Sequence != nil, g.Sequence)
	add("uuid", g.UUID != nil, g.UUID)
	add("uniform", g.Uniform != nil, g.Uniform)
	add("zipf", g.Zipf != nil, g.Zipf)
	add("integer", g.Integer != nil, g.Integer)
	add("text", g.Text != nil, g.Text)
	add("bytes", g.Bytes != nil, g.Bytes)
	add("choice", g.Choice != nil, g.Choice)
	add("csv", g.CSV != nil, g.CSV)
	add("time", g.Time != nil, g.Time)
	return rows
}

// one returns the generator that is given, after the check that there is one.
func (g *Generators) one() generator { return g.all()[0].generator }

// UnmarshalNode reads a literal or a generator.
func (v *Value) UnmarshalNode(n *strictyaml.Node) error {
	*v = Value{}
	if text, ok := n.Scalar(); ok {
		var wrong string
		if v.literal, wrong = parseLiteral(text); wrong != "" {
			return n.Errorf("name it as ${id}, or write $${ for ${ itself", "%s", wrong)
		}
		return nil
	}
	v.generator = &Generators{}
	if err := n.Decode(v.generator); err != nil {
		return err
	}
	if got := len(v.generator.all()); got != 1 {
		return n.Errorf("as {uuid: {}}", "a value is a text or one generator, got %d generators", got)
	}
	return nil
}

// parseLiteral splits a text at the names of values, ${name}. $${ stands for ${ itself.
func parseLiteral(text string) (pieces []piece, wrong string) {
	var plain strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		plain.WriteString(before)
		if !found {
			break
		}
		if strings.HasSuffix(before, "$") {
			plain.WriteString("{")
			text = rest
			continue
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, "a ${ has no end"
		}
		if name == "" {
			return nil, "a ${} names no value"
		}
		if plain.Len() > 0 {
			pieces = append(pieces, piece{text: plain.String()})
			plain.Reset()
		}
		pieces = append(pieces, piece{name: name})
		text = after
	}
	if plain.Len() > 0 || pieces == nil {
		pieces = append(pieces, piece{text: plain.String()})
	}
	return pieces, ""
}

// Literal returns a value that is a text without names.
func Literal(text string) Value { return Value{literal: []piece{{text: text}}} }

// Defaults are what a workload says once for its generators. A field is zero where nothing is said.
type Defaults struct {
	Keys Keys // of spaces
	Size Size // of texts and bytes
}

// Check returns the first mistake in a value with its path, given the values that it may name.
func (v Value) Check(at string, d Defaults, names map[string]Value) *strictyaml.Problem {
	if v.generator != nil {
		return v.generator.all()[0].check(at+"."+v.generator.all()[0].key, d)
	}
	for _, p := range v.literal {
		if _, known := names[p.name]; p.name != "" && !known {
			return strictyaml.Problemf(strictyaml.Hint(p.name, sorted(names)), at, "there is no value %q", p.name)
		}
	}
	return nil
}

func sorted(of map[string]Value) (names []string) {
	for name := range of {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// IsGenerator reports whether the value is generated itself.
func (v Value) IsGenerator() bool { return v.generator != nil }

// PerClient reports whether the value counts the transactions of each client.
func (v Value) PerClient() bool {
	return v.generator != nil && v.generator.Sequence != nil && v.generator.Sequence.Per == PerClient
}

// Uniform returns the number of keys, where the value is a key of a space of which each is as often; else 0.
func (v Value) Uniform(d Defaults) int {
	if v.generator == nil || v.generator.Uniform == nil {
		return 0
	}
	return v.generator.Uniform.keys(d)
}

// Sized reports whether the value takes its size from the Defaults.
func (v Value) Sized() bool {
	g := v.generator
	return g != nil && (g.Text != nil && g.Text.Size.none() || g.Bytes != nil && g.Bytes.Size.none())
}

// Spaced reports whether the value takes its keys from the Defaults.
func (v Value) Spaced() bool {
	g := v.generator
	return g != nil && (g.Uniform != nil && g.Uniform.Keys == 0 || g.Zipf != nil && g.Zipf.Keys == 0)
}

// Most returns the most bytes that the value has.
func (v Value) Most(d Defaults, names map[string]Value) (n int) {
	if v.generator != nil {
		return v.generator.one().most(d)
	}
	for _, p := range v.literal {
		n += len(p.text)
		if p.name != "" {
			n += names[p.name].Most(d, nil)
		}
	}
	return n
}

// String describes the value in a few words.
func (v Value) String() string {
	if v.generator != nil {
		return v.generator.one().String()
	}
	var b strings.Builder
	for _, p := range v.literal {
		b.WriteString(p.text)
		if p.name != "" {
			b.WriteString("${" + p.name + "}")
		}
	}
	return b.String()
}

// A Binding is what values need of their workload.
type Binding struct {
	Defaults
	Seed    uint64 // of the scenario
	Series  string // or the part of a mix; no other of the run has it
	Session uint64 // of the run: those of one workload differ
	Scope   string // that sequences have in their values, so that no other workload on the ledger makes the same
}

// stream returns the random numbers of a place for one transaction.
func (b Binding) stream(place string, seq uint64) random.Stream {
	return random.Stream{Seed: b.Seed, Purpose: random.Values, Series: b.Series, Level: place, Repetition: int(b.Session), Index: seq}
}

// A Turn is the transaction whose values are made.
type Turn struct {
	Seq    uint64    // unique over the workload
	Client int       // of a closed load, from 0
	Sent   uint64    // transactions of that client before
	Start  time.Time // intended
}

// A Maker appends the value of a turn. Many goroutines may use it at once.
type Maker func(to []byte, turn *Turn) []byte

// Named are the makers of named values.
type Named map[string]Maker

// Bind returns what makes the value. place is its place in the workload, as args[0].
func (v Value) Bind(place string, b Binding, named Named) Maker {
	if v.generator != nil {
		return v.generator.one().bind(place, b)
	}
	if len(v.literal) == 1 && v.literal[0].name == "" {
		text := v.literal[0].text
		return func(to []byte, _ *Turn) []byte { return append(to, text...) }
	}
	return func(to []byte, t *Turn) []byte {
		for _, p := range v.literal {
			if p.name == "" {
				to = append(to, p.text...)
			} else {
				to = named[p.name](to, t)
			}
		}
		return to
	}
}
