package scenario

import (
	"fmt"
	"slices"
	"time"

	"meterbench/internal/strictyaml"
)

// A Target stands in place of a topology: a simulated ledger, whose service
// times are known. A stage that is left out takes no time.
type Target struct {
	Kind     string        `yaml:"kind"` // reference
	Endorse  *Stage        `yaml:"endorse"`
	Order    *Stage        `yaml:"order"`
	Batch    *Cut          `yaml:"batch"` // nil: every transaction is a block
	Commit   *Commit       `yaml:"commit"`
	Failures []Failure     `yaml:"failures"`
	GiveUp   time.Duration `yaml:"give_up"` // clients give up on a lost transaction so long after the acknowledgement
	Stalls   []Stall       `yaml:"stalls"`  // in order
}

// A Stage is a queue with a number of equal servers.
type Stage struct {
	Servers int     `yaml:"servers"`
	Service Service `yaml:"service"`
}

// A Commit is the stage at which transactions or whole blocks are committed.
type Commit struct {
	Servers int     `yaml:"servers"`
	Service Service `yaml:"service"`
	Per     string  `yaml:"per"` // transaction | block: what one service time is for
}

// A Service says how long services take.
type Service struct {
	Kind string        `yaml:"kind"` // constant | exponential | lognormal
	Mean time.Duration `yaml:"mean"`
	CV   float64       `yaml:"cv"` // standard deviation / mean, lognormal only
}

// A Cut says when a block is cut.
type Cut struct {
	Timeout  time.Duration `yaml:"timeout"`
	Messages int           `yaml:"messages"`
	Bytes    uint64        `yaml:"bytes,size"` // 0: no limit
}

// A Failure makes a share of the transactions end in an outcome.
type Failure struct {
	Outcome string  `yaml:"outcome"`
	Share   float64 `yaml:"share"` // 0 to 1
}

// A Stall stops everything in the ledger for some time.
type Stall struct {
	At  time.Duration `yaml:"at"` // since the ledger's start, before its series are prepared
	For time.Duration `yaml:"for"`
}

// UnmarshalNode reads a commit stage, whose service is for a transaction
// unless it says otherwise.
func (c *Commit) UnmarshalNode(n *strictyaml.Node) error {
	type plain Commit
	*c = Commit{Per: "transaction"}
	return n.Decode((*plain)(c))
}

// failures are the outcomes that a simulated ledger can cause.
func failures() []string {
	return []string{"mvcc_conflict", "phantom_read", "endorsement_policy", "invalid_other", "endorse_refused",
		"endorse_mismatch", "limited", "submit_refused", "unknown"}
}

const (
	maxServers = 1_000_000
	maxMean    = time.Hour
	maxCV      = 10
	maxStall   = 24 * time.Hour
)

// check returns the first thing in a target that cannot be.
func (t *Target) check() *strictyaml.Problem {
	if p := oneOf("target.kind", t.Kind, []string{"reference"}); p != nil {
		return p
	}
	stages := []struct {
		at    string
		stage *Stage
	}{{"target.endorse.", t.Endorse}, {"target.order.", t.Order}, {"target.commit.", nil}}
	if c := t.Commit; c != nil {
		stages[2].stage = &Stage{c.Servers, c.Service}
		if p := oneOf("target.commit.per", c.Per, []string{"transaction", "block"}); p != nil {
			return p
		}
	}
	for _, s := range stages {
		if s.stage == nil {
			continue
		}
		if p := s.stage.check(s.at); p != nil {
			return p
		}
	}
	if b := t.Batch; b != nil {
		if b.Timeout <= 0 {
			return problem("for example timeout: 2s", "target.batch.timeout", "must be above 0, got %s", b.Timeout)
		}
		if p := between("target.batch.messages", b.Messages, 1, maxMany); p != nil {
			return p
		}
	}
	if p := t.checkFailures(); p != nil {
		return p
	}
	return t.checkStalls()
}

