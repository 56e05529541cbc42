package result

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// What transactions.parquet may hold. A parquet reader makes room for what a file promises, so that a few bytes can cost
// any amount of memory. transactionWriter stays far below all of it.
const (
	mostFooter     = 2 << 20 // bytes of the metadata, which grows by 2 KB per row group
	mostGroupRows  = 1 << 20
	mostPage       = 16 << 20 // bytes, not compressed
	mostPageHeader = 16 << 10 // bytes
	mostNesting    = 16       // structures within each other
	mostText       = 2 << 10  // bytes of a text in a dictionary, which any number of rows may have
)

var errPromises = errors.New("it promises more than it holds, or is not of the form that meterbench writes")

// checkParquet holds what a parquet file of some size promises against what it holds: in its footer, and in the header of
// every page. It reads little of the pages themselves.
func checkParquet(r io.ReaderAt, size int64) error {
	const tail = 8 // the length of the footer, and a magic number
	var end [tail]byte
	if size < 2*tail {
		return errPromises
	}
	if _, err := r.ReadAt(end[:], size-tail); err != nil {
		return err
	}
	length := int64(binary.LittleEndian.Uint32(end[:4]))
	if length > min(mostFooter, size-tail) {
		return errPromises
	}
	footer := make([]byte, length)
	if _, err := r.ReadAt(footer, size-tail-length); err != nil {
		return err
	}
	var meta format.FileMetaData
	if _, err := unmarshal(footer, &meta); err != nil {
		return err
	}
	var rows int64
	for _, group := range meta.RowGroups {
		if group.NumRows < 0 || group.NumRows > mostGroupRows || len(group.Columns) >= len(meta.Schema) {
			return errPromises
		}
		rows += group.NumRows
		for i := range group.Columns {
			if err := checkChunk(r, size, &group.Columns[i].MetaData, group.NumRows); err != nil {
				return fmt.Errorf("column %q: %w", group.Columns[i].MetaData.PathInSchema, err)
			}
		}
	}
	for i, column := range meta.Schema {
		nested := i > 0 && column.NumChildren.Valid && column.NumChildren.V != 0
		if nested || i > 0 && column.RepetitionType.V != format.Required || column.TypeLength.V < 0 || column.TypeLength.V > mostPageHeader {
			return errPromises
		}
	}
	if rows != meta.NumRows {
		return errPromises
	}
	return nil
}

// checkChunk walks the pages of a column in a row group.
func checkChunk(r io.ReaderAt, size int64, chunk *format.ColumnMetaData, rows int64) error {
	at := chunk.DataPageOffset
	if chunk.DictionaryPageOffset > 0 {
		at = min(at, chunk.DictionaryPageOffset)
	}
	if chunk.Codec != format.Uncompressed || chunk.NumValues != rows || at < 0 || chunk.TotalCompressedSize < 0 || at > size-chunk.TotalCompressedSize {
		return errPromises
	}
	end := at + chunk.TotalCompressedSize
	head := make([]byte, mostPageHeader)
	var values int64
	for at < end {
		part := head[:min(int64(len(head)), end-at)]
		if _, err := r.ReadAt(part, at); err != nil {
			return err
		}
		var header format.PageHeader
		n, err := unmarshal(part, &header)
		if err != nil {
			return err
		}
		at += int64(n)
		bytes := int64(header.CompressedPageSize)
		if bytes < 0 || bytes > min(mostPage, end-at) || header.UncompressedPageSize != header.CompressedPageSize {
			return errPromises
		}
		if header.Type == format.DictionaryPage {
			if int64(header.DictionaryPageHeader.V.NumValues) > bytes {
				return errPromises
			}
			if chunk.Type == format.ByteArray {
				if err := checkTexts(io.NewSectionReader(r, at, bytes)); err != nil {
					return err
				}
			}
		} else {
			count, encoding, levels := header.DataPageHeader.V.NumValues, header.DataPageHeader.V.Encoding, int32(0)
			if v2 := header.DataPageHeaderV2; v2.Valid {
				count, encoding, levels = v2.V.NumValues, v2.V.Encoding, v2.V.RepetitionLevelsByteLength|v2.V.DefinitionLevelsByteLength|v2.V.NumNulls
			}
			if values += int64(count); count < 0 || values > rows || levels != 0 {
				return errPromises
			}
			if err := checkPage(io.NewSectionReader(r, at, bytes), encoding, uint64(count)); err != nil {
				return err
			}
		}
		at += bytes
	}
	if values != rows {
		return errPromises
	}
	return nil
}

