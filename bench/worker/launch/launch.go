// Package launch starts the workers of a run: here, by Slurm, or by whoever else gives them a rank.
//
// Data flow: Parse reads what --workers asks for; Start makes credentials, has a worker.Coordinator listen, has the launcher of that kind
// start workers (local.go, slurm.go; join.go starts none), and waits until they have joined. Close sends them home and ends whatever is
// left of them. Should this process be killed, its reaper does that (Dispatch), and workers end by themselves with their connections.
package launch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"meterbench/bench/worker"
	"meterbench/internal/process"
)

// Kind is who starts workers.
type Kind string

// The launchers.
const (
	Local Kind = "local" // this process, on this machine
	Slurm Kind = "slurm" // a batch job, one on each node
	Join  Kind = "join"  // somebody else: of N processes the coordinator is the first
)

// A launcher is a row of the table of them.
type launcher struct {
	kind Kind
	// first is the rank of the first worker: those before are no workers.
	first int
	// listen returns where the coordinator listens if nothing is said; nil: that is to be said.
	listen func(context.Context) (string, error)
	// host returns the address by which workers reach a coordinator that listens at all of its addresses.
	host func(context.Context) (string, error)
	// start has the workers started, which join at the Crew's address.
	start func(context.Context, *Crew) (started, error)
}

// A started is what a launcher has under way.
type started interface {
	// stop returns once nothing is left. The workers that had come were sent home before; whole says that all had.
	stop(whole bool) error
}

func launchers() []launcher {
	return []launcher{
		{kind: Local, listen: loopback, host: loopbackHost, start: startLocal},
		{kind: Slurm, listen: listenForNodes, host: hostForNodes, start: startSlurm},
		{kind: Join, first: 1, host: hostName, start: startJoin},
	}
}

// launcher returns the row of a kind, nil if there is none.
func (k Kind) launcher() *launcher {
	for _, l := range launchers() {
		if l.kind == k {
			return &l
		}
	}
	return nil
}

// Kinds returns all kinds.
func Kinds() (all []Kind) {
	for _, l := range launchers() {
		all = append(all, l.kind)
	}
	return all
}

// Config holds the arguments of Start.
type Config struct {
	Request
	Executable string // the program, on all machines
	Version    string // of it
	Dir        string // below which Slurm writes the output of its job: nodes have to see it
	Working    func(text string)
	Step       func(text string)
}

// A Crew is workers that have joined a coordinator.
type Crew struct {
	*worker.Coordinator
	cfg      Config
	launcher *launcher
	join     string   // HOST:PORT by which workers reach the coordinator
	handed   []string // variables of the environment that hand credentials over to workers, KEY=value
	dir      string   // with output of workers; empty: none
	reaper   *process.Reaper
	started  started
	joining  context.Context // ends when no more workers join
	giveUp   context.CancelCauseFunc
	whole    bool  // all workers have joined
	lost     []int // ranks of workers that are lost when the others are sent home
}

// Start has workers started and waits until they have joined. Close ends them. With ctx it gives up, and leaves nothing.
func Start(ctx context.Context, cfg Config) (_ *Crew, err error) {
	c := &Crew{cfg: cfg, launcher: cfg.Kind.launcher()}
	c.joining, c.giveUp = context.WithCancelCause(ctx)
	defer c.giveUp(nil)
	coordinator, err := c.credentials()
	if err != nil {
		return nil, err
	}
	listen := cfg.Listen
	if listen == "" {
		if listen, err = c.launcher.listen(ctx); err != nil {
			return nil, err
		}
	}
	c.Coordinator, err = worker.Listen(worker.Config{
		Address: listen, Credentials: coordinator, Size: cfg.Size, First: c.launcher.first, Min: cfg.Min, Version: cfg.Version, Patience: cfg.Wait,
	})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if c.join, err = c.reached(ctx); err != nil {
		return nil, err
	}
	if c.started, err = c.launcher.start(ctx, c); err != nil {
		return nil, err
	}
	joined := 0
	err = c.Gather(c.joining, func(here, of int) {
		joined, c.whole = here, here == of
		c.working(fmt.Sprintf("%d of %d workers have joined", here, of))
	})
	if err == nil {
		c.step(fmt.Sprintf("%d of %d workers have joined", joined, cfg.Workers()))
	}
	return c, err
}

// step and working say what is going on, as long as workers join.
func (c *Crew) step(text string) {
	if c.joining.Err() == nil {
		c.cfg.Step(text)
	}
}

func (c *Crew) working(text string) {
	if c.joining.Err() == nil {
		c.cfg.Working(text)
	}
}

// credentials returns those of the coordinator, and keeps how workers get theirs.
func (c *Crew) credentials() (worker.Credentials, error) {
	got, ok, err := c.cfg.FindCredentials()
	switch {
	case err != nil:
		return got, err
	case ok && c.launcher.first > 0: // workers have theirs already
		return got, nil
	case ok:
		file, err := filepath.Abs(c.cfg.Credentials)
		c.handed = []string{worker.CredentialsFileVariable + "=" + file}
		return got, err
	}
	coordinator, workers, _, err := worker.NewCredentials()
	if err != nil {
		return worker.Credentials{}, err
	}
	c.handed = []string{worker.CredentialsVariable + "=" + string(workers)}
	return worker.ParseCredentials(coordinator)
}

// reached returns the address by which workers reach the coordinator.
func (c *Crew) reached(ctx context.Context) (string, error) {
	host, port, err := net.SplitHostPort(c.Addr())
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsUnspecified() {
		return c.Addr(), nil
	}
	if host, err = c.launcher.host(ctx); err != nil {
		return "", err
	}
	return net.JoinHostPort(host, port), nil
}

// environment returns that of this process, without what is of no worker of this run, and with its credentials. without says what else
// to leave out.
func (c *Crew) environment(without func(key string) bool) (env []string) {
	for _, one := range os.Environ() {
		key, _, _ := strings.Cut(one, "=")
		if key != worker.CredentialsVariable && key != worker.CredentialsFileVariable && !without(key) {
			env = append(env, one)
		}
	}
	return append(env, c.handed...)
}

// folder makes a folder of this run that its reaper removes if this process is killed.
func (c *Crew) folder(parent, prefix string, env ...string) (err error) {
	if c.dir, err = process.NewDir(parent, prefix); err != nil {
		return err
	}
	c.reaper, err = process.StartReaper(c.cfg.Executable, c.dir, env...)
	return err
}

// Close sends the workers home, and ends whatever is left of them.
func (c *Crew) Close() error {
	c.lost = c.Coordinator.Lost()
	err := c.Coordinator.Close()
	if c.started != nil {
		err = cmp.Or(err, c.started.stop(c.whole))
	}
	if c.dir != "" {
		err = cmp.Or(err, os.RemoveAll(c.dir))
	}
	if c.reaper != nil {
		c.reaper.Close()
	}
	return err
}
