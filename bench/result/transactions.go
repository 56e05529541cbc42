package result

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/parquet-go/parquet-go"
)

// Row is a row of transactions.parquet, or of that of a worker: a record and the load level that it belongs to.
type Row struct {
	LevelKey
	Record
	LevelStart time.Time // of its level, on the wall clock; zero in runs of older versions
	Session    int       // number of the network in the run, from 1; 0 in runs of older versions
	SiteName   string    // of the site that Record.Site numbers; empty where there is none, and in runs of older versions
}

// A transactionRow is the schema of transactions.parquet, and of those of workers. Instants are offsets from the start of the load level, in
// nanoseconds; Record says what they mean, and the tag missing which value stands for nothing: -1 where the transaction did
// not get there, 0 for the end of one that was committed. The phases of a level count from the same start, whenever they
// begin. Rows stand about in the order in which the transactions ended.
//
// Dictionaries hold what is constant over a level, delta encoding what nearly counts up. Transaction ids are SHA-256
// sums: nothing makes them shorter. With this a general compression on top gains less than 1 %.
type transactionRow struct {
	Series     string   `parquet:"series,dict"`
	Repetition int32    `parquet:"repetition,dict"`
	Load       string   `parquet:"load,dict"` // closed | open
	Clients    int32    `parquet:"clients,dict"`
	Offered    float64  `parquet:"offered_per_s,dict" unit:"1/s"`
	Think      float64  `parquet:"think_s,dict" unit:"s"`
	Slots      int32    `parquet:"slots,dict"`
	LevelStart int64    `parquet:"level_start_unix_ns,dict" unit:"ns"` // since 1970, UTC; not in runs of older versions
	Seq        int64    `parquet:"seq,delta"`
	Outcome    string   `parquet:"outcome,dict"`
	Intended   int64    `parquet:"intended_ns,delta" unit:"ns"`
	Started    int64    `parquet:"started_ns,delta" unit:"ns" missing:"-1"`
	Prepared   int64    `parquet:"prepared_ns,delta" unit:"ns" missing:"-1"`
	Endorsed   int64    `parquet:"endorsed_ns,delta" unit:"ns" missing:"-1"`
	Submitted  int64    `parquet:"submitted_ns,delta" unit:"ns" missing:"-1"`
	Committed  int64    `parquet:"committed_ns,delta" unit:"ns" missing:"-1"`
	Ended      int64    `parquet:"ended_ns,delta" unit:"ns" missing:"0"`   // of an end other than a commit, else 0; not in runs of older versions
	Encrypt    int64    `parquet:"encrypt_ns,delta" unit:"ns" missing:"0"` // a duration, 0 if none
	TxID       [32]byte `parquet:"tx_id"`                                  // all zero if none
	Site       string   `parquet:"site,dict"`                              // of the client, or of its gateway; empty if none; not in runs of older versions
	Channel    int32    `parquet:"channel,dict"`                           // of the target's channels, from 0; not in runs of older versions, which had one
	Block      int64    `parquet:"block,delta" missing:"0"`                // on its channel; 0 if none
	Bytes      int64    `parquet:"envelope_bytes,delta" unit:"B"`
	Attempts   int32    `parquet:"attempts,dict" missing:"0"` // 0 where that is unknown, as in runs of older versions
	Session    int32    `parquet:"session,dict"`              // number of the network in the run, from 1; not in runs of older versions
	Worker     int32    `parquet:"worker,dict" missing:"-1"`  // rank of the worker, -1 in runs without workers; not in runs of older versions
}

const levelInstants = "nanoseconds from the start of the load level; where there is none, the value that the column's metadata has as missing"

// A transactionWriter streams transactions.parquet, or that of a worker.
type transactionWriter struct {
	*tableWriter[transactionRow]
	worker int // its rank, or noWorker
}

// noWorker stands for the rank of a worker in a run without any.
const noWorker = -1

// createTransactions makes one of so many files that are written at a time.
func createTransactions(path string, worker, files int) (*transactionWriter, error) {
	t, err := createTable[transactionRow](path, files, levelInstants, "tx_id")
	if err != nil {
		return nil, err
	}
	return &transactionWriter{t, worker}, nil
}

// write appends the records of one level that started at an instant, on a target with these sites, in a session.
func (t *transactionWriter) write(key LevelKey, start time.Time, sites []string, session int, records []Record) error {
	return t.append(len(records), func(i int) transactionRow {
		r := &records[i]
		return transactionRow{
			Series: key.Series, Repetition: int32(key.Repetition),
			Load: string(key.Load.Kind), Clients: int32(key.Load.Clients), Offered: key.Load.Offered,
			Think: key.Load.Think, Slots: int32(key.Load.Slots), LevelStart: start.UnixNano(),
			Seq: int64(r.Seq), Outcome: r.Outcome.String(),
			Intended: int64(r.Intended), Started: int64(r.Started), Prepared: int64(r.Prepared),
			Endorsed: int64(r.Endorsed), Submitted: int64(r.Submitted), Committed: int64(r.Committed),
			Ended: int64(r.Ended), Encrypt: int64(r.Encrypt), TxID: r.TxID, Site: siteName(sites, r.Site),
			Channel: int32(r.Channel), Block: int64(r.Block), Bytes: int64(r.Bytes), Attempts: int32(r.Attempts), Session: int32(session),
			Worker: int32(t.worker),
		}
	})
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
			Attempts: uint16(t.Attempts), Worker: uint16(max(0, t.Worker)),
		},
		timeOf(cmp.Or(t.LevelStart, -1)), int(t.Session), t.Site,
	}, err
}

var errChecksum = errors.New("its checksum is not that of run.json")

func truncatedError(to, of int64) error {
	return fmt.Errorf("is truncated to %d of %d bytes; restore it or run the scenario again", to, of)
}

// readTransactions yields the rows of a transactions.parquet that openTable took.
func readTransactions(file *parquet.File) iter.Seq2[Row, error] {
	return readTable(file, (*transactionRow).record)
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
