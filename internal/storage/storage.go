// Package storage reads how much processes keep on the disk, by what it is for.
//
// Data flow: a Layout says what the files below a folder hold; Read walks the folder and adds up their sizes. It opens no
// file but those that are made longer than what is in them.
package storage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Part is what files are for.
type Part string

// The parts.
const (
	Blocks    Part = "blocks"    // files of blocks
	Index     Part = "index"     // where blocks and transactions are in them
	State     Part = "state"     // the newest values, by key
	History   Part = "history"   // which transactions changed a key
	Consensus Part = "consensus" // what orderers keep to agree: a log that is cut off behind snapshots, and these
	Database  Part = "database"  // of a certification authority
	Other     Part = "other"
)

// Parts returns all of them, in their order of presentation.
func Parts() []Part { return []Part{Blocks, Index, State, History, Consensus, Database, Other} }

// A Place says what lies below a path.
type Place struct {
	Path string // relative to the Layout's root: a folder or a file
	Part Part
}

// A Layout says what the files of a process hold. What is below none of the places is Rest.
type Layout struct {
	Root   string // folder
	Places []Place
	Rest   Part
}

// Size is what one part takes.
type Size struct {
	Bytes uint64 // sizes of the files; of the consensus log without what is reserved behind its end
	// Unsettled are those of Bytes that are in logs of LevelDB: as they were written, to be sorted, compressed and merged
	// into tables later.
	Unsettled uint64
}

// Add returns the sum.
func (s Size) Add(o Size) Size { return Size{s.Bytes + o.Bytes, s.Unsettled + o.Unsettled} }

// Read returns the sizes of the parts that there are files of. Files that go while it reads are not counted.
func (l Layout) Read() (map[Part]Size, error) {
	sizes := map[Part]Size{}
	err := filepath.WalkDir(l.Root, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && path != l.Root {
			return nil
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		part := l.part(path)
		size, err := measure(path, entry, part)
		if err == nil {
			sizes[part] = sizes[part].Add(size)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read sizes of files: %w", err)
	}
	return sizes, nil
}

// part returns what a file is for.
func (l Layout) part(path string) Part {
	relative, err := filepath.Rel(l.Root, path)
	for _, p := range l.Places {
		if err == nil && (relative == p.Path || strings.HasPrefix(relative, p.Path+string(filepath.Separator))) {
			return p.Part
		}
	}
	return l.Rest
}

// levelLog is what the names of LevelDB's logs are like; its tables have another ending.
const levelLog = "[0-9][0-9][0-9][0-9][0-9][0-9]*.log"

func measure(path string, entry fs.DirEntry, part Part) (Size, error) {
	info, err := entry.Info()
	if err != nil {
		return Size{}, err
	}
	size := Size{Bytes: uint64(info.Size())}
	if part == Consensus {
		size.Bytes, err = written(path)
		return size, err
	}
	if log, err := filepath.Match(levelLog, filepath.Base(path)); err == nil && log {
		size.Unsettled = size.Bytes
	}
	return size, nil
}

// chunk is how much of a file's end is read at once.
const chunk = 1 << 16

// written returns the length of a file without the zeros at its end: orderers reserve 64 MB for their log at once. Where the
// file system knows what was never written, that is not read.
func written(path string) (uint64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	end, err := dataEnd(f)
	if err != nil {
		return 0, err
	}
	buffer := make([]byte, chunk)
	for end > 0 {
		from := max(0, end-chunk)
		part := buffer[:end-from]
		n, err := f.ReadAt(part, from)
		if n < len(part) { // it has been cut off meanwhile
			return uint64(from), ignoreEnd(err)
		}
		for i := n - 1; i >= 0; i-- {
			if part[i] != 0 {
				return uint64(from) + uint64(i) + 1, nil
			}
		}
		end = from
	}
	return 0, nil
}
