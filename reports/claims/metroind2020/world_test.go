package metroind2020

import (
	"math"
	"math/rand/v2"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/internal/proc"
)

// A spending is what one operation takes in a made-up world, whose truth is known.
type spending struct {
	time, cpu, wire, stored, calls float64
}

// A world makes summaries of studies with the costs that it has.
type world struct {
	costs map[string]spending // by the name of an operation
	luck  *rand.Rand          // of every figure; nil: there is no noise
	noise float64             // coefficient of variation of a figure from one window to the next
}

// likely is about what the machine that this was written on shows.
func likely() map[string]spending {
	return map[string]spending{
		register().name:      {0.24, 4e-3, 30e3, 20e3, 2},
		registerBatch().name: {0.30, 0.6e-3, 4e3, 3e3, 2},
		rotate().name:        {0.24, 4e-3, 31e3, 21e3, 2},
		revoke().name:        {0.23, 3e-3, 27e3, 18e3, 2},
		verifySubmit().name:  {0.23, 3e-3, 26e3, 17e3, 2},
		verifyQuery().name:   {0.004, 1.2e-3, 5e3, 0, 1},
		lookup().name:        {0.003, 1.1e-3, 5e3, 0, 1},
		enrol().name:         {0.03, 12e-3, 20e3, 8e3, 2},
		enrolFloor().name:    {0.0003, 0.3e-3, 0, 0, 0},
		renew().name:         {0.02, 8e-3, 12e3, 7e3, 1},
		revokeAtCA().name:    {0.01, 5e-3, 8e3, 1e3, 1},
		fetchCRL().name:      {0.01, 5e-3, 9e3, 0, 1},
		verifyChain().name:   {0.0002, 0.2e-3, 0, 0, 0},
		verifyCRL().name:     {0.0002, 0.21e-3, 0, 0, 0},
		verifyOCSP().name:    {0.002, 0.6e-3, 4e3, 0, 1},
		verifyFloor().name:   {0.0002, 0.2e-3, 0, 0, 0},
	}
}

// noisy is a figure as a shared machine shows it.
func (w world) noisy(v float64) float64 {
	if w.luck == nil {
		return v
	}
	return v * math.Exp(w.noise*w.luck.NormFloat64())
}

// study returns the operations with the conditions of their series and their loads.
func study() []made {
	ledger := func(series string, o operation, op result.Operation, batch int, wait result.Wait, clients ...int) made {
		c := result.Conditions{
			Topology: "four-peer", BatchTimeout: 0.2, BatchMessages: 100, Workload: result.PKI, Operation: op, Contract: "pki", Algorithm: "p256", Batch: batch,
			Wait: wait, Query: wait == result.WaitEndorse,
		}
		return made{series, o, c, clients}
	}
	ca := func(series string, o operation, op result.Operation, issuer result.Issuer) made {
		return made{series, o, result.Conditions{Topology: "four-peer", Workload: result.CA, Operation: op, Issuer: issuer, Wait: result.WaitEndorse}, []int{1, 8}}
	}
	return []made{
		ledger("register", register(), result.OpRegister, 1, result.WaitCommit, 1, 8, 64),
		ledger("register-ack", register(), result.OpRegister, 1, result.WaitAcknowledge, 1, 8, 64),
		ledger("batch", registerBatch(), result.OpRegister, 100, result.WaitCommit, 1, 8),
		ledger("rotate", rotate(), result.OpRotate, 0, result.WaitCommit, 1, 64),
		ledger("revoke", revoke(), result.OpRevoke, 0, result.WaitCommit, 1, 64),
		ledger("verify", verifySubmit(), result.OpVerifySubmit, 0, result.WaitCommit, 1, 8, 64),
		ledger("verify-query", verifyQuery(), result.OpVerifyQuery, 0, result.WaitEndorse, 1, 8),
		ledger("lookup", lookup(), result.OpLookup, 0, result.WaitEndorse, 1, 8),
		ca("ca-enrol", enrol(), result.OpEnrol, result.IssuerFabricCA), ca("ca-floor", enrolFloor(), result.OpEnrol, result.IssuerInProcess),
		ca("ca-renew", renew(), result.OpRenew, result.IssuerFabricCA), ca("ca-revoke", revokeAtCA(), result.OpRevoke, result.IssuerFabricCA),
		ca("ca-fetch", fetchCRL(), result.OpFetchCRL, result.IssuerFabricCA), ca("ca-chain", verifyChain(), result.OpVerifyChain, result.IssuerFabricCA),
		ca("ca-crl", verifyCRL(), result.OpVerifyCRL, result.IssuerFabricCA), ca("ca-ocsp", verifyOCSP(), result.OpVerifyOCSP, result.IssuerFabricCA),
		ca("ca-verify-floor", verifyFloor(), result.OpVerifyChain, result.IssuerInProcess),
		published("blockmeter"), published("pki"),
	}
}

// published is a series of the publication's client, on its contract or ours.
func published(contract string) made {
	return made{"published-" + contract, verifySubmit(), result.Conditions{
		Topology: "two-peer", BatchTimeout: 2, BatchMessages: 10, Workload: result.PKI, Operation: result.OpVerifySubmit, Contract: contract, Algorithm: "p256",
		Wait: result.WaitAcknowledge,
	}, []int{1, 16}}
}

// A made is a series of a made-up study.
type made struct {
	series     string
	operation  operation
	conditions result.Conditions
	clients    []int
}

