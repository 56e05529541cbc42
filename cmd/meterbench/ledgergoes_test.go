package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"meterbench/bench/ledger"
)

// asked are the answers to questions about a ledger, by status and text, but for those that succeeded.
type asked struct {
	mu    sync.Mutex
	wrong map[string]int
	right int
}

// ask puts questions about the ledger of a page, several at once, until nobody answers there.
func (a *asked) ask(url, channel string) {
	var asking sync.WaitGroup
	for _, path := range []string{"", "/blocks", "/blocks/1", "/meters/none", "/transactions/1:0"} {
		if path != "" {
			path = "/" + channel + path
		}
		asking.Go(func() {
			client := http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
			for {
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
		a.ask(liveAddress(t, up.stderr.String()), "metrology")
	}()
	time.Sleep(2 * time.Second)
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
	if a.right < 10 {
		t.Errorf("only %d answers", a.right)
	}
	t.Log(a.right, a.wrong)
}
