package metroind2020

import (
	"meterbench/bench/result"
	"meterbench/reports/claims"
)

// Lengths of a year, for rates and for the mean number of days.
const (
	daysPerYear = 365.25
	year        = daysPerYear * 24 * 3600
)

// listEntry is the least that a certificate adds to a CRL, in bytes: a sequence of a serial number of 20 octets and a UTC
// time, with the tag and length of each (RFC 5280, section 5.1.2.6; fabric-ca's serial numbers are that long).
const listEntry = 2 + 22 + 15

// A way is one of the ways in which a fleet's keys can be kept and its readings verified.
type way struct {
	name   string
	events []event
}

// An event is something that happens to a fleet's keys or readings in a year.
type event struct {
	name     string
	times    float64 // in a year, for the whole fleet
	measured bool
	cost     func(currency) claims.Estimate
}

// lifecycle returns the fleet for which a year is computed.
func lifecycle(e *claims.Evidence) result.Lifecycle {
	if l := e.Summary.Lifecycle; l != nil {
		return *l
	}
	return result.DefaultLifecycle()
}

// counts says how often what happens to a fleet in a year.
type counts struct {
	registrations float64 // of new meters, and after each revocation
	rotations     float64 // or renewals, within a meter's life
	revocations   float64
	verifications float64 // of every reading by every verifier
	answers       float64 // of an OCSP responder: about every meter, to every verifier, whenever the last one is too old
	lists         float64 // CRLs that verifiers fetch
	listed        float64 // certificates on the CRL: those revoked within the lifetime of a key
}

// countsOf returns them,
//
//	registrations = N (1/meter lifetime + revoked)
//	rotations     = N max(0, 1/key lifetime - 1/meter lifetime)
//	verifications = N × readings per day × days per year × verifiers
//	answers       = min(verifications, N × verifiers × year/status age)
//	listed        = N × revoked × key lifetime
//
// for N meters.
func countsOf(l result.Lifecycle) counts {
	n, verifiers := float64(l.Meters), float64(l.Verifiers)
	verifications := n * l.Readings * daysPerYear * verifiers
	return counts{
		registrations: n * (1/l.MeterLifetime + l.Revoked),
		rotations:     n * max(0, 1/l.KeyLifetime-1/l.MeterLifetime),
		revocations:   n * l.Revoked,
		verifications: verifications,
		answers:       min(verifications, n*verifiers*year/l.StatusAge),
		lists:         verifiers * year / l.StatusAge,
		listed:        n * l.Revoked * l.KeyLifetime,
	}
}

// ways returns what a year consists of, by way. Events whose operation the run did not measure are marked.
func ways(e *claims.Evidence) []way {
	n := countsOf(lifecycle(e))
	of := func(name string, times float64, o operation) event {
		m, ok := o.find(e)
		return event{name, times, ok, func(c currency) claims.Estimate { return c.of(m) }}
	}
	ledger := func(o operation) []event {
		return []event{
			of("registrations", n.registrations, register()), of("rotations", n.rotations, rotate()),
			of("revocations", n.revocations, revoke()), of("verifications", n.verifications, o),
		}
	}
	ca := func(status event, verifications operation) []event {
		return []event{
			of("enrolments", n.registrations, enrol()), of("renewals", n.rotations, renew()),
			of("revocations", n.revocations, revokeAtCA()), of("verifications", n.verifications, verifications), status,
		}
	}
	return []way{
		{"ledger, verified by query", ledger(verifyQuery())},
		{"ledger, verified by order", ledger(verifySubmit())},
		{"CA with CRL", ca(listEvent(e, n), verifyCRL())},
		{"CA with OCSP", ca(answerEvent(e, n), verifyChain())},
	}
}

// listEvent is to fetch a CRL. The run's own list was short: on the wire it is longer by the certificates of the fleet.
func listEvent(e *claims.Evidence, n counts) event {
	m, ok := fetchCRL().find(e)
	return event{"CRLs fetched", n.lists, ok, func(c currency) claims.Estimate {
		x := c.of(m)
		if c.key == wireKey {
			x = plus(x, n.listed*listEntry)
		}
		return x
	}}
}

// answerEvent is to ask the responder: what a verification with OCSP costs beyond one by the chain alone.
func answerEvent(e *claims.Evidence, n counts) event {
	with, ok := verifyOCSP().find(e)
	without, okChain := verifyChain().find(e)
	return event{"OCSP answers", n.answers, ok && okChain, func(c currency) claims.Estimate {
		return difference(c.of(with), c.of(without))
	}}
}

// difference returns a less b, two estimates that were made independently of each other, 0 at least,
//
//	a - b ± √(distance of a's bound² + distance of b's other bound²).
func difference(a, b claims.Estimate) claims.Estimate {
	b.Value, b.Low, b.High = -b.Value, -b.High, -b.Low
	x := sum(a, b)
	x.Value, x.High = max(0, x.Value), max(0, x.High)
	return x
}

// whole reports whether the run measured all that happens.
func (w way) whole() bool {
	for _, v := range w.events {
		if !v.measured {
			return false
		}
	}
	return true
}

// perYear returns what a currency costs in a year, for the whole fleet.
func (w way) perYear(c currency) claims.Estimate {
	var all []claims.Estimate
	for _, v := range w.events {
		all = append(all, v.perYear(c))
	}
	return sum(all...)
}

// perYear returns what all such events of a year cost.
func (v event) perYear(c currency) claims.Estimate {
	if v.times == 0 {
		return claims.Known(0, 1)
	}
	return v.cost(c).Times(v.times)
}
