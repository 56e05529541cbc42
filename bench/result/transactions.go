package result

import (
	"cmp"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"iter"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/parquet-go/parquet-go"
)

// Row is a row of transactions.parquet: a record and the load level that it belongs to.
type Row struct {
	LevelKey
	Record
	SiteName string // of the site that Record.Site numbers; empty where there is none, and in runs of older versions
}

// A transactionRow is the schema of transactions.parquet. Instants are offsets from the start of the load level, in
// nanoseconds, -1 where the transaction did not get there; Record says what they mean. The phases of a level count from
// the same start, whenever they begin. Rows stand about in the order in which the transactions ended.
//
// Dictionaries hold what is constant over a level, delta encoding what nearly counts up. Transaction ids are SHA-256
// sums: nothing makes them shorter. With this a general compression on top gains less than 1 %.
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
	Ended      int64    `parquet:"ended_ns,delta"`   // of an end other than a commit, else 0; not in runs of older versions
	Encrypt    int64    `parquet:"encrypt_ns,delta"` // a duration, 0 if none
	TxID       [32]byte `parquet:"tx_id"`            // all zero if none
	Site       string   `parquet:"site,dict"`        // of the client, or of its gateway; empty if none; not in runs of older versions
	Channel    int32    `parquet:"channel,dict"`     // of the target's channels, from 0; not in runs of older versions, which had one
	Block      int64    `parquet:"block,delta"`      // on its channel; 0 if none
	Bytes      int64    `parquet:"envelope_bytes,delta"`
}

// rowGroupRows is the length of a row group. The writer holds one of them in memory, at about 50 bytes a row,
// and a page per column.
const rowGroupRows = 1 << 17

// A transactionWriter streams transactions.parquet. Levels that run together write by turns.
type transactionWriter struct {
	path   string
	file   *os.File
	mu     sync.Mutex
	rows   *parquet.GenericWriter[transactionRow]
	page   []transactionRow
	print  fingerprint // of what was written so far
	closed bool
}

func createTransactions(path string) (*transactionWriter, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, unwritable(path, err)
	}
	t := &transactionWriter{path: path, file: f}
	t.rows = parquet.NewGenericWriter[transactionRow](io.MultiWriter(f, &t.print),
		parquet.MaxRowsPerRowGroup(rowGroupRows),
		parquet.SkipPageBounds("tx_id"),
		parquet.CreatedBy("meterbench", strconv.Itoa(Schema), ""),
		parquet.KeyValueMetadata("meterbench.schema", strconv.Itoa(Schema)),
		parquet.KeyValueMetadata("meterbench.instants", "nanoseconds from the start of the load level, -1: not reached"),
	)
	return t, nil
}

// A fingerprint is a File that is computed from what is written to it.
type fingerprint File

func (f *fingerprint) Write(part []byte) (int, error) {
	f.Bytes += int64(len(part))
	f.CRC32C = crc32.Update(f.CRC32C, crc32.MakeTable(crc32.Castagnoli), part)
	return len(part), nil
}

// write appends the records of one level, on a target with these sites.
func (t *transactionWriter) write(key LevelKey, sites []string, records []Record) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.page = t.page[:0]
	for i := range records {
		r := &records[i]
		t.page = append(t.page, transactionRow{
			Series: key.Series, Repetition: int32(key.Repetition),
			Load: string(key.Load.Kind), Clients: int32(key.Load.Clients), Offered: key.Load.Offered,
			Think: key.Load.Think, Slots: int32(key.Load.Slots),
			Seq: int64(r.Seq), Outcome: r.Outcome.String(),
			Intended: int64(r.Intended), Started: int64(r.Started), Prepared: int64(r.Prepared),
			Endorsed: int64(r.Endorsed), Submitted: int64(r.Submitted), Committed: int64(r.Committed),
			Ended: int64(r.Ended), Encrypt: int64(r.Encrypt), TxID: r.TxID, Site: siteName(sites, r.Site),
			Channel: int32(r.Channel), Block: int64(r.Block), Bytes: int64(r.Bytes),
		})
	}
	_, err := t.rows.Write(t.page)
	return unwritable(t.path, err)
}

// close writes the footer, without which the file cannot be read, and has all of it on the disk. It may be
// called again.
func (t *transactionWriter) close() error {
	if t.closed {
		return nil
	}
	t.closed = true
	return unwritable(t.path, cmp.Or(t.rows.Close(), t.file.Sync(), t.file.Close()))
}

// record is the inverse of write.
func (t *transactionRow) record() (Row, error) {
	o, err := ParseOutcome(t.Outcome)
	return Row{
		LevelKey{t.Series, int(t.Repetition), Load{LoadKind(t.Load), int(t.Clients), t.Offered, t.Think, int(t.Slots)}},
		Record{
			Seq: uint64(t.Seq), Outcome: o,
			Intended: time.Duration(t.Intended), Started: time.Duration(t.Started), Prepared: time.Duration(t.Prepared),
			Endorsed: time.Duration(t.Endorsed), Submitted: time.Duration(t.Submitted), Committed: time.Duration(t.Committed),
			Ended: time.Duration(t.Ended), Encrypt: time.Duration(t.Encrypt), TxID: t.TxID, Channel: uint16(t.Channel), Block: uint64(t.Block), Bytes: uint32(t.Bytes),
		},
		t.Site,
	}, err
}

var errChecksum = errors.New("its checksum is not that of run.json")

func truncatedError(to, of int64) error {
	return fmt.Errorf("is truncated to %d of %d bytes; restore it or run the scenario again", to, of)
}

// openTransactions opens a transactions.parquet that must be as print says. A parquet reader believes the
// sizes that it finds in a file; so the whole file is checked first.
func openTransactions(r io.ReaderAt, print File) (file *parquet.File, err error) {
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

// readTransactions yields the rows of a file that openTransactions took.
func readTransactions(file *parquet.File) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		var rows *parquet.GenericReader[transactionRow]
		err := guarded(func() error { rows = parquet.NewGenericReader[transactionRow](file); return nil })
		if err != nil {
			yield(Row{}, err)
			return
		}
		defer rows.Close()
		page := make([]transactionRow, 1024)
		for end := false; !end; {
			var n int
			err := guarded(func() (err error) {
				if n, err = rows.Read(page); err == io.EOF {
					end, err = true, nil
				}
				return err
			})
			if err != nil {
				yield(Row{}, err)
				return
			}
			for i := range page[:n] {
				row, err := page[i].record()
				if !yield(row, damaged(err)) || err != nil {
					return
				}
			}
		}
	}
}

// guarded turns what goes wrong while the parquet library reads, of which it reports some by a panic, into
// the error of a damaged file.
func guarded(read func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damaged(fmt.Errorf("%v", p))
		}
	}()
	return damaged(read())
}
