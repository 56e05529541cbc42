package result

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"meterbench/bench/stats"

	"github.com/parquet-go/parquet-go"
	"pgregory.net/rapid"
)

func TestRunComesBack(t *testing.T) {
	w := create(t)
	records := randomRecords(3000, 1)
	records[5] = stopped(5, 5, PrepareError)
	records[6].Encrypt = 12345
	open := LevelKey{Series: "bills, monthly", Repetition: 2, Load: Load{Kind: "open", Offered: 12.5, Slots: 2000}}
	record(t, w, closed8, 0, second, records[:1000]...)
	record(t, w, open, 0, second, records[1000:]...)
	n := 0
	for _, err := range w.Transactions() { // the audit reads them before the end
		if n++; err != nil {
			t.Fatal(err)
		}
	}
	if n != len(records) {
		t.Errorf("%d rows before the end", n)
	}
	if _, err := w.Level(closed8, 0, second); err == nil {
		t.Error("a level was opened after the rows were read")
	}
	run := testRun()
	run.Ended = run.Started.Add(20 * second)
	half := 0.5
	sum := Summary{Complete: true, Warnings: []string{"a warning"}, Points: []Point{{
		Series: "plain", Repetition: 1, Valid: true, Load: closed8.Load, Scheduled: 3, Outcomes: map[string]uint64{"valid": 2, "dropped": 1},
		Latency: map[string]stats.Quantiles{"commit": {P50: &half, N: 30}},
	}}}
	if err := w.Close(run, sum); err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(errors.New("too late")); err != nil {
		t.Fatal(err)
	}

	s, err := Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	run.Schema, run.Transactions = Schema, s.Run.Transactions
	if diff := cmp.Diff(run, s.Run); diff != "" {
		t.Errorf("run (-want +got):\n%s", diff)
	}
	sum.Schema, sum.Run, sum.Scenario, sum.Target = Schema, "r1", "quickstart", "reference"
	sum.fill()
	if diff := cmp.Diff(sum, s.Summary); diff != "" {
		t.Errorf("summary (-want +got):\n%s", diff)
	}
	for range 2 { // the rows can be read again
		var rows []Row
		for row, err := range s.Transactions() {
			if err != nil {
				t.Fatal(err)
			}
			rows = append(rows, row)
		}
		slices.SortFunc(rows, func(a, b Row) int { return int(a.Seq) - int(b.Seq) })
		if len(rows) != len(records) {
			t.Fatalf("%d rows, want %d", len(rows), len(records))
		}
		for i, row := range rows {
			want := Row{LevelKey: closed8, Record: records[i]}
			if i >= 1000 {
				want.LevelKey = open
			}
			if age := time.Since(row.LevelStart); age < 0 || age > time.Hour { // the level was opened just now
				t.Fatalf("row %d: its level started at %v", i, row.LevelStart)
			}
			want.LevelStart = row.LevelStart
			if row != want {
				t.Fatalf("row %d (-want +got):\n%s", i, cmp.Diff(want, row))
			}
		}
	}
	for range s.Transactions() {
		break // early, without a panic
	}
	if left, _ := filepath.Glob(filepath.Join(w.dir, ".*")); left != nil {
		t.Errorf("temporary files left: %v", left)
	}
}

func TestAnyRecordComesBack(t *testing.T) {
	key := LevelKey{Series: "plain", Repetition: 1, Load: Load{Kind: "open", Offered: 0.1, Think: 1e-3, Slots: 7, Clients: 3}}
	rapid.Check(t, func(rt *rapid.T) {
		worker := rapid.Uint16().Draw(rt, "worker")
		records := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Record {
			r := rapid.Make[Record]().Draw(t, "record")
			r.Outcome %= outcomes
			r.Site %= uint16(len(testSites) + 1)
			r.Worker = worker
			return r
		}), 0, 200).Draw(rt, "records")
		path := filepath.Join(t.TempDir(), "rows.parquet")
		w, err := createTransactions(path, int(worker), 1)
		if err != nil {
			rt.Fatal(err)
		}
		if err := errors.Join(w.write(key, time.Unix(1, 5), testSites, testSession, records), w.close()); err != nil {
			rt.Fatal(err)
		}
		got, err := readAll(path, File(w.print))
		if err != nil {
			rt.Fatal(err)
		}
		for i, row := range got {
			if want := withSite(key, records[i]); row != want {
				rt.Fatalf("row %d (-want +got):\n%s", i, cmp.Diff(want, row))
			}
		}
		if len(got) != len(records) {
			rt.Fatalf("%d rows of %d", len(got), len(records))
		}
	})
}

