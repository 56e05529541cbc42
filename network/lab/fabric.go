package lab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"meterbench/bench/bottleneck"
	ledgers "meterbench/bench/ledger"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/network"
	"meterbench/network/client"
	"meterbench/network/fabric/daemons"
	"meterbench/network/wan"
	"meterbench/simulators/device"
	"meterbench/simulators/fe"
	"meterbench/workloads"
)

// A fabricNetwork is a Fabric network that is up, as a laboratory measures it: one of its own, or one that another
// process holds. Close ends what was begun to measure it.
type fabricNetwork interface {
	Client(ctx context.Context, channel, chaincode string) (*client.Client, error)
	Watched() []proc.Node
	Blocks(channel string, since time.Time, height uint64) ([]result.Block, error)
	NewBlocks(channel string, from, height uint64) ([]result.Block, error)
	Metrics(ctx context.Context) (map[string]network.Metrics, network.Silent)
	Leaders(ctx context.Context) ([]result.Leader, error)
	BlockSources() ([]result.BlockSource, error)
	Died() <-chan error
	WatchHealth(ctx context.Context, hangs chan<- network.Hang)
	Distances(ctx context.Context) ([]wan.RoundTrip, error)
	Close() error
}

// A fabricLab is a study's Lab on Fabric networks.
type fabricLab struct {
	authorityPlan
	binaries map[string]daemons.Binaries // of networks of its own, by release as their topologies name it
	logs     string
	tables   *fe.Tables // of discrete logarithms, for all sessions
	ledgers  *ledgers.Switch
}

func newFabricLab(p Plan, dir string, with Programs) (study.Lab, error) {
	binaries := map[string]daemons.Binaries{}
	var err error
	for _, t := range p.Own() {
		if binaries[t.Fabric], err = with.Daemons(t.Fabric); err != nil {
			return nil, err
		}
	}
	tables, err := fe.NewTables(fe.DefaultTableConfig())
	if err != nil {
		return nil, err
	}
	beside, err := p.authorityPlan(with)
	if err != nil {
		return nil, err
	}
	logs, err := filepath.Abs(filepath.Join(dir, study.LogsFolder))
	return &fabricLab{authorityPlan: beside, binaries: binaries, logs: logs, tables: tables, ledgers: with.Ledgers}, err
}

