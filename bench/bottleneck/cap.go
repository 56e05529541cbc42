package bottleneck

import (
	"fmt"

	"meterbench/bench/result"
)

// The figures from which on a process is at its CPU cap. The kernel gives a process its quota in
// slices, of which some stay unused, so that it hardly reaches the cap in full. A process that is
// held back in most periods is at its cap also where others keep it from using all of that.
const (
	capShare       = 0.95
	throttledShare = 0.5 // of the periods of the window
	period         = 0.1 // of a quota, in seconds
)

// capped: a process uses all that its CPU cap allows. Of several it is the one that is held back
// most often, the first by name of equals.
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
	return result.LimitCap, process, text + "; " + e.usage() + e.refusals()
}
