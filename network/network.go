// Package network brings up a real Hyperledger Fabric network on this machine, without Docker, and takes it down again
// without a trace.
//
// Data flow: Start lays the topology out over folders and free loopback ports (plan), makes keys and genesis blocks
// (prepare), starts Fabric's own `peer` and `orderer` and one chaincode process per peer as supervised children, in
// control groups where the topology has caps, then joins, installs, approves and commits (bringUp) until every peer's
// gateway answers; only then do CPU quotas come into force. Close stops the children and removes the run folder. A
// Network says where its nodes are; Client connects the load engine to it.
//
// The program itself also serves the chaincodes and acts as the peers' external builder, as a child under another name:
// main calls Dispatch before anything else.
package network

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"meterbench/bench/topology"
	"meterbench/internal/cgroup"
	"meterbench/internal/process"
	"meterbench/network/client"
	"meterbench/network/fabric"
	"meterbench/network/fabric/daemons"
	"meterbench/network/wan"
)

// startTimeout bounds a start. Networks need seconds.
const startTimeout = 2 * time.Minute

// errLate ends a start that takes longer.
var errLate = fmt.Errorf("not ready after %v", startTimeout)

// stopGrace is the time for nodes to end by themselves.
const stopGrace = 5 * time.Second

// attempts bounds the starts that are tried while ports are taken.
const attempts = 3

// deathDelay bounds the time from the break of a node's connections until its end is known.
const deathDelay = 300 * time.Millisecond

// Config says how and where a network runs.
type Config struct {
	// Binaries are the daemons, of the release that the topology names if it does. If they are zero, Start takes those of
	// daemons.Ensure, which builds them if need be.
	Binaries daemons.Binaries
	// Executable is the program that serves chaincodes and acts as external builder: one whose main calls
	// Dispatch. Empty: this one.
	Executable string
	// Dir is the run folder: keys, ledgers, settings. Start makes it, or takes one that is empty or that a network
	// has left, whose content goes, and Close leaves it. Empty: a folder among the system's temporary files (os.TempDir) that Close removes, or a process
	// that outlives this one if it is killed.
	Dir string
	// Logs is a folder for the nodes' logs, which stay whatever happens. Empty: in the run folder, with which they go.
	Logs string
	// Held networks serve other tools: List finds them, and Down may end their process. A network that its
	// own process measures is none.
	Held bool
	// OneWayTLS has peers and orderers take clients without a TLS certificate, for tools that can show none: Caliper's
	// connector to the gateway service refuses mutual TLS.
	OneWayTLS bool
	// Progress gets a line per stage; it may be nil.
	Progress io.Writer

	// Slowed and Filled are names of nodes that Slow and Fill will be asked of: they get a control group, or a file system of
	// their own for their data, before they start.
	Slowed, Filled []string

	// Joining are organisations that will join: Watched has their nodes from the start.
	Joining []string

	// FirstPort is the first of the nodes' consecutive ports: three for each orderer (address, channel participation,
	// operations), three for each peer (address, chaincodes, operations), one for each chaincode. 0: any that are free.
	FirstPort int
	// Emulate has nodes run at their sites also where nothing lies between these, so that links can be changed.
	Emulate bool
	// Seed is that of losses and jitter between sites.
	Seed uint64

	ports    func(n int) ([]int, error) // free loopback ports; nil: by FirstPort
	patience time.Duration              // with the users' own chaincodes; 0: patience

	emulation *wan.Emulation // of its distances, once it runs
}

// Network is a running network. Its methods are safe for use by many goroutines.
type Network struct {
	observed
	config    Config
	plan      *plan
	begin     time.Time // once the users' own chaincodes are built
	ready     time.Duration
	folder    folder
	failed    bool // to start: nothing stays
	died      chan error
	lock      *os.File        // the record, held
	reaper    *process.Reaper // of a temporary run folder
	emulation *wan.Emulation  // of the distances between sites; nil: there are none
	forwarder *forwarder      // nil: other programs reach the nodes themselves, or not at all
	watchers  sync.WaitGroup
	ending    chan struct{} // closed once all nodes have ended
	closing   sync.Once
	closed    error

	mu       sync.Mutex          // held by who starts or ends a node, and guards what follows
	children []*child            // in the order of Nodes, and others behind
	over     bool                // Close was called: nothing starts any more
	own      [][sha256.Size]byte // see Sent
}

