package study

import (
	"context"
	"errors"
	"sync"
)

// ErrEnded is why a study ended that a Stopper ended.
var ErrEnded = errors.New("the run was ended on request")

// errLevelEnded is why a level ended that a Stopper ended.
var errLevelEnded = errors.New("the level was ended on request")

// A Stopper ends what a study has under way, by any goroutine. The zero value is ready. It belongs to one study.
type Stopper struct {
	mu         sync.Mutex
	level, run context.CancelCauseFunc // nil while there is none
}

// EndLevel ends the load level under way, as an interruption does, and the study goes on with the next one: what was measured
// becomes a point that says so, and the run is stored as not complete. A search measures the load again. Where every level was
// ended before its window, the error of Run is ErrEnded. It is false where no level is under way.
func (s *Stopper) EndLevel() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.level == nil {
		return false
	}
	s.level(errLevelEnded)
	return true
}

// EndRun ends the study as an interruption does, with what was measured until then; the error of Run is then ErrEnded. It is
// false where the study does not run.
func (s *Stopper) EndRun() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.run == nil {
		return false
	}
	s.run(ErrEnded)
	return true
}

// begin returns a context that EndRun, or with level EndLevel, ends, until over is called. A nil Stopper ends none.
func (s *Stopper) begin(ctx context.Context, level bool) (_ context.Context, over func()) {
	if s == nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	of := &s.run
	if level {
		of = &s.level
	}
	set := func(to context.CancelCauseFunc) {
		s.mu.Lock()
		defer s.mu.Unlock()
		*of = to
	}
	set(cancel)
	return ctx, func() {
		set(nil)
		cancel(nil)
	}
}
