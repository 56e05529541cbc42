package bottleneck

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/bench/stats"
	"meterbench/bench/topology"
	"meterbench/internal/proc"
)

// measured returns a point of a closed load on Fabric's topology minimal, on
// two cores.
func measured(clients int) result.Point {
	return result.Point{
		Valid: true, Window: 12, Scheduled: 1000, Outcomes: map[string]uint64{"valid": 1000},
		Conditions: result.Conditions{BatchTimeout: 0.2, BatchMessages: 100, Wait: "commit", Limits: topology.Limits{Gateway: 2500, Endorser: 2500}},
		Load:       result.Load{Kind: "closed", Clients: clients},
	}
}

func latency(commit, waitCut float64) map[string]stats.Quantiles {
	return map[string]stats.Quantiles{"commit": {Mean: commit, N: 1000}, "wait_cut": {Mean: waitCut, N: 1000}}
}

// withOne adds the level of one client to the series, who gets his share and
// waits as long.
func withOne(e *Evidence) {
	one := e.Point
	one.Load.Clients, one.Throughput, one.Latency = 1, one.Throughput/float64(one.Load.Clients), maps.Clone(one.Latency)
	e.Series = append(e.Series, one)
}

// roles are those of all processes in these tests.
func roles() map[string]result.Role {
	return map[string]result.Role{
		"peer0": result.RolePeer, "peer0.ptb": result.RolePeer, "peer0.cmi": result.RolePeer, "chaincode.peer0.ptb": result.RoleChaincode,
		"orderer0": result.RoleOrderer, "device": result.RoleDevice, "client": result.RoleClient, "other": result.RoleOther, "steal": result.RoleSteal,
	}
}

// A verdict is what Judge returns, the limit in words.
type verdict struct{ Limit, Because string }

