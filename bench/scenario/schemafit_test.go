package scenario_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml"
)

// decoded reads YAML into what a JSON Schema speaks of.
func decoded(src string) (value any, err error) {
	text, err := yaml.YAMLToJSON([]byte(src))
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	return value, d.Decode(&value)
}

// fits holds a value to a schema of the few words that ours is made of, whose definitions are given.
func fits(defs, s object, value any, at string) error {
	if ref, ok := s["$ref"].(string); ok {
		s = defs[strings.TrimPrefix(ref, "#/$defs/")].(object)
	}
	if options, ok := s["anyOf"].([]any); ok {
		var last error
		for _, option := range options {
			if last = fits(defs, option.(object), value, at); last == nil {
				return nil
			}
		}
		return last
	}
	if words, ok := s["enum"].([]any); ok {
		for _, word := range words {
			if reflect.DeepEqual(word, value) {
				return nil
			}
		}
		return fmt.Errorf("%s: %v is none of %v", at, value, words)
	}
	wrong := fmt.Errorf("%s: want %v", at, s["type"])
	switch v := value.(type) {
	case map[string]any:
		if s["type"] != "object" {
			return wrong
		}
		return fitsObject(defs, s, v, at)
	case []any:
		if s["type"] != "array" {
			return wrong
		}
		for i, item := range v {
			if err := fits(defs, s["items"].(object), item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case string:
		if s["type"] != "string" {
			return wrong
		}
		if least, ok := s["minLength"].(float64); ok && float64(len(v)) < least {
			return fmt.Errorf("%s: want a text", at)
		}
		if form, ok := s["pattern"].(string); ok && !regexp.MustCompile(form).MatchString(v) {
			return fmt.Errorf("%s: %q is not like %s", at, v, form)
		}
	case bool:
		if s["type"] != "boolean" {
			return wrong
		}
	case float64:
		if s["type"] != "number" && (s["type"] != "integer" || v != float64(int64(v))) {
			return wrong
		}
	}
	return nil
}

func fitsObject(defs, s object, v map[string]any, at string) error {
	properties, _ := s["properties"].(object)
	free, anyKey := s["additionalProperties"].(object)
	if required, ok := s["required"].([]any); ok {
		for _, key := range required {
			if _, given := v[key.(string)]; !given {
				return fmt.Errorf("%s: %v is missing", at, key)
			}
		}
	}
	for key, item := range v {
		property, known := properties[key].(object)
		if anyKey {
			property, known = free, true
		}
		if !known {
			return fmt.Errorf("%s: there is no key %s", at, key)
		}
		path := key
		if at != "" {
			path = at + "." + key
		}
		if err := fits(defs, property, item, path); err != nil {
			return err
		}
	}
	return nil
}
