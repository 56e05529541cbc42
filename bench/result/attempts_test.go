package result

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// tried returns the attempts of a transaction: one that was lost, and one that was committed.
func tried(seq uint64) []Attempt {
	return []Attempt{
		{
			Seq: seq, Number: 1, Through: "peer0.ptb", Started: 1, Endorsed: 2, Submitted: NotReached, Committed: NotReached, Ended: 5, Outcome: Unknown,
			TxID: [32]byte{1, byte(seq)},
		},
		{
			Seq: seq, Number: 2, Through: "peer0.cmi", Started: 6, Endorsed: 7, Submitted: 8, Committed: 9, Outcome: Valid, TxID: [32]byte{2, byte(seq)},
			Block: 4, Channel: 1,
		},
	}
}

func collectAttempts(t testing.TB, s *Folder) (all []AttemptRow) {
	t.Helper()
	for row, err := range s.Attempts() {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, row)
	}
	return all
}

// The attempts of transactions that had several come back, and only then there is a file.
func TestAttempts(t *testing.T) {
	for _, several := range []bool{false, true} {
		t.Run(fmt.Sprint(several), func(t *testing.T) {
			w := create(t)
			l, err := w.Level(closed8, 0, second)
			if err != nil {
				t.Fatal(err)
			}
			var seen []Attempt
			l.WatchAttempts(func(all []Attempt) { seen = append(seen, all...) })
			var want []AttemptRow
			if several {
				var clients sync.WaitGroup
				for seq := range uint64(40) {
					clients.Go(func() { l.Attempts(tried(seq)) })
				}
				clients.Wait()
				for _, a := range seen {
					want = append(want, AttemptRow{closed8, a})
				}
			}
			if _, err := l.Close(); err != nil {
				t.Fatal(err)
			}
			var early []AttemptRow
			for row, err := range w.Attempts() {
				if err != nil {
					t.Fatal(err)
				}
				early = append(early, row)
			}
			finish(t, w)
			s, err := Open(w.dir)
			if err != nil {
				t.Fatal(err)
			}
			stored := collectAttempts(t, s)
			for _, rows := range [][]AttemptRow{want, stored, early} { // those of one transaction are in order, transactions as they come
				slices.SortStableFunc(rows, func(a, b AttemptRow) int { return int(a.Seq) - int(b.Seq) })
			}
			if diff := cmp.Diff(want, stored); diff != "" {
				t.Errorf("attempts differ from what is wanted:\n%s", diff)
			}
			if diff := cmp.Diff(want, early); diff != "" {
				t.Errorf("attempts of the run under way differ from what is wanted:\n%s", diff)
			}
			if _, err := os.Stat(filepath.Join(w.dir, attemptsFile)); (err == nil) != several {
				t.Errorf("the file: %v", err)
			}
		})
	}
}

// A run that was aborted before its first level leaves nothing, as without attempts.
func TestAbortRemovesAttempts(t *testing.T) {
	w := create(t)
	if err := w.attempts(closed8, tried(1)); err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(errors.New("no")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(w.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
}

func TestAnyAttemptComesBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		attempts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Attempt {
			a := rapid.Make[Attempt]().Draw(t, "attempt")
			a.Outcome %= outcomes
			a.Number &= 0xffff
			return a
		}), 0, 50).Draw(rt, "attempts")
		var got []Attempt
		for row, err := range readBack(rt, t.TempDir(), attempts) {
			if err != nil {
				rt.Fatal(err)
			}
			got = append(got, row.Attempt)
		}
		if len(got) != len(attempts) || len(got) > 0 && !cmp.Equal(attempts, got) {
			rt.Errorf("attempts differ from what was written:\n%s", cmp.Diff(attempts, got))
		}
	})
}

func readBack(t rapid.TB, dir string, attempts []Attempt) func(func(AttemptRow, error) bool) {
	data, print := attemptBytes(t, filepath.Join(dir, attemptsFile), attempts)
	file, err := openTable(bytes.NewReader(data), print)
	if err != nil {
		t.Fatal(err)
	}
	return readAttempts(file)
}

