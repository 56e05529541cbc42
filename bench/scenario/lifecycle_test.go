package scenario_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

// What a lifecycle leaves out is the default's, and a scenario without one has none.
func TestLifecycle(t *testing.T) {
	changed := result.DefaultLifecycle()
	changed.Meters, changed.Revoked, changed.StatusAge = 5000, 0, 3600
	same := result.DefaultLifecycle()
	for _, c := range []struct {
		name      string
		overrides []string
		want      *result.Lifecycle
	}{
		{"none", nil, nil},
		{"defaults", []string{"lifecycle={}"}, &same},
		{"some", []string{"lifecycle.meters=5000", "lifecycle.revoked_per_year=0", "lifecycle.status_age=1h"}, &changed},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := parse(single, c.overrides...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, s.Lifecycle); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
