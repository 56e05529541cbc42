package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"
)

// crew opens the folder of a run with workers of these ranks.
func crew(t testing.TB, ranks ...int) *Writer {
	t.Helper()
	w := create(t)
	if err := w.Workers(ranks); err != nil {
		t.Fatal(err)
	}
	return w
}

// ofWorkers returns the records as sent by workers of these ranks by turns.
func ofWorkers(records []Record, ranks ...int) []Record {
	for i := range records {
		records[i].Worker = uint16(ranks[i%len(ranks)])
	}
	return records
}

// Whatever workers sent, every row comes back once, from the file of its worker, with its level start, and those that started at one
// time lie together, however many workers were there for them.
func TestRowsOfWorkersComeBack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		ranks := rapid.SliceOfNDistinct(rapid.IntRange(0, 9), 1, 5, rapid.ID[int]).Draw(rt, "ranks")
		slices.Sort(ranks)
		w, err := Create(filepath.Join(t.TempDir(), "r1"), testRun())
		if err != nil {
			rt.Fatal(err)
		}
		if err := w.Workers(ranks); err != nil {
			rt.Fatal(err)
		}
		want := map[Row]int{}
		var windows []Window
		var keys []LevelKey
		begin := time.Now().Add(-time.Hour)
		for turn := range rapid.IntRange(1, 4).Draw(rt, "turns") {
			begin = begin.Add(time.Minute)
			present := rapid.SliceOfNDistinct(rapid.SampledFrom(ranks), 0, len(ranks), rapid.ID[int]).Draw(rt, "present")
			var levels []*Level
			for phase := range rapid.IntRange(1, 2).Draw(rt, "phases") {
				key := LevelKey{Series: fmt.Sprint("s", phase), Repetition: turn + 1, Load: Load{Kind: LoadClosed, Clients: 8}}
				l, err := w.Level(key, 0, time.Hour)
				if err != nil {
					rt.Fatal(err)
				}
				l.Begin(begin)
				keys, levels = append(keys, key), append(levels, l)
			}
			for i := range rapid.SampledFrom([]int{0, 1, 7, 600}).Draw(rt, "records") {
				if len(present) == 0 {
					break
				}
				r := committed(uint64(i), time.Duration(i)*time.Millisecond)
				r.Worker = uint16(present[i%len(present)])
				l := levels[i%len(levels)]
				l.Record(r)
				want[Row{LevelKey: l.key, Record: r, LevelStart: time.Unix(0, begin.UnixNano()).UTC()}]++
			}
			for _, l := range levels {
				window, err := l.Close()
				if err != nil {
					rt.Fatal(err)
				}
				windows = append(windows, window)
			}
		}
		audited := 0
		for _, err := range w.Transactions() { // as the audit
			if audited++; err != nil {
				rt.Fatal(err)
			}
		}
		if err := w.Close(testRun(), Summary{Complete: true}); err != nil {
			rt.Fatal(err)
		}
		s, err := Open(w.dir)
		if err != nil {
			rt.Fatal(err)
		}
		got, again := map[Row]int{}, map[LevelKey]*Window{}
		for i, key := range keys {
			again[key] = newWindow(windows[i].From, windows[i].To)
		}
		var starts []time.Time
		n := 0
		for row, err := range s.Transactions() {
			if err != nil {
				rt.Fatal(err)
			}
			n++
			got[row]++
			again[row.LevelKey].add(&row.Record)
			if len(starts) == 0 || !starts[len(starts)-1].Equal(row.LevelStart) {
				starts = append(starts, row.LevelStart)
			}
		}
		if !maps.Equal(want, got) || audited != n {
			rt.Fatalf("%d rows, %d in the audit, want %d", n, audited, len(want))
		}
		if !slices.IsSortedFunc(starts, time.Time.Compare) || len(slices.CompactFunc(slices.Clone(starts), time.Time.Equal)) != len(starts) {
			rt.Fatalf("the rows of a turn do not lie together: %v", starts)
		}
		for i, key := range keys {
			for p := range parts {
				if diff := cmp.Diff(buckets(again[key], p), buckets(&windows[i], p)); diff != "" {
					rt.Fatalf("%s: %s (-rows +window):\n%s", key, p, diff)
				}
			}
		}
		files, _ := filepath.Glob(filepath.Join(w.dir, "transactions*"))
		var names []string
		for _, rank := range ranks {
			names = append(names, filepath.Join(w.dir, workerFile(rank)))
		}
		if !slices.Equal(files, names) {
			rt.Fatalf("files %v, want %v", files, names)
		}
	})
}

