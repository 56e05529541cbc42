package bench_test

import (
	"strings"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/arrival"
	"meterbench/bench/result"
	"meterbench/internal/alarm"
)

func TestPlanValidate(t *testing.T) {
	arrivals := arrival.Constant{PerSecond: 1}
	for _, p := range []bench.Plan{
		{Clients: 1, Hold: time.Second},
		{Clients: 1, Hold: time.Second, Think: time.Second, Wait: result.WaitEndorse, Drain: time.Second, Outstanding: 1},
		{Arrivals: arrivals, Slots: 1, Hold: time.Second},
		{Arrivals: arrivals, Slots: 3, Hold: time.Second, Share: bench.Share{Rank: 2, Of: 3}},
		{Clients: 3, Hold: time.Second, Share: bench.Share{Rank: 0, Of: 3}},
	} {
		if err := p.Validate(); err != nil {
			t.Errorf("a plan of %d clients or %v: %v", p.Clients, p.Arrivals, err)
		}
	}
	for _, tt := range []struct {
		name string
		plan bench.Plan
		want string
	}{
		{"neither clients nor arrivals", bench.Plan{Hold: time.Second}, "either clients"},
		{"clients and arrivals", bench.Plan{Clients: 1, Arrivals: arrivals, Slots: 1, Hold: time.Second}, "either clients"},
		{"clients below 0", bench.Plan{Clients: -1, Hold: time.Second}, "clients"},
		{"clients with slots", bench.Plan{Clients: 1, Slots: 2, Hold: time.Second}, "slots"},
		{"think below 0", bench.Plan{Clients: 1, Think: -1, Hold: time.Second}, "think"},
		{"no hold", bench.Plan{Clients: 1}, "hold"},
		{"drain below 0", bench.Plan{Clients: 1, Hold: time.Second, Drain: -1}, "drain"},
		{"no such wait", bench.Plan{Clients: 1, Hold: time.Second, Wait: "none"}, "wait"},
		{"outstanding below 0", bench.Plan{Clients: 1, Hold: time.Second, Outstanding: -1}, "outstanding"},
		{"arrivals without slots", bench.Plan{Arrivals: arrivals, Hold: time.Second}, "slots"},
		{"arrivals with think", bench.Plan{Arrivals: arrivals, Slots: 1, Think: 1, Hold: time.Second}, "think"},
		{"a share that is none", bench.Plan{Clients: 9, Hold: time.Second, Share: bench.Share{Rank: 2, Of: 2}}, "share 2 of 2"},
		{"a share below 0", bench.Plan{Clients: 9, Hold: time.Second, Share: bench.Share{Rank: -1, Of: 2}}, "share -1 of 2"},
		{"a share of none", bench.Plan{Clients: 9, Hold: time.Second, Share: bench.Share{Rank: 1}}, "share 1 of 0"},
		{"fewer clients than shares", bench.Plan{Clients: 2, Hold: time.Second, Share: bench.Share{Of: 3}}, "2 clients for 3 workers"},
		{"fewer slots than shares", bench.Plan{Arrivals: arrivals, Slots: 2, Hold: time.Second, Share: bench.Share{Of: 3}}, "2 slots for 3 workers"},
		{"fewer outstanding than shares", bench.Plan{Clients: 3, Hold: time.Second, Outstanding: 2, Share: bench.Share{Of: 3}}, "2 outstanding for 3 workers"},
		{"no rate", bench.Plan{Arrivals: arrival.Constant{}, Slots: 1, Hold: time.Second}, "rate"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.plan.Validate()
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an error about %s", err, tt.want)
			}
			if _, err := bench.Run(t.Context(), alarm.Timers{}, tt.plan, nil, nil, nil, nil); err == nil {
				t.Error("Run took it")
			}
		})
	}
}
