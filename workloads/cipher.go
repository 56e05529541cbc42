package workloads

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"meterbench/bench/result"
	"meterbench/internal/random"
	"meterbench/simulators/authority"
	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

// checkedNumbers is up to which number the readings of a meter are checked.
const checkedNumbers = 100

// Check takes readings from the ledger after a run, evaluates them with a key for the sum of their values,
// and compares with what the meters measured. It tries k readings, chosen by the fleet's seed among the first
// of each meter, and returns how many it compared: fewer where they are not on the ledger, and none where
// there is nothing to evaluate or no key for it: for plaintext, for the values of a trace, and for single
// values, unless they may be revealed. Under a scheme of groups it adds up the values of a group's meters for
// one interval. It fails on the first sum that is another.
func (r *Readings) Check(ctx context.Context, k int) (compared int, err error) {
	if r.kind != reading.Encrypted || r.config.Source != nil {
		return 0, nil
	}
	if r.config.Tables == nil {
		return 0, errors.New("check readings: they are encrypted and need tables of discrete logarithms")
	}
	if err := r.config.Tables.Check(r.params, ones(r.params.Length)); err != nil {
		return 0, fmt.Errorf("check readings: %w", err)
	}
	check, err := r.cipher.checker(ctx, r)
	if errors.Is(err, authority.ErrReveals) || errors.Is(err, fe.ErrReveals) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("check readings: %w", err)
	}
	fleet := r.config.Fleet
	pick := random.Stream{Seed: fleet.Config().Seed, Purpose: random.CheckedItems, Series: fleet.Config().Prefix}.Rand()
	for range k {
		meter := pick.IntN(fleet.Config().Meters)
		list, err := r.config.Ledger.Readings(ctx, meter%r.config.Channels, fleet.ID(meter), 0, checkedNumbers)
		if err != nil {
			return compared, fmt.Errorf("check readings: %w", err)
		}
		if len(list) == 0 {
			continue
		}
		stored := &list[pick.IntN(len(list))]
		got, want, err := check(ctx, meter, stored)
		switch {
		case errors.Is(err, errIncomplete):
			continue
		case err != nil:
			return compared, fmt.Errorf("check reading %d of meter %s: %w", stored.Number, stored.Meter, err)
		case got != want:
			return compared, fmt.Errorf("check reading %d of meter %s: it evaluates to %d Wh, %d were measured", stored.Number, stored.Meter, got, want)
		}
		compared++
	}
	return compared, nil
}

// A checker evaluates the sum that a stored reading of a meter is part of, and says what it should be.
type checker func(ctx context.Context, meter int, stored *reading.Reading) (got, want int64, err error)

// errIncomplete is the error of a checker where other readings that the sum is of are not on the ledger.
var errIncomplete = errors.New("not all values of the interval are on the ledger")

// total returns the sum of what a meter measured for a reading.
func (r *Readings) total(meter int, number uint64) (sum int64) {
	for _, wh := range r.config.Fleet.Values(meter, number).Wh {
		sum += wh
	}
	return sum
}

// checker has the sum of all values of a reading approved.
func (v vectors) checker(ctx context.Context, r *Readings) (checker, error) {
	weights := ones(r.params.Length)
	approval, err := v.authority.Approve(authority.Tariff{Name: "sum", From: r.config.Fleet.Config().Start.Truncate(time.Second), Weights: weights})
	if err != nil {
		return nil, err
	}
	evaluator, err := fe.NewEvaluator(ctx, v.authority.Public(), r.config.Tables)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, meter int, stored *reading.Reading) (got, want int64, err error) {
		got, err = evaluator.Evaluate(ctx, stored.Payload, approval.Key)
		number := stored.Number
		if r.config.Encryption.Mode != result.EncryptInline { // the ciphertext may be that of another reading
			at := number*uint64(r.config.Fleet.Config().Meters) + uint64(meter)
			meter, number, _ = r.reading(at % uint64(len(r.ready)))
		}
		return got, r.total(meter, number), err
	}, nil
}

// checker adds up the values of all members of a group.
func (g *groups) checker(_ context.Context, r *Readings) (checker, error) {
	if _, err := g.members[0][0].DeriveShare(ones(g.size)); err != nil { // as all members would
		return nil, err
	}
	return func(ctx context.Context, meter int, stored *reading.Reading) (got, want int64, err error) {
		group, member := g.place(meter)
		ciphertexts := make([][]byte, g.size)
		for i := range ciphertexts {
			other := meter + (i-member)*g.channels
			list, err := r.config.Ledger.Readings(ctx, meter%g.channels, r.config.Fleet.ID(other), stored.Number, stored.Number+1)
			if err != nil {
				return 0, 0, err
			}
			if len(list) == 0 {
				return 0, 0, errIncomplete
			}
			ciphertexts[i] = list[0].Payload
			want += r.total(other, stored.Number)
		}
		key, err := groupKey(r.params, g.members[group])
		if err != nil {
			return 0, 0, err
		}
		evaluator, err := fe.NewGroupEvaluator(ctx, key, r.config.Tables)
		if err != nil {
			return 0, 0, err
		}
		got, err = evaluator.Evaluate(ctx, stored.Number, ciphertexts)
		return got, want, err
	}, nil
}

