package fabric

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// permanent marks an error that no repetition will cure.
type permanent struct{ error }

func (p permanent) Unwrap() error { return p.error }

// Permanent marks an error for Retry as one to give up at.
func Permanent(err error) error { return permanent{err} }

// Retry repeats try, with a pause, until it succeeds, fails for good, or the context ends; then the
// error also tells why the last try failed.
func Retry(ctx context.Context, pause time.Duration, try func() error) error {
	var last error
	for {
		err := try()
		if err == nil {
			return nil
		}
		if p, ok := errors.AsType[permanent](err); ok {
			return p.error
		}
		if last == nil || ctx.Err() == nil {
			last = err // once the context has ended, tries only say that it has
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w; last answer: %w", context.Cause(ctx), last)
		case <-time.After(pause):
		}
	}
}
