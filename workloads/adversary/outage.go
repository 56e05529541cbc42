package adversary

import (
	"context"
	"errors"
	"time"

	"meterbench/bench/result"
)

// A Deed is an operation on keys that is tried while a process is down.
type Deed struct {
	Operation result.Operation
	Later     time.Duration // how much later, by the clock of a verifier
	Try       Attempt
}

// noAnswer is the reason where an attempt ended with neither a refusal nor an outcome.
const noAnswer = "no answer"

// patience bounds an attempt without what is down.
const patience = 5 * time.Second

// Without tries every deed so many times while the processes of a role are down; no role for none of them. numbers of
// attempts begin with first.
func Without(ctx context.Context, system result.System, down result.Role, nodes []string, deeds []Deed, first uint64, attempts int) []result.Outage {
	var all []result.Outage
	for _, d := range deeds {
		o := result.Outage{
			System: system, Down: down, Nodes: nodes, Later: d.Later.Seconds(), Operation: d.Operation,
			Attempts: uint64(attempts), Failed: map[string]uint64{},
		}
		for i := range uint64(attempts) {
			if err := within(ctx, patience, first+i, d.Try); err != nil {
				o.Failed[reason(err)]++
			} else {
				o.Worked++
			}
		}
		all = append(all, o)
	}
	return all
}

// within makes an attempt that may take so long.
func within(ctx context.Context, limit time.Duration, i uint64, try Attempt) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return try(ctx, i)
}

// reason returns why an attempt failed, in a word that results store.
func reason(err error) string {
	if refused, ok := errors.AsType[Refused](err); ok {
		return string(refused)
	}
	if u, ok := errors.AsType[*Uncommitted](err); ok {
		return u.Outcome.String()
	}
	return noAnswer
}
