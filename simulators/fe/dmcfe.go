package fe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/fentec-project/bn256"
	"github.com/fentec-project/gofe/data"
	"github.com/fentec-project/gofe/innerprod/fullysec"
)

// A Member is one meter of a group under the scheme "dmcfe", that of Chotard, Dufour Sans, Gay, Phan and Pointcheval,
// "Decentralized Multi-Client Functional Encryption for Inner Product" (ASIACRYPT 2018): secure against the static
// corruption of members under the symmetric external Diffie-Hellman assumption and in the random oracle model, in the
// pairing groups of bn256.
//
// There is no authority. Each member has secrets of its own, s in Z_q^2, and agrees with the others on a matrix T; the
// matrices of a group add up to zero. Values are encrypted singly, under a label such as the number of their interval,
// and only values of one label add up. With H hashing labels into G_1^2 and H' functions into G_2^2:
//
//	ciphertext of x  c = H(label)·s + x*g_1
//	key share for y  d = y*s*g_2 + T*H'(y), one number of y for each member
//	result           the z with e(g_1, g_2)^z = e(sum of y_i*c_i, g_2) / e(H(label), sum of d_i)
//
// A group takes three steps: every Member publishes its PublicKey; every Member gets all of them by Agree; and to
// approve a function every Member derives its share, DeriveShare, from which CombineShares makes the key of a
// GroupEvaluator. The callers must see to it that the public keys are the members'.
//
// Without an authority the members guard themselves: unless its maker allowed that, each refuses its share for a function
// that, with those for which it gave one before, would tell members apart, as Partition describes: every weight must be
// that of MinClass members at least.
//
// A member encrypts nothing itself: Seal returns the key for a SealedMember. Many goroutines may use a Member.
type Member struct {
	params Params
	client *fullysec.DMCFEClient
	reveal bool   // may derive shares for functions that tell members apart
	own    []byte // public key
	public []byte // of the group; nil before Agree
	sealed atomic.Bool

	mu     sync.Mutex
	shares Partition // by the functions of all shares
}

// ErrReveals is the error of DeriveShare for a function that would reveal the values of single members.
var ErrReveals = errors.New("would reveal the values of single members")

// NewMember makes the member of that index, from 0, of a group of p.Length meters, with fresh secrets. With
// reveal it also derives shares for functions of few members' values, as every function of a group below MinClass is.
func NewMember(p Params, index int, reveal bool) (*Member, error) {
	if err := p.validateGroup(); err != nil {
		return nil, err
	}
	if index < 0 || index >= p.Length {
		return nil, fmt.Errorf("fe: member %d of a group of %d", index, p.Length)
	}
	client, err := contain(func() (*fullysec.DMCFEClient, error) { return fullysec.NewDMCFEClient(index) })
	if err != nil {
		return nil, fmt.Errorf("fe: keys of a member of %v: %w", p, err)
	}
	return &Member{params: p, client: client, reveal: reveal, own: client.ClientPubKey.Marshal(), shares: NewPartition(p.Length)}, nil
}

// validateGroup checks parameters of a scheme without an authority.
func (p Params) validateGroup() error {
	if err := p.Validate(); err != nil {
		return err
	}
	if !p.Scheme.Single() {
		return fmt.Errorf("fe: scheme %s has an authority and no members; use dmcfe", p.Scheme)
	}
	return nil
}

// NewGroup makes all members of a group, as NewMember does, and has them agree. It takes about 0.2 ms for
// each pair of members, and fails with the context's error.
func NewGroup(ctx context.Context, p Params, reveal bool) ([]*Member, error) {
	if err := p.validateGroup(); err != nil {
		return nil, err
	}
	members, keys := make([]*Member, p.Length), make([][]byte, p.Length)
	for i := range members {
		var err error
		if members[i], err = NewMember(p, i, reveal); err != nil {
			return nil, err
		}
		keys[i] = members[i].PublicKey()
	}
	for _, m := range members {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("fe: keys of %v: %w", p, ctx.Err())
		}
		if err := m.Agree(keys); err != nil {
			return nil, err
		}
	}
	return members, nil
}

// PublicKey returns the member's public key, a point of 64 bytes.
func (m *Member) PublicKey() []byte { return bytes.Clone(m.own) }

