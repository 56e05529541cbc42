package scenario

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/internal/strictyaml"
)

type object = map[string]any

// SchemaOf returns the JSON Schema of scenarios with the tables of a catalog, whose comments are
// those of the source in some folders. words are what fields may be, by type and field.
func SchemaOf(t *testing.T, c Catalog, words map[string]any, folders ...string) map[string]any {
	t.Helper()
	s := schema{catalog: c, comments: comments(t, folders), words: words, used: map[string]bool{}, defs: object{}}
	root := s.of(reflect.TypeFor[text](), "")
	for field := range words {
		if !s.used[field] {
			t.Errorf("there is no field %s to have a list of words", field)
		}
	}
	root["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	root["title"] = "meterbench scenario"
	root["required"] = []string{"name"}
	root["$defs"] = s.defs
	return root
}

// A schema is a JSON Schema being made from Go types.
type schema struct {
	catalog  Catalog
	comments map[string]string // by package, type and field
	words    map[string]any
	used     map[string]bool // of words
	defs     object          // what stands in many places, by the name of its words
}

func pattern(form string) object { return object{"type": "string", "pattern": form} }

// of returns the schema of a type whose values are in the unit of a field's
// tag.
func (s *schema) of(t reflect.Type, unit string) object {
	if words := s.wordsOf(t.Name()); t.Name() != "" && words != nil {
		return words
	}
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return pattern(`^-?([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+$`)
	case t == reflect.TypeFor[Arrivals]():
		return object{"anyOf": []object{{"enum": []string{"constant", "poisson"}}, s.ofStruct(t)}}
	case t == reflect.TypeFor[TraceFile]():
		return object{"anyOf": []object{{"type": "string", "minLength": 1}, s.ofStruct(t)}}
	case t == reflect.TypeFor[Require]():
		return object{"anyOf": []object{{"enum": []string{requireValid}}, s.ofStruct(t)}}
	case t == reflect.TypeFor[Search]():
		return object{"anyOf": []object{s.of(reflect.TypeFor[clientSearch](), ""), s.of(reflect.TypeFor[rateSearch](), "")}}
	case t == reflect.TypeFor[vary]():
		return s.ofVary()
	case strings.HasPrefix(t.Name(), "override["):
		return s.of(t.Field(0).Type, "")
	case unit == "rate" && t.Kind() == reflect.Float64:
		return pattern(`^[0-9]+(\.[0-9]+)? ?/ ?(s|min|h)$`)
	case unit == "size" && t.Kind() != reflect.Slice:
		return object{"anyOf": []object{{"type": "integer"}, pattern(`^[0-9]+ ?(B|KiB|MiB|GiB)?$`)}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem(), unit)
	case reflect.Struct:
		return s.ofStruct(t)
	case reflect.Slice:
		return list(s.of(t.Elem(), unit))
	case reflect.String:
		return object{"type": "string", "minLength": 1}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem(), unit)}
	case reflect.Float64:
		return object{"type": "number"}
	}
	return object{"type": "integer"}
}

// list is the schema of a list, or of a single value that stands for a list of one.
func list(item object) object {
	all := object{"type": "array", "items": item}
	if item["type"] == "object" {
		return all
	}
	return object{"anyOf": []object{item, all}}
}

// raw returns the schema of a value that is decoded by a row of a table.
func (s *schema) raw(key string) object {
	all := object{}
	switch key {
	case "workload", "workloads":
		for _, k := range s.catalog.Workloads {
			for key, property := range s.ofStruct(k.Text)["properties"].(object) {
				all[key] = merged(all[key], property.(object), k.Name)
			}
		}
	case "target":
		var kinds []string
		for _, k := range s.catalog.Targets {
			maps.Copy(all, s.ofStruct(reflect.TypeOf(k.New()).Elem())["properties"].(object))
			kinds = append(kinds, k.Name)
		}
		all["kind"] = object{"enum": kinds}
	case "fe":
		return s.of(reflect.TypeFor[feText](), "")
	}
	if key == "workloads" {
		return list(structure(all))
	}
	return structure(all)
}

// merged returns the schema of a key that kinds of workloads have, with that of another kind.
func merged(before any, with object, kind string) object {
	if before == nil {
		return with
	}
	was := before.(object)
	form := func(p object) object {
		p = maps.Clone(p)
		delete(p, "description")
		return p
	}
	all := form(was)
	switch {
	case reflect.DeepEqual(all, form(with)):
	case all["enum"] != nil && with["enum"] != nil:
		var words []any
		for _, list := range []any{all["enum"], with["enum"]} {
			for i := range reflect.ValueOf(list).Len() {
				if word := fmt.Sprint(reflect.ValueOf(list).Index(i)); !slices.Contains(words, any(word)) {
					words = append(words, word)
				}
			}
		}
		all["enum"] = words
	case all["type"] == "string" && with["enum"] != nil: // any word
	default:
		panic(fmt.Sprintf("two forms of a key: %v, %v", was, with))
	}
	all["description"] = was["description"]
	if with["description"] != was["description"] {
		all["description"] = fmt.Sprintf("%v; kind %s: %v", was["description"], kind, with["description"])
	}
	return all
}

func structure(properties object) object {
	return object{"type": "object", "properties": properties, "additionalProperties": false}
}

func (s *schema) ofVary() object {
	all := object{}
	for _, f := range s.catalog.factorKinds() {
		level := s.of(f.levels.Elem(), "")
		if words := s.wordsOf("vary." + f.Key); words != nil {
			level = words
		}
		all[f.Key] = list(level)
	}
	return structure(all)
}

func (s *schema) wordsOf(name string) object {
	words, ok := s.words[name]
	if !ok {
		return nil
	}
	s.used[name] = true
	switch words := words.(type) {
	case object:
		return words
	case reflect.Type: // or a single value
		if s.defs[name] == nil {
			s.defs[name] = object{"anyOf": []object{{"type": "string"}, {"type": "number"}, {"type": "boolean"}, s.ofStruct(words)}}
		}
		return object{"$ref": "#/$defs/" + name}
	}
	return object{"enum": words}
}

func (s *schema) ofStruct(t reflect.Type) object {
	properties := object{}
	for _, field := range reflect.VisibleFields(t) {
		key, unit, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if key == "" {
			continue
		}
		owner := t
		for _, i := range field.Index[:len(field.Index)-1] {
			owner = owner.Field(i).Type
		}
		name := owner.Name() + "." + field.Name
		var property object
		switch raw := reflect.TypeFor[strictyaml.Raw](); {
		case field.Type == raw || field.Type == reflect.SliceOf(raw):
			property = s.raw(key)
		default:
			if property = s.wordsOf(name); property == nil {
				property = s.of(field.Type, unit)
			} else if field.Type.Kind() == reflect.Slice {
				property = list(property)
			}
		}
		if comment := s.comments[owner.String()+"."+field.Name]; comment != "" {
			property = maps.Clone(property)
			property["description"] = comment
		}
		properties[key] = property
	}
	return structure(properties)
}

// comments returns what the source in some folders says of the fields of its types.
func comments(t *testing.T, folders []string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
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
					comment := cmp.Or(field.Comment.Text(), field.Doc.Text())
					for _, name := range field.Names {
						all[file.Name.Name+"."+spec.Name.Name+"."+name.Name] = strings.Join(strings.Fields(comment), " ")
					}
				}
				return true
			})
		}
	}
	return all
}
