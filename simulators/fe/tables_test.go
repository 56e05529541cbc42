package fe

import (
	"bytes"
	"context"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func entriesOf(t *testing.T, c TableConfig, group zpGroup) []uint64 {
	t.Helper()
	tables, err := NewTables(c)
	if err != nil {
		t.Fatal(err)
	}
	logs, err := tableOf[*big.Int](t.Context(), tables, group)
	if err != nil {
		t.Fatal(err)
	}
	return logs.entries
}

func TestTableIsKept(t *testing.T) {
	group := testGroup(t, 1024)
	var notices []string
	c := TableConfig{Entries: 1 << 10, Dir: filepath.Join(t.TempDir(), "new", "folder"), Notice: func(line string) { notices = append(notices, line) }}
	computed := entriesOf(t, c, group)
	files, err := filepath.Glob(filepath.Join(c.Dir, "*"))
	if err != nil || len(files) != 1 || !strings.HasSuffix(files[0], "-1024.dlog") {
		t.Fatalf("files %v, %v", files, err)
	}
	good, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if read, err := readTable(files[0], group.id(), c.Entries); err != nil || !slices.Equal(read, computed) {
		t.Fatalf("what is kept differs: %v", err)
	}
	if again := entriesOf(t, c, group); !slices.Equal(again, computed) || len(notices) != 0 {
		t.Fatalf("read again it differs; notices %q", notices)
	}
	for _, damage := range []struct {
		name, want string
		content    []byte
	}{
		{"empty", "0 bytes, not 8272", nil},
		{"cut off", "8271 bytes", good[:len(good)-1]},
		{"one bit", "its checksum is wrong", flipped(good, 5000)},
		{"checksum", "its checksum is wrong", flipped(good, len(good)-1)},
		{"version", "made by another version", flipped(good, 6)},
		{"group", "made by another version or for another group", flipped(good, 20)},
	} {
		t.Run(damage.name, func(t *testing.T) {
			notices = nil
			if err := os.WriteFile(files[0], damage.content, 0o644); err != nil {
				t.Fatal(err)
			}
			if again := entriesOf(t, c, group); !slices.Equal(again, computed) {
				t.Error("the table computed anew differs")
			}
			if len(notices) != 1 || !strings.Contains(notices[0], damage.want) || !strings.Contains(notices[0], "computed anew") {
				t.Errorf("notices %q, want %q", notices, damage.want)
			}
			if now, err := os.ReadFile(files[0]); err != nil || !bytes.Equal(now, good) {
				t.Errorf("the file was not repaired: %v", err)
			}
		})
	}
	if files, _ := filepath.Glob(filepath.Join(c.Dir, "*")); len(files) != 1 {
		t.Errorf("files left: %v", files)
	}
}

func flipped(b []byte, at int) []byte {
	b = bytes.Clone(b)
	b[at] ^= 1
	return b
}

// Where a table comes from is told by every evaluator, and stays as it was first.
func TestTableOrigin(t *testing.T) {
	c := TableConfig{Entries: minEntries, Dir: t.TempDir()}
	for _, read := range []bool{false, true} {
		tables, err := NewTables(c)
		if err != nil {
			t.Fatal(err)
		}
		var first TableOrigin
		for i, scheme := range []Name{DDH, Damgard} { // which share their group
			authority := mustSetup(t, Params{scheme, 1024, 1, 1})
			evaluator, err := NewEvaluator(t.Context(), authority.Encryptor().Public(), tables)
			if err != nil {
				t.Fatal(err)
			}
			origin := evaluator.(Searcher).Table()
			if i == 0 {
				first = origin
			}
			if diff := cmp.Diff(first, origin); diff != "" {
				t.Errorf("%s: the origin of the table changes: %s", scheme, diff)
			}
			if origin.Read != read || origin.Took <= 0 {
				t.Errorf("%s: a table read %t in %v, want %t", scheme, origin.Read, origin.Took, read)
			}
		}
	}
}

// What a killed writer left is removed, and nothing else.
func TestStaleParts(t *testing.T) {
	dir := t.TempDir()
	old := time.Now().Add(-2 * staleAfter)
	for name, stale := range map[string]bool{
		".zp1024-0-256.dlog123": true,
		".zp1024-0-256.dlog124": false,
		"zp1024-0-256.dlog":     true,
		"other.part":            true,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if stale {
			if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
				t.Fatal(err)
			}
		}
	}
	group := testGroup(t, 1024)
	entriesOf(t, TableConfig{Entries: minEntries, Dir: dir}, group)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, file.Name())
	}
	want := []string{"other.part", "zp1024-0-256.dlog", ".zp1024-0-256.dlog124", group.id() + "-256.dlog"}
	slices.Sort(want)
	if !slices.Equal(names, want) {
		t.Errorf("the folder holds %v, want %v", names, want)
	}
	if info, err := os.Stat(filepath.Join(dir, group.id()+"-256.dlog")); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

func TestTableThatCannotBeKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	var notices []string
	c := TableConfig{Entries: minEntries, Dir: filepath.Join(file, "below"), Notice: func(line string) { notices = append(notices, line) }}
	if got := entriesOf(t, c, testGroup(t, 1024)); len(got) != minEntries {
		t.Errorf("%d entries", len(got))
	}
	if len(notices) == 0 || !strings.Contains(notices[len(notices)-1], "is not kept") {
		t.Errorf("notices %q", notices)
	}
}

// Several users of one folder, with tables of their own as processes have,
// read whole tables or none.
func TestTablesAtOnce(t *testing.T) {
	group, dir := testGroup(t, 1024), t.TempDir()
	want := entriesOf(t, TableConfig{Entries: 1 << 12}, group)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			var notices []string
			got := entriesOf(t, TableConfig{Entries: 1 << 12, Dir: dir, Notice: func(line string) { notices = append(notices, line) }}, group)
			if !slices.Equal(got, want) || len(notices) != 0 {
				t.Errorf("another table, notices %q", notices)
			}
		})
	}
	all.Wait()
}

// One table serves all evaluators of a group, and waiting for it ends with the context.
func TestTableIsShared(t *testing.T) {
	group, tables := testGroup(t, 1024), mustTables(t, minEntries)
	first, err := tableOf[*big.Int](t.Context(), tables, group)
	if err != nil {
		t.Fatal(err)
	}
	second, err := tableOf[*big.Int](t.Context(), tables, group)
	if err != nil || &first.entries[0] != &second.entries[0] {
		t.Errorf("a second table was made, %v", err)
	}
	made := <-tables.tables
	done, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tableOf[*big.Int](done, tables, group); !errors.Is(err, context.Canceled) {
		t.Errorf("waiting ends with %v", err)
	}
	tables.tables <- made
}

func TestTablesRefused(t *testing.T) {
	for _, entries := range []int{0, minEntries - 1, maxEntries + 1} {
		if _, err := NewTables(TableConfig{Entries: entries}); err == nil || !strings.Contains(err.Error(), "choose 256 to 4194304") {
			t.Errorf("%d entries: %v", entries, err)
		}
	}
}

func TestCheckOfReach(t *testing.T) {
	small := mustTables(t, minEntries)
	p := Params{"ddh", 1024, 1, 1 << 23}
	if err := small.Check(p, []int64{2}); err != nil {
		t.Error(err)
	}
	if err := small.Check(p, []int64{1 << 23}); err == nil || !strings.Contains(err.Error(), "may reach 70368744177664, discrete logarithms are searched up to 268435456") {
		t.Errorf("Check = %v", err)
	}
	if err := small.Check(p, []int64{1, 2}); err == nil || !strings.Contains(err.Error(), "vector of length 2") {
		t.Errorf("Check = %v", err)
	}
	if err := small.Check(Params{"paillier", 2048, 1, 1 << 23}, []int64{1 << 23}); err != nil {
		t.Error(err)
	}
	if small.Bytes(p) != 2048 || small.Bytes(Params{Scheme: "paillier"}) != 0 {
		t.Errorf("tables of %d and %d bytes", small.Bytes(p), small.Bytes(Params{Scheme: "paillier"}))
	}
}

// FuzzTableFile holds that only what was written for a group is read for it.
func FuzzTableFile(f *testing.F) {
	want := []uint64{1, 5, 1 << 63}
	good := encodeTable("group", want)
	f.Add("group", good)
	f.Add("other", good)
	f.Add("group", good[:len(good)-1])
	f.Fuzz(func(t *testing.T, group string, b []byte) {
		entries, err := decodeTable(b, group, len(want))
		if err == nil && !bytes.Equal(encodeTable(group, entries), b) {
			t.Fatal("encoded anew it differs")
		}
		if group == "group" && bytes.Equal(b, good) != (err == nil && slices.Equal(entries, want)) {
			t.Fatalf("entries %v, %v", entries, err)
		}
	})
}
