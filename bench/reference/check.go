package reference

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"meterbench/bench/result"
	"meterbench/internal/strictyaml"
)

const (
	maxServers  = 1_000_000
	maxMean     = time.Hour
	maxCV       = 10
	maxMessages = 10_000_000
	maxStall    = 24 * time.Hour
	maxTimeout  = time.Hour
	maxGiveUp   = 24 * time.Hour
)

// Validate returns an error that names the first value that cannot be simulated.
func (c Config) Validate() error {
	if p := c.Check(""); p != nil {
		return fmt.Errorf("reference ledger: %w", p)
	}
	return nil
}

// Check returns the first value that cannot be simulated, with its path after the prefix at, or nil.
func (c Config) Check(at string) *strictyaml.Problem {
	var p *strictyaml.Problem
	if c.Commit != nil && c.Commit.Per != "" {
		p = strictyaml.OneOf(at+"commit.per", c.Commit.Per, PerTransaction, PerBlock)
	}
	return cmp.Or(p, c.Endorse.check(at+"endorse."), c.Order.check(at+"order."), c.Commit.stage().check(at+"commit."),
		c.Batch.check(at+"batch."), c.checkFailures(at), c.checkStalls(at))
}

func (b *Batch) check(at string) *strictyaml.Problem {
	switch {
	case b == nil:
		return nil
	case b.Timeout <= 0 || b.Timeout > maxTimeout:
		return strictyaml.Problemf("for example timeout: 2s", at+"timeout", "must be above 0 and at most %s, got %s", maxTimeout, b.Timeout)
	}
	return strictyaml.Between(at+"messages", b.Messages, 1, maxMessages)
}

func (s *Stage) check(at string) *strictyaml.Problem {
	if s == nil {
		return nil
	}
	const leaveOut = "leave the stage out if it takes no time"
	if p := strictyaml.Between(at+"servers", s.Servers, 1, maxServers); p != nil {
		p.Hint = leaveOut
		return p
	}
	if p := strictyaml.OneOf(at+"service.kind", s.Service.Kind, Kinds()...); p != nil {
		return p
	}
	mean, cv := s.Service.Mean, s.Service.CV
	lognormal := s.Service.Kind == Lognormal
	switch {
	case mean <= 0 || mean > maxMean:
		return strictyaml.Problemf(leaveOut, at+"service.mean", "must be above 0 and at most %s, got %s", maxMean, mean)
	case lognormal && !(cv > 0 && cv <= maxCV):
		return strictyaml.Problemf("standard deviation / mean, for example cv: 0.5", at+"service.cv", "must be above 0 and at most %d, got %g", maxCV, cv)
	case !lognormal && cv != 0:
		return strictyaml.Problemf("use kind: lognormal", at+"service.cv", "%s service times have their coefficient of variation already", s.Service.Kind)
	}
	return nil
}

// givenUp are the outcomes for which clients wait until they give up.
var givenUp = []result.Outcome{result.Unknown, result.EndorseTimeout}

func (c Config) checkFailures(at string) *strictyaml.Problem {
	sum := 0.0
	for i, f := range c.Failures {
		path := fmt.Sprintf("%sfailures[%d].", at, i)
		sum += f.Share
		switch {
		case !slices.Contains(Failures(), f.Outcome):
			return strictyaml.Problemf("", path+"outcome", "a ledger cannot make a transaction fail as %s", f.Outcome)
		case slices.ContainsFunc(c.Failures[:i], func(o Failure) bool { return o.Outcome == f.Outcome }):
			return strictyaml.Problemf("", path+"outcome", "%s is given twice", f.Outcome)
		case !(f.Share >= 0 && f.Share <= 1):
			return strictyaml.Problemf("", path+"share", "must be 0 to 1, got %g", f.Share)
		case slices.Contains(givenUp, f.Outcome) && c.GiveUp <= 0:
			return strictyaml.Problemf("for example give_up: 30s", at+"give_up", "how long clients wait for a lost transaction must be above 0, got %s", c.GiveUp)
		case sum > 1+1e-9: // shares as 0.7, 0.2 and 0.1 add up to a little more than 1
			return strictyaml.Problemf("", path+"share", "all shares up to this sum to %.4g, more than 1", sum)
		}
	}
	if c.GiveUp < 0 || c.GiveUp > maxGiveUp {
		return strictyaml.Problemf("", at+"give_up", "must be 0 to %s, got %s", maxGiveUp, c.GiveUp)
	}
	return nil
}

func (c Config) checkStalls(at string) *strictyaml.Problem {
	end := time.Duration(0)
	for i, s := range c.Stalls {
		path := fmt.Sprintf("%sstalls[%d].", at, i)
		switch {
		case s.At < end:
			return strictyaml.Problemf("give stalls in order and apart", path+"at", "must not be before %s, got %s", end, s.At)
		case s.At > maxStall:
			return strictyaml.Problemf("", path+"at", "must be at most %s, got %s", maxStall, s.At)
		case s.For <= 0 || s.For > maxStall:
			return strictyaml.Problemf("", path+"for", "must be above 0 and at most %s, got %s", maxStall, s.For)
		}
		end = s.At + s.For
	}
	return nil
}
