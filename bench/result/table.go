package result

import (
	"bytes"
	"cmp"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"strconv"
	"sync"

	"github.com/parquet-go/parquet-go"
)

// rowGroupRows is the length of a row group. The writer holds one of them in memory, at about 50 bytes a row,
// and a page per column.
const rowGroupRows = 1 << 17

// shorter returns how many times shorter row groups and pages are where so many files are written at a time, as those of workers: 32
// of them then take 370 MB while they grow, not 540 MB.
func shorter(files int) int {
	const few, many = 8, 64
	return min(max(files, few), many) / few
}

// A tableWriter streams a parquet file whose rows are of a type. Levels that run together write by turns.
type tableWriter[T any] struct {
	path   string
	file   *os.File
	out    *switched // to the file and print
	mu     sync.Mutex
	rows   *parquet.GenericWriter[T]
	page   []T
	print  fingerprint // of what was written so far
	closed bool
}

// createTable makes one of so many files that are written at a time. instants says what its instants count from; of the columns of
// hashes no bounds are stored, as they would tell nothing.
func createTable[T any](path string, files int, instants string, hashes ...string) (*tableWriter[T], error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, unwritable(path, err)
	}
	t := &tableWriter[T]{path: path, file: f}
	t.out = &switched{io.MultiWriter(f, &t.print)}
	options := []parquet.WriterOption{
		parquet.MaxRowsPerRowGroup(rowGroupRows / int64(shorter(files))),
		parquet.PageBufferSize(parquet.DefaultPageBufferSize / shorter(files)),
		parquet.CreatedBy("meterbench", strconv.Itoa(Schema), ""),
		parquet.KeyValueMetadata("meterbench.schema", strconv.Itoa(Schema)),
		parquet.KeyValueMetadata("meterbench.instants", instants),
	}
	for _, column := range hashes {
		options = append(options, parquet.SkipPageBounds(column))
	}
	t.rows = parquet.NewGenericWriter[T](t.out, options...)
	return t, nil
}

// append writes n rows.
func (t *tableWriter[T]) append(n int, row func(i int) T) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.page = t.page[:0]
	for i := range n {
		t.page = append(t.page, row(i))
	}
	_, err := t.rows.Write(t.page)
	return unwritable(t.path, err)
}

// close writes the footer, without which the file cannot be read, and has all of it on the disk. It may be
// called again.
func (t *tableWriter[T]) close() error {
	if t.closed {
		return nil
	}
	t.closed = true
	return unwritable(t.path, cmp.Or(t.finish(), t.file.Sync(), t.file.Close()))
}

// finish writes the last rows and the footer, with the metadata of the columns.
func (t *tableWriter[T]) finish() error {
	err := t.rows.Flush()
	var end bytes.Buffer
	file := t.out.Writer
	t.out.Writer = &end
	if err = cmp.Or(err, t.rows.Close()); err != nil {
		return err
	}
	text, err := withColumns(end.Bytes(), columnsOf[T]())
	if err == nil {
		_, err = file.Write(text)
	}
	return err
}

// A fingerprint is a File that is computed from what is written to it.
type fingerprint File

func (f *fingerprint) Write(part []byte) (int, error) {
	f.Bytes += int64(len(part))
	f.CRC32C = crc32.Update(f.CRC32C, crc32.MakeTable(crc32.Castagnoli), part)
	return len(part), nil
}

// readTable yields the rows of a file that openTable took, each as what it stands for.
func readTable[T, R any](file *parquet.File, meaning func(*T) (R, error)) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		var none R
		var rows *parquet.GenericReader[T]
		err := guarded(func() error { rows = parquet.NewGenericReader[T](file); return nil })
		if err != nil {
			yield(none, err)
			return
		}
		defer rows.Close()
		page := make([]T, 1024)
		for end := false; !end; {
			var n int
			err := guarded(func() (err error) {
				if n, err = rows.Read(page); err == io.EOF {
					end, err = true, nil
				}
				return err
			})
			if err != nil {
				yield(none, err)
				return
			}
			for i := range page[:n] {
				row, err := meaning(&page[i])
				if !yield(row, damaged(err)) || err != nil {
					return
				}
			}
		}
	}
}

// openTable opens a parquet file that must be as print says. A parquet reader believes the sizes that it finds in a file; so
// the whole file is checked first.
func openTable(r io.ReaderAt, print File) (file *parquet.File, err error) {
	var got fingerprint
	if _, err := io.Copy(&got, io.NewSectionReader(r, 0, print.Bytes+1)); err != nil {
		return nil, err
	}
	if got.Bytes < print.Bytes {
		return nil, truncatedError(got.Bytes, print.Bytes)
	}
	if File(got) != print {
		return nil, damaged(errChecksum)
	}
	if err := checkParquet(r, print.Bytes); err != nil {
		return nil, damaged(err)
	}
	err = guarded(func() error {
		file, err = parquet.OpenFile(r, print.Bytes, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
		return err
	})
	return file, err
}
