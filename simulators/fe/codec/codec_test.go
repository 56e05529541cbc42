package codec

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A vector is a known answer, made by an independent encoder; its numbers are
// hexadecimal.
type vector struct {
	Name     string   `json:"name"`
	Scheme   uint8    `json:"scheme"`
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

func (v vector) decode(t testing.TB) (Header, [][]byte, []byte) {
	t.Helper()
	encoded, err := hex.DecodeString(v.Encoded)
	if err != nil {
		t.Fatal(err)
	}
	h := Header{Numbered(v.Scheme), v.Bits, v.Length}
	elements := make([][]byte, len(v.Elements))
	for i, s := range v.Elements {
		number, ok := new(big.Int).SetString(s, 16)
		if !ok {
			t.Fatalf("%s: element %d is not hexadecimal", v.Name, i)
		}
		elements[i] = number.FillBytes(make([]byte, h.ElementSize()))
	}
	return h, elements, encoded
}

func equal(a, b [][]byte) bool { return slices.EqualFunc(a, b, bytes.Equal) }

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
		{"scheme 6", "scheme 6 is unknown", edit(1, 6)},
		{"scheme of other sizes", "ecddh of 1024 bits", edit(1, 3)},
		{"paillier, elements missing", "262 bytes; paillier of 1024 bits and length 1 has 518", edit(1, 4)},
		{"other scheme, one element missing", "262 bytes; damgard", edit(1, 2)},
		{"modulus of 0 bits", "ddh of 0 bits", edit(2, 0, 0)},
		{"modulus of 1025 bits", "ddh of 1025 bits", edit(2, 4, 1)},
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
	one := append(make([]byte, 127), 1)
	good := Header{DDH, 1024, 1}
	for _, c := range []struct {
		name     string
		header   Header
		elements [][]byte
	}{
		{"no scheme", Header{"", 1024, 1}, [][]byte{one, one}},
		{"unknown bits", Header{DDH, 2560, 1}, [][]byte{one, one}},
		{"length 0", Header{DDH, 1024, 0}, [][]byte{one}},
		{"length beyond", Header{DDH, 1024, MaxLength + 1}, nil},
		{"element missing", good, [][]byte{one}},
		{"element too many", good, [][]byte{one, one, one}},
		{"nil element", good, [][]byte{one, nil}},
		{"zero element", good, [][]byte{one, make([]byte, 128)}},
		{"short element", good, [][]byte{one, one[1:]}},
		{"long element", good, [][]byte{one, append([]byte{0}, one...)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if b, err := Marshal(c.header, c.elements); err == nil {
				t.Errorf("Marshal = %d bytes, want an error", len(b))
			}
		})
	}
}

// drawHeader draws any valid header of a short length.
func drawHeader(t *rapid.T) Header {
	scheme := rapid.SampledFrom([]Scheme{DDH, Damgard, ECDDH, Paillier, DMCFE}).Draw(t, "scheme")
	return Header{scheme, rapid.SampledFrom(scheme.Sizes()).Draw(t, "bits"), rapid.IntRange(1, 8).Draw(t, "length")}
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := drawHeader(t)
		elements := make([][]byte, h.Elements())
		for i := range elements {
			elements[i] = rapid.SliceOfN(rapid.Byte(), h.ElementSize(), h.ElementSize()).Draw(t, "element")
			elements[i][0] |= 1
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

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		h                  Header
		ciphertext, public int
	}{
		{Header{DDH, 2048, 24}, 6 + 25*256, 15 + 24*256},
		{Header{Damgard, 3072, 24}, 6 + 26*384, 15 + 24*384},
		{Header{ECDDH, 256, 24}, 6 + 25*32, 15 + 24*32},
		{Header{Paillier, 2048, 24}, 6 + 25*512, 15 + 256 + 25*512},
		{Header{DMCFE, 256, 24}, 6 + 64, 15 + 24*64},
	} {
		if err := c.h.Validate(); err != nil {
			t.Error(err)
		}
		if Size(c.h) != c.ciphertext || PublicSize(c.h) != c.public {
			t.Errorf("%v: %d and %d bytes, want %d and %d", c.h, Size(c.h), PublicSize(c.h), c.ciphertext, c.public)
		}
	}
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
