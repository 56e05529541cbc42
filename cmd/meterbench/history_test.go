package main

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// An analysis that takes long says how far it is, and a short one nothing.
func TestHistoryProgress(t *testing.T) {
	for _, c := range []struct {
		name string
		each time.Duration // of four figures
		want string
	}{
		{"short", 400 * time.Millisecond, ""},
		{"long", 2500 * time.Millisecond, "  looked for change points in 0 of 4 figures, 0:02\n  looked for change points in 3 of 4 figures, 0:08\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var stderr bytes.Buffer
				watched(&stderr, func(progress func(done, tested int)) {
					progress(0, 4)
					for i := range 4 {
						time.Sleep(c.each)
						progress(i+1, 4)
					}
				})
				if diff := cmp.Diff(c.want, stderr.String()); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			})
		})
	}
}
