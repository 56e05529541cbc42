package result

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"

	"meterbench/internal/printable"
	"meterbench/internal/readjson"
	"meterbench/internal/regular"

	"github.com/parquet-go/parquet-go"
)

// Folder is the folder of a run: a finished one, or one that was killed.
type Folder struct {
	Dir     string
	Run     Run
	Summary Summary
}

// Open reads a run's folder. The folder of a run that failed, or was killed before it had measured anything, or was written
// by a newer schema is an error. That of a run that was killed later opens with its last Checkpoint.
func Open(dir string) (*Folder, error) {
	summaryPath := filepath.Join(dir, summaryFile)
	s, err := OpenUnfinished(dir)
	if err != nil {
		return nil, err
	}
	if s.Run.Failure != "" {
		return nil, unfinished("%s: the run failed: %s; run scenario %s again", dir, printable.Line(s.Run.Failure), printable.Line(s.Run.Scenario))
	}
	data, err := readJSONFile(dir, summaryFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, unfinished("%s: has no %s; the run did not finish: run scenario %s again", dir, summaryFile, printable.Line(s.Run.Scenario))
	}
	if err != nil {
		return nil, unreadable(summaryPath, err)
	}
	if s.Summary, err = parseSummary(data); err != nil {
		return nil, unreadable(summaryPath, err)
	}
	if s.checkpointed() {
		return s, nil
	}
	// The rows are read much later: find out now whether they can be.
	tables := s.Run.transactionTables()
	for _, one := range []namedFile{{attemptsFile, s.Run.Attempts}, {blocksFile, s.Run.Blocks}} {
		if one.File != (File{}) {
			tables = append(tables, one)
		}
	}
	for _, one := range tables {
		f, _, err := s.openRows(one.name, one.File)
		if err != nil {
			return nil, err
		}
		f.Close()
	}
	return s, nil
}

// ErrUnfinished is in the error of Open where the folder is that of a run which failed, or was killed before it had measured
// anything: there is no more than its manifest.
var ErrUnfinished = errors.New("the run did not finish")

// An unfinishedError is an ErrUnfinished in other words.
type unfinishedError string

func unfinished(format string, args ...any) error {
	return unfinishedError(fmt.Sprintf(format, args...))
}

func (e unfinishedError) Error() string        { return string(e) }
func (e unfinishedError) Is(target error) bool { return target == ErrUnfinished }

// OpenUnfinished reads the manifest of a run, which is there from its begin on, whatever became of it.
func OpenUnfinished(dir string) (*Folder, error) {
	data, err := readJSONFile(dir, runFile)
	if err != nil {
		return nil, fmt.Errorf("%s: is not the folder of a run: %s: %w; name one as out/<scenario>/<run>", dir, runFile, cause(err))
	}
	s := &Folder{Dir: dir}
	if s.Run, err = decode[Run](data); err == nil {
		err = damaged(s.Run.checkWorkers())
	}
	if err != nil {
		return nil, unreadable(filepath.Join(dir, runFile), err)
	}
	return s, nil
}

// UpdateSummary changes what the summary of the finished run in dir says, in one step: a reader sees the old
// summary or the whole new one. It is for what follows from a stored run, as Summary.Claims; a change that
// contradicts what was measured is refused. Keys of a newer meterbench are not kept.
func UpdateSummary(dir string, change func(*Summary)) error {
	s, err := Open(dir)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, summaryFile)
	change(&s.Summary)
	if err := s.Summary.fill(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return WriteJSON(path, &s.Summary)
}

// Transactions yields the rows of transactions.parquet, about in the order in which the transactions ended,
// in bounded memory. Of a run with workers it yields the rows of all of them, level by level, and within a level worker by worker. It ends
// after an error.
func (s *Folder) Transactions() iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		if err := s.rowsMissing(); err != nil {
			yield(Row{}, err)
			return
		}
		var files []iter.Seq2[Row, error]
		for _, of := range s.Run.transactionTables() {
			files = append(files, rowsOf(s, of.name, of.File, readTransactions))
		}
		together(files)(yield)
	}
}

// rowsOf yields the rows of a table in the folder, which has the fingerprint. It ends after an error.
func rowsOf[R any](s *Folder, name string, print File, read func(*parquet.File) iter.Seq2[R, error]) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		f, file, err := s.openRows(name, print)
		if err != nil {
			var none R
			yield(none, err)
			return
		}
		defer f.Close()
		for row, err := range read(file) {
			if !yield(row, unreadable(f.Name(), err)) || err != nil {
				return
			}
		}
	}
}

// openRows opens a parquet file of the run that must be as print says. The caller closes the regular.File.
func (s *Folder) openRows(name string, print File) (*regular.File, *parquet.File, error) {
	path := filepath.Join(s.Dir, name)
	f, err := openFile(s.Dir, name, mostRows)
	if err != nil {
		return nil, nil, unreadable(path, err)
	}
	var file *parquet.File
	switch { // a size that is wrong takes no reading
	case f.Size() < print.Bytes:
		err = truncatedError(f.Size(), print.Bytes)
	case f.Size() > print.Bytes:
		err = damaged(errChecksum)
	default:
		file, err = openTable(f, print)
	}
	if err != nil {
		f.Close()
		return nil, nil, unreadable(path, err)
	}
	return f, file, nil
}

// unreadable is the error of a file of a run that cannot be read, nil where err is nil. What to do is said in
// err where meterbench found the fault itself.
func unreadable(path string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", path, cause(err))
}

// damaged is the error of what is wrong inside of a file, nil where err is nil.
func damaged(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("is damaged; restore it or run the scenario again: %w", err)
}

func parseSummary(data []byte) (Summary, error) {
	s, err := decode[Summary](data)
	if err != nil {
		return s, err
	}
	return s, damaged(s.fill())
}

// decode reads a JSON object with the field "schema". Keys that this version does not know are passed over:
// keys are only ever added.
func decode[T any](data []byte) (v T, err error) {
	// The schema goes first: what a newer one holds may not even decode.
	var head struct {
		Schema int `json:"schema"`
	}
	if err := readjson.Unmarshal(data, &head); err != nil {
		return v, malformed(err)
	}
	switch {
	case head.Schema > Schema:
		return v, fmt.Errorf("has schema %d and this meterbench reads up to %d; use a newer meterbench", head.Schema, Schema)
	case head.Schema < 1:
		return v, errors.New("was not written by meterbench; name the folder of a run, out/<scenario>/<run>")
	}
	err = readjson.Unmarshal(data, &v)
	return v, malformed(err)
}

// malformed is the error of JSON that does not hold what it should, or that ends too early. It is nil where err is nil.
func malformed(err error) error {
	if errors.Is(err, readjson.ErrTruncated) {
		return errors.New("is truncated; the run did not finish: run it again")
	}
	if err != nil && len(err.Error()) > mostQuoted { // it quotes the document
		err = errors.New(err.Error()[:mostQuoted] + " …")
	}
	return damaged(err)
}
