// Package readjson reads JSON that people may have written or damaged: its errors say what a file should have in the words of
// JSON, not in those of Go's types.
package readjson

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
)

// ErrTruncated is the error of a text that ends too early, as an empty one does.
var ErrTruncated = errors.New("ends too early")

// Unmarshal is json.Unmarshal with other errors: one line that names the key, or the byte from 1, and what belongs there.
func Unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		if e.Offset >= int64(len(data)) {
			return ErrTruncated
		}
		return fmt.Errorf("at byte %d: %w", e.Offset, err)
	}
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		text := fmt.Sprintf("want %s, got %s", wanted(e.Type), got(e.Value))
		if e.Field != "" {
			text = e.Field + ": " + text
		}
		return errors.New(text)
	}
	const want = "want a time as 2026-11-28T09:30:00Z"
	if e, ok := errors.AsType[*time.ParseError](err); ok {
		return fmt.Errorf("%s, got %s", want, e.Value)
	}
	if strings.HasPrefix(err.Error(), "Time.UnmarshalJSON: ") { // of a value that is no text; it has no type of its own
		return errors.New(want + " in quotes")
	}
	return err
}

// wanted says what a value of a type is written as.
func wanted(t reflect.Type) string {
	if text := reflect.TypeFor[encoding.TextUnmarshaler](); t.Implements(text) || reflect.PointerTo(t).Implements(text) {
		return "a text"
	}
	switch zero := reflect.Zero(t); {
	case t.Kind() == reflect.Pointer:
		return wanted(t.Elem())
	case t.Kind() == reflect.Struct, t.Kind() == reflect.Map:
		return "an object"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return "a text in base64"
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Array:
		return "a list"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case zero.CanFloat():
		return "a number"
	case zero.CanInt():
		return fmt.Sprintf("a whole number of at most %d bits", t.Bits())
	case zero.CanUint():
		return fmt.Sprintf("a whole number of at most %d bits from 0", t.Bits())
	}
	return "a text"
}

// got names a value as json.UnmarshalTypeError does.
func got(value string) string {
	kind, number, _ := strings.Cut(value, " ")
	switch {
	case number != "":
		return number
	case kind == "array":
		return "a list"
	case kind == "object":
		return "an object"
	case kind == "string":
		return "a text"
	case kind == "bool":
		return "true or false"
	}
	return "a " + kind
}
