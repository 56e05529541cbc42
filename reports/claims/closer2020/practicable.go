package closer2020

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// singleValues is the scheme whose readings hold one value each, whatever the length of its group: every
// meter of the group encrypts its own. It has no bills.
const singleValues = "dmcfe"

// feasibility returns for how many meters devices and peers are enough; nil where no costs were measured or
// this machine's own signature was not timed.
//
// A reading of l values goes out once in l intervals. A gateway submits it, and evaluates it once for a bill;
// the bills themselves, one in a month, are few beside that. A gateway that plays the sensors of its meters
// encrypts it too, so that each reading costs it
//
//	factor × (encryption + the client's CPU time per transaction + evaluation),
//
// and one whose sensors encrypt themselves all but the first.
func feasibility(e *claims.Evidence) *result.Feasibility {
	if len(e.Summary.FE) == 0 {
		return nil
	}
	f := &result.Feasibility{Interval: e.Interval(), HeadRoom: headRoom}
	submit := submitCost(e)
	others := slices.DeleteFunc(devices(), func(d claims.Device) bool { return d.Name == e.Device.Name })
	for _, d := range append([]claims.Device{e.Device}, others...) {
		factor, ok := d.Slowdown(e.Run.Host)
		if !ok {
			return nil
		}
		for _, family := range families(e) {
			for _, c := range family {
				f.Gateways = append(f.Gateways, gateways(d.Name, factor, c, submit, f.Interval))
			}
		}
	}
	for _, s := range e.Question(quotaQuestion) {
		if throughput := s.Plateau(clearly).Throughput.Value; throughput > 0 {
			f.Peers = append(f.Peers, result.Peers{
				Series: s.Name, Caps: s.Conditions.Caps, Throughput: throughput, Meters: int((1 - headRoom) * throughput * f.Interval),
			})
		}
	}
	return f
}

// submitCost returns the client's CPU time per transaction, without encryption.
func submitCost(e *claims.Evidence) float64 {
	var all []float64
	for _, s := range e.Question(overheadQuestion) {
		for _, l := range s.Levels {
			for _, p := range l.Points {
				if s.Conditions.Workload != result.Encrypted && p.ClientCPU > 0 {
					all = append(all, p.ClientCPU)
				}
			}
		}
	}
	return stats.Median(all)
}

func gateways(device string, factor float64, c result.FECost, submit, interval float64) result.Gateways {
	period, evaluate := interval, 0.0
	if c.Scheme != singleValues {
		period, evaluate = interval*float64(c.Length), factor*c.Decrypt.P50
	}
	encrypt, submit := factor*c.Encrypt.P50, factor*submit
	fit := func(each float64) int {
		if each <= 0 {
			return 0
		}
		return int((1 - headRoom) * period / each)
	}
	return result.Gateways{
		Device: device, Factor: factor, Scheme: c.Scheme, Bits: c.Bits, SecurityBits: c.SecurityBits, Length: c.Length,
		Encrypt: encrypt, Submit: submit, Evaluate: evaluate, Share: encrypt / period,
		Meters: fit(encrypt + submit + evaluate), Served: fit(submit + evaluate),
		InTime: encrypt <= (1-headRoom)*interval,
	}
}