// A Ledger is a source of stored readings.
type Ledger interface {
	// Readings returns all of a meter's readings with numbers in [from, to) that are on the ledger of a
	// channel, the lowest numbers first.
	Readings(ctx context.Context, channel int, meter string, from, to uint64) ([]reading.Reading, error)
}

// contractLedger reads readings from their contract, of which one answer holds only so many.
type contractLedger struct{ Spec }

// Readings implements Ledger.
func (l contractLedger) Readings(ctx context.Context, channel int, meter string, from, to uint64) (all []reading.Reading, err error) {
	for from < to {
		answer, err := l.Query(ctx, channel, reading.FnRange, []byte(meter), strconv.AppendUint(nil, from, 10), strconv.AppendUint(nil, to, 10))
		if err != nil {
			return nil, err
		}
		some, err := reading.UnmarshalList(answer)
		if err != nil {
			return nil, fmt.Errorf("readings of meter %s: %w", meter, err)
		}
		if len(some) == 0 {
			break
		}
		all, from = append(all, some...), some[len(some)-1].Number+1
	}
	return all, nil
}

// A cipher encrypts what the meters of a fleet measure.
type cipher interface {
	// parameters returns the id of the parameters that a meter encrypts under.
	parameters(meter int) reading.Hash
	// publics returns the public keys that the ledger of a channel needs.
	publics(channel int) [][]byte
	// seal sets what sensors encrypt with.
	seal(s *meter.SensorsConfig) error
	// checker returns what evaluates the sums of a workload's readings.
	checker(ctx context.Context, r *Readings) (checker, error)
}

// vectors encrypts all values of a reading together, under the public key of an authority that serves all meters.
type vectors struct{ authority *authority.Authority }

func (v vectors) seal(s *meter.SensorsConfig) error {
	s.Public = v.authority.Public()
	return nil
}

func (v vectors) parameters(int) reading.Hash { return v.authority.Parameters() }

func (v vectors) publics(int) [][]byte { return [][]byte{v.authority.Public()} }

// groups encrypts the single values of meters that agreed on keys in groups. A group's meters live on one channel. The
// label of a value is its reading's number: that of the interval, counted from the meter's begin.
type groups struct {
	params         fe.Params
	size, channels int
	members        [][]*fe.Member // by group
	ids            []reading.Hash // of the groups' parameters
}

func checkGroups(config Config) error {
	fleet := config.Fleet.Config()
	if fleet.Length != 1 {
		return fmt.Errorf("readings of %d values; with %s a reading has one", fleet.Length, config.Scheme)
	}
	if whole := config.Length * config.Channels; fleet.Meters%whole != 0 {
		return fmt.Errorf("%d meters in groups of %d on %d channels; want a multiple of %d", fleet.Meters, config.Length, config.Channels, whole)
	}
	return nil
}

// newGroups has all groups agree on keys, on all cores.
func newGroups(ctx context.Context, params fe.Params, config Config) (*groups, error) {
	count := config.Fleet.Config().Meters / config.Length
	g := &groups{params: params, size: config.Length, channels: config.Channels, members: make([][]*fe.Member, count), ids: make([]reading.Hash, count)}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i := range count {
		work.Go(func() (err error) {
			if g.members[i], err = fe.NewGroup(ctx, params, config.Reveal); err == nil {
				g.ids[i] = reading.ParametersID(g.members[i][0].Public())
			}
			return err
		})
	}
	return g, work.Wait()
}

// place returns a meter's group and its place in it. Group i lives on channel i mod the number of channels,
// as all of its meters do.
func (g *groups) place(meter int) (group, member int) {
	onChannel := meter / g.channels
	return onChannel/g.size*g.channels + meter%g.channels, onChannel % g.size
}

func (g *groups) seal(s *meter.SensorsConfig) error {
	s.Group, s.Members = g.params, make([][]byte, len(g.members)*g.size)
	for meter := range s.Members {
		group, member := g.place(meter)
		var err error
		if s.Members[meter], err = g.members[group][member].Seal(); err != nil {
			return err
		}
	}
	return nil
}

func (g *groups) parameters(meter int) reading.Hash {
	group, _ := g.place(meter)
	return g.ids[group]
}

func (g *groups) publics(channel int) (all [][]byte) {
	for group := channel; group < len(g.members); group += g.channels {
		all = append(all, g.members[group][0].Public())
	}
	return all
}
