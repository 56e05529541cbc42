package client

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench"
	"meterbench/bench/result"
)

// A node is lost that twice in a row cannot be connected to, or does not answer, since the first time; and back with its next
// answer. One question alone, as after a pause of this process, tells nothing.
func TestWatchNode(t *testing.T) {
	const gone, silent, here = result.NoticeConnection, result.NoticeSilence, result.Notice("")
	type seen struct {
		Notice      result.Notice
		Since, Till time.Duration // of the watch; 0: not yet
	}
	for name, tt := range map[string]struct {
		answers []result.Notice // of one question after the other; then always here
		want    []seen
	}{
		"here":             {nil, nil},
		"once":             {[]result.Notice{here, silent, here, gone, here, silent}, nil},
		"gone":             {[]result.Notice{here, gone, gone, gone}, []seen{{gone, time.Second, 0}, {gone, time.Second, 4 * time.Second}}},
		"silent":           {[]result.Notice{silent, silent, silent}, []seen{{silent, 0, 0}, {silent, 0, 10500 * time.Millisecond}}},
		"silent, and gone": {[]result.Notice{silent, gone}, []seen{{gone, 0, 0}, {gone, 0, 4500 * time.Millisecond}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
				defer cancel()
				begin, losses, lost := time.Now(), make(chan Loss), 0
				next := 0
				ask := func(ctx context.Context) result.Notice {
					notice := here
					if next < len(tt.answers) {
						notice = tt.answers[next]
					}
					next++
					if notice == silent {
						time.Sleep(askTimeout)
					}
					return notice
				}
				go watchNode(ctx, Loss{Process: result.Process{Role: result.RolePeer, Name: "peer0"}}, ask, losses, func(answers bool) {
					if lost++; answers {
						lost -= 2
					}
				})
				var got []seen
				for {
					select {
					case l := <-losses:
						s := seen{Notice: l.Notice, Since: l.Since.Sub(begin)}
						if !l.Until.IsZero() {
							s.Till = l.Until.Sub(begin)
						}
						got = append(got, s)
						continue
					case <-ctx.Done():
					}
					break
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Error(diff)
				}
				if lost != 0 {
					t.Errorf("%d times more lost than back", lost)
				}
			})
		})
	}
}

// A node that answers anything is there, one that accepts connections and no more is silent.
func TestAsking(t *testing.T) {
	f := newFakePeer()
	c, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	address, stop, err := f.serve(c)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	quiet, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer quiet.Close()
	for name, tt := range map[string]struct {
		address string
		want    result.Notice
	}{
		"answers": {address, ""}, "is silent": {quiet.Addr().String(), result.NoticeSilence}, "has ended": {"127.0.0.1:1", result.NoticeConnection},
	} {
		t.Run(name, func(t *testing.T) {
			g := configFor(tt.address, c).Gateways[0]
			p, err := (&Client{calls: newCalls()}).connect(g)
			if err != nil {
				t.Fatal(err)
			}
			defer p.conn.Close()
			patience := time.Minute
			if tt.want == result.NoticeSilence {
				patience = 300 * time.Millisecond
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if got := asking(p.conn)(ctx); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

// Where the observing peer does not answer any more, its streams end: commits are seen at the next one, transactions go there,
// and the ledger is read there.
func TestPeerFallsSilent(t *testing.T) {
	ledger := newFakePeer()
	ledger.timeout = 10 * time.Millisecond
	c, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	var cfg Config
	for range 2 {
		address, stop, err := ledger.serve(c)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		one := configFor(address, c)
		one.Gateways = append(cfg.Gateways, one.Gateways...)
		cfg = one
	}
	client, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	client.peers[0].answers(false)
	used := func() bool {
		return client.home.observing() != client.peers[1] || client.instead(client.peers[0]) != client.peers[1] ||
			client.insteadToAsk(client.peers[0]) != client.peers[1]
	}
	for deadline := time.Now().Add(time.Minute); used() && time.Now().Before(deadline); { // until it is connected to the other
		time.Sleep(reopenDelay / 10)
	}
	if used() {
		t.Error("the peer that is silent is still used")
	}
	for range 4 {
		if r, err := client.Submit(t.Context(), bench.Transaction{Function: "store", Args: [][]byte{{1}}, Wait: result.WaitCommit}); r.Outcome != result.Valid {
			t.Errorf("%v, %v", r.Outcome, err)
		}
	}
	client.peers[0].answers(true)
	if !client.peers[0].reachable() {
		t.Error("a peer that answers again is not used")
	}
	entries := 0
	for _, err := range client.Ledger(t.Context(), 0, 0, nil) {
		if err != nil {
			t.Fatal(err)
		}
		entries++
	}
	if entries < 4 {
		t.Errorf("%d transactions on the ledger", entries)
	}
}

// An orderer that does not answer is the last one to be tried.
func TestSilentOrdererComesLast(t *testing.T) {
	o := &orderers{nodes: []*ordererNode{{name: "0"}, {name: "1"}, {name: "2"}}}
	o.nodes[1].silent.Store(true)
	var got []string
	for range 4 {
		turn := ""
		for _, n := range o.inTurn() {
			turn += n.name
		}
		got = append(got, turn)
	}
	if diff := cmp.Diff([]string{"021", "201", "201", "021"}, got); diff != "" {
		t.Error(diff)
	}
}