// The figures of the first five were measured on two cores, Fabric 3.1.1; the
// rest is made up.
func TestJudge(t *testing.T) {
	for _, c := range []struct {
		name  string
		given func(*Evidence)
		want  verdict
	}{
		{"2 s/500, 64 clients", func(e *Evidence) {
			e.Point = measured(64)
			e.Point.Conditions.BatchTimeout, e.Point.Conditions.BatchMessages = 2, 500
			e.Point.BlockCut = &result.BlockCut{Timer: 6}
			e.Point.Latency = latency(2.08019, 1.97639)
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.07, "client": 0.02, "other": 0.04}
			e.BlockFill = 2.0004
		}, verdict{"batch timer", "the timer of 2 s cut 6 of 6 blocks before they held 500 transactions; of a commit latency of 2.08 s waiting for the cut took 1.98 s (95 %); blocks were open for 2 s on average; 64 clients cannot fill a block"}},
		{"the same on a machine that others keep busy", func(e *Evidence) {
			e.Point = measured(64)
			e.Point.Conditions.BatchTimeout, e.Point.Conditions.BatchMessages = 2, 500
			e.Point.BlockCut = &result.BlockCut{Timer: 6}
			e.Point.Latency = latency(2.1267, 1.92731)
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.1, "other": 1.79}
		}, verdict{"batch timer", "the timer of 2 s cut 6 of 6 blocks before they held 500 transactions; of a commit latency of 2.13 s waiting for the cut took 1.93 s (90.6 %); 64 clients cannot fill a block"}},
		{"two channels, each with a block of its own to fill", func(e *Evidence) {
			e.Point = measured(128)
			e.Point.Conditions.Channels = 2
			e.Point.BlockCut = &result.BlockCut{Timer: 20}
			e.Point.Latency = latency(0.25, 0.2)
		}, verdict{"batch timer", "the timer of 0.2 s cut 20 of 20 blocks before they held 100 transactions; of a commit latency of 250 ms waiting for the cut took 200 ms (80 %); 128 clients cannot fill a block on each of 2 channels"}},
		{"200 ms/100, 256 clients", func(e *Evidence) {
			e.Point = measured(256)
			e.Point.BlockCut = &result.BlockCut{Count: 21, Timer: 8}
			e.Point.Latency = latency(0.48611, 0.07801)
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.95, "other": 0.49, "orderer0": 0.23, "client": 0.16, "chaincode.peer0.ptb": 0.13, "steal": 0}
			e.Point.BlockTimes = map[string]result.BlockTimes{"peer0.ptb": {Blocks: 28, Busy: 0.858}}
		}, verdict{"host CPU, largest: peer0.ptb", "the host is full: 1.96 of 2 cores were in use (peer0.ptb 0.95, other processes 0.49, orderer0 0.23); peer0.ptb uses most, but it is the sum that is too much"}},
		{"gateway limit 500, 800 clients that wait for the acknowledgement", func(e *Evidence) {
			e.Point = measured(800)
			e.Point.Scheduled, e.Point.Outcomes = 6566, map[string]uint64{"limited": 5438, "valid": 1128}
			e.Point.Conditions.Limits.Gateway = 500
			e.Point.BlockCut = &result.BlockCut{Count: 2, Timer: 18}
			e.Point.Latency = latency(4.43457, 0.04872)
			e.Point.CPU = map[string]float64{"peer0.ptb": 1.2, "client": 0.8}
			e.Refused = map[string]Refused{"orderer0": {}, "peer0.ptb": {Gateway: 5855}}
		}, verdict{"gateway limit", "5438 of 6566 transactions (82.8 %) were turned away; a peer's gateway service takes 500 calls at a time; calls turned away over the whole level: peer0.ptb 5855"}},
		{"the same, waiting for the commit: refused at the start only", func(e *Evidence) {
			e.Point = measured(800)
			e.Point.Conditions.Limits.Gateway = 500
			e.Point.BlockCut = &result.BlockCut{Count: 19}
			e.Point.Latency = latency(0.88744, 0.36338)
			e.Point.CPU = map[string]float64{"peer0.ptb": 1.23, "orderer0": 0.27, "client": 0.19, "chaincode.peer0.ptb": 0.16}
			e.Point.BlockTimes = map[string]result.BlockTimes{"peer0.ptb": {Busy: 0.99}}
			e.Refused = map[string]Refused{"peer0.ptb": {Gateway: 506}}
		}, verdict{"host CPU, largest: peer0.ptb", "the host is full: 1.85 of 2 cores were in use (peer0.ptb 1.23, orderer0 0.27, client 0.19); peer0.ptb spent 99 % of the time on validating and committing; peer0.ptb uses most, but it is the sum that is too much; calls turned away over the whole level: peer0.ptb 506"}},

		{"an endorser's refusals that the client never sees", func(e *Evidence) {
			e.Point = measured(64)
			e.Point.Conditions.Limits.Endorser = 20
			e.Scheduled = 1250
			e.Refused = map[string]Refused{"peer0.cmi": {Endorser: 30}, "peer0.ptb": {Gateway: 1, Endorser: 10}}
		}, verdict{"endorser limit", "endorsers turned 40 calls away over the whole level, of 1250 transactions (3.2 %); a peer's endorser service takes 20 calls at a time; calls turned away over the whole level: peer0.cmi 30, peer0.ptb 11"}},
		{"refusals that are many for the window and few for the level", func(e *Evidence) {
			e.Point = measured(2)
			e.Point.Conditions.Wait = "acknowledge"
			e.Point.Latency = map[string]stats.Quantiles{"acknowledge": {Mean: 0.01, N: 7}}
			e.Scheduled = 5000
			e.Refused = map[string]Refused{"peer0.ptb": {Endorser: 40}}
			withOne(e)
		}, verdict{"not limited", "2 clients with one transaction each at a time ask for no more: the acknowledgement takes 10 ms, with 1 client 10 ms; CPU time was not measured; calls turned away over the whole level: peer0.ptb 40"}},
		{"a ramp that offers more in the window than over its length", func(e *Evidence) {
			e.Point = measured(0)
			e.Point.Window, e.Point.Scheduled = 13, 1208
			e.Point.Load, e.Point.Throughput = result.Load{Kind: "open", Offered: 83.33, Slots: 2000}, 83.7
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.5}
		}, verdict{"unknown", "no limit shows: 0.50 of 2 cores were in use (peer0.ptb 0.50)"}},
		{"steps that offer less in the window than over their length", func(e *Evidence) {
			e.Point = measured(0)
			e.Point.Window, e.Point.Scheduled = 7, 90
			e.Point.Load, e.Point.Throughput = result.Load{Kind: "open", Offered: 23.33, Slots: 2000}, 13
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.5}
		}, verdict{"not limited", "of the 12.86/s that were offered 13/s were committed; 0.50 of 2 cores were in use (peer0.ptb 0.50)"}},
		{"an overload of three per cent", func(e *Evidence) {
			e.Point = measured(0)
			e.Point.Load, e.Point.Throughput, e.Point.Steady = result.Load{Kind: "open", Offered: 83.33, Slots: 2000}, 81, "overloaded"
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.5}
		}, verdict{"unknown", "no limit shows: 0.50 of 2 cores were in use (peer0.ptb 0.50)"}},
		{"all but the last block of the window", func(e *Evidence) {
			e.Point = measured(0)
			e.Point.Window, e.Point.Scheduled, e.Point.Blocks = 17, 340, 8
			e.Point.Load, e.Point.Throughput = result.Load{Kind: "open", Offered: 20, Slots: 2000}, 320./17
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.5}
		}, verdict{"not limited", "of the 20/s that were offered 18.82/s were committed; 0.50 of 2 cores were in use (peer0.ptb 0.50)"}},
		{"a phase whose blocks others fill", func(e *Evidence) {
			e.Point = measured(2)
			e.Point.Phase = &result.LoadPhase{Group: "day"}
			e.Point.BlockCut = &result.BlockCut{Timer: 20}
			e.Point.Latency = latency(0.25, 0.2)
		}, verdict{"batch timer", "the timer of 0.2 s cut 20 of 20 blocks before they held 100 transactions; of a commit latency of 250 ms waiting for the cut took 200 ms (80 %)"}},
		{"an offered load that was met, through the timer", func(e *Evidence) {
			e.Point = measured(0)
			e.Point.Scheduled = 1200
			e.Point.Load, e.Point.Throughput = result.Load{Kind: "open", Offered: 100}, 99.2
			e.Point.BlockCut = &result.BlockCut{Timer: 60}
			e.Point.Latency = latency(0.13, 0.1)
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.3}
		}, verdict{"not limited", "of the 100/s that were offered 99.2/s were committed; 0.30 of 2 cores were in use (peer0.ptb 0.30)"}},
		{"a peer that never rests", func(e *Evidence) {
			e.Point = measured(256)
			e.Cores = 16
			e.Point.BlockCut = &result.BlockCut{Count: 60}
			e.Point.Latency = latency(0.4, 0.1)
			e.Point.CPU = map[string]float64{"peer0.ptb": 9.5, "client": 1}
			e.Point.BlockTimes = map[string]result.BlockTimes{
				"peer0.cmi": {Busy: 0.3}, "peer0.ptb": {Busy: 0.97, Validate: 0.0312, Commit: 0.0084},
			}
		}, verdict{"commit at peer0.ptb", "peer0.ptb spent 97 % of the time on one block after the other, 31.2 ms each for validation and 8.4 ms for the commit, while 10.50 of 16 cores were in use (peer0.ptb 9.50, client 1.00)"}},
		{"a peer at its cap of half a core, on a host that others keep busy", func(e *Evidence) {
			e.Point = measured(256)
			e.Point.BlockCut = &result.BlockCut{Count: 20, Timer: 5}
			e.Point.Latency = latency(1.1, 0.1)
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.48, "client": 0.1, "orderer0": 0.1, "other": 1.3}
			e.Point.Conditions.Caps.Peer.CPUs = 0.5
			e.Point.Throttled = map[string]proc.Throttle{"peer0.ptb": {Periods: 120, Throttled: 87, Time: 2.4}}
		}, verdict{"CPU cap of peer0.ptb", "peer0.ptb used 0.48 of the 0.5 cores that its cap allows and was held back in 87 of the 120 periods in which it ran (72.5 %); 1.98 of 2 cores were in use (other processes 1.30, peer0.ptb 0.48, client 0.10)"}},
		{"the same, held back in most periods though it could not use its cap", func(e *Evidence) {
			e.Point = measured(256)
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.4}
			e.Point.Conditions.Caps.Peer.CPUs = 0.5
			e.Point.Throttled = map[string]proc.Throttle{"peer0.ptb": {Periods: 100, Throttled: 60, Time: 2.4}}
		}, verdict{"CPU cap of peer0.ptb", "peer0.ptb used 0.4 of the 0.5 cores that its cap allows and was held back in 60 of the 100 periods in which it ran (60 %); 0.40 of 2 cores were in use (peer0.ptb 0.40)"}},
		{"a peer that is held back in the few moments in which it works", func(e *Evidence) {
			e.Point = measured(2)
			e.Point.BlockCut = &result.BlockCut{Count: 100}
			e.Point.Latency = latency(0.05, 0.001)
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.07}
			e.Point.Conditions.Caps.Peer.CPUs = 0.5
			e.Point.Throttled = map[string]proc.Throttle{"peer0.ptb": {Periods: 24, Throttled: 20, Time: 0.4}}
			withOne(e)
		}, verdict{"not limited", "2 clients with one transaction each at a time ask for no more: the commit takes 50 ms, with 1 client 50 ms; 0.07 of 2 cores were in use (peer0.ptb 0.07)"}},
		{"clients that wait for the timer, through a peer at its cap", func(e *Evidence) {
			e.Point = measured(64)
			e.Point.BlockCut = &result.BlockCut{Timer: 60}
			e.Point.Latency = latency(0.26, 0.2)
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.5}
			e.Point.Conditions.Caps.Peer.CPUs = 0.5
		}, verdict{"batch timer", "the timer of 0.2 s cut 60 of 60 blocks before they held 100 transactions; of a commit latency of 260 ms waiting for the cut took 200 ms (76.9 %); 64 clients cannot fill a block"}},
		{"several at their caps, of which nobody counted periods", func(e *Evidence) {
			e.Point = measured(64)
			e.Point.CPU = map[string]float64{"chaincode.peer0.ptb": 0.1, "device": 0.1, "orderer0": 0.2, "peer0.ptb": 0.3}
			e.Point.Conditions.Caps = topology.Caps{Chaincode: topology.Cap{CPUs: 0.2}, Device: topology.Cap{CPUs: 0.1}, Orderer: topology.Cap{CPUs: 0.2}, Peer: topology.Cap{Memory: 1}}
		}, verdict{"CPU cap of device", "device used 0.1 of the 0.1 cores that its cap allows; 0.70 of 2 cores were in use (peer0.ptb 0.30, orderer0 0.20, chaincode.peer0.ptb 0.10)"}},
		{"an open load whose transactions conflict, on a host that others fill", func(e *Evidence) {
			e.Point = measured(0)
			e.Point.Load, e.Point.Throughput = result.Load{Kind: "open", Offered: 83.3}, 58.3
			e.Point.Outcomes = map[string]uint64{"valid": 700, "mvcc_conflict": 280, "endorse_refused": 20}
			e.Point.CPU = map[string]float64{"client": 0.1, "other": 1.85}
		}, verdict{"failed transactions", "of 1000 transactions that were offered, and answered as they came, 300 failed (280 mvcc_conflict, 20 endorse_refused); 1.95 of 2 cores were in use (other processes 1.85, client 0.10)"}},
		{"an open load of which nothing succeeds", func(e *Evidence) {
			e.Point = measured(0)
			e.Point.Valid, e.Point.Failed, e.Point.Reasons = false, true, []string{"none"}
			e.Point.Load = result.Load{Kind: "open", Offered: 83.3}
			e.Point.Outcomes = map[string]uint64{"mvcc_conflict": 1000}
			e.Point.CPU = map[string]float64{"other": 1.85}
		}, verdict{"failed transactions", "of 1000 transactions that were offered, and answered as they came, 1000 failed (1000 mvcc_conflict); 1.85 of 2 cores were in use (other processes 1.85)"}},
		{"an open load of which some is lost", func(e *Evidence) {
			e.Point = measured(0)
			e.Point.Load, e.Point.Throughput = result.Load{Kind: "open", Offered: 83.3}, 50
			e.Point.Outcomes = map[string]uint64{"valid": 600, "unknown": 300, "mvcc_conflict": 100}
			e.Point.CPU = map[string]float64{"other": 1.85}
		}, verdict{"host CPU, largest: other processes", "the host is full: 1.85 of 2 cores were in use (other processes 1.85)"}},
		{"conflicts of an open load whose backlog grows", func(e *Evidence) {
			e.Point = measured(0)
			e.Point.Steady = stats.Overloaded
			e.Point.Load, e.Point.Throughput = result.Load{Kind: "open", Offered: 83.3}, 58.3
			e.Point.Outcomes = map[string]uint64{"valid": 700, "mvcc_conflict": 300}
			e.Point.CPU = map[string]float64{"other": 1.85}
		}, verdict{"host CPU, largest: other processes", "the host is full: 1.85 of 2 cores were in use (other processes 1.85)"}},
		{"too few slots", func(e *Evidence) {
			e.Point = measured(0)
			e.Point.Load, e.Point.Throughput = result.Load{Kind: "open", Offered: 100, Slots: 10}, 60
			e.Point.Outcomes = map[string]uint64{"valid": 600, "dropped": 400}
		}, verdict{"slots of the load", "400 of 1000 transactions were due when all 10 slots were taken, while CPU time was not measured"}},
		{"a late client", func(e *Evidence) {
			e.Point = measured(64)
			e.Point.Valid, e.Point.Reasons = false, []string{"the client was late"}
			e.Point.CPU = map[string]float64{"client": 1}
		}, verdict{"client", "the client was late; 1.00 of 2 cores were in use (client 1.00)"}},
		{"few clients", func(e *Evidence) {
			e.Point = measured(2)
			e.Point.BlockCut = &result.BlockCut{Count: 100}
			e.Point.Latency = latency(0.05, 0.001)
			e.Point.CPU = map[string]float64{"client": 0.5, "orderer0": 0.5}
			withOne(e)
		}, verdict{"not limited", "2 clients with one transaction each at a time ask for no more: the commit takes 50 ms, with 1 client 50 ms; 1.00 of 2 cores were in use (client 0.50, orderer0 0.50)"}},
		{"one client that only endorses", func(e *Evidence) {
			e.Point = measured(1)
			e.Point.Conditions.Wait = "endorse"
			e.Point.Latency = map[string]stats.Quantiles{"endorse": {Mean: 0.004, N: 7}}
		}, verdict{"not limited", "1 client with one transaction at a time asks for no more: the endorsement takes 4 ms; CPU time was not measured"}},
		{"few clients that wait for the acknowledgement, whatever cuts the blocks", func(e *Evidence) {
			e.Point = measured(2)
			e.Point.Conditions.Wait = "acknowledge"
			e.Point.BlockCut = &result.BlockCut{Timer: 60}
			e.Point.Latency = latency(0.2, 0.19)
			e.Point.Latency["acknowledge"] = stats.Quantiles{Mean: 0.0123, N: 1000}
			withOne(e)
		}, verdict{"not limited", "2 clients with one transaction each at a time ask for no more: the acknowledgement takes 12.3 ms, with 1 client 12.3 ms; CPU time was not measured"}},
		{"nothing told of blocks", func(e *Evidence) {
			e.Point = measured(2)
			e.Point.Latency = map[string]stats.Quantiles{"commit": {Mean: 0.2, N: 7}}
			e.Point.CPU = map[string]float64{"client": 0.5}
		}, verdict{"unknown", "no limit shows: no other number of clients shows whether they wait for each other; 0.50 of 2 cores were in use (client 0.50)"}},
		{"few clients that nothing can be compared with", func(e *Evidence) {
			e.Point = measured(2)
			e.Point.BlockCut = &result.BlockCut{Count: 100}
			e.Point.Latency = latency(0.05, 0.001)
		}, verdict{"unknown", "no limit shows: no other number of clients shows whether they wait for each other; CPU time was not measured"}},
		{"clients that wait longer than fewer of them", func(e *Evidence) {
			e.Point = measured(8)
			e.Point.BlockCut = &result.BlockCut{Count: 100}
			e.Point.Latency = latency(0.05, 0.001)
			withOne(e)
			e.Point.Latency = latency(0.25, 0.001)
			e.Point.Latency["endorse"] = stats.Quantiles{Mean: 0.2, N: 1000}
			e.Series[0].Latency["endorse"] = stats.Quantiles{Mean: 0.004, N: 1000}
			e.Point.CPU = map[string]float64{"client": 0.5}
		}, verdict{"unknown: latency has grown, most in endorse", "the commit takes 250 ms, 5 times the 50 ms at 1 client; most of what was added is in endorse, 200 ms instead of 4 ms; 0.50 of 2 cores were in use (client 0.50)"}},
		{"a disk that a peer waits for", func(e *Evidence) {
			e.Point = measured(64)
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.2}
			e.Point.DiskWait = map[string]float64{"peer0.ptb": 0.93, "orderer0": 0.4}
			e.Point.DiskPressure = &proc.Pressure{Some: 0.97, Full: 0.5}
		}, verdict{"disk of peer0.ptb", "peer0.ptb was waiting for its disk at 93 % of the samples; the kernel counted such waits in 97 % of the time, while 0.20 of 2 cores were in use (peer0.ptb 0.20)"}},
		{"sleep that no disk is to blame for", func(e *Evidence) {
			e.Point = measured(64)
			e.Point.CPU = map[string]float64{"peer0.ptb": 0.2}
			e.Point.DiskWait = map[string]float64{"peer0.ptb": 0.93}
			e.Point.DiskPressure = &proc.Pressure{Some: 0.1}
		}, verdict{"unknown", "no limit shows: no other number of clients shows whether they wait for each other; 0.20 of 2 cores were in use (peer0.ptb 0.20)"}},
		{"a thread that fills a core", func(e *Evidence) {
			e.Point = measured(64)
			e.Cores = 8
			e.Point.CPU = map[string]float64{"orderer0": 1.1, "peer0.ptb": 1.5}
			e.Point.Threads = map[string]float64{"orderer0": 0.97, "peer0.ptb": 0.6}
		}, verdict{"one core of orderer0", "one thread of orderer0 used 0.97 of a core, all of them 1.10, while 2.60 of 8 cores were in use (peer0.ptb 1.50, orderer0 1.10)"}},
		{"a quota of a core and a half", func(e *Evidence) {
			e.Point = measured(64)
			e.Cores = 1.5
			e.Point.CPU = map[string]float64{"other": 1.4}
		}, verdict{"host CPU, largest: other processes", "the host is full: 1.40 of 1.5 cores were in use (other processes 1.40)"}},
		{"nothing measured", func(e *Evidence) { e.Point = result.Point{} }, verdict{"unknown", "nothing was measured"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := Evidence{Cores: 2}
			c.given(&e)
			e.Point.Roles = roles()
			limit, because := Judge(e)
			if diff := cmp.Diff(c.want, verdict{limit.String(), because}); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			if limit.Role != e.Point.Roles[limit.Node] {
				t.Errorf("%s is said to be a %s", limit.Node, limit.Role)
			}
		})
	}
}

