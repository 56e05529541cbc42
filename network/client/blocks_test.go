package client

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/bench/result"
)

func TestLedgerReadsTheWholeChannel(t *testing.T) {
	f := newFakePeer()
	codes := []peer.TxValidationCode{peer.TxValidationCode_VALID, peer.TxValidationCode_MVCC_READ_CONFLICT, peer.TxValidationCode_VALID}
	c := dial(t, f, nil)
	for _, code := range codes {
		f.code = func(string) (peer.TxValidationCode, bool) { return code, true }
		c.Submit(t.Context(), transaction(result.WaitCommit)) // an invalid one is an error
	}
	if height, err := c.Height(t.Context()); height != 4 || err != nil {
		t.Errorf("height %d, %v", height, err)
	}
	var got []result.Outcome
	for entry, err := range c.Ledger(t.Context(), 0, 0, nil) {
		if err != nil {
			t.Fatal(err)
		}
		if entry.Block != uint64(len(got)+1) || entry.TxID == [32]byte{} {
			t.Errorf("entry %d is %x of block %d", len(got), entry.TxID, entry.Block)
		}
		got = append(got, entry.Outcome)
	}
	if want := []result.Outcome{result.Valid, result.MVCCConflict, result.Valid}; !slices.Equal(got, want) {
		t.Errorf("ledger holds %v; want %v and not the configuration block", got, want)
	}
	for range c.Ledger(t.Context(), 0, 0, nil) {
		break // may be left early
	}
	for first, want := range map[uint64]int{2: 2, 3: 1, 4: 0, 5: 0} {
		n := 0
		for entry, err := range c.Ledger(t.Context(), first, 0, nil) {
			if n++; err != nil || entry.Block < first {
				t.Errorf("from block %d: %v in block %d", first, err, entry.Block)
			}
		}
		if n != want {
			t.Errorf("from block %d: %d transactions, want %d", first, n, want)
		}
	}
}

func TestLedgerErrors(t *testing.T) {
	read := func(c *Client, ctx context.Context) (last error) {
		for _, err := range c.Ledger(ctx, 0, 0, nil) {
			last = err
		}
		return last
	}
	f := newFakePeer()
	c := dial(t, f, nil)
	f.mu.Lock()
	f.chain = append(f.chain, &peer.FilteredBlock{Number: 1, FilteredTransactions: []*peer.FilteredTransaction{
		{Txid: "nonsense", Type: common.HeaderType_ENDORSER_TRANSACTION}}})
	f.mu.Unlock()
	if err := read(c, t.Context()); err == nil || !strings.Contains(err.Error(), `read the ledger of metrology from peer0.ptb: block 1: transaction id "nonsense"`) {
		t.Errorf("an id that is none: %v", err)
	}
	f.mu.Lock()
	f.chain[1] = &peer.FilteredBlock{Number: 7}
	f.mu.Unlock()
	if err := read(c, t.Context()); err == nil || !strings.Contains(err.Error(), "block 7 came where 1 was due") {
		t.Errorf("a gap: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := read(c, ctx); err == nil {
		t.Error("a context that has ended is no error")
	}
}

// TestStreamResumesWhereItBroke breaks the stream while a transaction waits,
// and commits the transaction before the stream is back.
func TestStreamResumesWhereItBroke(t *testing.T) {
	f := newFakePeer()
	f.batch, f.timeout = 2, time.Hour
	c := dial(t, f, nil)
	acknowledged := make(chan struct{})
	tx := transaction(result.WaitCommit)
	tx.Acknowledged = func(time.Time) { close(acknowledged) }
	ended := make(chan error, 1)
	go func() {
		_, err := c.Submit(t.Context(), tx)
		ended <- err
	}()
	<-acknowledged
	f.breakStreams()
	f.mu.Lock()
	f.cut()
	f.mu.Unlock()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if want := []uint64{0, 1}; !slices.Equal(f.opened, want) {
		t.Errorf("streams were opened from blocks %v; want %v", f.opened, want)
	}
}

func TestCommitsDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCommits()
		early, late, unsubmitted := c.expect([32]byte{1}), c.expect([32]byte{2}), c.expect([32]byte{3})
		c.limit(late, time.Now().Add(time.Minute))
		ctx, cancel := context.WithCancel(t.Context())
		go c.sweepUntil(ctx)

		start := time.Now()
		time.Sleep(10 * time.Millisecond)
		c.limit(early, start.Add(time.Second)) // sooner than what is waited for already
		if got := <-early.done; got.err != errOverdue || time.Since(start) < time.Second || time.Since(start) > time.Second+sweepPause {
			t.Errorf("the first ended with %v after %v", got.err, time.Since(start))
		}
		if got := <-late.done; got.err != errOverdue || time.Since(start) < time.Minute || time.Since(start) > time.Minute+sweepPause {
			t.Errorf("the second ended with %v after %v", got.err, time.Since(start))
		}
		time.Sleep(time.Hour)
		select {
		case got := <-unsubmitted.done:
			t.Errorf("one that was never submitted ended with %v", got.err)
		default:
		}
		cancel()
		if got := <-unsubmitted.done; got.err != errClosed {
			t.Errorf("at the close it ended with %v", got.err)
		}
		if got := <-c.expect([32]byte{4}).done; got.err != errClosed {
			t.Errorf("one after the close ended with %v", got.err)
		}
	})
}

