// Package bottleneck says what kept a load level's throughput from being higher, and on what evidence.
//
// Data flow: a measured result.Point and what is known of the target go in as Evidence; the rules are asked
// in a fixed order, and the first one that the figures confirm gives the Limit. The order is from what is
// certain (a call was refused) to what is inferred. It puts the batch timer before any processor: clients
// that wait for a timer would get no faster by a faster machine. And it puts a process at its cap before the
// host: it would have no more of a host that is idle. That nothing limits clients of a closed load is measured too, by
// comparison with the other levels of their series, and comes before what is inferred from a process that is busy: one
// client keeps a disk busy whose latency makes up its transaction, and two clients might still get twice as much.
package bottleneck

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
)

// fullHost is the share of the host's cores in use from which on it is full: what is left are moments in
// which every process waits for another.
const fullHost = 0.9

// The other figures from which on a rule holds.
const (
	refusedShare = 0.01 // of the window's scheduled transactions, or of the level's
	timerShare   = 0.5  // of the blocks, and of the commit latency that is waiting for the cut
	keptUpShare  = 0.95 // of an offered load
	busyShare    = 0.9  // of the window
	coreShare    = 0.9  // of a core that one thread uses
	// diskShare is the share of the window that a process waits for its disk: a disk that took no time would let it do
	// five times as much. It is sampled some 40 times in 10 s, so that it is uncertain by 6 %.
	diskShare = 0.8
	// diskPressure confirms it: the share of the window in which the kernel saw processes wait for a disk. It does not see
	// all: of a disk that was held to 4 MB/s a process waited at all samples, and the kernel counted 53 % of the time.
	diskPressure = 0.25
)

// Full reports whether processes that use so much CPU fill a host that offers so many cores.
func Full(cpu map[string]float64, cores float64) bool {
	return cores > 0 && Total(cpu) >= fullHost*cores
}

// Evidence is the point to judge and what the nodes reported of it.
type Evidence struct {
	Point result.Point
	// Series are the points of all levels of the series, Point's own included, that were measured on the same network
	// and in the same repetition.
	Series []result.Point
	Cores  float64 // that the host offers
	// NotSeen is what the target, run by others, does not tell.
	NotSeen []result.Aspect
	// Refused counts the calls that each node turned away over the whole level. Nil: the nodes were not asked.
	Refused map[string]Refused
	// Scheduled is the number of transactions of the whole level, warm-up included: what Refused is a share of.
	Scheduled uint64
	// BlockFill is the mean time from a block's first transaction to its cut, in seconds, over the whole
	// level; 0 where unknown.
	BlockFill float64
}

// Refused are calls that a peer turned away because of its limits.
type Refused struct{ Gateway, Endorser uint64 }

// Judge returns what limited the point, and a sentence with the figures.
func Judge(e Evidence) (limit result.Limit, because string) {
	if e.Point.Scheduled == 0 || e.Point.Window <= 0 {
		return result.Limit{Kind: result.LimitUnknown}, "nothing was measured"
	}
	for _, rule := range []rule{refused, keptUp, failing, timer, capped, host, few, disk, commit, core, client} {
		if kind, process, text := rule(&e); kind != "" {
			return result.Limit{Kind: kind, Node: process, Role: e.Point.Roles[process]}, text + e.refusals()
		}
	}
	kind := result.LimitUnknown
	needed := []result.Aspect{result.AspectProcessors, result.AspectBlocks, result.AspectCuts}
	if slices.ContainsFunc(needed, func(a result.Aspect) bool { return slices.Contains(e.NotSeen, a) }) {
		kind = result.LimitUnseen // a rule may hold all the same
	}
	if part, text := e.grown(); part != "" {
		return result.Limit{Kind: kind, Part: part}, text + "; " + e.usage() + e.refusals()
	}
	return result.Limit{Kind: kind}, "no limit shows: " + e.unproven() + e.usage() + e.refusals()
}

// A rule says what limited the point, with the process that the kind names. The kind is empty where the rule
// does not hold. Judge adds to the text which calls were turned away.
type rule func(*Evidence) (kind result.LimitKind, process, text string)

