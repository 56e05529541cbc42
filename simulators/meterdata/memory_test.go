//go:build !race

package meterdata

import (
	"fmt"
	"io"
	"runtime"
	"testing"
	"time"
)

// endless is a file of many rows that is made as it is read, and looks at the memory meanwhile.
type endless struct {
	rows, meters, next int
	rest               []byte
	peak               uint64
}

func (e *endless) Read(b []byte) (int, error) {
	for len(e.rest) < len(b) && e.next < e.rows {
		if e.next == 0 {
			e.rest = append(e.rest, "id,at,v\n"...)
		}
		at := time.Unix(int64(e.next/e.meters)*900, 0).UTC()
		e.rest = fmt.Appendf(e.rest, "meter-%d,%s,%d\n", e.next%e.meters, at.Format("2006-01-02 15:04"), e.next%1000)
		if e.next++; e.next%20_000 == 0 {
			e.look()
		}
	}
	n := copy(b, e.rest)
	e.rest = e.rest[n:]
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}

func (e *endless) look() {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	e.peak = max(e.peak, m.HeapAlloc)
}

// Write takes the trace.
func (e *endless) Write(b []byte) (int, error) {
	if e.next++; e.next%20 == 0 {
		e.look()
	}
	return len(b), nil
}

// Ten times the rows take no more memory.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	peak := func(rows int) uint64 {
		runtime.GC()
		im, err := newImporter(layoutOf(t, longUTC), Options{Folder: t.TempDir(), sort: 1 << 14})
		if err != nil {
			t.Fatal(err)
		}
		defer im.rows.close()
		defer im.ordered.close()
		im.summary.Files = []string{"endless.csv"}
		e := &endless{rows: rows, meters: 100}
		if err := im.readFrom(t.Context(), "endless.csv", e); err != nil {
			t.Fatal(err)
		}
		if err := im.settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := im.write(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if im.summary.Written != int64(rows) {
			t.Fatalf("%d of %d rows", im.summary.Written, rows)
		}
		return e.peak
	}
	few, many := peak(60_000), peak(600_000)
	t.Logf("%d MB and %d MB", few>>20, many>>20)
	if many > few+few/2+16<<20 {
		t.Errorf("60,000 rows take %d bytes, 600,000 take %d", few, many)
	}
}