// summary returns what the study gives in this world.
func (w world) summary(repeat int) (result.Run, result.Summary) {
	run := result.Run{Host: result.Host{Host: proc.Host{Cores: 2}, Sign: 30e-6, Verify: 70e-6}}
	sum := result.Summary{Scenario: "metroind2020", Target: result.TargetFabric, Complete: true, Integrity: attempts()}
	for repetition := 1; repetition <= repeat; repetition++ {
		for _, m := range study() {
			for _, n := range m.clients {
				sum.Points = append(sum.Points, w.point(m, n, repetition))
			}
		}
	}
	return run, sum
}

// point is one load level: clients wait for the time that an operation takes alone, or for the host's two cores.
func (w world) point(m made, clients, repetition int) result.Point {
	spent := w.costs[m.operation.name]
	keys := float64(max(1, m.conditions.Batch))
	rate := w.noisy(1 / (spent.time/float64(clients) + spent.cpu*keys/2))
	latency := w.noisy(spent.time + spent.cpu*keys/2*float64(clients-1))
	p := result.Point{
		Series: m.series, Repetition: repetition, Valid: true, Conditions: m.conditions, Load: result.Load{Kind: result.LoadClosed, Clients: clients},
		Window: 5, Scheduled: 1000, Outcomes: map[string]uint64{}, Intervals: map[string]stats.Interval{}, Latency: map[string]stats.Quantiles{},
		Roles: map[string]result.Role{"orderer0": result.RoleOrderer, "client": result.RoleClient}, RSS: map[string]float64{},
		CPU: map[string]float64{"client": 0.1, "orderer0": 0.1}, Costs: &result.Costs{CPU: map[result.Role]float64{}},
	}
	peers := []string{"peer0.ptb", "peer1.ptb", "peer0.inmetro", "peer1.inmetro"}
	if m.conditions.Topology == "two-peer" {
		peers = peers[:2]
	}
	for _, name := range peers {
		p.Roles[name], p.CPU[name] = result.RolePeer, 0.1
	}
	part, outcome := result.PartCommit, result.Valid
	if !m.conditions.Commits() {
		part, outcome = result.PartAnswer, result.Answered
		p.Answered = rate
	} else {
		p.Throughput = rate
	}
	p.Outcomes[outcome.String()] = 1000
	within := func(key string, v float64) {
		p.Intervals[key] = stats.Interval{Low: 0.97 * v, High: 1.03 * v, N: 10, Method: "Student's t over 10 batch means"}
	}
	within(p.RateKey(), rate)
	for part, v := range map[result.Part]float64{part: latency, result.PartAcknowledge: min(latency, 0.01)} {
		p.Latency[part.String()] = stats.Quantiles{P50: &v, Mean: v, Max: 2 * v, N: 1000}
		within(part.String()+"_s", v)
	}
	p.Costs.CPU[result.RoleClient], p.Costs.CPU[result.RolePeer] = 0.2*w.noisy(spent.cpu)*keys, 0.8*w.noisy(spent.cpu)*keys
	if spent.wire > 0 {
		p.Costs.Wire = []result.WireCost{{From: result.RoleClient, To: result.RolePeer, Bytes: w.noisy(spent.wire) * keys}}
	}
	if spent.calls > 0 {
		p.Costs.Calls = map[result.Call]float64{"call": spent.calls * (1 + 0.5*float64(clients)/(rate*p.Window))} // some under way at the edge
	}
	if !m.operation.local || spent.stored > 0 {
		v := w.noisy(spent.stored) * keys
		p.Costs.Stored = []result.StoredCost{{Process: "peer0.ptb", Role: result.RolePeer, Bytes: v, Low: 0.9 * v, High: 1.1 * v}}
	}
	return p
}

// attempts are those on keys: what the design of each system lets through is accepted.
func attempts() *result.Integrity {
	const n = 20
	held := func(system result.System, kind string, honest bool) result.Probe {
		p := result.Probe{Kind: kind, System: system, Honest: honest, Attempts: n, Refused: map[string]uint64{"KEY_FOREIGN": n}}
		if honest {
			p.Accepted, p.Refused = n, nil
		}
		return p
	}
	through := func(system result.System, kind string, t result.Trust) result.Probe {
		return result.Probe{Kind: kind, System: system, Attempts: n, Accepted: n, Trust: t}
	}
	const ledger, ca = result.SystemLedger, result.SystemCA
	return &result.Integrity{Probes: []result.Probe{
		held(ledger, result.ProbeHonestRegister, true), held(ledger, result.ProbeHonestVerify, true), held(ledger, result.ProbeNoRight, false),
		held(ledger, result.ProbeRevokedKey, false), held(ledger, result.ProbeStolenReplace, false), held(ledger, result.ProbeTakeRotate, false),
		through(ledger, result.ProbeStolenInvent, result.TrustRegistrar), through(ledger, result.ProbeSecondIdentity, result.TrustMSP),
		through(ledger, result.ProbeStaleView, result.TrustFresh),
		held(ca, result.ProbeHonestEnrol, true), through(ca, result.ProbeSecondCertificate, result.TrustCA), held(ca, result.ProbeForgedCRL, false),
	}, Outages: []result.Outage{
		{System: ledger, Down: result.RoleOrderer, Nodes: []string{"orderer0"}, Operation: result.OpRegister, Attempts: 3, Failed: map[string]uint64{"submit_refused": 3}},
		{System: ledger, Down: result.RoleOrderer, Nodes: []string{"orderer0"}, Operation: result.OpVerifyQuery, Attempts: 3, Worked: 3},
		{System: ca, Down: result.RoleCA, Nodes: []string{"ca"}, Operation: result.OpVerifyCRL, Attempts: 3, Worked: 3},
		{System: ca, Down: result.RoleCA, Nodes: []string{"ca"}, Later: 86400, Operation: result.OpVerifyCRL, Attempts: 3, Failed: map[string]uint64{"stale": 3}},
	}}
}
