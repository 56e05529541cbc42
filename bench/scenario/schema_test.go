package scenario

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write scenario.schema.json anew")

const schemaFile = "scenario.schema.json"

// TestSchema holds scenario.schema.json, which editors check scenarios with,
// to the types that scenarios are read into. After a change of these:
//
//	go test ./bench/scenario -run TestSchema -update
func TestSchema(t *testing.T) {
	s := schema{comments: comments(t)}
	root := s.of(reflect.TypeFor[text](), "")
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "meterbench scenario"
	root["required"] = []string{"name"}
	var want bytes.Buffer
	e := json.NewEncoder(&want)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(root); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(schemaFile, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s is not what the types say; go test ./bench/scenario -run TestSchema -update", schemaFile)
	}
	for field := range enums() {
		if !s.enumerated[field] {
			t.Errorf("there is no field %s to have a list of words", field)
		}
	}
}

// enums are the words that a field may have, by type and field.
func enums() map[string]any {
	return map[string]any{
		"text.Require":  []string{"valid"},
		"Workload.Kind": kinds(), "Workload.Scheme": schemes(), "Workload.Form": forms(), "Workload.Bits": keySizes(schemes()...),
		"Load.Kind": []string{"closed", "open"}, "Load.Wait": waits(),
		"Vary.Workload": kinds(), "Vary.Scheme": schemes(), "Vary.Form": forms(), "Vary.Bits": keySizes(schemes()...), "Vary.Wait": waits(),
		"feText.Schemes": schemes(), "feText.Bits": keySizes(schemes()...),
		"Target.Kind": []string{"reference"}, "Commit.Per": []string{"transaction", "block"},
		"Service.Kind": []string{"constant", "exponential", "lognormal"}, "Failure.Outcome": failures(),
	}
}

// A schema is a JSON Schema being made from Go types.
type schema struct {
	comments   map[string]string // by type and field
	enumerated map[string]bool
}

type object = map[string]any

func pattern(form string) object { return object{"type": "string", "pattern": form} }

// of returns the schema of a type whose values are in the unit of a field's
// tag.
func (s *schema) of(t reflect.Type, unit string) object {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return pattern(`^-?([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`)
	case t == reflect.TypeFor[Encryption]():
		return object{"anyOf": []object{
			{"enum": []string{"inline", "ahead"}},
			{"type": "object", "properties": object{"bank": object{"type": "integer"}}, "required": []string{"bank"}, "additionalProperties": false},
		}}
	case t == reflect.TypeFor[Arrivals]():
		return object{"anyOf": []object{{"enum": []string{"constant", "poisson"}}, s.of(reflect.TypeFor[arrivalsText](), "")}}
	case t == reflect.TypeFor[FE]():
		return s.of(reflect.TypeFor[feText](), "")
	case t == reflect.TypeFor[Search]():
		return object{"anyOf": []object{s.of(reflect.TypeFor[clientSearch](), ""), s.of(reflect.TypeFor[rateSearch](), "")}}
	case unit == "rate" && t.Kind() == reflect.Float64:
		return pattern(`^[0-9]+(\.[0-9]+)? ?/ ?(s|min|h)$`)
	case unit == "size" && t.Kind() != reflect.Slice:
		return object{"anyOf": []object{{"type": "integer"}, pattern(`^[0-9]+ ?(KiB|MiB|GiB)?$`)}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem(), unit)
	case reflect.Struct:
		return s.ofStruct(t)
	case reflect.Slice:
		item := s.of(t.Elem(), unit)
		list := object{"type": "array", "items": item}
		if item["type"] == "object" {
			return list
		}
		return object{"anyOf": []object{item, list}} // a single value stands for a list of one
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	}
	return object{"type": "integer"}
}

func (s *schema) ofStruct(t reflect.Type) object {
	properties := object{}
	for i := range t.NumField() {
		field := t.Field(i)
		key, unit, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if key == "" {
			continue
		}
		name := t.Name() + "." + field.Name
		property := s.of(field.Type, unit)
		if words, ok := enums()[name]; ok {
			if s.enumerated == nil {
				s.enumerated = map[string]bool{}
			}
			s.enumerated[name] = true
			property = object{"enum": words}
			if field.Type.Kind() == reflect.Slice {
				property = object{"anyOf": []object{property, {"type": "array", "items": property}}}
			}
		}
		if comment := s.comments[name]; comment != "" {
			property["description"] = comment
		}
		properties[key] = property
	}
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

// comments returns what the package's source says of the fields of its types.
func comments(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			fields, ok := spec.Type.(*ast.StructType)
			if !ok {
				return true
			}
			for _, field := range fields.Fields.List {
				comment := strings.TrimSpace(field.Comment.Text() + " " + field.Doc.Text())
				for _, name := range field.Names {
					all[spec.Name.Name+"."+name.Name] = strings.Join(strings.Fields(comment), " ")
				}
			}
			return true
		})
	}
	return all
}

// What is shipped keeps to the schema, and what has an unknown key or a wrong
// type does not.
func TestSchemaFits(t *testing.T) {
	raw, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	var s object
	if err := json.Unmarshal(raw, &s); err != nil {
		t.Fatal(err)
	}
	check := func(src string) error {
		t.Helper()
		value, err := decoded(src)
		if err != nil {
			t.Fatal(err)
		}
		return fits(s, value, "")
	}
	right := []string{single, series, varied, mixed, strings.Replace(arriving, "X", "{trace: a.csv, speed: 2}", 1),
		strings.Replace(arriving, "X", "{steps: [{rate: 1/s, hold: 2s}]}", 1), strings.Replace(arriving, "X", "poisson", 1)}
	for _, n := range Names() {
		src, err := files.ReadFile("library/" + n + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		right = append(right, string(src))
	}
	for _, src := range right {
		if err := check(src); err != nil {
			t.Errorf("%v in\n%s", err, src)
		}
	}
	for _, change := range [][2]string{
		{"kind: closed", "kind: shut"}, {"clients: [1, 2]", "clients: [1, two]"}, {"hold: 3s", "hold: 3 seconds"},
		{"kind: encrypted", "kind: encrypted, encryption: {bnak: 3}"}, {"name: a\n", ""}, {"topology:", "toplogy:"},
	} {
		if check(strings.Replace(single, change[0], change[1], 1)) == nil {
			t.Errorf("%s fits", change[1])
		}
	}
	if err := check(single + "vary: {batch: {timeout: 1s}}\n"); fmt.Sprint(err) != "vary.batch: want array" {
		t.Errorf("got %v", err)
	}
}
