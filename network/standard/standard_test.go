package standard_test

import (
	"cmp"
	"encoding/hex"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"meterbench/bench"
	"meterbench/bench/reference"
	"meterbench/bench/result"
	"meterbench/network/client"
	"meterbench/network/standard"
)

func TestMain(m *testing.M) {
	if code, handled := standard.Dispatch(os.Args); handled {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// The standard takes as long as it says, cuts blocks by count and timer, and its log holds every transaction.
func TestStandard(t *testing.T) {
	constant := func(d time.Duration) reference.Distribution {
		return reference.Distribution{Kind: reference.Constant, Mean: d}
	}
	const endorse, submit, timeout, commit = 8 * time.Millisecond, 4 * time.Millisecond, 2 * time.Second, 10 * time.Millisecond
	s, err := standard.Start(standard.Config{
		Endorse: constant(endorse), Submit: constant(submit), Commit: commit, Batch: reference.Batch{Messages: 3, Timeout: timeout},
	})
	if err != nil {
		t.Fatal(err)
	}
	p := s.Peer
	c, err := client.Dial(t.Context(), client.Config{Channel: p.Channel, Chaincode: p.Chaincode, Gateways: []client.Gateway{{
		Name: p.Name, Address: p.Address, TLS: client.TLS{CA: p.Cert, Cert: p.Cert, Key: p.Key},
		Identity: client.Identity{MSP: p.MSP, CertPEM: p.Cert, KeyPEM: p.Key},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	const transactions = 7 // two full blocks, and one that waits for the timer
	begin := standard.Monotonic()
	start := time.Now()
	receipts := make([]bench.Receipt, transactions)
	var sent sync.WaitGroup
	for i := range receipts {
		sent.Go(func() {
			var err error
			if receipts[i], err = c.Submit(t.Context(), bench.Transaction{Function: "Put", Args: [][]byte{{1}}}); err != nil {
				t.Error(err)
			}
		})
	}
	sent.Wait()
	c.Close()
	log, err := s.Stop()
	if err != nil {
		t.Fatal(err)
	}
	if len(log) != transactions {
		t.Errorf("%d transactions in the log, %d were sent", len(log), transactions)
	}
	blocks := map[uint64][]standard.True{}
	for _, r := range receipts {
		if r.Outcome != result.Valid {
			t.Errorf("outcome %v", r.Outcome)
		}
		x := log[hex.EncodeToString(r.TxID[:])]
		for _, span := range []struct {
			name     string
			from, to int64
			least    time.Duration
		}{
			{"endorse", x.Asked, x.Endorsed, endorse}, {"sign", x.Endorsed, x.Submitted, 0}, {"submit", x.Submitted, x.Acknowledged, submit},
			{"commit", x.Acknowledged, x.Committed, commit}, {"see", x.Committed - begin, int64(r.Committed.Sub(start)), 0},
		} {
			if took := time.Duration(span.to - span.from); took < span.least {
				t.Errorf("%s took %v, at least %v is true", span.name, took, span.least)
			}
		}
		blocks[r.Block] = append(blocks[r.Block], x)
	}
	// There are more blocks where this process was stopped while it sent.
	for number, all := range blocks {
		first := slices.MinFunc(all, func(a, b standard.True) int { return cmp.Compare(a.Submitted, b.Submitted) })
		if waited := time.Duration(first.Committed - first.Submitted); len(all) > 3 || len(all) < 3 && waited < timeout {
			t.Errorf("block %d has %d transactions, of which the first waited for %v", number, len(all), waited)
		}
	}
	if len(blocks) < 3 {
		t.Errorf("%d transactions in %d blocks", transactions, len(blocks))
	}
}

// Where a standard cannot start there is an error, and nothing is left of it.
func TestStartFails(t *testing.T) {
	t.Run("no folder for temporary files", func(t *testing.T) {
		t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "none"))
		if s, err := standard.Start(standard.Config{}); err == nil || s != nil {
			t.Errorf("standard %v, error %v", s, err)
		}
	})
	t.Run("a setting that cannot be handed over", func(t *testing.T) {
		dir := t.TempDir()
		t.Setenv("TMPDIR", dir)
		if s, err := standard.Start(standard.Config{Endorse: reference.Distribution{CV: math.NaN()}}); err == nil || s != nil {
			t.Errorf("standard %v, error %v", s, err)
		}
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}
