package result

import (
	"encoding/binary"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/parquet-go/parquet-go"
)

// Columns have their units, whatever the number of row groups, and every row the start of its level as that was measured.
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
				units[c.MetaData.PathInSchema[0]] = kv.Key + "=" + kv.Value
			}
		}
		want := map[string]string{"offered_per_s": "unit=1/s", "think_s": "unit=s", "envelope_bytes": "unit=B"}
		for _, instant := range []string{"level_start_unix", "intended", "started", "prepared", "endorsed", "submitted", "committed", "ended", "encrypt"} {
			want[instant+"_ns"] = "unit=ns"
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

// What is no end of a parquet file is refused.
func TestWithUnitsRefuses(t *testing.T) {
	for name, end := range map[string][]byte{
		"nothing":         nil,
		"no length":       []byte("PAR1PAR1"[:7]),
		"length of 0":     append(make([]byte, 8), "PAR1"...),
		"beyond the file": append(binary.LittleEndian.AppendUint32(make([]byte, 3), 4), "PAR1"...),
		"no footer":       append(binary.LittleEndian.AppendUint32([]byte{0xff, 0xff, 0xff}, 3), "PAR1"...),
	} {
		if text, err := withUnits(end, nil); err == nil {
			t.Errorf("%s: %q", name, text)
		}
	}
}
