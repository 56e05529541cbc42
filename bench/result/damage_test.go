package result

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A pipe would keep the reader waiting for ever, a device never ends, and a file of many gigabytes does not fit into memory.
func TestFilesThatAreNone(t *testing.T) {
	replaced := func(by func(path string) error) func(path string) error {
		return func(path string) error { return errors.Join(os.Remove(path), by(path)) }
	}
	all := map[string]func(*Folder) error{
		runFile:          func(s *Folder) error { _, err := Open(s.Dir); return err },
		summaryFile:      func(s *Folder) error { _, err := Open(s.Dir); return err },
		transactionsFile: func(s *Folder) error { _, err := Open(s.Dir); return err },
		timelineFile:     func(s *Folder) error { _, err := s.Timelines(); return err },
		latencyFile:      func(s *Folder) error { _, err := s.Latencies(PartCommit, nil); return err },
	}
	for name, read := range all {
		for _, c := range []struct {
			name string
			make func(path string) error
			want string
		}{
			{"pipe", replaced(func(path string) error { return syscall.Mkfifo(path, 0o644) }), "is no regular file"},
			{"device", replaced(func(path string) error { return os.Symlink("/dev/zero", path) }), "is no regular file"},
			{"folder", replaced(func(path string) error { return os.Mkdir(path, 0o755) }), "is no regular file"},
			{"sparse file of many gigabytes", func(path string) error { return os.Truncate(path, 1<<33) }, fmt.Sprintf("is larger than %d bytes", mostJSON)},
		} {
			if filepath.Ext(name) != ".json" && strings.HasPrefix(c.name, "sparse") {
				continue // these are read piece by piece
			}
			t.Run(name+"/"+c.name, func(t *testing.T) {
				w := create(t)
				record(t, w, closed8, 0, second, randomRecords(100, 1)...)
				finish(t, w)
				s, err := Open(w.dir)
				if err != nil {
					t.Fatal(err)
				}
				if err := c.make(filepath.Join(w.dir, name)); err != nil {
					t.Fatal(err)
				}
				refused := make(chan error, 1)
				go func() { refused <- read(s) }()
				select {
				case err := <-refused:
					if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), c.want) {
						t.Errorf("error %v, want one on %s that says %q", err, name, c.want)
					}
				case <-time.After(time.Minute):
					t.Error("still reading")
				}
			})
		}
	}
}

// What Open says of folders that are not a finished run.
func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(dir string) error
		want   string
	}{
		{"no folder", os.RemoveAll,
			"DIR: is not the folder of a run: run.json: no such file or directory; name one as out/<scenario>/<run>"},
		{"no summary", remove(summaryFile),
			"DIR: has no summary.json; the run did not finish: run scenario quickstart again"},
		{"no transactions", remove(transactionsFile),
			"DIR/transactions.parquet: no such file or directory"},
		{"empty run.json", truncate(runFile, 0),
			"DIR/run.json: is truncated; the run did not finish: run it again"},
		{"half of run.json", truncate(runFile, 0.5),
			"DIR/run.json: is truncated; the run did not finish: run it again"},
		{"half of summary.json", truncate(summaryFile, 0.5),
			"DIR/summary.json: is truncated; the run did not finish: run it again"},
		{"empty transactions", truncate(transactionsFile, 0),
			"DIR/transactions.parquet: is truncated to 0 of SIZE bytes; restore it or run the scenario again"},
		{"half of the transactions", truncate(transactionsFile, 0.5),
			"DIR/transactions.parquet: is truncated to HALF of SIZE bytes; restore it or run the scenario again"},
		{"longer transactions", truncate(transactionsFile, 1.1),
			"DIR/transactions.parquet: is damaged; restore it or run the scenario again: its checksum is not that of run.json"},
		{"newer run", write(runFile, `{"schema":2,"seed":"hm"}`),
			"DIR/run.json: has schema 2 and this meterbench reads up to 1; use a newer meterbench"},
		{"newer summary", write(summaryFile, `{"schema":2,"points":7}`),
			"DIR/summary.json: has schema 2 and this meterbench reads up to 1; use a newer meterbench"},
		{"some JSON", write(runFile, `{"name":"package"}`),
			"DIR/run.json: was not written by meterbench; name the folder of a run, out/<scenario>/<run>"},
		{"not JSON", write(runFile, "schema: 1\n"),
			"DIR/run.json: is damaged; restore it or run the scenario again: at byte 1: invalid character 's' looking for beginning of value"},
		{"wrong type", write(summaryFile, `{"schema":1,"points":7}`),
			"DIR/summary.json: is damaged; restore it or run the scenario again: points: want a list, got a number"},
		{"a list", write(summaryFile, `[]`),
			"DIR/summary.json: is damaged; restore it or run the scenario again: want an object, got a list"},
		{"other transactions", write(transactionsFile, strings.Repeat("PAR1", 1<<16)),
			"DIR/transactions.parquet: is damaged; restore it or run the scenario again: its checksum is not that of run.json"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := create(t)
			record(t, w, closed8, 0, second, randomRecords(1000, 1)...)
			finish(t, w)
			s, err := Open(w.dir)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.damage(w.dir); err != nil {
				t.Fatal(err)
			}
			_, err = Open(w.dir)
			size := s.Run.Transactions.Bytes
			got := strings.NewReplacer(w.dir, "DIR", fmt.Sprint(size/2), "HALF", fmt.Sprint(size), "SIZE").Replace(fmt.Sprint(err))
			if got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// Where the fingerprint fits and the content does not, the parquet library
// reports errors or panics: both come out as errors.
func TestTransactionsThatWereNeverRight(t *testing.T) {
	path := filepath.Join(t.TempDir(), transactionsFile)
	w, err := createTransactions(path, noWorker, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.write(closed8, time.Unix(1, 5), nil, 1, randomRecords(1000, 1)), w.close()); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page[len(page)/2] ^= 1 // among the transaction ids
	for _, data := range [][]byte{nil, []byte("PAR1\x00\x00\x00\x00PAR1"), []byte("PAR1\x15\x00\x15\x00\x04\x00\x00\x00PAR1"), page} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		var print fingerprint
		print.Write(data)
		rows, err := readAll(path, File(print))
		if err == nil || !strings.HasPrefix(err.Error(), "is damaged; restore it or run the scenario again: ") || len(rows) == 1000 {
			t.Errorf("%d bytes: %d rows, %v", len(data), len(rows), err)
		}
	}
}

func remove(file string) func(string) error {
	return func(dir string) error { return os.Remove(filepath.Join(dir, file)) }
}

func write(file, content string) func(string) error {
	return func(dir string) error { return os.WriteFile(filepath.Join(dir, file), []byte(content), 0o644) }
}

func truncate(file string, share float64) func(string) error {
	return func(dir string) error {
		path := filepath.Join(dir, file)
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		return os.Truncate(path, int64(share*float64(info.Size())))
	}
}
