package storage

import (
	"bytes"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

var layout = []Place{
	{"ledgersData/chains/chains", Blocks}, {"ledgersData/chains/index", Index}, {"ledgersData/stateLeveldb", State}, {"wal", Consensus},
	{"ca.db", Database},
}

func write(t interface{ Fatal(...any) }, data []byte, path ...string) {
	name := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// Every file counts for the part that its place is, and only there.
func TestRead(t *testing.T) {
	root := t.TempDir()
	some := func(n int) []byte { return bytes.Repeat([]byte{1}, n) }
	write(t, some(100), root, "ledgersData/chains/chains/metrology/blockfile_000000")
	write(t, some(11), root, "ledgersData/chains/chains/metrology/blockfile_000001")
	write(t, some(20), root, "ledgersData/chains/index/000001.log")
	write(t, some(7), root, "ledgersData/chains/index/000002.ldb")
	write(t, some(3), root, "ledgersData/chains/index/LOG")
	write(t, some(40), root, "ledgersData/stateLeveldb/000123.ldb")
	write(t, some(5), root, "ledgersData/stateLeveldbOther/notes.log")
	write(t, some(60), root, "ca.db")
	write(t, append(some(1000), make([]byte, 300_000)...), root, "wal/metrology/0.wal")
	write(t, make([]byte, 200_000), root, "wal/metrology/1.tmp")
	if err := os.Symlink(root, filepath.Join(root, "again")); err != nil {
		t.Fatal(err)
	}
	got, err := Layout{Root: root, Places: layout, Rest: Other}.Read()
	if err != nil {
		t.Fatal(err)
	}
	want := map[Part]Size{
		Blocks: {Bytes: 111}, Index: {Bytes: 30, Unsettled: 20}, State: {Bytes: 40}, Consensus: {Bytes: 1000}, Database: {Bytes: 60}, Other: {Bytes: 5},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, err := (Layout{Root: filepath.Join(root, "missing")}).Read(); err == nil {
		t.Error("no error about a folder that is not there")
	}
}

// What is reserved behind the end of a log does not count, whatever the log holds and however it was reserved.
func TestWritten(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(r *rapid.T) {
		n := rapid.IntRange(0, 3*chunk).Draw(r, "written")
		data := make([]byte, n)
		for i := range data { // mostly zeros, as payloads that are padded
			if i%4097 == 0 {
				data[i] = 9
			}
		}
		if n > 0 {
			data[n-1] = 1
		}
		f, err := os.Create(filepath.Join(dir, "log"))
		if err != nil {
			r.Fatal(err)
		}
		defer f.Close()
		reserved := int64(n + rapid.IntRange(0, 10*chunk).Draw(r, "behind"))
		switch rapid.SampledFrom([]string{"allocated", "truncated", "zeros"}).Draw(r, "how") {
		case "allocated":
			if reserved > 0 && unix.Fallocate(int(f.Fd()), 0, 0, reserved) != nil {
				r.Skip("no file system that reserves")
			}
		case "truncated":
			err = f.Truncate(reserved)
		case "zeros":
			_, err = f.WriteAt(make([]byte, reserved), 0)
		}
		if err == nil {
			_, err = f.WriteAt(data, 0)
		}
		if err != nil {
			r.Fatal(err)
		}
		if got, err := written(f.Name()); err != nil || got != uint64(n) {
			r.Fatalf("%d bytes, %v; want %d", got, err, n)
		}
	})
}

// Files that come and go while they are read are no error, as LevelDB's do.
func TestReadWhileFilesGo(t *testing.T) {
	root := t.TempDir()
	write(t, make([]byte, 500), root, "wal/stays")
	write(t, bytes.Repeat([]byte{1}, 77), root, "stays")
	done := make(chan struct{})
	var coming sync.WaitGroup
	coming.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			folder := filepath.Join(root, "wal", string(rune('a'+i%20)))
			write(t, []byte{1}, folder, "x")
			os.RemoveAll(folder)
		}
	})
	for end := time.Now().Add(100 * time.Millisecond); time.Now().Before(end); {
		got, err := Layout{Root: root, Places: layout, Rest: Other}.Read()
		if err != nil || got[Other].Bytes != 77 || got[Consensus].Bytes > 20 {
			t.Errorf("%v, %v", got, err)
			break
		}
	}
	close(done)
	coming.Wait()
}

// BenchmarkRead reads a folder with as many files as a peer's.
func BenchmarkRead(b *testing.B) {
	root := b.TempDir()
	for _, folder := range []string{"ledgersData/chains/chains/a", "ledgersData/chains/index", "ledgersData/stateLeveldb", "ledgersData/historyLeveldb", "x"} {
		for i := range 14 {
			write(b, make([]byte, 1000), root, folder, string(rune('a'+i)))
		}
	}
	l := Layout{Root: root, Places: layout, Rest: Other}
	for b.Loop() {
		if _, err := l.Read(); err != nil {
			b.Fatal(err)
		}
	}
}
