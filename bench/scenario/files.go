package scenario

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"maps"
	"slices"
	"sync"

	"meterbench/bench/arrival"
	"meterbench/internal/regular"
)

// A File is a file that a scenario names, with its content.
type File struct {
	Name string // as the scenario names it
	Data []byte
}

// sources opens the files that a scenario names, and knows the digests of those that were read.
type sources struct {
	given map[string][]byte // by name, in place of files of this machine; nil: those
	mu    sync.Mutex
	read  map[string][sha256.Size]byte // by name
}

// open opens a file that the scenario names, of at most most bytes. The error is that of regular.Open.
func (s Scenario) open(name string, most int64) (io.ReadCloser, error) {
	return s.files.open(name, s.file(name), most)
}

// open opens a file of at most most bytes. name is that in the scenario, path where it is on this machine.
func (s *sources) open(name, path string, most int64) (io.ReadCloser, error) {
	if s.given != nil {
		data, ok := s.given[name]
		if !ok {
			return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
		}
		return io.NopCloser(bytes.NewReader(data)), nil
	}
	f, err := regular.Open(path, most)
	if err != nil {
		return nil, err
	}
	return &hashed{File: f, to: s, name: name, hash: sha256.New()}, nil
}

// hashed is a file of which the digest is kept once it is read to its end.
type hashed struct {
	*regular.File
	to   *sources
	name string
	hash hash.Hash
}

// Read implements io.Reader.
func (h *hashed) Read(p []byte) (int, error) {
	n, err := h.File.Read(p)
	h.hash.Write(p[:n]) // never fails
	if err == io.EOF {
		h.to.mu.Lock()
		defer h.to.mu.Unlock()
		h.to.read[h.name] = [sha256.Size]byte(h.hash.Sum(nil))
	}
	return n, err
}

// PackFiles returns the files that were read for the scenario, sorted by name, for Unpack. It reads them again, and refuses one that has
// changed since.
func (s Scenario) PackFiles() (all []File, err error) {
	if s.files == nil {
		return nil, nil // it was parsed alone
	}
	for _, name := range slices.Sorted(maps.Keys(s.files.read)) {
		path := s.file(name)
		data, err := regular.Read(path, arrival.MaxTraceBytes)
		if err == nil && sha256.Sum256(data) != s.files.read[name] {
			err = fmt.Errorf("the file %s has changed since it was read; leave it as it is while it is used", path)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, File{name, data})
	}
	return all, nil
}

// Unpack makes a scenario again of Scenario.Source, and of what PackFiles returned, where those files are not. The networks of its series
// it knows by name only. The catalog is that by which the scenario was read.
func Unpack(ctx context.Context, source string, files []File, c Catalog) (Scenario, error) {
	s, err := Parse("the scenario", []byte(source), nil, c)
	if err != nil {
		return Scenario{}, err
	}
	s.files = &sources{given: map[string][]byte{}}
	for _, f := range files {
		s.files.given[f.Name] = f.Data
	}
	if err := s.readTraces(ctx); err != nil {
		return Scenario{}, err
	}
	return s, s.readFiles()
}
