package strictyaml

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Decode fills the struct that v points to from this value. Fields are matched by their yaml tag; a field without one
// is no key, but those of an embedded struct are; a map takes whatever keys there are. What is not given keeps its
// value. The tag's option size reads 2MiB into a whole number of bytes, rate reads 100/s into transactions per second,
// bandwidth 100Mbit into bit/s; a time.Duration reads 200ms. A text is not empty, as that of a variable that is not set
// would be, unless the tag has the option empty. A single value stands for a list of one. The error is an *Error, the first
// in the order of the file.
func (n *Node) Decode(v any) error {
	return n.decode(reflect.ValueOf(v).Elem(), "")
}

// Size returns a size as 100B or 2MiB in bytes, as the option size of a tag reads it.
func (n *Node) Size() (bytes uint32, err error) {
	err = n.decode(reflect.ValueOf(&bytes).Elem(), "size")
	return bytes, err
}

func (n *Node) decode(to reflect.Value, unit string) error {
	if n.kind == null {
		return n.Errorf("", "no value given")
	}
	if u, ok := to.Addr().Interface().(Unmarshaler); ok {
		return u.UnmarshalNode(n)
	}
	switch {
	case to.Kind() == reflect.Pointer:
		fresh := reflect.New(to.Type().Elem())
		if err := n.decode(fresh.Elem(), unit); err != nil {
			return err
		}
		to.Set(fresh)
		return nil
	case to.Kind() == reflect.Struct:
		return n.decodeStruct(to)
	case to.Kind() == reflect.Slice:
		return n.decodeList(to, unit)
	case to.Kind() == reflect.Map:
		return n.decodeMap(to, unit)
	case n.kind != scalar:
		return n.Errorf("", "want a single value, got a %s", n.kind)
	}
	return n.decodeScalar(to, unit)
}

func (n *Node) decodeList(to reflect.Value, unit string) error {
	items := n.items
	switch n.kind {
	case scalar:
		items = []*Node{n}
	case mapping:
		return n.Errorf("begin each item with a dash", "want a list, got a mapping")
	}
	fresh := reflect.MakeSlice(to.Type(), len(items), len(items))
	for i, item := range items {
		if err := item.decode(fresh.Index(i), unit); err != nil {
			return err
		}
	}
	to.Set(fresh)
	return nil
}

// decodeMap reads a mapping whose keys are the user's own names.
func (n *Node) decodeMap(to reflect.Value, unit string) error {
	if n.kind != mapping {
		return n.Errorf("", "want a mapping of names, got a %s", n.kind)
	}
	fresh := reflect.MakeMap(to.Type())
	for _, e := range n.entries {
		value := reflect.New(to.Type().Elem()).Elem()
		if err := e.value.decode(value, unit); err != nil {
			return err
		}
		fresh.SetMapIndex(reflect.ValueOf(e.key).Convert(to.Type().Key()), value)
	}
	to.Set(fresh)
	return nil
}

func (n *Node) decodeStruct(to reflect.Value) error {
	var keys []string
	fields := map[string]reflect.StructField{}
	for _, f := range reflect.VisibleFields(to.Type()) {
		if key, _, _ := strings.Cut(f.Tag.Get("yaml"), ","); key != "" {
			keys = append(keys, key)
			fields[key] = f
		}
	}
	if n.kind != mapping {
		return n.wantsKeys(keys)
	}
	for _, e := range n.entries {
		f, ok := fields[e.key]
		if !ok {
			return n.unknown(e, keys)
		}
		_, unit, _ := strings.Cut(f.Tag.Get("yaml"), ",")
		if err := e.value.decode(to.FieldByIndex(f.Index), unit); err != nil {
			return err
		}
	}
	return nil
}

func (n *Node) wantsKeys(known []string) *Error {
	return n.Errorf("", "want a mapping with keys such as %s, got a %s", strings.Join(known, ", "), n.kind)
}

func (n *Node) unknown(e entry, known []string) *Error {
	return e.pos.errorf(Hint(e.key, known), "unknown key %s", join(n.path, quote(e.key, true)))
}

func (n *Node) decodeScalar(to reflect.Value, unit string) error {
	number := to.CanInt() || to.CanUint() || to.CanFloat()
	if !n.plain && to.Type() != durationType && unit == "" && (number || to.Kind() == reflect.Bool) {
		want := "a number"
		if !number {
			want = "true or false"
		}
		return n.Errorf("remove the quotes", "want %s, got text", want)
	}
	if n.text == "" && to.Kind() == reflect.String && unit != "empty" {
		return n.Errorf("give one, or leave the key out", "want a text, got an empty one")
	}
	v, want := scalarValue(n.text, to.Type(), unit)
	if want != "" {
		return n.Errorf("", "want %s, got %q", want, shortened(n.text, 40))
	}
	to.Set(reflect.ValueOf(v).Convert(to.Type()))
	return nil
}

