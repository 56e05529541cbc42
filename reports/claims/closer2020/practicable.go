package closer2020

import (
	"fmt"
	"math"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/reports"
)

// The series that hold the device to a fraction of a core.
const deviceQuestion = "device"

// singleValues is the scheme whose readings hold one value each, whatever the
// length of its group: every meter of the group encrypts its own.
const singleValues = "dmcfe"

// feasibility tells how many meters devices and peers are enough for; nil
// where no costs were measured or this machine's own signature was not timed.
//
// A reading of l values goes out once in l intervals. A gateway submits it, and
// evaluates it once for a bill; the bills themselves, one in a month, are few
// beside that. A gateway that plays the sensors of its meters encrypts it too, so
// that each reading costs it
//
//	factor × (encryption + the client's CPU time per transaction + evaluation),
//
// and one whose sensors encrypt themselves all but the first.
func (e *evidence) feasibility() *result.Feasibility {
	if len(e.sum.FE) == 0 {
		return nil
	}
	f := &result.Feasibility{Interval: interval, HeadRoom: headRoom}
	submit := e.submitCost()
	for _, d := range e.devices() {
		factor, ok := d.factor(e.run.Host)
		if !ok {
			return nil
		}
		for _, family := range e.families() {
			for _, c := range family.costs {
				f.Gateways = append(f.Gateways, gateways(d, factor, c, submit))
			}
		}
	}
	for _, s := range e.question(quotaQuestion) {
		p, other := s.plateau()
		seen := p.throughput.value
		if other != "" { // it bears that much at least
			seen, _ = s.most(0, math.MaxInt)
		}
		if seen > 0 {
			f.Peers = append(f.Peers, result.Peers{
				Series: s.name, Caps: s.conditions.Caps, Throughput: seen,
				Meters: int((1 - headRoom) * seen * interval),
			})
		}
	}
	return f
}

// devices are the one that was asked for and the known ones.
func (e *evidence) devices() []Device {
	all := []Device{e.device}
	for _, d := range Devices() {
		if d.Name != e.device.Name {
			all = append(all, d)
		}
	}
	return all
}

// submitCost is the client's CPU time per transaction, without encryption.
func (e *evidence) submitCost() float64 {
	var all []float64
	for _, s := range e.question(overheadQuestion) {
		for _, l := range s.levels {
			for _, p := range l.points {
				if s.conditions.Workload != "encrypted" && p.ClientCPU > 0 {
					all = append(all, p.ClientCPU)
				}
			}
		}
	}
	if all == nil {
		return 0
	}
	return stats.Median(all)
}

func gateways(d Device, factor float64, c result.FECost, submit float64) result.Gateways {
	period := interval
	if c.Scheme != singleValues {
		period *= float64(c.Length)
	}
	evaluate := 0.0
	if c.Scheme != singleValues { // which has no bills
		evaluate = factor * c.Decrypt.P50
	}
	encrypt, submit := factor*c.Encrypt.P50, factor*submit
	fit := func(each float64) int {
		if each <= 0 {
			return 0
		}
		return int(math.Floor((1 - headRoom) * period / each))
	}
	return result.Gateways{
		Device: d.Name, Factor: factor, Scheme: c.Scheme, Bits: c.Bits, SecurityBits: c.SecurityBits, Length: c.Length,
		Encrypt: encrypt, Submit: submit, Evaluate: evaluate, Share: encrypt / period,
		Meters: fit(encrypt + submit + evaluate), Served: fit(submit + evaluate),
		InTime: encrypt <= (1-headRoom)*interval,
	}
}

