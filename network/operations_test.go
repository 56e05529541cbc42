package network

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/result"
	"meterbench/network/client"
)

// What a process has used goes on between two answers as it did before, and is not known where answers fail to come or
// the process was started anew.
func TestUsedAt(t *testing.T) {
	begin := time.Unix(1_700_000_000, 0)
	at := func(s float64) time.Time { return begin.Add(time.Duration(s * float64(time.Second))) }
	var o operator
	for _, step := range []struct {
		cpu, answered float64 // seconds
		asked         float64
		want          float64
		known         bool
	}{
		{10, 0, 0, 0, false},
		{10.5, 1, 1, 10.5, true},
		{11, 2, 2.5, 11.25, true},
		{11, 3, 3.5, 11, true},
		{12, 4, 8, 0, false},
		{1, 9, 9, 0, false},
		{2, 10, 10.5, 2.5, true},
	} {
		o.note(parsed(t, fmt.Sprintf("process_cpu_seconds_total %v\nprocess_resident_memory_bytes 4096\n", step.cpu)), at(step.answered))
		u, ok := o.usedAt(at(step.asked))
		if ok != step.known || ok && (math.Abs(u.cpu-step.want) > 1e-9 || u.memory != 4096) {
			t.Errorf("asked after %v s: %+v, known %t; want %v, %t", step.asked, u, ok, step.want, step.known)
		}
	}
}

func parsed(t *testing.T, text string) families {
	t.Helper()
	f, err := parseFamilies(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFamiliesTellTheNode(t *testing.T) {
	for _, c := range []struct {
		text    string
		role    result.Role
		version string
	}{
		{"fabric_version{version=\"v3.1.1\"} 1\nledger_blockchain_height{channel=\"a\"} 4\n", result.RolePeer, "v3.1.1"},
		{"fabric_version{version=\"2.5.9\"} 1\nconsensus_etcdraft_cluster_size{channel=\"a\"} 1\n", result.RoleOrderer, "v2.5.9"},
		{"go_goroutines 4\n", result.RolePeer, ""},
	} {
		f := parsed(t, c.text)
		if f.role() != c.role || f.version() != c.version {
			t.Errorf("%s: %s of %q", c.text, f.role(), f.version())
		}
	}
}

// An endpoint that tells nothing is refused, with what to do.
func TestOperationsRefused(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/metrics" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		http.NotFound(w, r)
	}))
	defer server.Close()
	for _, url := range []string{server.URL, "http://127.0.0.1:1", "https://" + server.Listener.Addr().String()} {
		a := &Attached{Attachment: Attachment{Operations: []Operations{{Node: "peer0", URL: url}}}}
		err := a.operate(t.Context())
		if e, ok := err.(*AttachError); !ok || e.Part != AttachOperations || e.Name != "peer0" || e.Remedy == "" {
			t.Errorf("%s: %v", url, err)
		}
		a.Close()
	}
}

// Where one of several endpoints does not answer, the others are read all the same, at the beginning and later.
func TestOperationsOfSome(t *testing.T) {
	var silent atomic.Bool
	serve := func(answers func() bool) *httptest.Server {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !answers() {
				http.NotFound(w, r)
				return
			}
			io.WriteString(w, "fabric_version{version=\"v3.1.1\"} 1\nprocess_cpu_seconds_total 3\n")
		}))
		t.Cleanup(server.Close)
		return server
	}
	never := serve(func() bool { return false })
	a := &Attached{Attachment: Attachment{Operations: []Operations{
		{Node: "peer0", URL: never.URL},
		{Node: "peer1", URL: serve(func() bool { return true }).URL},
		{Node: "peer2", URL: serve(func() bool { return !silent.Load() }).URL},
	}}}
	defer a.Close()
	if err := a.operate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"the metrics of peer0 at " + never.URL + " cannot be read: 404 Not Found"}, a.Untold); diff != "" {
		t.Error(diff)
	}
	if a.Fabric != "v3.1.1" || len(a.Processes()) != 2 {
		t.Errorf("release %q, processes %v", a.Fabric, a.Processes())
	}
	silent.Store(true)
	told, missing := a.Metrics(t.Context())
	if _, ok := told["peer1"]; !ok || len(told) != 1 || len(missing) != 1 || missing["peer2"] == nil {
		t.Errorf("told %v, not by %v", told, missing)
	}
}

// Fabric's own format of log lines is read like ours.
func TestInstantsOfLines(t *testing.T) {
	lines := testDialect(t).Log()
	const message = "Received block [7] from buffer channel=metrology"
	want := time.Date(2026, 11, 28, 12, 0, 0, 123_000_000, time.UTC)
	for _, line := range []string{
		"2026-11-28T12:00:00.123000Z INFO [gossip.privdata] " + message,
		"2026-11-28 12:00:00.123 UTC 0a4f INFO [gossip.privdata] StoreBlock -> " + message,
		"\x1b[34m2026-11-28 12:00:00.123 UTC 0a4f INFO\x1b[0m [gossip.privdata] \x1b[34;1mStoreBlock\x1b[0m -> " + message,
	} {
		e, ok := parseEvent(lines, line)
		if !ok || !e.at.Equal(want) || e.numbers["block"] != 7 || e.channel != "metrology" {
			t.Errorf("%q: %+v, %t", line, e, ok)
		}
	}
	for _, line := range []string{"", " [gossip.privdata] " + message, "yesterday [gossip.privdata] " + message, "2026-11-28 noon UTC [gossip.privdata] " + message} {
		if e, ok := parseEvent(lines, line); ok {
			t.Errorf("%q is read: %+v", line, e)
		}
	}
}

// Nodes count as watched only where all are: every gateway, a peer of each member, and as many orderers as the channel has.
func TestWatched(t *testing.T) {
	attached := func(orderers int, names ...string) *Attached {
		a := &Attached{}
		a.Gateways = []client.Gateway{{Name: "peer0"}, {Name: "peer1"}}
		a.Agreed.Members, a.Agreed.Orderers.Count = []string{"Org1MSP", "Org2MSP", "Org3MSP"}, orderers
		for _, name := range names {
			role := result.RolePeer
			if strings.HasPrefix(name, "orderer") {
				role = result.RoleOrderer
			}
			a.operators = append(a.operators, &operator{Operations: Operations{Node: name}, role: role})
		}
		return a
	}
	for _, c := range []struct {
		name            string
		of              *Attached
		peers, orderers bool
	}{
		{"none", attached(1), false, false},
		{"one peer", attached(1, "peer0"), false, false},
		{"gateways, but a member has another peer", attached(1, "peer0", "peer1", "orderer0"), false, true},
		{"all peers", attached(1, "peer0", "peer1", "peer2"), true, false},
		{"peers, but not a gateway", attached(1, "peer0", "peer2", "peer3"), false, false},
		{"one orderer of three", attached(3, "peer0", "peer1", "peer2", "orderer0"), true, false},
		{"all", attached(1, "peer0", "peer1", "peer2", "orderer0"), true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if peers, orderers := c.of.Watched(); peers != c.peers || orderers != c.orderers {
				t.Errorf("peers %v, orderers %v", peers, orderers)
			}
		})
	}
}