// Start brings up a network and returns once every peer's gateway answers for every chaincode. ctx bounds the
// start, not the network's life. If it fails, nothing is left running and no run folder remains, but an empty
// one that was there before.
func Start(ctx context.Context, t topology.Topology, cfg Config) (*Network, error) {
	cfg, err := complete(ctx, t, cfg)
	for attempt := 1; err == nil; attempt++ {
		var n *Network
		if n, err = start(ctx, t, cfg); err == nil {
			return n, nil
		}
		// Between the choice of a free port and its use others may take it, above all another network that
		// starts at the same time.
		if _, ok := errors.AsType[portError](err); ok && attempt < attempts {
			fmt.Fprintln(cfg.Progress, err)
			err = nil
		}
	}
	return nil, fmt.Errorf("start network %s: %w", t.Name, err)
}

// complete fills in the defaults of a Config.
func complete(ctx context.Context, t topology.Topology, cfg Config) (Config, error) {
	err := refuseChild(os.Args)
	cfg.Progress = cmp.Or(cfg.Progress, io.Discard)
	switch {
	case cfg.ports != nil:
	case cfg.FirstPort == 0:
		cfg.ports = process.FreePorts
	default:
		cfg.ports = func(n int) ([]int, error) { return process.PortsFrom(cfg.FirstPort, n) }
	}
	if err == nil && cfg.Binaries == (daemons.Binaries{}) {
		cfg.Binaries, err = daemons.Ensure(ctx, daemons.Config{Release: t.Fabric, Progress: cfg.Progress})
	}
	if err == nil {
		err = CheckRelease(t, cfg.Binaries.Version)
	}
	if note := ReleaseNote(cfg.Binaries.Version); err == nil && note != "" {
		fmt.Fprintln(cfg.Progress, note)
	}
	if err == nil && strings.Contains(cfg.Binaries.ConfigDir, "$") {
		err = fmt.Errorf("the folder of Fabric's settings, %s, has a $ in its path, which Fabric takes for a variable; "+
			"set XDG_CACHE_HOME to a folder without", cfg.Binaries.ConfigDir)
	}
	if err == nil && cfg.Executable == "" {
		if cfg.Executable, err = os.Executable(); err != nil {
			err = fmt.Errorf("find this program: %w", err)
		}
	}
	return cfg, err
}

func start(ctx context.Context, t topology.Topology, cfg Config) (*Network, error) {
	if err := errors.Join(CheckCaps(t), checkActs(cfg)); err != nil {
		return nil, err
	}
	if err := checkLoopback(net.Interfaces()); err != nil {
		return nil, err
	}
	sweep(cfg.Progress)
	n := &Network{config: cfg, ending: make(chan struct{})}
	if err := n.makeFolders(t, cfg); err != nil {
		return nil, err
	}
	if err := n.bringUp(ctx, t, cfg); err != nil {
		n.failed = true
		err = describe(err, n.Dir, n.Logs, cfg.Logs != "")
		return nil, errors.Join(err, n.Close())
	}
	n.ready = time.Since(n.begin)
	fmt.Fprintf(cfg.Progress, "network %s is ready after %.1f s\n", t.Name, n.ready.Seconds())
	return n, nil
}

// sweep removes what killed processes have left: run folders and control groups. What resists, such as a
// folder on which something is mounted, is reported and keeps no network from starting.
func sweep(progress io.Writer) {
	_, err := process.Sweep(os.TempDir())
	for _, err := range []error{err, cgroup.Sweep(process.Abandoned)} {
		if err != nil {
			fmt.Fprintln(progress, "cannot remove leftovers of a killed process:", err)
		}
	}
}

// makeFolders makes the run folder and that of the logs.
func (n *Network) makeFolders(t topology.Topology, cfg Config) error {
	var err error
	if n.folder, err = openFolder(cfg.Dir, t.Name); err != nil {
		return err
	}
	n.Dir = n.folder.path
	if n.folder.temporary { // before there are keys
		if n.reaper, err = process.StartReaper(cfg.Executable, n.Dir); err != nil {
			n.failed = true
			return errors.Join(err, n.Close())
		}
	}
	n.Logs = cfg.Logs
	if cfg.Logs == "" {
		n.Logs = filepath.Join(n.Dir, logsDir)
	}
	if n.Logs, err = filepath.Abs(n.Logs); err == nil {
		err = os.MkdirAll(n.Logs, 0o755)
	}
	if err != nil {
		n.failed = true
		return errors.Join(fmt.Errorf("make folder for logs: %w", err), n.Close())
	}
	return nil
}

