package lab

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"meterbench/bench/bottleneck"
	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/network"
	"meterbench/network/fabric/daemons"
	"meterbench/simulators/device"
	"meterbench/simulators/fe"
	"meterbench/workloads"
)

// A fabricLab is a study's Lab on a Fabric network of our own.
type fabricLab struct {
	Plan
	binaries daemons.Binaries
	logs     string
	tables   *fe.Tables // of discrete logarithms, for all sessions
}

func newFabricLab(p Plan, dir string, bin func() (daemons.Binaries, error)) (study.Lab, error) {
	binaries, err := bin()
	if err != nil {
		return nil, err
	}
	tables, err := fe.NewTables(fe.DefaultTableConfig())
	if err != nil {
		return nil, err
	}
	return &fabricLab{Plan: p, binaries: binaries, logs: filepath.Join(dir, study.LogsFolder), tables: tables}, nil
}

// Start implements study.Lab.
func (l *fabricLab) Start(ctx context.Context, session study.Session, working func(string)) (study.Site, error) {
	logs := l.logs
	if session.Of > 1 {
		logs = filepath.Join(logs, fmt.Sprintf("network-%d", session.Number))
	}
	begin, t := time.Now(), l.topologies[session.Network]
	net, err := network.Start(ctx, t, network.Config{Binaries: l.binaries, Logs: logs, Progress: lines(working)})
	if err != nil {
		return nil, err
	}
	site := &fabricSite{lab: l, topology: t, net: net, ledger: ledger{begin: begin}}
	if site.device, err = startDevice(t.Caps.Device, net.Logs, net.Died()); err == nil {
		err = site.connect(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, site.Close())
	}
	return site, nil
}

// A fabricSite is a network of our own that is up.
type fabricSite struct {
	ledger
	lab      *fabricLab
	topology topology.Topology
	net      *network.Network
	device   cappedDevice
	measured []network.Channel // those with a contract
	*proc.Sampler
}

func (s *fabricSite) connect(ctx context.Context) (err error) {
	for _, channel := range s.net.Channels {
		if len(channel.Chaincodes) == 0 {
			continue
		}
		connected, err := s.net.Client(ctx, channel.Name, channel.Chaincodes[0].Name)
		if err != nil {
			return err
		}
		if err := s.add(channel, connected); err != nil {
			return errors.Join(err, connected.Close())
		}
		s.measured = append(s.measured, channel)
	}
	// All channels may have their gateway, and endorser, at one peer.
	s.semaphore = make(chan struct{}, max(1, min(s.topology.Limits.Gateway, s.topology.Limits.Endorser/2)))
	s.builder = builder{
		commit: s.commit, query: s.query,
		site: workloads.Spec{
			Seed: s.lab.Scenario.Seed, Start: fleetStart, Channels: s.channels, Device: s.device.workloadDevice(), Tables: s.lab.tables,
		},
	}
	s.Sampler, err = proc.NewSampler(append(s.net.Watched(), s.device.nodes()...))
	return err
}

// Facts implements study.Site.
func (s *fabricSite) Facts() study.Facts {
	described, err := json.Marshal(s.topology)
	if err != nil {
		panic(err) // plain data always marshals
	}
	channel := s.topology.Channels[0] // all channels are alike
	var observers []string
	for _, c := range s.measured {
		observers = append(observers, c.Peers[0]) // whose blocks the client watches
	}
	var processes []result.Process
	for _, n := range s.net.Nodes {
		processes = append(processes, result.Process{Role: n.Role, Name: n.Name})
	}
	if s.device.Device != nil {
		processes = append(processes, result.Process{Role: result.RoleDevice, Name: device.Name})
	}
	return study.Facts{
		Target: result.TargetFabric, TopologyJSON: described,
		Conditions: result.Conditions{
			Topology: s.topology.Name, Fabric: strings.TrimPrefix(s.lab.binaries.Version, "v"),
			BatchTimeout: channel.Batch.Timeout.Seconds(), BatchMessages: channel.Batch.Messages,
			Policy: channel.Chaincodes[0].Endorsement, Limits: s.topology.Limits, Caps: s.topology.Caps, Channels: len(s.channels),
		},
		Processes: processes, Observers: observers,
		Bringup:  &result.Bringup{Ready: s.net.Ready().Seconds(), FirstCommit: s.first.Seconds()},
		Versions: map[string]string{"fabric": s.lab.binaries.Version},
	}
}

// Died implements study.Site.
func (s *fabricSite) Died() <-chan error {
	if s.device.Device != nil {
		return s.device.died
	}
	return s.net.Died()
}

// Close implements study.Site.
func (s *fabricSite) Close() error {
	return errors.Join(s.clients.Close(), s.device.close(), s.net.Close())
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

// Counters implements study.Tracer.
func (s *fabricSite) Counters(ctx context.Context) (study.Counters, error) {
	nodes, err := s.net.Metrics(ctx)
	c := study.Counters{Refused: map[string]bottleneck.Refused{}}
	for name, m := range nodes {
		c.Refused[name] = bottleneck.Refused{Gateway: m.Gateway, Endorser: m.Endorser}
		c.Cuts += m.BlockFill.Count
		c.Open += m.BlockFill.Total
	}
	return c, err
}

// A capped device plays the sensors and gateways of a site. The zero value plays none: they are then part of
// the load generator.
type cappedDevice struct {
	*device.Device
	died   chan error    // the first end, of the device or of a node
	closed chan struct{} // ends the wait for it
}

// startDevice starts the device of a topology that has a cap for it.
func startDevice(c topology.Cap, logs string, nodes <-chan error) (d cappedDevice, err error) {
	if c == (topology.Cap{}) {
		return d, nil
	}
	d = cappedDevice{died: make(chan error, 1), closed: make(chan struct{})}
	if d.Device, err = device.Start(device.Config{
		Cap: c, LogPath: filepath.Join(logs, device.Name+".log"), Tables: fe.DefaultTableConfig(),
	}); err != nil {
		return d, err
	}
	go func() {
		select {
		case err := <-nodes:
			d.died <- err
		case err := <-d.Died():
			d.died <- err
		case <-d.closed:
		}
	}()
	return d, nil
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

// close ends the device, if there is one.
func (d cappedDevice) close() error {
	if d.Device == nil {
		return nil
	}
	close(d.closed)
	return d.Close()
}
