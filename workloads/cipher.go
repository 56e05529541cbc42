package workloads

import (
	"context"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"

	"meterbench/simulators/authority"
	"meterbench/simulators/fe"
	"meterbench/simulators/meter"
	"meterbench/simulators/reading"
)

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

// vectors encrypts all values of a reading together, under the public key of an authority that serves all
// meters.
type vectors struct{ authority *authority.Authority }

func (v vectors) seal(s *meter.SensorsConfig) error {
	s.Public = v.authority.Public()
	return nil
}

func (v vectors) parameters(int) reading.Hash { return v.authority.Parameters() }

func (v vectors) publics(int) [][]byte { return [][]byte{v.authority.Public()} }

// groups encrypts the single values of meters that agreed on keys in groups. A group's meters live on one
// channel. The label of a value is its reading's number: that of the interval, counted from the meter's
// begin.
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

// place returns a meter's group and its place in it. Group i lives on channel i mod the number of
// channels, as all of its meters do.
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
