package workloads

import (
	"context"
	"slices"
	"time"

	"meterbench/simulators/fe"
)

// An feTrial returns the steps of one sample of values, in their order, and a pointer to the sum that the
// last of them decrypts.
type feTrial func(ctx context.Context, values []int64) (steps []feStep, sum *int64)

// An feStep is timed if it has samples to add to. Then it may be called several times.
type feStep struct {
	samples *[]float64
	call    func() error
}

// feShared holds the parts that several combinations share.
type feShared struct {
	tables *fe.Tables
	setups map[fe.Params]feSetup // by scheme and size, for length 1 and bound 1
}

// An feSetup is the slow part of a scheme at a size, made only once.
type feSetup struct {
	renewer fe.Renewer // makes authorities with its modulus; nil if the scheme has no modulus of its own
	modulus float64    // seconds that the search for the modulus took
	table   fe.TableOrigin
}

// trial makes a combination's trial, and first the setup of its scheme and size.
func (s *feShared) trial(ctx context.Context, c *feCell) (feTrial, error) {
	least := fe.Params{Scheme: c.params.Scheme, Bits: c.params.Bits, Length: 1, Bound: 1}
	setup, known := s.setups[least]
	if !known {
		var err error
		if setup, err = s.setUp(ctx, c.scheme, least); err != nil {
			return nil, err
		}
		s.setups[least] = setup
	}
	c.modulus, c.table, c.tableBytes = setup.modulus, setup.table, s.tables.Bytes(c.params)
	if c.scheme.HasAuthority() {
		return s.authorityTrial(c, setup), nil
	}
	return s.groupTrial(ctx, c)
}

func (s *feShared) setUp(ctx context.Context, scheme fe.Scheme, least fe.Params) (setup feSetup, err error) {
	if !scheme.HasAuthority() {
		_, evaluator, err := s.group(ctx, least)
		if err == nil {
			setup.table = evaluator.Table()
		}
		return setup, err
	}
	start := time.Now()
	authority, err := fe.Setup(ctx, least)
	if err != nil {
		return setup, err
	}
	if renewer, ok := authority.(fe.Renewer); ok {
		setup.renewer, setup.modulus = renewer, time.Since(start).Seconds()
	}
	evaluator, err := fe.NewEvaluator(ctx, authority.Encryptor().Public(), s.tables)
	if searcher, ok := evaluator.(fe.Searcher); ok {
		setup.table = searcher.Table()
	}
	return setup, err
}

// group makes a group of meters, and what evaluates the sum of its values.
func (s *feShared) group(ctx context.Context, p fe.Params) ([]*fe.Member, *fe.GroupEvaluator, error) {
	members, err := fe.NewGroup(ctx, p, true)
	if err != nil {
		return nil, nil, err
	}
	key, err := groupKey(p, members)
	if err != nil {
		return nil, nil, err
	}
	evaluator, err := fe.NewGroupEvaluator(ctx, key, s.tables)
	return members, evaluator, err
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
func (s *feShared) authorityTrial(c *feCell, setup feSetup) feTrial {
	makeKeys := fe.Setup
	if setup.renewer != nil {
		makeKeys = setup.renewer.Renew
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
				authority, err = makeKeys(ctx, c.params)
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
	members, evaluator, err := s.group(ctx, c.params)
	if err != nil {
		return nil, err
	}
	c.public = len(members[0].Public())
	publicKeys, sealed := make([][]byte, len(members)), make([]*fe.SealedMember, len(members))
	for i, m := range members {
		publicKeys[i] = m.PublicKey()
		key, err := m.Seal()
		if err != nil {
			return nil, err
		}
		if sealed[i], err = fe.NewSealedMember(c.params, key); err != nil {
			return nil, err
		}
	}
	label := uint64(0) // of the last encrypted value
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
				_, err := sealed[0].Encrypt(label, values[0])
				return err
			}},
			{nil, func() (err error) {
				label++
				for i, m := range sealed {
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

func ones(length int) []int64 { return slices.Repeat([]int64{1}, length) }
