package result

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"
)

// anyBlock draws a row that a study may store.
func anyBlock(session int) *rapid.Generator[BlockRow] {
	return rapid.Custom(func(t *rapid.T) BlockRow {
		instant := func(name string) time.Time {
			ns := rapid.Int64Range(-1, 1<<62).Draw(t, name)
			return timeOf(ns)
		}
		hash := func(name string) [32]byte {
			return [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, name))
		}
		check := func(name string) Check {
			return Check{rapid.SampledFrom([]CheckState{CheckVerified, CheckWrong, CheckUnchecked}).Draw(t, name), rapid.String().Draw(t, name+" text")}
		}
		b := BlockRow{
			LevelKey: rapid.SampledFrom([]LevelKey{{}, closed8, {Series: "day", Repetition: 2, Load: Load{Kind: LoadOpen, Offered: 12.5, Slots: 9}}}).Draw(t, "level"),
			Session:  session, Reason: CutReason(rapid.IntRange(0, len(cutNames)-1).Draw(t, "reason")),
			Cut: instant("cut"), Observer: rapid.String().Draw(t, "observer"), Received: instant("received"), Validated: instant("validated"), Committed: instant("committed"),
		}
		b.Channel, b.ChannelName = rapid.Uint16().Draw(t, "channel"), rapid.String().Draw(t, "name")
		b.Number, b.Transactions = rapid.Uint64Max(1<<63-1).Draw(t, "number"), rapid.Uint32().Draw(t, "transactions")
		b.Valid, b.Bytes = rapid.Uint32Max(b.Transactions).Draw(t, "valid"), rapid.Uint64Max(1<<63-1).Draw(t, "bytes")
		b.Created = instant("created")
		b.DataHash, b.PreviousHash, b.Hash = hash("data"), hash("previous"), hash("hash")
		b.Checks = Checks{check("data"), check("chain"), check("signatures")}
		return b
	})
}

func collectBlocks(t rapid.TB, s *Folder) (all []BlockRow) {
	t.Helper()
	for row, err := range s.Blocks() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

// Any block comes back as it was stored, by the folder of a run that ended.
func TestAnyBlockComesBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			rt.Fatal(err)
		}
		w, err := Create(dir, testRun())
		if err != nil {
			rt.Fatal(err)
		}
		want := rapid.SliceOfN(anyBlock(2), 0, 20).Draw(rt, "blocks")
		for i := range want {
			if err := w.Block(&want[i]); err != nil {
				rt.Fatal(err)
			}
		}
		finish(t, w)
		s, err := Open(dir)
		if err != nil {
			rt.Fatal(err)
		}
		if got := collectBlocks(rt, s); !cmp.Equal(got, want) && len(got)+len(want) > 0 {
			rt.Fatal(cmp.Diff(want, got))
		}
		if there := s.Run.Blocks != (File{}); there != (len(want) > 0) {
			rt.Errorf("run.json has a fingerprint of %d blocks: %v", len(want), there)
		}
	})
}

// A folder of an older version has no blocks, and one that was stored afterwards is none of the run's.
func TestNoBlocks(t *testing.T) {
	s, err := Open("testdata/old")
	if err != nil {
		t.Fatal(err)
	}
	if all := collectBlocks(t, s); all != nil {
		t.Errorf("%d blocks", len(all))
	}
	w := create(t)
	finish(t, w)
	if err := w.Block(&BlockRow{Session: 1}); err == nil || !strings.Contains(err.Error(), "has ended") {
		t.Errorf("a block after the end: %v", err)
	}
}

func TestDamagedBlocks(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(path string) error
		want   string
	}{
		{"gone", os.Remove, "no such file"},
		{"half", func(path string) error { return os.Truncate(path, 500) }, "is truncated to 500 of"},
		{"changed", func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte{0xff}, 60)
			return errors.Join(err, f.Close())
		}, "its checksum is not that of run.json"},
		{"pipe", func(path string) error { return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)) }, "is no regular file"},
		{"link", func(path string) error { return errors.Join(os.Remove(path), os.Symlink("transactions.parquet", path)) }, "is no regular file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := create(t)
			if err := w.Block(&BlockRow{Session: 1, LedgerBlock: LedgerBlock{Number: 7}}); err != nil {
				t.Fatal(err)
			}
			finish(t, w)
			if err := c.damage(filepath.Join(w.dir, blocksFile)); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(w.dir); err == nil || !strings.Contains(err.Error(), blocksFile) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one on %s that says %q", err, blocksFile, c.want)
			}
		})
	}
}

// What a stranger's file says of a block is refused where it cannot be.
func TestBlocksOfStrangers(t *testing.T) {
	fine := blockRow{Session: 1, CutReason: "timer", Transactions: 2, Valid: 1}
	for _, c := range []struct {
		name   string
		change func(*blockRow)
		ok     bool
	}{
		{"fine", func(*blockRow) {}, true},
		{"more valid than there are", func(r *blockRow) { r.Valid = 3 }, false},
		{"a negative number", func(r *blockRow) { r.Block = -1 }, false},
		{"too many transactions", func(r *blockRow) { r.Transactions = 1 << 40 }, false},
		{"no session", func(r *blockRow) { r.Session = 0 }, false},
		{"a channel out of range", func(r *blockRow) { r.Channel = 1 << 20 }, false},
		{"an unknown reason", func(r *blockRow) { r.CutReason = "whim" }, false},
		{"a check that was not made", func(r *blockRow) { r.Data = "" }, true},
		{"a check of an unknown result", func(r *blockRow) { r.Chain = "constructor" }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			row := fine
			c.change(&row)
			if _, err := row.row(); (err == nil) != c.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

// The file can be read by others: it says the units of its columns, and from when its instants count.
func TestBlocksDescribeThemselves(t *testing.T) {
	path := filepath.Join(t.TempDir(), blocksFile)
	table, err := createTable[blockRow](path, 1, blockInstants)
	if err != nil {
		t.Fatal(err)
	}
	w := &blockWriter{table}
	if err := errors.Join(w.write(&BlockRow{Session: 1}), w.close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := file.Lookup("meterbench.instants"); got != blockInstants {
		t.Errorf("instants: %q", got)
	}
	for _, group := range file.Metadata().RowGroups {
		for _, column := range group.Columns {
			name := strings.Join(column.MetaData.PathInSchema, ".")
			want := ""
			switch {
			case strings.HasSuffix(name, "_unix_ns"):
				want = "ns"
			case name == "block_bytes":
				want = "B"
			case name == "think_s":
				want = "s"
			case name == "offered_per_s":
				want = "1/s"
			}
			got := ""
			for _, kv := range column.MetaData.KeyValueMetadata {
				if kv.Key == unitKey {
					got = kv.Value
				}
			}
			if got != want {
				t.Errorf("column %s has unit %q, want %q", name, got, want)
			}
		}
	}
}
