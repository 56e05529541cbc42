package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"meterbench/bench/ledger"
	"meterbench/bench/ledger/folder"
)

// shownLedgers are what a page showed of ledgers while it was there.
type shownLedgers struct {
	overviews    []ledger.Overview
	blocks       map[string]ledger.BlockPage   // by CHANNEL/NUMBER, as they were seen last
	transactions map[string]ledger.Transaction // by CHANNEL/ID
	wrong        map[string]int                // answers that were none
	slow         time.Duration                 // of the slowest
}

// answerOf returns what a page answers; status is 0 where it is not there.
func answerOf[T any](s *shownLedgers, url string) (v T, status int) {
	began := time.Now()
	answer, err := http.Get(url)
	if err != nil {
		return v, 0
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return v, 0
	}
	s.slow = max(s.slow, time.Since(began))
	if answer.StatusCode != http.StatusOK {
		s.wrong[fmt.Sprintf("%d %s", answer.StatusCode, text)]++
		return v, answer.StatusCode
	}
	if err := json.Unmarshal(text, &v); err != nil {
		s.wrong[err.Error()]++
	}
	return v, answer.StatusCode
}

// lookAtLedgers looks at the ledgers of a page until done: at the newest blocks, all of their heads, and some transactions of each.
func lookAtLedgers(url string, done <-chan struct{}, each int) *shownLedgers {
	s := &shownLedgers{blocks: map[string]ledger.BlockPage{}, transactions: map[string]ledger.Transaction{}, wrong: map[string]int{}}
	for {
		select {
		case <-done:
			return s
		case <-time.After(300 * time.Millisecond):
		}
		o, status := answerOf[ledger.Overview](s, url+"api/ledger")
		if status != http.StatusOK {
			continue
		}
		s.overviews = append(s.overviews, o)
		for _, c := range o.Channels {
			list, _ := answerOf[[]ledger.Block](s, url+"api/ledger/"+c.Name+"/blocks?n=20")
			for _, b := range list {
				key := fmt.Sprintf("%s/%d", c.Name, b.Number)
				if _, known := s.blocks[key]; known {
					continue
				}
				page, status := answerOf[ledger.BlockPage](s, fmt.Sprintf("%sapi/ledger/%s/blocks/%d?n=100", url, c.Name, b.Number))
				if status != http.StatusOK {
					continue
				}
				s.blocks[key] = page
				for i, h := range page.Heads {
					if i >= each {
						break
					}
					if tx, status := answerOf[ledger.Transaction](s, url+"api/ledger/"+c.Name+"/transactions/"+h.ID); status == http.StatusOK {
						s.transactions[c.Name+"/"+h.ID] = tx
					}
				}
			}
		}
	}
}

// agrees compares what was shown of ledgers with what the run's folder shows.
func (s *shownLedgers) agrees(t *testing.T, dir string, own bool) {
	t.Helper()
	stored, err := folder.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer stored.Close()
	compared, withLatency := 0, 0
	for key, page := range s.blocks {
		if page.Number == 0 {
			continue
		}
		b, err := stored.Block(t.Context(), page.Channel, page.Number, 0, 100)
		if err != nil {
			t.Errorf("block %s: %v", key, err)
			continue
		}
		compared++
		shown, kept := page.Block, b.Block
		if shown.Cut == "unknown" || shown.Cut == "timer_or_bytes" { // it may be known by now
			shown.Cut, shown.Time, shown.TimeOf = kept.Cut, kept.Time, kept.TimeOf
		}
		if d := shown.Bytes - kept.Bytes; d >= -8 && d <= 8 { // each orderer signs the copy that it hands out, and signatures differ in size
			shown.Bytes = kept.Bytes
		}
		states := func(b *ledger.Block) {
			b.Time = b.Time.Round(time.Microsecond)
			for _, c := range []*ledger.Check{&b.Checks.Data, &b.Checks.Chain, &b.Checks.Signatures} {
				c.Text = ""
			}
		}
		states(&shown)
		states(&kept)
		if diff := gocmp.Diff(kept, shown); diff != "" {
			t.Errorf("block %s: -stored +shown:\n%s", key, diff)
		}
		for i, h := range b.Heads {
			j := slices.IndexFunc(page.Heads, func(o ledger.Head) bool { return o.ID == h.ID })
			if j < 0 {
				t.Errorf("block %s: stored transaction %d %s is not shown", key, i, h.ID)
				continue
			}
			o := page.Heads[j]
			if o.Outcome != h.Outcome || h.Code != "" && o.Code != h.Code || o.Bytes != h.Bytes || h.Contract != "" && o.Contract != h.Contract ||
				math.Abs(o.Time.Sub(h.Time).Seconds()) > 0.1 {
				t.Errorf("block %s: shown %+v\nstored %+v", key, o, h)
			}
		}
	}
	for key, tx := range s.transactions {
		kept, err := stored.Transaction(t.Context(), tx.Channel, tx.ID)
		if err != nil {
			if len(tx.Latency) > 0 {
				t.Errorf("transaction %s has a latency, and is not stored: %v", key, err)
			}
			continue
		}
		if tx.Block != kept.Block || tx.Outcome != kept.Outcome {
			t.Errorf("transaction %s: shown %+v, stored %+v", key, tx.Head, kept.Head)
		}
		if len(tx.Latency) > 0 {
			withLatency++
		} else if !own {
			continue
		} else if time.Since(tx.Time) > 2*time.Second {
			continue // it was asked for before its record came
		}
		for _, p := range tx.Latency {
			if !slices.Contains(kept.Latency, p) {
				t.Errorf("transaction %s: shown %+v, stored %+v", key, tx.Latency, kept.Latency)
				break
			}
		}
		for _, d := range tx.Documents {
			if d.Wrong != "" || d.Signature != nil && d.Signature.State != ledger.Verified {
				t.Errorf("transaction %s: %+v, signature %+v", key, d, d.Signature)
			}
		}
	}
	t.Logf("%d overviews, %d blocks of which %d compared, %d transactions, %d with latency; slowest answer %v", len(s.overviews), len(s.blocks), compared,
		len(s.transactions), withLatency, s.slow)
	for text, n := range s.wrong {
		if !strings.HasPrefix(text, "503 ") || !strings.Contains(text, ledger.ErrNoNetwork.Error()) { // it went, also while it was asked
			t.Errorf("%d times: %s", n, text)
		}
	}
}

// watchAll follows a study and its ledgers until the program ends.
func watchAll(t *testing.T, url string, each int) ([]*watchedStudy, *shownLedgers) {
	var ledgers *shownLedgers
	done := make(chan struct{})
	var looking sync.WaitGroup
	looking.Go(func() { ledgers = lookAtLedgers(url, done, each) })
	studies := watchStudies(t, url)
	close(done)
	looking.Wait()
	return studies, ledgers
}
