package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"meterbench/bench/study"
	"meterbench/internal/strictyaml"
	"meterbench/network/lab"
	"meterbench/network/wan"
)

func TestVerdict(t *testing.T) {
	interrupted, stop := context.WithCancel(t.Context())
	stop()
	notValid := &study.NotValidError{}
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		code int
		text string
	}{
		{"done", t.Context(), nil, 0, ""},
		{"failed", t.Context(), errors.New("disk full"), 1, "disk full"},
		{"misuse", t.Context(), lab.InputErrorf("no such flag"), 2, "no such flag"},
		{"bad scenario", t.Context(), fmt.Errorf("read: %w", &strictyaml.Error{File: "a.yaml", Line: 3, Column: 5, Msg: "unknown key"}), 2, "read: a.yaml:3:5: unknown key"},
		{"beyond its limits", t.Context(), fmt.Errorf("late: %w", errBeyondLimits), 3, "late: " + errBeyondLimits.Error()},
		{"missed", t.Context(), &study.MissedError{Missed: []string{"a > b: plain"}}, 3, "thresholds missed: a > b: plain"},
		{"not valid", t.Context(), notValid, 4, notValid.Error()},
		{"not valid and failed", t.Context(), errors.Join(notValid, errors.New("disk full")), 1, notValid.Error() + "\ndisk full"},
		{"executed again", t.Context(), fmt.Errorf("start: %w", &wan.EndedError{Code: 3}), 3, ""},
		{"executed again, and interrupted there", interrupted, &wan.EndedError{Code: 130}, 130, ""},
		{"interrupted", interrupted, context.Canceled, 130, "interrupted"},
		{"interrupted early", interrupted, fmt.Errorf("%w: %w", study.ErrNothingMeasured, context.Canceled), 130, "interrupted before anything was measured"},
		{"interrupted in a start", interrupted, fmt.Errorf("start network: %w", context.Canceled), 130, "interrupted"},
		{"interrupted, and the disk full", interrupted, errors.Join(fmt.Errorf("start: %w", context.Canceled), errors.New("disk full")), 130, "interrupted: disk full"},
		{"interrupted, disk full", interrupted, errors.New("disk full"), 130, "interrupted: disk full"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if code, text := verdict(c.ctx, c.err); code != c.code || text != c.text {
				t.Errorf("%d %q, want %d %q", code, text, c.code, c.text)
			}
		})
	}
}