// Rows of a level lie together also where a worker was not there for a level before.
func TestRowsLieTogether(t *testing.T) {
	w := crew(t, 0, 1, 2)
	begin := time.Now()
	for turn, present := range [][]int{{1}, {0, 2}, {2}, {0, 1}, {0, 1, 2}, {1, 2}} {
		key := closed8
		key.Repetition = turn + 1
		l, err := w.Level(key, 0, second)
		if err != nil {
			t.Fatal(err)
		}
		l.Begin(begin.Add(time.Duration(turn) * time.Second))
		for _, r := range ofWorkers(randomRecords(12, 1), present...) {
			l.Record(r)
		}
		if _, err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, w)
	s, err := Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for row, err := range s.Transactions() {
		if err != nil {
			t.Fatal(err)
		}
		if place := fmt.Sprint(row.Repetition, " of ", row.Worker); len(got) == 0 || got[len(got)-1] != place {
			got = append(got, place)
		}
	}
	want := []string{"1 of 1", "2 of 0", "2 of 2", "3 of 2", "4 of 0", "4 of 1", "5 of 0", "5 of 1", "5 of 2", "6 of 1", "6 of 2"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// buckets returns the counts of a part's histogram by value, nil where there is none.
func buckets(w *Window, p Part) map[int64]int64 {
	h, ok := w.Latency(p)
	if !ok {
		return nil
	}
	all := map[int64]int64{}
	for _, bar := range h.Distribution() {
		if bar.Count > 0 {
			all[bar.From] = bar.Count
		}
	}
	return all
}

// A transaction, and those of a block, are found in whichever file they are.
func TestFindAmongWorkers(t *testing.T) {
	w := crew(t, 0, 2, 5)
	var all []Record
	for i := range 3000 {
		r := committed(uint64(i), time.Duration(i)*time.Millisecond)
		r.TxID, r.Block = [32]byte{byte(i), byte(i >> 8), 1}, uint64(1+i/100)
		all = append(all, r)
	}
	record(t, w, closed8, 0, 10*second, ofWorkers(all, 0, 2, 5)...)
	finish(t, w)
	s, err := Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	f, err := s.Find()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, i := range []int{0, 1, 2, 1499, 2999} {
		row, err := f.Transaction(t.Context(), all[i].TxID)
		if err != nil || row == nil || row.Record != all[i] {
			t.Errorf("transaction %d: %+v, %v", i, row, err)
		}
	}
	if row, err := f.Transaction(t.Context(), [32]byte{9, 9, 9}); row != nil || err != nil {
		t.Errorf("a transaction that is not there: %+v, %v", row, err)
	}
	var seqs []uint64
	for from := 0; ; from += 30 { // over the borders of files, of which each has 33 or 34
		rows, n, err := f.InBlock(t.Context(), 0, 0, 7, from, 30)
		if err != nil || n != 100 || len(rows) != max(0, min(30, 100-from)) {
			t.Fatalf("from %d: %d rows of %d, %v", from, len(rows), n, err)
		}
		if len(rows) == 0 {
			break
		}
		for _, row := range rows {
			seqs = append(seqs, row.Seq)
		}
	}
	slices.Sort(seqs)
	for i, seq := range seqs {
		if seq != uint64(600+i) {
			t.Fatalf("block 7 has %v", seqs)
		}
	}
}

// A file of a worker that is missing or damaged is named: there are never silently fewer rows.
func TestOpenRefusesWithoutAWorker(t *testing.T) {
	const file = "transactions-2.parquet"
	for _, c := range []struct {
		name   string
		damage func(dir string) error
		want   string
	}{
		{"gone", remove(file), "DIR/transactions-2.parquet: no such file or directory"},
		{"half", truncate(file, 0.5), "DIR/transactions-2.parquet: is truncated to"},
		{"longer", truncate(file, 1.1), "DIR/transactions-2.parquet: is damaged; restore it"},
		{"that of another", func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, file)), os.Link(filepath.Join(dir, "transactions-0.parquet"), filepath.Join(dir, file)))
		}, "DIR/transactions-2.parquet: is "},
		{"a link", func(dir string) error {
			return errors.Join(os.Rename(filepath.Join(dir, file), filepath.Join(dir, "x")), os.Symlink("x", filepath.Join(dir, file)))
		}, "DIR/transactions-2.parquet: is no regular file"},
		{"a rank twice", manifest(func(r *Run) { r.WorkerTransactions[1].Rank = 0 }), "DIR/run.json: is damaged; restore it or run the scenario again: [0 0] are no ranks"},
		{"a rank below 0", manifest(func(r *Run) { r.WorkerTransactions[0].Rank = -1 }), "are no ranks"},
		{"a rank beyond all", manifest(func(r *Run) { r.WorkerTransactions[1].Rank = 1 << 20 }), "are no ranks"},
		{"too many", manifest(func(r *Run) {
			for i := range mostWorkers {
				r.WorkerTransactions = append(r.WorkerTransactions, WorkerFile{Rank: 3 + i})
			}
		}), "1026 workers are more than 1024"},
		{"of workers and of none", manifest(func(r *Run) { r.Transactions = r.WorkerTransactions[0].File }), "those of workers, and of none"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := crew(t, 0, 2)
			record(t, w, closed8, 0, second, ofWorkers(randomRecords(1001, 1), 0, 2)...)
			finish(t, w)
			if err := c.damage(w.dir); err != nil {
				t.Fatal(err)
			}
			_, err := Open(w.dir)
			if got := strings.ReplaceAll(fmt.Sprint(err), w.dir, "DIR"); !strings.Contains(got, c.want) || strings.Contains(got, "\n") {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// manifest changes run.json.
func manifest(change func(*Run)) func(dir string) error {
	return func(dir string) error {
		path := filepath.Join(dir, runFile)
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var run Run
		if err := json.Unmarshal(data, &run); err != nil {
			return err
		}
		change(&run)
		return WriteJSON(path, run)
	}
}

// A damage that comes while the rows are read ends them with an error, after some or before all.
func TestRowsOfWorkersEndWithAnError(t *testing.T) {
	w := crew(t, 0, 1)
	record(t, w, closed8, 0, second, ofWorkers(randomRecords(1000, 1), 0, 1)...)
	finish(t, w)
	s, err := Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	for range s.Transactions() {
		break // early, without a panic
	}
	if err := os.Truncate(filepath.Join(w.dir, workerFile(1)), 500); err != nil {
		t.Fatal(err)
	}
	var last error
	for _, err := range s.Transactions() {
		last = err
	}
	if last == nil || !strings.Contains(last.Error(), "transactions-1.parquet: is truncated to 500") {
		t.Errorf("the rows end with %v", last)
	}
}

func TestWorkersRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		ranks []int
		want  string
	}{
		{"none", nil, "0 workers"},
		{"twice one", []int{0, 1, 1}, "[0 1 1] are no ranks"},
		{"in no order", []int{1, 0}, "[1 0] are no ranks"},
		{"below 0", []int{-1, 0}, "[-1 0] are no ranks"},
		{"too many", ranksBelow(mostWorkers + 1), "1025 workers are more than 1024"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := create(t)
			if err := w.Workers(c.ranks); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			record(t, w, closed8, 0, second, randomRecords(10, 1)...) // goes on without
			finish(t, w)
			if _, err := Open(w.dir); err != nil {
				t.Error(err)
			}
		})
	}
	w := crew(t, 0, 1)
	if err := w.Workers([]int{0, 1}); err == nil {
		t.Error("a run got its workers twice")
	}
	l, err := w.Level(closed8, 0, second)
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if p := fmt.Sprint(recover()); !strings.Contains(p, "worker 7") {
				t.Errorf("a record of worker 7: %v", p)
			}
		}()
		l.Record(Record{Worker: 7})
	}()
	late := create(t)
	record(t, late, closed8, 0, second, randomRecords(10, 1)...)
	if err := late.Workers([]int{0}); err == nil {
		t.Error("workers came after the first level")
	}
	for range late.Transactions() {
		break
	}
	if err := late.Workers([]int{0}); err == nil {
		t.Error("workers came after the end")
	}
}