// Agree computes the member's part of the group's shared secrets from the public keys of all members, in the
// order of their indices and with its own. It refuses a key that comes twice, whose owner would be several
// members, and a second agreement: shares under keys chosen later would reveal what the group's own hide.
func (m *Member) Agree(keys [][]byte) error {
	if m.public != nil {
		return errors.New("fe: agree: the member has agreed on the keys of its group; make a new member")
	}
	if len(keys) != m.params.Length || !bytes.Equal(keys[m.client.Idx], m.own) {
		return fmt.Errorf("fe: agree: %d public keys of which number %d must be the member's own; the group has %d members", len(keys), m.client.Idx, m.params.Length)
	}
	points := make([]*bn256.G1, len(keys))
	owner := make(map[string]int, len(keys))
	for i, key := range keys {
		if first, twice := owner[string(key)]; twice {
			return fmt.Errorf("fe: agree: public key %d is that of member %d too", i, first)
		}
		owner[string(key)] = i
		var err error
		if points[i], err = readG1(key); err != nil {
			return fmt.Errorf("fe: agree: public key %d: %w", i, err)
		}
	}
	public, err := m.params.public(bytes.Join(keys, nil))
	if err == nil {
		_, err = contain(func() (none struct{}, err error) { return none, m.client.SetShare(points) })
	}
	if err != nil {
		return fmt.Errorf("fe: agree: %w", err)
	}
	m.public = public
	return nil
}

// Public returns the group's parameters and its public keys in the form of codec.Public, the same bytes for
// every member; nil before Agree.
func (m *Member) Public() []byte { return bytes.Clone(m.public) }

// labelText is a label as gofe hashes it.
func labelText(label uint64) string { return strconv.FormatUint(label, 10) }

// DeriveShare returns the member's share of the key for the sum of y_i*x_i over the members' values x_i of one label.
// It refuses a y of the wrong length or with a number over the bound and, unless the member's maker allowed them, with
// ErrReveals one that would reveal single values. Any other reason against a function is the caller's to check.
func (m *Member) DeriveShare(y []int64) ([]byte, error) {
	if err := m.params.checkVector(y); err != nil {
		return nil, fmt.Errorf("fe: derive: %w", err)
	}
	if m.public == nil {
		return nil, errors.New("fe: derive: the group has not agreed on keys")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	refined := m.shares.Refine(y)
	if member, size, reveals := refined.Reveals(); reveals && !m.reveal {
		return nil, fmt.Errorf("fe: derive: the function %w: with those before, member %d has the weights of only %d others; want at least %d",
			ErrReveals, member, size-1, MinClass-1)
	}
	share, err := contain(func() (data.VectorG2, error) { return m.client.DeriveKeyShare(vector(y)) })
	if err != nil {
		return nil, fmt.Errorf("fe: derive: %w", err)
	}
	m.shares = refined
	return append(share[0].Marshal(), share[1].Marshal()...), nil
}

// A GroupKey lets its holder compute one function of the values of a label: the sum of Function[i] times the
// value of member i.
type GroupKey struct {
	Params   Params
	Function []int64 // y
	Secret   []byte  // the sum of all members' shares: two points of G_2
}

// CombineShares makes the key of a function from the shares of all members. If they are not shares of y, the
// key fits no ciphertext.
func CombineShares(p Params, y []int64, shares [][]byte) (GroupKey, error) {
	if err := p.validateGroup(); err != nil {
		return GroupKey{}, err
	}
	if err := p.checkVector(y); err != nil {
		return GroupKey{}, fmt.Errorf("fe: key of a group: %w", err)
	}
	if len(shares) != p.Length {
		return GroupKey{}, fmt.Errorf("fe: key of a group: %d shares of %d", len(shares), p.Length)
	}
	var sum [2]*bn256.G2
	for i, share := range shares {
		points, err := readShare(share)
		if err != nil {
			return GroupKey{}, fmt.Errorf("fe: key of a group: share %d: %w", i, err)
		}
		if i == 0 {
			sum = points
			continue
		}
		sum[0].Add(sum[0], points[0])
		sum[1].Add(sum[1], points[1])
	}
	return GroupKey{p, slices.Clone(y), append(sum[0].Marshal(), sum[1].Marshal()...)}, nil
}
