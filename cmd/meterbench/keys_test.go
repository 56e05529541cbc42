package main

import (
	gocmp "cmp"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the tables of keys in docs/scenario.md anew")

// keysPage is the page whose tables of keys follow from keysSchema. A table stands
// between <!-- keys: PATH, ... --> and <!-- end -->: the keys of the objects at these
// paths of the schema, the whole scenario's where the path is empty.
const (
	keysPage   = "docs/scenario.md"
	keysSchema = "bench/scenario/scenario.schema.json"
)

var (
	keysTable = regexp.MustCompile(`(?s)<!-- keys:([^>]*) -->\n(.*?)<!-- end -->`)
)

// TestScenarioKeys compares the tables of keys in docs/scenario.md with the schema
// that scenarios are checked with. After a change of the schema:
//
//	go test ./cmd/meterbench -run TestScenarioKeys -update
func TestScenarioKeys(t *testing.T) {
	var root schemaNode
	if err := json.Unmarshal([]byte(text(t, keysSchema)), &root); err != nil {
		t.Fatal(err)
	}
	root.resolve(root.Defs)
	got := text(t, keysPage)
	tables := root.tables(t, got)
	want := keysTable.ReplaceAllStringFunc(got, func(table string) string {
		m := keysTable.FindStringSubmatch(table)
		rows, paths := "", tablePaths(m[1])
		for _, path := range paths {
			rows += root.at(path).rows(below(path, paths), tables)
		}
		head := "| key | value | meaning |\n|---|---|---|\n"
		if !described(rows) {
			head, rows = "| key | value |\n|---|---|\n", strings.ReplaceAll(rows, " |  |\n", " |\n")
		}
		return "<!-- keys:" + m[1] + " -->\n" + head + rows + "<!-- end -->"
	})
	if *update {
		if err := os.WriteFile(filepath.Join("..", "..", keysPage), []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		got = want
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s does not have the schema's tables of keys; go test ./cmd/meterbench -run TestScenarioKeys -update (-schema +page):\n%s", keysPage, diff)
	}
	root.walk("", func(path string, object *schemaNode) {
		if tables[object.keys()] == "" {
			t.Errorf("%s has no table of the keys of %s: %s", keysPage, path, object.keys())
		}
	})
}

// described tells whether any of the rows of a table has a meaning.
func described(rows string) bool {
	for row := range strings.Lines(rows) {
		if !strings.HasSuffix(row, " |  |\n") {
			return true
		}
	}
	return false
}

// tablePaths returns the paths of a table's marker.
func tablePaths(marker string) []string {
	paths := strings.Split(marker, ",")
	for i := range paths {
		paths[i] = strings.TrimSpace(paths[i])
	}
	return paths
}

// below returns how the keys at a path begin in a table of these paths: where all are
// below the first one, by what follows it.
func below(path string, paths []string) string {
	under := func(p string) bool { return p == paths[0] || strings.HasPrefix(p, paths[0]+".") }
	if slices.ContainsFunc(paths, func(p string) bool { return !under(p) }) {
		return path + "."
	}
	return strings.TrimPrefix(strings.TrimPrefix(path, paths[0])+".", ".")
}

// tables returns the heading under which the page has the table of an object's keys,
// as links name it, by the keys.
func (n *schemaNode) tables(t *testing.T, page string) map[string]string {
	t.Helper()
	headings := map[string]string{}
	heading := ""
	for line := range strings.Lines(page) {
		if words, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			heading = "#" + strings.ReplaceAll(strings.ToLower(strings.TrimSpace(words)), " ", "-")
		}
		m := regexp.MustCompile(`<!-- keys:([^>]*) -->`).FindStringSubmatch(line)
		if m == nil {
			continue
		}
		for _, path := range tablePaths(m[1]) {
			object := n.at(path)
			if object == nil {
				t.Fatalf("%s: the schema has no object %q", keysPage, path)
			}
			headings[object.keys()] = heading
		}
	}
	return headings
}

// A schemaNode is a part of a JSON schema, as far as scenarios need one.
type schemaNode struct {
	Type        string
	Description string
	Pattern     string
	Enum        []any
	Items       *schemaNode
	AnyOf       []*schemaNode
	Properties  map[string]*schemaNode
	Ref         string                 `json:"$ref"`
	Defs        map[string]*schemaNode `json:"$defs"`
}

// resolve puts definitions in the places that refer to them.
func (n *schemaNode) resolve(defs map[string]*schemaNode) {
	if name, ok := strings.CutPrefix(n.Ref, "#/$defs/"); ok {
		description := n.Description
		*n = *defs[name]
		n.Description = gocmp.Or(description, n.Description)
	}
	if n.Items != nil {
		n.Items.resolve(defs)
	}
	for _, one := range n.AnyOf {
		one.resolve(defs)
	}
	for _, one := range n.Properties {
		one.resolve(defs)
	}
}

// object returns the object that a node is, or is a list of, or may be; nil if none. Of
// several with the same keys it takes what any of them takes.
func (n *schemaNode) object() *schemaNode {
	switch {
	case n.Properties != nil:
		return n
	case n.Items != nil:
		return n.Items.object()
	}
	var found *schemaNode
	for _, one := range n.AnyOf {
		switch object := one.object(); {
		case object == nil:
		case found == nil:
			found = object
		case found.keys() == object.keys():
			found = found.or(object)
		}
	}
	return found
}

// or returns an object whose keys take what either object's do.
func (n *schemaNode) or(other *schemaNode) *schemaNode {
	both := &schemaNode{Properties: map[string]*schemaNode{}}
	for key, one := range n.Properties {
		if two := other.Properties[key]; !cmp.Equal(one, two) {
			one = &schemaNode{AnyOf: []*schemaNode{one, two}, Description: gocmp.Or(one.Description, two.Description)}
		}
		both.Properties[key] = one
	}
	return both
}

// at returns the object at a path of keys, nil if there is none.
func (n *schemaNode) at(path string) *schemaNode {
	for key := range strings.SplitSeq(path, ".") {
		if n = n.object(); n == nil || path == "" {
			return n
		}
		if n = n.Properties[key]; n == nil {
			return nil
		}
	}
	return n.object()
}

// walk visits every object below a node with its path.
func (n *schemaNode) walk(path string, visit func(path string, object *schemaNode)) {
	if n.Properties != nil {
		visit(path, n)
	}
	for _, key := range slices.Sorted(maps.Keys(n.Properties)) {
		n.Properties[key].walk(strings.TrimPrefix(path+"."+key, "."), visit)
	}
	for _, one := range append(slices.Clone(n.AnyOf), n.Items) {
		if one != nil {
			one.walk(path, visit)
		}
	}
}

// keys names an object by what it may hold: objects with the same keys are one kind.
func (n *schemaNode) keys() string {
	return "{" + strings.Join(slices.Sorted(maps.Keys(n.Properties)), ", ") + "}"
}

// rows returns the rows of a table of the object's keys. Objects that have a table of
// their own are links to it.
func (n *schemaNode) rows(prefix string, tables map[string]string) (rows string) {
	for _, key := range slices.Sorted(maps.Keys(n.Properties)) {
		of := n.Properties[key]
		rows += fmt.Sprintf("| `%s%s` | %s | %s |\n", prefix, key, of.value(tables), strings.ReplaceAll(of.Description, "|", `\|`))
	}
	return rows
}

// value says in words what a node takes.
func (n *schemaNode) value(tables map[string]string) string {
	switch {
	case n.Properties != nil:
		return fmt.Sprintf("[`%s`](%s)", n.short(), tables[n.keys()])
	case n.Enum != nil:
		var words []string
		for _, word := range n.Enum {
			words = append(words, fmt.Sprintf("`%v`", word))
		}
		return strings.Join(words, ", ")
	case n.Items != nil:
		return "list of " + n.Items.value(tables)
	case len(n.AnyOf) == 2 && n.AnyOf[1].Items != nil && cmp.Equal(n.AnyOf[0], n.AnyOf[1].Items):
		return n.AnyOf[0].value(tables) + "; or a list"
	case n.AnyOf != nil:
		var all []string
		for _, one := range n.AnyOf {
			if value := one.value(tables); !slices.Contains(all, value) {
				all = append(all, value)
			}
		}
		return strings.Join(all, ", or ")
	case strings.Contains(n.Pattern, "|ms|"):
		return "duration, as `20s`"
	case strings.Contains(n.Pattern, "(s|min|h)"):
		return "rate, as `100/s`"
	case strings.Contains(n.Pattern, "KiB"):
		return "size, as `512MiB`"
	case n.Type == "integer":
		return "whole number"
	case n.Type == "boolean":
		return "`true`, `false`"
	case n.Type == "string":
		return "text"
	case n.Type == "object":
		return "mapping"
	}
	return n.Type
}

// short names an object by its first keys.
func (n *schemaNode) short() string {
	keys := slices.Sorted(maps.Keys(n.Properties))
	if len(keys) > 4 {
		keys = append(keys[:3], "…")
	}
	return "{" + strings.Join(keys, ", ") + "}"
}
