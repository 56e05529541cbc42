package workloads

import (
	"context"
	"time"

	"meterbench/simulators/fe"
)

// An feTrial returns the steps of one sample on given values, in their order,
// and where the last of them puts the sum that it decrypts.
type feTrial func(ctx context.Context, values []int64) (steps []feStep, sum *int64)

// An feStep is timed where it has samples to add to. Then it may be called
// several times.
type feStep struct {
	samples *[]float64
	call    func() error
}

// feShared is what several combinations share.
type feShared struct {
	tables  *fe.Tables
	grounds map[fe.Params]feGround // by scheme and size, for length 1 and bound 1
}

// An feGround is what takes long for a scheme of a size and is made only once.
type feGround struct {
	owner   fe.Renewer // makes authorities with its modulus; nil where a scheme has none of its own
	modulus float64    // seconds that the search for the modulus took
	table   fe.TableOrigin
}

// trial makes a combination's trial, and the ground that it stands on.
func (s *feShared) trial(ctx context.Context, c *feCell) (feTrial, error) {
	least := fe.Params{Scheme: c.params.Scheme, Bits: c.params.Bits, Length: 1, Bound: 1}
	ground, made := s.grounds[least]
	if !made {
		lay := s.authorityGround
		if !fe.HasAuthority(c.params.Scheme) {
			lay = s.groupGround
		}
		var err error
		if ground, err = lay(ctx, least); err != nil {
			return nil, err
		}
		s.grounds[least] = ground
	}
	c.modulus, c.table, c.tableBytes = ground.modulus, ground.table, s.tables.Bytes(c.params)
	if !fe.HasAuthority(c.params.Scheme) {
		return s.groupTrial(ctx, c)
	}
	return s.authorityTrial(c, ground), nil
}

func (s *feShared) authorityGround(ctx context.Context, least fe.Params) (g feGround, err error) {
	start := time.Now()
	authority, err := fe.Setup(ctx, least)
	if err != nil {
		return g, err
	}
	if owner, ok := authority.(fe.Renewer); ok {
		g.owner, g.modulus = owner, time.Since(start).Seconds()
	}
	evaluator, err := fe.NewEvaluator(ctx, authority.Encryptor().Public(), s.tables)
	if searcher, ok := evaluator.(fe.Searcher); ok {
		g.table = searcher.Table()
	}
	return g, err
}

func (s *feShared) groupGround(ctx context.Context, least fe.Params) (g feGround, err error) {
	members, err := fe.NewGroup(ctx, least, true)
	if err != nil {
		return g, err
	}
	key, err := groupKey(least, members)
	if err != nil {
		return g, err
	}
	evaluator, err := fe.NewGroupEvaluator(ctx, key, s.tables)
	if err != nil {
		return g, err
	}
	g.table = evaluator.Table()
	return g, nil
}

// groupKey returns a group's key for the sum of its values.
func groupKey(p fe.Params, members []*fe.Member) (fe.GroupKey, error) {
	shares := make([][]byte, len(members))
	for i, m := range members {
		var err error
		if shares[i], err = m.DeriveShare(ones(p.Length)); err != nil {
			return fe.GroupKey{}, err
		}
	}
	return fe.CombineShares(p, ones(p.Length), shares)
}

// authorityTrial makes fresh master keys in every sample.
func (s *feShared) authorityTrial(c *feCell, ground feGround) feTrial {
	setup := func(ctx context.Context) (fe.Authority, error) { return fe.Setup(ctx, c.params) }
	if ground.owner != nil {
		setup = func(ctx context.Context) (fe.Authority, error) { return ground.owner.Renew(ctx, c.params) }
	}
	return func(ctx context.Context, values []int64) ([]feStep, *int64) {
		var (
			authority  fe.Authority
			key        fe.Key
			encryptor  fe.Encryptor
			ciphertext []byte
			evaluator  fe.Evaluator
			sum        int64
		)
		return []feStep{
			{&c.keygen, func() (err error) {
				authority, err = setup(ctx)
				return err
			}},
			{&c.derive, func() (err error) {
				key, err = authority.Derive(ones(c.params.Length))
				return err
			}},
			{nil, func() (err error) {
				encryptor = authority.Encryptor()
				c.public = len(encryptor.Public())
				evaluator, err = fe.NewEvaluator(ctx, encryptor.Public(), s.tables)
				return err
			}},
			{&c.encrypt, func() (err error) {
				ciphertext, err = encryptor.Encrypt(values)
				return err
			}},
			{&c.decrypt, func() (err error) {
				sum, err = evaluator.Evaluate(ctx, ciphertext, key)
				return err
			}},
		}, &sum
	}
}

// groupTrial makes a group of meters once, for all samples.
func (s *feShared) groupTrial(ctx context.Context, c *feCell) (feTrial, error) {
	members, err := fe.NewGroup(ctx, c.params, true)
	if err != nil {
		return nil, err
	}
	c.public = len(members[0].Public())
	publicKeys := make([][]byte, len(members))
	for i, m := range members {
		publicKeys[i] = m.PublicKey()
	}
	key, err := groupKey(c.params, members)
	if err != nil {
		return nil, err
	}
	evaluator, err := fe.NewGroupEvaluator(ctx, key, s.tables)
	if err != nil {
		return nil, err
	}
	label := uint64(0) // of the last value that was encrypted
	ciphertexts := make([][]byte, len(members))
	return func(ctx context.Context, values []int64) ([]feStep, *int64) {
		var sum int64
		return []feStep{
			{&c.keygen, func() error {
				m, err := fe.NewMember(c.params, 0, true)
				if err != nil {
					return err
				}
				publicKeys[0] = m.PublicKey()
				return m.Agree(publicKeys)
			}},
			{&c.derive, func() error {
				_, err := members[0].DeriveShare(ones(len(members)))
				return err
			}},
			{&c.encrypt, func() error {
				label++
				_, err := members[0].Encrypt(label, values[0])
				return err
			}},
			{nil, func() (err error) {
				label++
				for i, m := range members {
					if ciphertexts[i], err = m.Encrypt(label, values[i]); err != nil {
						return err
					}
				}
				return nil
			}},
			{&c.decrypt, func() (err error) {
				sum, err = evaluator.Evaluate(ctx, label, ciphertexts)
				return err
			}},
		}, &sum
	}, nil
}

func ones(length int) []int64 {
	y := make([]int64, length)
	for i := range y {
		y[i] = 1
	}
	return y
}
