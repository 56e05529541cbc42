package strictyaml

import (
	"fmt"
	"slices"
	"strings"
)

// Set applies an override, key=value, before decoding: warmup=1s,
// series[0].load.clients=[1, 8]. The value is YAML; null removes the key.
// Mappings on the way that are not there are made. Whether the key is known
// shows when the document is decoded. The error is an *Error.
func (d *Document) Set(override string) error {
	path, text, ok := strings.Cut(override, "=")
	path = strings.TrimSpace(path)
	at := position{file: "--set " + strings.Join(strings.Fields(path), " ")} // on one line
	if !ok || path == "" {
		return position{file: "--set " + strings.Join(strings.Fields(override), " ")}.errorf("", "want key=value, for example warmup=1s")
	}
	steps, err := parsePath(path)
	if err != nil {
		return at.errorf("", "%v", err)
	}
	value, err := parse(origin{file: at.file}, []byte(text))
	if err != nil {
		return err
	}
	if text = strings.TrimSpace(text); value.kind == null && text != "null" && text != "~" {
		return at.errorf("null removes the key", "no value given")
	}
	value.move(path)

	n, way := d.root, ""
	for _, s := range steps[:len(steps)-1] {
		next, err := n.open(s, way, at)
		if err != nil {
			return err
		}
		n, way = next, s.after(way)
	}
	d.text = ""
	return n.put(steps[len(steps)-1], way, at, value)
}

// move sets the path of a value and of all in it.
func (n *Node) move(path string) {
	n.path = path
	for i, item := range n.items {
		item.move(fmt.Sprintf("%s[%d]", path, i))
	}
	for _, e := range n.entries {
		e.value.move(join(path, e.key))
	}
}

// open returns the child on the way, which it makes if it is a missing key.
func (n *Node) open(s step, way string, at position) (*Node, error) {
	if err := n.accepts(s, way, at); err != nil {
		return nil, err
	}
	if child := n.child(s); child != nil && child.kind != null {
		return child, nil
	}
	child := &Node{kind: mapping, pos: at, path: s.after(way)}
	return child, n.put(s, way, at, child)
}

// put replaces, adds or, with a null value, removes a child.
func (n *Node) put(s step, way string, at position, value *Node) error {
	if err := n.accepts(s, way, at); err != nil {
		return err
	}
	if s.key == "" {
		if value.kind == null {
			return at.errorf("set the list as a whole", "an item cannot be removed")
		}
		n.items[s.index] = value
		return nil
	}
	if value.kind == null {
		n.entries = slices.DeleteFunc(n.entries, func(e entry) bool { return e.key == s.key })
	} else if e := n.find(s.key); e != nil {
		e.value, e.pos = value, at
	} else {
		n.entries = append(n.entries, entry{key: s.key, pos: at, value: value})
	}
	return nil
}

// accepts tells whether n, found by way, can have such a child.
func (n *Node) accepts(s step, way string, at position) error {
	switch {
	case s.key != "" && n.kind == mapping:
		return nil
	case s.key != "" && way == "":
		return at.errorf("", "the file has no keys")
	case s.key != "" && n.kind == list:
		return at.errorf("", "%s is a list, want for example %s[0].%s", way, way, s.key)
	case s.key != "":
		return at.errorf("", "%s is a value, it has no key %s", way, s.key)
	case n.kind == mapping && len(n.entries) == 0:
		return at.errorf("", "there is no list %s", way)
	case n.kind != list:
		return at.errorf("", "%s is a %s, no list", way, n.kind)
	case s.index >= len(n.items):
		return at.errorf("the first is [0]", "%s has %d items", way, len(n.items))
	}
	return nil
}
