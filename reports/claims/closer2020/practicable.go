package closer2020

import (
	"fmt"
	"math"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
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
		if throughput := s.Plateau().Throughput.Value; throughput > 0 {
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

// The figures of the claim of practicability.
const (
	timeOnDevice = "time on the device"
	metersServed = "meters"
)

// practicable asks whether the device keeps up with its meters and the capped peer with theirs. A peer that does not
// breaks every parameter set.
func practicable(e *claims.Evidence) claims.Finding {
	f := feasibility(e)
	if f == nil {
		return claims.Missing("the costs of encryption, and the time of a signature on this machine to compare the device with")
	}
	peer, ok := leastPeer(e, f.Interval)
	if !ok {
		return e.Missing(quotaQuestion, "the throughput of a capped peer")
	}
	factor, _ := e.Device.Slowdown(e.Run.Host)
	var rows []result.ClaimRow
	for _, family := range families(e) {
		for _, c := range family {
			if isSecure(c.SecurityBits) {
				rows = append(rows, onDevice(c, factor, submitCost(e), f.Interval, e.Noise())...)
			}
		}
	}
	found := claims.Find(rows, claims.BySetting)
	switch {
	case peer.Standing.Outside():
		found.Verdict = result.NotReproduced
	case peer.Standing == result.Unsettled && found.Verdict != result.NotReproduced:
		found.Verdict = result.Inconclusive
	}
	found.Rows = slices.Concat([]result.ClaimRow{peer}, rows, capped(e))
	found.Conditions = fmt.Sprintf("On %s, %s as slow as this machine by its P-256 signature, an approximation. %s",
		e.Device.Name, times(factor), found.Conditions)
	return found
}

// leastPeer holds the meters that the peer with the least throughput bears against those that are enough; false where
// none was measured.
func leastPeer(e *claims.Evidence, interval float64) (row result.ClaimRow, ok bool) {
	var least claims.Estimate
	for _, s := range e.Question(quotaQuestion) {
		if x := s.Plateau().Throughput; x.Value > 0 && (!ok || x.Value < least.Value) {
			least, ok = x, true
			row = claims.AtLeast(enoughMeters).Row(peerName(s.Conditions), metersServed, result.UnitCount, whole(x.Times((1-headRoom)*interval)))
		}
	}
	return row, ok
}

// peerName names the peer of a series by its cap.
func peerName(c result.Conditions) string {
	if q := c.Caps.Peer.CPUs; q > 0 {
		return fmt.Sprintf("peer at %g core", q)
	}
	return "peer without a cap"
}

// whole rounds an estimate and its bounds down to whole numbers.
func whole(x claims.Estimate) claims.Estimate {
	x.Value, x.Low, x.High = math.Floor(x.Value), math.Floor(x.Low), math.Floor(x.High)
	return x
}

// onDevice returns what the device needs for one encryption, and for how many meters it encrypts, submits and
// evaluates. noise is how far a timing may be off because the signature that the device is compared by was timed at
// another moment.
func onDevice(c result.FECost, factor, submit, interval, noise float64) []result.ClaimRow {
	set := parameters(c.Scheme, c.Bits, c.Length)
	encrypt, decrypt := timing(c.Encrypt).Widened(noise), timing(c.Decrypt).Widened(noise)
	meters := func(encrypt, decrypt float64) float64 {
		c.Encrypt.P50, c.Decrypt.P50 = encrypt, decrypt
		return float64(gateways("", factor, c, submit, interval).Meters)
	}
	n := encrypt
	n.Value, n.Low, n.High = meters(encrypt.Value, decrypt.Value), meters(encrypt.High, decrypt.High), meters(encrypt.Low, decrypt.Low)
	return []result.ClaimRow{
		claims.AtMost((1-headRoom)*interval).Row(set, timeOnDevice, result.UnitSeconds, encrypt.Times(factor)),
		claims.AtLeast(1).Row(set, metersServed, result.UnitCount, n),
	}
}

// capped returns how long encryption, and the evaluation of a bill, took in a device that was held to a fraction
// of a core: what a factor promises, measured.
func capped(e *claims.Evidence) (rows []result.ClaimRow) {
	for _, s := range e.Question(deviceQuestion) {
		quota := s.Conditions.Caps.Device.CPUs
		for _, l := range s.Levels {
			if slow, ok := l.Typical(result.PartEncrypt); ok && quota > 0 {
				what, note := work(e, s.Conditions, l.Load, slow)
				row := claims.Context(fmt.Sprintf("%s, measured at %g core", what, quota), timeOnDevice, result.UnitSeconds, claims.Exactly(slow))
				row.Note = note
				rows = append(rows, row)
				break
			}
		}
	}
	return rows
}

// work names what a capped device did in so many seconds, and relates encryption to the same uncapped.
func work(e *claims.Evidence, c result.Conditions, load result.Load, slow float64) (what, note string) {
	set := parameters(c.Scheme, c.Bits, c.Length)
	if c.Workload == result.Billing {
		return fmt.Sprintf("bill of %d readings, %s", c.Readings, set), ""
	}
	for _, p := range pairs(e) {
		if free := p.encrypted; p.load == load && free.Scheme == c.Scheme && free.Bits == c.Bits && free.Length == c.Length {
			return set, times(slow/p.encrypt) + " what it took uncapped"
		}
	}
	return set, ""
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
