package strictyaml

import (
	"fmt"
	"regexp"
	"strconv"
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
	items   []*Node // list
	entries []entry // mapping, in the order of the file
}

type entry struct {
	key   string
	pos   position // of the key
	value *Node
}

// Unmarshaler reads itself from a node, to set defaults first or to read several forms. It may
// decode the node into another type.
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

// Errorf returns an error about this value.
func (n *Node) Errorf(hint, format string, args ...any) *Error {
	return n.Locate(Problemf(hint, "", format, args...))
}

// Locate gives a problem its position: that of the value, or if it was not given, of the innermost
// value around it.
func (d *Document) Locate(p *Problem) *Error { return d.root.Locate(p) }

// Locate gives a problem, whose path begins at this value, its position as Document.Locate does.
func (n *Node) Locate(p *Problem) *Error {
	innermost, _ := n.follow(p.Path)
	whole := Problem{Path: join(n.path, p.Path), Msg: p.Msg}
	return innermost.pos.errorf(p.Hint, "%s", whole.Error())
}

// Has reports whether the file or an override gives a value of this path.
func (d *Document) Has(path string) bool {
	_, ok := d.root.follow(path)
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
		if m == nil || len(steps) == 0 && rest[0] == '.' || len(steps) > maxDepth {
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
	for i := range n.entries {
		if n.entries[i].key == key {
			return &n.entries[i]
		}
	}
	return nil
}