// Start implements study.Lab.
func (l *fabricLab) Start(ctx context.Context, session study.Session, working func(string)) (study.Site, error) {
	logs := logsOf(l.logs, session)
	if !l.usesLedger(session.Network) {
		return l.startAlone(ctx, logs, l.topologies[session.Network])
	}
	site := &fabricSite{lab: l, network: session.Network, topology: l.topologies[session.Network], incidents: make(chan result.Incident)}
	var err error
	if site.authorities, err = l.start(ctx, logs); err != nil {
		return nil, err
	}
	site.begin = time.Now()
	if err = site.open(ctx, logs, session.Events, working); err != nil {
		return nil, errors.Join(l.locateChaincode(session.Network, err), site.authorities.close())
	}
	site.shown = show(l.ledgers, site.explorer, working)
	if site.device, err = startDevice(site.topology.Caps.Device, logs); err == nil {
		err = site.connect(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, site.Close())
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	site.unwatch = stop
	site.watch(watching)
	return site, nil
}

// logsOf returns the folder for the logs of a session, below that of the run.
func logsOf(logs string, session study.Session) string {
	if session.Of > 1 {
		return filepath.Join(logs, fmt.Sprintf("network-%d", session.Number))
	}
	return logs
}

// open brings a network up, or takes the one that is held.
func (s *fabricSite) open(ctx context.Context, logs string, events []scenario.Event, working func(string)) error {
	if held := s.lab.held; held != nil {
		guest, err := held.Measure(logs)
		if err == nil {
			s.net, s.record = guest, &guest.Record
		}
		return err
	}
	cfg := network.Config{Binaries: s.lab.binaries[s.topology.Fabric], Logs: logs, Progress: lines(working), Seed: s.lab.Scenario.Seed}
	prepare(&cfg, s.topology, events)
	own, err := network.Start(ctx, s.topology, cfg)
	if err == nil {
		s.net, s.record, s.ready = own, &own.Record, own.Ready()
		s.begin = time.Now().Add(-s.ready) // the programs of chaincodes are built before
	}
	return err
}

// A fabricSite is a network that is up.
type fabricSite struct {
	ledger
	lab      *fabricLab
	network  scenario.Network
	topology topology.Topology
	net      fabricNetwork
	record   *network.Record
	ready    time.Duration // how long the start of a network of our own took
	device   cappedDevice
	authorities
	measured []network.Channel // those with a contract that is measured
	*proc.Sampler
	incidents chan result.Incident
	blamed    sync.Map           // of chaincodes of the user's that ended, the *network.ChaincodeError, by process
	unwatch   context.CancelFunc // nil: they are not watched yet
	disturbed atomic.Bool        // something that harms was done to the network on purpose
	shown     showcase
}

func (s *fabricSite) connect(ctx context.Context) (err error) {
	used := s.topology.With(s.lab.contracts()...)
	for _, channel := range s.record.Channels {
		if !slices.ContainsFunc(used, func(c topology.Channel) bool { return c.Name == channel.Name }) {
			continue
		}
		connected, err := s.net.Client(ctx, channel.Name, channel.Chaincodes[0].Name)
		if err != nil {
			return err
		}
		if err = s.stand(ctx, channel, connected); err == nil {
			err = s.add(channel, connected)
		}
		if err != nil {
			return errors.Join(err, connected.Close())
		}
		s.measured = append(s.measured, channel)
	}
	if err := s.checkDrivers(ctx, s.lab.Scenario); err != nil {
		return err
	}
	// All channels may have their gateway, and endorser, at one peer.
	s.semaphore = make(chan struct{}, max(1, min(s.topology.Limits.Gateway, s.topology.Limits.Endorser/2)))
	prefix, err := s.prefix(ctx)
	if err != nil {
		return err
	}
	s.builder = builder{
		commit: s.commit, query: s.query, try: s.try, owner: s.owner, refuse: s.lab.Scenario.Refuse, with: s.with, prefix: prefix,
		site: workloads.Spec{
			Seed: s.lab.Scenario.Seed, Start: fleetStart, Channels: s.channels, Device: s.device.workloadDevice(), Tables: s.lab.tables,
			CA: s.authorities.as,
		},
	}
	s.Sampler, err = proc.NewSampler(slices.Concat(s.net.Watched(), s.device.nodes(), s.authorities.nodes()))
	return err
}

// prefix returns what the ids of the site's meters begin with.
func (s *fabricSite) prefix(ctx context.Context) (string, error) {
	if s.lab.held == nil {
		return "", nil
	}
	heights, err := s.clients.Heights(ctx)
	s.begun = heights
	return prefix(heights...), err
}

// Facts implements study.Site.
func (s *fabricSite) Facts() study.Facts {
	described, err := json.Marshal(s.topology)
	if err != nil {
		panic(err) // plain data always marshals
	}
	batch := s.batch()
	var processes []result.Process
	nodes := s.record.Nodes
	if own, ok := s.net.(*network.Network); ok {
		nodes = slices.Concat(nodes, own.Newcomers())
	}
	for _, n := range nodes {
		processes = append(processes, result.Process{Role: n.Role, Name: n.Name})
	}
	processes = slices.Concat(processes, s.device.processes(), s.authorities.processes())
	facts := study.Facts{
		Target: result.TargetFabric, TopologyJSON: described,
		Conditions: result.Conditions{
			Topology: s.topology.Name, Fabric: s.record.Release(),
			BatchTimeout: batch.Timeout.Seconds(), BatchMessages: batch.Messages, Limits: s.topology.Limits, Caps: s.topology.Caps,
			Distance: s.topology.Distance, Leader: s.topology.Orderers.Leader,
		},
		Processes: processes, Observers: s.observers(), Sites: siteNames(s.topology),
		Versions: map[string]string{"fabric": s.record.Fabric},
	}
	if note := network.ReleaseNote(s.record.Fabric); note != "" {
		facts.Warnings = append(facts.Warnings, result.Warning{Code: result.UnknownRelease, Text: note})
	}
	if s.lab.held == nil {
		facts.Bringup = &result.Bringup{Ready: s.ready.Seconds(), FirstCommit: s.first.Seconds()}
		return facts
	}
	facts.Target, facts.Shared = result.TargetHeld, true
	facts.Warnings = append(facts.Warnings, result.Warning{Code: result.TargetNote, Text: fmt.Sprintf(
		"measured on a network that was up since %s, with what was on its ledgers and what others did on it meanwhile",
		s.record.Started.UTC().Format(time.DateTime))})
	return facts
}

// Describe implements study.Describer: series have the policies of their contracts, on the channels that have them.
func (s *fabricSite) Describe(series scenario.Series, c *result.Conditions) {
	var contracts, policies []string
	for _, w := range series.Workloads() {
		contract := contractOf(w)
		if contract == "" {
			continue
		}
		contracts = append(contracts, contract)
		if policy := endorsement(s.topology.With(contract)[0], contract); !slices.Contains(policies, policy) {
			policies = append(policies, policy)
		}
	}
	c.Policy, c.Channels = strings.Join(policies, ", "), len(s.topology.With(contracts...))
}

// batch says when blocks are cut on the channels that are measured, which are alike.
func (s *fabricSite) batch() topology.Batch { return s.topology.With(s.lab.contracts()...)[0].Batch }

// Calls returns how many requests the clients have sent.
func (s *fabricSite) Calls() map[result.Call]uint64 { return s.authorities.addCalls(s.ledger.Calls()) }

// Close implements study.Site.
func (s *fabricSite) Close() error {
	if s.unwatch != nil {
		s.unwatch()
	}
	return errors.Join(s.shown.close(), s.Sampler.Close(), s.clients.Close(), s.device.close(), s.authorities.close(), s.net.Close())
}

// lines is a writer that hands whole lines to a function.
type lines func(string)

func (working lines) Write(text []byte) (int, error) {
	for line := range strings.SplitSeq(strings.TrimRight(string(text), "\n"), "\n") {
		working(line)
	}
	return len(text), nil
}

// Blocks implements study.Tracer.
func (s *fabricSite) Blocks(since time.Time) (all []result.Block, failed error) {
	for i, channel := range s.channels {
		blocks, err := s.net.Blocks(channel, since, s.clients[i].NextBlock())
		failed = cmp.Or(failed, err) // a log that cannot be read fails every channel
		for j := range blocks {
			blocks[j].Channel = uint16(i)
		}
		all = append(all, blocks...)
	}
	return all, failed
}

// NewBlocks implements study.Teller.
func (s *fabricSite) NewBlocks() []study.Block {
	return s.told.tell(s.channels, s.clients, func(channel string, from, height uint64) []result.Block {
		blocks, _ := s.net.NewBlocks(channel, from, height) // what is wrong with the release, Blocks says
		return blocks
	})
}

// Counters implements study.Tracer.
func (s *fabricSite) Counters(ctx context.Context) study.Counters {
	c := countersOf(s.net.Metrics(ctx))
	c.Leaders, _ = s.net.Leaders(ctx)   // who cannot be asked has no metrics either, which is said
	c.Sources, _ = s.net.BlockSources() // of a log that cannot be read the blocks are missing too, which is said
	return c
}

// countersOf returns what nodes count.
func countersOf(nodes map[string]network.Metrics, silent network.Silent) study.Counters {
	c := study.Counters{Nodes: map[string]study.NodeCounters{}, Silent: silent}
	for name, m := range nodes {
		c.Nodes[name] = study.NodeCounters{
			Refused: bottleneck.Refused{Gateway: m.Gateway, Endorser: m.Endorser}, Cuts: m.BlockFill.Count, Open: m.BlockFill.Total,
		}
	}
	return c
}

// A capped device plays the sensors and gateways of a site. The zero value plays none: they are then part of
// the load generator.
type cappedDevice struct{ *device.Device }

// startDevice starts the device of a topology that has a cap for it.
func startDevice(c topology.Cap, logs string) (d cappedDevice, err error) {
	if c == (topology.Cap{}) {
		return d, nil
	}
	if err := os.MkdirAll(logs, 0o755); err != nil {
		return d, err
	}
	d.Device, err = device.Start(device.Config{Cap: c, LogPath: filepath.Join(logs, device.Name+".log"), Tables: fe.DefaultTableConfig()})
	return d, err
}

// ends delivers an error if the device ends unasked, and is nil if there is none.
func (d cappedDevice) ends() <-chan error {
	if d.Device == nil {
		return nil
	}
	return d.Died()
}

// workloadDevice returns the device as workloads take it, nil if there is none.
func (d cappedDevice) workloadDevice() workloads.Device {
	if d.Device == nil {
		return nil
	}
	return d.Device
}

// nodes returns the device as a proc.Sampler takes it, if there is one.
func (d cappedDevice) nodes() []proc.Node {
	if d.Device == nil {
		return nil
	}
	node := proc.Node{Name: device.Name, PID: d.PID()}
	if d.Cap().CPUs > 0 {
		node.Throttle = d.Throttle
	}
	return []proc.Node{node}
}

// processes returns the device as results have it, if there is one.
func (d cappedDevice) processes() []result.Process {
	if d.Device == nil {
		return nil
	}
	return []result.Process{{Role: result.RoleDevice, Name: device.Name}}
}

// caps returns the cap of the device, if there is one.
func (d cappedDevice) caps() topology.Caps {
	if d.Device == nil {
		return topology.Caps{}
	}
	return topology.Caps{Device: d.Cap()}
}

// close ends the device, if there is one.
func (d cappedDevice) close() error {
	if d.Device == nil {
		return nil
	}
	return d.Close()
}
