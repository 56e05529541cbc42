package worker

import (
	"context"
	"fmt"
	"testing"
	"time"

	"meterbench/bench/result"
	"meterbench/bench/study"
)

// A reckoning is a host that wants accounts.
type reckoning struct {
	host
	accounts []string
}

func (h *reckoning) Start(context.Context, study.Session, func(string)) (study.Site, error) {
	return h, nil
}
func (h *reckoning) Calls() map[result.Call]uint64 {
	return map[result.Call]uint64{result.CallEndorse: 5}
}
func (h *reckoning) Reckon(account []byte) error {
	h.accounts = append(h.accounts, fmt.Sprintf("%s %t", account, account == nil))
	return nil
}

// An accountable is a station that has an account, and counts requests.
type accountable struct{ Station }

func (accountable) Account() ([]byte, error) { return []byte("mine"), nil }
func (accountable) Calls() map[result.Call]uint64 {
	return map[result.Call]uint64{result.CallEndorse: 10}
}

// The host gets the account of each worker once, none of a lost one; its requests are those of all.
func TestReckon(t *testing.T) {
	c := gather(t, 3, setting{min: 2, as: func(_ int, cfg *ServeConfig) {
		open := cfg.Open
		cfg.Open = func(ctx context.Context, o Opening) (Station, error) {
			s, err := open(ctx, o)
			return accountable{s}, err
		}
	}})
	h := &reckoning{}
	started, err := c.Lab(h, "scenario", nil).Start(t.Context(), study.Session{Number: 1}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	c.site = started
	s := started.(*site)
	for _, m := range s.opened[:2] { // as at a level
		m.calls.Store(&map[result.Call]uint64{result.CallEndorse: 10})
	}
	if got := s.Calls()[result.CallEndorse]; got != 25 {
		t.Errorf("%d requests", got)
	}
	c.proxies[1].kill()
	select {
	case <-s.opened[1].gone:
	case <-time.After(20 * time.Second):
		t.Fatal("worker 1 is not lost")
	}
	for range 2 {
		if _, _, err := s.Stored(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if want := "[mine false  true mine false]"; fmt.Sprint(h.accounts) != want {
		t.Errorf("accounts %v, want %s", h.accounts, want)
	}
}

// What several workers made before the load took as long as the slowest did.
func TestPrepared(t *testing.T) {
	var all result.Preparation
	for _, one := range []result.Preparation{{}, {Ciphertexts: 5, Total: 2, Encrypt: result.Cost{P50: 0.1}}, {Ciphertexts: 4, Total: 3, Encrypt: result.Cost{P50: 0.2}}, {Ciphertexts: 1, Total: 1}} {
		all = prepared(all, one)
	}
	if all.Ciphertexts != 10 || all.Total != 3 || all.Encrypt.P50 != 0.2 {
		t.Errorf("%+v", all)
	}
}
