package reports

import (
	"slices"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
)

func TestCapTable(t *testing.T) {
	p := result.Point{
		Series: "a", Repetition: 1, Valid: true, Load: result.Load{Kind: result.LoadClosed, Clients: 8},
		CPU:       map[string]float64{"peer0.ptb": 0.49, "orderer0": 0.1, "device": 0.2, "client": 0.3, "other": 0.1, "steal": 0},
		RSS:       map[string]float64{"peer0.ptb": 1 << 27, "orderer0": 1 << 26, "device": 1 << 25, "client": 1 << 25},
		Roles:     map[string]result.Role{"peer0.ptb": result.RolePeer, "orderer0": result.RoleOrderer, "device": result.RoleDevice, "client": result.RoleClient},
		Throttled: map[string]proc.Throttle{"peer0.ptb": {Periods: 200, Throttled: 150, Time: 12.5}},
	}
	plain := p
	plain.Series = "b"
	p.Conditions.Caps = topology.Caps{Peer: topology.Cap{CPUs: 0.5}, Device: topology.Cap{Memory: 1 << 28}}
	r := Build(result.Run{}, result.Summary{Points: []result.Point{p, plain}})
	if got, want := printed(tableOf(t, r, "caps")),
		"series=a clients=8 process=peer0.ptb cap_cores=0.5 cpu_cores=0.49 throttled_share=0.75 throttled_s=12.5 rss_bytes=1.342e+08 \n"+
			"series=a clients=8 process=device cpu_cores=0.2 cap_bytes=2.684e+08 rss_bytes=3.355e+07 \n"; got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	if r := Build(result.Run{}, result.Summary{Points: []result.Point{plain}}); slices.ContainsFunc(r.Tables(), func(t Table) bool { return t.ID == "caps" }) {
		t.Error("nothing is capped, but there is a table of caps")
	}
}
