package scenario

import (
	"fmt"
	"reflect"
	"strings"

	"meterbench/internal/strictyaml"
)

// An override is what changes some settings of a topology; those that it does not give, which are zero,
// it keeps.
type override[T any] struct{ value T }

// UnmarshalNode refuses settings that are not above 0: they would change nothing.
func (o *override[T]) UnmarshalNode(n *strictyaml.Node) error {
	if err := n.Decode(&o.value); err != nil {
		return err
	}
	for key, v := range settings(o.value) {
		if setting := n.Get(key); setting != nil && (v.CanInt() && v.Int() <= 0 || v.CanUint() && v.Uint() == 0) {
			text, _ := setting.Scalar()
			return setting.Errorf("leave it out to keep the topology's", "must be above 0, got %s", text)
		}
	}
	return nil
}

// settings yields the fields of a struct that have keys.
func settings(of any) func(yield func(key string, v reflect.Value) bool) {
	return func(yield func(string, reflect.Value) bool) {
		v := reflect.ValueOf(of)
		for i := range v.NumField() {
			key, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
			if !yield(key, v.Field(i)) {
				return
			}
		}
	}
}

// label names what is changed: a time or a count of messages by itself, as in 2s,10, and all else with
// its key, as in gateway:500.
func (o override[T]) label() string {
	var parts []string
	for key, v := range settings(o.value) {
		switch {
		case v.IsZero():
		case key == "timeout" || key == "messages":
			parts = append(parts, fmt.Sprint(v.Interface()))
		default:
			parts = append(parts, fmt.Sprintf("%s:%v", key, v.Interface()))
		}
	}
	return orUnchanged(parts)
}

// overlay copies those fields of a struct, and of the structs in it, that are not zero.
func overlay[T any](to *T, with T) { overlayValue(reflect.ValueOf(to).Elem(), reflect.ValueOf(with)) }

func overlayValue(to, with reflect.Value) {
	if with.Kind() != reflect.Struct {
		if !with.IsZero() {
			to.Set(with)
		}
		return
	}
	for i := range with.NumField() {
		overlayValue(to.Field(i), with.Field(i))
	}
}
