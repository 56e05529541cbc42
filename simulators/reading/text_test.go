package reading

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// Any bytes survive as text, and no wire form is taken for text.
func TestArguments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		wire := rapid.SliceOf(rapid.Byte()).Draw(t, "wire")
		back, err := ParseArgument([]byte(Text(wire)))
		if err != nil || !bytes.Equal(back, wire) {
			t.Errorf("%x became %x, %v", wire, back, err)
		}
		r := example()
		r.Payload = append([]byte{1}, wire...)
		encoded, err := r.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		for _, wire := range [][]byte{encoded, MarshalList([][]byte{encoded})} {
			if back, err := ParseArgument(wire); err != nil || !bytes.Equal(back, wire) {
				t.Errorf("%s", cmp.Diff(wire, back))
			}
		}
	})
	for _, bad := range []string{"base64:!", "base64:AA", "base64:AAA", "base64:AB=="} {
		if wire, err := ParseArgument([]byte(bad)); err == nil {
			t.Errorf("%q was taken as %x", bad, wire)
		}
	}
}
