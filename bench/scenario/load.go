package scenario

import (
	"time"

	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

// A Load is closed (Clients, each with one transaction outstanding) or open (arriving whatever the
// network does). Rate has its levels, unless Arrivals have a rate of their own: then there is one level.
// With a Search neither is given.
type Load struct {
	Kind     result.LoadKind `yaml:"kind"`      // closed: clients with one transaction outstanding each; open: at a rate, whatever the network does
	Clients  []int           `yaml:"clients"`   // closed: the levels
	Think    time.Duration   `yaml:"think"`     // closed: a client's pause between its transactions, default 0s
	Rate     []float64       `yaml:"rate,rate"` // open: the levels, transactions per second
	Slots    int             `yaml:"slots"`     // open: most transactions in flight, default 2000; one that is due without a slot is dropped
	Search   *Search         `yaml:"search"`    // in place of clients or rate: the study finds the load
	Arrivals Arrivals        `yaml:"arrivals"`  // open: when transactions are due, default constant
	Hold     time.Duration   `yaml:"hold"`      // length of a level, warm-up included, up to 744h; steps and trace have their own
	Wait     result.Wait     `yaml:"wait"`      // for what clients wait, default commit; acknowledge: an orderer has it; endorse: it is never ordered
}

// UnmarshalNode reads a load with its defaults, see Parse.
func (l *Load) UnmarshalNode(n *strictyaml.Node) error {
	type plain Load
	*l = Load{Wait: result.WaitCommit}
	if err := n.Decode((*plain)(l)); err != nil {
		return err
	}
	if l.Kind != result.LoadOpen {
		return nil
	}
	if n.Get("slots") == nil {
		l.Slots = 2000
	}
	if n.Get("arrivals") == nil {
		l.Arrivals.Kind = Constant
	}
	l.settle()
	return nil
}

func (l Load) check(at string) *strictyaml.Problem {
	if p := strictyaml.OneOf(at+"kind", l.Kind, result.LoadKinds()...); p != nil {
		return p
	}
	if p := strictyaml.OneOf(at+"wait", l.Wait, result.Waits()...); p != nil {
		return p
	}
	switch {
	case l.Hold <= 0 && !l.unsettled():
		return problem("for example hold: 20s", at+"hold", "how long each level lasts must be above 0")
	case l.Hold > maxHold:
		return problem("", at+"hold", "must be at most %s, got %s", maxHold, l.Hold)
	}
	if l.Kind == result.LoadClosed {
		return l.checkClosed(at)
	}
	return l.checkOpen(at)
}

func (l Load) checkClosed(at string) *strictyaml.Problem {
	switch {
	case l.Rate != nil:
		return problem("use kind: open", at+"rate", "a closed load has no rate")
	case l.Slots != 0:
		return problem("use kind: open", at+"slots", "a closed load has no slots")
	case l.Arrivals.Kind != "":
		return problem("use kind: open", at+"arrivals", "a closed load's transactions are due when its clients are free")
	case l.Think < 0:
		return problem("", at+"think", "must not be negative, got %s", l.Think)
	case l.Think >= l.Hold:
		return problem("hold longer", at+"think", "with a pause of %s a client has one transaction in a level of %s", l.Think, l.Hold)
	case len(l.Clients) == 0 && l.Search == nil:
		return problem("for example clients: [1, 2, 4]", at+"clients", "a closed load needs its numbers of clients")
	}
	return each(at+"clients", l.Clients, func(path string, n int) *strictyaml.Problem { return strictyaml.Between(path, n, 1, maxClients) })
}

func (l Load) checkOpen(at string) *strictyaml.Problem {
	switch {
	case l.Clients != nil:
		return problem("use kind: closed", at+"clients", "an open load has no clients")
	case l.Think != 0:
		return problem("use kind: closed", at+"think", "an open load has no think time")
	}
	return strictyaml.Between(at+"slots", l.Slots, 1, maxMany)
}

// checkRates looks at the levels of an open load.
func (l Load) checkRates(at string) *strictyaml.Problem {
	if len(l.Rate) == 0 {
		return problem("for example rate: 100/s", at+"rate", "an open load needs its rates")
	}
	return each(at+"rate", l.Rate, func(path string, rate float64) *strictyaml.Problem {
		if rate <= 0 || rate > maxRate {
			return problem("", path, "must be above 0 and at most %.0f/s, got %g/s", maxRate, rate)
		}
		return nil
	})
}
