package refusal

import (
	"errors"
	"fmt"
	"testing"
)

var duplicate = Conflict("READING_DUPLICATE")

// A refusal is found in whatever wraps it, and its message reads back.
func TestRoundTrip(t *testing.T) {
	err := fmt.Errorf("endorse: %w", duplicate.Errorf("meter %s has a reading %d already", "m1", 0))
	r, ok := errors.AsType[*Refusal](err)
	if !ok || r.Code != duplicate {
		t.Fatalf("refusal %v, %v", r, ok)
	}
	if want := "READING_DUPLICATE: meter m1 has a reading 0 already"; r.Error() != want {
		t.Errorf("message %q, want %q", r.Error(), want)
	}
	if again, ok := Parse(409, r.Error()); !ok || *again != *r {
		t.Errorf("reads back as %v, %v", again, ok)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, test := range []struct {
		name    string
		status  int32
		message string
	}{
		{"a peer that failed", 500, "STATE_FAILED: read the state of meter m1"},
		{"success", 200, "READING_DUPLICATE: so it is"},
		{"no text", 409, "READING_DUPLICATE"},
		{"no code", 409, ": so it is"},
		{"words", 409, "meter m1: so it is"},
		{"words around a code", 409, "A READING: so it is"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if r, ok := Parse(test.status, test.message); ok {
				t.Errorf("%q is %v", test.message, r)
			}
		})
	}
}
