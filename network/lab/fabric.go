package lab

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/study"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
	"meterbench/network"
	"meterbench/network/client"
	"meterbench/network/fabric/daemons"
	"meterbench/simulators/fe"
	"meterbench/simulators/reading"
)

// A fabricLab is a study's Lab on a Fabric network of our own.
type fabricLab struct {
	Plan
	binaries daemons.Binaries
	logs     string
	tables   *fe.Tables // of discrete logarithms, for all sessions
}

// FE implements study.Lab.
func (l *fabricLab) FE(ctx context.Context, spec scenario.FE, working func(string)) ([]result.FECost, error) {
	return MeasureFE(ctx, spec, l.Scenario.Seed, working)
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
	site := &fabricSite{lab: l, topology: t, net: net, begin: begin}
	if site.device, err = startDevice(t.Caps.Device, net.Record().Logs, net.Died()); err == nil {
		err = site.connect(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, site.Close())
	}
	return site, nil
}

// A fabricSite is a network that is up, with a client connected to each channel
// that has the contract.
type fabricSite struct {
	lab         *fabricLab
	topology    topology.Topology
	net         *network.Network
	device      cappedDevice
	channels    []network.Channel // those that are measured
	clients     client.Channels   // connected to them
	sampler     *proc.Sampler
	begin       time.Time
	committed   sync.Once
	firstCommit time.Duration
	fleets      fleets
	setUp       []uint64      // by channel: blocks below this number hold set-up only
	turns       chan struct{} // of transactions of the set-up: as many as no peer turns away
}

func (s *fabricSite) connect(ctx context.Context) (err error) {
	for _, channel := range s.net.Record().Channels {
		if len(channel.Chaincodes) == 0 {
			continue
		}
		connected, err := s.net.Client(ctx, channel.Name, reading.ContractName)
		if err != nil {
			return err
		}
		s.channels, s.clients = append(s.channels, channel), append(s.clients, connected)
	}
	// All channels may have their gateway, and endorser, at one peer.
	s.turns = make(chan struct{}, max(1, min(s.topology.Limits.Gateway, s.topology.Limits.Endorser/2)))
	s.fleets = fleets{seed: s.lab.Scenario.Seed, channels: len(s.channels), commit: s.commit, device: s.device.played(), ledger: readingsLedger{s.clients}, tables: s.lab.tables}
	s.sampler, err = proc.NewSampler(append(s.net.Watched(), s.device.watched()...))
	return err
}

// Facts implements study.Site.
func (s *fabricSite) Facts() study.Facts {
	described, err := json.Marshal(s.topology)
	if err != nil {
		panic(err) // plain data always marshals
	}
	channel, limits := s.topology.Channels[0], s.topology.Limits // all channels are alike
	var observers []string
	for _, c := range s.channels {
		observers = append(observers, c.Peers[0]) // whose blocks the client watches
	}
	return study.Facts{
		Target: "fabric", Topology: s.topology.Name, TopologyJSON: described,
		Fabric:       strings.TrimPrefix(s.lab.binaries.Version, "v"),
		BatchTimeout: channel.Batch.Timeout, Messages: channel.Batch.Messages,
		Policy: channel.Chaincodes[0].Endorsement, Limits: limits, Caps: s.topology.Caps,
		Channels: len(s.channels), Observers: observers,
		Bringup:  &result.Bringup{Ready: s.net.Ready().Seconds(), FirstCommit: s.firstCommit.Seconds()},
		Versions: map[string]string{"fabric": s.lab.binaries.Version},
	}
}

// Target implements study.Site.
func (s *fabricSite) Target() bench.Target { return s.clients }

// Sample implements study.Site.
func (s *fabricSite) Sample() (proc.Snapshot, error) { return s.sampler.Sample() }

// Ledger implements study.Site.
func (s *fabricSite) Ledger(ctx context.Context) iter.Seq2[bench.Entry, error] {
	return func(yield func(bench.Entry, error) bool) {
		for e, err := range s.clients.Ledger(ctx) {
			if err == nil && e.Block < s.setUp[e.Channel] {
				continue
			}
			if !yield(e, err) {
				return
			}
		}
	}
}

// counts is about how many queries count what the meters of a fleet have
// stored on a channel: one query would take longer than a chaincode may.
const counts = 500

// Stored implements study.Site. What was there before the load does not count.
func (s *fabricSite) Stored(ctx context.Context) (uint64, error) {
	var total uint64
	for _, fleet := range s.fleets.known {
		meters := fleet.Config().Meters
		step := (meters + counts - 1) / counts
		for from := 0; from < meters; from += step {
			first, last := fleet.ID(from), fleet.ID(min(from+step, meters)-1)
			for _, channel := range s.clients {
				answer, err := channel.Evaluate(ctx, reading.FnCount, []byte(first), []byte(last))
				if err != nil {
					return 0, fmt.Errorf("meters %s to %s: %w", first, last, err)
				}
				n, err := strconv.ParseUint(string(answer), 10, 64)
				if err != nil {
					return 0, fmt.Errorf("meters %s to %s: the contract answered %q: %w", first, last, answer, err)
				}
				total += n
			}
		}
	}
	return total - s.fleets.stocked, nil
}

// Evaluate implements study.Evaluator.
func (s *fabricSite) Evaluate(ctx context.Context) (uint64, error) { return s.fleets.evaluate(ctx) }

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

// lines is a writer that hands whole lines to working.
func lines(working func(string)) io.Writer { return lineWriter{working} }

type lineWriter struct{ working func(string) }

func (w lineWriter) Write(text []byte) (int, error) {
	for _, line := range slices.Collect(strings.SplitSeq(strings.TrimRight(string(text), "\n"), "\n")) {
		w.working(line)
	}
	return len(text), nil
}