// attemptBytes returns an attempts.parquet.
func attemptBytes(t interface{ Fatal(...any) }, path string, attempts []Attempt) ([]byte, File) {
	table, err := createTable[attemptRow](path, 1, levelInstants, "tx_id")
	if err != nil {
		t.Fatal(err)
	}
	w := attemptWriter{table}
	if err := errors.Join(w.write(closed8, attempts), w.close()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data, File(w.print)
}

// FuzzAttempts damages attempts.parquet, with a checksum that fits: rows or an error come back, in bounded memory.
func FuzzAttempts(f *testing.F) {
	var attempts []Attempt
	for seq := range uint64(20) {
		attempts = append(attempts, tried(seq)...)
	}
	whole, _ := attemptBytes(f, filepath.Join(f.TempDir(), attemptsFile), attempts)
	f.Add(0, []byte(nil), 0)
	f.Add(100, []byte{0xff}, 0)
	f.Add(len(whole)-8, []byte{0xff, 0xff, 0xff, 0xff}, 0)
	f.Add(0, []byte(nil), 1)
	f.Fuzz(func(t *testing.T, at int, overwrite []byte, cut int) {
		data := bytes.Clone(whole)
		if min(at, cut) < 0 || max(at, cut) > len(data) {
			return
		}
		copy(data[at:], overwrite)
		data = data[:len(data)-cut]
		var print fingerprint
		print.Write(data)
		file, err := openTable(bytes.NewReader(data), File(print))
		if err != nil {
			return
		}
		rows := 0
		for _, err := range readAttempts(file) {
			if err != nil {
				return
			}
			rows++
		}
		if rows > len(attempts) {
			t.Errorf("%d rows came of %d", rows, len(attempts))
		}
	})
}

// What is wrong with attempts.parquet is told when the folder is opened.
func TestAttemptsDamaged(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(path string) error
		want   string
	}{
		{"missing", os.Remove, "no such file or directory"},
		{"truncated", func(path string) error { return os.Truncate(path, 100) }, "is truncated to 100 of"},
		{"longer", func(path string) error { return os.Truncate(path, 1<<20) }, "its checksum is not that of run.json"},
		{"pipe", func(path string) error { return errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)) }, "is no regular file"},
		{"changed", func(path string) error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte{0xff}, 60)
			return errors.Join(err, f.Close())
		}, "its checksum is not that of run.json"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := create(t)
			l, err := w.Level(closed8, 0, second)
			if err != nil {
				t.Fatal(err)
			}
			l.Attempts(tried(1))
			if _, err := l.Close(); err != nil {
				t.Fatal(err)
			}
			finish(t, w)
			if err := tt.damage(filepath.Join(w.dir, attemptsFile)); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(w.dir); err == nil || !strings.Contains(err.Error(), attemptsFile) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want one on %s that says %q", err, attemptsFile, tt.want)
			}
		})
	}
}

// An attempt that cannot be stored is an error of its level, and does not keep the load from going on.
func TestAttemptsNotStored(t *testing.T) {
	w := create(t)
	l, err := w.Level(closed8, 0, second)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(w.dir, attemptsFile), 0o700); err != nil {
		t.Fatal(err)
	}
	l.Attempts(tried(1))
	if _, err := l.Close(); err == nil || !strings.Contains(err.Error(), attemptsFile+": cannot be written") {
		t.Errorf("error %v", err)
	}
}

// Only what may have gone to an orderer can be in doubt.
func TestInDoubt(t *testing.T) {
	id := [32]byte{1}
	for _, tt := range []struct {
		name   string
		record Record
		want   bool
	}{
		{"no commit status", Record{Outcome: Unknown, Endorsed: 1, Submitted: 2, Committed: NotReached, TxID: id}, true},
		{"submission broke", Record{Outcome: Unknown, Endorsed: 1, Submitted: NotReached, Committed: NotReached, TxID: id}, true},
		{"interrupted, submitted", Record{Outcome: Interrupted, Endorsed: 1, Submitted: 2, Committed: NotReached, TxID: id}, true},
		{"interrupted, not endorsed", Record{Outcome: Interrupted, Endorsed: NotReached, Submitted: NotReached, Committed: NotReached, TxID: id}, false},
		{"a target that panicked", Record{Outcome: Unknown, Endorsed: NotReached}, false},
		{"no Fabric transaction", Record{Outcome: Interrupted, Endorsed: 1}, false},
		{"refused", Record{Outcome: SubmitRefused, Endorsed: 1, TxID: id}, false},
		{"of several attempts", Record{Outcome: Unknown, Endorsed: 1, TxID: id, Attempts: 2}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.record.InDoubt(); got != tt.want {
				t.Errorf("in doubt: %v", got)
			}
		})
	}
}
