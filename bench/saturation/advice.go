package saturation

import (
	"fmt"
	"math"

	"meterbench/bench/result"
)

// notConfirmed returns why the plateau of some levels, in ascending order, is none for certain, and what to do about it.
func (k *Knee) notConfirmed(levels []*level) string {
	first, last, top := levels[0], levels[len(levels)-1], highest(levels)
	gain := func() string {
		g := k.Gain
		return fmt.Sprintf("a doubling of the clients beyond the knee at %g gains %.2g %% (95 %% interval %.2g to %.2g %%)",
			k.Clients, 100*g.PerDoubling, 100*g.Low, 100*g.High)
	}
	more := fmt.Sprintf("add levels with more than %g clients, up to %g", last.load, doublings*last.load)
	switch growth := k.Gain.Growth(); {
	case !(top.throughput > 0):
		return "no level has any throughput"
	case growth == result.Growing:
		return gain() + "; " + more
	case growth == result.Undecided:
		return "undecided, since " + gain() + "; repeat the levels, hold them longer, or " + more
	case len(levels) == 1:
		return fmt.Sprintf("only %g clients count; add other levels", first.load)
	case k.Falls && top == first:
		return fmt.Sprintf("throughput falls, from %.4g/s at %g clients to %.4g/s at %g, so that the knee may lie below %g clients; add levels with fewer",
			top.throughput, top.load, last.throughput, last.load, first.load)
	case k.Falls:
		return fmt.Sprintf("throughput falls, from %.4g/s at %g clients to %.4g/s at %g, so that its peak may lie between levels; add some around %g clients",
			top.throughput, top.load, last.throughput, last.load, top.load)
	}
	measured := fmt.Sprintf("from the knee at %g clients on %.2g doublings of the clients were measured, and a plateau takes two",
		k.Clients, math.Log2(last.load/k.Clients))
	if least := doublings * k.Clients; least < doublings*last.load {
		return fmt.Sprintf("%s; %s (%g at least)", measured, more, least)
	}
	return measured + "; " + more
}

// doublings is the factor of two doublings, over which a gain is measured.
const doublings = 4
