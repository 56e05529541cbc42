package result

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// withBlocks returns the folder of a run whose blocks.parquet has these rows, with the fingerprint that fits.
func withBlocks(t testing.TB, n int, row func(i int) blockRow, options ...parquet.WriterOption) *Folder {
	t.Helper()
	var data bytes.Buffer
	w := parquet.NewGenericWriter[blockRow](&data, append([]parquet.WriterOption{parquet.MaxRowsPerRowGroup(mostGroupRows)}, options...)...)
	page := make([]blockRow, 0, 1<<10)
	for i := range n {
		if page = append(page, row(i)); len(page) == cap(page) || i == n-1 {
			if _, err := w.Write(page); err != nil {
				t.Fatal(err)
			}
			page = page[:0]
		}
	}
	s := &Folder{Dir: t.TempDir()}
	if err := errors.Join(w.Close(), os.WriteFile(filepath.Join(s.Dir, blocksFile), data.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	var print fingerprint
	print.Write(data.Bytes())
	s.Run.Blocks = File(print)
	return s
}

func plainRow(i int) blockRow {
	return blockRow{Session: 1, ChannelName: "metrology", Block: int64(i), CutReason: "timer", Transactions: 2, Valid: 1}
}

// Where a stranger's blocks cannot be, or cost more than they hold, they are damaged, and what it takes to find out is bounded.
func TestFindInBlocksOfStrangers(t *testing.T) {
	const many = 200_000
	long := strings.Repeat("x", 1<<20)
	for _, c := range []struct {
		name string
		n    int
		row  func(i int) blockRow
		err  string // empty: there are chains
	}{
		{"none wrong", many, plainRow, ""},
		{"no session", 1, func(i int) blockRow { r := plainRow(i); r.Session = 0; return r }, "in session 0"},
		{"a session below", 1, func(i int) blockRow { r := plainRow(i); r.Session = -1 << 31; return r }, "in session -2147483648"},
		{"a channel beyond", 1, func(i int) blockRow { r := plainRow(i); r.Channel = 1 << 16; return r }, "of channel 65536"},
		{"a number below", 2, func(i int) blockRow { return plainRow(i - 1) }, "no block -1"},
		{"no order", many, func(i int) blockRow { return plainRow(many - i) }, "in no order"},
		{"a channel of a megabyte, in each row", 2000, func(i int) blockRow { r := plainRow(i); r.ChannelName = long; return r }, errPromises.Error()},
		{"a text of a megabyte, in each row", 2000, func(i int) blockRow { r := plainRow(i); r.DataText = long; return r }, errPromises.Error()},
		{"a channel as long as may be, in each row", many, func(i int) blockRow { r := plainRow(i); r.ChannelName = long[:mostText]; return r }, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := withBlocks(t, c.n, c.row)
			modest(t, 128<<20, func() {
				f, err := s.Find()
				if err != nil {
					if c.err == "" || !strings.Contains(err.Error(), c.err) || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), blocksFile+": is damaged; ") {
						t.Errorf("error %v, want %q", err, c.err)
					}
					return
				}
				defer f.Close()
				all := f.Chains()
				if c.err != "" || len(all) != 1 || all[0].Blocks != many {
					t.Fatalf("%d chains", len(all))
				}
				rows, err := f.Blocks(all[0], many-100, 1000)
				if err != nil || len(rows) != 100 || rows[99].Number != many-1 {
					t.Errorf("%d rows, %v", len(rows), err)
				}
			})
		})
	}
}

// Chains have the names of their channels, whichever row group they begin in.
func TestChainsAcrossRowGroups(t *testing.T) {
	names := []string{"a", "b", "c"}
	s := withBlocks(t, 30, func(i int) blockRow {
		r := plainRow(i % 10)
		r.Channel, r.ChannelName = int32(i/10), names[i/10]
		return r
	}, parquet.MaxRowsPerRowGroup(7))
	f, err := s.Find()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if len(f.Chains()) != len(names) {
		t.Fatalf("%+v", f.Chains())
	}
	for i, chain := range f.Chains() {
		rows, err := f.Blocks(chain, 9, 5)
		if chain.ChannelName != names[i] || chain.Blocks != 10 || err != nil || len(rows) != 1 || rows[0].ChannelName != names[i] {
			t.Errorf("%+v, %+v, %v", chain, rows, err)
		}
	}
}

// A text of a dictionary that any number of rows have costs no more than they do elsewhere either.
func TestLongTextsOfTransactions(t *testing.T) {
	var data bytes.Buffer
	w := parquet.NewGenericWriter[transactionRow](&data)
	long := strings.Repeat("x", 1<<20)
	page := make([]transactionRow, 2000)
	for i := range page {
		page[i] = transactionRow{Series: long, Load: "closed", Outcome: "valid", Clients: 1}
	}
	_, err := w.Write(page)
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	modest(t, 64<<20, func() {
		if n, err := forged(data.Bytes()); err == nil || !strings.Contains(err.Error(), errPromises.Error()) {
			t.Errorf("%d rows, %v", n, err)
		}
	})
}