// refused: peers turn calls away. An endorser may also refuse what a gateway then takes to another peer,
// hidden by the client: that is only counted over the whole level. Clients that all start at the same moment
// may meet a gateway's limit then and never again: that does not count.
func refused(e *Evidence) (kind result.LimitKind, process, text string) {
	var gateway, endorser uint64
	for _, r := range e.Refused {
		gateway, endorser = gateway+r.Gateway, endorser+r.Endorser
	}
	limited := e.Point.Outcomes[result.Limited.String()]
	visible := share(limited, e.Point.Scheduled) >= refusedShare
	hidden := share(endorser, e.Scheduled) >= refusedShare
	if !visible && !hidden {
		return "", "", ""
	}
	if endorser > gateway || !visible {
		text = fmt.Sprintf("endorsers turned %d calls away over the whole level, of %d transactions (%s)",
			endorser, e.Scheduled, percent(endorser, e.Scheduled))
		return result.LimitEndorser, "", text + capacity("endorser", e.Point.Conditions.Limits.Endorser)
	}
	text = fmt.Sprintf("%d of %d transactions (%s) were turned away", limited, e.Point.Scheduled, percent(limited, e.Point.Scheduled))
	if e.Point.Conditions.Driver == result.DriverDirect { // there is no gateway between, and nobody asked the endorsers
		return result.LimitEndorser, "", text + capacity("endorser", e.Point.Conditions.Limits.Endorser)
	}
	return result.LimitGateway, "", text + capacity("gateway", e.Point.Conditions.Limits.Gateway)
}

// capacity says how many calls a peer's service takes, where that is known.
func capacity(service string, limit int) string {
	if limit <= 0 {
		return ""
	}
	return fmt.Sprintf("; a peer's %s service takes %d calls at a time", service, limit)
}

// keptUp: all that an open load offered in the window was committed, or answered, give or take the block that the window's
// end cuts off, and the backlog did not grow. A ramp offers another rate there than over its whole length.
func keptUp(e *Evidence) (kind result.LimitKind, process, text string) {
	p := &e.Point
	offered := float64(p.Scheduled) / p.Window
	block, came := share(p.Rate(), float64(p.Blocks)), "committed" // the rate that one makes
	if !p.Conditions.Commits() {
		came = "answered"
	}
	if !took(p) || p.Rate()+block < keptUpShare*offered {
		return "", "", ""
	}
	return result.LimitNone, "", fmt.Sprintf("of the %.4g/s that were offered %.4g/s were %s; %s", offered, p.Rate(), came, e.usage())
}

// took reports whether all of an open load was sent, and no backlog grew.
func took(p *result.Point) bool {
	return p.Load.Kind == result.LoadOpen && p.Outcomes[result.Dropped.String()] == 0 && p.Steady != stats.Overloaded
}

// failing: an open load was kept up with, but the answer to some was no. No processor, disk or lock is what throughput
// lacks then.
func failing(e *Evidence) (kind result.LimitKind, process, text string) {
	p := &e.Point
	var no uint64
	var which []string
	for _, o := range result.Outcomes() {
		n := p.Outcomes[o.String()]
		if n == 0 || o.Class() != result.Failed && o != result.EndorseRefused && o != result.EndorseMismatch {
			continue
		}
		no += n
		which = append(which, fmt.Sprintf("%d %s", n, o))
	}
	block := share(p.Rate(), float64(p.Blocks))
	if no == 0 || !took(p) || p.Rate()+block+float64(no)/p.Window < keptUpShare*float64(p.Scheduled)/p.Window {
		return "", "", ""
	}
	return result.LimitFailures, "", fmt.Sprintf("of %d transactions that were offered, and answered as they came, %d failed (%s); %s",
		p.Scheduled, no, strings.Join(which, ", "), e.usage())
}

// timer: clients of a closed load wait for a block that they are too few to fill.
func timer(e *Evidence) (kind result.LimitKind, process, text string) {
	p := &e.Point
	wait, commit := p.Latency[result.PartWaitCut.String()], p.Latency[result.PartCommit.String()]
	if p.Load.Kind != result.LoadClosed || p.Conditions.Wait != result.WaitCommit || p.BlockCut == nil || wait.N == 0 ||
		share(p.BlockCut.Timer, p.BlockCut.Total()) < timerShare || share(wait.Mean, commit.Mean) < timerShare {
		return "", "", ""
	}
	text = fmt.Sprintf("the timer of %.3g s cut %d of %d blocks before they held %d transactions; of a commit latency of %s waiting for the cut took %s (%s)",
		p.Conditions.BatchTimeout, p.BlockCut.Timer, p.BlockCut.Total(), p.Conditions.BatchMessages,
		seconds(commit.Mean), seconds(wait.Mean), percent(wait.Mean, commit.Mean))
	if e.BlockFill > 0 {
		text += fmt.Sprintf("; blocks were open for %s on average", seconds(e.BlockFill))
	}
	switch n, channels := p.Load.Clients, max(1, p.Conditions.Channels); {
	case p.Phase != nil: // other phases fill the same blocks
	case n == 1:
		text += "; 1 client cannot fill a block"
	case n < int(p.Conditions.BatchMessages)*channels:
		text += fmt.Sprintf("; %d clients cannot fill a block", n)
		if channels > 1 {
			text += fmt.Sprintf(" on each of %d channels", channels)
		}
	}
	return result.LimitBatchTimer, "", text
}