func (n *Network) bringUp(ctx context.Context, t topology.Topology, cfg Config) error {
	begin := time.Now()
	if t.Apart() || cfg.Emulate {
		if err := n.emulate(ctx, t, cfg); err != nil {
			return err
		}
		cfg.emulation = n.emulation
		n.config = cfg
	}
	emulated := time.Since(begin)
	plan, err := newPlan(t, n.Dir, cfg)
	if err != nil {
		return err
	}
	if err := plan.build(ctx, cfg.Progress); err != nil {
		return err
	}
	n.begin = time.Now().Add(-emulated)
	if err := plan.prepare(cfg.Executable); err != nil {
		return err
	}
	fmt.Fprintf(cfg.Progress, "starting network %s: %d peers, %d orderers, %d chaincodes\n",
		t.Name, len(plan.peers), len(plan.orderers), len(plan.services))

	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errLate)
	defer cancel()
	ctx, abort := context.WithCancelCause(ctx)
	defer abort(nil)
	if err := n.launch(plan, abort); err != nil {
		return err
	}
	b, err := newBringUp(plan)
	defer b.close()
	if err != nil {
		return err
	}
	if err := b.run(ctx); err != nil {
		// The death of a node explains what else failed, but shows a moment after the connections to it broke.
		select {
		case <-ctx.Done():
			return because(context.Cause(ctx), err)
		case <-time.After(deathDelay):
			return err
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	// Only now do the CPU quotas come into force: a bring-up on a tenth of a processor would take minutes.
	for _, c := range n.all() {
		if err := c.enforce(); err != nil {
			return named(c.Name, err)
		}
	}
	if n.emulation != nil { // likewise the distances
		if err := n.emulation.Enforce(); err != nil {
			return err
		}
	}
	n.plan = plan
	n.fill(plan, cfg)
	if err := n.writeProfiles(); err != nil {
		return err
	}
	if n.lock, err = n.write(); err == nil && cfg.Held {
		err = n.folder.point(t.Name)
	}
	return err
}

// Close stops every node and waits for it, then removes the run folder unless the caller has named it. It may
// be called again.
func (n *Network) Close() error {
	n.closing.Do(func() {
		n.mu.Lock()
		n.over = true // nothing starts any more
		n.mu.Unlock()
		var stopping sync.WaitGroup
		for _, c := range n.children {
			stopping.Go(c.stop)
		}
		stopping.Wait()
		close(n.ending)
		n.watchers.Wait()
		err := n.forwarder.close()
		if n.emulation != nil {
			err = errors.Join(err, n.emulation.Close())
		}
		for _, c := range n.children {
			err = errors.Join(err, c.close())
		}
		err = errors.Join(err, n.folder.close(n.failed))
		if n.lock != nil {
			err = errors.Join(err, n.lock.Close())
		}
		if n.reaper != nil {
			n.reaper.Close()
		}
		if err != nil {
			n.closed = fmt.Errorf("close network: %w", err)
		}
	})
	return n.closed
}

// Died delivers a *NodeEnd for each node that ends without having been killed. It names the node, its exit status and the last
// lines of its log.
func (n *Network) Died() <-chan error { return n.died }

// Issue has the authority of an organisation issue a client's identity beside that of its user, as whoever holds the
// authority's key can.
func (n *Network) Issue(organisation, name string) (client.Identity, error) {
	o := n.plan.organisations[organisation]
	if o == nil {
		return client.Identity{}, fmt.Errorf("network %s has no organisation %s", n.Topology.Name, organisation)
	}
	c, err := o.CA.Identity(name, fabric.RoleClient)
	return client.Identity{MSP: o.MSP, CertPEM: c.Cert, KeyPEM: c.Key}, err
}

// Ready returns how long the start took, from daemons that were built to an answer through every peer's
// gateway for every chaincode.
func (n *Network) Ready() time.Duration { return n.ready }
