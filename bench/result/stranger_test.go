package result

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"meterbench/internal/race"
)

// modest fails a test whose work takes more memory, all in all, or more time than a folder may cost.
func modest(t testing.TB, most uint64, work func()) {
	t.Helper()
	allocated := func() uint64 {
		sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	before, began := allocated(), time.Now()
	work()
	took := time.Since(began)
	if got := allocated() - before; got > most {
		t.Errorf("took %d MB, more than %d", got>>20, most>>20)
	}
	if took > time.Minute { // for a hang: this may be a busy machine, under the race detector
		t.Errorf("took %v", took)
	}
}

// forged returns whether rows can be read of data whose length and checksum are as run.json has them.
func forged(data []byte) (rows int, err error) {
	var print fingerprint
	print.Write(data)
	file, err := openTable(bytes.NewReader(data), File(print))
	if err != nil {
		return 0, err
	}
	for _, err := range readTransactions(file) {
		if err != nil {
			return rows, err
		}
		rows++
	}
	return rows, nil
}

func parquetFile(t testing.TB, records int) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), transactionsFile)
	w, err := createTransactions(path, noWorker, 1)
	if err != nil {
		t.Fatal(err)
	}
	err = errors.Join(w.write(closed8, time.Unix(1, 5), nil, 1, randomRecords(records, 1)), w.close())
	data, err2 := os.ReadFile(path)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	return data
}

// Every byte of the metadata and of every page's header is set to what promises most, with a checksum that fits.
func TestForgedTransactions(t *testing.T) {
	if testing.Short() && !race.Enabled {
		t.Skip("it takes seconds")
	}
	whole := parquetFile(t, 40)
	if n, err := forged(whole); n != 40 || err != nil {
		t.Fatalf("whole: %d rows, %v", n, err)
	}
	step := 23 // all were tried
	switch {
	case race.Enabled:
		step = 1009
	case testing.Short():
		step = 101
	}
	for at := 0; at < len(whole); at += step {
		for _, value := range [][]byte{{0xff}, {0x00}, {0xfc}, {0x7f}, {0xff, 0xff, 0xff, 0xff, 0x0f}, {0xfe, 0xff, 0xff, 0xff, 0x07}} {
			data := bytes.Clone(whole)
			copy(data[at:], value)
			modest(t, 64<<20, func() {
				if n, err := forged(data); err == nil && n != 40 {
					t.Errorf("%x at %d: %d rows", value, at, n)
				} else if err != nil && !strings.HasPrefix(err.Error(), "is damaged; ") {
					t.Errorf("%x at %d: %v", value, at, err)
				}
			})
		}
	}
}

// FuzzForgedTransactions damages transactions.parquet and makes the checksum fit: no damage costs much memory or time.
func FuzzForgedTransactions(f *testing.F) {
	whole := parquetFile(f, 40)
	footer := len(whole) - 8 - int(binary.LittleEndian.Uint32(whole[len(whole)-8:]))
	f.Add(footer+1, []byte{0xff, 0xff, 0xff, 0x7f})
	f.Add(4, []byte{0x15, 0x04, 0x15, 0xfe, 0xff, 0xff, 0xff, 0x0f})
	f.Add(len(whole)-8, []byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, at int, overwrite []byte) {
		if at < 0 || at > len(whole) {
			return
		}
		data := bytes.Clone(whole)
		copy(data[at:], overwrite)
		modest(t, 64<<20, func() { _, _ = forged(data) })
	})
}

// What JSON of a few bytes per object would take once it is decoded.
func TestShapeOfJSON(t *testing.T) {
	if race.Enabled {
		t.Skip("what it takes is measured without")
	}
	for _, c := range []struct{ name, text, want string }{
		{"deep", strings.Repeat("[", 1_000_000), "within each other"},
		{"deep in a point", `{"schema":1,"points":[` + strings.Repeat(`{"a":`, 100) + strings.Repeat("}", 100) + "]}", "within each other"},
		{"points", `{"schema":1,"points":[{}` + strings.Repeat(",{}", 1_000_000) + "]}", "its lists hold more than"},
		{"points of two lists", `{"schema":1,"points":[{}` + strings.Repeat(",{}", 30_000) + `],"fe":[{}` + strings.Repeat(",{}", 30_000) + "]}", "its lists hold more than"},
		{"objects", `{"schema":1,"x":{"a":[{}` + strings.Repeat(",{}", 2_000_000) + "]}}", "it holds more than"},
		{"numbers", `{"schema":1,"x":{"a":[0` + strings.Repeat(",0", 10_000_000) + "]}}", "it holds more than"},
		{"names", `{"schema":1,"x":{"a":{"":0` + strings.Repeat(`,"":0`, 10_000_000) + "}}}", "it holds more than"},
		{"braces in a text", `{"schema":1,"x":"` + strings.Repeat(`{[\"`, 1000) + `"}`, ""},
		{"as many points as there may be", `{"schema":1,"points":[{}` + strings.Repeat(",{}", mostInTopList-1) + "]}", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := create(t)
			record(t, w, closed8, 0, second, randomRecords(10, 1)...)
			finish(t, w)
			path := filepath.Join(w.dir, summaryFile)
			if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
				t.Fatal(err)
			}
			c.text = "" // the garbage of the test itself
			modest(t, 512<<20, func() {
				if _, err := Open(w.dir); (err == nil) != (c.want == "") || !strings.Contains(fmt.Sprint(err), c.want) {
					t.Errorf("error %v, want %q", err, c.want)
				}
			})
		})
	}
}

// A histogram of another range or precision is a few bytes, and takes fifty megabytes.
func TestForgedHistogram(t *testing.T) {
	w := create(t)
	record(t, w, closed8, 0, second, randomRecords(10, 1)...)
	finish(t, w)
	large, err := hdrhistogram.New(1, math.MaxInt64, 5).Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		t.Fatal(err)
	}
	line := fmt.Sprintf("Tag=%s,1,1,1,%s\n", latencyTag(closed8, PartCommit), large)
	if err := os.WriteFile(filepath.Join(w.dir, latencyFile), []byte(strings.Repeat(line, 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	modest(t, 200<<20, func() {
		if _, err := (&Folder{Dir: w.dir}).Latencies(PartCommit, []LevelKey{closed8}); err == nil || !strings.Contains(err.Error(), "range or precision") {
			t.Errorf("error %v", err)
		}
	})
}