// host: the machine that network and client share is full. Its largest process is named, and is no limit by itself.
func host(e *Evidence) (kind result.LimitKind, process, text string) {
	if !Full(e.Point.CPU, e.Cores) {
		return "", "", ""
	}
	text = "the host is full: " + e.Crowd()
	if peer, at := e.busiest(); at.Busy >= busyShare {
		text += fmt.Sprintf("; %s spent %s of the time on validating and committing", peer, percent(at.Busy, 1))
	}
	process, _ = Largest(e.Point.CPU)
	if role := e.Point.Roles[process]; !(result.Limit{Role: role}).Foreign() {
		text += fmt.Sprintf("; %s uses most, but it is the sum that is too much", process)
	}
	return result.LimitHost, process, text
}

// disk: a process hardly does anything but wait for its disk, and the kernel confirms that disks are waited for.
func disk(e *Evidence) (kind result.LimitKind, process, text string) {
	p := &e.Point
	process, waited := Largest(p.DiskWait)
	if waited < diskShare || p.DiskPressure != nil && p.DiskPressure.Some < diskPressure {
		return "", "", ""
	}
	text = fmt.Sprintf("%s was waiting for its disk at %s of the samples", process, percent(waited, 1))
	if p.DiskPressure != nil {
		text += fmt.Sprintf("; the kernel counted such waits in %s of the time", percent(p.DiskPressure.Some, 1))
	}
	return result.LimitDisk, process, text + ", while " + e.usage()
}

// core: a thread of a process fills a core, so that cores that are idle do not help it.
func core(e *Evidence) (kind result.LimitKind, process, text string) {
	process, cores := Largest(e.Point.Threads)
	if cores < coreShare {
		return "", "", ""
	}
	return result.LimitCore, process, fmt.Sprintf("one thread of %s used %.2f of a core, all of them %.2f, while %s",
		process, cores, e.Point.CPU[process], e.usage())
}

// commit: a peer takes block after block with hardly a pause. It validates and commits those of a channel one
// by one, whatever cores are free.
func commit(e *Evidence) (kind result.LimitKind, process, text string) {
	who, at := e.busiest()
	if at.Busy < busyShare {
		return "", "", ""
	}
	after := "the other"
	if e.Point.Conditions.Channels > 1 {
		after += " of the same channel"
	}
	return result.LimitCommit, who, fmt.Sprintf("%s spent %s of the time on one block after %s, %s each for validation and %s for the commit, while %s",
		who, percent(at.Busy, 1), after, seconds(at.Validate), seconds(at.Commit), e.usage())
}

// client: the load did not come as planned.
func client(e *Evidence) (kind result.LimitKind, process, text string) {
	p := &e.Point
	if dropped := p.Outcomes[result.Dropped.String()]; dropped > 0 {
		return result.LimitSlots, "", fmt.Sprintf("%d of %d transactions were due when all %d slots were taken, while %s",
			dropped, p.Scheduled, p.Load.Slots, e.usage())
	}
	if p.Measured() {
		return "", "", ""
	}
	return result.LimitClient, "", strings.Join(p.Reasons, "; ") + "; " + e.usage()
}

// The figures from which on a process is at its CPU cap. The kernel gives a process its quota in slices, of
// which some stay unused, so that it hardly reaches the cap in full. A process that is held back in most
// periods is at its cap also where others keep it from using all of that.
const (
	capShare       = 0.95
	throttledShare = 0.5 // of the periods of the window
	period         = 0.1 // of a quota, in seconds
)

// capped: a process uses all that its CPU cap allows. Of several it is the one that is held back most often,
// the first by name of equals.
func capped(e *Evidence) (kind result.LimitKind, process, text string) {
	p := &e.Point
	most := -1.0
	for _, node := range sorted(p.CPU) {
		cpus := p.Cap(node).CPUs
		if cpus <= 0 {
			continue
		}
		held := share(float64(p.Throttled[node].Throttled), p.Window/period)
		if (p.CPU[node] >= capShare*cpus || held >= throttledShare) && held > most {
			process, most = node, held
		}
	}
	if process == "" {
		return "", "", ""
	}
	text = fmt.Sprintf("%s used %.3g of the %.3g cores that its cap allows", process, p.CPU[process], p.Cap(process).CPUs)
	if t := p.Throttled[process]; t.Periods > 0 {
		text += fmt.Sprintf(" and was held back in %d of the %d periods in which it ran (%s)", t.Throttled, t.Periods, percent(t.Throttled, t.Periods))
	}
	return result.LimitCap, process, text + "; " + e.usage()
}
