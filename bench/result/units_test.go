package result

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// Columns say their units and what stands for nothing, whatever the number of row groups, and every row the start of its level as that was measured.
func TestUnitsOfColumns(t *testing.T) {
	w := create(t)
	l, err := w.Level(closed8, 0, second)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	l.Begin(start)
	for i := range uint64(rowGroupRows + 10) {
		l.Record(committed(i, time.Duration(i)))
	}
	if _, err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(testRun(), Summary{}); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(w.path(transactionsFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	file, err := parquet.OpenFile(f, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	groups := file.Metadata().RowGroups
	if len(groups) != 2 {
		t.Fatalf("%d row groups", len(groups))
	}
	for _, group := range groups {
		units := map[string]string{}
		for _, c := range group.Columns {
			for _, kv := range c.MetaData.KeyValueMetadata {
				units[c.MetaData.PathInSchema[0]] += kv.Key + "=" + kv.Value + " "
			}
		}
		want := map[string]string{"offered_per_s": "unit=1/s ", "think_s": "unit=s ", "envelope_bytes": "unit=B ", "block": "missing=0 ", "attempts": "missing=0 ",
			"worker": "missing=-1 ", "level_start_unix_ns": "unit=ns ", "intended_ns": "unit=ns "}
		for _, instant := range []string{"started", "prepared", "endorsed", "submitted", "committed"} {
			want[instant+"_ns"] = "unit=ns missing=-1 "
		}
		for _, other := range []string{"ended", "encrypt"} {
			want[other+"_ns"] = "unit=ns missing=0 "
		}
		if diff := cmp.Diff(want, units); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
	row := make([]transactionRow, 1)
	if _, err := parquet.NewGenericReader[transactionRow](file).Read(row); err != nil || row[0].LevelStart != start.UnixNano() {
		t.Errorf("the level starts at %d, %v; want %d", row[0].LevelStart, err, start.UnixNano())
	}
}

// A transaction that got nowhere has in every column the value that the column's metadata calls missing.
func TestMissingOfColumns(t *testing.T) {
	path := filepath.Join(t.TempDir(), transactionsFile)
	w, err := createTransactions(path, noWorker, 1)
	if err != nil {
		t.Fatal(err)
	}
	nowhere := Record{Started: NotReached, Prepared: NotReached, Endorsed: NotReached, Submitted: NotReached, Committed: NotReached, Outcome: Dropped}
	if err := errors.Join(w.write(closed8, time.Time{}, nil, 1, []Record{nowhere}), w.close()); err != nil {
		t.Fatal(err)
	}
	rows, err := parquet.ReadFile[transactionRow](path)
	if err != nil {
		t.Fatal(err)
	}
	row, instants := reflect.ValueOf(rows[0]), 0
	for _, f := range reflect.VisibleFields(row.Type()) {
		missing, ok := f.Tag.Lookup(missingKey)
		if got := fmt.Sprint(row.FieldByIndex(f.Index)); ok && got != missing {
			t.Errorf("%s is %s, its metadata says %s", f.Name, got, missing)
		}
		if ok && f.Tag.Get(unitKey) == "ns" {
			instants++
		}
	}
	if instants != 7 {
		t.Errorf("%d instants and durations may be missing", instants)
	}
}

// What is no end of a parquet file is refused.
func TestWithColumnsRefuses(t *testing.T) {
	for name, end := range map[string][]byte{
		"nothing":         nil,
		"no length":       []byte("PAR1PAR1"[:7]),
		"length of 0":     append(make([]byte, 8), "PAR1"...),
		"beyond the file": append(binary.LittleEndian.AppendUint32(make([]byte, 3), 4), "PAR1"...),
		"no footer":       append(binary.LittleEndian.AppendUint32([]byte{0xff, 0xff, 0xff}, 3), "PAR1"...),
	} {
		if text, err := withColumns(end, nil); err == nil {
			t.Errorf("%s: %q", name, text)
		}
	}
}
