package main

import (
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"meterbench/bench/ledger"
)

// asked are the answers to questions about a ledger, by status and text, but for those that succeeded.
type asked struct {
	mu    sync.Mutex
	wrong map[string]int
	right int
}

// ask puts questions about the ledger of a page, several at once, until nobody answers there or stop is closed.
func (a *asked) ask(url string, channel string, stop <-chan struct{}) {
	var asking sync.WaitGroup
	for _, path := range []string{"", "/blocks", "/blocks/1", "/meters/none", "/transactions/1:0"} {
		if path != "" {
			path = "/" + channel + path
		}
		asking.Go(func() {
			client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
			for {
				select {
				case <-stop:
					return
				default:
				}
				answer, err := client.Get(url + "api/ledger" + path)
				if err != nil {
					return
				}
				text, err := io.ReadAll(answer.Body)
				answer.Body.Close()
				a.mu.Lock()
				if answer.StatusCode == http.StatusOK {
					a.right++
				} else if err == nil { // else the server has ended
					a.wrong[fmt.Sprint(answer.StatusCode, " ", strings.TrimSpace(string(text)))]++
				}
				a.mu.Unlock()
			}
		})
	}
	asking.Wait()
}

// Who looks at the ledger of a network that is taken down gets answers until then, and no others than that there is no network: also
// where the question came before, and the network went while it was asked.
func TestLedgerGoes(t *testing.T) {
	needsNetwork(t)
	temp := t.TempDir()
	up := start(t, temp, "network", "up", "minimal", "--live")
	up.says(t, &up.stdout, "takes it down")
	a := asked{wrong: map[string]int{}}
	over := make(chan struct{})
	go func() {
		defer close(over)
		a.ask(liveAddress(t, up.stderr.String()), "metrology", nil)
	}()
	eventually(t, "answers about the ledger", func() bool {
		a.mu.Lock()
		defer a.mu.Unlock()
		return a.right >= 10
	})
	time.Sleep(time.Second)
	if p, code := command(t, temp, "network", "down", "minimal"); code != exitOK {
		t.Errorf("exit code %d\n%s", code, &p.stderr)
	}
	if code := up.exit(t); code != exitOK {
		t.Errorf("exit code %d\n%s", code, &up.stderr)
	}
	<-over
	nothingLeft(t, temp)
	for text := range a.wrong {
		if want := fmt.Sprintf(`503 {"error":%q}`, ledger.ErrNoNetwork); text != want {
			t.Errorf("%s, want %s", text, want)
		}
	}
	t.Log(a.right, a.wrong)
}

// While peers of others are down the page says in words which do not answer, and in place of what it cannot read that it looks again;
// once they are back it goes on by itself. The run that it shows is not ended by that.
func TestLedgerIsAway(t *testing.T) {
	needsNetwork(t)
	s := startSpare(t)
	out := t.TempDir()
	p := start(t, s.temp, "run", s.file, "--out", out, "--live", "--set", "load.hold=60s", "--set", "target.gateways=[peer0.org1, peer1.org1]")
	p.says(t, &p.stderr, "run 1 load level")
	url := liveAddress(t, p.stderr.String())
	page := openTab(t, browser(t), url+"#ledger")
	page.wait(`document.querySelectorAll(".whole table a").length > 1`, 30*time.Second)
	// One alone that stands still keeps nobody from what the other has.
	s.signal(t, "peer1.org1", syscall.SIGSTOP)
	page.run(chromedp.Navigate(url + "#ledger/mychannel"))
	page.run(chromedp.Navigate(url + "#ledger"))
	page.wait(`[...document.querySelectorAll(".node")].some(n => n.innerText.includes("peer1.org1") && n.innerText.includes("silent"))`, 30*time.Second)
	page.wait(`document.querySelectorAll(".whole table a").length > 1`, 30*time.Second)
	page.shoot("ledger-silent")
	s.signal(t, "peer1.org1", syscall.SIGCONT)
	page.wait(`!document.querySelector("#view-ledger").innerText.includes("silent")`, 30*time.Second)

	every := func(signal syscall.Signal) {
		for _, n := range s.Nodes {
			if strings.HasPrefix(n.Name, "peer") {
				s.signal(t, n.Name, signal)
			}
		}
	}
	every(syscall.SIGSTOP)
	a := asked{wrong: map[string]int{}}
	stop := make(chan struct{})
	over := make(chan struct{})
	go func() {
		defer close(over)
		a.ask(url, "mychannel", stop)
	}()
	page.run(chromedp.Evaluate[chromedp.Void](`void (() => { // a link is followed by keys
	  const link = document.querySelector(".whole tbody a");
	  link.href = "#ledger/mychannel/2";
	  link.focus();
	  link.click();
	})()`))
	page.wait(`document.querySelector("#view-ledger").innerText.includes("did not answer within")`, 30*time.Second)
	text := eval[string](page, `document.querySelector("#view-ledger").innerText`)
	if !strings.Contains(text, "The page looks again by itself.") {
		t.Errorf("the page says\n%s", text)
	}
	page.shoot("ledger-away")
	time.Sleep(5 * time.Second)
	close(stop)
	<-over
	every(syscall.SIGCONT)
	page.wait(`document.querySelector("#block")?.textContent.includes("Block 2")`, 40*time.Second)
	if focus := eval[string](page, "document.activeElement.id"); focus != "block" {
		t.Errorf("keys go on at %q, not at the head of what is shown", focus)
	}
	page.shoot("ledger-back")
	p.signal(t, syscall.SIGINT)
	if code := p.exit(t); code != exitInterrupted {
		t.Errorf("exit code %d\n%s", code, &p.stderr)
	}
	for text := range a.wrong {
		if !strings.HasPrefix(text, `503 {"error":"`) || strings.Contains(text, "rpc error") || strings.Contains(text, "context ") {
			t.Error(text)
		}
	}
	if len(a.wrong) == 0 {
		t.Error("all questions were answered without a peer")
	}
	t.Log(a.right, a.wrong)
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	stored, err := filepath.Glob(filepath.Join(out, "*", "*", "summary.json"))
	if err != nil || len(stored) != 1 {
		t.Fatal(stored, err)
	}
	plain(t, readText(t, stored[0]))
}

// plain checks that a text has no words of gRPC's or Go's contexts.
func plain(t *testing.T, text string) {
	t.Helper()
	for _, words := range []string{"context canceled", "context deadline exceeded", "rpc error", "code = ", "desc = "} {
		if at := strings.Index(text, words); at >= 0 {
			t.Errorf("%q in …%s…", words, text[max(0, at-200):min(len(text), at+200)])
		}
	}
}
