package closer2020

import (
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/reports"
	"meterbench/reports/claims"
)

// A pair is encryption measured inside transactions and the equally long transactions without it: same
// network, load, seed and repetitions. Times are means, in seconds.
type pair struct {
	encrypted result.Conditions
	load      result.Load
	repeated  int // windows of the encrypted series
	encrypt   float64
	commit    float64         // of the control
	ack       float64         // of the control
	ofCommit  claims.Estimate // encrypt over commit, repetition by repetition
	ofAck     claims.Estimate
	padded    claims.Estimate // commit latency beyond that of the equally long control, repetition by repetition
	plain     claims.Estimate // and beyond that of the unencrypted reading
	hasPlain  bool
}

// setting names the pair.
func (p pair) setting() string {
	c := p.encrypted
	return fmt.Sprintf("%s; %s, %s", parameters(c.Scheme, c.Bits, c.Length), batch(c), reports.Clients(p.load.Clients))
}

// pairs sets every encrypted series of the study beside its controls.
func pairs(e *claims.Evidence) (all []pair) {
	question := e.Question(overheadQuestion)
	for _, s := range question {
		if s.Conditions.Workload != result.Encrypted || s.Conditions.Encryption != result.EncryptInline {
			continue
		}
		for _, l := range s.Levels {
			if p, ok := newPair(s.Conditions, l, question); ok {
				all = append(all, p)
			}
		}
	}
	return all
}

func newPair(own result.Conditions, l claims.Level, question []claims.Series) (p pair, ok bool) {
	p = pair{encrypted: own, load: l.Load, repeated: len(l.Points)}
	if p.encrypt, ok = l.Mean(result.PartEncrypt); !ok {
		return p, false
	}
	for _, s := range question {
		c := s.Conditions
		at := slices.IndexFunc(s.Levels, func(other claims.Level) bool { return other.Load == l.Load })
		if at < 0 || !sameNetwork(c, own) || c.Length != own.Length {
			continue
		}
		control := s.Levels[at]
		commit, okCommit := control.Mean(result.PartCommit)
		ack, okAck := control.Mean(result.PartAcknowledge)
		switch {
		case !okCommit || !okAck:
		case c.Workload == result.Padded && c.Scheme == own.Scheme && c.Bits == own.Bits:
			p.commit, p.ack, p.padded = commit, ack, l.Beyond(result.PartCommit, control)
			p.ofCommit = l.Over(result.PartEncrypt, control, result.PartCommit)
			p.ofAck = l.Over(result.PartEncrypt, control, result.PartAcknowledge)
		case c.Workload == result.Plain:
			p.plain, p.hasPlain = l.Beyond(result.PartCommit, control), true
		}
	}
	return p, p.ofCommit.Value > 0 && p.ofAck.Value > 0
}

// sameNetwork reports whether two series ran under conditions that are the same but for what a transaction carries.
func sameNetwork(a, b result.Conditions) bool {
	return a.Topology == b.Topology && a.BatchTimeout == b.BatchTimeout && a.BatchMessages == b.BatchMessages &&
		a.Policy == b.Policy && a.Channels == b.Channels && a.Caps == b.Caps && a.Limits == b.Limits && a.Driver == b.Driver && a.Wait == b.Wait
}

// A transaction is one without encryption at the least load of a setting.
type transaction struct {
	name    string // commit, batch 10 / 2 s
	latency float64
}

// transactions returns those that encryption is compared with: by batch setting the commit, and the
// acknowledgement once, at the least load at which clients waited for the commit.
func transactions(e *claims.Evidence) (all []transaction) {
	var acks []float64
	for _, s := range append(e.Question(overheadQuestion), e.Question(limitQuestion)...) {
		if s.Conditions.Workload == result.Encrypted || s.Conditions.Wait != result.WaitCommit {
			continue
		}
		name := "commit, " + batch(s.Conditions)
		commit, ok := s.Levels[0].Typical(result.PartCommit)
		if !ok || slices.ContainsFunc(all, func(t transaction) bool { return t.name == name }) {
			continue
		}
		all = append(all, transaction{name, commit})
		if ack, ok := s.Levels[0].Typical(result.PartAcknowledge); ok {
			acks = append(acks, ack)
		}
	}
	if acks != nil {
		all = append(all, transaction{"acknowledgement", stats.Median(acks)})
	}
	return all
}

// againstTransaction relates encryption to the transactions that are the same but for it. What was not run in pairs is
// context: it is composed of the table of costs and the transactions' latencies.
func againstTransaction(e *claims.Evidence) claims.Finding {
	pairs := pairs(e)
	if len(pairs) == 0 {
		return e.Missing(overheadQuestion, "encryption inside transactions beside padded controls")
	}
	var rows []result.ClaimRow
	for _, p := range pairs {
		setting, longer := p.setting(), "longer by"
		if p.repeated < claims.Repetitions {
			longer += ", these windows" // its interval does not cover others
		}
		rows = append(rows,
			claims.AtMost(significantly).Row(setting, "of commit", result.UnitShare, p.ofCommit),
			claims.AtMost(significantly).Row(setting, "of ack.", result.UnitShare, p.ofAck),
			claims.Context(setting, longer, result.UnitSeconds, p.padded))
	}
	found := claims.Find(rows, claims.ByFigure)
	if held, all := composed(e); all > 0 {
		found.Conditions += fmt.Sprintf(" Context: of %d ratios composed of costs and latencies that were not measured together, %d are at most %s.",
			all, held, claims.Percent(significantly))
	}
	return found
}

// composed counts the ratios of the table of costs and the transactions' latencies, and those that are small.
func composed(e *claims.Evidence) (held, all int) {
	families := families(e)
	for _, t := range transactions(e) {
		for _, f := range families {
			for _, c := range f {
				if all++; c.Encrypt.P50/t.latency <= significantly {
					held++
				}
			}
		}
	}
	return held, all
}
