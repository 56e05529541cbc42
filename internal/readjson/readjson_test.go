package readjson_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"meterbench/internal/readjson"
)

type inner struct {
	Count  uint16            `json:"count"`
	Rate   float64           `json:"rate_per_s"`
	Names  map[string]string `json:"names"`
	Bytes  []byte            `json:"bytes"`
	At     time.Time         `json:"at"`
	Server netip.Addr        `json:"server"`
}

type document struct {
	Schema int     `json:"schema"`
	Valid  *bool   `json:"valid"`
	Text   string  `json:"text"`
	Items  []inner `json:"items"`
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		`[]`:                               "want an object, got a list",
		`"x"`:                              "want an object, got a text",
		`{"schema": "1"}`:                  "schema: want a whole number of at most 64 bits, got a text",
		`{"schema": 1.5}`:                  "schema: want a whole number of at most 64 bits, got 1.5",
		`{"valid": 1}`:                     "valid: want true or false, got a number",
		`{"text": false}`:                  "text: want a text, got true or false",
		`{"items": {}}`:                    "items: want a list, got an object",
		`{"items": [3]}`:                   "items: want an object, got a number",
		`{"items": [{"count": 70000}]}`:    "items.count: want a whole number of at most 16 bits from 0, got 70000",
		`{"items": [{"count": -1}]}`:       "items.count: want a whole number of at most 16 bits from 0, got -1",
		`{"items": [{"rate_per_s": {}}]}`:  "items.rate_per_s: want a number, got an object",
		`{"items": [{"names": []}]}`:       "items.names: want an object, got a list",
		`{"items": [{"bytes": 3}]}`:        "items.bytes: want a text in base64, got a number",
		`{"items": [{"server": 3}]}`:       "items.server: want a text, got a number",
		`{"items": [{"at": 3}]}`:           "want a time as 2026-11-28T09:30:00Z in quotes",
		`{"items": [{"at": "yesterday"}]}`: `want a time as 2026-11-28T09:30:00Z, got yesterday`,
		`{"schema": x}`:                    "at byte 12: invalid character 'x' looking for beginning of value",
		`{"schema": 1`:                     "ends too early",
		``:                                 "ends too early",
	} {
		var d document
		if err := readjson.Unmarshal([]byte(text), &d); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	var d document
	if err := readjson.Unmarshal([]byte(`{"schema": 3, "items": [{"count": 7}]}`), &d); err != nil || d.Schema != 3 || d.Items[0].Count != 7 {
		t.Errorf("%+v, %v", d, err)
	}
	if err := readjson.Unmarshal(nil, &d); !errors.Is(err, readjson.ErrTruncated) {
		t.Error(err)
	}
}

// Whatever the text, there is an error where json.Unmarshal has one, and it names no type of Go.
func FuzzUnmarshal(f *testing.F) {
	f.Add([]byte(`{"schema": 1, "items": [{"count": 2}]}`))
	f.Add([]byte(`[]`))
	f.Add([]byte(`{"items": [{"at": "2026-11-28T09:30:00Z", "names": {"a": 1}}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var a, b document
		want, err := json.Unmarshal(data, &a), readjson.Unmarshal(data, &b)
		if (want == nil) != (err == nil) {
			t.Fatalf("%v, json has %v", err, want)
		}
		if err != nil && (strings.Contains(err.Error(), "Go ") || strings.Contains(err.Error(), "readjson_test")) {
			t.Error(err)
		}
	})
}
