package lab

import (
	"context"
	"crypto"
	"errors"
	"maps"
	"os"
	"slices"
	"sync/atomic"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/proc"
	"meterbench/network"
	"meterbench/network/ca"
	"meterbench/simulators/pki"
	"meterbench/workloads"
)

// An authorityPlan is what the certification authorities beside a site are started with.
type authorityPlan struct {
	Plan
	server string // program of fabric-ca, where it is needed
}

// certifying returns the first place at which a workload has an issuer.
func (p *Plan) certifying(issuer result.Issuer) (_ place, ok bool) {
	for _, series := range p.Scenario.Series {
		for at, w := range series.Workloads() {
			if of, needed := workloads.NeedsCA(w); needed && of == issuer {
				return place{series, at + "."}, true
			}
		}
	}
	return place{}, false
}

// authorityPlan has the program made ready that the plan's certification authorities need.
func (p Plan) authorityPlan(with Programs) (a authorityPlan, err error) {
	a.Plan = p
	if at, needed := p.certifying(result.IssuerFabricCA); needed {
		if a.server, err = with.CA(); err != nil {
			return a, p.Scenario.Refuse(at.series, at.path+"issuer", "", "%v", err)
		}
	}
	return a, nil
}

// authorities are the certification authorities beside a site, by their issuers: those that its workloads need.
type authorities map[result.Issuer]certifier

// start starts the authorities, whose logs go to a folder.
func (p authorityPlan) start(ctx context.Context, logs string) (authorities, error) {
	started := authorities{}
	for _, issuer := range result.Issuers() {
		at, needed := p.certifying(issuer)
		if !needed {
			continue
		}
		c := ca.Config{Issuer: ca.Issuer(issuer), Server: p.server, Logs: logs}
		err := os.MkdirAll(logs, 0o755)
		var authority *ca.Authority
		if err == nil {
			authority, err = ca.Start(ctx, c)
		}
		if err != nil {
			return nil, errors.Join(p.Scenario.Refuse(at.series, at.path+"issuer", "", "%v", err), started.close())
		}
		started[issuer] = certifier{authority, new(atomic.Uint64)}
	}
	return started, nil
}

// nodes returns their processes as a proc.Sampler takes them.
func (a authorities) nodes() (all []proc.Node) {
	for _, issuer := range slices.Sorted(maps.Keys(a)) {
		all = append(all, a[issuer].Watched()...)
	}
	return all
}

// processes returns their processes as results have them.
func (a authorities) processes() (all []result.Process) {
	for _, issuer := range slices.Sorted(maps.Keys(a)) {
		for _, n := range a[issuer].Nodes() {
			all = append(all, result.Process{Role: n.Role, Name: n.Name})
		}
	}
	return all
}

// watch reports what befalls their processes until ctx ends.
func (a authorities) watch(ctx context.Context, ends chan<- ca.End, hangs chan<- network.Hang) {
	for _, authority := range a {
		authority.Watch(ctx, ends)
		for _, n := range authority.Nodes() {
			go network.WatchProcess(ctx, network.Watched{Name: n.Name, Role: n.Role, PID: n.PID}, hangs)
		}
	}
}

// as returns the authority that has an issuer, as workloads use it.
func (a authorities) as(issuer result.Issuer) workloads.CA { return a[issuer] }

// addCalls adds the requests that were sent to them to those of the client.
func (a authorities) addCalls(calls map[result.Call]uint64) map[result.Call]uint64 {
	calls = maps.Clone(calls)
	for _, authority := range a {
		if calls == nil {
			calls = map[result.Call]uint64{}
		}
		calls[result.CallHTTP] += authority.calls.Load()
	}
	return calls
}

// close ends them all.
func (a authorities) close() error {
	var all []error
	for _, authority := range a {
		all = append(all, authority.Close())
	}
	return errors.Join(all...)
}

// A certifier is an authority as workloads use it. It counts requests.
type certifier struct {
	*ca.Authority
	calls *atomic.Uint64
}

func (c certifier) count(t ca.Traffic) { c.calls.Add(uint64(t.Calls)) }

// Enrol implements workloads.CA.
func (c certifier) Enrol(ctx context.Context, meter string, key crypto.Signer) (workloads.Certificate, error) {
	certificate, t, err := c.Authority.Enrol(ctx, meter, key)
	c.count(t)
	return certificate, err
}

// Renew implements workloads.CA.
func (c certifier) Renew(ctx context.Context, of workloads.Certificate, key, next crypto.Signer) (workloads.Certificate, error) {
	certificate, t, err := c.Authority.Renew(ctx, ca.Identity{Certificate: of.(ca.Certificate), Key: key}, next)
	c.count(t)
	return certificate, err
}

// Revoke implements workloads.CA.
func (c certifier) Revoke(ctx context.Context, of workloads.Certificate) error {
	t, err := c.Authority.Revoke(ctx, of.(ca.Certificate).Leaf.SerialNumber, pki.CessationOfOperation)
	c.count(t)
	return err
}

// maxAge is how old a revocation list, or an answer of the responder, may be for a verifier: as long as the list is valid.
const maxAge = 24 * time.Hour

// Verifier implements workloads.CA.
func (c certifier) Verifier(operation result.Operation) workloads.Verifier {
	check := ca.CheckNone
	switch operation {
	case result.OpVerifyCRL:
		check = ca.CheckCRL
	case result.OpVerifyOCSP:
		check = ca.CheckOCSP
	}
	return verifier{&ca.Verifier{Roots: c.Roots(), Check: check, MaxAge: maxAge}, c}
}

// Outcome implements workloads.CA: by the kind of the error.
func (certifier) Outcome(err error) result.Outcome {
	if err == nil {
		return result.Answered
	}
	outcomes := map[ca.Kind]result.Outcome{
		ca.Down: result.CAUnreachable, ca.Untrusted: result.CAUnreachable,
		ca.Late: result.CATimeout,
	}
	if o, ok := outcomes[ca.KindOf(err)]; ok {
		return o
	}
	return result.CARefused // by the authority, or by the verifier: nothing is accepted that is not in order
}

// A verifier is one of certificates, with the authority that it asks.
type verifier struct {
	*ca.Verifier
	authority certifier
}

// Add implements workloads.Verifier.
func (v verifier) Add(c workloads.Certificate) error { return v.Verifier.Add(c.(ca.Certificate)) }

// FetchCRL implements workloads.Verifier.
func (v verifier) FetchCRL(ctx context.Context) error {
	der, t, err := v.authority.CRL(ctx)
	v.authority.count(t)
	if err != nil {
		return err
	}
	return overtaken(v.SetCRL(der))
}

// FetchStatus implements workloads.Verifier.
func (v verifier) FetchStatus(ctx context.Context, c workloads.Certificate) error {
	of := c.(ca.Certificate)
	der, t, err := v.authority.Status(ctx, of)
	v.authority.count(t)
	if err != nil {
		return err
	}
	return overtaken(v.SetStatus(of, der))
}

// overtaken takes it as no error that a newer answer has come by another call meanwhile, by which the verifier goes.
func overtaken(err error) error {
	if ca.KindOf(err) == ca.RolledBack {
		return nil
	}
	return err
}

// Verify implements workloads.Verifier.
func (v verifier) Verify(meter string, digest, signature []byte) error {
	return v.Verifier.Verify(meter, digest, signature, time.Time{})
}