var testSites = []string{"ptb", "inmetro", "nmij"}

const testSession = 3

var testStart = time.Unix(1, 5).UTC()

// withSite returns the row that a record comes back as.
func withSite(key LevelKey, r Record) Row {
	row := Row{LevelKey: key, Record: r, LevelStart: testStart, Session: testSession}
	if r.Site > 0 {
		row.SiteName = testSites[r.Site-1]
	}
	row.Site = 0
	return row
}

func readAll(path string, print File) (rows []Row, err error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := openTable(f, print)
	if err != nil {
		return nil, err
	}
	for row, err := range readTransactions(file) {
		if err != nil {
			return rows, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// A file from before there were channels has no column for them.
func TestRowsOfOlderVersions(t *testing.T) {
	type older struct {
		Series  string   `parquet:"series,dict"`
		Seq     int64    `parquet:"seq,delta"`
		Outcome string   `parquet:"outcome,dict"`
		TxID    [32]byte `parquet:"tx_id"`
		Block   int64    `parquet:"block,delta"`
		Bytes   int64    `parquet:"envelope_bytes,delta"`
	}
	var file bytes.Buffer
	w := parquet.NewGenericWriter[older](&file)
	_, err := w.Write([]older{{"plain", 7, "valid", [32]byte{9}, 3, 3000}})
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), transactionsFile)
	if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	var print fingerprint
	print.Write(file.Bytes()) // never fails
	rows, err := readAll(path, File(print))
	if err != nil {
		t.Fatal(err)
	}
	want := []Row{{LevelKey: LevelKey{Series: "plain"}, Record: Record{Seq: 7, Outcome: Valid, TxID: [32]byte{9}, Block: 3, Bytes: 3000}}}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
}

func TestRunWithoutLoad(t *testing.T) {
	w := create(t)
	if err := w.Close(testRun(), Summary{Complete: true}); err != nil {
		t.Fatal(err)
	}
	s, err := Open(w.dir)
	if err != nil {
		t.Fatal(err)
	}
	for row, err := range s.Transactions() {
		t.Errorf("got %v, %v", row, err)
	}
	data, err := os.ReadFile(filepath.Join(w.dir, summaryFile))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(data), "null") {
		t.Errorf("null where a list is promised:\n%s", data)
	}
}