// A run that nothing came of leaves no files of workers behind.
func TestAbortRemovesFilesOfWorkers(t *testing.T) {
	w := crew(t, 0, 3)
	if err := w.Abort(errors.New("no node answers")); err != nil {
		t.Fatal(err)
	}
	if !missing(w.dir) {
		entries, _ := os.ReadDir(w.dir)
		t.Errorf("left: %v", entries)
	}
}

// The column of runs without workers says so, and rows of older versions, which have none, come back as theirs.
func TestColumnOfWorkers(t *testing.T) {
	type older struct {
		Outcome string   `parquet:"outcome,dict"`
		Seq     int64    `parquet:"seq,delta"`
		TxID    [32]byte `parquet:"tx_id"`
	}
	var file bytes.Buffer
	if err := writeRows(&file, older{"valid", 7, [32]byte{9}}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), transactionsFile)
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	var print fingerprint
	print.Write(file.Bytes())
	rows, err := readAll(path, File(print))
	if err != nil || len(rows) != 1 || rows[0].Seq != 7 || rows[0].Worker != 0 {
		t.Errorf("%+v, %v", rows, err)
	}
	for _, worker := range []int{noWorker, 0, 3} {
		w, err := createTransactions(path, worker, 1)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(w.write(closed8, testStart, nil, testSession, randomRecords(1, 1)), w.close()); err != nil {
			t.Fatal(err)
		}
		if rows, err := parquet.ReadFile[transactionRow](path); err != nil || len(rows) != 1 || rows[0].Worker != int32(worker) {
			t.Errorf("worker %d: %+v, %v", worker, rows, err)
		}
	}
}

// ranksBelow returns the ranks from 0 on.
func ranksBelow(n int) (all []int) {
	for i := range n {
		all = append(all, i)
	}
	return all
}
