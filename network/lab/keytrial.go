package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
	"meterbench/network/ca"
	"meterbench/network/ca/attack"
	"meterbench/network/fabric/daemons"
	"meterbench/simulators/pki"
	"meterbench/workloads/adversary"
)

// The trial of attacks on meters' keys.
const (
	keyTopology = "four-peer"           // two organisations with two peers each, as the publication has them
	keyTimer    = 10 * time.Millisecond // so that attempts do not wait for blocks
	keyRefresh  = time.Second           // of the OCSP responder, so that they do not wait for it either

	// answersCount is longer than a responder's last answers count that gets no more CRLs.
	answersCount = 2*keyRefresh + time.Second

	outageAttempts = 3 // of each operation
)

// keySite is a network with the contracts for keys and certification authorities beside it.
type keySite struct {
	network     *network.Network
	authorities []*ca.Authority // one whose responder is stopped, one that is stopped itself, one that nobody trusts
	issuer      result.Issuer
	parties     *parties
}

// tryKeys has adversaries try to forge, steal and replay meters' keys on a ledger and at a certification authority, and then
// tries what still works while processes of either are down. Both go on at the same time: one waits for blocks, the other one
// for secrets to be hashed.
func tryKeys(ctx context.Context, cfg TrialConfig) (_ *result.Integrity, err error) {
	s := &keySite{}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.start(ctx, cfg); err != nil {
		return nil, err
	}
	cfg.Working("attacks on keys on the ledger and at the certification authority")
	var ledger, authority result.Integrity
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.tryLedger(ctx, cfg, &ledger) })
	group.Go(func() error { return s.tryCA(ctx, cfg, &authority) })
	err = group.Wait()
	return &result.Integrity{
		Probes: slices.Concat(ledger.Probes, authority.Probes), Outages: slices.Concat(ledger.Outages, authority.Outages), Issuer: s.issuer,
	}, err
}

// keyNetwork returns the topology. A majority endorses, which of two organisations is both.
func keyNetwork() (topology.Topology, error) {
	t, err := topology.Load(keyTopology)
	if err != nil {
		return t, err
	}
	t.Channels[0].Batch.Timeout = keyTimer
	t.Channels[0].Chaincodes = nil
	for _, name := range []string{pki.ContractName, pki.PublishedName} {
		t.Channels[0].Chaincodes = append(t.Channels[0].Chaincodes, topology.Chaincode{Name: name, Endorsement: topology.Majority})
	}
	return t, nil
}

// issuing returns how meters' certificates are issued: by fabric-ca, or where it cannot be built for want of a compiler, in
// this process.
func issuing(cfg TrialConfig) (ca.Config, result.Issuer, error) {
	server, err := cfg.CA()
	if none, ok := errors.AsType[daemons.NoCompilerError](err); ok {
		cfg.Working(fmt.Sprintf("certificates are issued in this process: %v", none))
		return ca.Config{Issuer: ca.InProcess}, result.IssuerInProcess, nil
	}
	return ca.Config{Issuer: ca.FabricCA, Server: server, Refresh: keyRefresh}, result.IssuerFabricCA, err
}

