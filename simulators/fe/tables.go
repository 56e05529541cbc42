package fe

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"time"

	"meterbench/internal/regular"

	"github.com/google/renameio/v2"
)

// Limits of a table's number of entries.
const (
	minEntries = 1 << 8
	maxEntries = 1 << exponentBits
)

// TableConfig describes tables of discrete logarithms.
type TableConfig struct {
	// Entries of each table, 2^8 to 2^22, of 8 bytes. More of them make evaluation faster, up to a point, and
	// its reach longer.
	Entries int
	// Dir is the folder in which tables are kept between runs; "" keeps none. Any number of processes may share it.
	Dir string
	// Notice, if not nil, is called with a line about a kept table that cannot be used, or about one that
	// cannot be kept.
	Notice func(string)
}

// DefaultTableConfig describes tables of 2^20 entries, 8 MiB each, kept in the folder meterbench/dlog of the
// user's cache, or nowhere if there is none.
func DefaultTableConfig() TableConfig {
	c := TableConfig{Entries: 1 << 20}
	if cache, err := os.UserCacheDir(); err == nil {
		c.Dir = filepath.Join(cache, "meterbench", "dlog")
	}
	return c
}

// Tables holds the tables of discrete logarithms, one for each group, which all evaluators of the group
// share. Many goroutines may use it at once.
type Tables struct {
	config TableConfig
	tables chan map[string]table // by group; a semaphore
}

// A table holds the entries of a group's table and their origin.
type table struct {
	entries []uint64
	origin  TableOrigin
}

// TableOrigin is the origin of a table of discrete logarithms; zero without a table.
type TableOrigin struct {
	Read bool          // from the folder; else it was computed
	Took time.Duration // to read or to compute it, once in the life of its Tables
}

// A Searcher is an evaluator that may search discrete logarithms in a table.
type Searcher interface {
	Table() TableOrigin
}

// NewTables checks the configuration. Tables are computed, or read from the folder, when an evaluator first
// needs them. Computing 2^20 entries took, in CPU time of a server of 2 cores, 0.5 s over ristretto255, 2.4 s
// modulo a prime of 2048 bits and 7 s modulo one of 4096.
func NewTables(c TableConfig) (*Tables, error) {
	if c.Entries < minEntries || c.Entries > maxEntries {
		return nil, fmt.Errorf("fe: tables of %d entries; choose %d to %d", c.Entries, minEntries, maxEntries)
	}
	t := &Tables{c, make(chan map[string]table, 1)}
	t.tables <- map[string]table{}
	return t, nil
}

// Bytes returns the memory of the table for these parameters, 0 for a scheme that searches no discrete logarithm.
func (t *Tables) Bytes(p Params) int64 {
	if s, err := SchemeOf(p.Scheme); err != nil || !s.searches {
		return 0
	}
	return int64(t.config.Entries) * 8
}

// Check checks that every result of the function y is within the reach of the tables, before anything is
// encrypted or evaluated. It always is under a scheme that searches no discrete logarithm.
func (t *Tables) Check(p Params, y []int64) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if err := p.checkVector(y); err != nil {
		return fmt.Errorf("fe: function: %w", err)
	}
	if t.Bytes(p) == 0 {
		return nil
	}
	return p.checkReach(y, int64(t.config.Entries)*maxGiantSteps)
}

func (p Params) checkReach(y []int64, limit int64) error {
	if reach := p.reach(y); reach > limit {
		return fmt.Errorf("fe: results of this function of %v may reach %d, discrete logarithms are searched up to %d; "+
			"lower the bound or the weights, or take larger tables", p, reach, limit)
	}
	return nil
}

// tableOf returns the table of a group. It reads or computes one that no evaluator has needed before.
func tableOf[E any](ctx context.Context, t *Tables, group logGroup[E]) (*logTable[E], error) {
	var tables map[string]table
	select {
	case tables = <-t.tables:
		defer func() { t.tables <- tables }()
	case <-ctx.Done():
		return nil, fmt.Errorf("fe: table of discrete logarithms of %s: %w", group.id(), ctx.Err())
	}
	one, known := tables[group.id()]
	if !known {
		start := time.Now()
		var err error
		if one.entries, err = t.read(group.id()); err == nil {
			one.origin = TableOrigin{true, time.Since(start)}
		} else {
			start = time.Now()
			if one.entries, err = logEntries(ctx, group, t.config.Entries); err != nil {
				return nil, fmt.Errorf("fe: table of discrete logarithms of %s: %w", group.id(), err)
			}
			one.origin = TableOrigin{false, time.Since(start)}
			t.keep(group.id(), one.entries)
		}
		tables[group.id()] = one
	}
	logs := newLogTable(group, one.entries)
	logs.from = one.origin
	return logs, nil
}

