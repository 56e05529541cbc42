package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"meterbench/bench"
	ledgers "meterbench/bench/ledger"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/internal/proc"
	"meterbench/internal/sockets"
	"meterbench/network"
	"meterbench/network/client"
	"meterbench/simulators/fe"
	"meterbench/workloads"
)

// An attachedLab is a study's Lab on a network that others run.
type attachedLab struct {
	authorityPlan
	logs    string
	tables  *fe.Tables // of discrete logarithms
	before  leftThere  // by sites that are closed
	ledgers *ledgers.Switch
}

func newAttachedLab(p Plan, dir string, with Programs) (study.Lab, error) {
	beside, err := p.authorityPlan(with)
	if err != nil {
		return nil, err
	}
	tables, err := fe.NewTables(fe.DefaultTableConfig())
	return &attachedLab{authorityPlan: beside, tables: tables, logs: filepath.Join(dir, study.LogsFolder), ledgers: with.Ledgers}, err
}

// Start implements study.Lab.
func (l *attachedLab) Start(ctx context.Context, session study.Session, working func(string)) (study.Site, error) {
	if d := l.attached.Deploy; d != nil {
		d.Logs = l.logs
		working("deploy " + d.Name)
	}
	attached, err := network.Attach(ctx, l.attached.Attachment)
	if err != nil {
		return nil, l.refuse(err)
	}
	site := &attachedSite{lab: l, net: attached, ledger: ledger{begin: time.Now()}, incidents: make(chan result.Incident)}
	site.shown = show(l.ledgers, site.explorer, working)
	logs := logsOf(l.logs, session)
	if site.device, err = startDevice(session.Network.Caps.Device, logs); err == nil {
		site.authorities, err = l.start(ctx, logs)
	}
	if err == nil {
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

// refuse puts what keeps from attaching where the scenario says it.
func (l *attachedLab) refuse(err error) error {
	e, ok := errors.AsType[*network.AttachError](err)
	if !ok {
		return err
	}
	key := map[network.AttachPart]string{
		network.AttachGateway: "gateways", network.AttachIdentity: "identities", network.AttachChannel: "channel", network.AttachContract: "contracts",
		network.AttachOperations: "operations", network.AttachLog: "logs", network.AttachDeploy: "deploy",
		network.AttachOrderers: "profile",
	}[e.Part]
	t := l.Scenario.Target.Options.(*AttachedTarget)
	if e.Part == network.AttachContract && t.Contracts[e.Name] == "" {
		if at, ok := l.calling(e.Name); ok {
			return l.Scenario.Refuse(at.series, at.path+"contract", e.Remedy, "%s", e.Reason)
		}
	}
	switch {
	case e.Part == network.AttachGateway && len(t.Gateways) == 0:
		key = "profile"
	case e.Part == network.AttachIdentity && len(t.Identities) > 0:
		key += fmt.Sprintf("[%d]", e.Index)
	case e.Part == network.AttachContract && t.Contracts[e.Name] != "":
		key += "." + e.Name
	}
	return l.Scenario.Refuse(scenario.Series{}, "target."+key, e.Remedy, "%s", e.Reason)
}

// An attachedSite is a network that others run, while it is measured.
type attachedSite struct {
	ledger
	lab    *attachedLab
	device cappedDevice
	authorities
	net       *network.Attached
	sampler   *proc.Sampler
	local     map[string]bool // nodes on this host whose metrics are read
	prepared  bool            // a series is, so that what stays on the ledger is known
	first     uint64          // number of the block that came next when the run began
	committed bool            // logs tell of blocks that are committed, as far as is known
	cut       bool            // and of when they were cut
	incidents chan result.Incident
	unwatch   context.CancelFunc // nil: nothing is watched yet
	shown     showcase
}

func (s *attachedSite) connect(ctx context.Context) error {
	connected, err := s.net.Client(ctx)
	if err != nil {
		return err
	}
	s.channels, s.clients = []string{s.net.Channel}, client.Channels{connected}
	contracts, deployed := map[string]client.Contract{}, map[string]string{}
	for _, of := range s.net.Contracts {
		if contracts[of.Contract], err = s.operated(ctx, connected, of); err != nil {
			return err
		}
		deployed[of.Contract] = of.Name
	}
	s.contracts = []map[string]client.Contract{contracts}
	if err := s.checkDrivers(ctx, s.lab.Scenario); err != nil {
		return s.lab.refuse(&network.AttachError{Part: network.AttachContract, Reason: "client: direct cannot be used: " + client.Said(err),
			Remedy: "start peers of enough organisations with peer.discovery.enabled, and write those into the profile that cannot be reached at the " +
				"address that they tell"})
	}
	s.semaphore = make(chan struct{}, maxInFlight)
	height, err := connected.Height(ctx)
	if err != nil {
		return err
	}
	s.builder = builder{
		commit: s.commit, query: s.query, try: s.try, owner: s.owner, refuse: s.lab.Scenario.Refuse, prefix: prefix(height), deployed: deployed,
		site: workloads.Spec{
			Seed: s.lab.Scenario.Seed, Start: fleetStart, Channels: s.channels, Device: s.device.workloadDevice(), Tables: s.lab.tables, CA: s.authorities.as,
		},
	}
	s.first, s.begun, s.committed = height, []uint64{height}, s.net.Observes()
	s.cut = s.committed && s.net.Cuts()
	s.local = map[string]bool{}
	for _, o := range s.net.Operations {
		s.local[o.Node] = onThisHost(o.URL)
	}
	called, _ := s.net.Called()
	s.sampler, err = proc.NewSampler(slices.Concat(s.device.nodes(), s.authorities.nodes(), called))
	return err
}

// onThisHost reports whether a URL is that of this machine.
func onThisHost(of string) bool {
	u, err := url.Parse(of)
	if err != nil {
		return false
	}
	if u.Hostname() == "localhost" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	own, _ := net.InterfaceAddrs() // without them, loopback still is
	return ip.IsLoopback() || slices.ContainsFunc(own, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}

// Sample implements study.Site: the client, the host, and what the metrics of the nodes tell.
func (s *attachedSite) Sample() (proc.Snapshot, error) {
	snap, err := s.sampler.Sample()
	cpu, memory := s.net.Usage(snap.At)
	snap.Elsewhere = map[string]float64{}
	for name, seconds := range cpu {
		if s.local[name] {
			snap.CPU[name] = seconds
		} else {
			snap.Elsewhere[name] = seconds
		}
		snap.RSS[name] = memory[name]
	}
	return snap, err
}

// Others returns the processes of the host that are not the run's.
func (s *attachedSite) Others() proc.Everyone { return s.sampler.Others() }

// Traffic returns what the client and the nodes that it calls have sent each other.
func (s *attachedSite) Traffic() (sockets.Totals, error) { return s.sampler.Traffic() }

// CountAsClient has another process of this machine count as the client.
func (s *attachedSite) CountAsClient(pid int) { s.sampler.CountAsClient(pid) }

// Blocks implements study.Tracer.
func (s *attachedSite) Blocks(since time.Time) ([]result.Block, error) {
	return s.net.Blocks(since, s.clients[0].NextBlock())
}

// NewBlocks implements study.Teller.
func (s *attachedSite) NewBlocks() []study.Block {
	return s.told.tell(s.channels, s.clients, func(_ string, from, height uint64) []result.Block { return s.net.NewBlocks(from, height) })
}

// Counters implements study.Tracer.
func (s *attachedSite) Counters(ctx context.Context) study.Counters {
	return countersOf(s.net.Metrics(ctx))
}

// notSeen returns what the network does not tell.
func (s *attachedSite) notSeen() []result.Aspect {
	peers, orderers := s.net.Watched()
	seen := map[result.Aspect]bool{
		result.AspectProcessors: peers && orderers, result.AspectRefusals: peers,
		result.AspectBlocks: s.committed, result.AspectCuts: s.cut,
		result.AspectRelease: s.net.Fabric != "",
	}
	return slices.DeleteFunc(result.Aspects(), func(a result.Aspect) bool { return seen[a] })
}

// Facts implements study.Site.
func (s *attachedSite) Facts() study.Facts {
	described, err := json.Marshal(s.net.Agreed)
	if err != nil {
		panic(err) // plain data always marshals
	}
	agreed := s.net.Agreed
	_, called := s.net.Called()
	return study.Facts{
		Warnings: slices.Concat(s.left(), s.untold(), s.missing()),
		Target:   result.TargetAttached, TopologyJSON: described, Shared: true, NotSeen: s.notSeen(),
		Processes: slices.Concat(s.net.Processes(), called, s.device.processes(), s.authorities.processes()),
		Observers: []study.ObservingPeer{{Peer: s.net.Gateways[0].Name}}, Sites: s.net.Members(),
		Conditions: result.Conditions{
			Topology: s.lab.attached.name, Fabric: strings.TrimPrefix(s.net.Fabric, "v"), Policy: s.policy(), Channels: 1,
			BatchTimeout: agreed.Batch.Timeout.Seconds(), BatchMessages: agreed.Batch.Messages, Caps: s.device.caps(),
		},
	}
}

// hear finds out what the logs tell, once the set-up has committed something.
func (s *attachedSite) hear() {
	if next := s.clients[0].NextBlock(); s.net.Observes() && next > s.first {
		s.committed, s.cut = s.net.Told(next)
	}
}

// untold names the log files of which nothing could be learnt.
func (s *attachedSite) untold() []result.Warning {
	observer := s.net.Gateways[0].Name
	switch {
	case s.net.Observes() && !s.committed:
		return []result.Warning{{Code: result.TargetNote, Text: fmt.Sprintf(
			"%s does not tell of the blocks of %s that peer %s has committed since: is it its log, of a release that is known?",
			s.net.Logs[observer], s.net.Channel, observer,
		)}}
	case s.committed && s.net.Cuts() && !s.cut:
		return []result.Warning{{Code: result.TargetNote, Text: "no log file tells when blocks were cut: one does of an orderer whose consensus debugs"}}
	}
	return nil
}

// missing says which orderers get no transactions, and which nodes tell nothing of themselves.
func (s *attachedSite) missing() (all []result.Warning) {
	for _, o := range s.net.Missing {
		all = append(all, result.Warning{Code: result.TargetNote, Text: "takes no transactions: " + o})
	}
	for _, o := range s.net.Untold {
		all = append(all, result.Warning{Code: result.TargetNote, Text: "not seen: " + o})
	}
	return all
}

// Series implements study.Site. What has been put on the ledger is said also where the set-up fails.
func (s *attachedSite) Series(ctx context.Context, one scenario.Series, need study.Need, working func(string)) (bench.Workload, result.Preparation, error) {
	s.prepared = true
	workload, prepared, err := s.ledger.Series(ctx, one, need, working)
	s.hear()
	if left := s.left(); err != nil && left != nil {
		err = fmt.Errorf("%w; %s", err, left[0].Text)
	}
	return workload, prepared, err
}

// policy returns who must endorse the contracts, where they are alike.
func (s *attachedSite) policy() (of string) {
	for i, c := range s.net.Contracts {
		d, _ := s.net.Definition(c.Name)
		if i > 0 && d.Endorsement != of {
			return ""
		}
		of = d.Endorsement
	}
	return of
}

// Incidents implements study.Site: of processes that are not ours, nothing is seen but whether they answer, and that no block
// comes.
func (s *attachedSite) Incidents() <-chan result.Incident { return s.incidents }

// Calls returns how many requests the clients have sent.
func (s *attachedSite) Calls() map[result.Call]uint64 {
	return s.authorities.addCalls(s.ledger.Calls())
}

// Close implements study.Site.
func (s *attachedSite) Close() error {
	if s.unwatch != nil {
		s.unwatch()
	}
	s.lab.before = s.there()
	failed := s.shown.close()
	s.net.Close()
	return errors.Join(failed, s.sampler.Close(), s.clients.Close(), s.device.close(), s.authorities.close())
}

var (
	_ study.Site   = (*attachedSite)(nil)
	_ study.Tracer = (*attachedSite)(nil)
	_ study.Teller = (*attachedSite)(nil)
	_ study.Teller = (*fabricSite)(nil)
)
