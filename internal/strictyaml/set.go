package strictyaml

import (
	"errors"
	"slices"
	"strings"
)

// Set applies an override, key=value, before decoding: warmup=1s, series[0].load.clients=[1, 8]. The value is
// YAML; null removes the key. Missing mappings on the way are added. Whether the key is known shows when the
// document is decoded. The error is an *Error.
func (d *Document) Set(override string) error {
	path, text, ok := strings.Cut(override, "=")
	path = strings.TrimSpace(path)
	if at := strings.IndexFunc(path, hidden); at >= 0 {
		return setting(path).hidden(path[at:])
	}
	if !ok || path == "" {
		return setting(override).errorf("", "want key=value, for example warmup=1s")
	}
	at := setting(path)
	steps, err := parsePath(path)
	if err != nil {
		return at.errorf("", "%v", err)
	}
	value, err := parse(at.file, []byte(text))
	if e, ok := errors.AsType[*Error](err); ok {
		e.Line = 0 // a position within an override is of no use
		return e
	}
	if text = strings.TrimSpace(text); value.kind == null && text != "null" && text != "~" {
		return at.errorf("null removes the key", "no value given")
	}
	value.place(path, &at)
	d.text = ""
	return d.set(steps, "", at, value)
}

// Overridden reports whether an override gave the value of a path as a whole.
func (d *Document) Overridden(path string) bool {
	at, ok := d.follow(path)
	return ok && at.pos.line == 0 // a file begins with line 1
}

// OverriddenIn reports whether an override gave the value of a path, or any in it.
func (d *Document) OverriddenIn(path string) bool {
	at, ok := d.follow(path)
	return ok && at.overridden()
}

func (n *Node) overridden() bool {
	return n.pos.line == 0 || slices.ContainsFunc(n.items, (*Node).overridden) ||
		slices.ContainsFunc(n.entries, func(e entry) bool { return e.value.overridden() })
}

// Remove removes the value of a path, if there is one. Items of a list that follow it move up.
func (d *Document) Remove(path string) {
	steps, err := parsePath(path)
	if err != nil || !d.Has(path) || len(steps) == 0 {
		return
	}
	n := d.Node
	for _, s := range steps[:len(steps)-1] {
		n = n.child(s)
	}
	d.text = ""
	last := steps[len(steps)-1]
	if last.key != "" {
		n.entries = slices.DeleteFunc(n.entries, func(e entry) bool { return e.key == last.key })
		return
	}
	n.items = slices.Delete(n.items, last.index, last.index+1)
	for i, item := range n.items[last.index:] {
		item.place(step{index: last.index + i}.after(n.path), nil)
	}
}

// setting is the position of what is wrong with an override, on one line.
func setting(key string) position {
	return position{file: "--set " + shortened(strings.Join(strings.Fields(key), " "), 100)}
}

// place sets the path of a value and of all in it and, unless at is nil, their position.
func (n *Node) place(path string, at *position) {
	n.path = path
	if at != nil {
		n.pos = *at
	}
	for i, item := range n.items {
		item.place(step{index: i}.after(path), at)
	}
	for i := range n.entries {
		e := &n.entries[i]
		if at != nil {
			e.pos = *at
		}
		e.value.place(join(path, e.key), at)
	}
}

// set replaces, adds or, with a null value, removes what the steps lead to from n, whose path is way.
func (n *Node) set(steps []step, way string, at position, value *Node) error {
	s := steps[0]
	if err := n.accepts(s, way, at); err != nil {
		return err
	}
	if len(steps) > 1 {
		path, child := s.after(way), n.child(s)
		if child != nil && child.kind != null {
			return child.set(steps[1:], path, at, value)
		}
		child = &Node{kind: mapping, pos: at, path: path}
		if err := child.set(steps[1:], path, at, value); err != nil {
			return err
		}
		value = child
	}
	switch e := n.find(s.key); {
	case s.key == "" && value.kind == null:
		return at.errorf("set the list as a whole", "an item cannot be removed")
	case s.key == "":
		n.items[s.index] = value
	case value.kind == null:
		n.entries = slices.DeleteFunc(n.entries, func(e entry) bool { return e.key == s.key })
	case e != nil:
		e.value, e.pos = value, at
	default:
		n.entries = append(n.entries, entry{key: s.key, pos: at, value: value})
	}
	return nil
}

// accepts returns an error where n, whose path is way, cannot have such a child.
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
		return at.errorf("", "%s is a %s, not a list", way, n.kind)
	case s.index >= len(n.items):
		return at.errorf("the first is [0]", "%s has %d items", way, len(n.items))
	}
	return nil
}
