package strictyaml

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// String returns the document's text: as it was read, or once overrides have changed it, written
// anew without its comments.
func (d *Document) String() string {
	if d.text != "" {
		return d.text
	}
	var b strings.Builder
	for _, e := range d.root.entries {
		e.render(&b, "")
	}
	return b.String()
}

func (e entry) render(b *strings.Builder, indent string) {
	fmt.Fprintf(b, "%s%s:", indent, quote(e.key, true))
	e.value.render(b, indent)
}

// render writes a value after its key. Lists are written on one line, which may get long but needs
// no rules on indentation.
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

// quote returns a scalar as it may stand in a file. Text written without quotes stays so, for it
// may be a number. JSON's strings are YAML's too.
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
