package strictyaml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A kind is one of the forms of a value.
type kind uint8

const (
	null kind = iota
	scalar
	list
	mapping
)

func (k kind) String() string { return [...]string{"null", "value", "list", "mapping"}[k] }

// Node is a value in a document: nothing, a scalar, a list or a mapping.
type Node struct {
	kind    kind
	pos     position
	path    string  // from the root, for messages
	text    string  // scalar
	plain   bool    // scalar: written without quotes
	same    bool    // scalar: its text stands as it is in one line of the file, but for quotes
	items   []*Node // list
	entries []entry // mapping, in the order of the file
}

type entry struct {
	key   string
	pos   position // of the key
	value *Node
}

// Unmarshaler reads itself from a node, with defaults or in several forms, also by decoding another type.
type Unmarshaler interface {
	UnmarshalNode(*Node) error
}

// Scalar returns the text of a value that is neither list nor mapping.
func (n *Node) Scalar() (text string, ok bool) { return n.text, n.kind == scalar }

// Get returns the value of a mapping's key, nil if it is not given.
func (n *Node) Get(key string) *Node {
	if e := n.find(key); e != nil {
		return e.value
	}
	return nil
}

// Entries returns the keys of a mapping with their values, in the order of the file. Another value has none.
func (n *Node) Entries() iter.Seq2[string, *Node] {
	return func(yield func(string, *Node) bool) {
		for _, e := range n.entries {
			if !yield(e.key, e.value) {
				return
			}
		}
	}
}

// Items returns the items of a list. Another value has none.
func (n *Node) Items() []*Node { return n.items }

// IsMapping reports whether a value is a mapping, which may be empty.
func (n *Node) IsMapping() bool { return n.kind == mapping }

// IsList reports whether a value is a list.
func (n *Node) IsList() bool { return n.kind == list }

// IsNull reports whether a key has no value.
func (n *Node) IsNull() bool { return n.kind == null }

// Errorf returns an error about this value.
func (n *Node) Errorf(hint, format string, args ...any) *Error {
	return n.Locate(Problemf(hint, "", format, args...))
}

// Locate gives a problem, whose path begins at this value, its position: that of the value at the path, or if
// it was not given, of the innermost value around it. A place within its text counts where the file has that text as it is.
func (n *Node) Locate(p *Problem) *Error {
	innermost, _ := n.follow(p.Path)
	whole := Problem{Path: join(n.path, p.Path), Msg: p.Msg}
	pos := innermost.pos
	if innermost.same {
		pos.column += p.Within
		if !innermost.plain && p.Within > 0 {
			pos.column++ // the quote
		}
	}
	return pos.errorf(p.Hint, "%s", whole.Error())
}

// Has reports whether the file or an override gives a value of this path.
func (n *Node) Has(path string) bool {
	_, ok := n.follow(path)
	return ok
}

// follow returns the value of a path or, with false, the innermost value on the way.
func (n *Node) follow(path string) (innermost *Node, ok bool) {
	steps, err := parsePath(path)
	for _, s := range steps {
		next := n.child(s)
		if next == nil {
			return n, false
		}
		n = next
	}
	return n, err == nil
}

// A step leads from a mapping to a key's value, or from a list to an item.
type step struct {
	key   string
	index int // if key is empty
}

func (s step) after(path string) string {
	if s.key == "" {
		return fmt.Sprintf("%s[%d]", path, s.index)
	}
	return join(path, s.key)
}

func join(path, key string) string {
	if path == "" || key == "" {
		return path + key
	}
	return path + "." + key
}

var pathStep = regexp.MustCompile(`^(?:\.?([^.\[\]]+)|\[([0-9]{1,6})\])`)

// parsePath splits series[0].load.hold into its steps.
func parsePath(path string) ([]step, error) {
	var steps []step
	for rest := path; rest != ""; {
		m := pathStep.FindStringSubmatch(rest)
		if m == nil || len(steps) == 0 && rest[0] == '.' || len(steps) > MaxDepth {
			return steps, fmt.Errorf("%q is not a key, want for example warmup or series[0].load.hold", path)
		}
		s := step{key: m[1]}
		if s.key == "" {
			s.index, _ = strconv.Atoi(m[2]) // digits only, few
		}
		steps = append(steps, s)
		rest = rest[len(m[0]):]
	}
	return steps, nil
}

func (n *Node) child(s step) *Node {
	if s.key != "" {
		return n.Get(s.key)
	}
	if n.kind == list && s.index < len(n.items) {
		return n.items[s.index]
	}
	return nil
}

func (n *Node) find(key string) *entry {
	if i := slices.IndexFunc(n.entries, func(e entry) bool { return e.key == key }); i >= 0 {
		return &n.entries[i]
	}
	return nil
}

// Raw keeps a value as it is, to be decoded once it is known into what.
type Raw struct{ *Node }

// UnmarshalNode implements Unmarshaler.
func (r *Raw) UnmarshalNode(n *Node) error {
	r.Node = n
	return nil
}

// CheckKeys returns an error about a value that is no mapping, or about its first key that is not known.
func (n *Node) CheckKeys(known []string) error {
	if n.kind != mapping {
		return n.wantsKeys(known)
	}
	for _, e := range n.entries {
		if !slices.Contains(known, e.key) {
			return n.unknown(e, known)
		}
	}
	return nil
}

// Without returns a mapping without some of its keys.
func (n *Node) Without(keys ...string) *Node {
	rest := *n
	rest.entries = slices.DeleteFunc(slices.Clone(n.entries), func(e entry) bool { return slices.Contains(keys, e.key) })
	return &rest
}

// String returns the text as it was read or, after overrides, rewritten without comments.
func (d *Document) String() string {
	if d.text != "" {
		return d.text
	}
	var b strings.Builder
	for _, e := range d.entries {
		e.render(&b, "")
	}
	return b.String()
}

func (e entry) render(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%s%s:", indent, quote(e.key, true))
	e.value.render(b, indent)
}

// render writes a value after its key, lists on one line: that may get long but needs no indentation.
func (n *Node) render(b *strings.Builder, indent string) {
	if n.kind != mapping || len(n.entries) == 0 {
		b.WriteString(" " + n.flow() + "\n")
		return
	}
	b.WriteByte('\n')
	for _, e := range n.entries {
		e.render(b, indent+"  ")
	}
}

// flow returns a value on one line.
func (n *Node) flow() string {
	var parts []string
	switch n.kind {
	case scalar:
		return quote(n.text, n.plain)
	case list:
		for _, item := range n.items {
			parts = append(parts, item.flow())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case mapping:
		for _, e := range n.entries {
			parts = append(parts, quote(e.key, true)+": "+e.value.flow())
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return "null"
}

// simple matches what means the same without quotes wherever it stands.
var simple = regexp.MustCompile(`^[-+]?[A-Za-z0-9./_][A-Za-z0-9./_+-]*( [A-Za-z0-9./_+-]+)*$`)

// quote returns a scalar as a file may have it. Text written without quotes stays so, for it may be a
// number. JSON's strings are YAML's too.
func quote(text string, plain bool) string {
	if plain && simple.MatchString(text) {
		return text
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic(err) // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}
