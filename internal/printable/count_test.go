package printable

import "testing"

func TestCount(t *testing.T) {
	for _, tt := range []struct {
		n           int
		thing, want string
	}{{0, "worker", "0 workers"}, {1, "worker", "1 worker"}, {2, "load level", "2 load levels"}, {1, "series", "1 series"}, {3, "series", "3 series"}} {
		if got := Count(tt.n, tt.thing); got != tt.want {
			t.Errorf("%d %s: %q, want %q", tt.n, tt.thing, got, tt.want)
		}
	}
}
