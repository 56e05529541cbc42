package closer2020

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

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
	encrypt   float64
	commit    float64         // of the control
	ack       float64         // of the control
	ofCommit  claims.Estimate // encrypt over commit, repetition by repetition
	ofAck     claims.Estimate
	padded    float64 // commit latency beyond that of the equally long control
	plain     float64 // and beyond that of the unencrypted reading
	hasPlain  bool
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
	p = pair{encrypted: own, load: l.Load}
	if p.encrypt, ok = l.Mean(result.PartEncrypt); !ok {
		return p, false
	}
	whole, _ := l.Mean(result.PartCommit)
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
			p.commit, p.ack, p.padded = commit, ack, whole-commit
			p.ofCommit = l.Over(result.PartEncrypt, control, result.PartCommit)
			p.ofAck = l.Over(result.PartEncrypt, control, result.PartAcknowledge)
		case c.Workload == result.Plain:
			p.plain, p.hasPlain = whole-commit, true
		}
	}
	return p, p.ofCommit.Value > 0 && p.ofAck.Value > 0
}

// sameNetwork reports whether two series ran under conditions that are the same but for what a transaction carries.
func sameNetwork(a, b result.Conditions) bool {
	return a.Topology == b.Topology && a.BatchTimeout == b.BatchTimeout && a.BatchMessages == b.BatchMessages &&
		a.Policy == b.Policy && a.Channels == b.Channels && a.Caps == b.Caps && a.Limits == b.Limits && a.Wait == b.Wait
}

// A transaction is one without encryption at the least load of a setting.
type transaction struct {
	name    string // commit, batch 10 / 2 s
	latency float64
}

// acknowledgement is the name of the part of a transaction that ends with it.
const acknowledgement = "acknowledgement"

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
		all = append(all, transaction{acknowledgement, stats.Median(acks)})
	}
	return all
}

// againstTransaction relates encryption to transactions: measured in pairs, and composed of the table of
// costs and the transactions' latencies for what was not run.
func againstTransaction(e *claims.Evidence) claims.Finding {
	pairs, transactions, families := pairs(e), transactions(e), families(e)
	if len(pairs) == 0 || len(transactions) == 0 || len(families) == 0 {
		return claims.Missing("encryption inside transactions beside padded controls, and a table of its costs")
	}
	var ratios []float64
	for _, p := range pairs {
		ratios = append(ratios, p.ofCommit.Value, p.ofAck.Value)
	}
	var composed []string
	for _, t := range transactions {
		for _, f := range families {
			for _, c := range f {
				ratios = append(ratios, c.Encrypt.P50/t.latency)
			}
		}
		composed = append(composed, t.reach(families))
	}
	all := len(ratios)
	held := len(slices.DeleteFunc(ratios, func(ratio float64) bool { return ratio > significantly }))
	ascending := func(a, b pair) int { return cmp.Compare(a.ofCommit.Value, b.ofCommit.Value) }
	return claims.Finding{
		Verdict: claims.Overall(held, all-held),
		Evidence: fmt.Sprintf("Of %d loads that were measured in pairs, ratios of means with their 95 %% intervals in brackets where they have any, from "+
			"%v to %v. Together with ratios composed of the table of costs and the transactions' latencies, %d of %d ratios are at most %g.",
			len(pairs), slices.MinFunc(pairs, ascending), slices.MaxFunc(pairs, ascending), held, all, significantly),
		Conditions: "Composed, of one encryption alone on the machine and the median latency at the least load. " + strings.Join(composed, ". ") + ".",
	}
}

// String writes a pair's figures.
func (p pair) String() string {
	c := p.encrypted
	return fmt.Sprintf("%s of the commit and %s of the acknowledgement (%s with %s, beside %s and %s of the equally long control; %s, %s)",
		claims.Share(p.ofCommit), claims.Share(p.ofAck), seconds(p.encrypt), parameters(c.Scheme, c.Bits, c.Length),
		seconds(p.commit), seconds(p.ack), batch(c), reports.Clients(p.load.Clients))
}

// reach says up to which key size encryption is significantly shorter than the transaction, the families with
// the same answer together.
func (t transaction) reach(families []family) string {
	var answers []string
	of := map[string][]string{}
	for _, f := range families {
		answer, name := "at every size", f.String()
		if i := slices.IndexFunc(f, func(c result.FECost) bool { return c.Encrypt.P50/t.latency > significantly }); i >= 0 {
			answer = "at no size"
			if i > 0 {
				answer = fmt.Sprintf("up to %d bits", f[i-1].Bits)
			}
			name += fmt.Sprintf(" (%s at %d bits)", claims.Percent(f[i].Encrypt.P50/t.latency), f[i].Bits)
		}
		if of[answer] == nil {
			answers = append(answers, answer)
		}
		of[answer] = append(of[answer], name)
	}
	for i, answer := range answers {
		answers[i] = answer + ": " + strings.Join(of[answer], ", ")
	}
	return fmt.Sprintf("Significantly shorter than the %s (%s): %s", t.name, seconds(t.latency), strings.Join(answers, "; "))
}
