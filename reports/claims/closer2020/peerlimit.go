package closer2020

import (
	"cmp"
	"fmt"
	"strings"

	"meterbench/bench/result"
	"meterbench/reports"
)

// The series that ask where the peer's limit is.
const limitQuestion = "limit"

// peerLimit finds for every setting at how many clients the throughput stops
// growing, and what stops it.
func peerLimit(e *evidence) finding {
	var holds, fails, open, told []string
	turning := false // what is undecided could turn the verdict
	for _, s := range e.question(limitQuestion) {
		l, ok := s.limit()
		if !ok {
			open, turning = append(open, setting(s.conditions)+" (valid points with commits are missing)"), true
			continue
		}
		told = append(told, l.String())
		switch where := l.setting + " (" + l.where + ")"; {
		case l.around:
			holds = append(holds, l.setting)
		case l.disturbed:
			open, turning = append(open, where), true
		case l.close:
			open = append(open, where)
		default:
			fails = append(fails, where)
		}
	}
	if len(told) < 2 {
		return missing("valid points of up to %d and of %d to %d clients under two settings at least", limitFrom, limitClients+1, limitTo)
	}
	f := finding{verdict: overall(len(holds), len(fails)), evidence: strings.Join(told, ". ") + "."}
	if pace := e.timerPace(); pace != "" {
		f.evidence += " " + pace
	}
	f.conditions = fmt.Sprintf("Holds with %s. Breaks with %s.", orNone(holds), orNone(fails))
	if open != nil {
		f.conditions += fmt.Sprintf(" Undecided with %s.", strings.Join(open, "; "))
	}
	if turning && f.verdict != result.Depends {
		f.verdict = result.Inconclusive
	}
	return f
}

// A limit is where a series stops growing.
type limit struct {
	setting   string
	plateau   estimate
	clients   int    // the fewest that reach the plateau
	by        string // what limits the plateau
	most      int    // the most clients that were measured
	around    bool   // the peer limits, from about the published number on
	close     bool   // to where it would be another answer
	disturbed bool   // other processes than the network's filled the host
	where     string // the limit falls
}

// limit judges the series; false where it lacks a valid point of few clients, or
// of some more than the published number.
func (s series) limit() (limit, bool) {
	few, inFew := s.most(0, limitFrom)
	some, inSome := s.most(limitClients, limitTo)
	if few == 0 || some == 0 {
		return limit{}, false
	}
	p, other := s.plateau()
	at := p.throughput.value
	if at == 0 && other == "" {
		return limit{}, false
	}
	l := limit{setting: setting(s.conditions), plateau: p.throughput, by: cmp.Or(p.limited, other), most: s.levels[len(s.levels)-1].load.Clients}
	for _, level := range s.levels {
		if at > 0 && l.clients == 0 && level.throughput().value >= plateauShare*at {
			l.clients = level.load.Clients
		}
	}
	atLeast := at // of a plateau that is not known
	if other != "" {
		atLeast, _ = s.most(0, l.most)
	}
	// A throughput that was disturbed is a lower bound: that it is low decides nothing.
	switch {
	case at > 0 && few >= early*at:
		l.where = fmt.Sprintf("at %d clients or fewer", limitFrom)
	case inSome == "" && some < clearly*atLeast:
		l.where = fmt.Sprintf("at more than %d clients", limitTo)
	case other != "" || inFew != "" || some < clearly*at:
		l.disturbed, l.where = true, limitedBy(cmp.Or(other, inFew, inSome))
	case few >= clearly*at:
		l.close, l.where = true, fmt.Sprintf("at about %d clients", limitFrom)
	case !byPeer(l.by):
		l.where = limitedBy(l.by)
	default:
		l.around, l.where = true, fmt.Sprintf("after %d clients, by %d", limitFrom, limitTo)
	}
	return l, true
}

// most is the highest throughput with more than from and up to to clients, 0
// where no such point is valid. It is at least that where something else than the
// network was in the way: disturbed then tells what.
func (s series) most(from, to int) (most float64, disturbed string) {
	for _, l := range s.levels {
		if n := l.load.Clients; n <= from || n > to {
			continue
		}
		alone := l.undisturbed()
		if len(alone.points) == 0 {
			alone, disturbed = l, limited(l)
		}
		most = max(most, alone.throughput().value)
	}
	return most, disturbed
}

// String tells the limit with its figures.
func (l limit) String() string {
	if l.plateau.value == 0 {
		return fmt.Sprintf("%s: no plateau, %s", capital(l.setting), limitedBy(l.by))
	}
	end := ""
	if l.clients == l.most {
		end = " (the most that were measured)"
	}
	return fmt.Sprintf("%s: %s of %s from %s on%s, %s", capital(l.setting), percent(plateauShare), rate(l.plateau), clients(l.clients), end, limitedBy(l.by))
}

// timerPace tells what clients that wait for the commit get where they are too
// few to fill a block.
func (e *evidence) timerPace() string {
	for _, s := range e.question(limitQuestion) {
		c := s.conditions
		if c.Wait != "commit" || c.BatchTimeout < 1 {
			continue
		}
		for i := len(s.levels) - 1; i >= 0; i-- {
			l := s.levels[i]
			if n := l.load.Clients; n < int(c.BatchMessages) && n > 0 {
				pace := float64(n) / c.BatchTimeout
				return fmt.Sprintf("With %s, %d clients cannot fill a block: the timer grants them %s and they got %s, %s.",
					setting(c), n, reports.PerSecond.Format(pace), reports.PerSecond.Format(l.throughput().value), limitedBy(limited(l)))
			}
		}
	}
	return ""
}

// setting names the conditions that a series of this study is about.
func setting(c result.Conditions) string {
	text := fmt.Sprintf("%s, clients waiting for the %s", batch(c), waited(c.Wait))
	if q := c.Caps.Peer.CPUs; q > 0 {
		text += fmt.Sprintf(", peer at %g core", q)
	}
	if c.Topology != "minimal" {
		text = c.Topology + ", " + text
	}
	return text
}

func batch(c result.Conditions) string {
	return fmt.Sprintf("batch %d / %s", c.BatchMessages, reports.Seconds.Tick(c.BatchTimeout))
}

func waited(wait string) string {
	if wait == "acknowledge" {
		return "acknowledgement"
	}
	return wait
}
