package fe

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"
	"sync"

	"github.com/fentec-project/bn256"
	"github.com/fentec-project/gofe/data"
	"github.com/fentec-project/gofe/innerprod/fullysec"

	"meterbench/simulators/fe/codec"
)

// scalarSize is the size of a number modulo the order of the groups of bn256.
const scalarSize = 32

// A SealedMember encrypts the values of a Member, and nothing else: it derives no share of a key, and alone
// decrypts nothing. Encryption is deterministic: two values under one label would show their difference, so
// it takes each label once. Many goroutines may use it at once.
type SealedMember struct {
	params Params
	client *fullysec.DMCFEClient // with its vector S only

	mu   sync.Mutex
	used usedLabels
}

// NewSealedMember makes the sealed member of a key that Member.Seal returned, of a group with these parameters.
func NewSealedMember(p Params, key []byte) (*SealedMember, error) {
	if err := p.validateGroup(); err != nil {
		return nil, err
	}
	if len(key) != 2*scalarSize {
		return nil, fmt.Errorf("fe: key of a sealed member of %v: %d bytes; want %d", p, len(key), 2*scalarSize)
	}
	s := make(data.Vector, 2)
	for i := range s {
		s[i] = new(big.Int).SetBytes(key[i*scalarSize : (i+1)*scalarSize])
		if s[i].Sign() == 0 || s[i].Cmp(bn256.Order) >= 0 {
			return nil, fmt.Errorf("fe: key of a sealed member of %v: number %d is 0 or not below the order of the group", p, i)
		}
	}
	return &SealedMember{params: p, client: &fullysec.DMCFEClient{S: s}}, nil
}

// Seal returns the key of the member's SealedMember, 64 bytes, which are secret. It refuses to do so twice,
// because two that do not know of each other could use a label twice.
func (m *Member) Seal() ([]byte, error) {
	if !m.sealed.CompareAndSwap(false, true) {
		return nil, errors.New("fe: seal: the member was sealed before; make a new member")
	}
	key := make([]byte, 2*scalarSize)
	for i, scalar := range m.client.S {
		scalar.FillBytes(key[i*scalarSize : (i+1)*scalarSize])
	}
	return key, nil
}

// Encrypt returns the ciphertext of x under the label, in the form of package codec. It refuses a value over
// the bound, and a used label.
func (s *SealedMember) Encrypt(label uint64, x int64) ([]byte, error) {
	if x > s.params.Bound || x < -s.params.Bound {
		return nil, fmt.Errorf("fe: encrypt: the value is over the bound %d", s.params.Bound)
	}
	s.mu.Lock()
	free := s.used.use(label)
	s.mu.Unlock()
	if !free {
		return nil, fmt.Errorf("fe: encrypt: label %d is used; a second value under it would reveal the difference", label)
	}
	point, err := contain(func() (*bn256.G1, error) { return s.client.Encrypt(big.NewInt(x), labelText(label)) })
	if err != nil {
		return nil, fmt.Errorf("fe: encrypt: %w", err)
	}
	return codec.Marshal(s.params.header(), [][]byte{point.Marshal()})
}

// usedLabels holds labels as disjoint ranges in ascending order that do not touch: a meter that counts its
// intervals fills one.
type usedLabels struct{ ranges []labelRange }

type labelRange struct{ first, last uint64 }

// use adds a label and reports whether it is new.
func (u *usedLabels) use(label uint64) bool {
	// at is the first range that ends at the label or later.
	at, _ := slices.BinarySearchFunc(u.ranges, label, func(r labelRange, label uint64) int {
		if r.last < label {
			return -1
		}
		return 1
	})
	if at < len(u.ranges) && u.ranges[at].first <= label {
		return false
	}
	extends := at > 0 && u.ranges[at-1].last == label-1
	precedes := at < len(u.ranges) && label < math.MaxUint64 && u.ranges[at].first == label+1
	switch {
	case extends && precedes:
		u.ranges[at-1].last = u.ranges[at].last
		u.ranges = slices.Delete(u.ranges, at, at+1)
	case extends:
		u.ranges[at-1].last = label
	case precedes:
		u.ranges[at].first = label
	default:
		u.ranges = slices.Insert(u.ranges, at, labelRange{label, label})
	}
	return true
}
