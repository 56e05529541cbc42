package study

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
)

func TestMissed(t *testing.T) {
	load := func(n int) result.Load { return result.Load{Kind: result.LoadClosed, Clients: n} }
	missed := func(expression, series string, n int, why result.ThresholdReason) result.Threshold {
		t := result.Threshold{Expression: expression, Series: series, Verdict: result.ThresholdMissed, Reason: why}
		if n > 0 {
			t.Load = load(n)
		}
		return t
	}
	for _, tt := range []struct {
		name string
		all  []result.Threshold
		want []string
	}{
		{"nothing expected", nil, nil},
		{"met", []result.Threshold{{Expression: "a", Met: true}}, nil},
		{"missed", []result.Threshold{missed("a > b", "s", 1, ""), missed("c", "s", 1, result.ThresholdNotValid), missed("a > b", "t", 8, "")},
			[]string{"a > b: s at 1 client, t at 8 clients", "c: s at 1 client (no valid point)"}},
		{"at many levels", []result.Threshold{missed("a", "s", 1, ""), missed("a", "s", 2, ""), missed("a", "s", 3, ""), missed("a", "s", 4, ""), missed("a", "s", 5, "")},
			[]string{"a: s at 1 client, s at 2 clients, s at 3 clients, 2 more"}},
		{"of a search", []result.Threshold{missed("a", "s", 0, result.ThresholdNotMeasured)}, []string{"a: s (not measured)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := &study{}
			s.summary.Thresholds = tt.all
			var got []string
			if e, ok := errors.AsType[*MissedError](s.missed()); ok {
				got = e.Missed
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
