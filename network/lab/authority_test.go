package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/study"
	"meterbench/internal/race"
	"meterbench/network"
	"meterbench/network/ca"
	"meterbench/network/chaincode"
	"meterbench/network/fabric/daemons"
)

// TestMain lets the test binary be the responder that tests start.
func TestMain(m *testing.M) {
	if code, handled := network.Dispatch(os.Args, chaincode.Serve); handled {
		os.Exit(code)
	}
	if code, handled := ca.Dispatch(os.Args); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// silent is an Observer that says nothing.
type silent struct{}

func (silent) Step(string)        {}
func (silent) Working(string)     {}
func (silent) Live(study.Live)    {}
func (silent) Point(result.Point) {}

// certified runs a scenario with a workload of certificates alone and returns its points by operation.
func certified(t *testing.T, issuer result.Issuer, meters int, hold time.Duration, with Programs, operations ...result.Operation) map[result.Operation]result.Point {
	t.Helper()
	var names []string
	for _, o := range operations {
		names = append(names, string(o))
	}
	file := filepath.Join(t.TempDir(), "ca.yaml")
	text := fmt.Sprintf(`name: ca
topology: minimal
warmup: 100ms
series:
  - name: one
    workload: {kind: ca, issuer: %s, meters: %d}
    load: {kind: closed, clients: 2, hold: %v, think: 50ms}
    vary: {operation: [%s]}
`, issuer, meters, hold, strings.Join(names, ", "))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Read(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	site, err := New(p, dir, with)
	if err != nil {
		t.Fatal(err)
	}
	if err := study.Run(t.Context(), study.Config{Scenario: p.Scenario, Lab: site, Dir: dir, ID: "1", Observer: silent{}}); err != nil {
		t.Fatal(err)
	}
	stored, err := result.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if stored.Summary.Target != result.TargetAlone {
		t.Errorf("the target is %s: no series uses a ledger", stored.Summary.Target)
	}
	points := map[result.Operation]result.Point{}
	for _, point := range stored.Summary.Points {
		points[point.Conditions.Operation] = point
	}
	for _, operation := range operations {
		p := points[operation]
		if ended := p.Outcomes[result.Answered.String()]; ended == 0 || ended != p.Scheduled {
			t.Errorf("%s: %v of %d", operation, p.Outcomes, p.Scheduled)
		}
		if p.Conditions.Workload != result.CA || p.Conditions.Issuer != issuer {
			t.Errorf("%s: conditions %+v", operation, p.Conditions)
		}
	}
	return points
}

// Every operation on certificates is answered, without a network and without fabric-ca.
func TestCertificatesInProcess(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	certified(t, result.IssuerInProcess, 25, 400*time.Millisecond, Programs{}, result.OpEnrol, result.OpVerifyChain, result.OpVerifyCRL, result.OpVerifyOCSP, result.OpRenew, result.OpRevoke, result.OpFetchCRL)
}

// Likewise with the server of fabric-ca, whose processes are among the figures.
func TestCertificatesOfFabricCA(t *testing.T) {
	if testing.Short() {
		t.Skip("needs fabric-ca")
	}
	points := certified(t, result.IssuerFabricCA, 4, 1500*time.Millisecond, Programs{CA: func() (string, error) {
		built, err := daemons.EnsureCA(context.Background(), daemons.Config{})
		return built.Server, err
	}}, result.OpEnrol, result.OpVerifyCRL, result.OpVerifyOCSP, result.OpRenew, result.OpFetchCRL)
	for operation, p := range points {
		for name, role := range map[string]result.Role{"ca": result.RoleCA, "ocsp": result.RoleResponder} {
			if _, ok := p.CPU[name]; !ok || p.Roles[name] != role {
				t.Errorf("%s: no CPU of %s among %v", operation, name, p.CPU)
			}
		}
	}
}

// What keeps a CA from being there is said at its place in the scenario, before any load.
func TestAuthorityIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.yaml")
	text := "name: ca\ntopology: minimal\nworkload: {kind: ca, issuer: fabric-ca}\nload: {kind: closed, clients: 1, hold: 3s}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := Read(t.Context(), file, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = New(p, t.TempDir(), Programs{CA: func() (string, error) { return "", errors.New("there is no gcc") }})
	if want := file + ":3:30: workload.issuer: there is no gcc"; fmt.Sprint(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	site, err := New(p, t.TempDir(), Programs{CA: func() (string, error) { return "/bin/false", nil }})
	if err != nil {
		t.Fatal(err)
	}
	_, err = site.Start(t.Context(), study.Session{Network: p.Scenario.Networks()[0], Number: 1, Of: 1}, func(string) {})
	if text := fmt.Sprint(err); !strings.HasPrefix(text, file+":3:30: workload.issuer: certification authority: ") || strings.Contains(text, "\n") {
		t.Errorf("got %s", text)
	}
}

// Each kind of error of a CA or of a verifier has its outcome; none is taken for an answer.
func TestAuthorityOutcomes(t *testing.T) {
	var c certifier
	for _, test := range []struct {
		err  error
		want result.Outcome
	}{
		{nil, result.Answered},
		{&ca.Error{Kind: ca.Down}, result.CAUnreachable},
		{&ca.Error{Kind: ca.Untrusted}, result.CAUnreachable},
		{fmt.Errorf("enrol: %w", &ca.Error{Kind: ca.Late}), result.CATimeout},
		{&ca.Error{Kind: ca.Refused}, result.CARefused},
		{&ca.Error{Kind: ca.Revoked}, result.CARefused},
		{&ca.Error{Kind: ca.Stale}, result.CARefused},
		{errors.New("whatever"), result.CARefused},
	} {
		if got := c.Outcome(test.err); got != test.want {
			t.Errorf("%v: %v, want %v", test.err, got, test.want)
		}
	}
}
