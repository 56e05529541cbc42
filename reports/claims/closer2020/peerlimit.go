package closer2020

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// peerLimit finds for every setting at how many clients the throughput stops growing, and what stops it.
func peerLimit(e *claims.Evidence) claims.Finding {
	var holds, fails, open, all []string
	undecided := false // and the verdict could change with the decision
	for _, s := range e.Question(limitQuestion) {
		l, ok := limitOf(s)
		if !ok {
			open, undecided = append(open, setting(s.Conditions)+" (valid points with commits are missing)"), true
			continue
		}
		all = append(all, l.String())
		switch where := l.setting + " (" + l.where + ")"; l.answer {
		case around:
			holds = append(holds, l.setting)
		case disturbed:
			open, undecided = append(open, where), true
		case near:
			open = append(open, where)
		default:
			fails = append(fails, where)
		}
	}
	if len(all) < 2 {
		return claims.Missing("valid points of up to %d and of %d to %d clients under two settings at least", limitFrom, limitClients+1, limitTo)
	}
	f := claims.Finding{Verdict: claims.Overall(len(holds), len(fails)), Evidence: strings.Join(all, ". ") + "." + timerPace(e)}
	f.Conditions = fmt.Sprintf("Holds with %s. Breaks with %s.", claims.OrNone(holds), claims.OrNone(fails))
	if open != nil {
		f.Conditions += fmt.Sprintf(" Undecided with %s.", strings.Join(open, "; "))
	}
	if undecided && f.Verdict != result.Depends {
		f.Verdict = result.Inconclusive
	}
	return f
}

// An answer to where a limit falls.
type answer uint8

const (
	elsewhere answer = iota
	around           // the peer limits, from about the published number on
	near             // close to where it would be another answer
	disturbed        // the host was full, of the network or of other processes
)

// A limit is the level at which a series stops growing.
type limit struct {
	setting string
	plateau claims.Estimate
	clients int          // the fewest that reach the plateau
	by      result.Limit // what limits the plateau
	most    int          // the most clients that were measured
	answer  answer
	where   string // the answer in words
}

// limitOf judges the series; false where it lacks a valid point of few clients, or of some more than the
// published number.
func limitOf(s claims.Series) (limit, bool) {
	few, inFew := s.Most(0, limitFrom)
	some, inSome := s.Most(limitClients, limitTo)
	p := s.Plateau(clearly)
	at := p.Throughput.Value
	if few == 0 || some == 0 || at == 0 {
		return limit{}, false
	}
	l := limit{setting: setting(s.Conditions), by: p.Limit, most: s.Levels[len(s.Levels)-1].Load.Clients}
	if !p.AtLeast {
		l.plateau = p.Throughput
		if i := slices.IndexFunc(s.Levels, func(l claims.Level) bool { return l.Throughput().Value >= plateauShare*at }); i >= 0 {
			l.clients = s.Levels[i].Load.Clients
		}
	}
	// A throughput that was disturbed is a lower bound: that it is low decides nothing.
	switch none := (result.Limit{}); {
	case !p.AtLeast && few >= early*at:
		l.where = fmt.Sprintf("at %d clients or fewer", limitFrom)
	case inSome == none && some < clearly*at:
		l.where = fmt.Sprintf("at more than %d clients", limitTo)
	case p.AtLeast:
		l.answer, l.where = disturbed, claims.LimitedBy(p.Limit)
	case inFew != none || some < clearly*at:
		l.answer, l.where = disturbed, claims.LimitedBy(cmp.Or(inFew, inSome))
	case few >= clearly*at:
		l.answer, l.where = near, fmt.Sprintf("at about %d clients", limitFrom)
	case l.by.Kind == result.LimitHost: // even where a peer uses most of it, more of the host could move the limit
		l.answer, l.where = disturbed, claims.LimitedBy(l.by)
	case !l.by.By(result.RolePeer):
		l.where = claims.LimitedBy(l.by)
	default:
		l.answer, l.where = around, fmt.Sprintf("after %d clients, by %d", limitFrom, limitTo)
	}
	return l, true
}

// String writes the limit with its figures.
func (l limit) String() string {
	if l.plateau.Value == 0 {
		return fmt.Sprintf("%s: no plateau, %s", reports.Capital(l.setting), claims.LimitedBy(l.by))
	}
	end := ""
	if l.clients == l.most {
		end = " (the most that were measured)"
	}
	return fmt.Sprintf("%s: %s of %s from %s on%s, %s",
		reports.Capital(l.setting), claims.Percent(plateauShare), claims.Rate(l.plateau), reports.Clients(l.clients), end, claims.LimitedBy(l.by))
}

// timerPace says what clients that wait for the commit get where they are too few to fill a block.
func timerPace(e *claims.Evidence) string {
	for _, s := range e.Question(limitQuestion) {
		c := s.Conditions
		if c.Wait != result.WaitCommit || c.BatchTimeout < 1 {
			continue
		}
		for _, l := range slices.Backward(s.Levels) {
			if n := l.Load.Clients; n < int(c.BatchMessages) && n > 0 {
				return fmt.Sprintf(" With %s, %d clients cannot fill a block: the timer grants them %s and they got %s, %s.",
					setting(c), n, perSecond(float64(n)/c.BatchTimeout), perSecond(l.Throughput().Value), claims.LimitedBy(claims.Limit(l)))
			}
		}
	}
	return ""
}

// usualTopology is that of the series that do not vary it.
const usualTopology = "minimal"

// setting names the conditions that a series of this study is about.
func setting(c result.Conditions) string {
	wait := string(c.Wait)
	if c.Wait == result.WaitAcknowledge {
		wait = acknowledgement
	}
	text := fmt.Sprintf("%s, clients waiting for the %s", batch(c), wait)
	if q := c.Caps.Peer.CPUs; q > 0 {
		text += fmt.Sprintf(", peer at %g core", q)
	}
	if c.Topology != usualTopology {
		text = c.Topology + ", " + text
	}
	return text
}

func batch(c result.Conditions) string {
	return fmt.Sprintf("batch %d / %s", c.BatchMessages, reports.Seconds.Tick(c.BatchTimeout))
}