// Whatever the figures, there is a verdict, the same each time, with a name
// and a reason.
func TestJudgeAlwaysDecides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := func(of ...string) map[string]float64 {
			return rapid.MapOf(rapid.SampledFrom(of), rapid.Float64Range(0, 3)).Draw(t, "figures")
		}
		e := Evidence{Cores: rapid.Float64Range(0, 4).Draw(t, "cores"), Scheduled: 200}
		e.Refused = map[string]Refused{"peer0": {Gateway: rapid.Uint64Range(0, 4).Draw(t, "gateway"), Endorser: rapid.Uint64Range(0, 4).Draw(t, "endorser")}}
		p := &e.Point
		p.Window, p.Throughput, p.Valid = 1, rapid.Float64Range(0, 200).Draw(t, "throughput"), rapid.Bool().Draw(t, "valid")
		p.Scheduled = rapid.Uint64Range(0, 100).Draw(t, "scheduled")
		p.Outcomes = rapid.MapOf(rapid.SampledFrom([]string{"valid", "limited", "dropped"}), rapid.Uint64Range(0, 100)).Draw(t, "outcomes")
		p.Load = result.Load{Kind: rapid.SampledFrom(result.LoadKinds()).Draw(t, "kind"), Clients: 3, Offered: 100}
		p.Conditions.Caps.Peer.CPUs = rapid.Float64Range(0, 3).Draw(t, "cap")
		p.Throttled = map[string]proc.Throttle{"peer0": {Periods: rapid.Uint64Range(0, 10).Draw(t, "periods"), Throttled: rapid.Uint64Range(0, 10).Draw(t, "throttled")}}
		p.CPU = some("peer0", "orderer0", "client", "other", "steal")
		p.Threads, p.DiskWait = some("peer0", "client"), some("orderer0", "client")
		p.Latency = map[string]stats.Quantiles{}
		for part, mean := range some("commit", "wait_cut", "endorse") {
			p.Latency[part] = stats.Quantiles{Mean: mean, N: 1}
		}
		if rapid.Bool().Draw(t, "told") {
			p.BlockCut = &result.BlockCut{Timer: rapid.Uint64Range(0, 5).Draw(t, "timer"), Count: rapid.Uint64Range(0, 5).Draw(t, "count")}
			p.BlockTimes = map[string]result.BlockTimes{}
			for peer, busy := range some("peer0", "peer1") {
				p.BlockTimes[peer] = result.BlockTimes{Busy: busy}
			}
		}
		p.Roles = roles()
		for clients := range rapid.IntRange(0, 3).Draw(t, "levels") {
			other := *p
			other.Load.Clients, other.Throughput, other.Latency = 1<<clients, rapid.Float64Range(0, 200).Draw(t, "throughput"), map[string]stats.Quantiles{}
			for part, mean := range some("commit", "wait_cut", "endorse") {
				other.Latency[part] = stats.Quantiles{Mean: mean, N: 1}
			}
			e.Series = append(e.Series, other)
		}
		limit, because := Judge(e)
		if limit.Kind == "" || because == "" || strings.Contains(because, "%!") {
			t.Fatalf("limit %q: %q", limit.Kind, because)
		}
		again := e
		again.Point.CPU, again.Refused = maps.Clone(e.Point.CPU), maps.Clone(e.Refused)
		l, b := Judge(again)
		if diff := cmp.Diff(limit, l); diff != "" {
			t.Fatalf("limit (-first +second):\n%s", diff)
		}
		if b != because {
			t.Fatalf("because %q, then because %q", because, b)
		}
	})
}
