package folder

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"meterbench/bench/ledger"
	"meterbench/bench/result"
	"meterbench/internal/printable"
	"meterbench/internal/race"
)

// A chaincode stands with the organisation of its peer, a process of no peer alone.
func TestRoles(t *testing.T) {
	peer := ledger.Node{Process: result.Process{Role: result.RolePeer, Name: "peer0.ptb"}, Organisation: "ptb"}
	c := census{nodes: []ledger.Node{peer}, seen: map[string]bool{"node peer0.ptb": true}}
	c.addRoles(&result.Summary{Points: []result.Point{{Roles: map[string]result.Role{
		"peer0.ptb": result.RolePeer, "chaincode.peer0.ptb": result.RoleChaincode, "chaincode.peer0.other": result.RoleChaincode, "client": result.RoleClient,
	}}}})
	of := map[string]string{}
	for _, one := range c.nodes {
		of[one.Name] = one.Organisation
	}
	if len(of) != 3 || of["peer0.ptb"] != "ptb" || of["chaincode.peer0.ptb"] != "ptb" || of["chaincode.peer0.other"] != "" {
		t.Errorf("%v", of)
	}
}

// many returns a list in JSON of n items, in each of which N is its number.
func many(n int, item string) string {
	all := make([]string, n)
	for i := range all {
		all[i] = strings.ReplaceAll(item, "N", fmt.Sprint(i))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// Whatever a stranger's manifest promises of networks, a folder opens soon, and what is listed of them is bounded and can be printed.
func TestPromisesOfStrangers(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	hostile := `"<b>\u001b[31m\u202e\u2028` + strings.Repeat("x", 10_000) + `"`
	roles := map[string]result.Role{}
	for i := range 900 {
		roles[fmt.Sprintf("chaincode%d.peer0.o", i)] = result.RoleChaincode
	}
	for _, c := range []struct {
		name     string
		topology string
		sessions int
		points   int
		cut      bool
	}{
		{"an organisation without a name", `{"organisations": [{"name": "", "peers": 1}], "channels": [{"name": "c", "members": [""]}]}`, 0, 1, false},
		{"a billion peers", `{"organisations": [{"name": "a", "peers": 1000000000}], "channels": [{"name": "c"}]}`, 0, 1, true},
		{"peers below zero", `{"organisations": [{"name": "a", "peers": -5}], "orderers": {"count": -1}}`, 0, 1, false},
		{"a billion orderers", `{"orderers": {"count": 1000000000}}`, 0, 1, true},
		{"a member a million times", `{"organisations": [{"name": "a", "peers": 1000}], "channels": [{"name": "c", "members": ` + many(1_000_000, `"a"`) + `}]}`, 0, 1, true},
		{"channels of all", `{"organisations": [{"name": "a", "peers": 1000}], "channels": ` + many(200_000, `{}`) + `}`, 0, 1, true},
		{"many networks of many", `{"organisations": ` + many(20, `{"name": "oN", "peers": 1000}`) + `, "channels": [{}, {}, {}]}`, 500, 500, true},
		{"many networks", `{}`, 20_000, 25_000, false},
		{"hostile names", `{"name": ` + hostile + `, "organisations": [{"name": ` + hostile + `, "peers": 1, "site": ` + hostile + `}], "orderers": {"consensus": ` + hostile +
			`, "count": 1, "owners": [` + hostile + `]}, "channels": [{"name": ` + hostile + `, "chaincodes": [{"name": ` + hostile + `, "endorsement": ` + hostile + `}]}]}`, 0, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "r1")
			store(t, dir, shape{{{1, 2, 3}}})
			err := edit(dir, func(run map[string]any) {
				run["topology"] = json.RawMessage(c.topology)
				var sessions []any
				for range c.sessions {
					sessions = append(sessions, map[string]any{"topology": json.RawMessage(c.topology)})
				}
				run["sessions"] = sessions
			})
			if err != nil {
				t.Fatal(err)
			}
			summary := result.Summary{Schema: result.Schema, Complete: true}
			for range c.points {
				summary.Points = append(summary.Points, result.Point{Series: "plain", Outcomes: map[string]uint64{}})
			}
			if c.points > 0 {
				summary.Points[0].Roles = roles
			}
			if err := result.WriteJSON(filepath.Join(dir, "summary.json"), summary); err != nil {
				t.Fatal(err)
			}
			before, began := heapInUse(), time.Now()
			r, err := Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if took := time.Since(began); took > time.Minute { // for a hang: this may be a busy machine
				t.Errorf("took %v to open", took)
			}
			if held := heapInUse() - before; held > 400<<20 {
				t.Errorf("holds %d MB", held>>20)
			}
			var o ledger.Overview
			took := time.Hour // the shortest of some: on a busy machine any of them may wait for a processor
			for tries := 0; tries < 10 && took > 100*time.Millisecond; tries++ {
				began = time.Now()
				if o, err = r.Overview(t.Context()); err != nil {
					t.Fatal(err)
				}
				took = min(took, time.Since(began))
			}
			if took > 100*time.Millisecond {
				t.Errorf("overview took %v", took)
			}
			if text := printed(t, o); len(text) > 8<<20 {
				t.Errorf("%d bytes", len(text))
			}
			if cut := strings.Contains(strings.Join(o.Notes, " "), "more organisations"); cut != c.cut {
				t.Errorf("notes %q", o.Notes)
			}
			visit(r)
		})
	}
}