func TestDialErrors(t *testing.T) {
	good := dialConfig(t, newFakePeer())
	other, err := newCertificate()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		edit func(*Config)
		want string
	}{
		{"no gateways", func(c *Config) { c.Gateways = nil }, "no gateways given"},
		{"no MSP", func(c *Config) { c.Gateways[0].Identity.MSP = "" }, "dial peer0.ptb (127.0.0.1"},
		{"no key", func(c *Config) { c.Gateways[0].Identity.KeyPEM = nil }, "failed to find any PEM data in key input"},
		{"key that is none", func(c *Config) { c.Gateways[0].Identity.KeyPEM = c.Gateways[0].Identity.CertPEM }, "found a certificate rather than a key in the PEM for the private key"},
		{"no certificate", func(c *Config) { c.Gateways[0].Identity.CertPEM = nil }, "failed to find any PEM data in certificate input"},
		{"certificate that is none", func(c *Config) { c.Gateways[0].Identity.CertPEM = c.Gateways[0].Identity.KeyPEM }, "failed to find certificate PEM data in certificate input"},
		{"another's key", func(c *Config) { c.Gateways[0].Identity.KeyPEM = other.key }, "private key does not match public key"},
		{"no CA", func(c *Config) { c.Gateways[0].TLS.CA = nil }, "TLS CA: no PEM certificate"},
		{"another CA", func(c *Config) { c.Gateways[0].TLS.CA = other.cert }, "ledger height of "},
		{"no TLS certificate", func(c *Config) { c.Gateways[0].TLS.Cert = nil }, "TLS client certificate: "},
		{"another's TLS key", func(c *Config) { c.Gateways[0].TLS.Key = other.key }, "TLS client certificate: "},
		{"a TLS certificate of another CA", func(c *Config) { c.Gateways[0].TLS.Cert, c.Gateways[0].TLS.Key = other.cert, other.key }, "ledger height of "},
		{"another name", func(c *Config) { c.Gateways[0].Name = "peer9.ptb" }, "peer9.ptb"},
		{"nobody there", func(c *Config) { c.Gateways[0].Address = "127.0.0.1:1" }, "127.0.0.1:1"},
		{"operator without gateway", func(c *Config) { c.Operator = "CmiMSP" }, "no gateway with an identity of the operator CmiMSP"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cfg := good
			cfg.Gateways = slices.Clone(good.Gateways)
			test.edit(&cfg)
			c, err := Dial(t.Context(), cfg)
			if err == nil {
				c.Close()
				t.Fatal("connected")
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q; want %q in it", err, test.want)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if c, err := Dial(ctx, good); !errors.Is(err, context.Canceled) && err == nil {
		c.Close()
		t.Error("connected although the context had ended")
	}
}
