package page

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/ledger"
)

// What is asked of a ledger arrives as it was asked, within bounds; what is wrong is refused before.
func TestLedgerQueries(t *testing.T) {
	c := new(chain)
	s := serve(t, Config{Mode: ModeNetwork, Ledger: c}, nil)
	long := strings.Repeat("a", mostName)
	for _, q := range []struct {
		path string
		want []any // nil: refused with 400
	}{
		{"ch/blocks", []any{"blocks", "ch", uint64(0), usualPage}},
		{"ch/blocks?before=18446744073709551615&n=100", []any{"blocks", "ch", uint64(1<<64 - 1), 100}},
		{"ch/blocks?n=1&n=2", []any{"blocks", "ch", uint64(0), 1}},
		{"a%2Fb%20%C3%A4/blocks", []any{"blocks", "a/b ä", uint64(0), usualPage}},
		{"a%5Cu202e%3Cb%3E/blocks", []any{"blocks", `a\u202e<b>`, uint64(0), usualPage}}, // as a name that cannot be printed is shown
		{long + "/blocks", []any{"blocks", long, uint64(0), usualPage}},
		{long + "a/blocks", nil},
		{"%ff/blocks", nil},
		{"ch/blocks?n=0", nil},
		{"ch/blocks?n=101", nil},
		{"ch/blocks?n=-1", nil},
		{"ch/blocks?n=", nil},
		{"ch/blocks?n=1e2", nil},
		{"ch/blocks?n=99999999999999999999999", nil},
		{"ch/blocks?before=-1", nil},
		{"ch/blocks?before=18446744073709551616", nil},
		{"ch/blocks?before=%zz", nil},
		{"ch/blocks?a;b", nil},
		{"ch/blocks/7", []any{"block", "ch", uint64(7), 0, usualPage}},
		{"ch/blocks/7?from=20&n=5", []any{"block", "ch", uint64(7), 20, 5}},
		{"ch/blocks/x", nil},
		{"ch/blocks/-1", nil},
		{"ch/blocks/7?from=2147483648", nil},
		{"ch/transactions/00FFaa", []any{"transaction", "ch", "00ffaa"}},
		{"ch/transactions/" + strings.Repeat("a", mostID), []any{"transaction", "ch", strings.Repeat("a", mostID)}},
		{"ch/transactions/" + strings.Repeat("a", mostID+1), nil},
		{"ch/transactions/12:0", []any{"transaction", "ch", "12:0"}},
		{"ch/transactions/xyz", nil},
		{"ch/transactions/00%2F11", nil},
		{"ch/meters/meter-000001", []any{"meter", "ch", "meter-000001", uint64(0)}},
		{"ch/meters/m?after=12", []any{"meter", "ch", "m", uint64(12)}},
		{"ch/meters/m?after=x", nil},
		{"ch/meters/" + long + "a", nil},
	} {
		t.Run(q.path, func(t *testing.T) {
			c.asked = nil
			w := s.ask("GET", "/api/ledger/"+q.path, "")
			if d := cmp.Diff(q.want, c.asked); d != "" {
				t.Errorf("asked (-want +got):\n%s", d)
			}
			if q.want == nil {
				if w.Code != 400 {
					t.Errorf("%d: %s", w.Code, w.Body)
				}
				wrong(t, w)
			} else if w.Code != 200 || !json.Valid(w.Body.Bytes()) || w.Header().Get("Content-Type") != "application/json" {
				t.Errorf("%d: %s", w.Code, w.Body)
			}
		})
	}
}

// Lists that are empty are lists.
func TestLedgerEmpty(t *testing.T) {
	s := serve(t, Config{Mode: ModeNetwork, Ledger: new(chain)}, nil)
	for path, want := range map[string]string{"ch/blocks": "[]\n", "ch/meters/m": `{"transactions":[],"searched":0}` + "\n"} {
		if got := s.ask("GET", "/api/ledger/"+path, "").Body.String(); got != want {
			t.Errorf("%s: %q", path, got)
		}
	}
}

