package values

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"

	"meterbench/internal/strictyaml"
)

// A Size is how many bytes values have: a number, uniform between two, or one of several by weights.
type Size struct {
	fixed   bool
	least   uint32   // or the only one
	most    uint32   // of uniform
	choice  weights  // of choice, over sizes
	sizes   []uint32 // of choice
	written string
}

// UnmarshalNode reads 1KiB, {uniform: [100B, 1KiB]} or {choice: {100B: 3, 1KiB: 1}}.
func (s *Size) UnmarshalNode(n *strictyaml.Node) (err error) {
	*s = Size{}
	if text, ok := n.Scalar(); ok {
		s.written, s.fixed = text, true
		s.least, err = n.Size()
		s.most = s.least
		return err
	}
	var text struct {
		Uniform strictyaml.Raw `yaml:"uniform"`
		Choice  *Choice        `yaml:"choice"`
	}
	if err := n.Decode(&text); err != nil {
		return err
	}
	switch {
	case (text.Uniform.Node == nil) == (text.Choice == nil):
		return n.Errorf("as {uniform: [100B, 1KiB]}", "a size is a number of bytes, uniform between two, or a choice of several")
	case text.Choice != nil:
		return s.choose(n.Get("choice"), *text.Choice)
	}
	ends := text.Uniform.Items()
	if len(ends) != 2 {
		return text.Uniform.Errorf("as [100B, 1KiB]", "uniform sizes have a smallest and a largest")
	}
	if s.least, err = ends[0].Size(); err == nil {
		s.most, err = ends[1].Size()
	}
	s.written = fmt.Sprintf("uniform %s-%s", sizeName(s.least), sizeName(s.most))
	if err == nil && s.most < s.least {
		err = ends[1].Errorf("", "is below the smallest: there is no size from %d to %d bytes", s.least, s.most)
	}
	return err
}

// choose takes the sizes of a choice, which is written at n.
func (s *Size) choose(n *strictyaml.Node, c Choice) error {
	s.choice, s.written = c.weights, "choice"
	for _, option := range c.options {
		size, ok := strictyaml.ParseSize(option)
		if !ok || size > MaxSize {
			return n.Errorf("", "want sizes of at most %d bytes, as 1KiB, got %q", MaxSize, option)
		}
		s.sizes = append(s.sizes, uint32(size))
		s.written += "-" + option
	}
	s.least, s.most = slices.Min(s.sizes), slices.Max(s.sizes)
	return nil
}

func sizeName(bytes uint32) string {
	switch {
	case bytes >= 1<<20 && bytes%(1<<20) == 0:
		return strconv.Itoa(int(bytes>>20)) + "MiB"
	case bytes >= 1<<10 && bytes%(1<<10) == 0:
		return strconv.Itoa(int(bytes>>10)) + "KiB"
	}
	return strconv.Itoa(int(bytes)) + "B"
}

// none reports whether nothing is said.
func (s Size) none() bool { return s.written == "" }

// Fixed returns the size in bytes, 0 where it varies.
func (s Size) Fixed() int {
	if !s.fixed {
		return 0
	}
	return int(s.least)
}

// Empty reports whether the size is 0 bytes.
func (s Size) Empty() bool { return s.fixed && s.least == 0 }

// or returns the size, or where nothing is said, another.
func (s Size) or(other Size) Size {
	if s.none() {
		return other
	}
	return s
}

// String returns the size as written, for names of series.
func (s Size) String() string {
	if s.fixed {
		return sizeName(s.least)
	}
	return s.written
}

// Check returns a problem with the size of a value at a path.
func (s Size) Check(at string) *strictyaml.Problem {
	if s.most > MaxSize {
		return strictyaml.Problemf("", at, "must be at most %d bytes (4 MiB), got %d", MaxSize, s.most)
	}
	return nil
}

// draw returns a size.
func (s Size) draw(r *rand.Rand) int {
	switch {
	case s.sizes != nil:
		return int(s.sizes[s.choice.draw(r)])
	case s.least == s.most:
		return int(s.least)
	}
	return int(s.least) + r.IntN(int(s.most-s.least)+1)
}

// content is random bytes of a size.
type content struct {
	Size Size `yaml:"size"` // 0 to 4MiB; {uniform: [100B, 1KiB]}, or {choice: {100B: 3, 1KiB: 1}}; default the workload's
}

func (c content) check(at string, d Defaults) *strictyaml.Problem {
	if c.Size.or(d.Size).none() {
		return strictyaml.Problemf("give size: 1KiB, here or in the workload", at+".size", "the size is missing")
	}
	return c.Size.Check(at + ".size")
}

func (c content) most(d Defaults) int { return int(c.Size.or(d.Size).most) }

// bind returns what appends bytes, each changed by a function or, where that is nil, as they come.
func (c content) bind(place string, b Binding, change func([]byte)) Maker {
	size := c.Size.or(b.Size)
	return func(to []byte, t *Turn) []byte {
		source := b.stream(place, t.Seq).ChaCha8()
		n := size.draw(rand.New(source))
		from := len(to)
		to = slices.Grow(to, n)[:from+n]
		source.Read(to[from:]) // never fails
		if change != nil {
			change(to[from:])
		}
		return to
	}
}

func (c content) describe(what string) string {
	if !c.Size.none() {
		what += " " + c.Size.String()
	}
	return what
}

// Bytes are random bytes.
type Bytes struct{ content }

func (x *Bytes) bind(place string, b Binding) Maker { return x.content.bind(place, b, nil) }
func (x *Bytes) String() string                     { return x.describe("bytes") }

// Text is random text.
type Text struct{ content }

// letters are those of random text: none that JSON or CSV would have to escape.
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func (x *Text) bind(place string, b Binding) Maker {
	return x.content.bind(place, b, func(random []byte) {
		for i, c := range random {
			random[i] = letters[c%byte(len(letters))]
		}
	})
}
func (x *Text) String() string { return x.describe("text") }
