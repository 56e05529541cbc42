package main

import (
	"strings"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/network"
)

// The study of a publication on a network that others run ends with verdicts on what that can show, and says what it left out
// before the load and in the report. Forgeries are not tried there.
func TestReproduceAttached(t *testing.T) {
	needsNetwork(t)
	if err := network.CheckCaps(topology.Topology{Caps: topology.Caps{Device: topology.Cap{CPUs: 0.5}}}); err != nil {
		t.Skip(err)
	}
	temp, out := t.TempDir(), t.TempDir()
	held, n := upAsJSON(t, temp, "minimal", "--one-way-tls")
	org := n.Organisations[0]
	args := []string{"reproduce", "closer2020", "--out", out}
	short := "={kind: closed, clients: [1], hold: 2s, wait: commit}"
	for _, set := range []string{
		"target.kind=fabric", "target.profile=" + n.Profile, "target.channel=" + n.Contracts[0].Channel,
		"target.identities=[{mspid: " + org.MSP + ", certificate: " + org.User.Cert + ", key: " + org.User.Key + "}]", "warmup=300ms",
		"series[5].vary={workload: [padded, encrypted]}", "series[5].workload={kind: padded, scheme: ecddh, length: 24}", "series[5].load" + short,
		"series[7].workload={kind: padded, scheme: ddh, bits: 1024, length: 4}", "series[7].load" + short,
		"series[8].workload={kind: padded, scheme: dmcfe, length: 2, meters: 4}", "series[8].load" + short,
		"series[9].caps={device: {cpus: 0.5}}", "series[9].workload={kind: encrypted, scheme: ecddh, length: 24}", "series[9].load" + short,
		"series[10].caps={device: {cpus: 0.5}}", "series[10].workload={kind: billing, scheme: ddh, bits: 1024, length: 4, meters: 4, readings: 3}",
		"series[10].load" + short, "series[11].vary=null", "series[11].workload={kind: plain, length: 4}", "series[11].load" + short,
		"fe={schemes: [ddh], bits: [1024, 2048], lengths: [4], samples: 6}",
	} {
		args = append(args, "--set", set)
	}
	p, code := command(t, temp, args...)
	if code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, &p.stdout, &p.stderr)
	}
	s := runSummary(t, out, "closer2020")
	equal(t, "target", s.Target, result.TargetAttached)
	equal(t, "left out", len(s.LeftOut), 9)
	equal(t, "foreign", audited(t, s).Foreign, uint64(0))
	verdicts := map[string]result.Verdict{}
	for _, c := range s.Claims {
		verdicts[strings.TrimPrefix(c.ID, "closer2020/")] = c.Verdict
	}
	for id, want := range map[string]bool{ // whether it was measured
		"peer-limit": false, "overhead-key-size": true, "overhead-vs-transaction": true, "practicable-minimal": false,
		"scales-with-capacity": false, "algorithm-integrity": false,
	} {
		if v := verdicts[id]; v == "" || (v != result.NotMeasured) != want {
			t.Errorf("%s: %s", id, v)
		}
	}
	if len(s.FE) != 2 || s.Integrity != nil {
		t.Errorf("%d costs of encryption, integrity %v", len(s.FE), s.Integrity)
	}
	for _, point := range s.Points {
		_, own := point.CPU["device"] // which may be too short for the kernel's clock
		if device := strings.HasPrefix(point.Series, "device"); device != (point.Conditions.Caps.Device.CPUs > 0) || device != own {
			t.Errorf("%s: caps %v, CPU %v", point.Series, point.Conditions.Caps, point.CPU)
		}
	}
	before, _, _ := strings.Cut(p.stderr.String(), "load level")
	report := strings.Join(strings.Fields(p.stdout.String()), " ")
	for _, text := range []string{
		"in place of the scenario's batch stands what the network has", "left out: series limit-commit and quota; caps can be set on a network of our own only",
	} {
		if strings.Count(before, text) != 1 || strings.Count(report, text) != 1 {
			t.Errorf("%q is not said once, in\n%s\n%s", text, before, report)
		}
	}
	if strings.Contains(p.stderr.String(), "forge readings") {
		t.Error("forgeries were tried")
	}
	down(t, temp, held)
}