// How a ledger fails is said with the code that it stands for, in one line of bounded length.
func TestLedgerErrors(t *testing.T) {
	c := new(chain)
	s := serve(t, Config{Mode: ModeNetwork, Ledger: c}, nil)
	for _, e := range []struct {
		err  error
		code int
		text string
	}{
		{fmt.Errorf("channel x: %w", ledger.ErrNotFound), 404, "channel x: not found"},
		{fmt.Errorf("reads: %w", ledger.ErrNotKept), 404, "reads: " + ledger.ErrNotKept.Error()},
		{ledger.ErrNoNetwork, 503, ledger.ErrNoNetwork.Error()},
		{fmt.Errorf("Org1MSP: %w", ledger.ErrForbidden), 403, "Org1MSP: " + ledger.ErrForbidden.Error()},
		{fmt.Errorf("height of channel x: %w", &ledger.UnreachableError{Reason: "peer0: connection refused"}), 503, "height of channel x: peer0: connection refused"},
		{errors.New("peer0 sent block 7 where 8 was asked for"), 502, "peer0 sent block 7 where 8 was asked for"},
		{errors.New("two\nlines\x1b[31m"), 502, `two; lines\x1b[31m`},
		{errors.New(strings.Repeat("ä", 1000)), 502, strings.Repeat("ä", 300) + "…"},
	} {
		t.Run(e.text[:5], func(t *testing.T) {
			c.err = e.err
			for _, path := range []string{"", "/ch/blocks", "/ch/blocks/1", "/ch/transactions/00", "/ch/meters/m"} {
				if path == "" && errors.Is(e.err, ledger.ErrNoNetwork) {
					continue // see TestOverviewWithoutNetwork
				}
				want := e.text
				w := s.ask("GET", "/api/ledger"+path, "")
				if got := wrong(t, w); w.Code != e.code || got != want && path != "" {
					t.Errorf("%s: %d %q, want %d %q", path, w.Code, got, e.code, want)
				}
			}
		})
	}
}

// That no network is up is no failure of the overview: the page asks for it all the time, as between two sessions of a run.
func TestOverviewWithoutNetwork(t *testing.T) {
	s := serve(t, Config{Mode: ModeRun, Ledger: new(ledger.Switch)}, nil)
	w := s.ask("GET", "/api/ledger", "")
	var o ledger.Overview
	if err := json.Unmarshal(w.Body.Bytes(), &o); err != nil || w.Code != 200 || o.Source != ledger.SourceNone {
		t.Errorf("%d, %v: %s", w.Code, err, w.Body)
	}
}

// What could be learned of a network is there also where not all could.
func TestOverviewInPart(t *testing.T) {
	c := &chain{overview: func(context.Context) (ledger.Overview, error) {
		return ledger.Overview{Name: "n", Nodes: []ledger.Node{{Address: "a"}}, Notes: []string{"first"}}, errors.New("peer1 does not answer")
	}}
	s := serve(t, Config{Mode: ModeNetwork, Ledger: c}, nil)
	w := s.ask("GET", "/api/ledger", "")
	var o ledger.Overview
	if err := json.Unmarshal(w.Body.Bytes(), &o); err != nil || w.Code != 200 {
		t.Fatal(w.Code, err)
	}
	if d := cmp.Diff([]string{"first", "peer1 does not answer"}, o.Notes); d != "" {
		t.Error(d)
	}
}

// Of many who ask a ledger at once only some ask the network; who goes away meanwhile is not waited for.
func TestFewQueriesAtOnce(t *testing.T) {
	entered, leave := make(chan bool, mostQueries), make(chan bool)
	c := &chain{overview: func(context.Context) (ledger.Overview, error) {
		entered <- true
		<-leave
		return ledger.Overview{}, nil
	}}
	s := serve(t, Config{Mode: ModeNetwork, Ledger: c}, nil)
	codes := make(chan int, mostQueries)
	for range mostQueries {
		go func() { codes <- s.ask("GET", "/api/ledger", "").Code }()
		<-entered
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if w := s.askWithin(gone, "/api/ledger"); w.Code != 503 {
		t.Errorf("%d: %s", w.Code, w.Body)
	}
	close(leave)
	for range mostQueries {
		if code := <-codes; code != 200 {
			t.Error(code)
		}
	}
	if code := s.ask("GET", "/api/ledger", "").Code; code != 200 {
		t.Error(code)
	}
}

// A chaincode argument of HTML and of a megabyte is text in JSON.
func TestHostileArgument(t *testing.T) {
	text := strings.Repeat(`</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&`+"\u2028\x00", 1<<20/64)
	c := &chain{transaction: ledger.Transaction{Arguments: []ledger.Argument{{Bytes: len(text), Text: text}}}}
	s := serve(t, Config{Mode: ModeNetwork, Ledger: c}, nil)
	w := s.ask("GET", "/api/ledger/ch/transactions/00", "")
	if strings.ContainsAny(w.Body.String(), "<>&\u2028\x00") {
		t.Error("markup is not escaped")
	}
	var got ledger.Transaction
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Arguments[0].Text != text {
		t.Errorf("the argument differs: %v", err)
	}
	if h := w.Header(); h.Get("Content-Type") != "application/json" || h.Get("X-Content-Type-Options") != "nosniff" {
		t.Error(h)
	}
}

// Without a ledger all questions about one are refused.
func TestNoLedger(t *testing.T) {
	s := serve(t, Config{Mode: ModeRun}, nil)
	for _, path := range []string{"", "/ch/blocks", "/ch/blocks/1", "/ch/transactions/00", "/ch/meters/m"} {
		if w := s.ask("GET", "/api/ledger"+path, ""); w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