func (s *Stage) check(at string) *strictyaml.Problem {
	if s.Servers < 1 || s.Servers > maxServers {
		return problem("leave the stage out if it takes no time", at+"servers", "must be 1 to %d, got %d", maxServers, s.Servers)
	}
	if p := oneOf(at+"service.kind", s.Service.Kind, []string{"constant", "exponential", "lognormal"}); p != nil {
		return p
	}
	if s.Service.Mean <= 0 || s.Service.Mean > maxMean {
		return problem("leave the stage out if it takes no time", at+"service.mean", "must be above 0 and at most %s, got %s", maxMean, s.Service.Mean)
	}
	lognormal := s.Service.Kind == "lognormal"
	if lognormal && !(s.Service.CV > 0 && s.Service.CV <= maxCV) {
		return problem("standard deviation / mean, for example cv: 0.5", at+"service.cv", "must be above 0 and at most %d, got %g", maxCV, s.Service.CV)
	}
	if !lognormal && s.Service.CV != 0 {
		return problem("use kind: lognormal", at+"service.cv", "%s service times have their coefficient of variation already", s.Service.Kind)
	}
	return nil
}

func (t *Target) checkFailures() *strictyaml.Problem {
	sum := 0.0
	for i, f := range t.Failures {
		at := fmt.Sprintf("target.failures[%d].", i)
		if p := oneOf(at+"outcome", f.Outcome, failures()); p != nil {
			return p
		}
		if slices.ContainsFunc(t.Failures[:i], func(o Failure) bool { return o.Outcome == f.Outcome }) {
			return problem("", at+"outcome", "%s is given twice", f.Outcome)
		}
		if !(f.Share >= 0 && f.Share <= 1) {
			return problem("", at+"share", "must be 0 to 1, got %g", f.Share)
		}
		if f.Outcome == "unknown" && t.GiveUp <= 0 {
			return problem("for example give_up: 30s", "target.give_up", "how long clients wait for a lost transaction must be above 0, got %s", t.GiveUp)
		}
		if sum += f.Share; sum > 1+1e-9 { // shares as 0.7, 0.2 and 0.1 add up to a little more than 1
			return problem("", at+"share", "all shares up to this sum to %.4g, more than 1", sum)
		}
	}
	if t.GiveUp < 0 {
		return problem("", "target.give_up", "must not be negative, got %s", t.GiveUp)
	}
	return nil
}

func (t *Target) checkStalls() *strictyaml.Problem {
	end := time.Duration(0)
	for i, s := range t.Stalls {
		at := fmt.Sprintf("target.stalls[%d].", i)
		switch {
		case s.At < end:
			return problem("give stalls in order and apart", at+"at", "must not be before %s, got %s", end, s.At)
		case s.At > maxStall:
			return problem("", at+"at", "must be at most %s, got %s", maxStall, s.At)
		case s.For <= 0 || s.For > maxStall:
			return problem("", at+"for", "must be above 0 and at most %s, got %s", maxStall, s.For)
		}
		end = s.At + s.For
	}
	return nil
}

// checkTarget makes sure that there is a topology or a target, and that a
// target has nothing beside it that only a network has.
func (t text) checkTarget(doc *strictyaml.Document) *strictyaml.Problem {
	if t.Target == nil {
		if t.Topology == "" {
			return problem("", "topology", "is missing: the name of a shipped topology, or a file")
		}
		return nil
	}
	for _, at := range t.places() {
		for _, key := range []string{"topology", "policy", "batch", "limits", "caps", "channels"} {
			hint := "leave one of them out"
			if key == "batch" {
				hint = "move it into target"
			}
			for _, path := range []string{at + "vary." + key, at + key} {
				if doc.Has(path) {
					return problem(hint, path, "belongs to a network; this scenario has a simulated target instead")
				}
			}
		}
	}
	return t.Target.check()
}
