package arrival

import (
	"bytes"
	"errors"
)

// A field is a part of a line.
type field struct {
	text   []byte
	column int // of its beginning in the line, from 0
}

// split returns the first three fields of a line of CSV (RFC 4180) and their number. A field in quotes ends on its line:
// no time, id or value has a line break. The error comes with its place.
func split(line []byte) (fields [3]field, n int, at field, err error) {
	for begin := 0; ; n++ {
		f := field{column: begin}
		end := bytes.IndexByte(line[begin:], ',')
		if begin < len(line) && line[begin] == '"' {
			f.text, end, err = unquote(line[begin:])
			if err != nil {
				return fields, n, field{column: begin + end}, err
			}
		} else {
			if end < 0 {
				end = len(line) - begin
			}
			f.text = line[begin : begin+end]
			if quote := bytes.IndexByte(f.text, '"'); quote >= 0 {
				return fields, n, field{column: begin + quote}, errors.New(`bare " in a field without quotes around it`)
			}
		}
		if n < len(fields) {
			fields[n] = f
		}
		if begin += end + 1; begin > len(line) {
			return fields, n + 1, field{}, nil
		}
	}
}

// unquote returns the text of a field in quotes at the beginning of a line, and where the field ends, or the error is.
func unquote(line []byte) (text []byte, end int, err error) {
	for at := 1; ; {
		i := bytes.IndexByte(line[at:], '"')
		if i < 0 {
			return nil, 0, errors.New(`the field's closing " is missing in this line`)
		}
		text = append(text, line[at:at+i]...)
		at += i + 1
		switch {
		case at == len(line) || line[at] == ',':
			return text, at, nil
		case line[at] != '"':
			return nil, at, errors.New(`extraneous " in a field in quotes`)
		}
		text = append(text, '"')
		at++
	}
}
