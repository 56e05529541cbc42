package fe

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Limits of a table's number of entries.
const (
	minEntries = 1 << 8
	maxEntries = 1 << exponentBits
)

// A TableConfig says how large tables of discrete logarithms are and where
// they are kept.
type TableConfig struct {
	// Entries of each table, 2^8 to 2^22, of 8 bytes. More of them make
	// evaluation faster, up to a point, and its reach longer.
	Entries int
	// Dir is the folder in which tables are kept between runs; "" keeps none.
	// Any number of processes may share it.
	Dir string
	// Notice, if not nil, is told in a line of a kept table that cannot be
	// used, or of one that cannot be kept.
	Notice func(string)
}

// DefaultTableConfig returns tables of 2^20 entries, 8 MiB each, kept in the
// folder meterbench/dlog of the user's cache, or nowhere if there is none.
func DefaultTableConfig() TableConfig {
	c := TableConfig{Entries: 1 << 20}
	if cache, err := os.UserCacheDir(); err == nil {
		c.Dir = filepath.Join(cache, "meterbench", "dlog")
	}
	return c
}

// Tables holds the tables of discrete logarithms, one for each group, which
// all evaluators of the group share. Many goroutines may use it at once.
type Tables struct {
	config TableConfig
	made   chan map[string]table // by group, for one at a time
}

// A table is the entries of a group's table and where they come from.
type table struct {
	entries []uint64
	origin  TableOrigin
}

// A TableOrigin says where a table of discrete logarithms comes from.
type TableOrigin struct {
	Read bool          // from the folder in which it was kept; else it was computed
	Took time.Duration // to read or to compute it, once in the life of its Tables
}

// A Searcher is an evaluator that searches discrete logarithms in a table.
type Searcher interface {
	Table() TableOrigin
}

// NewTables checks the configuration. Tables are computed, or read from the
// folder, when an evaluator first needs them. Computing 2^20 entries took, in
// CPU time of a server of 2 cores, 0.5 s over ristretto255, 2.4 s modulo a prime
// of 2048 bits and 7 s modulo one of 4096.
func NewTables(c TableConfig) (*Tables, error) {
	if c.Entries < minEntries || c.Entries > maxEntries {
		return nil, fmt.Errorf("fe: tables of %d entries; choose %d to %d", c.Entries, minEntries, maxEntries)
	}
	t := &Tables{c, make(chan map[string]table, 1)}
	t.made <- map[string]table{}
	return t, nil
}

// Bytes returns the memory that the table for these parameters takes, 0 for a
// scheme that searches no discrete logarithm.
func (t *Tables) Bytes(p Params) int64 {
	if s, err := SchemeOf(p.Scheme); err != nil || !s.searches {
		return 0
	}
	return int64(t.config.Entries) * 8
}

// Check tells whether every result of the function y is within the reach of
// the tables, before anything is encrypted or evaluated. Results of a scheme
// that searches no discrete logarithm always are.
func (t *Tables) Check(p Params, y []int64) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if err := p.checkVector(y); err != nil {
		return fmt.Errorf("fe: function: %w", err)
	}
	s, err := SchemeOf(p.Scheme)
	if err != nil {
		return err
	}
	if s.searches {
		return p.checkReach(y, int64(t.config.Entries)*maxGiantSteps)
	}
	return nil
}

func (p Params) checkReach(y []int64, limit int64) error {
	if reach := p.reach(y); reach > limit {
		return fmt.Errorf("fe: results of this function of %v may reach %d, discrete logarithms are searched up to %d; lower the bound or the weights, or take larger tables", p, reach, limit)
	}
	return nil
}

// tableOf returns the table of a group, computing it where that was not done before.
func tableOf[E any](ctx context.Context, t *Tables, group logGroup[E]) (logs *logTable[E], err error) {
	var made map[string]table
	select {
	case made = <-t.made:
		defer func() { t.made <- made }()
	case <-ctx.Done():
		return nil, fmt.Errorf("fe: table of discrete logarithms of %s: %w", group.id(), ctx.Err())
	}
	got, known := made[group.id()]
	if !known {
		start := time.Now()
		got.entries, err = t.read(group.id())
		got.origin = TableOrigin{true, time.Since(start)}
		if err != nil {
			start = time.Now()
			if got.entries, err = logEntries(ctx, group, t.config.Entries); err != nil {
				return nil, fmt.Errorf("fe: table of discrete logarithms of %s: %w", group.id(), err)
			}
			got.origin = TableOrigin{false, time.Since(start)}
			t.keep(group.id(), got.entries)
		}
		made[group.id()] = got
	}
	logs = newLogTable(group, got.entries)
	logs.from = got.origin
	return logs, nil
}

// errNotKept is the error of read where there is nothing to read.
var errNotKept = errors.New("no table is kept")

// read returns the entries kept in the folder.
func (t *Tables) read(group string) ([]uint64, error) {
	if t.config.Dir == "" {
		return nil, errNotKept
	}
	sweepParts(t.config.Dir)
	file := t.file(group)
	entries, err := readTable(file, group, t.config.Entries)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.notice(fmt.Sprintf("table of discrete logarithms %s is computed anew: %v", file, err))
	}
	return entries, err
}

// keep writes the entries to the folder. Without them the next run just has to
// compute them again.
func (t *Tables) keep(group string, entries []uint64) {
	if t.config.Dir == "" {
		return
	}
	if err := writeTable(t.file(group), group, entries); err != nil {
		t.notice(fmt.Sprintf("table of discrete logarithms is not kept: %v", err))
	}
}

func (t *Tables) notice(line string) {
	if t.config.Notice != nil {
		t.config.Notice(line)
	}
}

func (t *Tables) file(group string) string {
	return filepath.Join(t.config.Dir, fmt.Sprintf("%s-%d%s", group, t.config.Entries, tableSuffix))
}
