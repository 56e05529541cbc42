package fe

import (
	"fmt"
	"meterbench/workloads/fe/codec"
	"os"
	"path/filepath"
)

// A TableConfig says how large tables of discrete logarithms are and where
// they are kept.
type TableConfig struct {
	// Entries of each table, 2^8 to 2^22, of 8 bytes. More of them make
	// evaluation faster, up to a point, and its reach longer.
	Entries int
	// Dir is the folder in which tables are kept between runs; "" keeps none.
	Dir string
	// Notice, if not nil, is told in a line about a table that is computed
	// anew, or that cannot be kept.
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
// evaluators share. Many goroutines may use it at once.
type Tables struct{ config TableConfig }

// NewTables checks the configuration. Tables are computed, or read from the
// folder, when an evaluator first needs them.
func NewTables(c TableConfig) (*Tables, error) {
	if c.Entries < minEntries || c.Entries > maxEntries {
		return nil, fmt.Errorf("fe: tables of %d entries; choose %d to %d", c.Entries, minEntries, maxEntries)
	}
	return &Tables{config: c}, nil
}

// Limits of a table's number of entries.
const (
	minEntries = 1 << 8
	maxEntries = 1 << 22
)

// Check tells whether every result of the function y is within the reach of
// the tables, before anything is encrypted or evaluated. Results of a scheme
// that needs no table always are.
func (t *Tables) Check(p Params, y []int64) error {
	if err := p.Validate(); err != nil {
		return err
	}
	if err := p.checkVector(y); err != nil {
		return fmt.Errorf("fe: function: %w", err)
	}
	limit := int64(t.config.Entries) * maxGiantSteps
	if reach := p.reach(y); reach > limit && p.Scheme != codec.Paillier.String() {
		return fmt.Errorf("fe: results of this function of %v may reach %d, discrete logarithms are searched up to %d; lower the bound or the weights, or take larger tables", p, reach, limit)
	}
	return nil
}