var durationType = reflect.TypeFor[time.Duration]()

// octal matches what is a number to the base 8 in YAML 1.1, and to 10 in 1.2.
var octal = regexp.MustCompile(`^-?0[0-9]`)

// scalarValue returns a value that can be converted to a type, or what is wanted instead of the text.
func scalarValue(text string, to reflect.Type, unit string) (v any, want string) {
	var err error
	ok := true
	zero := reflect.Zero(to)
	switch {
	case to == durationType:
		v, err = time.ParseDuration(text)
		want = "a duration such as 200ms, 2s or 15m"
	case to.Kind() == reflect.String:
		v = text
	case unit == "size":
		var bytes uint64
		bytes, ok = ParseSize(text)
		v, want = bytes, "a size such as 512KiB or 2MiB"
		if ok && zero.OverflowUint(bytes) {
			ok, want = false, "a size below 4GiB"
		}
	case unit == "rate":
		v, ok = parseRate(text)
		want = "a rate such as 100/s or 30/min"
	case unit == "bandwidth":
		v, ok = ParseBandwidth(text)
		want = "a bandwidth such as 512kbit or 100Mbit"
	case to.Kind() == reflect.Bool:
		v, ok, want = text == "true", text == "true" || text == "false", "true or false"
	case zero.CanFloat():
		v, ok = parseNumber(text)
		want = "a number"
	case octal.MatchString(text):
		ok, want = false, "a whole number without leading zeros"
	case zero.CanInt():
		v, err = strconv.ParseInt(text, 10, to.Bits())
		want = wholeNumber(err, to)
	case zero.CanUint():
		v, err = strconv.ParseUint(text, 10, to.Bits())
		want = wholeNumber(err, to) + " from 0"
	default:
		panic(fmt.Sprintf("strictyaml: a field of type %s cannot be read", to))
	}
	if ok && err == nil {
		want = ""
	}
	return v, want
}

func wholeNumber(err error, to reflect.Type) string {
	if errors.Is(err, strconv.ErrRange) {
		return fmt.Sprintf("a whole number of at most %d bits", to.Bits())
	}
	return "a whole number"
}

// ParseSize reads a whole number of bytes with an optional binary unit.
func ParseSize(text string) (bytes uint64, ok bool) {
	number, shift := text, 0
	for i, unit := range []string{"KiB", "MiB", "GiB"} {
		if n, found := strings.CutSuffix(text, unit); found {
			number, shift = strings.TrimSpace(n), 10*(i+1)
		}
	}
	if n, found := strings.CutSuffix(number, "B"); found {
		number = strings.TrimSpace(n)
	}
	bytes, err := strconv.ParseUint(number, 10, 33) // shifted, it stays below 2^63
	return bytes << shift, err == nil
}

// ParseBandwidth reads a number with the unit bit, kbit, Mbit or Gbit and returns it in bit/s.
func ParseBandwidth(text string) (bitPerSecond float64, ok bool) {
	number, ok := strings.CutSuffix(text, "bit")
	for unit, factor := range map[string]float64{"k": 1e3, "M": 1e6, "G": 1e9} {
		if n, found := strings.CutSuffix(number, unit); found {
			v, isNumber := parseNumber(strings.TrimSpace(n))
			return v * factor, ok && isNumber
		}
	}
	v, isNumber := parseNumber(strings.TrimSpace(number))
	return v, ok && isNumber
}

// parseRate reads a number per s, min or h and returns it per second.
func parseRate(text string) (perSecond float64, ok bool) {
	number, unit, _ := strings.Cut(text, "/")
	seconds := map[string]float64{"s": 1, "min": 60, "h": 3600}[strings.TrimSpace(unit)]
	v, ok := parseNumber(strings.TrimSpace(number))
	if !ok || seconds == 0 {
		return 0, false
	}
	return v / seconds, true
}

// parseNumber reads a finite decimal number; Go would take 0x1p4 and 1_0 too.
func parseNumber(text string) (v float64, ok bool) {
	v, err := strconv.ParseFloat(text, 64)
	return v, err == nil && !strings.ContainsAny(text, "xX_") && !math.IsInf(v, 0) && !math.IsNaN(v)
}
