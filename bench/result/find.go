package result

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/parquet-go/parquet-go"

	"meterbench/internal/regular"
)

// A Finder looks single rows of a run's tables up. It reads a column of a table from one end to the other where it must, page by
// page, so that it needs no memory for what it does not return, nor an index. It is used by many goroutines at once.
type Finder struct {
	transactions []table // one, or one of each worker
	blocks       table
	chains       []ChainOfBlocks
}

// ChainOfBlocks is where blocks of a channel that follow one upon the other stand in blocks.parquet.
type ChainOfBlocks struct {
	Session     int
	Channel     uint16
	ChannelName string
	First       uint64 // number of its first block
	Blocks      uint64
	row         int64 // of its first block
}

// A table is an open parquet file. Without a file it has no rows.
type table struct {
	opened *regular.File
	file   *parquet.File
}

// mostChains bounds the channels of all networks of a run.
const mostChains = 100_000

// Find opens the tables of a folder for a Finder, which the caller closes. Those that the folder does not have are empty.
func (s *Folder) Find() (f *Finder, err error) {
	f = &Finder{}
	defer func() {
		if err != nil {
			f.Close()
			f = nil
		}
	}()
	if s.Run.Recorded() {
		for _, of := range s.Run.transactionTables() {
			var t table
			if t.opened, t.file, err = s.openRows(of.name, of.File); err != nil {
				return f, err
			}
			f.transactions = append(f.transactions, t)
		}
	}
	if s.Run.Blocks != (File{}) {
		if f.blocks.opened, f.blocks.file, err = s.openRows(blocksFile, s.Run.Blocks); err != nil {
			return f, err
		}
		if err = f.findChains(); err != nil {
			return f, unreadable(f.blocks.opened.Name(), err)
		}
	}
	return f, nil
}

// Close closes the tables.
func (f *Finder) Close() error {
	var err error
	for _, t := range append(f.transactions, f.blocks) {
		if t.opened != nil {
			err = errors.Join(err, t.opened.Close())
		}
	}
	return err
}

// Chains returns the chains of blocks that the folder has.
func (f *Finder) Chains() []ChainOfBlocks { return f.chains }

// findChains goes over the numbers of all blocks.
func (f *Finder) findChains() error {
	row := int64(0)
	for _, group := range f.blocks.file.RowGroups() {
		columns := make([][]parquet.Value, 3)
		for i, name := range []string{"session", "channel", "block"} {
			var err error
			if columns[i], err = f.blocks.values(group, name); err != nil {
				return err
			}
		}
		var begins []int // of chains, in the group
		had := len(f.chains)
		for i := range columns[0] {
			session, channel, number := columns[0][i].Int32(), columns[1][i].Int32(), columns[2][i].Int64()
			if err := checkPlace(session, channel, number); err != nil {
				return damaged(err)
			}
			next := ChainOfBlocks{Session: int(session), Channel: uint16(channel), First: uint64(number), Blocks: 1, row: row}
			row++
			if n := len(f.chains); n > 0 {
				last := &f.chains[n-1]
				if last.Session == next.Session && last.Channel == next.Channel && last.First+last.Blocks == next.First {
					last.Blocks++
					continue
				}
			}
			if len(f.chains) == mostChains {
				return damaged(fmt.Errorf("its blocks are of more than %d channels, or in no order", mostChains))
			}
			f.chains, begins = append(f.chains, next), append(begins, i)
		}
		names, err := inDictionary(context.Background(), &f.blocks, group, "channel_name", parquet.ByteArray, begins, textOf)
		if err != nil {
			return err
		}
		for i, name := range names {
			f.chains[had+i].ChannelName = name
		}
	}
	return nil
}

func textOf(v parquet.Value) string { return string(v.ByteArray()) }

