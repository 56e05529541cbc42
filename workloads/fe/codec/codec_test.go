package codec

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A vector is a known answer, made by an independent encoder; its numbers are
// hexadecimal.
type vector struct {
	Name     string   `json:"name"`
	Scheme   Scheme   `json:"scheme"`
	Bits     int      `json:"bits"`
	Length   int      `json:"length"`
	Elements []string `json:"elements"`
	Encoded  string   `json:"encoded"`
}

func readVectors(t testing.TB) []vector {
	t.Helper()
	data, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	return vectors
}

func (v vector) decode(t testing.TB) (Header, []*big.Int, []byte) {
	t.Helper()
	encoded, err := hex.DecodeString(v.Encoded)
	if err != nil {
		t.Fatal(err)
	}
	elements := make([]*big.Int, len(v.Elements))
	for i, s := range v.Elements {
		var ok bool
		if elements[i], ok = new(big.Int).SetString(s, 16); !ok {
			t.Fatalf("%s: element %d is not hexadecimal", v.Name, i)
		}
	}
	return Header{v.Scheme, v.Bits, v.Length}, elements, encoded
}

func equal(a, b []*big.Int) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Cmp(b[i]) != 0 {
			return false
		}
	}
	return true
}

func TestKnownAnswers(t *testing.T) {
	for _, v := range readVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			h, elements, want := v.decode(t)
			got, err := Marshal(h, elements)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("Marshal = %x, want %x", got, want)
			}
			if Size(h) != len(want) {
				t.Errorf("Size = %d, want %d", Size(h), len(want))
			}
			gotHeader, gotElements, err := Unmarshal(want)
			if err != nil {
				t.Fatal(err)
			}
			if gotHeader != h || !equal(gotElements, elements) {
				t.Errorf("Unmarshal = %v, %v", gotHeader, gotElements)
			}
		})
	}
}

func TestCheckRefuses(t *testing.T) {
	_, _, good := readVectors(t)[0].decode(t)
	edit := func(at int, to ...byte) []byte {
		b := bytes.Clone(good)
		copy(b[at:], to)
		return b
	}
	zeroed := func(element int) []byte {
		return edit(HeaderSize+element*128, make([]byte, 128)...)
	}
	if err := Check(good); err != nil {
		t.Fatalf("the ciphertext that the cases are made from: %v", err)
	}
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"nil", "0 bytes; the header alone has 6", nil},
		{"header cut off", "5 bytes", good[:5]},
		{"header only", "6 bytes; ddh of 1024 bits and length 1 has 262", good[:6]},
		{"one byte short", "261 bytes", good[:len(good)-1]},
		{"one byte more", "263 bytes", append(bytes.Clone(good), 0)},
		{"version 0", "version 0", edit(0, 0)},
		{"version 2", "version 2", edit(0, 2)},
		{"scheme 0", "scheme 0 is unknown", edit(1, 0)},
		{"scheme 3", "scheme 3 is unknown", edit(1, 3)},
		{"other scheme, one element missing", "262 bytes; damgard", edit(1, 2)},
		{"modulus of 0 bits", "modulus of 0 bits", edit(2, 0, 0)},
		{"modulus of 1025 bits", "modulus of 1025 bits", edit(2, 4, 1)},
		{"length 0", "vector length 0", edit(4, 0, 0)},
		{"length 1025", "vector length 1025", edit(4, 4, 1)},
		{"length 2", "length 2 has 390", edit(4, 0, 2)},
		{"first element zero", "element 0 is zero", zeroed(0)},
		{"last element zero", "element 1 is zero", zeroed(1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Check(c.b)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("Check = %v, want %q", err, c.want)
			}
			if _, _, err := Unmarshal(c.b); err == nil {
				t.Error("Unmarshal accepts it")
			}
		})
	}
}

func TestMarshalRefuses(t *testing.T) {
	one := big.NewInt(1)
	good := Header{DDH, 1024, 1}
	for _, c := range []struct {
		name     string
		header   Header
		elements []*big.Int
	}{
		{"no scheme", Header{0, 1024, 1}, []*big.Int{one, one}},
		{"unknown bits", Header{DDH, 2560, 1}, []*big.Int{one, one}},
		{"length 0", Header{DDH, 1024, 0}, []*big.Int{one}},
		{"length beyond", Header{DDH, 1024, MaxLength + 1}, nil},
		{"element missing", good, []*big.Int{one}},
		{"element too many", good, []*big.Int{one, one, one}},
		{"nil element", good, []*big.Int{one, nil}},
		{"zero element", good, []*big.Int{one, new(big.Int)}},
		{"negative element", good, []*big.Int{one, big.NewInt(-1)}},
		{"element of 1025 bits", good, []*big.Int{one, new(big.Int).Lsh(one, 1024)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if b, err := Marshal(c.header, c.elements); err == nil {
				t.Errorf("Marshal = %d bytes, want an error", len(b))
			}
		})
	}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := Header{
			Scheme: rapid.SampledFrom([]Scheme{DDH, Damgard}).Draw(t, "scheme"),
			Bits:   rapid.SampledFrom(Bits()).Draw(t, "bits"),
			Length: rapid.IntRange(1, 8).Draw(t, "length"),
		}
		elements := make([]*big.Int, h.Elements())
		for i := range elements {
			octets := rapid.SliceOfN(rapid.Byte(), 1, h.Bits/8).Draw(t, "element")
			octets[0] |= 1
			elements[i] = new(big.Int).SetBytes(octets)
		}
		b, err := Marshal(h, elements)
		if err != nil {
			t.Fatal(err)
		}
		if read, err := ReadHeader(b); err != nil || read != h {
			t.Fatalf("ReadHeader = %v, %v, want %v", read, err, h)
		}
		gotHeader, gotElements, err := Unmarshal(b)
		if err != nil {
			t.Fatal(err)
		}
		if gotHeader != h || !equal(gotElements, elements) {
			t.Fatalf("%v came back as %v with other elements or another header", h, gotHeader)
		}
	})
}

func TestCheckAllocatesNothing(t *testing.T) {
	_, _, good := readVectors(t)[0].decode(t)
	if n := testing.AllocsPerRun(10, func() { _ = Check(good) }); n != 0 {
		t.Errorf("Check allocates %v times", n)
	}
}

// FuzzCheck holds that Check and Unmarshal accept the same bytes, and that
// there is one encoding per ciphertext.
func FuzzCheck(f *testing.F) {
	for _, v := range readVectors(f) {
		_, _, encoded := v.decode(f)
		f.Add(encoded)
		f.Add(encoded[:len(encoded)-1])
	}
	f.Add([]byte{})
	f.Add([]byte{1, 1, 4, 0, 4, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		h, elements, err := Unmarshal(b)
		if checked := Check(b); (checked == nil) != (err == nil) {
			t.Fatalf("Check = %v, Unmarshal = %v", checked, err)
		}
		if err != nil {
			return
		}
		again, err := Marshal(h, elements)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("encoded anew it differs: %v", err)
		}
	})
}
