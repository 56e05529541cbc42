package result

import (
	"fmt"
	"io"
	"iter"
	"os"
	"strconv"
	"time"

	"github.com/parquet-go/parquet-go"
)

// A Row is a row of transactions.parquet: a record and the load level that it
// belongs to.
type Row struct {
	LevelKey
	Record
}

// A transactionRow is the schema of transactions.parquet. Instants are
// offsets from the start of the load level, in nanoseconds, -1 where the
// transaction did not get there; Record says what they mean. Rows stand about
// in the order in which the transactions ended.
//
// Dictionaries hold what is constant over a level, delta encoding what nearly
// counts up. Transaction ids are SHA-256 sums: nothing makes them shorter.
// With this a general compression on top gains less than 1 %.
type transactionRow struct {
	Series     string   `parquet:"series,dict"`
	Repetition int32    `parquet:"repetition,dict"`
	Load       string   `parquet:"load,dict"` // closed | open
	Clients    int32    `parquet:"clients,dict"`
	Offered    float64  `parquet:"offered_per_s,dict"`
	Think      float64  `parquet:"think_s,dict"`
	Slots      int32    `parquet:"slots,dict"`
	Seq        int64    `parquet:"seq,delta"`
	Outcome    string   `parquet:"outcome,dict"`
	Intended   int64    `parquet:"intended_ns,delta"`
	Started    int64    `parquet:"started_ns,delta"`
	Prepared   int64    `parquet:"prepared_ns,delta"`
	Endorsed   int64    `parquet:"endorsed_ns,delta"`
	Submitted  int64    `parquet:"submitted_ns,delta"`
	Committed  int64    `parquet:"committed_ns,delta"`
	Encrypt    int64    `parquet:"encrypt_ns,delta"` // a duration, 0 if none
	TxID       [32]byte `parquet:"tx_id"`            // all zero if none
	Block      int64    `parquet:"block,delta"`      // 0 if none
	Bytes      int64    `parquet:"envelope_bytes,delta"`
}

const (
	schemaKey = "meterbench.schema" // file metadata: the value of Schema
	// The writer holds one row group in memory, compressed (about 52 bytes a
	// row), and one page per column. Small groups let DuckDB and Arrow read
	// in parallel.
	rowGroupRows = 1 << 17
)

// A transactionWriter streams transactions.parquet.
type transactionWriter struct {
	path string
	file *os.File
	rows *parquet.GenericWriter[transactionRow]
	page []transactionRow
}

func createTransactions(path string) (*transactionWriter, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, unwritable(path, err)
	}
	return &transactionWriter{path: path, file: f, rows: parquet.NewGenericWriter[transactionRow](f,
		parquet.MaxRowsPerRowGroup(rowGroupRows),
		parquet.SkipPageBounds("tx_id"),
		parquet.CreatedBy("meterbench", strconv.Itoa(Schema), ""),
		parquet.KeyValueMetadata(schemaKey, strconv.Itoa(Schema)),
	)}, nil
}

// write appends the records of one level.
func (t *transactionWriter) write(key LevelKey, records []Record) error {
	t.page = t.page[:0]
	for i := range records {
		r := &records[i]
		t.page = append(t.page, transactionRow{
			Series: key.Series, Repetition: int32(key.Repetition),
			Load: key.Load.Kind, Clients: int32(key.Load.Clients), Offered: key.Load.Offered,
			Think: key.Load.Think, Slots: int32(key.Load.Slots),
			Seq: int64(r.Seq), Outcome: r.Outcome.String(),
			Intended: int64(r.Intended), Started: int64(r.Started), Prepared: int64(r.Prepared),
			Endorsed: int64(r.Endorsed), Submitted: int64(r.Submitted), Committed: int64(r.Committed),
			Encrypt: int64(r.Encrypt), TxID: r.TxID, Block: int64(r.Block), Bytes: int64(r.Bytes),
		})
	}
	if _, err := t.rows.Write(t.page); err != nil {
		return unwritable(t.path, err)
	}
	return nil
}

// close writes the footer, without which the file cannot be read.
func (t *transactionWriter) close() error {
	err := t.rows.Close()
	if cerr := t.file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return unwritable(t.path, err)
	}
	return nil
}

// record is the inverse of write.
func (t *transactionRow) record() (Row, error) {
	o, err := ParseOutcome(t.Outcome)
	return Row{
		LevelKey{t.Series, int(t.Repetition), Load{t.Load, int(t.Clients), t.Offered, t.Think, int(t.Slots)}},
		Record{
			Seq: uint64(t.Seq), Outcome: o,
			Intended: time.Duration(t.Intended), Started: time.Duration(t.Started), Prepared: time.Duration(t.Prepared),
			Endorsed: time.Duration(t.Endorsed), Submitted: time.Duration(t.Submitted), Committed: time.Duration(t.Committed),
			Encrypt: time.Duration(t.Encrypt), TxID: t.TxID, Block: uint64(t.Block), Bytes: uint32(t.Bytes),
		},
	}, err
}

// openTransactions checks that r holds a complete transactions.parquet that
// this version can read. Damage makes the library panic here and there: that
// is an error too.
func openTransactions(r io.ReaderAt, size int64) (file *parquet.File, err error) {
	defer contain(&err)
	var magic [4]byte
	if size < 12 {
		return nil, errTruncated
	}
	if _, err := r.ReadAt(magic[:], size-4); err != nil {
		return nil, err
	}
	if string(magic[:]) != "PAR1" {
		return nil, errTruncated
	}
	file, err = parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, damaged(err)
	}
	version, _ := file.Lookup(schemaKey)
	schema, _ := strconv.Atoi(version)
	if err := checkSchema(schema); err != nil {
		return nil, err
	}
	for _, want := range parquet.SchemaOf(transactionRow{}).Fields() {
		got, ok := file.Schema().Lookup(want.Name())
		if !ok || got.Node.Type().Kind() != want.Type().Kind() || !got.Node.Required() {
			return nil, damaged(fmt.Errorf("column %s is missing or of another type", want.Name()))
		}
	}
	return file, nil
}

// readTransactions yields the rows of a file that openTransactions took.
func readTransactions(file *parquet.File) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		rows, err := newTransactionReader(file)
		if err != nil {
			yield(Row{}, err)
			return
		}
		defer rows.Close()
		page := make([]transactionRow, 1024)
		for {
			n, err := readPage(rows, page)
			for i := range page[:n] {
				row, err := page[i].record()
				if err != nil {
					yield(Row{}, damaged(err))
					return
				}
				if !yield(row, nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Row{}, err)
				return
			}
		}
	}
}

func newTransactionReader(file *parquet.File) (r *parquet.GenericReader[transactionRow], err error) {
	defer contain(&err)
	return parquet.NewGenericReader[transactionRow](file), nil
}

func readPage(rows *parquet.GenericReader[transactionRow], page []transactionRow) (n int, err error) {
	defer func() {
		if err != nil && err != io.EOF {
			n = 0
		}
	}()
	defer contain(&err)
	n, err = rows.Read(page)
	if err != nil && err != io.EOF {
		err = damaged(err)
	}
	return n, err
}

// contain turns a panic of the parquet library into an error.
func contain(err *error) {
	if p := recover(); p != nil {
		*err = damaged(fmt.Errorf("%v", p))
	}
}