// Blocks returns at most n blocks of a chain from a number on, in their order.
func (f *Finder) Blocks(of ChainOfBlocks, from uint64, n int) ([]BlockRow, error) {
	if from < of.First || from-of.First >= of.Blocks {
		return nil, nil
	}
	n = int(min(uint64(n), of.Blocks-(from-of.First)))
	rows := make([]blockRow, n)
	if err := readAt(&f.blocks, of.row+int64(from-of.First), rows); err != nil {
		return nil, err
	}
	all := make([]BlockRow, n)
	for i := range rows {
		var err error
		if all[i], err = rows[i].row(); err != nil {
			return nil, unreadable(f.blocks.opened.Name(), damaged(err))
		}
	}
	return all, nil
}

// Transaction returns the row of a transaction, nil where there is none.
func (f *Finder) Transaction(ctx context.Context, id [32]byte) (*Row, error) {
	if id == [32]byte{} {
		return nil, nil
	}
	for i := range f.transactions {
		if row, err := f.transactions[i].transaction(ctx, id); row != nil || err != nil {
			return row, err
		}
	}
	return nil, nil
}

func (t *table) transaction(ctx context.Context, id [32]byte) (*Row, error) {
	before := int64(0)
	for _, group := range t.file.RowGroups() {
		at, err := t.search(ctx, group, "tx_id", id[:])
		if err != nil {
			return nil, err
		}
		if at >= 0 {
			rows, err := t.rows([]int64{before + at})
			if err != nil {
				return nil, err
			}
			return &rows[0], nil
		}
		before += group.NumRows()
	}
	return nil, nil
}

// InBlock returns the rows of at most n transactions of a block, from the one at index from on in the order of the tables, and how
// many there are in all.
func (f *Finder) InBlock(ctx context.Context, session, channel int, block uint64, from, n int) (rows []Row, all int, err error) {
	if block == 0 || block > math.MaxInt64 {
		return nil, 0, nil
	}
	for i := range f.transactions {
		more, there, err := f.transactions[i].inBlock(ctx, session, channel, block, max(0, from-all), n-len(rows))
		if err != nil {
			return nil, 0, err
		}
		rows, all = append(rows, more...), all+there
	}
	return rows, all, nil
}

func (t *table) inBlock(ctx context.Context, session, channel int, block uint64, from, n int) (rows []Row, all int, err error) {
	var found []int64
	before := int64(0)
	for _, group := range t.file.RowGroups() {
		hits, err := t.equal(ctx, group, int64(block))
		if err != nil {
			return nil, 0, err
		}
		if len(hits) > 0 {
			var columns [2][]int32
			for i, name := range []string{"session", "channel"} {
				if columns[i], err = inDictionary(ctx, t, group, name, parquet.Int32, hits, parquet.Value.Int32); err != nil {
					return nil, 0, err
				}
			}
			for i, at := range hits {
				if columns[0][i] != int32(session) || columns[1][i] != int32(channel) {
					continue
				}
				if all++; all > from && len(found) < n {
					found = append(found, before+int64(at))
				}
			}
		}
		before += group.NumRows()
	}
	rows, err = t.rows(found)
	return rows, all, err
}

// rows reads the transactions at some places, in their order. Those that are near each other are read together.
func (t *table) rows(at []int64) ([]Row, error) {
	const near = 1024
	all := make([]Row, 0, len(at))
	for len(at) > 0 {
		n := 1
		for n < len(at) && at[n]-at[0] < near {
			n++
		}
		page := make([]transactionRow, at[n-1]-at[0]+1)
		if err := readAt(t, at[0], page); err != nil {
			return nil, err
		}
		for _, one := range at[:n] {
			row, err := page[one-at[0]].record()
			if err != nil {
				return nil, unreadable(t.opened.Name(), damaged(err))
			}
			all = append(all, row)
		}
		at = at[n:]
	}
	return all, nil
}

// readAt fills rows from one on.
func readAt[T any](t *table, from int64, rows []T) error {
	return unreadable(t.opened.Name(), guarded(func() error {
		reader := parquet.NewGenericReader[T](t.file)
		defer reader.Close()
		if err := reader.SeekToRow(from); err != nil {
			return err
		}
		for len(rows) > 0 {
			n, err := reader.Read(rows)
			rows = rows[n:]
			if err == io.EOF && len(rows) > 0 {
				return io.ErrUnexpectedEOF
			}
			if err != nil && err != io.EOF {
				return err
			}
		}
		return nil
	}))
}