// read returns the entries in the folder.
func (t *Tables) read(group string) ([]uint64, error) {
	if t.config.Dir == "" {
		return nil, fs.ErrNotExist
	}
	sweepParts(t.config.Dir)
	file := t.file(group)
	entries, err := readTable(file, group, t.config.Entries)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.notice("table of discrete logarithms %s is computed anew: %v", file, err)
	}
	return entries, err
}

// keep writes the entries to the folder. If it fails the next run computes them again.
func (t *Tables) keep(group string, entries []uint64) {
	if t.config.Dir == "" {
		return
	}
	if err := writeTable(t.file(group), group, entries); err != nil {
		t.notice("table of discrete logarithms is not kept: %v", err)
	}
}

func (t *Tables) notice(format string, args ...any) {
	if t.config.Notice != nil {
		t.config.Notice(fmt.Sprintf(format, args...))
	}
}

func (t *Tables) file(group string) string {
	return filepath.Join(t.config.Dir, fmt.Sprintf("%s-%d%s", group, t.config.Entries, tableSuffix))
}

// A file of a table of discrete logarithms, numbers little-endian:
//
//	 8 bytes  "mbdlog" and the version of this layout and of the fingerprints
//	32 bytes  SHA-256 of the group's id
//	 8 bytes  number of entries
//	 8 each   entries, ascending
//	32 bytes  SHA-256 of all that precedes
//
// The checksum finds damage. It need not find malice: the search verifies the result of an entry.
const (
	tableMagic   = "mbdlog"
	tableVersion = 1
	tableHeader  = 8 + sha256.Size + 8

	tableSuffix = ".dlog"
)

func tableStart(group string, entries int) []byte {
	b := binary.LittleEndian.AppendUint16([]byte(tableMagic), tableVersion)
	digest := sha256.Sum256([]byte(group))
	return binary.LittleEndian.AppendUint64(append(b, digest[:]...), uint64(entries))
}

// tableSize is the size of a file with that many entries in bytes.
func tableSize(entries int) int { return tableHeader + 8*entries + sha256.Size }

// readTable returns the entries in a file, which must be so many of the group.
func readTable(file, group string, entries int) ([]uint64, error) {
	f, err := regular.Open(file, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.Size() != int64(tableSize(entries)) {
		return nil, fmt.Errorf("%d bytes, not %d", f.Size(), tableSize(entries))
	}
	b := make([]byte, f.Size())
	if _, err := f.ReadAt(b, 0); err != nil {
		return nil, err
	}
	return decodeTable(b, group, entries)
}

func decodeTable(b []byte, group string, entries int) ([]uint64, error) {
	if len(b) != tableSize(entries) || string(b[:tableHeader]) != string(tableStart(group, entries)) {
		return nil, errors.New("made by another version or for another group")
	}
	content, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if digest := sha256.Sum256(content); string(digest[:]) != string(sum) {
		return nil, errors.New("damaged: its checksum is wrong")
	}
	out := make([]uint64, entries)
	_, err := binary.Decode(content[tableHeader:], binary.LittleEndian, out)
	return out, err
}

func encodeTable(group string, entries []uint64) []byte {
	b := append(make([]byte, 0, tableSize(len(entries))), tableStart(group, len(entries))...)
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint64(b, e)
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// A killed writer leaves a file of another name behind. Writing takes seconds, so the writer of an older one is gone.
const staleAfter = time.Hour

// sweepParts removes such files from a folder, as far as it can.
func sweepParts(dir string) {
	parts, _ := fs.Glob(os.DirFS(dir), "*"+tableSuffix+"?*") // the folder's own name may be a pattern
	for _, part := range parts {
		part = filepath.Join(dir, part)
		if info, err := os.Stat(part); err == nil && time.Since(info.ModTime()) > staleAfter {
			_ = os.Remove(part)
		}
	}
}

// writeTable replaces a file atomically, so that the last of several writers wins. Everybody may read it.
func writeTable(file, group string, entries []uint64) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return renameio.WriteFile(file, encodeTable(group, entries), 0o644, renameio.WithTempDir(dir), renameio.IgnoreUmask())
}
