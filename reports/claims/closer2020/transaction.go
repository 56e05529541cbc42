package closer2020

import (
	"fmt"
	"slices"
	"strings"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/reports"
)

// The series that set encryption against transactions: each encrypted one has
// controls whose transactions are the same but for the encryption.
const overheadQuestion = "overhead"

// A pair is encryption measured inside transactions and the equally long
// transactions without it: same network, load, seed and repetitions.
type pair struct {
	encrypted result.Conditions
	load      result.Load
	encrypt   float64 // seconds, means as those below
	commit    float64 // of the control
	ack       float64 // of the control
	ofCommit  ratio   // encrypt over commit, repetition by repetition
	ofAck     ratio
	padded    float64 // commit latency beyond that of the equally long control
	plain     float64 // and beyond that of the unencrypted reading
	hasPlain  bool
}

// pairs sets every encrypted series of the study beside its controls.
func (e *evidence) pairs() []pair {
	var all []pair
	question := e.question(overheadQuestion)
	for _, s := range question {
		if s.conditions.Workload != "encrypted" || s.conditions.Encryption != "inline" {
			continue
		}
		for _, l := range s.levels {
			if p, ok := newPair(s, l, question); ok {
				all = append(all, p)
			}
		}
	}
	return all
}

func newPair(s series, l level, question []series) (p pair, ok bool) {
	p = pair{encrypted: s.conditions, load: l.load}
	encrypt, ok := l.mean(result.PartEncrypt)
	if !ok {
		return p, false
	}
	p.encrypt = encrypt
	own, _ := l.mean(result.PartCommit)
	for _, control := range question {
		with, has := control.load(l.load)
		if !has || !sameNetwork(control.conditions, s.conditions) || control.conditions.Length != s.conditions.Length {
			continue
		}
		commit, okCommit := with.mean(result.PartCommit)
		ack, okAck := with.mean(result.PartAcknowledge)
		if !okCommit || !okAck {
			continue
		}
		switch c := control.conditions; {
		case c.Workload == "padded" && c.Scheme == s.conditions.Scheme && c.Bits == s.conditions.Bits:
			p.commit, p.ack, p.padded = commit, ack, own-commit
			p.ofCommit, _ = l.over(result.PartEncrypt, with, result.PartCommit)
			p.ofAck, _ = l.over(result.PartEncrypt, with, result.PartAcknowledge)
		case c.Workload == "plain":
			p.plain, p.hasPlain = own-commit, true
		}
	}
	return p, p.ofCommit.value > 0 && p.ofAck.value > 0
}

func (s series) load(l result.Load) (level, bool) {
	i := slices.IndexFunc(s.levels, func(have level) bool { return have.load == l })
	if i < 0 {
		return level{}, false
	}
	return s.levels[i], true
}

// sameNetwork tells whether two series ran under conditions that are the same
// but for what a transaction carries.
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

// transactions returns those that encryption is compared with: by batch
// setting the commit, and the acknowledgement once, at the least load at which
// clients waited for the commit.
func (e *evidence) transactions() []transaction {
	var all []transaction
	var acks []float64
	for _, question := range []string{overheadQuestion, limitQuestion} {
		for _, s := range e.question(question) {
			name := "commit, " + batch(s.conditions)
			if s.conditions.Workload == "encrypted" || s.conditions.Wait != "commit" || len(s.levels) == 0 {
				continue
			}
			commit, ok := s.levels[0].typical(result.PartCommit)
			if !ok || slices.ContainsFunc(all, func(t transaction) bool { return t.name == name }) {
				continue
			}
			all = append(all, transaction{name, commit})
			if ack, ok := s.levels[0].typical(result.PartAcknowledge); ok {
				acks = append(acks, ack)
			}
		}
	}
	if acks != nil {
		all = append(all, transaction{acknowledgement, stats.Median(acks)})
	}
	return all
}

// againstTransaction relates encryption to transactions: measured in pairs,
// and composed of the table of costs and the transactions' latencies for what
// was not run.
func againstTransaction(e *evidence) finding {
	pairs, transactions := e.pairs(), e.transactions()
	if len(pairs) == 0 || len(transactions) == 0 || len(e.sum.FE) == 0 {
		return missing("encryption inside transactions beside padded controls, and a table of its costs")
	}
	held, failed := 0, 0
	count := func(ratio float64) {
		if ratio <= significantly {
			held++
		} else {
			failed++
		}
	}
	least, most := pairs[0], pairs[0]
	for _, p := range pairs {
		count(p.ofCommit.value)
		count(p.ofAck.value)
		if p.ofCommit.value < least.ofCommit.value {
			least = p
		}
		if p.ofCommit.value > most.ofCommit.value {
			most = p
		}
	}
	var conditions []string
	for _, t := range transactions {
		for _, f := range e.families() {
			for _, c := range f.costs {
				count(c.Encrypt.P50 / t.latency)
			}
		}
		conditions = append(conditions, t.reach(e.families()))
	}
	return finding{
		verdict: overall(held, failed),
		evidence: fmt.Sprintf("Of %d loads that were measured in pairs, ratios of means with their 95 %% intervals in brackets where they have any, from %v to %v. With what is composed of the table of costs and the transactions' latencies, %d of %d ratios are at most %g.",
			len(pairs), least, most, held, held+failed, significantly),
		conditions: "Composed, of one encryption alone on the machine and the median latency at the least load. " + strings.Join(conditions, ". ") + ".",
	}
}

// String tells a pair's figures.
func (p pair) String() string {
	c := p.encrypted
	return fmt.Sprintf("%s of the commit and %s of the acknowledgement (%s with %s, beside %s and %s of the equally long control; %s, %s)",
		share(p.ofCommit.estimate), share(p.ofAck.estimate), reports.Seconds.Format(p.encrypt), parameters(c.Scheme, c.Bits, c.Length),
		reports.Seconds.Format(p.commit), reports.Seconds.Format(p.ack), batch(c), clients(p.load.Clients))
}

// reach tells up to which key size encryption is significantly shorter than the
// transaction, the families with the same answer together.
func (t transaction) reach(families []family) string {
	var answers []string
	of := map[string][]string{}
	for _, f := range families {
		upTo, beyond := 0, result.FECost{}
		for _, c := range f.costs {
			if c.Encrypt.P50/t.latency > significantly {
				beyond = c
				break
			}
			upTo = c.Bits
		}
		answer, name := fmt.Sprintf("up to %d bits", upTo), f.String()
		switch {
		case upTo == 0:
			answer = "at no size"
		case beyond.Bits == 0:
			answer = "at every size"
		}
		if beyond.Bits > 0 {
			name += fmt.Sprintf(" (%s at %d bits)", percent(beyond.Encrypt.P50/t.latency), beyond.Bits)
		}
		if of[answer] == nil {
			answers = append(answers, answer)
		}
		of[answer] = append(of[answer], name)
	}
	for i, answer := range answers {
		answers[i] = answer + ": " + strings.Join(of[answer], ", ")
	}
	return fmt.Sprintf("Significantly shorter than the %s (%s): %s", t.name, reports.Seconds.Format(t.latency), strings.Join(answers, "; "))
}
