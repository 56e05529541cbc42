package meterdata

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"meterbench/bench/arrival"
	"meterbench/internal/strictyaml"
)

// MaxLine is the most bytes of a line: that of a wide file of some 50,000 meters.
const MaxLine = 1 << 20

// A field is a part of a line.
type field struct {
	text   []byte
	column int // of its beginning in the line, from 1, in bytes
}

// lines reads a file line by line, in constant memory, and splits each.
type lines struct {
	ctx       context.Context
	file      string
	text      *bufio.Reader
	separator byte
	line      int // read last
	fields    []field
}

// wrong returns an error about a field of the line read last.
func (l *lines) wrong(at field, hint, format string, args ...any) error {
	return &strictyaml.Error{File: l.file, Line: max(1, l.line), Column: max(1, at.column), Msg: fmt.Sprintf(format, args...), Hint: hint}
}

// each calls do with every line that is not empty, without its end, and its fields; both last until the next one.
func (l *lines) each(do func(line []byte, fields []field) error) error {
	begin, err := l.text.Peek(arrival.LongestMagic)
	if err != nil && err != io.EOF {
		return fmt.Errorf("read %s: %w", l.file, err)
	}
	if msg, hint := arrival.NotCSV(begin); msg != "" {
		return l.wrong(field{}, hint, "%s; want CSV", msg)
	}
	if mark := "\ufeff"; bytes.HasPrefix(begin, []byte(mark)) { // as spreadsheets write it
		l.text.Discard(len(mark))
	}
	for {
		line, err := l.text.ReadSlice('\n')
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return fmt.Errorf("read %s: %w", l.file, err)
		}
		if len(line) == 0 {
			return nil
		}
		if l.line++; l.line%1024 == 0 && l.ctx.Err() != nil {
			return context.Cause(l.ctx)
		}
		if err == bufio.ErrBufferFull {
			return l.wrong(field{}, "", "the line is longer than %d bytes", MaxLine)
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		if err := l.split(line); err != nil {
			return err
		}
		if err := do(line, l.fields); err != nil {
			return err
		}
	}
}

// split fills the fields with those of a line of CSV, without blanks around them. A field in quotes ends on its line, and
// a quote within another field is a character as others.
func (l *lines) split(line []byte) error {
	l.fields = l.fields[:0]
	for at := 0; ; {
		for at < len(line) && line[at] == ' ' {
			at++
		}
		f := field{column: at + 1}
		end := len(line)
		if at < len(line) && line[at] == '"' {
			text, length, err := unquote(line[at:])
			if err != nil {
				return l.wrong(f, "", "%v", err)
			}
			f.text, end = bytes.TrimSpace(text), at+length
			for end < len(line) && line[end] == ' ' && l.separator != ' ' {
				end++
			}
			if end < len(line) && line[end] != l.separator {
				f.column = end + 1
				return l.wrong(f, `write quotes within quotes twice`, `extraneous " in a field in quotes`)
			}
		} else {
			if i := bytes.IndexByte(line[at:], l.separator); i >= 0 {
				end = at + i
			}
			f.text = bytes.TrimSpace(line[at:end])
		}
		if len(f.text) > 0 || l.separator != ' ' {
			l.fields = append(l.fields, f)
		}
		if at = end + 1; at > len(line) || at == len(line) && l.separator == ' ' {
			return nil
		}
	}
}

// unquote returns the text of a field in quotes at the beginning of a line, and its length with the quotes.
func unquote(line []byte) (text []byte, length int, err error) {
	end := bytes.IndexByte(line[1:], '"') + 1
	if end > 0 && (end+1 == len(line) || line[end+1] != '"') {
		return line[1:end], end + 1, nil
	}
	for at := 1; ; {
		i := bytes.IndexByte(line[at:], '"')
		if i < 0 {
			return nil, 0, errors.New(`the field's closing " is missing in this line`)
		}
		text = append(text, line[at:at+i]...)
		at += i + 1
		if at == len(line) || line[at] != '"' {
			return text, at, nil
		}
		text = append(text, '"')
		at++
	}
}

// glob reports whether a text matches a pattern with * for any characters and ? for one.
func glob(pattern, text string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if len(text) < len(first) {
		return false
	}
	for i := range len(first) {
		if first[i] != '?' && first[i] != text[i] {
			return false
		}
	}
	text = text[len(first):]
	if !star {
		return text == ""
	}
	for i := range len(text) + 1 {
		if glob(rest, text[i:]) {
			return true
		}
	}
	return false
}