// printed returns JSON, whose texts must be such as can be printed in a line.
func printed(t *testing.T, of any) string {
	t.Helper()
	text, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	for decoder := json.NewDecoder(strings.NewReader(string(text))); ; {
		token, err := decoder.Token()
		if err != nil {
			return string(text)
		}
		if s, ok := token.(string); ok && printable.Line(s) != s {
			t.Errorf("shows %.100q", s)
		}
	}
}

// Whatever a stranger's blocks and levels say can be printed.
func TestHostileRows(t *testing.T) {
	const hostile = "<b>\x1b[31m\u202e\u2028\n"
	dir := filepath.Join(t.TempDir(), "r1")
	run := result.Run{ID: hostile, Scenario: hostile, Target: result.TargetFabric, Versions: map[string]string{"fabric": hostile}}
	w, err := result.Create(dir, run)
	if err != nil {
		t.Fatal(err)
	}
	w.Begin(1, nil)
	key := result.LevelKey{Series: hostile, Repetition: 1, Load: result.Load{Kind: hostile, Clients: 8}}
	l, err := w.Level(key, 0, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	l.Record(result.Record{Started: 1, Prepared: 2, Endorsed: 3, Submitted: 4, Committed: 5, TxID: id(1, 0, 1, 0), Block: 1})
	if _, err := l.Close(); err != nil {
		t.Fatal(err)
	}
	b := result.BlockRow{Session: 1, Observer: hostile}
	b.ChannelName, b.Number, b.Transactions = hostile, 1, 1
	for _, check := range []*result.Check{&b.Checks.Data, &b.Checks.Chain, &b.Checks.Signatures} {
		*check = result.Check{State: result.CheckWrong, Text: hostile}
	}
	if err := w.Block(&b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(run, result.Summary{Points: []result.Point{{Series: hostile, Conditions: result.Conditions{Contract: hostile}}}}); err != nil {
		t.Fatal(err)
	}
	r := open(t, dir)
	defer r.Close()
	o, err := r.Overview(t.Context())
	if err != nil || len(o.Channels) != 1 {
		t.Fatal(o, err)
	}
	printed(t, o)
	channel := o.Channels[0].Name
	blocks, err := r.Blocks(t.Context(), channel, 0, 10)
	if err != nil || len(blocks) != 1 {
		t.Fatal(blocks, err)
	}
	printed(t, blocks)
	page, err := r.Block(t.Context(), channel, 1, 0, 10)
	if err != nil || len(page.Heads) != 1 {
		t.Fatal(page, err)
	}
	printed(t, page)
	tx, err := r.Transaction(t.Context(), channel, page.Heads[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	printed(t, tx)
}