// practicable asks whether the device keeps up with its meters and the capped
// peer with theirs.
func practicable(e *evidence) finding {
	f := e.feasibility()
	if f == nil {
		return missing("the costs of encryption, and the time of a signature on this machine to compare the device with")
	}
	if len(f.Peers) == 0 {
		return missing("the throughput of a capped peer")
	}
	least := f.Peers[0]
	for _, p := range f.Peers {
		if p.Throughput < least.Throughput {
			least = p
		}
	}
	var holds, fails, weak []string
	slowest, fastest := result.Gateways{}, result.Gateways{} // that hold, and that fail
	for _, g := range f.Gateways {
		if g.Device != e.device.Name {
			continue
		}
		what := parameters(g.Scheme, g.Bits, g.Length)
		switch {
		case g.SecurityBits == nil || *g.SecurityBits < secure:
			weak = append(weak, what)
		case g.InTime && g.Meters >= 1 && least.Meters >= enoughMeters:
			holds = append(holds, what)
			if g.Encrypt > slowest.Encrypt {
				slowest = g
			}
		default:
			fails = append(fails, what)
			if fastest.Encrypt == 0 || g.Encrypt < fastest.Encrypt {
				fastest = g
			}
		}
	}
	factor, _ := e.device.factor(e.run.Host)
	told := fmt.Sprintf("%s: %s as slow as this machine by its P-256 signature. The peer with the least throughput, %s, bears %d meters with a transaction for every value (%s), and as many times more as a transaction carries values. %d of %d parameter sets hold.",
		capital(e.device.Title), reports.Times.Format(factor), quotaOf(least), least.Meters, reports.PerSecond.Format(least.Throughput), len(holds), len(holds)+len(fails))
	if holds != nil {
		told += " The slowest that holds: " + encryption(slowest) + "."
	}
	if fails != nil {
		told += " The fastest that breaks: " + encryption(fastest) + "."
	}
	if capped := e.capped(); capped != "" {
		told += " " + capped
	}
	figures := finding{
		verdict:    overall(len(holds), len(fails)),
		evidence:   told,
		conditions: fmt.Sprintf("On %s. Holds for %s. Breaks for %s. Scaling by one primitive is an approximation: a device that is good at one curve need not be so at the arithmetic of a scheme.", e.device.Name, orNone(holds), orNone(fails)),
	}
	if weak != nil {
		figures.conditions += fmt.Sprintf(" Left out, for less than %d bits of security or none assessed: %s.", secure, strings.Join(weak, "; "))
	}
	return figures
}

// capped tells how long encryption, and the evaluation of a bill, took in a device
// that was held to a fraction of a core: what a factor promises, measured.
func (e *evidence) capped() string {
	var told []string
	for _, s := range e.question(deviceQuestion) {
		quota := s.conditions.Caps.Device.CPUs
		for _, l := range s.levels {
			if slow, ok := l.typical(result.PartEncrypt); ok && quota > 0 {
				told = append(told, fmt.Sprintf("A device held to %g core took %s for %s.", quota, reports.Seconds.Format(slow), e.work(s.conditions, l.load, slow)))
				break
			}
		}
	}
	return strings.Join(told, " ")
}

// work names what a capped device did in so many seconds, encryption beside the
// same uncapped.
func (e *evidence) work(c result.Conditions, load result.Load, slow float64) string {
	what := parameters(c.Scheme, c.Bits, c.Length)
	if c.Workload == "billing" {
		return fmt.Sprintf("one bill's evaluation of %d readings (%s)", c.Readings, what)
	}
	for _, p := range e.pairs() {
		if free := p.encrypted; p.load == load && free.Scheme == c.Scheme && free.Bits == c.Bits && free.Length == c.Length {
			return fmt.Sprintf("one encryption (%s), %s what it took uncapped", what, reports.Times.Format(slow/p.encrypt))
		}
	}
	return fmt.Sprintf("one encryption (%s)", what)
}

// encryption tells what one takes on a device.
func encryption(g result.Gateways) string {
	return fmt.Sprintf("%s, %s for each, %d meters", parameters(g.Scheme, g.Bits, g.Length), reports.Seconds.Format(g.Encrypt), g.Meters)
}

func quotaOf(p result.Peers) string {
	if q := p.Caps.Peer.CPUs; q > 0 {
		return fmt.Sprintf("at %g core", q)
	}
	return "without a cap"
}
