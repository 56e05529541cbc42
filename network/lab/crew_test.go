package lab

import (
	"context"
	"errors"
	"slices"
	"testing"

	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/bench/worker"
	"meterbench/internal/race"
	"meterbench/network/fabric/daemons"
)

// crewed returns the laboratory of a plan whose load workers make that run in this process.
func crewed(t *testing.T, p Plan, dir string, with Programs, workers int) study.Lab {
	t.Helper()
	own, theirs, _, err := worker.NewCredentials()
	if err != nil {
		t.Fatal(err)
	}
	credentials := func(text []byte) worker.Credentials {
		c, err := worker.ParseCredentials(text)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	o, err := worker.Listen(worker.Config{Address: "127.0.0.1:0", Credentials: credentials(own), Size: workers})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, workers)
	for rank := range workers {
		go func() {
			ended <- worker.Serve(context.Background(), worker.ServeConfig{
				Address: o.Addr(), Rank: worker.Rank{Number: rank, Size: workers}, Credentials: credentials(theirs), Open: OpenStation,
			})
		}()
	}
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Error(err)
		}
		for range workers {
			if err := <-ended; err != nil {
				t.Errorf("a worker ended: %v", err)
			}
		}
	})
	if err := o.Gather(t.Context(), func(int, int) {}); err != nil {
		t.Fatal(err)
	}
	l, err := New(p, dir, with)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := p.Scenario.PackFiles()
	if err != nil {
		t.Fatal(err)
	}
	var files []worker.File
	for _, f := range packed {
		files = append(files, worker.File(f))
	}
	return o.Lab(l, p.Scenario.Source, files)
}

// studied runs the study of a scenario by two workers and returns what it stored.
func studied(t *testing.T, text string, with Programs) *result.Folder {
	t.Helper()
	p, dir := planIn(t, laid(t, text)), t.TempDir()
	if err := p.CheckWorkers(2, 2); err != nil {
		t.Fatal(err)
	}
	err := study.Run(t.Context(), study.Config{Scenario: p.Scenario, Lab: crewed(t, p, dir, with, 2), Dir: dir, ID: "1", Observer: silent{}})
	if _, crowded := errors.AsType[*study.NotValidError](err); err != nil && !crowded { // of which the machine is to blame
		t.Fatal(err)
	}
	stored, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	a := stored.Summary.Audit
	if !stored.Summary.Complete || a == nil || a.Problem() != "" || a.Expected == 0 || a.Found != a.Expected {
		t.Errorf("complete: %t, audit %+v", stored.Summary.Complete, a)
	}
	return stored
}

// A study by workers on simulated ledgers of theirs: a trace, and rows of a file, which only the coordinator has.
func TestStudyOfSimulatedLedgersByWorkers(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	const text = `name: filed
target: {kind: reference, commit: {servers: 9, service: {kind: constant, mean: 5ms}}}
warmup: 0s
series:
  - name: trace
    workload: {kind: plain}
    load: {kind: open, arrivals: {trace: {file: t.csv, unit: kWh}}, hold: 4s}
  - name: rows
    workload: {kind: invoke, contract: basic, function: f, args: [{csv: {file: r.csv, column: b}}]}
    load: {kind: open, rate: 200/s, hold: 1s}
`
	stored := studied(t, text, Programs{})
	if !slices.ContainsFunc(stored.Summary.Notices, func(w result.Warning) bool { return w.Text == workersNote }) {
		t.Errorf("warnings %+v", stored.Summary.Notices)
	}
	if n := len(stored.Summary.Points); n != 2 || stored.Summary.Points[0].Scheduled != 4 || stored.Summary.Points[1].Scheduled != 200 {
		t.Errorf("%d points of %+v", n, stored.Summary.Points)
	}
}

// A study by workers on a network of our own: the audit is exact, contracts count and ciphertexts evaluate, keys are what rotations left,
// and the requests are those that workers sent.
func TestStudyOfANetworkByWorkers(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network")
	}
	binaries, err := daemons.Ensure(t.Context(), daemons.Config{})
	if err != nil {
		t.Fatal(err)
	}
	const text = `name: crew
topology: minimal
chaincodes: [{name: readings}, {name: pki}]
warmup: 500ms
series:
  - name: ahead
    workload: {kind: encrypted, scheme: ecddh, length: 8, meters: 6, encryption: ahead}
    load: {kind: open, rate: [20/s, 30/s], hold: 2s}
  - name: rotate
    workload: {kind: pki, operation: rotate, meters: 12}
    load: {kind: closed, clients: 4, hold: 2s}
`
	stored := studied(t, text, Programs{Daemons: func(string) (daemons.Binaries, error) { return binaries, nil }})
	s := stored.Summary
	if s.Audit.Stored != s.Audit.Found || s.Audit.Evaluated == 0 {
		t.Errorf("audit %+v", s.Audit)
	}
	if made := stored.Run.Preparation["ahead"]; made.Ciphertexts != 100 || made.Encrypt.P50 <= 0 {
		t.Errorf("made before the load: %+v", made)
	}
	for _, p := range s.Points {
		if p.Costs == nil || p.Costs.Calls[result.CallEndorse] < 0.3 || p.Costs.Calls[result.CallEndorse] > 3 {
			t.Fatalf("%s: costs %+v", p.Series, p.Costs)
		}
		sent := 0.0
		for _, w := range p.Costs.Wire {
			if w.From == result.RoleClient && w.To == result.RolePeer {
				sent = w.Bytes
			}
		}
		if sent < 1000 { // a proposal and an envelope
			t.Errorf("%s: the client sent %g bytes for a transaction", p.Series, sent)
		}
	}
}