// checkPage makes sure that a page says of itself no more values than its header.
func checkPage(page *io.SectionReader, encoding format.Encoding, count uint64) error {
	switch encoding {
	case format.Plain: // is as long as it is
		return nil
	case format.DeltaBinaryPacked: // begins with block size, mini-blocks, values
		start := make([]byte, min(3*binary.MaxVarintLen64, page.Size()))
		if _, err := page.ReadAt(start, 0); err != nil {
			return err
		}
		c := compact{rest: start}
		c.uvarint()
		c.uvarint()
		if n := c.uvarint(); c.short || n != count {
			return errPromises
		}
		return nil
	case format.RLEDictionary: // a bit width, then runs
		data := make([]byte, page.Size())
		if _, err := page.ReadAt(data, 0); err != nil {
			return err
		}
		c := compact{rest: data}
		width := c.uvarint()
		for values := uint64(0); len(c.rest) > 0; {
			head := c.uvarint()
			n, bytes := head>>1, (width+7)/8
			if head&1 == 1 { // groups of eight values, packed
				n, bytes = 8*n, n*width
			}
			// A last group may be padded.
			if c.short || width > 32 || n > count+63 || values+n > count+63 || bytes > uint64(len(c.rest)) {
				return errPromises
			}
			values += n
			c.rest = c.rest[bytes:]
		}
		return nil
	}
	return errPromises
}

// checkTexts makes sure that the texts of a dictionary are short: each row that has one gets a copy.
func checkTexts(page *io.SectionReader) error {
	data := make([]byte, page.Size())
	if _, err := page.ReadAt(data, 0); err != nil {
		return err
	}
	for len(data) >= 4 {
		n := binary.LittleEndian.Uint32(data)
		if n > mostText || int(n) > len(data)-4 {
			return errPromises
		}
		data = data[4+n:]
	}
	return nil
}

// unmarshal decodes a structure in thrift's compact protocol from the beginning of data and returns how long it is.
func unmarshal(data []byte, to any) (n int, err error) {
	c := compact{rest: data, items: len(data) / 8}
	c.value(structType, 0)
	if c.short {
		return 0, errPromises
	}
	n = len(data) - len(c.rest)
	return n, thrift.Unmarshal(&thrift.CompactProtocol{}, data[:n], to)
}

// compact walks over data in thrift's compact protocol.
type compact struct {
	rest  []byte
	items int  // that lists may still have
	short bool // the data is too short for what it promises, or promises too much
}

const structType = 12

func (c *compact) uvarint() uint64 {
	v, n := binary.Uvarint(c.rest)
	if n <= 0 {
		c.short = true
		return 0
	}
	c.rest = c.rest[n:]
	return v
}

func (c *compact) skip(n uint64) {
	if n > uint64(len(c.rest)) {
		c.short = true
		return
	}
	c.rest = c.rest[n:]
}

func (c *compact) byte() byte {
	if len(c.rest) == 0 {
		c.short = true
		return 0
	}
	b := c.rest[0]
	c.rest = c.rest[1:]
	return b
}

// value goes over a value of a type; a boolean field is part of its type.
func (c *compact) value(of byte, depth int) {
	if depth > mostNesting {
		c.short = true
	}
	switch of {
	case 1, 2:
	case 3:
		c.skip(1)
	case 4, 5, 6:
		c.uvarint()
	case 7:
		c.skip(8)
	case 8:
		c.skip(c.uvarint())
	case 9, 10:
		c.list(depth)
	case structType:
		for !c.short {
			field := c.byte()
			if field == 0 {
				return
			}
			if field>>4 == 0 { // the field's number follows
				c.uvarint()
			}
			c.value(field&0xf, depth+1)
		}
	default: // parquet has no maps
		c.short = true
	}
}

func (c *compact) list(depth int) {
	head := c.byte()
	n := uint64(head >> 4)
	if n == 15 {
		n = c.uvarint()
	}
	if n > uint64(max(0, c.items)) {
		c.short = true
	}
	c.items -= int(min(n, uint64(len(c.rest))))
	for i := uint64(0); i < n && !c.short; i++ {
		if of := head & 0xf; of <= 2 {
			c.skip(1)
		} else {
			c.value(of, depth+1)
		}
	}
}
