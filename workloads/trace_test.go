package workloads

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"meterbench/bench/arrival"
)

// A trace that every load level begins anew goes on counting: no number of a
// meter comes twice, and its register never falls.
func TestTraceSource(t *testing.T) {
	trace, err := arrival.ReadTrace(t.Context(), "t.csv", strings.NewReader("time,meter,value\n0,a,5\n1,b,3\n1,a,0\n2,a,7\n3,b,1\n"), arrival.Form{})
	if err != nil {
		t.Fatal(err)
	}
	r := newTraceSource(trace, 4, time.Hour)
	var got []string
	for at := range uint64(9) {
		meter, number, values := r.Reading(at)
		got = append(got, fmt.Sprintf("%s%d %d/%d", trace.Meter(meter), number, values.Wh[0], values.Register))
		if len(values.Wh) != 1 || values.Interval != time.Hour {
			t.Errorf("%d values over %v", len(values.Wh), values.Interval)
		}
	}
	want := []string{"a0 5/5", "b0 3/3", "a1 0/5", "a2 7/12", "a3 5/17", "b1 3/6", "a4 0/17", "a5 7/24", "a6 5/29"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