// start brings the network and the authorities up.
func (s *keySite) start(ctx context.Context, cfg TrialConfig) error {
	t, err := keyNetwork()
	if err != nil {
		return err
	}
	var issuer ca.Config
	if issuer, s.issuer, err = issuing(cfg); err != nil {
		return err
	}
	configs := []ca.Config{issuer, issuer, {Issuer: ca.InProcess}}
	s.authorities = make([]*ca.Authority, len(configs))
	group, starting := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		s.network, err = network.Start(starting, t, network.Config{Binaries: cfg.Binaries, Logs: cfg.logs(), Progress: lines(cfg.Working)})
		return err
	})
	for i, c := range configs {
		group.Go(func() (err error) {
			s.authorities[i], err = ca.Start(starting, c)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	s.parties, err = meet(ctx, s.network)
	return err
}

func (s *keySite) close() (err error) {
	if s.parties != nil {
		err = s.parties.close()
	}
	for _, a := range s.authorities {
		if a != nil {
			err = errors.Join(err, a.Close())
		}
	}
	if s.network != nil {
		err = errors.Join(err, s.network.Close())
	}
	return err
}

func (s *keySite) keysConfig(cfg TrialConfig, prefix string, attempts int) adversary.KeysConfig {
	organisations := s.network.Topology.Organisations
	return adversary.KeysConfig{
		Channel: s.network.Channels[0].Name, Seed: cfg.Seed, Attempts: attempts, Prefix: prefix, Start: fleetStart,
		Owner: organisations[0].MSP(), Other: organisations[1].MSP(), As: s.parties.callers,
	}
}

// tryLedger makes the attempts on the contracts, and kills a peer of the owner, then the ordering service.
func (s *keySite) tryLedger(ctx context.Context, cfg TrialConfig, report *result.Integrity) error {
	tried, err := adversary.ProbeKeys(ctx, s.keysConfig(cfg, "probe", integrityAttempts))
	if report.Probes = tried.Probes; err != nil {
		return err
	}
	tried, err = adversary.ProbePublished(ctx, adversary.PublishedConfig{
		Seed: cfg.Seed, Attempts: integrityAttempts, Prefix: "probe", Owner: s.parties.owner, Other: s.parties.other,
	})
	if report.Probes = append(report.Probes, tried.Probes...); err != nil {
		return err
	}
	t := s.network.Topology
	victims := []network.Node{s.last(result.RolePeer, t.Organisations[0].Name), s.last(result.RoleOrderer, t.Orderers.Owner(t.Orderers.Count-1))}
	o, err := adversary.NewKeyOutages(ctx, s.keysConfig(cfg, "outage", outageAttempts), 1+len(victims))
	if err != nil {
		return err
	}
	report.Outages = o.Try(ctx, "")
	var down []string
	for _, victim := range victims {
		if err := kill(ctx, victim.PID); err != nil {
			return fmt.Errorf("stop %s: %w", victim.Name, err)
		}
		s.parties.forget(victim.Name)
		down = append(down, victim.Name)
		report.Outages = append(report.Outages, o.Try(ctx, victim.Role, slices.Clone(down)...)...)
	}
	return nil
}

// last returns the last node of an organisation in a role.
func (s *keySite) last(role result.Role, organisation string) (found network.Node) {
	for _, n := range s.network.Nodes {
		if n.Role == role && n.Organisation == organisation {
			found = n
		}
	}
	return found
}

// tryCA makes the attempts on a certification authority, and kills the responder of that one and the server of another. The
// in-process issuer has no processes.
func (s *keySite) tryCA(ctx context.Context, cfg TrialConfig, report *result.Integrity) error {
	tried, err := attack.Probe(ctx, attack.Config{
		Authority: s.authorities[0], Foreign: s.authorities[2], Seed: cfg.Seed, Attempts: integrityAttempts, Prefix: "probe",
	})
	if report.Probes = tried.Probes; err != nil {
		return err
	}
	for i, role := range []result.Role{result.RoleResponder, result.RoleCA} {
		authority := s.authorities[i]
		o, err := attack.NewOutages(ctx, attack.Config{Authority: authority, Seed: cfg.Seed, Attempts: outageAttempts, Prefix: "outage"}, 2-i)
		if err != nil {
			return err
		}
		if i == 0 {
			report.Outages = o.Try(ctx, "")
		}
		for _, n := range authority.Nodes() {
			if n.Role != role {
				continue
			}
			if err := kill(ctx, n.PID); err != nil {
				return fmt.Errorf("stop %s: %w", n.Name, err)
			}
			report.Outages = append(report.Outages, o.Try(ctx, role, n.Name)...)
			if role == result.RoleCA {
				report.Outages = append(report.Outages, o.TryLater(ctx, answersCount, role, n.Name)...)
			}
		}
	}
	return nil
}

// kill ends a child at once and returns when it is gone.
func kill(ctx context.Context, pid int) error {
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return err
	}
	for syscall.Kill(pid, 0) == nil {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}
