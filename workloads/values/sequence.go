package values

import (
	"fmt"
	"strconv"

	"meterbench/internal/strictyaml"
)

// Per says whose transactions a sequence counts.
type Per string

// PerClient counts those of each client of a closed load. The zero value counts all.
const PerClient Per = "client"

// A Sequence is another value for every transaction of a run. With a prefix it is the prefix, the series and the number,
// as asset-s1-17, which no other series makes, nor a later run on the same ledger; without one it is the number alone. With keys it goes
// over a space in turn, again and again.
type Sequence struct {
	Prefix string `yaml:"prefix"` // that every value begins with
	Keys   Keys   `yaml:"keys"`   // of a space whose keys come in turn, as PREFIX17; left out: no value comes twice
	Per    Per    `yaml:"per"`    // client: each client of a closed load counts its own, as asset-s1-c3-17
}

func (s *Sequence) space() Space { return Space{s.Prefix, s.Keys} }

func (s *Sequence) check(at string, _ Defaults) *strictyaml.Problem {
	if s.Per != "" {
		if p := strictyaml.OneOf(at+".per", s.Per, PerClient); p != nil {
			return p
		}
		if s.Prefix == "" {
			return strictyaml.Problemf("give it a prefix", at+".per", "without a prefix all clients would count alike")
		}
		if s.Keys != 0 {
			return strictyaml.Problemf("leave one of them out", at+".keys", "a space has its keys in turn for all clients together")
		}
	}
	if s.Keys != 0 {
		return s.space().check(at, Defaults{})
	}
	return s.space().checkPrefix(at)
}

func (s *Sequence) bind(_ string, b Binding) Maker {
	prefix := s.Prefix
	if prefix != "" {
		prefix += "-" + b.Scope + "-"
	}
	switch {
	case s.Keys > 0:
		return func(to []byte, t *Turn) []byte { return s.space().key(to, t.Seq%uint64(s.Keys)) }
	case s.Per == "":
		return func(to []byte, t *Turn) []byte { return strconv.AppendUint(append(to, prefix...), t.Seq, 10) }
	}
	return func(to []byte, t *Turn) []byte { return fmt.Appendf(to, "%sc%d-%d", prefix, t.Client, t.Sent) }
}

func (s *Sequence) most(Defaults) int { return len(s.Prefix) + 64 } // scope, client and number

func (s *Sequence) String() string {
	if s.Per != "" {
		return "sequence per client"
	}
	return s.space().describe("sequence")
}
