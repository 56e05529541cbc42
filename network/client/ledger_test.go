package client

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"meterbench/bench"
	"meterbench/bench/result"
	"meterbench/network/blockcheck"
)

// Who wants the blocks gets each from the one on that is asked for, with its hashes checked, beside the same transactions.
func TestLedgerShowsItsBlocks(t *testing.T) {
	f := newFakePeer()
	codes := []peer.TxValidationCode{peer.TxValidationCode_VALID, peer.TxValidationCode_MVCC_READ_CONFLICT, peer.TxValidationCode_VALID}
	c := dial(t, f, nil)
	for _, code := range codes {
		f.code = func(string) (peer.TxValidationCode, bool) { return code, true }
		c.Submit(t.Context(), transaction(result.WaitCommit)) // an invalid one is an error
	}
	for _, shown := range []uint64{0, 1, 3} {
		var rows []result.BlockRow
		entries := 0
		for _, err := range c.Ledger(t.Context(), 2, shown, func(b *result.BlockRow) { rows = append(rows, *b) }) {
			if err != nil {
				t.Fatal(err)
			}
			entries++
		}
		if entries != 2 || len(rows) != 4-int(shown) {
			t.Fatalf("from block %d: %d transactions, %d blocks", shown, entries, len(rows))
		}
		before := [32]byte{}
		for i, b := range rows {
			number := shown + uint64(i)
			valid := uint32(1)
			if number == 2 {
				valid = 0
			}
			if b.ChannelName != "metrology" || b.Number != number {
				t.Errorf("block %d: %+v", number, b.LedgerBlock)
			}
			if number == 0 { // which holds a configuration
				before = b.Hash
				continue
			}
			if b.Transactions != 1 || b.Valid != valid || b.Bytes < 100 {
				t.Errorf("block %d: %+v", number, b.LedgerBlock)
			}
			if want := time.Unix(int64(number), 5); !b.Created.Equal(want) {
				t.Errorf("block %d was made at %v, want %v", number, b.Created, want)
			}
			want := result.CheckVerified
			if number > 0 && number == shown && shown < 2 {
				want = result.CheckUnchecked // of the first that is read the one before is not known
			}
			if b.Checks.Chain.State != want || number > 0 && b.Checks.Data.State != result.CheckVerified {
				t.Errorf("block %d: %+v", number, b.Checks)
			}
			if i > 0 && b.PreviousHash != before {
				t.Errorf("block %d follows %x, not %x", number, b.PreviousHash, before)
			}
			if before = b.Hash; before == [32]byte{} {
				t.Errorf("block %d has no hash", number)
			}
		}
	}
}

// An identity that may read filtered blocks only gets the transactions all the same, and is told what is not known.
func TestLedgerOfFilteredBlocks(t *testing.T) {
	f := newFakePeer()
	f.filtered = true
	f.broken.Store(1) // and is asked again before it says so
	c := dial(t, f, nil)
	if _, err := c.Submit(t.Context(), transaction(result.WaitCommit)); err != nil {
		t.Fatal(err)
	}
	var rows []result.BlockRow
	entries := 0
	for _, err := range c.Ledger(t.Context(), 0, 0, func(b *result.BlockRow) { rows = append(rows, *b) }) {
		if err != nil {
			t.Fatal(err)
		}
		entries++
	}
	if entries != 1 || len(rows) != 2 {
		t.Fatalf("%d transactions, %d blocks", entries, len(rows))
	}
	b := rows[1]
	if b.Number != 1 || b.Transactions != 1 || b.Valid != 1 || b.Bytes != 0 || b.Hash != [32]byte{} {
		t.Errorf("%+v", b)
	}
	for _, check := range []result.Check{b.Checks.Data, b.Checks.Chain, b.Checks.Signatures} {
		if check.State != result.CheckUnchecked || !strings.Contains(check.Text, "filtered blocks only") {
			t.Errorf("%+v", check)
		}
	}
}

// A ledger shows what the nonces of transactions begin with, by whichever driver they came: a mark where the client has one, else what
// nobody else has. Filtered blocks show none.
func TestLedgerShowsMarks(t *testing.T) {
	for _, driver := range result.Drivers() {
		for _, mark := range []bench.Mark{{}, {1, 0, 0, 0, 0, 0, 0, 9}} {
			for _, filtered := range []bool{false, true} {
				t.Run(fmt.Sprint(driver, mark, filtered), func(t *testing.T) {
					f := newFakePeer()
					f.filtered = filtered
					c := dial(t, f, func(cfg *Config) { cfg.Mark = mark })
					tx := transaction(result.WaitCommit)
					tx.Driver = driver
					ids := map[[32]byte]bool{}
					for range 3 {
						receipt, err := c.Submit(t.Context(), tx)
						if err != nil || ids[receipt.TxID] {
							t.Fatalf("%x was there before: %v; %v", receipt.TxID, ids[receipt.TxID], err)
						}
						ids[receipt.TxID] = true
					}
					if err := c.Try(t.Context(), tx); err != nil { // as a query
						t.Fatal(err)
					}
					marks := map[bench.Mark]int{}
					for e, err := range c.Ledger(t.Context(), 0, 0, func(*result.BlockRow) {}) {
						if err != nil || !ids[e.TxID] {
							t.Fatalf("%+v, %v", e, err)
						}
						marks[e.Mark]++
					}
					none := bench.Mark{}
					switch {
					case filtered && marks[none] != 3, !filtered && mark != none && marks[mark] != 3, !filtered && mark == none && (len(marks) != 3 || marks[none] > 0):
						t.Errorf("marks %v", marks)
					}
				})
			}
		}
	}
}

// A transaction on a ledger may be anything: what cannot be read is counted and has no id.
func TestWholeBlock(t *testing.T) {
	signers, mark := new(sync.Map), bench.Mark{8, 7, 6, 5, 4, 3, 2, 1}
	signers.Store("ab", marshalled(&common.SignatureHeader{Creator: []byte("creator"), Nonce: append(mark[:], "and what is random"...)}))
	fine := wholeOf(&peer.FilteredBlock{Number: 3, FilteredTransactions: []*peer.FilteredTransaction{{Txid: "ab", Type: common.HeaderType_ENDORSER_TRANSACTION}}}, nil, signers)
	fine.Data.Data = append(fine.Data.Data, []byte{0xff}, nil, []byte("\x0a\x02\x0a\x05"))
	got := wholeBlock(fine)
	if len(got.transactions) != 4 || got.transactions[0] != (ledgerTransaction{"ab", common.HeaderType_ENDORSER_TRANSACTION, peer.TxValidationCode_VALID, mark}) {
		t.Fatalf("%+v", got.transactions)
	}
	for _, tx := range got.transactions[1:] {
		if tx.id != "" || tx.kind == common.HeaderType_ENDORSER_TRANSACTION || tx.code != peer.TxValidationCode_NOT_VALIDATED {
			t.Errorf("%+v", tx)
		}
	}
	row := got.row("metrology", blockcheck.NewChain(nil))
	if row.Transactions != 4 || row.Valid != 1 || row.Checks.Data.State != result.CheckWrong {
		t.Errorf("%+v", row)
	}
}