// practicable asks whether the device keeps up with its meters and the capped peer with theirs.
func practicable(e *claims.Evidence) claims.Finding {
	f := feasibility(e)
	if f == nil {
		return claims.Missing("the costs of encryption, and the time of a signature on this machine to compare the device with")
	}
	if len(f.Peers) == 0 {
		return claims.Missing("the throughput of a capped peer")
	}
	least := slices.MinFunc(f.Peers, func(a, b result.Peers) int { return cmp.Compare(a.Throughput, b.Throughput) })
	var holds, fails, weak []string
	var good, bad []result.Gateways
	for _, g := range f.Gateways {
		switch set := parameters(g.Scheme, g.Bits, g.Length); {
		case g.Device != e.Device.Name:
		case !isSecure(g.SecurityBits):
			weak = append(weak, set)
		case g.InTime && g.Meters >= 1 && least.Meters >= enoughMeters:
			holds, good = append(holds, set), append(good, g)
		default:
			fails, bad = append(fails, set), append(bad, g)
		}
	}
	slower := func(a, b result.Gateways) int { return cmp.Compare(a.Encrypt, b.Encrypt) }
	factor, _ := e.Device.Slowdown(e.Run.Host)
	quota := "without a cap"
	if q := least.Caps.Peer.CPUs; q > 0 {
		quota = fmt.Sprintf("at %g core", q)
	}
	finding := claims.Finding{
		Verdict: claims.Overall(len(holds), len(fails)),
		Evidence: fmt.Sprintf("%s: %s as slow as this machine by its P-256 signature. The peer with the least throughput, %s, bears %d meters with a "+
			"transaction for every value, one in %g minutes (%s), and as many times more as a transaction carries values. %d of %d parameter sets hold.",
			reports.Capital(e.Device.Title), times(factor), quota, least.Meters, f.Interval/60,
			perSecond(least.Throughput), len(holds), len(holds)+len(fails)),
		Conditions: fmt.Sprintf("On %s. Holds for %s. Breaks for %s. Scaling by one primitive is an approximation: a device that is good at one curve "+
			"need not be so at the arithmetic of a scheme.", e.Device.Name, claims.OrNone(holds), claims.OrNone(fails)),
	}
	if holds != nil {
		finding.Evidence += " The slowest that holds: " + encryption(slices.MaxFunc(good, slower)) + "."
	}
	if fails != nil {
		finding.Evidence += " The fastest that breaks: " + encryption(slices.MinFunc(bad, slower)) + "."
	}
	for _, measured := range capped(e) {
		finding.Evidence += " " + measured
	}
	if weak != nil {
		finding.Conditions += fmt.Sprintf(" Omitted, for less than %d bits of security or none assessed: %s.", secure, strings.Join(weak, "; "))
	}
	return finding
}

// capped says how long encryption, and the evaluation of a bill, took in a device that was held to a fraction
// of a core: what a factor promises, measured.
func capped(e *claims.Evidence) (all []string) {
	for _, s := range e.Question(deviceQuestion) {
		quota := s.Conditions.Caps.Device.CPUs
		for _, l := range s.Levels {
			if slow, ok := l.Typical(result.PartEncrypt); ok && quota > 0 {
				all = append(all, fmt.Sprintf("A device held to %g core took %s for %s.", quota, seconds(slow), work(e, s.Conditions, l.Load, slow)))
				break
			}
		}
	}
	return all
}

// work names what a capped device did in so many seconds, encryption beside the same uncapped.
func work(e *claims.Evidence, c result.Conditions, load result.Load, slow float64) string {
	set := parameters(c.Scheme, c.Bits, c.Length)
	if c.Workload == result.Billing {
		return fmt.Sprintf("one bill's evaluation of %d readings (%s)", c.Readings, set)
	}
	for _, p := range pairs(e) {
		if free := p.encrypted; p.load == load && free.Scheme == c.Scheme && free.Bits == c.Bits && free.Length == c.Length {
			return fmt.Sprintf("one encryption (%s), %s what it took uncapped", set, times(slow/p.encrypt))
		}
	}
	return fmt.Sprintf("one encryption (%s)", set)
}

// encryption says how long one takes on a device.
func encryption(g result.Gateways) string {
	return fmt.Sprintf("%s, %s for each, %d meters", parameters(g.Scheme, g.Bits, g.Length), seconds(g.Encrypt), g.Meters)
}

// devices returns the devices that could play sensor and gateway, the slowest first. Their times were
// published by others.
func devices() []claims.Device {
	return []claims.Device{
		{Name: "cortex-m4", Sign: 89.32e-3, Source: "https://kb.segger.com/ECDSA_Sign_Verify_MK66FN2M0",
			Title: "controller of a smart meter: Cortex-M4 at 168 MHz (Kinetis K66), a portable library in C (emCrypt 2.34)"},
		{Name: "cortex-a7", Sign: 15e-3, Source: "https://github.com/mpg/p256-m",
			Title: "gateway: one core of a Cortex-A7 (Raspberry Pi 2), a library in C that is written to be small (p256-m)"},
		{Name: "cortex-m4-asm", Sign: 442754 / 48e6, Source: "https://github.com/newAM/p256-cm4",
			Title: "controller of a smart meter: Cortex-M4 at 48 MHz (STM32WLE5), assembly for this core and curve: 442,754 cycles"},
		{Name: "cortex-a72", Sign: 1 / 4097.4, Source: "https://gist.github.com/HimaJyun/f05d3017dfb05a4ccb0def010bb2c91a",
			Title: "gateway: one core of a Cortex-A72 (Raspberry Pi 4), OpenSSL 1.1.1d: 4,097.4 signatures per second"},
	}
}
