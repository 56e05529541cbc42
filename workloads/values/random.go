package values

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"

	"meterbench/internal/strictyaml"
)

// UUID are random ones, version 4 of RFC 9562.
type UUID struct{}

// UnmarshalNode reads {}.
func (u *UUID) UnmarshalNode(n *strictyaml.Node) error {
	if !n.IsMapping() {
		return n.Errorf("write {uuid: {}}", "a uuid has no settings")
	}
	return n.CheckKeys(nil)
}

func (u *UUID) check(string, Defaults) *strictyaml.Problem { return nil }

func (u *UUID) bind(place string, b Binding) Maker {
	return func(to []byte, t *Turn) []byte {
		r := b.stream(place, t.Seq).Rand()
		var id [16]byte
		binary.BigEndian.PutUint64(id[:8], r.Uint64())
		binary.BigEndian.PutUint64(id[8:], r.Uint64())
		id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version and variant
		for i, end := range []int{4, 6, 8, 10, 16} {
			if i > 0 {
				to = append(to, '-')
			}
			to = hex.AppendEncode(to, id[max(0, []int{0, 4, 6, 8, 10}[i]):end])
		}
		return to
	}
}

func (u *UUID) most(Defaults) int { return 36 }
func (u *UUID) String() string    { return "uuid" }

// Integer are whole numbers of a range, each as often.
type Integer struct {
	From int64 `yaml:"from"` // the smallest, default 0
	To   int64 `yaml:"to"`   // the largest
}

// UnmarshalNode reads a range, which has an end.
func (i *Integer) UnmarshalNode(n *strictyaml.Node) error {
	type plain Integer
	*i = Integer{}
	if err := n.Decode((*plain)(i)); err != nil {
		return err
	}
	if !n.Has("to") {
		return n.Errorf("as {from: 1, to: 1000}", "the largest number, to, is missing")
	}
	return nil
}

func (i *Integer) check(at string, _ Defaults) *strictyaml.Problem {
	if i.To < i.From {
		return strictyaml.Problemf("", at+".to", "is below from: there is no number from %d to %d", i.From, i.To)
	}
	return nil
}

func (i *Integer) bind(place string, b Binding) Maker {
	n := uint64(i.To-i.From) + 1 // 0 for all of them
	return func(to []byte, t *Turn) []byte {
		r := b.stream(place, t.Seq).Rand()
		offset := r.Uint64()
		if n > 0 {
			offset = r.Uint64N(n)
		}
		return strconv.AppendInt(to, i.From+int64(offset), 10)
	}
}

func (i *Integer) most(Defaults) int { return 20 }
func (i *Integer) String() string    { return fmt.Sprintf("integer %d to %d", i.From, i.To) }
