package result

import (
	"iter"
	"time"

	"github.com/parquet-go/parquet-go"
)

// An Attempt is one of several by which a target tried to take a transaction to its end, as the same reading sent through
// one gateway after the other. It is a transaction of its own. Instants are those of a Record, from the start of the level.
type Attempt struct {
	Seq       uint64        // of its Record
	Number    int           // from 1
	Through   string        // the gateway that it went through, or whoever else
	Intended  time.Duration // of its Record
	Started   time.Duration
	Endorsed  time.Duration
	Submitted time.Duration
	Committed time.Duration
	Ended     time.Duration // when the client lost sight of it, or knew of an end other than a commit; else 0
	Outcome   Outcome
	TxID      [32]byte // zero if none was assigned
	Block     uint64   // 0 if none
	Channel   uint16
}

// AttemptRow is a row of attempts.parquet: an attempt and the load level that it belongs to.
type AttemptRow struct {
	LevelKey
	Attempt
}

// InDoubt reports whether an orderer had the transaction, or may have had, and the client did not see its end.
func (a *Attempt) InDoubt() bool { return inDoubt(a.Outcome, a.Endorsed, a.TxID) }

// InDoubt reports whether an orderer had the transaction, or may have had, and the client did not see its end. Of several
// attempts that is said of each.
func (r *Record) InDoubt() bool { return r.Attempts < 2 && inDoubt(r.Outcome, r.Endorsed, r.TxID) }

// inDoubt holds of a lost transaction that was endorsed: nothing else goes to an orderer.
func inDoubt(o Outcome, endorsed time.Duration, id [32]byte) bool {
	return o.Class() == Lost && endorsed != NotReached && id != [32]byte{}
}

// An attemptRow is the schema of attempts.parquet, see transactionRow. The attempts of a transaction stand together, in
// their order.
type attemptRow struct {
	Series     string   `parquet:"series,dict"`
	Repetition int32    `parquet:"repetition,dict"`
	Load       string   `parquet:"load,dict"` // closed | open
	Clients    int32    `parquet:"clients,dict"`
	Offered    float64  `parquet:"offered_per_s,dict" unit:"1/s"`
	Think      float64  `parquet:"think_s,dict" unit:"s"`
	Slots      int32    `parquet:"slots,dict"`
	Seq        int64    `parquet:"seq,delta"`
	Number     int32    `parquet:"attempt,dict"`
	Through    string   `parquet:"through,dict"`
	Outcome    string   `parquet:"outcome,dict"`
	Intended   int64    `parquet:"intended_ns,delta" unit:"ns"`
	Started    int64    `parquet:"started_ns,delta" unit:"ns" missing:"-1"`
	Endorsed   int64    `parquet:"endorsed_ns,delta" unit:"ns" missing:"-1"`
	Submitted  int64    `parquet:"submitted_ns,delta" unit:"ns" missing:"-1"`
	Committed  int64    `parquet:"committed_ns,delta" unit:"ns" missing:"-1"`
	Ended      int64    `parquet:"ended_ns,delta" unit:"ns" missing:"0"`
	TxID       [32]byte `parquet:"tx_id"`
	Channel    int32    `parquet:"channel,dict"`
	Block      int64    `parquet:"block,delta" missing:"0"`
}

// An attemptWriter streams attempts.parquet.
type attemptWriter struct{ *tableWriter[attemptRow] }

// write appends the attempts of a transaction of a level.
func (t *attemptWriter) write(key LevelKey, attempts []Attempt) error {
	return t.append(len(attempts), func(i int) attemptRow {
		a := &attempts[i]
		return attemptRow{
			Series: key.Series, Repetition: int32(key.Repetition),
			Load: string(key.Load.Kind), Clients: int32(key.Load.Clients), Offered: key.Load.Offered,
			Think: key.Load.Think, Slots: int32(key.Load.Slots),
			Seq: int64(a.Seq), Number: int32(a.Number), Through: a.Through, Outcome: a.Outcome.String(),
			Intended: int64(a.Intended), Started: int64(a.Started), Endorsed: int64(a.Endorsed), Submitted: int64(a.Submitted), Committed: int64(a.Committed),
			Ended: int64(a.Ended), TxID: a.TxID, Channel: int32(a.Channel), Block: int64(a.Block),
		}
	})
}

// attempt is the inverse of write.
func (t *attemptRow) attempt() (AttemptRow, error) {
	o, err := ParseOutcome(t.Outcome)
	return AttemptRow{
		LevelKey{t.Series, int(t.Repetition), Load{LoadKind(t.Load), int(t.Clients), t.Offered, t.Think, int(t.Slots)}},
		Attempt{
			Seq: uint64(t.Seq), Number: int(t.Number), Through: t.Through, Outcome: o,
			Intended: time.Duration(t.Intended), Started: time.Duration(t.Started), Endorsed: time.Duration(t.Endorsed), Submitted: time.Duration(t.Submitted),
			Committed: time.Duration(t.Committed), Ended: time.Duration(t.Ended), TxID: t.TxID, Channel: uint16(t.Channel), Block: uint64(t.Block),
		},
	}, err
}

// readAttempts yields the rows of an attempts.parquet that openTable took.
func readAttempts(file *parquet.File) iter.Seq2[AttemptRow, error] {
	return readTable(file, (*attemptRow).attempt)
}

// attempts stores the attempts of a transaction, in a file that is made for the first.
func (w *Writer) attempts(key LevelKey, all []Attempt) (err error) {
	w.attempting.Lock()
	if w.attempted == nil {
		var t *tableWriter[attemptRow]
		if t, err = createTable[attemptRow](w.path(attemptsFile), 1, levelInstants, "tx_id"); err == nil {
			w.attempted = &attemptWriter{t}
		}
	}
	to := w.attempted
	w.attempting.Unlock()
	if err != nil {
		return err
	}
	return to.write(key, all)
}

// Attempts takes all attempts of a transaction of which there were several, before its Record. It may be called by many
// goroutines at once, but not after Close.
func (l *Level) Attempts(all []Attempt) {
	err := l.writer.attempts(l.key, all)
	l.attempting.Lock()
	defer l.attempting.Unlock()
	if l.attemptErr == nil {
		l.attemptErr = err
	}
	if l.watchAttempts != nil {
		l.watchAttempts(all)
	}
}

// WatchAttempts has see called with the attempts of every transaction that has several, by one goroutine at a time. It is
// called before the first Record.
func (l *Level) WatchAttempts(see func([]Attempt)) { l.watchAttempts = see }

// Attempts yields the rows of attempts.parquet, those of a transaction together in their order, in bounded memory. There are
// none where no transaction had several. It ends after an error.
func (s *Folder) Attempts() iter.Seq2[AttemptRow, error] {
	if s.Run.Attempts == (File{}) {
		return func(func(AttemptRow, error) bool) {}
	}
	return rowsOf(s, attemptsFile, s.Run.Attempts, readAttempts)
}

// Attempts completes attempts.parquet and yields its rows: no level can be opened after that. It ends after an error.
func (w *Writer) Attempts() iter.Seq2[AttemptRow, error] {
	return func(yield func(AttemptRow, error) bool) {
		if w.attempted == nil {
			return
		}
		if err := w.attempted.close(); err != nil {
			yield(AttemptRow{}, err)
			return
		}
		(&Folder{Dir: w.dir, Run: Run{Attempts: File(w.attempted.print)}}).Attempts()(yield)
	}
}