// pages calls see with every page of a column of a row group, and the number of its first row in the group, until it is false.
func (t *table) pages(ctx context.Context, group parquet.RowGroup, column string, see func(first int64, page parquet.Page) (bool, error)) error {
	return unreadable(t.opened.Name(), guarded(func() error {
		leaf, ok := t.file.Schema().Lookup(column)
		if !ok {
			return nil
		}
		pages := group.ColumnChunks()[leaf.ColumnIndex].Pages()
		defer pages.Close()
		for first := int64(0); ctx.Err() == nil; {
			page, err := pages.ReadPage()
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
			goOn, err := see(first, page)
			first += page.NumValues()
			parquet.Release(page)
			if err != nil || !goOn {
				return err
			}
		}
		return context.Cause(ctx)
	}))
}

// values returns the numbers of a column in a row group: zeros where the table has no such column, as that of an older version.
func (t *table) values(group parquet.RowGroup, column string) ([]parquet.Value, error) {
	values := make([]parquet.Value, group.NumRows())
	err := t.pages(context.Background(), group, column, func(first int64, page parquet.Page) (bool, error) {
		if kind := page.Type().Kind(); kind != parquet.Int32 && kind != parquet.Int64 {
			return false, errColumn
		}
		_, err := page.Values().ReadValues(values[min(first, int64(len(values))):])
		if err == io.EOF {
			err = nil
		}
		return true, err
	})
	return values, err
}

var errColumn = errors.New("a column is not of the type that meterbench writes")

// search returns the place in a row group of the first row whose column is some bytes, -1 where there is none.
func (t *table) search(ctx context.Context, group parquet.RowGroup, column string, want []byte) (int64, error) {
	found := int64(-1)
	err := t.pages(ctx, group, column, func(first int64, page parquet.Page) (bool, error) {
		if page.Type().Kind() != parquet.FixedLenByteArray || page.Type().Length() != len(want) || page.Dictionary() != nil {
			return false, errColumn
		}
		values := page.Data()
		data, size := values.FixedLenByteArray()
		if size != len(want) {
			return false, errColumn
		}
		for at := 0; ; {
			i := bytes.Index(data[at:], want)
			if i < 0 {
				return true, nil
			}
			if at += i; at%size == 0 {
				found = first + int64(at/size)
				return false, nil
			}
			at++
		}
	})
	return found, err
}

// inDictionary returns the values of a column at some places in a row group, in their order: zeros where the table has no such
// column.
func inDictionary[T any](
	ctx context.Context, t *table, group parquet.RowGroup, column string, kind parquet.Kind, at []int, of func(parquet.Value) T,
) ([]T, error) {
	all, done := make([]T, len(at)), 0
	err := t.pages(ctx, group, column, func(first int64, page parquet.Page) (bool, error) {
		dictionary := page.Dictionary()
		if page.Type().Kind() != kind || dictionary == nil {
			return false, errColumn
		}
		values := page.Data()
		indices := values.Int32()
		for ; done < len(at) && at[done] < int(first)+len(indices); done++ {
			all[done] = of(dictionary.Index(indices[at[done]-int(first)]))
		}
		return done < len(at), nil
	})
	return all, err
}

// equal returns the places in a row group of the rows that are in blocks of a number.
func (t *table) equal(ctx context.Context, group parquet.RowGroup, want int64) (at []int, err error) {
	err = t.pages(ctx, group, "block", func(first int64, page parquet.Page) (bool, error) {
		if page.Type().Kind() != parquet.Int64 || page.Dictionary() != nil {
			return false, errColumn
		}
		values := page.Data()
		for i, v := range values.Int64() {
			if v == want {
				at = append(at, int(first)+i)
			}
		}
		return true, nil
	})
	return at, err
}