func TestCreateRefuses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir:                       "DIR: is not empty; every run needs a folder of its own",
		file:                      "DIR/file: cannot be written: not a directory; choose another folder or make room",
		filepath.Join(file, "r1"): "DIR/file/r1: cannot be written: not a directory; choose another folder or make room",
		// The folder around this one can be made, this one cannot.
		filepath.Join(dir, "a", strings.Repeat("b", 300)): "DIR/a/" + strings.Repeat("b", 300) + ": cannot be written: file name too long; choose another folder or make room",
	} {
		_, err := Create(path, testRun())
		if err == nil || strings.ReplaceAll(err.Error(), dir, "DIR") != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	run := testRun()
	run.Topology = json.RawMessage("{") // cannot be encoded
	if _, err := Create(filepath.Join(dir, "a", "b"), run); err == nil {
		t.Error("no error for a broken manifest")
	}
	entries, _ := os.ReadDir(dir)
	if len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestAbortBeforeTheFirstLevelRemovesTheFolder(t *testing.T) {
	root := t.TempDir()
	w, err := Create(filepath.Join(root, "out", "quickstart", "r1"), testRun())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(errors.New("no network")); err != nil {
		t.Fatal(err)
	}
	if entries, _ := os.ReadDir(root); len(entries) != 0 {
		t.Errorf("left behind: %v", entries)
	}
}

func TestAbortKeepsWhatOthersWrote(t *testing.T) {
	w := create(t)
	if err := os.Mkdir(filepath.Join(w.dir, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := w.Abort(errors.New("peer0 ended: exit status 1")); err != nil {
		t.Fatal(err)
	}
	_, err := Open(w.dir)
	want := w.dir + ": the run failed: peer0 ended: exit status 1; run scenario quickstart again"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAbortDuringALevelKeepsTheRows(t *testing.T) {
	w := create(t)
	l, err := w.Level(closed8, 0, second)
	if err != nil {
		t.Fatal(err)
	}
	l.Record(committed(1, 0))
	transactions := w.transactions[0]
	if err := w.Abort(errors.New("disk on fire")); err != nil {
		t.Fatal(err)
	}
	if rows, err := readAll(filepath.Join(w.dir, transactionsFile), File(transactions.print)); err != nil || len(rows) != 1 {
		t.Errorf("%d rows, %v", len(rows), err)
	}
	if _, err := Open(w.dir); err == nil || !strings.Contains(err.Error(), "disk on fire") {
		t.Errorf("got %v", err)
	}
}

func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("needs /dev/full")
	}
	w := create(t)
	if err := w.transactions.close(); err != nil {
		t.Fatal(err)
	}
	full, err := createTransactions("/dev/full", noWorker, 1)
	if err != nil {
		t.Fatal(err)
	}
	w.transactions = transactionFiles{full}
	const want = "/dev/full: cannot be written: "
	l, err := w.Level(closed8, 0, 1000*second)
	if err != nil {
		t.Fatal(err)
	}
	records := randomRecords(1000, 1)
	for i := range 2 * rowGroupRows { // nobody waits for a buffer for ever
		l.Record(records[i%len(records)])
	}
	window, err := l.Close()
	if err == nil || !strings.HasPrefix(err.Error(), want) || !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v, want %s", err, want)
	}
	if window.Level.Total() != 2*rowGroupRows {
		t.Errorf("%d counted", window.Level.Total())
	}
	if err := w.Close(testRun(), Summary{}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	if err := w.Abort(err); err != nil {
		t.Error(err)
	}
	if _, err := Open(w.dir); err == nil || !strings.Contains(err.Error(), "the run failed: "+want) {
		t.Errorf("got %v", err)
	}
}

func TestCloseRefusesASummaryThatContradictsItself(t *testing.T) {
	point := Point{Series: "plain", Repetition: 1, Load: closed8.Load, Scheduled: 2, Outcomes: map[string]uint64{"valid": 1}}
	unknown, infinite := point, point
	unknown.Outcomes = map[string]uint64{"lost": 2}
	infinite.Outcomes = map[string]uint64{"valid": 2}
	zero := 0.0
	infinite.Throughput = 1 / zero
	for want, p := range map[string]Point{
		"point 1 (plain/clients=8/r1): the outcome classes sum to 1, but 2 transactions were scheduled": point,
		"point 1 (plain/clients=8/r1): unknown outcome \"lost\"":                                        unknown,
		"point 1 (plain/clients=8/r1): json: unsupported value: +Inf":                                   infinite,
	} {
		w := create(t)
		err := w.Close(testRun(), Summary{Points: []Point{p}})
		if err == nil || err.Error() != filepath.Join(w.dir, summaryFile)+": "+want {
			t.Errorf("got %v, want %s", err, want)
		}
		if _, err := os.Stat(filepath.Join(w.dir, summaryFile)); err == nil {
			t.Error("the summary was written")
		}
		if err := w.Abort(err); err != nil {
			t.Error(err)
		}
	}
}
