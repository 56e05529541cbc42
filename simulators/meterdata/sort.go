package meterdata

import (
	"bufio"
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
)

// A row is a value on its way.
type row struct {
	at                        int64 // in seconds since 1970: the end of its interval
	value                     energy
	meter, file, line, column uint32
}

// rowBytes is the length of a row in a file.
const rowBytes = 40

func byMeter(a, b row) int {
	return cmp.Or(cmp.Compare(a.meter, b.meter), cmp.Compare(a.at, b.at),
		cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
}

func byTime(a, b row) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.meter, b.meter)) }

// sortRows is how many rows a sorter holds in memory: 10 MiB.
const sortRows = 1 << 18

// A sorter sorts rows on disk: sorted runs go to one temporary file, and are merged. The file has no name, so nothing
// of it is left, however the process ends.
type sorter struct {
	compare func(a, b row) int
	folder  string
	most    int // rows in memory
	memory  []row
	file    *os.File
	runs    []int64 // rows of each
}

func (s *sorter) add(r row) error {
	if len(s.memory) >= s.most {
		if err := s.spill(); err != nil {
			return err
		}
	}
	s.memory = append(s.memory, r)
	return nil
}

// spill writes the rows in memory as a run.
func (s *sorter) spill() error {
	if s.file == nil {
		f, err := os.CreateTemp(s.folder, ".sort-*")
		if err != nil {
			return fmt.Errorf("sort: %w", err)
		}
		s.file = f
		if err := os.Remove(f.Name()); err != nil {
			return fmt.Errorf("sort: %w", err)
		}
	}
	slices.SortFunc(s.memory, s.compare)
	out := bufio.NewWriterSize(s.file, 1<<18)
	for _, r := range s.memory {
		b := out.AvailableBuffer()
		b = binary.LittleEndian.AppendUint64(b, uint64(r.at))
		b = binary.LittleEndian.AppendUint64(b, uint64(r.value.wh))
		b = binary.LittleEndian.AppendUint64(b, uint64(r.value.pico))
		for _, n := range [4]uint32{r.meter, r.file, r.line, r.column} {
			b = binary.LittleEndian.AppendUint32(b, n)
		}
		if _, err := out.Write(b); err != nil {
			return fmt.Errorf("sort: %w", err)
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("sort: %w", err)
	}
	s.runs = append(s.runs, int64(len(s.memory)))
	s.memory = s.memory[:0]
	return nil
}

// close frees the memory and the disk.
func (s *sorter) close() error {
	s.memory = nil
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// mergeBytes is the memory with which runs are merged.
const mergeBytes = 16 << 20

// A run is read from the file.
type run struct {
	from *bufio.Reader
	next row
}

func (r *run) read() error {
	b, err := r.from.Peek(rowBytes)
	if err != nil {
		if err == io.EOF && len(b) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	word := func(i int) int64 { return int64(binary.LittleEndian.Uint64(b[i:])) }
	half := func(i int) uint32 { return binary.LittleEndian.Uint32(b[i:]) }
	r.next = row{at: word(0), value: energy{word(8), word(16)}, meter: half(24), file: half(28), line: half(32), column: half(36)}
	r.from.Discard(rowBytes)
	return nil
}

// sorted returns the rows in order, once.
func (s *sorter) sorted(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		if len(s.runs) == 0 {
			slices.SortFunc(s.memory, s.compare)
			for i, r := range s.memory {
				if i%(1<<16) == 0 && ctx.Err() != nil {
					yield(row{}, context.Cause(ctx))
					return
				}
				if !yield(r, nil) {
					return
				}
			}
			return
		}
		if err := s.merge(ctx, yield); err != nil {
			yield(row{}, err)
		}
	}
}

func (s *sorter) merge(ctx context.Context, yield func(row, error) bool) error {
	if err := s.spill(); err != nil {
		return err
	}
	s.memory = nil
	size := max(4<<10, mergeBytes/len(s.runs))
	var heap []*run // the least first
	at := int64(0)
	for _, n := range s.runs {
		r := &run{from: bufio.NewReaderSize(io.NewSectionReader(s.file, at, n*rowBytes), size)}
		at += n * rowBytes
		switch err := r.read(); {
		case err == io.EOF:
		case err != nil:
			return fmt.Errorf("sort: %w", err)
		default:
			heap = append(heap, r)
		}
	}
	down := func(i int) {
		for {
			least := i
			for _, child := range [2]int{2*i + 1, 2*i + 2} {
				if child < len(heap) && s.compare(heap[child].next, heap[least].next) < 0 {
					least = child
				}
			}
			if least == i {
				return
			}
			heap[i], heap[least] = heap[least], heap[i]
			i = least
		}
	}
	for i := len(heap) - 1; i >= 0; i-- {
		down(i)
	}
	for n := 0; len(heap) > 0; n++ {
		if n%(1<<16) == 0 && ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if !yield(heap[0].next, nil) {
			return nil
		}
		switch err := heap[0].read(); {
		case err == io.EOF:
			heap[0] = heap[len(heap)-1]
			heap = heap[:len(heap)-1]
		case err != nil:
			return fmt.Errorf("sort: %w", err)
		}
		down(0)
	}
	return nil
}
