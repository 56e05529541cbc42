package bottleneck

import (
	"fmt"

	"meterbench/bench/result"
)

// The limits of what the levels of a series say about one of them.
const (
	flatFactor = 1.1 // of the smallest latency of the series, up to which a latency has not grown
	// apart is how many times as many clients another level has at least for its latency to say something: where
	// throughput has stopped growing, latency grows with the clients, by much more than flatFactor.
	apart = 1.5
	// gainless is the share of the highest throughput with more clients from which on these gain nothing to speak of.
	gainless = 0.9
)

// awaited returns the part of the latency that a client waits for, and a word for it.
func (e *Evidence) awaited() (part result.Part, what string) {
	switch e.Point.Conditions.Wait {
	case result.WaitEndorse:
		return result.PartEndorse, "endorsement"
	case result.WaitAcknowledge:
		return result.PartAcknowledge, "acknowledgement"
	}
	return result.PartCommit, "commit"
}

// few: each client has one transaction at a time, and it takes no longer than with any other number of clients: had
// they something to wait for together, it would. One client has nobody to wait for. That throughput is the clients over
// their latency says nothing, for it holds at saturation too.
//
// Where clients wait for the commit it takes blocks to say so: without them the timer may be behind it.
func few(e *Evidence) (kind result.LimitKind, process, text string) {
	p := &e.Point
	part, what := e.awaited()
	latency := p.Latency[part.String()]
	if p.Load.Kind != result.LoadClosed || !p.Valid || latency.N == 0 || part == result.PartCommit && p.BlockCut == nil {
		return "", "", ""
	}
	if p.Load.Clients == 1 && p.Phase == nil {
		return result.LimitNone, "", fmt.Sprintf("1 client with one transaction at a time asks for no more: the %s takes %s; %s",
			what, seconds(latency.Mean), e.usage())
	}
	smallest, witness := e.smallest(), e.witness()
	if witness == nil || latency.Mean > flatFactor*smallest.Latency[part.String()].Mean || e.gainless() != nil {
		return "", "", ""
	}
	return result.LimitNone, "", fmt.Sprintf("%d clients with one transaction each at a time ask for no more: the %s takes %s, with %s %s; %s",
		p.Load.Clients, what, seconds(latency.Mean), witness.Load, seconds(witness.Latency[part.String()].Mean), e.usage())
}

// others returns the valid levels of the series that can be compared with the point.
func (e *Evidence) others() (all []*result.Point) {
	part, _ := e.awaited()
	for i := range e.Series {
		o := &e.Series[i]
		if o.Valid && o.Phase == nil && o.Load.Kind == e.Point.Load.Kind && o.Load != e.Point.Load && o.Latency[part.String()].N > 0 {
			all = append(all, o)
		}
	}
	return all
}

// smallest returns the level of the series with the smallest latency, which may be the point itself.
func (e *Evidence) smallest() *result.Point {
	part, _ := e.awaited()
	at := &e.Point
	for _, o := range e.others() {
		if o.Latency[part.String()].Mean < at.Latency[part.String()].Mean {
			at = o
		}
	}
	return at
}

// witness returns a level with clearly more or fewer clients whose latency is no larger than the series' smallest, nil
// where there is none.
func (e *Evidence) witness() *result.Point {
	part, _ := e.awaited()
	limit := flatFactor * e.smallest().Latency[part.String()].Mean
	for _, o := range e.others() {
		more, fewer := max(o.Load.Clients, e.Point.Load.Clients), min(o.Load.Clients, e.Point.Load.Clients)
		if o.Latency[part.String()].Mean <= limit && float64(more) >= apart*float64(fewer) {
			return o
		}
	}
	return nil
}

// gainless returns the level with the highest throughput of those with clearly more clients, if these do not get
// clearly more; else nil.
func (e *Evidence) gainless() (most *result.Point) {
	for _, o := range e.others() {
		if float64(o.Load.Clients) >= apart*float64(e.Point.Load.Clients) && (most == nil || o.Rate() > most.Rate()) {
			most = o
		}
	}
	if most == nil || e.Point.Rate() < gainless*most.Rate() {
		return nil
	}
	return most
}

// grown returns the part of the latency that has grown most since the smallest latency of the series, at a smaller
// load; empty where the latency has not grown.
func (e *Evidence) grown() (grew, text string) {
	p := &e.Point
	part, what := e.awaited()
	smallest := e.smallest()
	was, is := smallest.Latency[part.String()].Mean, p.Latency[part.String()].Mean
	if p.Phase != nil || smallest.Load.Amount() >= p.Load.Amount() || is <= flatFactor*was {
		return "", ""
	}
	most := 0.0
	for _, one := range e.parts(smallest) {
		if by := p.Latency[one].Mean - smallest.Latency[one].Mean; by > most {
			grew, most = one, by
		}
	}
	if grew == "" {
		return "", ""
	}
	return grew, fmt.Sprintf("the %s takes %s, %.3g times the %s at %s; most of what was added is in %s, %s instead of %s",
		what, seconds(is), is/was, seconds(was), smallest.Load, grew, seconds(p.Latency[grew].Mean), seconds(smallest.Latency[grew].Mean))
}

// parts returns those of the latency that clients wait for, as fine as both points have them.
func (e *Evidence) parts(other *result.Point) []string {
	part, _ := e.awaited()
	switch part {
	case result.PartEndorse:
		return []string{result.PartEndorse.String()}
	case result.PartAcknowledge:
		return []string{result.PartEndorse.String(), result.PartSubmit.String()}
	}
	all := []string{result.PartLag.String(), result.PartPrepare.String(), result.PartEndorse.String(), result.PartSubmit.String()}
	for _, inside := range result.BlockParts() {
		if e.Point.Latency[inside.String()].N == 0 || other.Latency[inside.String()].N == 0 {
			return append(all, result.PartOrderCommit.String())
		}
	}
	for _, inside := range result.BlockParts() {
		all = append(all, inside.String())
	}
	return all
}

// unproven says why a closed load of which the latency is not known to have grown is not said to be unlimited.
func (e *Evidence) unproven() string {
	p := &e.Point
	if p.Load.Kind != result.LoadClosed || p.Load.Clients <= 1 {
		return ""
	}
	if more := e.gainless(); more != nil {
		return fmt.Sprintf("%s got %.4g/s, %s no more than %.4g/s; ", p.Load, p.Rate(), more.Load, more.Rate())
	}
	if e.witness() == nil {
		return "no other number of clients shows whether they wait for each other; "
	}
	return ""
}

// OnPlateau returns what limited a point that lies on a confirmed plateau of its series: where its figures alone did not
// show a limit, the plateau does.
func OnPlateau(p *result.Point, s *result.Saturation) (limit result.Limit, because string) {
	if p.Limit.Kind != result.LimitNone || !s.Reached || p.Load.Kind != result.LoadClosed || p.Load.Clients < s.Clients {
		return p.Limit, p.LimitedBecause
	}
	return result.Limit{Kind: result.LimitUnknown}, fmt.Sprintf("no limit shows, but more clients gain nothing: throughput has stopped growing at %s", s.Load())
}
