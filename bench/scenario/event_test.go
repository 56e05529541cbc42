package scenario_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"meterbench/bench/result"
	"meterbench/bench/scenario"
	"meterbench/bench/topology"
)

// disturbed is a scenario with X for its events, which begin in column 3 of line 6.
const disturbed = `name: a
topology: five-org
workload: {kind: plain}
load: {kind: open, rate: [5/s, 10/s], arrivals: poisson, hold: 20s}
events:
X`

// readEvents reads disturbed with one event in each line.
func readEvents(t *testing.T, change func(string) string, lines ...string) (scenario.Scenario, error) {
	t.Helper()
	text := change(strings.Replace(disturbed, "X", "  - "+strings.Join(lines, "\n  - ")+"\n", 1))
	path := filepath.Join(t.TempDir(), "a.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := read(path)
	if err != nil {
		err = fmt.Errorf("%s", strings.ReplaceAll(err.Error(), filepath.Dir(path)+"/", ""))
	}
	return s, err
}

func same(text string) string { return text }

func TestEvents(t *testing.T) {
	s, err := readEvents(t, same,
		"{at: 9s, restart: peer0.ptb}",
		"{at: 5s, kill: peer0.ptb}",
		"{at: 5s, stop: {orderer: leader}}",
		"{at: 6s, kill: {chaincode: cmi}}",
		"{at: 4s, cut: inmetro}",
		"{at: 8s, heal: [inmetro, ptb]}",
		"{at: 3s, slow: [ptb, cmi], delay: 100ms, loss: 0.1}",
		"{at: 3500ms, slow: peer0.nmij, cpus: 0.1}",
		"{at: 3600ms, slow: nmim, bandwidth: 1Mbit}",
		"{at: 10s, heal: {orderer: leader}}",
		"{at: 11s, fill: orderer2}",
		"{at: 11500ms, heal: orderer2}",
		"{at: 11600ms, restart: orderer2}",
		"{at: 12s, join: {organisation: nim, from: snapshot}}",
	)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range s.Series[0].EventsAt(1, result.Load{}, 1) {
		got = append(got, fmt.Sprint(e.At, " ", e, " ", e.Nodes, " ", e.Right()))
	}
	want := []string{
		"3s slow ptb-cmi, delay 100ms, loss 0.1 [] emulation",
		"3.5s slow peer0.nmij, cpus 0.1 [peer0.nmij] caps",
		"3.6s slow nmim, bandwidth 1e+06 bit/s [] emulation",
		"4s cut inmetro [] emulation",
		"5s kill peer0.ptb [peer0.ptb] ",
		"5s stop orderer leader [] ",
		"6s kill chaincode cmi [chaincode.peer0.cmi] ",
		"8s heal inmetro-ptb [] ",
		"9s restart peer0.ptb [peer0.ptb] ",
		"10s heal orderer leader [] ",
		"11s fill orderer2 [orderer2] mount",
		"11.5s heal orderer2 [orderer2] ",
		"11.6s restart orderer2 [orderer2] ",
		"12s join nim, from snapshot [] ",
	}
	equal(t, "events", got, want)
}

func TestEventErrors(t *testing.T) {
	const at = "a.yaml:6:5: events[0]"
	tests := []struct {
		name  string
		lines []string
		want  string
	}{
		{"no kind", []string{"{at: 5s}"}, at + ": give one of kill, stop, restart, cut, heal, slow, fill, join, random; got 0; for example {at: 5s, kill: peer0.ptb}"},
		{"two kinds", []string{"{at: 5s, kill: peer0.ptb, stop: peer0.cmi}"}, at + ": give one of kill, stop, restart, cut, heal, slow, fill, join, random; got 2; for example {at: 5s, kill: peer0.ptb}"},
		{"unknown kind", []string{"{at: 5s, kil: peer0.ptb}"}, "a.yaml:6:14: unknown key events[0].kil; did you mean kill?"},
		{"no time", []string{"{kill: peer0.ptb}"}, at + ": at is missing: when it happens, since the start of the level's load; for example at: 5s"},
		{"before the start", []string{"{at: -1s, kill: peer0.ptb}"}, "a.yaml:6:10: events[0].at: must not be before the start of the level's load, got -1s"},
		{"at the end", []string{"{at: 20s, kill: peer0.ptb}"}, "a.yaml:6:10: events[0].at: must be before the end of the level, which is held for 20s; got 20s; hold longer"},
		{"unknown node", []string{"{at: 5s, kill: peer1.ptb}"}, "a.yaml:6:20: events[0].kill: there is no node peer1.ptb in topology five-org; did you mean peer0.ptb?"},
		{"unknown site", []string{"{at: 5s, cut: inmetr}"}, "a.yaml:6:19: events[0].cut: there is no site inmetr in topology five-org; did you mean inmetro?"},
		{"unknown site of a pair", []string{"{at: 5s, cut: [ptb, bipm]}"}, "a.yaml:6:19: events[0].cut: there is no site bipm in topology five-org; known are ptb, cmi, inmetro, nmij, nmim, ordering"},
		{"a pair of one", []string{"{at: 5s, cut: [ptb, ptb]}"}, "a.yaml:6:19: events[0].cut: want two different sites, got ptb twice"},
		{"three sites", []string{"{at: 5s, cut: [ptb, cmi, nmij]}"}, "a.yaml:6:19: events[0].cut: want one name, or a pair of sites, got 3; give each an event of its own"},
		{"two nodes", []string{"{at: 5s, kill: [peer0.ptb, peer0.cmi]}"}, "a.yaml:6:21: events[0].kill[0]: want a pair of sites, and peer0.ptb is a node; give each node an event of its own"},
		{"cut of a node", []string{"{at: 5s, cut: orderer0}"}, "a.yaml:6:19: events[0].cut: cut is for sites, and orderer0 is none; for example cut: [ptb, inmetro]"},
		{"kill of nothing", []string{"{at: 5s, kill: emulation}"}, "a.yaml:6:20: events[0].kill: kill is for nodes, and emulation is none; for example kill: peer0.ptb"},
		{"kill of a site", []string{"{at: 5s, kill: ptb}"}, "a.yaml:6:20: events[0].kill: kill is for nodes, and ptb is none; for example kill: peer0.ptb"},
		{"unknown role", []string{"{at: 5s, kill: {peers: ptb}}"}, "a.yaml:6:21: unknown key events[0].kill.peers; did you mean peer?"},
		{"no role", []string{"{at: 5s, kill: {}}"}, "a.yaml:6:20: events[0].kill: want a role, got none; for example {orderer: leader}"},
		{"two roles", []string{"{at: 5s, kill: {peer: ptb, orderer: leader}}"}, "a.yaml:6:41: events[0].kill.orderer: want one role, got a second one; give each an event of its own"},
		{"role of nobody", []string{"{at: 5s, kill: {peer: bipm}}"}, "a.yaml:6:20: events[0].kill: there is no peer of bipm in topology five-org; known are ptb, cmi, inmetro, nmij, nmim"},
		{"no orderer of one", []string{"{at: 5s, kill: {orderer: ptb}}"}, "a.yaml:6:20: events[0].kill: there is no orderer of ptb in topology five-org; known are ordering"},
		{"leading peer", []string{"{at: 5s, kill: {peer: leader}}"}, "a.yaml:6:27: events[0].kill.peer: only an orderer leads, no peer; name the organisation"},
		{"nothing to restart", []string{"{at: 5s, restart: peer0.ptb}"}, "a.yaml:6:23: events[0].restart: peer0.ptb was not killed or stopped before; kill or stop it before, or leave it out"},
		{"restart before the kill", []string{"{at: 5s, restart: peer0.ptb}", "{at: 6s, kill: peer0.ptb}"}, "a.yaml:6:23: events[0].restart: peer0.ptb was not killed or stopped before; kill or stop it before, or leave it out"},
		{"no leader to restart", []string{"{at: 5s, restart: {orderer: leader}}"}, "a.yaml:6:23: events[0].restart: no leader was killed or stopped before; kill or stop one before, or leave it out"},
		{"killed twice", []string{"{at: 6s, kill: peer0.ptb}", "{at: 5s, kill: peer0.ptb}"}, "a.yaml:6:20: events[0].kill: peer0.ptb was killed at 5s and is not there; restart it before"},
		{"heal of a killed one", []string{"{at: 5s, kill: peer0.ptb}", "{at: 6s, heal: peer0.ptb}"}, "a.yaml:7:20: events[1].heal: peer0.ptb was killed at 5s, which no healing takes back; use restart"},
		{"nothing to heal", []string{"{at: 5s, heal: inmetro}"}, "a.yaml:6:20: events[0].heal: inmetro was not cut or slowed before; cut it before, or leave it out"},
		{"heal of another pair", []string{"{at: 4s, cut: [ptb, cmi]}", "{at: 5s, heal: [ptb, inmetro]}"}, "a.yaml:7:20: events[1].heal: ptb-inmetro was not cut or slowed before; cut it before, or leave it out"},
		{"heal of an unharmed node", []string{"{at: 5s, heal: peer0.ptb}"}, "a.yaml:6:20: events[0].heal: peer0.ptb was not stopped, slowed or filled before; stop it before, or leave it out"},
		{"fill a chaincode", []string{"{at: 4s, fill: chaincode.peer0.ptb}"}, "a.yaml:6:20: events[0].fill: chaincode.peer0.ptb keeps no data that could fill a disk; fill its peer"},
		{"fill chaincodes", []string{"{at: 4s, fill: {chaincode: ptb}}"}, "a.yaml:6:20: events[0].fill: chaincode.peer0.ptb keeps no data that could fill a disk; fill its peer"},
		{"cut twice", []string{"{at: 4s, cut: inmetro}", "{at: 5s, cut: [ptb, inmetro]}"}, "a.yaml:7:19: events[1].cut: ptb-inmetro was cut already; heal it before"},
		{"slow by nothing", []string{"{at: 4s, slow: inmetro}"}, at + ": how slow it gets is missing: one of delay, jitter, loss, bandwidth; for example slow: [ptb, cmi], delay: 100ms"},
		{"slow node by delay", []string{"{at: 4s, slow: orderer0, delay: 1s}"}, "a.yaml:6:37: events[0].delay: delay does not apply to this event: slow orderer0; leave it out"},
		{"kill with delay", []string{"{at: 4s, kill: orderer0, delay: 1s}"}, "a.yaml:6:37: events[0].delay: delay does not apply to this event: kill orderer0; leave it out"},
		{"no bandwidth", []string{"{at: 4s, slow: ptb, bandwidth: 1kbit}"}, "a.yaml:6:36: events[0].bandwidth: must be 10kbit to 1000Gbit, got 1kbit"},
		{"all lost", []string{"{at: 4s, slow: ptb, loss: 1.5}"}, "a.yaml:6:31: events[0].loss: must be above 0 and at most 1; to let nothing through use cut, got 1.5"},
		{"who joins", []string{"{at: 4s, join: {from: blocks}}"}, "a.yaml:6:20: events[0].join: organisation is missing: who joins; for example {organisation: nim}"},
		{"a member joins", []string{"{at: 4s, join: {organisation: ptb}}"}, "a.yaml:6:35: events[0].join.organisation: topology five-org has the organisation ptb already; choose another"},
		{"joins from nowhere", []string{"{at: 4s, join: {organisation: nim, from: tape}}"}, `a.yaml:6:46: events[0].join.from: there is no "tape"; known are blocks, snapshot`},
		{"joins under a bad name", []string{"{at: 4s, join: {organisation: N.I.M}}"}, `a.yaml:6:35: events[0].join.organisation: `},
		{"joins twice", []string{"{at: 4s, join: {organisation: nim}}", "{at: 5s, join: {organisation: nim}}"}, "a.yaml:7:20: events[1].join: nim has joined already; leave it out"},
		{"random with time", []string{"{at: 1s, random: {count: 4, until: 8s, kinds: [kill]}}"}, "a.yaml:6:10: events[0].at: random events are drawn with all that belongs to them; leave it out"},
		{"random without kinds", []string{"random: {count: 4, until: 8s}"}, "a.yaml:6:13: events[0].random.kinds: which events are drawn is missing; for example kinds: [kill, restart]"},
		{"random joins", []string{"random: {count: 4, until: 8s, kinds: [join]}"}, `a.yaml:6:43: events[0].random.kinds[0]: there is no "join"; known are kill, stop, restart, cut, heal, slow, fill`},
		{"random heals only", []string{"random: {count: 4, until: 8s, kinds: [heal, restart]}"}, "a.yaml:6:42: events[0].random.kinds: these only take back what another event did; add one that harms, such as kill"},
		{"random of none", []string{"random: {count: 0, until: 8s, kinds: [kill]}"}, "a.yaml:6:21: events[0].random.count: must be 1 to 1000, got 0"},
		{"random backwards", []string{"random: {count: 1, from: 8s, until: 8s, kinds: [kill]}"}, "a.yaml:6:41: events[0].random.until: must be after from, which is 8s; got 8s"},
		{"random after the end", []string{"random: {count: 1, until: 21s, kinds: [kill]}"}, "a.yaml:6:31: events[0].random.until: must be at most the hold of the level, 20s; got 21s; hold longer"},
		{"random and nothing left", []string{"{at: 5s, cut: ptb}", "random: {count: 1, until: 20s, kinds: [cut]}"}, "a.yaml:7:13: events[1].random: none of these can be done to what the events at set times leave alone; choose other kinds"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := readEvents(t, same, test.lines...)
			if got := fmt.Sprint(err); !strings.HasPrefix(got, test.want) || !strings.HasSuffix(test.want, ": ") && got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// Where a level is no single load of a network of ours, there are no events.
func TestEventsRefused(t *testing.T) {
	const kill = "{at: 1s, kill: orderer0}"
	tests := []struct{ name, old, new, want string }{
		{"search", "rate: [5/s, 10/s]", "search: {from: 1/s, to: 9/s}", "a.yaml:6:3: events: a search compares levels, and events would make each of them another network; give clients or rate in place of search"},
		{"phases", "workload: {kind: plain}\nload: {kind: open, rate: [5/s, 10/s], arrivals: poisson, hold: 20s}",
			"phases: [{name: b, workload: {kind: plain}, load: {kind: closed, clients: 1, hold: 9s}}, {name: c, workload: {kind: plain}, load: {kind: closed, clients: 1, hold: 9s}}]",
			"a.yaml:5:3: events: phases run together, and what an event costs could not be told for each; use workload and load"},
		{"simulated ledger", "topology: five-org", "target: {kind: reference}", "events"},
		{"network of others", "topology: five-org", "target: {kind: fabric, profile: p.json}", "a.yaml:6:3: events: takes a network of our own; this scenario's target is a network that others run; leave it out, or run without the target"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := readEvents(t, func(text string) string { return strings.Replace(text, test.old, test.new, 1) }, kill)
			if got := fmt.Sprint(err); got != test.want && (test.want != "events" || !strings.Contains(got, "events")) {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

// A series may have events of its own, or none, in place of those of all.
func TestEventsOfSeries(t *testing.T) {
	s, err := readEvents(t, func(text string) string {
		lines := strings.SplitAfter(text, "\n")
		one := "    workload: {kind: plain}\n    load: {kind: closed, clients: 1, hold: 20s}\n"
		return strings.Join(slices.Concat(lines[:2], lines[4:]), "") + "series:\n  - name: a\n" + one +
			"  - name: b\n" + one + "    events: [{at: 7s, stop: orderer0}]\n  - name: c\n" + one + "    events: []\n"
	}, "{at: 1s, kill: orderer1}")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"[kill orderer1]", "[stop orderer0]", "[]"} {
		if got := fmt.Sprint(s.Series[i].Events.Events); got != want || s.Series[i].Events.Empty() != (want == "[]") {
			t.Errorf("series %s: %s, want %s", s.Series[i].Name, got, want)
		}
	}
}

// Random events follow from the seed, the level and the repetition, and are possible in their order.
func TestRandomEvents(t *testing.T) {
	s, err := readEvents(t, same, "{at: 5s, kill: peer0.ptb}", "random: {count: 40, from: 2s, until: 18s, kinds: [kill, stop, restart, cut, heal, slow, fill]}")
	if err != nil {
		t.Fatal(err)
	}
	one, load := s.Series[0], result.Load{Kind: result.LoadOpen, Offered: 5}
	first := fmt.Sprint(one.EventsAt(1, load, 1))
	equal(t, "events of one seed", fmt.Sprint(one.EventsAt(1, load, 1)), first)
	for name, other := range map[string]string{
		"seed": fmt.Sprint(one.EventsAt(2, load, 1)), "repetition": fmt.Sprint(one.EventsAt(1, load, 2)),
		"level": fmt.Sprint(one.EventsAt(1, result.Load{Kind: result.LoadOpen, Offered: 10}, 1)),
	} {
		if other == first {
			t.Errorf("another %s has the same events", name)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		all := one.EventsAt(rapid.Uint64().Draw(t, "seed"), load, 1)
		if len(all) != 41 {
			t.Errorf("%d events, want 41", len(all))
		}
		last := time.Duration(0)
		var lines []string
		for _, e := range all {
			if e.At < last || e.Random && (e.At < 2*time.Second || e.At >= 18*time.Second) {
				t.Errorf("%s at %s after %s", e, e.At, last)
			}
			if e.Random && slices.Contains(e.Nodes, "peer0.ptb") {
				t.Errorf("%s at %s is done to what another event names", e, e.At)
			}
			last = e.At
			lines = append(lines, e.Text())
		}
		if reason := one.Events.Impossible(all); reason != "" {
			t.Errorf("%s in %s", reason, strings.Join(lines, "; "))
		}
	})
}

// Every kind of event has a row in the table, and what takes it back takes what it is done to.
func TestEventKinds(t *testing.T) {
	for _, kind := range result.EventKinds() {
		if undo := scenario.UndoneBy(kind); kind.Harms() != (undo != nil) {
			t.Errorf("%s harms: %t, and is undone by %v", kind, kind.Harms(), undo)
		}
	}
}

// Whatever is written as events is refused, or is possible in its order, with what is drawn.
func FuzzEvents(f *testing.F) {
	top, err := topology.Load("five-org")
	if err != nil {
		f.Fatal(err)
	}
	for _, events := range []string{
		"{at: 5s, kill: peer0.ptb}", "{at: 5s, stop: {orderer: leader}}, {at: 6s, restart: {orderer: leader}}", "{at: 1s, slow: [ptb, cmi], loss: 0.1}, {at: 2s, heal: ptb}",
		"{at: 1s, kill: {peer: cmi}}, random: {count: 9, from: 2s, until: 18s, kinds: [kill, restart, cut, heal, fill, slow]}", "{at: 1s, join: {organisation: nim}}",
	} {
		f.Add(events, uint64(1))
	}
	f.Fuzz(func(t *testing.T, events string, seed uint64) {
		s, err := parse(strings.Replace(disturbed, "\nX", " ["+events+"]\n", 1))
		if err != nil {
			return
		}
		one := s.Series[0]
		if one.Events.Prepare(top) != nil {
			return
		}
		all := one.EventsAt(seed, result.Load{}, 1)
		if reason := one.Events.Impossible(all); reason != "" {
			t.Errorf("%s: %v", reason, all)
		}
		for _, e := range all {
			if e.At < 0 || e.At >= one.Load.Hold || e.Asked() == "" {
				t.Errorf("%v at %v", e, e.At)
			}
		}
	})
}
