package adversary

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"meterbench/bench/result"
	"meterbench/internal/refusal"
)

// A Kind is one way to act towards a system.
type Kind struct {
	Name   string
	Honest bool
	Try    Attempt
}

// An Attempt is the i-th of its kind. Its error is a Refused where it was refused, nil where it was accepted.
type Attempt func(ctx context.Context, i uint64) error

// A Refused is the error of an attempt that was refused: the code of a refusal, or the reason for which a verifier refused.
// Any other error says that they did not decide.
type Refused string

// Error implements error.
func (r Refused) Error() string { return "refused: " + string(r) }

// An Uncommitted is the error of a transaction that was not committed though the contract did not refuse it.
type Uncommitted struct {
	Outcome result.Outcome
	Err     error
}

// Error implements error.
func (u *Uncommitted) Error() string { return u.Err.Error() }

// Unwrap returns the cause.
func (u *Uncommitted) Unwrap() error { return u.Err }

// A Design says what a system's design makes of attempts, by their kinds.
type Design struct {
	LetThrough map[string]result.Trust // the kinds that it accepts, and whom that trusts
	Refused    map[string][]string     // the codes of its refusals; an attempt that is refused for something else proves nothing
}

// Try makes so many attempts of each kind on a system. Its error is that of an attempt that was not decided; what was tried
// before comes along.
func Try(ctx context.Context, system result.System, kinds []Kind, design Design, attempts int) (report result.Integrity, err error) {
	for _, kind := range kinds {
		p := result.Probe{
			Kind: kind.Name, System: system, Honest: kind.Honest, Trust: design.LetThrough[kind.Name],
			Attempts: uint64(attempts), Refused: map[string]uint64{},
		}
		codes, known := design.Refused[kind.Name]
		for i := range uint64(attempts) {
			err := kind.Try(ctx, i)
			reason, refused := errors.AsType[Refused](err)
			switch {
			case refused:
				p.Refused[string(reason)]++
				if known && !slices.Contains(codes, string(reason)) {
					p.Otherwise++
				}
			case err != nil:
				return report, fmt.Errorf("integrity: %s: %w", kind.Name, err)
			default:
				p.Accepted++
			}
		}
		report.Probes = append(report.Probes, p)
	}
	return report, nil
}

// alternate makes two attempts by turns.
func alternate(even, odd Attempt) Attempt {
	return func(ctx context.Context, i uint64) error {
		if i%2 == 0 {
			return even(ctx, i)
		}
		return odd(ctx, i)
	}
}

// invoke submits a transaction.
func invoke(ctx context.Context, by Ledger, function string, args ...[]byte) error {
	return decided(by.Invoke(ctx, function, args...))
}

// decided returns the error of an attempt that a contract refused, or the network by an endorsement policy, as a Refused.
func decided(err error) error {
	if refused, ok := errors.AsType[*refusal.Refusal](err); ok {
		return Refused(refused.Code.Name)
	}
	if u, ok := errors.AsType[*Uncommitted](err); ok && u.Outcome == result.EndorsementPolicy {
		return Refused(u.Outcome.String())
	}
	return err
}
